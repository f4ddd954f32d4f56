#include "supervisor/control_status.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/document_names.h"
#include "formats/http_status.h"
#include "formats/machine_beat.h"
#include "supervisor/health.h"
#include "supervisor/process_usage.h"
#include "supervisor/state_directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void describe_log(int64_t wall_seconds, struct lc_status_document *document)
{
	struct lc_log_losses losses = lc_log_catch_up();

	document->log_lines_dropped = losses.dropped;
	document->log_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	if (losses.failing_since > 0)
		document->log_failing_seconds = llabs(wall_seconds - (int64_t)losses.failing_since);
}

/* Seconds since the moment that a gauge names; a clock that runs ahead of ours makes it 0. */
static int64_t age_of(const struct lc_counters *counters, enum lc_counters_name name,
		      int64_t wall_seconds)
{
	uint64_t since = lc_counters_get(counters, name);

	if (since == 0 || since > INT64_MAX)
		return LC_STATUS_DOCUMENT_NO_AGE;
	return wall_seconds > (int64_t)since ? wall_seconds - (int64_t)since : 0;
}

/* Takes the words over. The fault; NONE when the worker has written what is none. */
static enum lc_fault take_complaint(const struct lc_counters *counters,
				    enum lc_counters_complaint which,
				    char words[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	char text[LC_COUNTERS_WORDS_SIZE];
	unsigned fault = lc_counters_complaint(counters, which, text);

	snprintf(words, LC_STATUS_DOCUMENT_TEXT_SIZE, "%s", text);
	return fault < LC_FAULT_COUNT ? (enum lc_fault)fault : LC_FAULT_NONE;
}

static void describe_credentials(const struct lc_counters *counters, int64_t wall_seconds,
				 struct lc_status_document_shard *shard)
{
	uint64_t expire = lc_counters_get(counters, LC_COUNTERS_CREDENTIALS_EXPIRE_AT);

	shard->credentials_sets = lc_counters_get(counters, LC_COUNTERS_CREDENTIALS_SETS);
	shard->credentials_missing = lc_counters_get(counters, LC_COUNTERS_CREDENTIALS_MISSING);
	shard->credentials_failing_seconds =
	    age_of(counters, LC_COUNTERS_CREDENTIALS_FAILING_SINCE, wall_seconds);
	shard->credentials_expire_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	if (expire > 0 && expire <= INT64_MAX)
		shard->credentials_expire_seconds =
		    (int64_t)expire > wall_seconds ? (int64_t)expire - wall_seconds : 0;
	(void)take_complaint(counters, LC_COUNTERS_COMPLAINT_CREDENTIALS,
			     shard->credentials_answer);
	(void)take_complaint(counters, LC_COUNTERS_COMPLAINT_SOURCE, shard->credentials_source);
}

static void describe_catch_up(const struct lc_counters *counters,
			      struct lc_status_document_shard *shard)
{
	uint64_t read_until = lc_counters_get(counters, LC_COUNTERS_CATCH_UP_READ_UNTIL);
	uint64_t estimate = lc_counters_get(counters, LC_COUNTERS_CATCH_UP_ESTIMATE);

	shard->catch_up_estimate_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	if (read_until == 0 || read_until > UINT32_MAX)
		return;
	lc_clock_format((int64_t)read_until * 1000, shard->catch_up_read_until);
	shard->catch_up_left_seconds = lc_counters_get(counters, LC_COUNTERS_CATCH_UP_LEFT);
	shard->catch_up_records_read = lc_counters_get(counters, LC_COUNTERS_CATCH_UP_RECORDS_READ);
	shard->catch_up_records_to_come =
	    lc_counters_get(counters, LC_COUNTERS_CATCH_UP_RECORDS_TO_COME);
	if (estimate > 0 && estimate <= INT64_MAX)
		shard->catch_up_estimate_seconds = (int64_t)estimate;
}

/* What the counters of a shard tell. */
static void describe_counters(const struct lc_counters *counters, int64_t wall_seconds,
			      struct lc_status_document_shard *shard)
{
	shard->records_delivered = lc_counters_get(counters, LC_COUNTERS_RECORDS_DELIVERED);
	shard->objects_delivered = lc_counters_get(counters, LC_COUNTERS_BATCHES_SUCCEEDED);
	shard->bytes_delivered = lc_counters_get(counters, LC_COUNTERS_UPLOAD_BYTES);
	shard->pending_records = lc_counters_get(counters, LC_COUNTERS_PENDING_RECORDS);
	shard->inflight_bytes = lc_counters_get(counters, LC_COUNTERS_INFLIGHT_BYTES);
	shard->targets_blocked = lc_counters_get(counters, LC_COUNTERS_TARGETS_BLOCKED);
	shard->sources_blocked = lc_counters_get(counters, LC_COUNTERS_SOURCES_BLOCKED);
	shard->sources_unreadable = lc_counters_get(counters, LC_COUNTERS_SOURCES_UNREADABLE);
	shard->records_without_target =
	    lc_counters_get(counters, LC_COUNTERS_RECORDS_WITHOUT_TARGET);
	shard->records_given_up = lc_counters_get(counters, LC_COUNTERS_RECORDS_GIVEN_UP);
	shard->oldest_blocked_seconds =
	    age_of(counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT, wall_seconds);
	shard->oldest_undelivered_seconds =
	    age_of(counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT, wall_seconds);
	shard->clickhouse_failing_seconds =
	    age_of(counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE, wall_seconds);
	shard->clickhouse_refusing_seconds =
	    age_of(counters, LC_COUNTERS_CLICKHOUSE_REFUSING_SINCE, wall_seconds);
	shard->offsets_failing_seconds =
	    age_of(counters, LC_COUNTERS_OFFSETS_FAILING_SINCE, wall_seconds);
	shard->reconcile_failing_seconds =
	    age_of(counters, LC_COUNTERS_RECONCILE_FAILING_SINCE, wall_seconds);
	shard->s3_confirmed_seconds = age_of(counters, LC_COUNTERS_S3_CONFIRMED_AT, wall_seconds);
	shard->s3_failing_seconds = age_of(counters, LC_COUNTERS_S3_FAILING_SINCE, wall_seconds);
	shard->s3_refusing_seconds = age_of(counters, LC_COUNTERS_S3_REFUSING_SINCE, wall_seconds);
	shard->clock_difference_seconds = lc_counters_get(counters, LC_COUNTERS_CLOCK_APART);
	shard->clock_behind_windows_seconds =
	    lc_counters_get(counters, LC_COUNTERS_CLOCK_BEHIND_WINDOWS);
	shard->clock_behind_horizon_seconds =
	    lc_counters_get(counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON);
	shard->ledger_failing_seconds =
	    age_of(counters, LC_COUNTERS_LEDGER_FAILING_SINCE, wall_seconds);
	shard->log_lines_dropped = lc_counters_get(counters, LC_COUNTERS_LOG_LINES_DROPPED);
	shard->log_failing_seconds = age_of(counters, LC_COUNTERS_LOG_FAILING_SINCE, wall_seconds);
	describe_catch_up(counters, shard);
	shard->replays = lc_counters_get(counters, LC_COUNTERS_REPLAYS);
	shard->replay_records_to_come =
	    lc_counters_get(counters, LC_COUNTERS_REPLAY_RECORDS_TO_COME);
	describe_credentials(counters, wall_seconds, shard);
	shard->clickhouse_fault =
	    take_complaint(counters, LC_COUNTERS_COMPLAINT_CLICKHOUSE, shard->clickhouse_answer);
	(void)take_complaint(counters, LC_COUNTERS_COMPLAINT_OFFSETS, shard->offsets_answer);
	shard->s3_fault = take_complaint(counters, LC_COUNTERS_COMPLAINT_S3, shard->s3_answer);
	(void)take_complaint(counters, LC_COUNTERS_COMPLAINT_TARGET, shard->target_answer);
}

void lc_control_status_describe(const struct lc_control_status *service,
				struct lc_status_document *document)
{
	struct lc_health_rules rules = {
	    .unreachable_after_seconds = service->settings->health_unreachable_after_seconds,
	    .delivery_age_max_seconds = service->settings->health_max_delivery_age_seconds,
	    .retention_seconds = service->settings->consumer_retention_seconds,
	    .retention_used_max_percent = service->settings->health_max_retention_used_percent,
	    .free_bytes_min = service->settings->health_min_free_bytes,
	    .reconcile_failing_max_seconds = 2 * service->settings->reconcile_full_interval_seconds,
	    .clock_difference_max_seconds = service->settings->health_max_clock_difference_seconds,
	    .deaths_in_a_row_max = service->settings->health_max_deaths_in_a_row,
	};
	int64_t wall_ms = lc_clock_wall_ms();

	lc_status_document_init(document, service->fleet->count);
	snprintf(document->version, sizeof(document->version), "%s", PACKAGE_VERSION);
	lc_clock_format(wall_ms, document->time);
	document->uptime_seconds =
	    (int64_t)((lc_clock_monotonic_ms() - service->started_ms) / 1000);
	document->state_free_bytes =
	    lc_state_directory_free_bytes(service->settings->state_directory);
	describe_log(wall_ms / 1000, document);
	document->state_replaced = !lc_state_directory_in_place(
	    service->settings->state_directory, service->fleet->context->state_lock, NULL);
	document->shard_count = service->fleet->context->shard_count;
	for (size_t i = 0; i < service->fleet->count; i++) {
		const struct lc_shard_process *process = service->fleet->processes[i];

		lc_shard_process_describe(process, &document->shards[i]);
		describe_counters(lc_shard_process_counters(process), wall_ms / 1000,
				  &document->shards[i]);
		if (document->shards[i].state == LC_SHARD_STATE_READY)
			document->ready_shards++;
	}
	lc_reload_describe(service->reload, document);
	lc_preflight_child_describe(service->preflight, document);
	lc_machines_child_describe(service->machines, document);
	lc_health_examine(&rules, document);
}

void lc_control_status_answer(const struct lc_control_status *service, bool health,
			      struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_control_status_describe(service, &document);
	answer->status = health && !document.healthy ? LC_HTTP_SERVICE_UNAVAILABLE : LC_HTTP_OK;
	answer->content_type = "application/json";
	lc_status_document_encode(&document, !health, &answer->body);
	lc_status_document_free(&document);
}

/* ---- metrics ---- */

static void append_counters(const struct lc_control_status *service,
			    enum lc_metrics_text_format format, struct lc_buffer *text)
{
	struct lc_metrics_text_shard *shards =
	    lc_memory_zero(service->fleet->count, sizeof(*shards));

	for (size_t i = 0; i < service->fleet->count; i++) {
		shards[i].shard = lc_shard_process_shard(service->fleet->processes[i]);
		shards[i].counters = lc_shard_process_counters(service->fleet->processes[i]);
	}
	lc_metrics_text_append(text, format, shards, service->fleet->count);
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

static void append_processes(const struct lc_process_totals *totals,
			     enum lc_metrics_text_format format, struct lc_buffer *text)
{
#define LC_PROCESS_METRIC(family, type, value, help)                           \
	lc_metrics_text_append_family(text, format, (family), (type), (help)); \
	lc_buffer_append_format(text, "%s %.15g\n", (family), (value));
#include "tbl/service_metrics.h"
}

enum { SHARD_LABELS_SIZE = 64 + LC_MACHINE_NAME_MAX };

/* A machine's name has nothing that would have to be escaped. */
static void write_labels(const struct lc_status_document_shard *shard, bool with_owner,
			 char labels[SHARD_LABELS_SIZE])
{
	if (with_owner)
		snprintf(labels, SHARD_LABELS_SIZE, "shard=\"%u\",owner=\"%.*s\"", shard->shard,
			 LC_MACHINE_NAME_MAX, shard->owner);
	else
		snprintf(labels, SHARD_LABELS_SIZE, "shard=\"%u\"", shard->shard);
}

static void append_shards(const struct lc_status_document *document,
			  enum lc_metrics_text_format format, struct lc_buffer *text)
{
#define OF_EACH_SHARD(family, type, value, help, with_owner)                         \
	lc_metrics_text_append_family(text, format, (family), (type), (help));       \
	for (size_t i = 0; i < document->shards_size; i++) {                         \
		const struct lc_status_document_shard *shard = &document->shards[i]; \
		char labels[SHARD_LABELS_SIZE];                                      \
                                                                                     \
		write_labels(shard, (with_owner), labels);                           \
		append_sample(text, (family), labels, (int64_t)(value));             \
	}
#define LC_SHARD_METRIC(family, type, value, help) OF_EACH_SHARD(family, type, value, help, false)
#define LC_OWNER_METRIC(family, type, value, help) OF_EACH_SHARD(family, type, value, help, true)
#include "tbl/service_metrics.h"
}

void lc_control_status_append_metrics(const struct lc_control_status *service,
				      enum lc_metrics_text_format format, struct lc_buffer *text)
{
	struct lc_process_totals totals = {.start_seconds = service->start_seconds};
	struct lc_status_document document;

	lc_control_status_describe(service, &document);
	lc_process_totals_add(&totals, getpid());
	for (size_t i = 0; i < document.shards_size; i++) {
		if (document.shards[i].pid > 0)
			lc_process_totals_add(&totals, (pid_t)document.shards[i].pid);
	}
	append_counters(service, format, text);
	append_shards(&document, format, text);
	append_service(&document, format, text);
	append_processes(&totals, format, text);
	lc_status_document_free(&document);
}
