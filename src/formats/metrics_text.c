#include "formats/metrics_text.h"

#include <inttypes.h>
#include <string.h>

const char *lc_metrics_text_content_type(enum lc_metrics_text_format format)
{
	return format == LC_METRICS_TEXT_OPENMETRICS
		   ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

/* A backslash, a line feed, and where it must be a quotation mark. */
static void append_escaped(struct lc_buffer *text, struct lc_view value, bool marks)
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.data[i];

		if (c == '\n') {
			lc_buffer_append_text(text, "\\n");
			continue;
		}
		if (c == '\\' || (c == '"' && marks))
			lc_buffer_append_char(text, '\\');
		lc_buffer_append_char(text, c);
	}
}

void lc_metrics_text_append_label(struct lc_buffer *text, struct lc_view value)
{
	append_escaped(text, value, true);
}

/* For OpenMetrics a counter's family is called without the suffix that its samples have. */
static int name_size(enum lc_metrics_text_format format, const char *family, const char *type)
{
	size_t size = strlen(family);

	if (format == LC_METRICS_TEXT_OPENMETRICS && strcmp(type, "counter") == 0)
		size -= strlen("_total");
	return (int)size;
}

void lc_metrics_text_append_family(struct lc_buffer *text, enum lc_metrics_text_format format,
				   const char *family, const char *type, const char *help)
{
	int size = name_size(format, family, type);

	lc_buffer_append_format(text, "# HELP %.*s ", size, family);
	append_escaped(text, lc_view_of(help), format == LC_METRICS_TEXT_OPENMETRICS);
	lc_buffer_append_format(text, "\n# TYPE %.*s %s\n", size, family, type);
}

void lc_metrics_text_append_end(struct lc_buffer *text, enum lc_metrics_text_format format)
{
	if (format == LC_METRICS_TEXT_OPENMETRICS)
		lc_buffer_append_text(text, "# EOF\n");
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
	const char *comma = description->labels[0] == '\0' ? "" : ",";
	uint64_t below = 0;

	for (size_t i = 0; i <= description->bound_count; i++) {
		below += atomic_load_explicit(&buckets->buckets[i], memory_order_relaxed);
		lc_buffer_append_format(text, "%s_bucket{shard=\"%u\"%s%s,le=\"",
					description->family, shard->shard, comma,
					description->labels);
		if (i < description->bound_count)
			lc_buffer_append_format(text, "%.15g", description->bounds[i]);
		else
			lc_buffer_append_text(text, "+Inf");
		lc_buffer_append_format(text, "\"} %" PRIu64 "\n", below);
	}
	lc_buffer_append_format(text, "%s_sum{shard=\"%u\"%s%s} %" PRIu64 ".%06" PRIu64 "\n",
				description->family, shard->shard, comma, description->labels,
				sum / 1000000, sum % 1000000);
	lc_buffer_append_format(text, "%s_count{shard=\"%u\"%s%s} %" PRIu64 "\n",
				description->family, shard->shard, comma, description->labels,
				below);
}

void lc_metrics_text_append(struct lc_buffer *text, enum lc_metrics_text_format format,
			    const struct lc_metrics_text_shard *shards, size_t count)
{
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[i];
		enum lc_counters_name name = (enum lc_counters_name)i;

		if (lc_counters_begins_family(name))
			lc_metrics_text_append_family(text, format, row->family,
						      lc_counters_type(name), row->help);
		append_values(text, name, shards, count);
	}
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const struct lc_counters_histogram_description *row =
		    &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i];

		if (row->help[0] != '\0')
			lc_metrics_text_append_family(text, format, row->family, "histogram",
						      row->help);
		for (size_t shard = 0; shard < count; shard++)
			append_histogram(text, (enum lc_counters_histogram)i, &shards[shard]);
	}
}
