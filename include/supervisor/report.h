/* The service's account of itself: the status document, findings included, and the metrics, both
 * from the keepers and their pages. */
#ifndef LC_SUPERVISOR_REPORT_H
#define LC_SUPERVISOR_REPORT_H

#include "base/buffer.h"
#include "config/settings.h"
#include "formats/metrics_text.h"
#include "formats/status_document.h"
#include "supervisor/fleet.h"
#include "supervisor/reload.h"

#include <stddef.h>
#include <stdint.h>

/* What the account is about; all of it outlives whoever reports. */
struct lc_report {
	const struct lc_settings *settings;
	const struct lc_fleet *fleet;
	const struct lc_reload *reload;
	uint64_t started_ms; /* lc_clock_monotonic_ms */
};

/* The largest account in bytes, for the bound of whoever sends it. */
enum { LC_REPORT_SIZE_MAX = LC_STATUS_DOCUMENT_BYTES_MAX };

/* Fills in a document; to be released with lc_status_document_free. */
void lc_report_status(const struct lc_report *report, struct lc_status_document *document);

/* Appends the metrics of the service and its shards. */
void lc_report_metrics(const struct lc_report *report, enum lc_metrics_text_format format,
		       struct lc_buffer *text);

#endif
