/*
 * The preflight beside the running service, with the settings in force: the supervisor itself opens
 * no connection to ClickHouse or S3, so a one-shot child asks them, one at a time.
 *
 * The service looks by itself, briefly, at its start and after a reload, and again, at growing
 * intervals, as long as it finds something: that becomes findings of health. What somebody asks for
 * is the whole preflight; it goes before, and its checks stand in the status document.
 */
#ifndef LC_SUPERVISOR_PREFLIGHT_CHILD_H
#define LC_SUPERVISOR_PREFLIGHT_CHILD_H

#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "config/settings.h"
#include "formats/status_document.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* When a child that has not ended is killed; what it has found until then counts. */
enum { LC_PREFLIGHT_CHILD_LONGEST_MS = 300 * 1000 };

struct lc_preflight_child;

/* All of it outlives the child. */
struct lc_preflight_child_host {
	struct lc_loop *loop;
	const struct lc_settings *settings; /* in force when a child is forked */
	const sigset_t *signals;            /* its signal mask */
	uint64_t longest_ms;
};

struct lc_preflight_child *lc_preflight_child_new(const struct lc_preflight_child_host *host);
/* Kills a child that runs. NULL is allowed. */
void lc_preflight_child_free(struct lc_preflight_child *child);

/* The service's own look, now: what it has found before is forgotten once this one has ended. */
void lc_preflight_child_look(struct lc_preflight_child *child);

/* The whole preflight, and an upload into a bucket unless `bucket` is empty. False with `error`
 * (LC_ERROR_CONFLICT) when one that somebody asked for has not ended. */
bool lc_preflight_child_ask(struct lc_preflight_child *child, struct lc_view bucket,
			    struct lc_error *error);

/* Asks the kernel whether the child has ended, to be called after SIGCHLD. */
void lc_preflight_child_reap(struct lc_preflight_child *child);

/* Fills in the document's part, findings included. */
void lc_preflight_child_describe(const struct lc_preflight_child *child,
				 struct lc_status_document *document);

#endif
