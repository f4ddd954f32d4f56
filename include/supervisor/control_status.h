/* The service's account of itself: the status document, findings included, and the metrics, both
 * from the shard processes and their counters. */
#ifndef LC_SUPERVISOR_CONTROL_STATUS_H
#define LC_SUPERVISOR_CONTROL_STATUS_H

#include "base/buffer.h"
#include "config/settings.h"
#include "formats/metrics_text.h"
#include "formats/status_document.h"
#include "supervisor/fleet.h"
#include "supervisor/http_server.h"
#include "supervisor/machines_child.h"
#include "supervisor/preflight_child.h"
#include "supervisor/reload.h"

#include <stdbool.h>
#include <stdint.h>

/* What the account is about: the service, read-only. All of it outlives whoever tells of it. */
struct lc_control_status {
	const struct lc_settings *settings;
	const struct lc_fleet *fleet;
	const struct lc_reload *reload;
	const struct lc_preflight_child *preflight;
	const struct lc_machines_child *machines;
	uint64_t started_ms;  /* lc_clock_monotonic_ms */
	double start_seconds; /* lc_process_usage_start_seconds */
};

/* The largest account in bytes, for the bound of whoever sends it. */
enum { LC_CONTROL_STATUS_SIZE_MAX = LC_STATUS_DOCUMENT_BYTES_MAX };

/* Fills in a document; to be released with lc_status_document_free. */
void lc_control_status_describe(const struct lc_control_status *service,
				struct lc_status_document *document);

/* Answers a request with the document. `health`: without the shards, and with 503 when the service
 * is not healthy. */
void lc_control_status_answer(const struct lc_control_status *service, bool health,
			      struct lc_http_server_answer *answer);

/* Appends the metrics of the service and its shards. */
void lc_control_status_append_metrics(const struct lc_control_status *service,
				      enum lc_metrics_text_format format, struct lc_buffer *text);

#endif
