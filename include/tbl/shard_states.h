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
LC_SHARD_STATE(PAUSED, "paused", "has no worker because the operator said so, until resume")
LC_SHARD_STATE(STARTING, "starting", "a worker runs, its first discovery is under way")
LC_SHARD_STATE(READY, "ready", "a worker delivers")
LC_SHARD_STATE(BACKING_OFF, "backing-off", "the worker died, the next one starts after a wait")
LC_SHARD_STATE(DRAINING, "draining", "the worker was told to finish and exit")
LC_SHARD_STATE(KILLING, "killing", "the worker was sent a deadly signal and has not ended yet")
LC_SHARD_STATE(FAILED, "failed", "the worker can not work with its settings; it is not started anew")
/* clang-format on */

#undef LC_SHARD_STATE
