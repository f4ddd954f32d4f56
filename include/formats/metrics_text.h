/* Counters as text for Prometheus: one family after the other, each with HELP and TYPE, every
 * sample labelled with its shard. */
#ifndef LC_FORMATS_METRICS_TEXT_H
#define LC_FORMATS_METRICS_TEXT_H

#include "base/buffer.h"
#include "base/counters.h"

#include <stddef.h>

enum lc_metrics_text_format {
	LC_METRICS_TEXT_PROMETHEUS,  /* Prometheus documentation, "Exposition formats", 0.0.4 */
	LC_METRICS_TEXT_OPENMETRICS, /* OpenMetrics 1.0.0, "Text Format" */
};

/* The format's value for Content-Type. */
const char *lc_metrics_text_content_type(enum lc_metrics_text_format format);

/* One shard's numbers. */
struct lc_metrics_text_shard {
	unsigned shard;
	const struct lc_counters *counters;
};

/* Appends all families of include/tbl/counters.h for the given shards. Histograms get cumulative
 * buckets, _sum and _count. */
void lc_metrics_text_append(struct lc_buffer *text, enum lc_metrics_text_format format,
			    const struct lc_metrics_text_shard *shards, size_t count);

/* Appends HELP and TYPE of one family that is not in the table. type: "gauge" or "counter". */
void lc_metrics_text_append_family(struct lc_buffer *text, enum lc_metrics_text_format format,
				   const char *family, const char *type, const char *help);

/* Appends a label's value with backslash, line feed and quotation mark escaped; without the marks
 * around it. */
void lc_metrics_text_append_label(struct lc_buffer *text, struct lc_view value);

/* Appends what stands at the end of it all. */
void lc_metrics_text_append_end(struct lc_buffer *text, enum lc_metrics_text_format format);

#endif
