#include "supervisor/report.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/metrics_text.h"
#include "supervisor/directory.h"
#include "supervisor/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

/* What the service may still write there; no number when the disk does not tell. */
static int64_t free_bytes(const char *directory)
{
	struct statvfs disk;

	if (statvfs(directory, &disk) < 0)
		return LC_STATUS_DOCUMENT_NO_AGE;
	return (int64_t)(disk.f_bavail * disk.f_frsize);
}

static void describe_log(int64_t wall_seconds, struct lc_status_document *document)
{
	struct lc_log_losses losses = lc_log_catch_up();

	document->log_lines_dropped = losses.dropped;
	document->log_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	if (losses.failing_since > 0)
		document->log_failing_seconds = llabs(wall_seconds - (int64_t)losses.failing_since);
}

void lc_report_status(const struct lc_report *report, struct lc_status_document *document)
{
	struct lc_health_rules rules = {
	    .unreachable_after_seconds = report->settings->health_unreachable_after_seconds,
	    .delivery_age_max_seconds = report->settings->health_max_delivery_age_seconds,
	    .retention_seconds = report->settings->consumer_retention_seconds,
	    .retention_used_max_percent = report->settings->health_max_retention_used_percent,
	    .free_bytes_min = report->settings->health_min_free_bytes,
	    .reconcile_failing_max_seconds = 2 * report->settings->reconcile_full_interval_seconds,
	    .clock_difference_max_seconds = report->settings->health_max_clock_difference_seconds,
	    .deaths_in_a_row_max = report->settings->health_max_deaths_in_a_row,
	};
	int64_t wall_ms = lc_clock_wall_ms();

	lc_status_document_init(document, report->fleet->count);
	snprintf(document->version, sizeof(document->version), "%s", PACKAGE_VERSION);
	lc_clock_format(wall_ms, document->time);
	document->uptime_seconds = (int64_t)((lc_clock_monotonic_ms() - report->started_ms) / 1000);
	document->state_free_bytes = free_bytes(report->settings->state_directory);
	describe_log(wall_ms / 1000, document);
	document->state_replaced = !lc_directory_in_place(report->settings->state_directory,
							  report->fleet->house->state_lock, NULL);
	document->shard_count = report->fleet->house->shard_count;
	for (size_t i = 0; i < report->fleet->count; i++) {
		lc_keeper_describe(report->fleet->keepers[i], wall_ms / 1000, &document->shards[i]);
		if (document->shards[i].state == LC_SHARD_STATE_READY)
			document->ready_shards++;
	}
	lc_reload_describe(report->reload, document);
	lc_health_examine(&rules, document);
}

static void append_counters(const struct lc_report *report, enum lc_metrics_text_format format,
			    struct lc_buffer *text)
{
	struct lc_metrics_text_shard *shards =
	    lc_memory_zero(report->fleet->count, sizeof(*shards));

	for (size_t i = 0; i < report->fleet->count; i++) {
		shards[i].shard = lc_keeper_shard(report->fleet->keepers[i]);
		shards[i].counters = lc_keeper_counters(report->fleet->keepers[i]);
	}
	lc_metrics_text_append(text, format, shards, report->fleet->count);
	free(shards);
}

/* An age of none is 0. */
static void append_sample(struct lc_buffer *text, const char *family, const char *labels,
			  int64_t value)
{
	bool labelled = labels[0] != '\0';

	lc_buffer_append_format(text, "%s%s%s%s %" PRId64 "\n", family, labelled ? "{" : "", labels,
				labelled ? "}" : "", value < 0 ? 0 : value);
}

static void append_service(const struct lc_status_document *document,
			   enum lc_metrics_text_format format, struct lc_buffer *text)
{
#define LC_SERVICE_METRIC(family, type, labels, value, help)                           \
	if ((help)[0] != '\0')                                                         \
		lc_metrics_text_append_family(text, format, (family), (type), (help)); \
	append_sample(text, (family), (labels), (int64_t)(value));
#include "tbl/service_metrics.h"
}

static void append_shards(const struct lc_status_document *document,
			  enum lc_metrics_text_format format, struct lc_buffer *text)
{
#define LC_SHARD_METRIC(family, type, value, help)                                   \
	lc_metrics_text_append_family(text, format, (family), (type), (help));       \
	for (size_t i = 0; i < document->shards_size; i++) {                         \
		const struct lc_status_document_shard *shard = &document->shards[i]; \
		char label[32];                                                      \
                                                                                     \
		snprintf(label, sizeof(label), "shard=\"%u\"", shard->shard);        \
		append_sample(text, (family), label, (int64_t)(value));              \
	}
#include "tbl/service_metrics.h"
}

void lc_report_metrics(const struct lc_report *report, enum lc_metrics_text_format format,
		       struct lc_buffer *text)
{
	struct lc_status_document document;

	lc_report_status(report, &document);
	append_counters(report, format, text);
	append_shards(&document, format, text);
	append_service(&document, format, text);
	lc_status_document_free(&document);
}
