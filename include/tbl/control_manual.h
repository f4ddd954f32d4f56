/*
 * What log-courier-ctl COMMAND --help teaches about the commands of include/tbl/control_commands.h,
 * beyond their arguments.
 *
 * LC_CONTROL_MANUAL(name, text)             when to use it, and how to read what it says
 * LC_CONTROL_EXAMPLE(name, arguments, what) a command line without log-courier-ctl, and its purpose
 */
#ifndef LC_CONTROL_MANUAL
#define LC_CONTROL_MANUAL(name, text)
#endif
#ifndef LC_CONTROL_EXAMPLE
#define LC_CONTROL_EXAMPLE(name, arguments, what)
#endif

/* clang-format off */
LC_CONTROL_MANUAL(STATUS,
	"The first thing to ask. One line tells of the service, a table of each shard: what its worker does, rows delivered "
	"and waiting, the age of the oldest row that waits, and what is blocked. Below stands what is wrong, and what to do.")
LC_CONTROL_EXAMPLE(STATUS, "status", "what is going on")
LC_CONTROL_EXAMPLE(STATUS, "status --watch 1", "the same, every second, with rows per second")
LC_CONTROL_EXAMPLE(STATUS, "status --json | jq '.shards[] | select(.state != \"ready\")'", "shards that do not deliver")

LC_CONTROL_MANUAL(HEALTH,
	"For monitoring. Healthy means that rows are being delivered, not only that processes run. Each thing that is wrong "
	"stands with what to do about it.")
LC_CONTROL_EXAMPLE(HEALTH, "health", "all is well, or what is wrong")
LC_CONTROL_EXAMPLE(HEALTH, "health >/dev/null || page-somebody", "in a script")

LC_CONTROL_MANUAL(SOURCES,
	"A source is one bucket in one raft session. Its rows wait in ClickHouse until it is ready to be read (UNREAD), then "
	"in memory or in the ledger until their target takes them. LAG is the age of the oldest by ClickHouse's clock.")
LC_CONTROL_EXAMPLE(SOURCES, "sources --lagging", "those that are later than they should be")
LC_CONTROL_EXAMPLE(SOURCES, "sources --blocked --limit 1000", "all that wait for a target in trouble")
LC_CONTROL_EXAMPLE(SOURCES, "sources --watch", "whether the backlog shrinks")

LC_CONTROL_MANUAL(SOURCE,
	"All that the shard knows about one source: what waits, which seconds of it are still to be read, and its last log "
	"objects with their keys. Why it is where it is, in words, is told by explain.")
LC_CONTROL_EXAMPLE(SOURCE, "source 7/photos", "bucket photos in raft session 7")
LC_CONTROL_EXAMPLE(SOURCE, "source 7/photos --limit 1000", "more of its log objects")

LC_CONTROL_MANUAL(EXPLAIN,
	"Says in sentences how many rows wait, for what, when they are delivered at the latest, what stands in their way, and "
	"what to do about it.")
LC_CONTROL_EXAMPLE(EXPLAIN, "explain 7/photos", "why are there no new logs of bucket photos?")
LC_CONTROL_EXAMPLE(EXPLAIN, "explain 7/photos --watch", "the same, as it goes on")

LC_CONTROL_MANUAL(TARGETS,
	"A target is a prefix in the bucket that log objects are put into. One that fails is tried again later and later; one "
	"that keeps failing steps aside, one that answers with a refusal does so at once. Its rows are kept. Where the answer "
	"speaks of the whole bucket, all its prefixes wait. The reason stands below the table. See also targets ignore.")
LC_CONTROL_EXAMPLE(TARGETS, "targets --blocked", "those that do not take log objects, and why")
LC_CONTROL_EXAMPLE(TARGETS, "targets --watch", "whether they take them again")

LC_CONTROL_MANUAL(TARGETS_IGNORE,
	"For a target that nobody is going to mend soon, or that is not yours. Its log objects wait and it is tried now and then, "
	"as before; but health, the ages and the alerts leave it out. It holds until targets keep, over restarts too. Needs "
	"root or the service's user.")
LC_CONTROL_EXAMPLE(TARGETS_IGNORE, "targets ignore old-logs", "a bucket that was deleted")
LC_CONTROL_EXAMPLE(TARGETS_IGNORE, "targets ignore central-logs/team-a/", "one prefix that the bucket's policy refuses")

LC_CONTROL_MANUAL(TARGETS_DISCARD,
	"Nothing for this target is delivered from now on: what waits is closed, and counted in "
	"log_courier_rows_discarded_total, and so is what comes later. What was discarded cannot be brought back; "
	"targets keep lets rows to come be delivered again. Must be confirmed with --yes. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(TARGETS_DISCARD, "targets discard old-logs --yes", "nobody wants these logs any more")

LC_CONTROL_MANUAL(TARGETS_KEEP,
	"What waits for a target that was ignored counts again; a target that was discarded gets the rows that come from now "
	"on. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(TARGETS_KEEP, "targets keep old-logs", "the bucket is back")

LC_CONTROL_MANUAL(DELIVERIES,
	"What the ledgers know of log objects that were made from a bucket's rows, or delivered into it, the newest first.")
LC_CONTROL_EXAMPLE(DELIVERIES, "deliveries photos", "where the logs of bucket photos went")
LC_CONTROL_EXAMPLE(DELIVERIES, "deliveries central-logs --limit 20", "the last ones put into bucket central-logs")

LC_CONTROL_MANUAL(FLUSH,
	"Rows are read as soon as that can be, however few and young they are. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(FLUSH, "flush 7/photos", "deliver what waits of one source")
LC_CONTROL_EXAMPLE(FLUSH, "flush --all", "deliver all there is")

LC_CONTROL_MANUAL(RETRY,
	"For a target that was mended. Without it, the target is tried again by itself when its wait is over. Needs root or "
	"the service's user.")
LC_CONTROL_EXAMPLE(RETRY, "retry central-logs", "try this bucket now")
LC_CONTROL_EXAMPLE(RETRY, "retry --all", "try all that do not work")

LC_CONTROL_MANUAL(RELOAD,
	"The service reads its configuration from where it was read at its start. If something is wrong with it, nothing "
	"changes and the reason is told. Otherwise workers are replaced one by one, and delivery goes on meanwhile. When "
	"supervisor.shards or supervisor.owned-shards change, all workers finish, the ledgers are moved, and all start. "
	"What a worker can not work with is taken back. SIGHUP does the same.")
LC_CONTROL_EXAMPLE(RELOAD, "reload", "put an edited configuration file, or a new certificate, in force")

LC_CONTROL_MANUAL(RESTART,
	"Nothing is lost by it, and nothing delivered twice. A worker that does not end within shutdown-timeout-seconds is "
	"killed.")
LC_CONTROL_EXAMPLE(RESTART, "restart 2", "give shard 2 another worker")

LC_CONTROL_MANUAL(PAUSE,
	"Rows wait in ClickHouse meanwhile; beyond consumer.retention-seconds they are lost. Health is red as long as a shard "
	"is paused. A reload leaves it paused unless the number of shards changes; a restart of the service does not.")
LC_CONTROL_EXAMPLE(PAUSE, "pause 2", "while its sessions are being repaired")
LC_CONTROL_EXAMPLE(PAUSE, "pause --all", "deliver nothing, and keep the service answering")

LC_CONTROL_MANUAL(RESUME,
	"The shard goes on from its ledger: everything that came meanwhile is delivered.")
LC_CONTROL_EXAMPLE(RESUME, "resume --all", "all that are paused")

LC_CONTROL_MANUAL(DRAIN,
	"The same as pause --all, and then waits: when it has ended well, no worker runs, what was delivered is in the ledgers, and the "
	"state directory can be copied or moved. An upload that takes longer than shutdown-timeout-seconds is given up, and repeated under the "
	"same name by the next worker.")
LC_CONTROL_EXAMPLE(DRAIN, "drain && cp -a /var/lib/log-courier /backup && log-courier-ctl resume --all", "a copy of the ledgers")

LC_CONTROL_MANUAL(LOG_LEVEL,
	"For the supervisor and all workers, or for one worker, within a second. It holds until the next reload or restart of the service, which "
	"take the setting log-level again; a worker that is started anew keeps it.")
LC_CONTROL_EXAMPLE(LOG_LEVEL, "log-level debug --shard 2", "see what shard 2 does")
LC_CONTROL_EXAMPLE(LOG_LEVEL, "log-level info", "back to what is usual, everywhere")

LC_CONTROL_MANUAL(LEDGER_CHECK,
	"Reads each ledger whole and compares what belongs together. For ledgers that no worker has open: stop the service "
	"first, or check the ledger of a shard whose worker is not running.")
LC_CONTROL_EXAMPLE(LEDGER_CHECK, "ledger check", "all of them")
LC_CONTROL_EXAMPLE(LEDGER_CHECK, "ledger check --shard 3", "the one of shard 3")

LC_CONTROL_MANUAL(LEDGER_RESET,
	"The way out when a ledger is damaged for good. Its price: rows that were delivered and not yet committed to "
	"ClickHouse are delivered again, and rows that became visible late, before the offsets there, never are. It asks first.")
LC_CONTROL_EXAMPLE(LEDGER_RESET, "ledger reset --shard 3", "remove the ledger of shard 3, after a question")
LC_CONTROL_EXAMPLE(LEDGER_RESET, "ledger reset --yes", "all of them, in a script")
/* clang-format on */

#undef LC_CONTROL_MANUAL
#undef LC_CONTROL_EXAMPLE
