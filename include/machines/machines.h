/*
 * The process that beats for this machine, where several stand in for each other: a child of the
 * supervisor that does nothing else, so that a machine whose workers are restoring, or hang, is alive
 * all the same. Five times in failover.machine-timeout-seconds it reads what all machines say and
 * who owns which shard, applies lc_machine_rule, tells the supervisor which workers to start and
 * which to release, and writes its beat.
 *
 * It speaks to the supervisor by the frames OF_MACHINES and TO_MACHINES (tbl/frames.h), and ends
 * when their channel breaks. Nothing that it does, or fails to do, concerns safety: who may write
 * is decided by the shards' heads.
 */
#ifndef LC_MACHINES_MACHINES_H
#define LC_MACHINES_MACHINES_H

#include "config/settings.h"

/* Signs of life in failover.machine-timeout-seconds. */
enum { LC_MACHINES_BEATS_IN_TIMEOUT = 5 };

/* The whole life of the process; returns its exit code. `channel`: its end of the socket pair, not
 * blocking. */
int lc_machines_run(const struct lc_settings *settings, int channel);

#endif
