#include "delivery/shard.h"

#include "base/assert.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/http.h"
#include "clients/s3.h"
#include "delivery/build.h"
#include "delivery/commit.h"
#include "delivery/discovery.h"
#include "delivery/plan.h"
#include "delivery/scan.h"
#include "delivery/source.h"
#include "delivery/upload.h"

#include <stdlib.h>

/* Where the cycle is. */
enum step {
	STEP_NEW,         /* not started */
	STEP_WAITING,     /* for the next cycle's time */
	STEP_DISCOVERING, /* asking what is new */
	STEP_SCANNING,    /* reading ready sources, group after group */
	STEP_DRAINING,    /* no new work; uploads and commits end */
	STEP_DRAINED,
};

static const char *const STEP_NAMES[] = {"new",      "waiting",  "discovering",
					 "scanning", "draining", "drained"};

enum {
	JANITOR_MS = 1000,
	ABANDON_MS = 1000, /* for the last commit once uploads were abandoned */
	CONNECT_TIMEOUT_MS = 10 * 1000,
};

struct lc_shard {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	struct lc_counters *counters;
	const struct lc_shard_callbacks *callbacks;
	void *context;
	struct lc_random random;
	struct lc_backoff backoff;
	struct lc_plan_thresholds thresholds;

	struct lc_http *http;
	struct lc_clickhouse *clickhouse;
	struct lc_s3 *s3;
	struct lc_source_table *sources;
	struct lc_upload *upload;
	struct lc_build *build;
	struct lc_scan *scan;
	struct lc_commit *commit;
	struct lc_discovery *discovery;

	struct lc_loop_timer *cycle_timer;
	struct lc_loop_timer *janitor_timer;
	struct lc_loop_timer *abandon_timer;

	enum step step;
	bool ready_told;
	unsigned seat; /* ClickHouse URL of this cycle */
	uint64_t cycle_started_ms;
	unsigned failures; /* cycles in a row that ClickHouse made fail */
	bool wake;         /* a held source may go on */

	struct lc_source **ready; /* this cycle's sources, oldest first */
	size_t ready_count;
	size_t ready_capacity;
	size_t ready_next; /* the first one not yet given to a scan */
};

static void enter_step(struct lc_shard *shard, enum step step)
{
	if (shard->step != step)
		lc_log(LC_LOG_DEBUG, "cycle", LC_LOG_TEXT("from", STEP_NAMES[shard->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	shard->step = step;
}

static void tell_ready(struct lc_shard *shard)
{
	if (shard->ready_told)
		return;
	shard->ready_told = true;
	shard->callbacks->on_ready(shard->context);
}

/* ---- the end: uploads end, offsets are committed ---- */

static void check_drained(struct lc_shard *shard)
{
	if (shard->step != STEP_DRAINING || lc_scan_running(shard->scan))
		return;
	if (lc_upload_hopeful(shard->upload))
		return;
	/* What is left waits for targets that are blocked: its rows are read again after a start.
	 */
	lc_upload_abandon(shard->upload);
	if (!lc_commit_idle(shard->commit)) {
		lc_commit_flush(shard->commit, LC_COMMIT_BY_SHUTDOWN);
		return;
	}
	enter_step(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	lc_loop_timer_stop(shard->abandon_timer);
	shard->callbacks->on_drained(shard->context);
}

/* ---- what uploads and commits tell ---- */

static void settle_source(struct lc_shard *shard, struct lc_source *source)
{
	if (!lc_commit_note(shard->commit, source))
		lc_source_forget_if_idle(shard->sources, source);
}

static void on_delivered(void *context, struct lc_source *source)
{
	settle_source(context, source);
}

static void on_room(void *context)
{
	struct lc_shard *shard = context;

	lc_scan_relieve(shard->scan);
	check_drained(shard);
}

static const struct lc_upload_callbacks UPLOAD_CALLBACKS = {.on_delivered = on_delivered,
							    .on_room = on_room};

static void on_settled(void *context, struct lc_source *source)
{
	struct lc_shard *shard = context;

	lc_source_forget_if_idle(shard->sources, source);
}

static void on_commit_idle(void *context)
{
	check_drained(context);
}

static const struct lc_commit_callbacks COMMIT_CALLBACKS = {.on_settled = on_settled,
							    .on_idle = on_commit_idle};

/* ---- the cycle ---- */

static void await_next_cycle(struct lc_shard *shard, uint64_t interval_ms)
{
	uint64_t elapsed_ms = lc_loop_now_ms(shard->loop) - shard->cycle_started_ms;

	enter_step(shard, STEP_WAITING);
	lc_loop_timer_start(shard->cycle_timer,
			    interval_ms > elapsed_ms ? interval_ms - elapsed_ms : 0);
}

static void end_cycle(struct lc_shard *shard)
{
	const struct lc_settings *settings = shard->settings;
	int64_t seconds = shard->ready_count > 0
			      ? settings->consumer_min_discovery_interval_seconds
			      : settings->consumer_max_discovery_interval_seconds;
	uint64_t elapsed_ms = lc_loop_now_ms(shard->loop) - shard->cycle_started_ms;

	lc_counters_add(shard->counters, LC_COUNTERS_CYCLES, 1);
	lc_counters_observe(shard->counters, LC_COUNTERS_HISTOGRAM_CYCLE_SECONDS,
			    (double)elapsed_ms / 1000);
	lc_commit_flush(shard->commit, LC_COMMIT_BY_CYCLE);
	await_next_cycle(shard,
			 lc_random_jitter(&shard->random, (uint64_t)seconds * 1000,
					  settings->consumer_discovery_interval_jitter_factor));
}

static void fail_cycle(struct lc_shard *shard, const char *what, const struct lc_error *error)
{
	if (lc_counters_get(shard->counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE) == 0)
		lc_counters_set(shard->counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE,
				(uint64_t)lc_clock_wall_ms() / 1000);
	lc_log(LC_LOG_WARNING, what,
	       LC_LOG_TEXT("url", lc_clickhouse_seat_url(shard->clickhouse, shard->seat)),
	       LC_LOG_FAULT(error));
	/* Counted from now, not from the cycle's start: it may have worked for long. */
	shard->cycle_started_ms = lc_loop_now_ms(shard->loop);
	await_next_cycle(shard,
			 lc_backoff_delay_ms(&shard->backoff, shard->failures++, &shard->random));
}

static void scan_next_group(struct lc_shard *shard)
{
	struct lc_source **sources = shard->ready + shard->ready_next;
	uint32_t until = lc_discovery_until(shard->discovery);
	size_t count = lc_plan_group(sources, shard->ready_count - shard->ready_next, until);

	if (count == 0) {
		end_cycle(shard);
		return;
	}
	shard->ready_next += count;
	lc_scan_start(shard->scan, shard->seat, sources, count, until);
}

static void collect_ready(void *context, struct lc_source *source)
{
	struct lc_shard *shard = context;

	if (!lc_plan_ready(source, &shard->thresholds,
			   lc_discovery_clickhouse_now(shard->discovery)))
		return;
	if (shard->ready_count == shard->ready_capacity) {
		shard->ready_capacity = shard->ready_capacity == 0 ? 64 : shard->ready_capacity * 2;
		shard->ready =
		    lc_memory_resize(shard->ready, shard->ready_capacity, sizeof(shard->ready[0]));
	}
	shard->ready[shard->ready_count++] = source;
}

static void on_discovered(void *context, const struct lc_error *error, int exception_code)
{
	struct lc_shard *shard = context;

	(void)exception_code;
	tell_ready(shard);
	if (error->kind != LC_ERROR_NONE) {
		lc_counters_add(shard->counters, LC_COUNTERS_DISCOVERY_FAILURES, 1);
		fail_cycle(shard, "discovery failed and is tried again", error);
		return;
	}
	shard->failures = 0;
	lc_counters_set(shard->counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE, 0);
	shard->ready_count = 0;
	shard->ready_next = 0;
	lc_source_each(shard->sources, collect_ready, shard);
	lc_plan_sort(shard->ready, shard->ready_count);
	lc_counters_add(shard->counters, LC_COUNTERS_DISCOVERY_BATCHES_FOUND, shard->ready_count);
	enter_step(shard, STEP_SCANNING);
	scan_next_group(shard);
}

static void on_scan_progress(void *context, struct lc_source *source)
{
	settle_source(context, source);
}

static void on_scan_end(void *context, const struct lc_error *error)
{
	struct lc_shard *shard = context;

	if (shard->step == STEP_DRAINING)
		check_drained(shard);
	else if (error->kind == LC_ERROR_NONE)
		scan_next_group(shard);
	else
		fail_cycle(shard, "a scan broke; what is missing is read again", error);
}

static void begin_cycle(void *context)
{
	struct lc_shard *shard = context;

	shard->cycle_started_ms = lc_loop_now_ms(shard->loop);
	shard->seat = lc_clickhouse_take_seat(shard->clickhouse);
	enter_step(shard, STEP_DISCOVERING);
	lc_discovery_start(shard->discovery, shard->seat);
}

/* ---- once a second ---- */

struct survey {
	struct lc_shard *shard;
	uint64_t pending;
	uint64_t held;
	uint32_t oldest;
};

static void survey_source(void *context, struct lc_source *source)
{
	struct survey *survey = context;
	uint32_t oldest = lc_source_oldest_undelivered(source);

	if (source->held_by != NULL &&
	    lc_upload_room(survey->shard->upload, source->held_by) != LC_TARGET_ROOM_NO) {
		source->held_by = NULL;
		survey->shard->wake = true;
	}
	survey->held += source->held_by != NULL;
	survey->pending += source->open_rows + source->object_rows;
	if (oldest != 0 && (survey->oldest == 0 || oldest < survey->oldest))
		survey->oldest = oldest;
}

static void on_janitor(void *context)
{
	struct lc_shard *shard = context;
	struct lc_counters *counters = shard->counters;
	struct survey survey = {.shard = shard};

	lc_source_each(shard->sources, survey_source, &survey);
	lc_counters_set(counters, LC_COUNTERS_SOURCES, lc_source_count(shard->sources));
	lc_counters_set(counters, LC_COUNTERS_SOURCES_BLOCKED, survey.held);
	lc_counters_set(counters, LC_COUNTERS_PENDING_RECORDS, survey.pending);
	lc_counters_set(counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT, survey.oldest);
	lc_upload_update_gauges(shard->upload);
	lc_scan_relieve(shard->scan);
	if (shard->wake && shard->step == STEP_WAITING && shard->failures == 0) {
		shard->wake = false;
		lc_loop_timer_start(shard->cycle_timer, 0);
	}
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
}

/* ---- life ---- */

static bool open_clients(struct lc_shard *shard, struct lc_error *error)
{
	const struct lc_settings *settings = shard->settings;
	struct lc_http_options http = {
	    .ca_file = settings->s3_tls_ca_file[0] == '\0' ? NULL : settings->s3_tls_ca_file,
	    .tls_skip_verify = settings->s3_tls_skip_verify,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	};
	struct lc_clickhouse_options clickhouse = {
	    .urls = settings->clickhouse_url,
	    .database = settings->clickhouse_database,
	    .username = settings->clickhouse_username,
	    .password = settings->clickhouse_password,
	    .timeout_ms = (uint64_t)settings->clickhouse_timeout_seconds * 1000,
	};
	struct lc_s3_options s3 = {
	    .endpoint = settings->s3_endpoint,
	    .region = settings->s3_region,
	    .access_key_id = settings->s3_access_key_id,
	    .secret_access_key = settings->s3_secret_access_key,
	    .addressing = strcmp(settings->s3_addressing_style, "virtual") == 0
			      ? LC_S3_ADDRESSING_VIRTUAL
			      : LC_S3_ADDRESSING_PATH,
	    .timeout_ms = (uint64_t)settings->timeout_upload_operation_seconds * 1000,
	};

	shard->http = lc_http_new(shard->loop, &http, error);
	if (shard->http == NULL)
		return false;
	shard->clickhouse = lc_clickhouse_new(shard->loop, shard->http, &clickhouse);
	shard->s3 = lc_s3_new(shard->loop, shard->http, &s3, error);
	return shard->s3 != NULL;
}

static void open_parts(struct lc_shard *shard, unsigned number, unsigned count)
{
	struct lc_scan_parts parts = {
	    .loop = shard->loop,
	    .clickhouse = shard->clickhouse,
	    .settings = shard->settings,
	    .counters = shard->counters,
	    .random = &shard->random,
	};

	shard->sources = lc_source_table_new();
	shard->upload = lc_upload_new(shard->loop, shard->s3, shard->settings, shard->counters,
				      &UPLOAD_CALLBACKS, shard);
	shard->build = lc_build_new(shard->loop, shard->settings, shard->upload, shard->counters);
	parts.build = shard->build;
	parts.upload = shard->upload;
	shard->scan = lc_scan_new(&parts, on_scan_progress, on_scan_end, shard);
	shard->commit = lc_commit_new(shard->loop, shard->clickhouse, shard->settings,
				      shard->counters, &COMMIT_CALLBACKS, shard);
	shard->discovery =
	    lc_discovery_new(shard->loop, shard->clickhouse, shard->settings, number, count,
			     shard->sources, shard->counters, &shard->random, on_discovered, shard);
}

static void on_abandon_over(void *context)
{
	struct lc_shard *shard = context;

	enter_step(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	shard->callbacks->on_drained(shard->context);
}

struct lc_shard *lc_shard_new(struct lc_loop *loop, const struct lc_settings *settings,
			      unsigned number, unsigned count, struct lc_counters *counters,
			      const struct lc_shard_callbacks *callbacks, void *context,
			      struct lc_error *error)
{
	struct lc_shard *shard = lc_memory_zero(1, sizeof(*shard));

	shard->loop = loop;
	shard->settings = settings;
	shard->counters = counters;
	shard->callbacks = callbacks;
	shard->context = context;
	shard->backoff = (struct lc_backoff){
	    .initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
	    .maximum_ms = (uint64_t)settings->retry_max_backoff_seconds * 1000,
	    .jitter = settings->retry_backoff_jitter_factor,
	};
	shard->thresholds = (struct lc_plan_thresholds){
	    .rows = (uint64_t)settings->consumer_count_threshold,
	    .age_seconds = (uint32_t)settings->consumer_time_threshold_seconds,
	};
	lc_random_seed_from_system(&shard->random);
	shard->cycle_timer = lc_loop_timer_new(loop, begin_cycle, shard);
	shard->janitor_timer = lc_loop_timer_new(loop, on_janitor, shard);
	shard->abandon_timer = lc_loop_timer_new(loop, on_abandon_over, shard);
	if (!open_clients(shard, error)) {
		lc_shard_free(shard);
		return NULL;
	}
	open_parts(shard, number, count);
	return shard;
}

void lc_shard_start(struct lc_shard *shard)
{
	LC_ASSERT(shard->step == STEP_NEW);
	enter_step(shard, STEP_WAITING);
	lc_loop_timer_start(shard->cycle_timer, 0);
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
}

void lc_shard_drain(struct lc_shard *shard)
{
	if (shard->step == STEP_DRAINING || shard->step == STEP_DRAINED)
		return;
	enter_step(shard, STEP_DRAINING);
	lc_loop_timer_stop(shard->cycle_timer);
	lc_discovery_cancel(shard->discovery);
	lc_scan_stop_soon(shard->scan);
	check_drained(shard);
}

void lc_shard_abandon(struct lc_shard *shard)
{
	lc_shard_drain(shard);
	if (shard->step == STEP_DRAINED)
		return;
	lc_scan_cancel(shard->scan);
	lc_upload_abandon(shard->upload);
	lc_loop_timer_start(shard->abandon_timer, ABANDON_MS);
	check_drained(shard);
}

void lc_shard_free(struct lc_shard *shard)
{
	if (shard == NULL)
		return;
	lc_discovery_free(shard->discovery);
	lc_scan_free(shard->scan);
	lc_build_free(shard->build);
	lc_upload_free(shard->upload);
	lc_commit_free(shard->commit);
	if (shard->sources != NULL)
		lc_source_table_free(shard->sources);
	lc_s3_free(shard->s3);
	lc_clickhouse_free(shard->clickhouse);
	lc_http_free(shard->http);
	lc_loop_timer_free(shard->cycle_timer);
	lc_loop_timer_free(shard->janitor_timer);
	lc_loop_timer_free(shard->abandon_timer);
	free(shard->ready);
	free(shard);
}
