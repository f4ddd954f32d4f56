#include "delivery/upload.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/memory.h"
#include "delivery/outage.h"

#include <stdlib.h>

struct lc_upload {
	struct lc_loop *loop;
	struct lc_s3 *s3;
	struct lc_ledger *ledger;
	struct lc_counters *counters;
	const struct lc_upload_callbacks *callbacks;
	void *context;
	struct lc_target_policy policy;
	struct lc_random random;
	struct lc_loop_timer *timer; /* the next probe of a target that failed, or the next start */
	struct lc_target_table *targets;
	struct lc_outage *outage;
	struct lc_target_queue uploading;
	struct lc_target_queue recording; /* confirmed; the ledger is told */
	unsigned concurrency;             /* uploads at a time, all targets together */
	unsigned active;
	size_t bytes;
};

static void start_uploads(void *context);
static void release_object(struct lc_upload *upload, struct lc_object *object);

struct lc_upload *lc_upload_new(struct lc_loop *loop, struct lc_s3 *s3,
				const struct lc_settings *settings, struct lc_counters *counters,
				const struct lc_upload_callbacks *callbacks, void *context)
{
	struct lc_upload *upload = lc_memory_zero(1, sizeof(*upload));

	upload->loop = loop;
	upload->s3 = s3;
	upload->counters = counters;
	upload->callbacks = callbacks;
	upload->context = context;
	upload->concurrency = (unsigned)settings->limits_max_concurrent_uploads;
	upload->policy = (struct lc_target_policy){
	    .attempts = (unsigned)settings->s3_max_retry_attempts,
	    .concurrency = (unsigned)settings->limits_max_concurrent_uploads_per_target,
	    .share_bytes = (size_t)settings->limits_max_inflight_bytes / 4,
	    .backoff = {.initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
			.maximum_ms = (uint64_t)settings->s3_max_backoff_delay_seconds * 1000,
			.jitter = settings->retry_backoff_jitter_factor},
	};
	TAILQ_INIT(&upload->uploading);
	TAILQ_INIT(&upload->recording);
	upload->targets = lc_target_table_new(&upload->policy);
	upload->outage = lc_outage_new(counters);
	lc_random_seed_from_system(&upload->random);
	upload->timer = lc_loop_timer_new(loop, start_uploads, upload);
	return upload;
}

void lc_upload_set_ledger(struct lc_upload *upload, struct lc_ledger *ledger)
{
	upload->ledger = ledger;
}

bool lc_upload_settled(const struct lc_upload *upload)
{
	return upload->active == 0 && TAILQ_EMPTY(&upload->recording);
}

void lc_upload_free(struct lc_upload *upload)
{
	struct lc_object *object;

	if (upload == NULL)
		return;
	lc_upload_abandon(upload);
	while ((object = TAILQ_FIRST(&upload->recording)) != NULL) {
		TAILQ_REMOVE(&upload->recording, object, of_list);
		release_object(upload, object);
	}
	lc_target_table_free(upload->targets);
	lc_outage_free(upload->outage);
	lc_loop_timer_free(upload->timer);
	free(upload);
}

struct lc_target_table *lc_upload_targets(struct lc_upload *upload)
{
	return upload->targets;
}

bool lc_upload_crowded(const struct lc_upload *upload, const struct lc_target *target)
{
	return lc_target_crowded(target, &upload->policy);
}

static void show_bytes(const struct lc_upload *upload)
{
	lc_counters_set(upload->counters, LC_COUNTERS_INFLIGHT_BYTES, upload->bytes);
	lc_counters_set(upload->counters, LC_COUNTERS_INFLIGHT_UPLOADS, upload->active);
}

void lc_upload_account(struct lc_upload *upload, struct lc_target *target, ptrdiff_t bytes)
{
	LC_ASSERT(bytes >= 0 || (size_t)-bytes <= target->bytes);
	target->bytes += (size_t)bytes;
	upload->bytes += (size_t)bytes;
	show_bytes(upload);
}

size_t lc_upload_bytes(const struct lc_upload *upload)
{
	return upload->bytes;
}

bool lc_upload_moving(const struct lc_upload *upload)
{
	return upload->active > 0 || lc_target_table_any_moving(upload->targets);
}

/* Takes the object, which is neither waiting nor uploading any more, out of all books. */
static void release_object(struct lc_upload *upload, struct lc_object *object)
{
	struct lc_target *target = object->target;

	target->rows -= object->line_count;
	lc_upload_account(upload, target, -(ptrdiff_t)lc_object_memory(object));
	TAILQ_REMOVE(&object->source->objects, object, of_source);
	object->source->object_rows -= object->line_count;
	lc_object_free(object);
}

/* Frees the body of an object that can not be uploaded now; its intent stays in the ledger. */
static void free_body(struct lc_upload *upload, struct lc_object *object)
{
	struct lc_source *source = object->source;
	struct lc_target *target = object->target;

	if (source->bodiless == 0 || object->first_second < source->bodiless_oldest)
		source->bodiless_oldest = object->first_second;
	source->bodiless++;
	source->bodiless_rows += object->line_count;
	target->rows += object->line_count;
	lc_target_table_add_bodiless(upload->targets, target, 1);
	release_object(upload, object);
}

/* A target that has stepped aside keeps one object, to be tried with. */
static void free_bodies(struct lc_upload *upload, struct lc_target *target)
{
	struct lc_object *object;

	if (target->state != LC_TARGET_ASIDE)
		return;
	while ((object = TAILQ_LAST(&target->waiting, lc_target_queue)) != NULL) {
		if (object == TAILQ_FIRST(&target->waiting) && target->active == 0)
			break;
		lc_target_table_take_waiting(upload->targets, object);
		free_body(upload, object);
	}
	/* Rebuilding begins anew with the oldest intents. */
	target->looked_to = 0;
}

void lc_upload_submit(struct lc_upload *upload, struct lc_object *object)
{
	object->target->rows += object->line_count;
	lc_target_table_add_waiting(upload->targets, object, false);
	free_bodies(upload, object->target);
	lc_loop_timer_start(upload->timer, 0);
}

static bool list_has(const struct lc_target_queue *list, const struct lc_target *target,
		     uint64_t intent_id)
{
	const struct lc_object *object;

	TAILQ_FOREACH(object, list, of_list)
	{
		if (object->target == target && object->intent_id == intent_id)
			return true;
	}
	return false;
}

bool lc_upload_has(const struct lc_upload *upload, const struct lc_target *target,
		   uint64_t intent_id)
{
	return list_has(&target->waiting, target, intent_id) ||
	       list_has(&upload->uploading, target, intent_id) ||
	       list_has(&upload->recording, target, intent_id);
}

struct lc_target *lc_upload_next_bodiless(struct lc_upload *upload)
{
	return lc_target_table_next_bodiless(upload->targets, lc_loop_now_ms(upload->loop));
}

void lc_upload_bodiless_gone(struct lc_upload *upload, struct lc_target *target, uint64_t rows)
{
	LC_ASSERT(target->rows >= rows);
	target->rows -= rows;
	lc_target_table_remove_bodiless(upload->targets, target);
}

static void log_change(const struct lc_target *target, const struct lc_s3_answer *answer)
{
	if (target->state == LC_TARGET_HEALTHY)
		lc_log(LC_LOG_INFO, "target works again", LC_LOG_TEXT("bucket", target->bucket));
	else if (target->state == LC_TARGET_ASIDE)
		lc_log(LC_LOG_ERROR,
		       target->refused
			   ? "target refuses log objects; they wait until it takes them"
			   : "target keeps failing; its log objects wait until it works again",
		       LC_LOG_TEXT("bucket", target->bucket),
		       LC_LOG_UINT("failures", target->failures), LC_LOG_FAULT(&answer->error));
	else
		lc_log(LC_LOG_WARNING, "upload failed and is tried again",
		       LC_LOG_TEXT("bucket", target->bucket), LC_LOG_FAULT(&answer->error));
}

static void count_delivery(struct lc_upload *upload, const struct lc_object *object)
{
	struct lc_counters *counters = upload->counters;
	int64_t now_ms = lc_clock_wall_ms();
	double lag_seconds = ((double)now_ms - (double)object->oldest_start_ms) / 1000;
	uint64_t taken_ms = lc_loop_now_ms(upload->loop) - object->begun_ms;

	lc_counters_add(counters, LC_COUNTERS_UPLOAD_SUCCEEDED, 1);
	lc_counters_add(counters, LC_COUNTERS_BATCHES_SUCCEEDED, 1);
	lc_counters_add(counters, LC_COUNTERS_RECORDS_DELIVERED, object->line_count);
	lc_counters_add(counters, LC_COUNTERS_UPLOAD_BYTES, object->body_size);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_LAG_SECONDS,
			    lag_seconds > 0 ? lag_seconds : 0);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_BATCH_SECONDS, (double)taken_ms / 1000);
}

static void count_failure(const struct lc_object *object, enum lc_retry_class answer)
{
	struct lc_counters *counters = object->upload->counters;

	lc_counters_add(counters, LC_COUNTERS_UPLOAD_FAILED, 1);
	if (answer != LC_RETRY_WAIT) {
		lc_counters_add(counters, LC_COUNTERS_BATCHES_FAILED_TRANSIENT, 1);
		return;
	}
	lc_counters_add(counters, LC_COUNTERS_BATCHES_FAILED_PERMANENT, 1);
	lc_counters_add(counters, LC_COUNTERS_RECORDS_IN_PERMANENT_ERRORS, object->line_count);
}

/* The ledger has the delivery on disk. */
static void on_recorded(void *context)
{
	struct lc_object *object = context;
	struct lc_upload *upload = object->upload;
	struct lc_source *source = object->source;

	TAILQ_REMOVE(&upload->recording, object, of_list);
	count_delivery(upload, object);
	release_object(upload, object);
	upload->callbacks->on_delivered(upload->context, source);
	upload->callbacks->on_room(upload->context);
}

static void record_target(struct lc_upload *upload, const struct lc_target *target)
{
	int64_t wait_ms = (int64_t)(target->probe_at_ms - lc_loop_now_ms(upload->loop));
	bool aside = target->state == LC_TARGET_ASIDE;
	struct lc_ledger_target record = {.bucket = lc_view_of(target->bucket),
					  .refused = target->refused,
					  .failures = aside ? target->failures : 0,
					  .probe_at_ms = lc_clock_wall_ms() + wait_ms};

	lc_ledger_set_target(upload->ledger, &record);
}

/* Kept for people to read. */
static void keep_error(struct lc_target *target, const struct lc_s3_answer *answer)
{
	free(target->last_error);
	target->last_error = NULL;
	if (answer->retry_class != LC_RETRY_DONE)
		target->last_error = lc_memory_copy_text(answer->error.message);
}

static void on_answer(void *context, const struct lc_s3_answer *answer)
{
	struct lc_object *object = context;
	struct lc_upload *upload = object->upload;
	struct lc_target *target = object->target;

	object->put = NULL;
	TAILQ_REMOVE(&upload->uploading, object, of_list);
	target->active--;
	upload->active--;
	lc_counters_observe(upload->counters, LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS,
			    (double)answer->elapsed_ms / 1000);
	lc_outage_note(upload->outage, target->bucket, answer, lc_loop_now_ms(upload->loop));
	keep_error(target, answer);
	if (lc_target_note_answer(target, &upload->policy, answer->retry_class,
				  lc_loop_now_ms(upload->loop), &upload->random)) {
		log_change(target, answer);
		record_target(upload, target);
	}
	if (answer->retry_class == LC_RETRY_DONE) {
		LC_CRASH_POINT(UPLOAD_ANSWERED);
		TAILQ_INSERT_TAIL(&upload->recording, object, of_list);
		lc_ledger_set_delivered(upload->ledger, object->intent_id, object->last_second);
		lc_ledger_when_durable(upload->ledger, on_recorded, object);
	} else {
		count_failure(object, answer->retry_class);
		lc_target_table_add_waiting(upload->targets, object, true);
		free_bodies(upload, target);
	}
	lc_loop_timer_start(upload->timer, 0);
	upload->callbacks->on_room(upload->context);
}

static void start_one(struct lc_upload *upload, struct lc_target *target)
{
	struct lc_object *object = TAILQ_FIRST(&target->waiting);

	lc_target_table_take_waiting(upload->targets, object);
	target->active++;
	upload->active++;
	TAILQ_INSERT_TAIL(&upload->uploading, object, of_list);
	object->upload = upload;
	LC_CRASH_POINT(UPLOAD_BEFORE_PUT);
	object->put = lc_s3_put(upload->s3, target->bucket, lc_buffer_view(&object->key),
				&object->body, on_answer, object);
}

/* Starts what limits allow, one object of each target in turn; sets the timer for the next probe of
 * a target that failed. */
static void start_uploads(void *context)
{
	struct lc_upload *upload = context;
	uint64_t now_ms = lc_loop_now_ms(upload->loop);
	struct lc_target *target;
	uint64_t probe_ms;

	while (upload->active < upload->concurrency &&
	       (target = lc_target_table_next(upload->targets, now_ms)) != NULL)
		start_one(upload, target);
	probe_ms = lc_target_table_next_probe_ms(upload->targets);
	if (upload->active < upload->concurrency && probe_ms != UINT64_MAX)
		lc_loop_timer_start(upload->timer, probe_ms > now_ms ? probe_ms - now_ms : 0);
	show_bytes(upload);
}

/* Objects that are confirmed stay until the ledger has it on disk. */
void lc_upload_abandon(struct lc_upload *upload)
{
	struct lc_object *object;
	struct lc_target *target;

	while ((object = TAILQ_FIRST(&upload->uploading)) != NULL) {
		TAILQ_REMOVE(&upload->uploading, object, of_list);
		lc_s3_cancel(object->put);
		object->put = NULL;
		object->target->active--;
		upload->active--;
		free_body(upload, object);
	}
	while ((target = lc_target_table_first_waiting(upload->targets)) != NULL) {
		object = TAILQ_FIRST(&target->waiting);
		lc_target_table_take_waiting(upload->targets, object);
		free_body(upload, object);
	}
	lc_loop_timer_stop(upload->timer);
}

static void retry_target(void *context, struct lc_target *target)
{
	const struct lc_upload *upload = context;

	target->probe_at_ms = lc_loop_now_ms(upload->loop);
	target->rebuild_at_ms = 0;
}

void lc_upload_retry_now(struct lc_upload *upload, struct lc_target *target)
{
	if (target != NULL)
		retry_target(upload, target);
	else
		lc_target_table_each(upload->targets, retry_target, upload);
	lc_loop_timer_start(upload->timer, 0);
}

void lc_upload_update_gauges(const struct lc_upload *upload)
{
	lc_target_table_show(upload->targets, upload->counters);
	show_bytes(upload);
}
