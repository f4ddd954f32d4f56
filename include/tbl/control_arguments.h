/*
 * What the commands of include/tbl/control_commands.h may be told. On the control socket each is a
 * parameter of the query, for log-courier-ctl a word or an option of the command line.
 *
 * LC_CONTROL_ARGUMENT(name, kind, set, append, parameter, word, help)
 *
 * kind: WORD, a word after the command; FLAG, an option without value; VALUE, an option with one.
 * set, append: the functions of formats/control_request that read and write the value; NULL for a
 * flag, and without append for what never goes to the service. parameter: in the query; the option
 * has two dashes before it. word: stands for the value in help.
 */
#ifndef LC_CONTROL_ARGUMENT
#define LC_CONTROL_ARGUMENT(name, kind, set, append, parameter, word, help)
#endif

/* clang-format off */
LC_CONTROL_ARGUMENT(SOURCE, WORD, set_source, append_source, "source", "SESSION/BUCKET",
	"a source: its raft session and its bucket, for example 7/photos")
LC_CONTROL_ARGUMENT(BUCKET, WORD, set_bucket, append_bucket, "bucket", "BUCKET",
	"the name of a bucket")
LC_CONTROL_ARGUMENT(TARGET, WORD, set_target, append_target, "target", "BUCKET[/PREFIX]",
	"a target bucket, or one prefix in it, for example central-logs or central-logs/team-a/; "
	"BUCKET/ means only its empty prefix")
LC_CONTROL_ARGUMENT(WORKER, WORD, set_shard, append_shard, "worker", "SHARD",
	"the number of a shard")
LC_CONTROL_ARGUMENT(LEVEL, WORD, set_level, append_level, "level", "LEVEL",
	"error, warn, info or debug")
LC_CONTROL_ARGUMENT(UPLOAD_BUCKET, VALUE, set_bucket, append_bucket, "upload-bucket", "BUCKET",
	"store a small object in this bucket, and delete it again")
LC_CONTROL_ARGUMENT(REPLAY, WORD, set_replay, append_replay, "replay", "REPLAY",
	"the name of a replay, for example 20261130T081500Z-0")
LC_CONTROL_ARGUMENT(FROM, VALUE, set_from, append_from, "from", "TIME",
	"the first second of startTime: a time in UTC, for example 2026-11-30T08:00:00Z, or a date")
LC_CONTROL_ARGUMENT(TO, VALUE, set_to, append_to, "to", "TIME",
	"the second after the last one")
LC_CONTROL_ARGUMENT(DRY_RUN, FLAG, NULL, NULL, "dry-run", "",
	"only say how much it would be")
LC_CONTROL_ARGUMENT(ALL, FLAG, NULL, NULL, "all", "",
	"all of them")
LC_CONTROL_ARGUMENT(LAGGING, FLAG, NULL, NULL, "lagging", "",
	"only sources with an undelivered row older than consumer.time-threshold-seconds")
LC_CONTROL_ARGUMENT(BLOCKED, FLAG, NULL, NULL, "blocked", "",
	"only what waits for a target that takes no log objects")
LC_CONTROL_ARGUMENT(LIMIT, VALUE, set_limit, append_limit, "limit", "N",
	"show at most N, from 1 to 1000; default 100")
LC_CONTROL_ARGUMENT(STATE_DIRECTORY, VALUE, set_state_directory, NULL, "state-directory", "PATH",
	"directory of the ledgers; default: LOG_COURIER_STATE_DIRECTORY, or else the service's default")
LC_CONTROL_ARGUMENT(SHARD, VALUE, set_shard, append_shard, "shard", "N",
	"only this shard")
LC_CONTROL_ARGUMENT(YES, FLAG, NULL, NULL, "yes", "",
	"do not ask for confirmation")
/* clang-format on */

#undef LC_CONTROL_ARGUMENT
