/* Counters as Prometheus text (Prometheus documentation, "Exposition formats", text format 0.0.4):
 * one family after the other, each with HELP and TYPE, every sample labelled with its shard. */
#ifndef LC_FORMATS_METRICS_TEXT_H
#define LC_FORMATS_METRICS_TEXT_H

#include "base/buffer.h"
#include "base/counters.h"

#include <stddef.h>

/* One shard's numbers. */
struct lc_metrics_text_shard {
	unsigned shard;
	const struct lc_counters *counters;
};

/* Appends all families of include/tbl/counters.h for the given shards. Histograms get cumulative
 * buckets, _sum and _count. */
void lc_metrics_text_append(struct lc_buffer *text, const struct lc_metrics_text_shard *shards,
			    size_t count);

/* Appends HELP and TYPE of one family that is not in the table. type: "gauge" or "counter". */
void lc_metrics_text_append_family(struct lc_buffer *text, const char *family, const char *type,
				   const char *help);

#endif
