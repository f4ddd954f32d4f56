#include "ctl/metrics_reference.h"

#include "base/counters.h"

#include <string.h>

static const char HEAD[] =
    "# The metrics of log-courier\n"
    "\n"
    "Served at `/metrics` of the metrics port (`metrics-server.listen-port`) in Prometheus' text\n"
    "format. Every metric of a shard has the label `shard`, its number; none has a label for\n"
    "buckets, whose number has no bound, but for the sources that lag most. A worker's counters "
    "begin anew with the supervisor, not\n"
    "with the worker. Alert rules that use them are in contrib/prometheus, a dashboard is in\n"
    "contrib/grafana.\n"
    "\n"
    "This file is made by `log-courier-ctl help metrics`.\n";

static void append_head(const char *title, const char *intro, struct lc_buffer *text)
{
	lc_buffer_append_format(
	    text, "\n## %s\n\n%s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n",
	    title, intro);
}

/* The label's name of name="value". */
static int name_size(const char *label)
{
	return (int)strcspn(label, "=");
}

static void append_row(const char *family, const char *type, const char *label, const char *help,
		       struct lc_buffer *text)
{
	lc_buffer_append_format(text, "| `%s` | %s | %s%.*s%s | %s |\n", family, type,
				label[0] == '\0' ? "" : "`", name_size(label), label,
				label[0] == '\0' ? "" : "`", help);
}

/* What the label may say, taken from the family's rows. */
static void append_values(size_t row, struct lc_buffer *cell)
{
	const struct lc_counters_description *rows = LC_COUNTERS_DESCRIPTIONS;
	const char *between = ": ";

	for (size_t i = row; i < LC_COUNTERS_COUNT &&
			     (i == row || !lc_counters_begins_family((enum lc_counters_name)i));
	     i++) {
		const char *value = rows[i].labels + name_size(rows[i].labels) + strlen("=\"");

		lc_buffer_append_format(cell, "%s%.*s", between, (int)strcspn(value, "\""), value);
		between = ", ";
	}
}

static void append_counters(struct lc_buffer *text)
{
	append_head("Counters and gauges of each shard", "They have the label `shard`, too.", text);
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[i];
		struct lc_buffer cell;

		if (!lc_counters_begins_family((enum lc_counters_name)i))
			continue;
		lc_buffer_init(&cell, SIZE_MAX / 2);
		if (row->labels[0] != '\0') {
			lc_buffer_append_format(&cell, "`%.*s`", name_size(row->labels),
						row->labels);
			append_values(i, &cell);
		}
		lc_buffer_append_format(text, "| `%s` | %s | %s | %s |\n", row->family,
					lc_counters_type((enum lc_counters_name)i),
					cell.size == 0 ? "" : lc_buffer_text(&cell), row->help);
		lc_buffer_free(&cell);
	}
}

static void append_histograms(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\n## Histograms of each shard\n\nAs Prometheus has them: "
				    "`_bucket`, `_sum` and `_count`.\n\n"
				    "| metric | buckets up to | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const struct lc_counters_histogram_description *row =
		    &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i];

		lc_buffer_append_format(text, "| `%s` | ", row->family);
		for (size_t bound = 0; bound < row->bound_count; bound++)
			lc_buffer_append_format(text, "%s%.15g", bound == 0 ? "" : ", ",
						row->bounds[bound]);
		lc_buffer_append_format(text, " | %s |\n", row->help);
	}
}

void lc_metrics_reference_append(struct lc_buffer *text)
{
	lc_buffer_append_text(text, HEAD);
	append_head("The service as a whole", "One sample each, or one for each label.", text);
#define LC_SERVICE_METRIC(family, type, labels, value, help) \
	if ((help)[0] != '\0')                               \
		append_row((family), (type), (labels), (help), text);
#include "tbl/service_metrics.h"
	append_head("What the supervisor knows of each shard",
		    "They are there without a worker, too.", text);
#define LC_SHARD_METRIC(family, type, value, help) \
	append_row((family), (type), "shard", (help), text);
#include "tbl/service_metrics.h"
	append_head("The sources that lag most", "They have the label `shard`, too.", text);
#define LC_SOURCE_METRIC(family, type, labels, help) \
	append_row((family), (type), (labels), (help), text);
#include "tbl/service_metrics.h"
	append_counters(text);
	append_histograms(text);
}
