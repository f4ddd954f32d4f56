/*
 * What log-courier-ctl COMMAND --help says about the commands of include/tbl/control_commands.h,
 * beyond their arguments.
 *
 * LC_CONTROL_MANUAL(name, text)             when to use it, and how to read its output
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
	"The first command to use. One line sums up the service, and a table shows each shard: what its worker is doing, rows "
	"delivered and waiting, the age of the oldest waiting row, and what is blocked. Where machines stand in for each other, OWNER "
	"is the machine that has the shard, this one or another, and EPOCH grows with each worker that takes it. Below the table it "
	"says what is wrong and what to do about it.")
LC_CONTROL_EXAMPLE(STATUS, "status", "what is going on")
LC_CONTROL_EXAMPLE(STATUS, "status --watch 1", "the same, every second, with rows per second")
LC_CONTROL_EXAMPLE(STATUS, "status --json | jq '.shards[] | select(.state != \"ready\")'", "shards that are not delivering")

LC_CONTROL_MANUAL(HEALTH,
	"For monitoring. Healthy means that rows are being delivered, not only that processes are running. Everything that is wrong "
	"is listed, with what to do about it.")
LC_CONTROL_EXAMPLE(HEALTH, "health", "whether all is well, or what is wrong")
LC_CONTROL_EXAMPLE(HEALTH, "health >/dev/null || page-somebody", "in a script")

LC_CONTROL_MANUAL(SOURCES,
	"A source is one bucket in one raft session. Its rows wait in ClickHouse until the source is ready to be read (UNREAD), then "
	"in memory or in the ledger until their target takes them. LAG is the age of the oldest row by ClickHouse's clock.")
LC_CONTROL_EXAMPLE(SOURCES, "sources --lagging", "those that are later than they should be")
LC_CONTROL_EXAMPLE(SOURCES, "sources --blocked --limit 1000", "all that wait for a target that takes no log objects")
LC_CONTROL_EXAMPLE(SOURCES, "sources --watch", "whether the backlog is shrinking")

LC_CONTROL_MANUAL(SOURCE,
	"Everything that the shard knows about one source: what waits, which seconds of it are still to be read, and its last log "
	"objects with their keys. For an explanation in words, use explain.")
LC_CONTROL_EXAMPLE(SOURCE, "source 7/photos", "bucket photos in raft session 7")
LC_CONTROL_EXAMPLE(SOURCE, "source 7/photos --limit 1000", "more of its log objects")

LC_CONTROL_MANUAL(EXPLAIN,
	"Says in sentences how many rows wait and for what, when they will be delivered at the latest, what stands in their way, "
	"and what to do about it.")
LC_CONTROL_EXAMPLE(EXPLAIN, "explain 7/photos", "why are there no new logs of bucket photos?")
LC_CONTROL_EXAMPLE(EXPLAIN, "explain 7/photos --watch", "the same, kept up to date")

LC_CONTROL_MANUAL(TARGETS,
	"A target is a prefix in the bucket that log objects are put into. If it fails, it is tried again at longer and longer "
	"intervals. If it keeps failing, it is set aside; if it refuses, it is set aside at once. Its rows are kept. If the answer "
	"concerns the whole bucket, all its prefixes wait. The reasons are shown below the table. See also targets ignore.")
LC_CONTROL_EXAMPLE(TARGETS, "targets --blocked", "those that take no log objects, and why")
LC_CONTROL_EXAMPLE(TARGETS, "targets --watch", "whether they have begun to take them again")

LC_CONTROL_MANUAL(TARGETS_IGNORE,
	"For a target that nobody is going to repair soon, or that is not yours. Its log objects wait and it is tried now and then, "
	"as before; but health, the ages and the alerts leave it out. This lasts until targets keep, even across restarts. Needs "
	"root or the service's user.")
LC_CONTROL_EXAMPLE(TARGETS_IGNORE, "targets ignore old-logs", "a bucket that was deleted")
LC_CONTROL_EXAMPLE(TARGETS_IGNORE, "targets ignore central-logs/team-a/", "one prefix that the bucket's policy refuses")

LC_CONTROL_MANUAL(TARGETS_DISCARD,
	"Nothing is delivered to this target from now on: what waits is closed without delivery, and so is what comes later; "
	"log_courier_rows_discarded_total counts both. What has been discarded cannot be brought back, but after targets keep new rows "
	"are delivered again. Must be confirmed with --yes. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(TARGETS_DISCARD, "targets discard old-logs --yes", "nobody wants these logs any more")

LC_CONTROL_MANUAL(TARGETS_KEEP,
	"What waits for an ignored target counts again; a discarded target gets the rows that come from now on. Needs root or the "
	"service's user.")
LC_CONTROL_EXAMPLE(TARGETS_KEEP, "targets keep old-logs", "the bucket is back")

LC_CONTROL_MANUAL(DELIVERIES,
	"What the ledgers know about log objects that were made from a bucket's rows or delivered into it, newest first.")
LC_CONTROL_EXAMPLE(DELIVERIES, "deliveries photos", "where the logs of bucket photos went")
LC_CONTROL_EXAMPLE(DELIVERIES, "deliveries central-logs --limit 20", "the last log objects put into bucket central-logs")

LC_CONTROL_MANUAL(FLUSH,
	"Rows are read as soon as possible, however few and recent they are. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(FLUSH, "flush 7/photos", "deliver the waiting rows of one source")
LC_CONTROL_EXAMPLE(FLUSH, "flush --all", "deliver the waiting rows of all sources")

LC_CONTROL_MANUAL(RETRY,
	"For a target that has been repaired. Without this command the target is tried again when its backoff ends. Needs root or "
	"the service's user.")
LC_CONTROL_EXAMPLE(RETRY, "retry central-logs", "try this bucket now")
LC_CONTROL_EXAMPLE(RETRY, "retry --all", "try all that are not working")

LC_CONTROL_MANUAL(REPLAY_SOURCE,
	"For a customer who has deleted log objects. All rows of the source whose request began within the time are delivered once more, "
	"also those whose log objects are still there: new log objects, whose names hold replay-NAME- before the last digits. ClickHouse "
	"is asked first how many rows that are, and then you are: type yes, or use --yes in a script; --dry-run only says how many. "
	"The time must be over, and rows whose retention in ClickHouse has ended cannot be delivered again. Ordering the same again "
	"makes another replay, whose log objects have other names. It is background work: the shard's own rows come first. It exits "
	"with 1 if ClickHouse has no such rows. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(REPLAY_SOURCE, "replay source 7/photos --from 2026-11-29T08:00:00Z --to 2026-11-29T12:00:00Z", "four hours of bucket photos")
LC_CONTROL_EXAMPLE(REPLAY_SOURCE, "replay source 7/photos --from 2026-11-28 --to 2026-11-29 --dry-run", "how many rows a day has")

LC_CONTROL_MANUAL(REPLAY_TARGET,
	"Like replay source, for the rows of all sources that name this bucket, or this prefix in it, as their target. Each shard makes "
	"a replay of its own for its sources. ClickHouse has to look through the rows of all sources for that; if it takes longer than "
	"a minute, nothing is ordered: take a shorter time, or replay source. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(REPLAY_TARGET, "replay target central-logs/team-a/ --from 2026-11-29 --to 2026-11-30", "a day of what one prefix got")
LC_CONTROL_EXAMPLE(REPLAY_TARGET, "replay target central-logs --from 2026-11-29 --to 2026-11-30 --yes", "a whole bucket, in a script")

LC_CONTROL_MANUAL(REPLAYS,
	"Those that wait, the one that each shard carries out, and the last that ended. DELIVERED and OF count rows: delivered so far, "
	"and counted when it was ordered. If fewer were delivered when it is done, ClickHouse did not show the others any more. What "
	"keeps a replay from going on is shown below the table.")
LC_CONTROL_EXAMPLE(REPLAYS, "replays --watch", "how far they are")

LC_CONTROL_MANUAL(REPLAYS_CANCEL,
	"What waits is not delivered any more; log objects that were delivered stay, and an upload that is under way may still arrive. "
	"Needs root or the service's user.")
LC_CONTROL_EXAMPLE(REPLAYS_CANCEL, "replays cancel 20261130T081500Z-0", "it was the wrong day")

LC_CONTROL_MANUAL(RELOAD,
	"The service reads its configuration again from where it was read at the start. If something is wrong with it, nothing "
	"changes and the reason is reported. Otherwise workers are replaced one by one, and delivery goes on meanwhile. If "
	"supervisor.shards or supervisor.owned-shards change, all workers finish, the ledgers are moved, and all workers start. "
	"If a worker cannot work with the new settings, they are taken back. SIGHUP does the same.")
LC_CONTROL_EXAMPLE(RELOAD, "reload", "put an edited configuration file, or a new certificate, into effect")

LC_CONTROL_MANUAL(PREFLIGHT,
	"A process beside the workers checks what log-courier --preflight checks, with the settings that the service is running "
	"with: each server of ClickHouse, the tables, their columns and retention, the rights, and S3's keys. Delivery goes on "
	"meanwhile. There is one at a time, and it is given up after 300 seconds. After its start and after a reload the service "
	"itself makes the checks that read no rows and write nothing; what these find, health shows as warnings.")
LC_CONTROL_EXAMPLE(PREFLIGHT, "preflight", "what is set up wrongly, and what to do about it")
LC_CONTROL_EXAMPLE(PREFLIGHT, "preflight --upload-bucket central-logs", "the same, and an upload to this bucket")

LC_CONTROL_MANUAL(RESTART,
	"Nothing is lost, and nothing is delivered twice. A worker that does not end within shutdown-timeout-seconds is killed.")
LC_CONTROL_EXAMPLE(RESTART, "restart 2", "give shard 2 a new worker")

LC_CONTROL_MANUAL(PAUSE,
	"Meanwhile rows wait in ClickHouse; they are lost when consumer.retention-seconds is over. Health is red as long as a shard "
	"is paused. A reload leaves it paused unless the number of shards changes; a restart of the service ends the pause.")
LC_CONTROL_EXAMPLE(PAUSE, "pause 2", "while its sessions are being repaired")
LC_CONTROL_EXAMPLE(PAUSE, "pause --all", "deliver nothing, and keep the service answering")

LC_CONTROL_MANUAL(RESUME,
	"The shard continues from its ledger: everything that came in the meantime is delivered.")
LC_CONTROL_EXAMPLE(RESUME, "resume --all", "all shards that are paused")

LC_CONTROL_MANUAL(DRAIN,
	"Does the same as pause --all, and then waits: when it has succeeded, no worker is running, the ledgers record everything that "
	"was delivered, and the state directory can be copied or moved. An upload that takes longer than shutdown-timeout-seconds is "
	"given up; the next worker repeats it under the same name.")
LC_CONTROL_EXAMPLE(DRAIN, "drain && cp -a /var/lib/log-courier /backup && log-courier-ctl resume --all", "a copy of the ledgers")

LC_CONTROL_MANUAL(MACHINES,
	"Where failover.enabled is set, this machine's view of all machines of the deployment. STATE is what a machine says of itself, "
	"or silent if it shows no sign of life; MISSED counts this machine's own signs of life since the last one of the other. REFUSES "
	"lists the shards that a machine does not want: they were released there, or their workers keep failing there. The reasons "
	"are shown at the end of each row.")
LC_CONTROL_EXAMPLE(MACHINES, "machines", "who is alive, and who has how many shards")
LC_CONTROL_EXAMPLE(MACHINES, "machines --watch 3", "while a machine joins or leaves")

LC_CONTROL_MANUAL(RELEASE,
	"Before maintenance of a machine: its workers finish what is under way, and the other machines take over its shards at once, "
	"without waiting for this one to be silent. status shows how far that is: in the end all its shards are away. A restart of the "
	"service ends it, too. With --shard, one shard alone goes to another machine and does not come back; this one may have another "
	"shard instead. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(RELEASE, "release", "before the machine is switched off")
LC_CONTROL_EXAMPLE(RELEASE, "release --shard 3", "another machine is to have shard 3")

LC_CONTROL_MANUAL(REJOIN,
	"The other machines give up shards to this one, one after the other, until it has its share. It ends each release, that of "
	"single shards too, and lets the machine try again shards whose workers kept dying here; with --shard, it does so for one "
	"shard, which comes back only if this machine has less than its share. Needs root or the service's user.")
LC_CONTROL_EXAMPLE(REJOIN, "rejoin", "after all, the machine goes on")
LC_CONTROL_EXAMPLE(REJOIN, "rejoin --shard 3", "the machine may have shard 3 again")

LC_CONTROL_MANUAL(LOG_LEVEL,
	"For the supervisor and all workers, or for one worker, within a second. The level lasts until the service is reloaded or "
	"restarted, when the setting log-level applies again; a worker that is restarted alone keeps it.")
LC_CONTROL_EXAMPLE(LOG_LEVEL, "log-level debug --shard 2", "see what shard 2 is doing")
LC_CONTROL_EXAMPLE(LOG_LEVEL, "log-level info", "back to the usual level, everywhere")

LC_CONTROL_MANUAL(LEDGER_CHECK,
	"Reads each ledger completely and checks that its parts agree. No worker may have the ledger open: stop the service first, "
	"or check the ledger of a shard whose worker is not running. Of ledgers that machines share these files are copies: "
	"log-courier --check-shared-ledgers checks what is shared, at any time.")
LC_CONTROL_EXAMPLE(LEDGER_CHECK, "ledger check", "all of them")
LC_CONTROL_EXAMPLE(LEDGER_CHECK, "ledger check --shard 3", "only that of shard 3")

LC_CONTROL_MANUAL(LEDGER_RESET,
	"The way out when a ledger is damaged beyond repair. The price: rows that were delivered but not yet committed to "
	"ClickHouse are delivered again, and rows before the offsets there that become visible late are never delivered. It asks "
	"for confirmation.")
LC_CONTROL_EXAMPLE(LEDGER_RESET, "ledger reset --shard 3", "remove the ledger of shard 3, after asking")
LC_CONTROL_EXAMPLE(LEDGER_RESET, "ledger reset --yes", "all of them, in a script")
/* clang-format on */

#undef LC_CONTROL_MANUAL
#undef LC_CONTROL_EXAMPLE
