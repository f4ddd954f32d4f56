/*
 * The process of machines/machines.h as the supervisor has it, where several machines stand in for
 * each other: there is one as long as the service runs, and another one soon after its death. The
 * supervisor tells it what each shard's worker is doing and whether this machine is fit, carries
 * out which shards it wants to be taken and released, and remembers what it has seen.
 */
#ifndef LC_SUPERVISOR_MACHINES_CHILD_H
#define LC_SUPERVISOR_MACHINES_CHILD_H

#include "base/loop.h"
#include "config/settings.h"
#include "formats/status_document.h"
#include "supervisor/fleet.h"

#include <signal.h>

struct lc_machines_child;

struct lc_machines_child_host {
	struct lc_loop *loop;
	const struct lc_settings *settings; /* in force */
	const struct lc_fleet *fleet;
	const sigset_t *signals; /* the mask it runs with */
};

/* Without a process. */
struct lc_machines_child *lc_machines_child_new(const struct lc_machines_child_host *host);
/* Kills the process. NULL is allowed. */
void lc_machines_child_free(struct lc_machines_child *child);

/* Starts the process, if failover.enabled is set, in place of one that runs: it then has the
 * settings in force. */
void lc_machines_child_start(struct lc_machines_child *child);

/* The state of a shard may have changed. */
void lc_machines_child_on_change(struct lc_machines_child *child);

/* The service is stopping: the other machines may take the shards as soon as their workers have ended. */
void lc_machines_child_leave(struct lc_machines_child *child);

/* Asks the kernel whether the process has ended, to be called after SIGCHLD. */
void lc_machines_child_reap(struct lc_machines_child *child);

/* The operator's orders. This machine gives up all its shards to the others, and takes none; or it
 * gives up this one, which the fleet has, and does not take it. A rejoin takes that back; that of
 * all shards, for single ones too. So does a restart of the service. A shard whose workers kept dying
 * here may come back then, too. False with `error`: LC_ERROR_USAGE when failover.enabled is not set,
 * LC_ERROR_CONFLICT when the shard is paused, or rejoins alone while all are released. */
bool lc_machines_child_release(struct lc_machines_child *child, struct lc_error *error);
bool lc_machines_child_rejoin(struct lc_machines_child *child, struct lc_error *error);
bool lc_machines_child_release_shard(struct lc_machines_child *child, unsigned shard,
				     struct lc_error *error);
bool lc_machines_child_rejoin_shard(struct lc_machines_child *child, unsigned shard,
				    struct lc_error *error);

/* Adds the machines, and what is wrong with them, to the document. */
void lc_machines_child_describe(const struct lc_machines_child *child,
				struct lc_status_document *document);

#endif
