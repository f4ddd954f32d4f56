/* What is wrong, as a pure rule: from the shards' states and ages to findings, each one sentence
 * that says what to do. Without a critical one the service is healthy: its rows are being
 * delivered. */
#ifndef LC_SUPERVISOR_HEALTH_H
#define LC_SUPERVISOR_HEALTH_H

#include "formats/status_document.h"

#include <stddef.h>
#include <stdint.h>

struct lc_health_rules {
	int64_t unreachable_after_seconds; /* ClickHouse or S3 failing for so long is a finding */
	int64_t delivery_age_max_seconds;  /* so is an undelivered row older than this: a warning
					      when its target or its source is the reason */
	int64_t retention_seconds;         /* at this age it is lost */
	int64_t retention_used_max_percent;
	int64_t free_bytes_min;
	int64_t clock_difference_max_seconds;
	int64_t deaths_in_a_row_max;
	int64_t reconcile_failing_max_seconds;
};

/* Adds what the service's own preflight, of the time `begun`, has found: warnings, because whether
 * rows are delivered is for the shards to tell. */
void lc_health_examine_checks(const struct lc_status_document_check *checks, size_t count,
			      const char *begun, struct lc_status_document *document);

/* Adds what is to be said about the document's service and shards to its findings. */
void lc_health_examine(const struct lc_health_rules *rules, struct lc_status_document *document);

#endif
