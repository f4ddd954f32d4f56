/*
 * A reload: the configuration is read again, and put in force without a pause in delivery.
 *
 *	IDLE --begin--> REPLACING --each worker replaced--> IDLE
 *	                REPLACING --a worker cannot work with it--> RETURNING --each replaced--> IDLE
 *
 *	IDLE --begin, the shards change--> EMPTYING --no worker runs--> MOVING --ledgers moved-->
 *	                STARTING --each worker ready, or failed--> IDLE
 *	                EMPTYING, MOVING --cannot be moved--> STARTING, as it was
 *
 * A configuration that is wrong is not put in force; one that a worker cannot work with is taken
 * back (RETURNING), as is one whose ledgers cannot be moved. Workers are replaced one by one, so
 * that one shard at most is not delivering. When the number of shards or this machine's part of
 * them changes, all workers finish, the ledgers are moved by a child, and all start. Paused shards
 * stay paused, unless their number changes.
 */
#ifndef LC_SUPERVISOR_RELOAD_H
#define LC_SUPERVISOR_RELOAD_H

#include "base/error.h"
#include "config/settings.h"
#include "formats/status_document.h"
#include "supervisor/fleet.h"

#include <stdbool.h>

struct lc_reload;

/* What a reload works on; all of it outlives it. */
struct lc_reload_host {
	struct lc_fleet *fleet;
	struct lc_settings *settings; /* those in force: a reload replaces their content */
	/* Reads the configuration; to be released by the reload. */
	bool (*load)(void *context, struct lc_settings *settings, struct lc_error *error);
	/* The settings in force have changed: the supervisor's own parts follow. False with `error`
	 * when they cannot, and go on as they were. */
	bool (*follow)(void *context, struct lc_error *error);
	void (*on_begin)(void *context);
	void (*on_end)(void *context);
	void *context;
};

struct lc_reload *lc_reload_new(const struct lc_reload_host *host);
/* Ends a child that moves ledgers, and releases it. NULL is allowed. */
void lc_reload_free(struct lc_reload *reload);

/* Begins. False with `error` when the configuration is wrong (LC_ERROR_USAGE and others of
 * lc_settings_load) or a reload is under way (LC_ERROR_CONFLICT): nothing has changed then. */
bool lc_reload_begin(struct lc_reload *reload, struct lc_error *error);

/* Begins, or, when one is under way, begins another one after it. What is wrong goes to the log. */
void lc_reload_begin_or_queue(struct lc_reload *reload);

bool lc_reload_running(const struct lc_reload *reload);

/* A slot has changed its state. */
void lc_reload_on_change(struct lc_reload *reload);
/* After SIGCHLD. */
void lc_reload_on_child(struct lc_reload *reload);
/* The service ends: nothing is replaced or started any more. */
void lc_reload_stop(struct lc_reload *reload);

/* Fills in the document's part. */
void lc_reload_describe(const struct lc_reload *reload, struct lc_status_document *document);

#endif
