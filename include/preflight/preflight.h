/*
 * The preflight: asks the real servers whether the service could work with them. It changes
 * nothing, but for an object that it stores in a bucket of the caller's choice and deletes again, and
 * with failover.enabled one in ledger.bucket, and a row in each of the tables that machines share,
 * which stays (clients/register_proof.h).
 */
#ifndef LC_PREFLIGHT_PREFLIGHT_H
#define LC_PREFLIGHT_PREFLIGHT_H

#include "base/error.h"
#include "config/settings.h"
#include "preflight/verdict.h"

#include <stdbool.h>

struct lc_preflight {
	const struct lc_settings *settings;
	/* Only what ClickHouse tells of its servers and tables, and whether S3 takes the keys: none of
	 * our own statements, which may read rows. */
	bool brief;
	const char *bucket; /* where an upload is tried; NULL: none is. Not with `brief` */
	/* What a check has found, as it comes. */
	void (*tell)(void *context, const struct lc_verdict *verdict, const char *subject);
	void *context;
};

/* Checks one after the other, on an event loop of its own, each request of them for
 * clickhouse.timeout-seconds at most. False with `error` set, and nothing is told, if the settings
 * cannot be worked with, as when a file of authorities cannot be read. */
bool lc_preflight_run(const struct lc_preflight *preflight, struct lc_error *error);

#endif
