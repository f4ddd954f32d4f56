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
LC_SERVICE_ACTION(PRINT_CONFIG, "print-config",
	"Print the value of every setting and where it comes from; secrets are masked. Nothing is "
	"started.")
LC_SERVICE_ACTION(PRINT_SAMPLE_CONFIG, "print-sample-config",
	"Print a configuration file with all defaults.")
/* clang-format on */

#undef LC_SERVICE_ACTION
