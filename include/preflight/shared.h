/*
 * The preflight of what machines share (failover.enabled): asks ClickHouse and S3 one thing after
 * the other; preflight/shared_checks judges.
 */
#ifndef LC_PREFLIGHT_SHARED_H
#define LC_PREFLIGHT_SHARED_H

#include "base/loop.h"
#include "base/random.h"
#include "config/settings.h"
#include "delivery/servers.h"
#include "preflight/verdict.h"

#include <stdbool.h>

struct lc_shared;

struct lc_shared_options {
	const struct lc_settings *settings; /* that are in force */
	const struct lc_servers *servers;
	struct lc_random *random;
	bool brief; /* nothing is written */
	/* What a check has found, as it comes. */
	void (*tell)(void *context, const struct lc_verdict *verdict, const char *subject);
	void (*on_done)(void *context); /* what was asked for was told */
	void *context;
};

/* What the options point to outlives it. */
struct lc_shared *lc_shared_new(struct lc_loop *loop, const struct lc_shared_options *options);
/* Not from within a callback. */
void lc_shared_free(struct lc_shared *shared);

/* The two tables, and the heads. `failed`: the subject that has failed and that they need; NULL:
 * none. Ends with on_done, which may run from within the call. */
void lc_shared_check_tables(struct lc_shared *shared, const char *failed);

/* ledger.bucket, the same. With `brief` nothing is asked nor told. */
void lc_shared_check_bucket(struct lc_shared *shared, const char *failed);

#endif
