/*
 * What the worker of a shard is doing, as its supervisor sees it.
 *
 * LC_SHARD_STATE(name, text, help)    text: as shown to people and written to the status document
 */
#ifndef LC_SHARD_STATE
#define LC_SHARD_STATE(name, text, help)
#endif

/* clang-format off */
LC_SHARD_STATE(STOPPED, "stopped", "has no worker, and none is wanted")
LC_SHARD_STATE(PAUSED, "paused", "has no worker until resume, because the operator paused it")
LC_SHARD_STATE(AWAY, "away", "has no worker, because another machine has the shard or is to take it")
LC_SHARD_STATE(STARTING, "starting", "a worker is running, its first discovery is under way")
LC_SHARD_STATE(READY, "ready", "a worker is delivering")
LC_SHARD_STATE(BACKING_OFF, "backing-off", "the worker died; the next one starts after a wait")
LC_SHARD_STATE(DRAINING, "draining", "the worker was told to finish and exit")
LC_SHARD_STATE(KILLING, "killing", "the worker was sent a fatal signal and has not ended yet")
LC_SHARD_STATE(FAILED, "failed", "the worker ended for a reason that a restart cannot cure (exit code 65, 66 or 78); it is not restarted")
/* clang-format on */

#undef LC_SHARD_STATE
