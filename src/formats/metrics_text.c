#include "formats/metrics_text.h"

#include <inttypes.h>

/* In a help text a backslash and a line feed are escaped. */
static void append_help(struct lc_buffer *text, const char *help)
{
	for (; *help != '\0'; help++) {
		if (*help == '\\')
			lc_buffer_append_text(text, "\\\\");
		else if (*help == '\n')
			lc_buffer_append_text(text, "\\n");
		else
			lc_buffer_append_char(text, *help);
	}
}

void lc_metrics_text_append_family(struct lc_buffer *text, const char *family, const char *type,
				   const char *help)
{
	lc_buffer_append_format(text, "# HELP %s ", family);
	append_help(text, help);
	lc_buffer_append_format(text, "\n# TYPE %s %s\n", family, type);
}

/* One row of a family, for every shard. */
static void append_values(struct lc_buffer *text, enum lc_counters_name name,
			  const struct lc_metrics_text_shard *shards, size_t count)
{
	const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[name];

	for (size_t i = 0; i < count; i++)
		lc_buffer_append_format(text, "%s{shard=\"%u\"%s%s} %" PRIu64 "\n", row->family,
					shards[i].shard, row->labels[0] == '\0' ? "" : ",",
					row->labels, lc_counters_get(shards[i].counters, name));
}

/* One shard's histogram. Each bucket is read once, so that the count is the last bucket's whatever
 * the worker adds meanwhile. */
static void append_histogram(struct lc_buffer *text, enum lc_counters_histogram histogram,
			     const struct lc_metrics_text_shard *shard)
{
	const struct lc_counters_histogram_description *description =
	    &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[histogram];
	const struct lc_counters_buckets *buckets = &shard->counters->histograms[histogram];
	uint64_t sum = atomic_load_explicit(&buckets->sum_millionths, memory_order_relaxed);
	uint64_t below = 0;

	for (size_t i = 0; i <= description->bound_count; i++) {
		below += atomic_load_explicit(&buckets->buckets[i], memory_order_relaxed);
		lc_buffer_append_format(text, "%s_bucket{shard=\"%u\",le=\"", description->family,
					shard->shard);
		if (i < description->bound_count)
			lc_buffer_append_format(text, "%.15g", description->bounds[i]);
		else
			lc_buffer_append_text(text, "+Inf");
		lc_buffer_append_format(text, "\"} %" PRIu64 "\n", below);
	}
	lc_buffer_append_format(text, "%s_sum{shard=\"%u\"} %" PRIu64 ".%06" PRIu64 "\n",
				description->family, shard->shard, sum / 1000000, sum % 1000000);
	lc_buffer_append_format(text, "%s_count{shard=\"%u\"} %" PRIu64 "\n", description->family,
				shard->shard, below);
}

void lc_metrics_text_append(struct lc_buffer *text, const struct lc_metrics_text_shard *shards,
			    size_t count)
{
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[i];

		if (i == 0 || strcmp(row->family, row[-1].family) != 0)
			lc_metrics_text_append_family(
			    text, row->family,
			    row->kind == LC_COUNTERS_KIND_COUNTER ? "counter" : "gauge", row->help);
		append_values(text, (enum lc_counters_name)i, shards, count);
	}
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		lc_metrics_text_append_family(text, LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i].family,
					      "histogram",
					      LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i].help);
		for (size_t shard = 0; shard < count; shard++)
			append_histogram(text, (enum lc_counters_histogram)i, &shards[shard]);
	}
}
