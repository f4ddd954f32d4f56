#include "supervisor/report.h"

#include "base/clock.h"
#include "base/memory.h"
#include "formats/metrics_text.h"
#include "supervisor/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void lc_report_status(const struct lc_report *report, struct lc_status_document *document)
{
	struct lc_health_rules rules = {
	    .unreachable_after_seconds = report->settings->health_unreachable_after_seconds,
	    .delivery_age_max_seconds = report->settings->health_max_delivery_age_seconds,
	};
	int64_t wall_ms = lc_clock_wall_ms();

	lc_status_document_init(document, report->fleet->count);
	snprintf(document->version, sizeof(document->version), "%s", PACKAGE_VERSION);
	lc_clock_format(wall_ms, document->time);
	document->uptime_seconds = (int64_t)((lc_clock_monotonic_ms() - report->started_ms) / 1000);
	document->shard_count = report->fleet->house->shard_count;
	for (size_t i = 0; i < report->fleet->count; i++) {
		lc_keeper_describe(report->fleet->keepers[i], wall_ms / 1000, &document->shards[i]);
		if (document->shards[i].state == LC_SHARD_STATE_READY)
			document->ready_shards++;
	}
	lc_reload_describe(report->reload, document);
	lc_health_examine(&rules, document);
}

static void append_counters(const struct lc_report *report, struct lc_buffer *text)
{
	struct lc_metrics_text_shard *shards =
	    lc_memory_zero(report->fleet->count, sizeof(*shards));

	for (size_t i = 0; i < report->fleet->count; i++) {
		shards[i].shard = lc_keeper_shard(report->fleet->keepers[i]);
		shards[i].counters = lc_keeper_counters(report->fleet->keepers[i]);
	}
	lc_metrics_text_append(text, shards, report->fleet->count);
	free(shards);
}

static void append_sample(struct lc_buffer *text, const char *family, unsigned shard,
			  uint64_t value)
{
	lc_buffer_append_format(text, "%s{shard=\"%u\"} %" PRIu64 "\n", family, shard, value);
}

static void append_shards(const struct lc_status_document *document, struct lc_buffer *text)
{
	static const char up[] = "log_courier_shard_up";
	static const char restarts[] = "log_courier_shard_restarts_total";
	static const char uptime[] = "log_courier_shard_uptime_seconds";

	lc_metrics_text_append_family(text, up, "gauge", "1 if the shard's worker is ready.");
	for (size_t i = 0; i < document->shards_size; i++)
		append_sample(text, up, document->shards[i].shard,
			      document->shards[i].state == LC_SHARD_STATE_READY);
	lc_metrics_text_append_family(text, restarts, "counter",
				      "Times that the shard's worker was started anew.");
	for (size_t i = 0; i < document->shards_size; i++)
		append_sample(text, restarts, document->shards[i].shard,
			      document->shards[i].restarts);
	lc_metrics_text_append_family(text, uptime, "gauge",
				      "Age of the shard's worker, 0 without one.");
	for (size_t i = 0; i < document->shards_size; i++) {
		int64_t seconds = document->shards[i].uptime_seconds;

		append_sample(text, uptime, document->shards[i].shard,
			      seconds < 0 ? 0 : (uint64_t)seconds);
	}
}

void lc_report_metrics(const struct lc_report *report, struct lc_buffer *text)
{
	static const char healthy[] = "log_courier_healthy";
	struct lc_status_document document;

	lc_report_status(report, &document);
	append_counters(report, text);
	append_shards(&document, text);
	lc_metrics_text_append_family(
	    text, healthy, "gauge",
	    "1 if rows are being delivered, as log-courier-ctl health says.");
	lc_buffer_append_format(text, "%s %d\n", healthy, document.healthy);
	lc_status_document_free(&document);
}
