/*
 * Flags of log-courier that are no settings and start nothing.
 *
 * LC_SERVICE_ACTION(name, flag, help)
 */
#ifndef LC_SERVICE_ACTION
#define LC_SERVICE_ACTION(name, flag, help)
#endif

/* clang-format off */
LC_SERVICE_ACTION(HELP, "help",
	"Print all flags and settings.")
LC_SERVICE_ACTION(VERSION, "version",
	"Print the version.")
LC_SERVICE_ACTION(CHECK_CONFIG, "check-config",
	"Check the configuration and report what is wrong with it. Nothing is started.")
LC_SERVICE_ACTION(PREFLIGHT, "preflight",
	"Check the configuration, ask ClickHouse and S3 whether log-courier could work with them, and "
	"say for each check whether it passed or what to do. Nothing is started.")
LC_SERVICE_ACTION(PUBLISH_LEDGERS, "publish-ledgers",
	"Make the ledgers of this machine those of all machines that share them (failover.enabled): once, "
	"while the service does not run, on each machine that has some. Nothing is started.")
LC_SERVICE_ACTION(PUBLISH_FRESH_LEDGERS, "publish-fresh-ledgers",
	"The same, and shards that have no ledger anywhere begin at the offsets in ClickHouse: once, for "
	"a new deployment, or after --publish-ledgers on all machines.")
LC_SERVICE_ACTION(FETCH_LEDGERS, "fetch-ledgers",
	"Bring the ledgers that machines share (failover.enabled) to this machine, which alone delivers from then "
	"on: while no service runs. Nothing is started.")
LC_SERVICE_ACTION(CHECK_SHARED_LEDGERS, "check-shared-ledgers",
	"Read the ledgers that machines share (failover.enabled), while they use them, and say of each shard whether another machine "
	"could take it over. Nothing is started or changed.")
LC_SERVICE_ACTION(PRINT_CONFIG, "print-config",
	"Print the value of every setting and where it comes from; secrets are masked. Nothing is "
	"started.")
LC_SERVICE_ACTION(PRINT_SAMPLE_CONFIG, "print-sample-config",
	"Print a configuration file with all defaults.")
/* clang-format on */

#undef LC_SERVICE_ACTION
