/*
 * What can be asked on the control socket, and what log-courier-ctl can do. Each row names who does
 * it on each side; the switches of all sides are made from it.
 *
 * LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help)
 *
 * words: after log-courier-ctl. method, path: of the request; GET only reads, POST needs root or
 * the service's user. takes: arguments of include/tbl/control_arguments.h, T(name) each; a WORD is
 * required, unless ALL is allowed and given.
 *
 * supervisor: ANSWER(f), answered with a status document by f of supervisor/control_socket;
 *	ORDER(f), begun by f of supervisor/control_orders, and answered with how many shards are
 *	concerned; SHARDS, each worker is asked (supervisor/control_shards, worker/control_worker);
 *	NONE, the control socket knows nothing of it.
 * worker: the function of delivery/inspect that a worker answers with; NULL if it is not asked.
 * ctl: SHOW(f), the answer is shown by f of ctl/show; RENDER(f), by f of ctl/render_inspection;
 *	ASK(f), so is what it would do, and it is done once that was agreed to;
 *	AWAIT(f, g, h), so is it, and then the outcome is awaited, which g of ctl/outcome tells
 *	from the status; h shows what the status says of it beside the outcome, NULL: nothing;
 *	FILES(f), f of ctl/main looks into the state directory, and no service is asked.
 *
 * A file that uses one of these three columns first defines the words in capitals that stand in it.
 */
#ifndef LC_CONTROL_COMMAND
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help)
#endif

/* clang-format off */
LC_CONTROL_COMMAND(STATUS, "status", "GET", "/v1/status",
	ANSWER(answer_status), NULL, SHOW(show_status), 0,
	"show what each shard is doing and what is wrong")
LC_CONTROL_COMMAND(HEALTH, "health", "GET", "/v1/health",
	ANSWER(answer_health), NULL, SHOW(show_health), 0,
	"say whether rows are being delivered; exits with 1 if not")
LC_CONTROL_COMMAND(SOURCES, "sources", "GET", "/v1/sources",
	SHARDS, look_at_sources, RENDER(render_sources), T(LAGGING) | T(BLOCKED) | T(LIMIT),
	"list the sources that have undelivered rows, oldest first")
LC_CONTROL_COMMAND(SOURCE, "source", "GET", "/v1/source",
	SHARDS, look_at_source, RENDER(render_source), T(SOURCE) | T(LIMIT),
	"show one source: its open ranges, pending rows, and last log objects")
LC_CONTROL_COMMAND(EXPLAIN, "explain", "GET", "/v1/explain",
	SHARDS, explain_source, SHOW(show_explanation), T(SOURCE),
	"explain in words why a source is where it is, what happens next, and what to do")
LC_CONTROL_COMMAND(TARGETS, "targets", "GET", "/v1/targets",
	SHARDS, look_at_targets, RENDER(render_targets), T(BLOCKED) | T(LIMIT),
	"list the targets, and why any of them take no log objects")
LC_CONTROL_COMMAND(TARGETS_IGNORE, "targets ignore", "POST", "/v1/targets/ignore",
	SHARDS, ignore, RENDER(render_ignore), T(TARGET),
	"leave a target out of health: its rows wait, and their age is no longer reported")
LC_CONTROL_COMMAND(TARGETS_DISCARD, "targets discard", "POST", "/v1/targets/discard",
	SHARDS, discard, RENDER(render_discard), T(TARGET) | T(YES),
	"give a target up: its rows, and those still to come, are closed without delivery")
LC_CONTROL_COMMAND(TARGETS_KEEP, "targets keep", "POST", "/v1/targets/keep",
	SHARDS, keep, RENDER(render_keep), T(TARGET),
	"undo ignore or discard")
LC_CONTROL_COMMAND(DELIVERIES, "deliveries", "GET", "/v1/deliveries",
	SHARDS, look_at_deliveries, RENDER(render_deliveries), T(BUCKET) | T(LIMIT),
	"list the last log objects made from a bucket's rows, or delivered into it")
LC_CONTROL_COMMAND(FLUSH, "flush", "POST", "/v1/flush",
	SHARDS, flush, RENDER(render_flush), T(SOURCE) | T(ALL),
	"deliver a source's rows now, without waiting for its thresholds")
LC_CONTROL_COMMAND(RETRY, "retry", "POST", "/v1/retry",
	SHARDS, retry, RENDER(render_retry), T(BUCKET) | T(ALL),
	"try a target bucket again now, without waiting for its backoff to end")
LC_CONTROL_COMMAND(REPLAY_SOURCE, "replay source", "POST", "/v1/replay/source",
	SHARDS, replay, ASK(render_replay), T(SOURCE) | T(FROM) | T(TO) | T(DRY_RUN) | T(YES),
	"deliver a source's rows of some time again, under names that say so, after asking")
LC_CONTROL_COMMAND(REPLAY_TARGET, "replay target", "POST", "/v1/replay/target",
	SHARDS, replay, ASK(render_replay), T(TARGET) | T(FROM) | T(TO) | T(DRY_RUN) | T(YES),
	"the same for all rows that name a target, of all sources")
LC_CONTROL_COMMAND(REPLAYS, "replays", "GET", "/v1/replays",
	SHARDS, look_at_replays, RENDER(render_replays), T(LIMIT),
	"list the replays that were ordered, and how far they are")
LC_CONTROL_COMMAND(REPLAYS_CANCEL, "replays cancel", "POST", "/v1/replays/cancel",
	SHARDS, cancel_replay, RENDER(render_cancel), T(REPLAY),
	"end a replay; what it has delivered stays")
LC_CONTROL_COMMAND(RELOAD, "reload", "POST", "/v1/reload",
	ORDER(reload), NULL, AWAIT(render_reload, outcome_of_reload, NULL), 0,
	"read the configuration again and replace the workers one by one; waits for the outcome")
LC_CONTROL_COMMAND(PREFLIGHT, "preflight", "POST", "/v1/preflight",
	ORDER(preflight), NULL, AWAIT(render_preflight, outcome_of_preflight, lc_render_status_checks),
	T(UPLOAD_BUCKET),
	"check the servers, tables and rights with the settings in force; exits with 1 if a check fails")
LC_CONTROL_COMMAND(RESTART, "restart", "POST", "/v1/restart",
	ORDER(restart), NULL, RENDER(render_restart), T(WORKER) | T(ALL),
	"replace a shard's worker: it finishes what is under way, then a new one takes over")
LC_CONTROL_COMMAND(PAUSE, "pause", "POST", "/v1/pause",
	ORDER(pause_shards), NULL, RENDER(render_pause), T(WORKER) | T(ALL),
	"let a shard finish what is under way, then deliver nothing more until resume")
LC_CONTROL_COMMAND(RESUME, "resume", "POST", "/v1/resume",
	ORDER(resume), NULL, RENDER(render_resume), T(WORKER) | T(ALL),
	"let a paused shard go on")
LC_CONTROL_COMMAND(DRAIN, "drain", "POST", "/v1/drain",
	ORDER(drain), NULL, AWAIT(render_pause, outcome_of_drain, NULL), 0,
	"pause all shards and wait until nothing is under way; the service stays up")
LC_CONTROL_COMMAND(MACHINES, "machines", "GET", "/v1/machines",
	ANSWER(answer_status), NULL, SHOW(show_machines), 0,
	"list the machines that stand in for each other, and how many shards each has")
LC_CONTROL_COMMAND(RELEASE, "release", "POST", "/v1/release",
	ORDER(release), NULL, RENDER(render_release), T(SHARD),
	"give up all shards of this machine, or one, to the others, and take none until rejoin")
LC_CONTROL_COMMAND(REJOIN, "rejoin", "POST", "/v1/rejoin",
	ORDER(rejoin), NULL, RENDER(render_rejoin), T(SHARD),
	"let this machine have its share of the shards again, or one shard, after release")
LC_CONTROL_COMMAND(LOG_LEVEL, "log-level", "POST", "/v1/log-level",
	ORDER(set_log_level), NULL, RENDER(render_log_level), T(LEVEL) | T(SHARD),
	"log more, or less, from now on: error, warn, info or debug")
LC_CONTROL_COMMAND(LEDGER_CHECK, "ledger check", "", "",
	NONE, NULL, FILES(check_ledgers), T(STATE_DIRECTORY) | T(SHARD),
	"check that the ledgers are sound; the ledger of a running worker cannot be checked")
LC_CONTROL_COMMAND(LEDGER_RESET, "ledger reset", "", "",
	NONE, NULL, FILES(reset_ledgers), T(STATE_DIRECTORY) | T(SHARD) | T(YES),
	"remove the ledgers of a stopped service; delivery resumes from the offsets in ClickHouse")
/* clang-format on */

#undef LC_CONTROL_COMMAND
#undef ANSWER
#undef ORDER
#undef SHARDS
#undef NONE
#undef SHOW
#undef RENDER
#undef ASK
#undef AWAIT
#undef FILES
