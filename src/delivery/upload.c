#include "delivery/upload.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/s3.h"
#include "clients/s3_headers.h"
#include "config/settings.h"
#include "delivery/attempts.h"
#include "delivery/inflight.h"
#include "delivery/object.h"
#include "delivery/outage.h"
#include "delivery/put_headers.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "ledger/ledger.h"

#include <stdlib.h>

enum {
	CUT_PARTS = 256,               /* of an object of full size: smaller ones are not cut */
	SLOW_AFTER_MS = 2000,          /* from then on an upload is slow, */
	SLOW_BYTES_PER_MS = 1049,      /* unless so much of it has moved: 1 MiB/s */
	ASKED_HOLD_MS = 5000,          /* before one is cut whose source is just being read */
	HOLD_MS = 600 * 1000,          /* before an object that was refused alone is tried again, */
	HOLD_MAX_MS = 6 * 3600 * 1000, /* at most */
};

struct lc_upload {
	const struct lc_delivery *delivery;
	struct lc_object_table *objects;
	const struct lc_target_policy *policy;
	struct lc_loop_timer *timer; /* the next probe of a target that failed, or the next start */
	struct lc_loop_timer *compression_timer; /* the next part of a body */
	struct lc_outage *outage;
	unsigned concurrency; /* uploads at a time, all targets together */
	size_t cut_bytes;     /* smaller bodies are not cut when their size is refused */
	uint32_t horizon;     /* see lc_upload_set_horizon */
};

static void start_uploads(void *context);
static void compress_next(void *context);

struct lc_upload *lc_upload_new(const struct lc_delivery *delivery)
{
	const struct lc_settings *settings = delivery->settings;
	struct lc_upload *upload = lc_memory_zero(1, sizeof(*upload));

	upload->delivery = delivery;
	upload->objects = delivery->objects;
	upload->policy = lc_target_table_policy(delivery->targets);
	upload->concurrency = (unsigned)settings->limits_max_concurrent_uploads;
	upload->cut_bytes = (size_t)lc_settings_object_bytes(settings) / CUT_PARTS;
	upload->outage = lc_outage_new(delivery->counters);
	upload->timer = lc_loop_timer_new(delivery->loop, start_uploads, upload);
	upload->compression_timer = lc_loop_timer_new(delivery->loop, compress_next, upload);
	return upload;
}

void lc_upload_set_horizon(struct lc_upload *upload, uint32_t horizon)
{
	upload->horizon = horizon;
}

/* The states of objects that have ended, while the ledger is told. */
static const enum lc_object_state ENDS[] = {LC_OBJECT_DELIVERED, LC_OBJECT_DISCARDED,
					    LC_OBJECT_WITHDRAWN};
enum { END_COUNT = sizeof(ENDS) / sizeof(ENDS[0]) };

bool lc_upload_settled(const struct lc_upload *upload)
{
	size_t count = upload->objects->count[LC_OBJECT_UPLOADING];

	for (size_t i = 0; i < END_COUNT; i++)
		count += upload->objects->count[ENDS[i]];
	return count == 0;
}

void lc_upload_free(struct lc_upload *upload)
{
	struct lc_object *object;

	if (upload == NULL)
		return;
	lc_upload_abandon(upload);
	for (size_t i = 0; i < END_COUNT; i++) {
		while ((object = TAILQ_FIRST(&upload->objects->in[ENDS[i]])) != NULL)
			lc_object_enter(object, LC_OBJECT_DROPPED);
	}
	lc_outage_free(upload->outage);
	lc_loop_timer_free(upload->timer);
	lc_loop_timer_free(upload->compression_timer);
	free(upload);
}

/* ---- waiting ---- */

static void wait_for_turn(struct lc_upload *upload, struct lc_object *object)
{
	struct lc_target_bucket *bucket = object->target->bucket;

	lc_object_enter(object, LC_OBJECT_WAITING);
	lc_inflight_trim(upload->objects, bucket, lc_loop_now_ms(upload->delivery->loop));
	lc_loop_timer_start(upload->timer, 0);
}

static void wait_for_compression(struct lc_upload *upload, struct lc_object *object)
{
	lc_object_enter(object, LC_OBJECT_COMPRESSING);
	lc_loop_timer_start(upload->compression_timer, 0);
}

static void end_object(struct lc_upload *upload, struct lc_object *object,
		       enum lc_object_state end);

void lc_upload_submit(struct lc_upload *upload, struct lc_object *object)
{
	object->upload = upload;
	if (lc_target_given_up(object->target) == LC_LEDGER_DISCARDED)
		end_object(upload, object, LC_OBJECT_DISCARDED);
	else if (lc_object_is_compressed(object))
		wait_for_compression(upload, object);
	else
		wait_for_turn(upload, object);
}

/* One object after the other, a part at each turn of the loop: nothing else waits for long. */
static void compress_next(void *context)
{
	struct lc_upload *upload = context;
	struct lc_object *object = TAILQ_FIRST(&upload->objects->in[LC_OBJECT_COMPRESSING]);

	if (object == NULL)
		return;
	lc_loop_timer_start(upload->compression_timer, 0);
	if (!lc_object_compress(object))
		return;
	if (lc_target_given_up(object->target) == LC_LEDGER_DISCARDED)
		end_object(upload, object, LC_OBJECT_DISCARDED);
	else
		wait_for_turn(upload, object);
	upload->delivery->events->room(upload->delivery->context);
}

bool lc_upload_moving(const struct lc_upload *upload)
{
	return upload->objects->count[LC_OBJECT_COMPRESSING] > 0 ||
	       upload->objects->count[LC_OBJECT_UPLOADING] > 0 ||
	       lc_target_table_any_moving(upload->delivery->targets, false);
}

bool lc_upload_flowing(const struct lc_upload *upload)
{
	const struct lc_object *object;

	if (upload->objects->count[LC_OBJECT_COMPRESSING] > 0)
		return true;
	TAILQ_FOREACH(object, &upload->objects->in[LC_OBJECT_UPLOADING], of_list)
	{
		if (lc_target_bucket_prompt(object->target->bucket))
			return true;
	}
	return lc_target_table_any_moving(upload->delivery->targets, true);
}

/* ---- records ---- */

static void log_standing(const struct lc_standing *standing, struct lc_view bucket,
			 struct lc_view prefix, const char *what)
{
	const char *error = standing->last_error == NULL ? "" : standing->last_error;

	if (standing->state == LC_TARGET_HEALTHY)
		lc_log(LC_LOG_INFO, "target works again", LC_LOG_TEXT("what", what),
		       LC_LOG_VIEW("bucket", bucket), LC_LOG_VIEW("prefix", prefix));
	else if (standing->state == LC_TARGET_ASIDE)
		lc_log(LC_LOG_ERROR,
		       standing->refused
			   ? "target refuses log objects; they wait until it takes them"
			   : "target keeps failing; its log objects wait until it works again",
		       LC_LOG_TEXT("what", what), LC_LOG_VIEW("bucket", bucket),
		       LC_LOG_VIEW("prefix", prefix), LC_LOG_UINT("failures", standing->failures),
		       LC_LOG_TEXT("error", error));
	else
		lc_log(LC_LOG_WARNING, "upload failed and is tried again",
		       LC_LOG_VIEW("bucket", bucket), LC_LOG_VIEW("prefix", prefix),
		       LC_LOG_TEXT("error", error));
}

static void record_standing(struct lc_upload *upload, const struct lc_standing *standing,
			    struct lc_ledger_target record)
{
	int64_t wait_ms = (int64_t)(standing->probe_at_ms - lc_loop_now_ms(upload->delivery->loop));

	record.refused = standing->refused;
	record.failures = standing->state == LC_TARGET_ASIDE ? standing->failures : 0;
	record.probe_at_ms = lc_clock_wall_ms() + wait_ms;
	record.given_up = standing->given_up;
	lc_ledger_set_target(upload->delivery->ledger, &record);
}

static void record_bucket(struct lc_upload *upload, const struct lc_target_bucket *bucket)
{
	record_standing(upload, &bucket->standing,
			(struct lc_ledger_target){.bucket = bucket->name, .whole = true});
}

static void record_target(struct lc_upload *upload, const struct lc_target *target)
{
	record_standing(
	    upload, &target->standing,
	    (struct lc_ledger_target){.bucket = target->bucket->name, .prefix = target->prefix});
}

static void note_changes(struct lc_upload *upload, struct lc_target *target, unsigned changes)
{
	struct lc_target_bucket *bucket = target->bucket;

	if (changes & LC_TARGET_CHANGED) {
		log_standing(&target->standing, bucket->name, target->prefix, "prefix");
		record_target(upload, target);
	}
	if (changes & LC_TARGET_BUCKET_CHANGED) {
		log_standing(&bucket->standing, bucket->name, lc_view_of(""), "bucket");
		record_bucket(upload, bucket);
		if (bucket->standing.state == LC_TARGET_HEALTHY)
			lc_target_table_wake(upload->delivery->targets, bucket,
					     lc_loop_now_ms(upload->delivery->loop));
	}
	/* What refused every object may take those that were set aside alone. */
	if (changes != 0 && lc_target_standing(target)->state == LC_TARGET_HEALTHY)
		lc_attempts_release_all(upload->delivery->attempts);
}

/* ---- the end of an object ---- */

static void count_delivery(struct lc_upload *upload, const struct lc_object *object)
{
	struct lc_counters *counters = upload->delivery->counters;
	int64_t now_ms = lc_clock_wall_ms();
	double lag_seconds = ((double)now_ms - (double)object->oldest_start_ms) / 1000;
	uint64_t taken_ms = lc_loop_now_ms(upload->delivery->loop) - object->begun_ms;

	lc_counters_add(counters, LC_COUNTERS_UPLOAD_SUCCEEDED, 1);
	lc_counters_add(counters, LC_COUNTERS_BATCHES_SUCCEEDED, 1);
	lc_counters_add(counters, LC_COUNTERS_RECORDS_DELIVERED, object->line_count);
	lc_counters_add(counters, LC_COUNTERS_UPLOAD_BYTES, object->body.size);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_LAG_SECONDS,
			    lag_seconds > 0 ? lag_seconds : 0);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_BATCH_SECONDS, (double)taken_ms / 1000);
}

static void count_failure(const struct lc_object *object, enum lc_retry_class answer)
{
	struct lc_counters *counters = object->upload->delivery->counters;

	lc_counters_add(counters, LC_COUNTERS_UPLOAD_FAILED, 1);
	if (answer != LC_RETRY_WAIT) {
		lc_counters_add(counters, LC_COUNTERS_BATCHES_FAILED_TRANSIENT, 1);
		return;
	}
	lc_counters_add(counters, LC_COUNTERS_BATCHES_FAILED_PERMANENT, 1);
	lc_counters_add(counters, LC_COUNTERS_RECORDS_IN_PERMANENT_ERRORS, object->line_count);
}

static void count_end(struct lc_upload *upload, const struct lc_object *object)
{
	if (object->state == LC_OBJECT_DELIVERED)
		count_delivery(upload, object);
	else if (object->state == LC_OBJECT_DISCARDED)
		lc_counters_add(upload->delivery->counters, LC_COUNTERS_ROWS_DISCARDED,
				object->line_count);
	else
		lc_counters_add(upload->delivery->counters, LC_COUNTERS_INTENTS_WITHDRAWN, 1);
}

/* The ledger has on disk how the object ended. */
static void on_recorded(void *context)
{
	struct lc_object *object = context;
	struct lc_upload *upload = object->upload;
	struct lc_source *source = object->source;

	lc_attempts_forget(upload->delivery->attempts, object->intent_id);
	count_end(upload, object);
	lc_object_enter(object, LC_OBJECT_CLOSED);
	upload->delivery->events->delivered(upload->delivery->context, source);
	upload->delivery->events->room(upload->delivery->context);
}

/* Tells the ledger. Until that knows, it may still name the intent as open: the object stays. */
static void end_object(struct lc_upload *upload, struct lc_object *object, enum lc_object_state end)
{
	lc_object_enter(object, end);
	if (end == LC_OBJECT_DELIVERED)
		lc_ledger_set_delivered(upload->delivery->ledger, object->intent_id,
					object->last_second);
	else if (end == LC_OBJECT_DISCARDED)
		lc_ledger_set_lost(upload->delivery->ledger, object->intent_id, object->last_second,
				   LC_LEDGER_LOST_DISCARDED);
	else
		lc_ledger_withdraw_intent(upload->delivery->ledger, object->intent_id,
					  object->last_second);
	lc_ledger_when_durable(upload->delivery->ledger, on_recorded, object);
}

/* Its rows are read again, for smaller objects. The ranges go first: whenever the process dies, the
 * rows are open or taken. */
static void cut_again(struct lc_upload *upload, struct lc_object *object)
{
	struct lc_source *source = object->source;
	struct lc_source_range range = {.from = object->first_second,
					.to = object->last_second + 1,
					.since = object->first_second,
					.doubtful = true};
	uint64_t half = object->body_size / 2;

	if (object->target->largest_bytes == 0 || half < object->target->largest_bytes)
		object->target->largest_bytes = half;
	lc_log(LC_LOG_WARNING,
	       "a log object was refused for its size; its rows go into smaller ones",
	       LC_LOG_VIEW("bucket", object->target->bucket->name),
	       LC_LOG_VIEW("key", lc_buffer_view(&object->key)),
	       LC_LOG_UINT("bytes", object->body_size));
	lc_source_open(source, range, object->line_count);
	lc_source_record_ranges(source, upload->delivery->ledger);
	end_object(upload, object, LC_OBJECT_WITHDRAWN);
}

/* The rows beside those of the object must be known as taken. */
static bool may_be_cut(const struct lc_upload *upload, const struct lc_object *object)
{
	return object->line_count > 1 && object->first_second >= upload->horizon &&
	       lc_attempts_none_stored(upload->delivery->attempts, object->intent_id);
}

/* What refuses even the smallest objects for their size refuses every object. */
static enum lc_retry_scope scope_of(const struct lc_upload *upload, const struct lc_object *object,
				    const struct lc_s3_answer *answer)
{
	bool small = object->body_size < upload->cut_bytes;

	return answer->scope == LC_RETRY_SCOPE_OBJECT && small ? LC_RETRY_SCOPE_UNKNOWN
							       : answer->scope;
}

/* Refused for its size. */
static void end_refused(struct lc_upload *upload, struct lc_object *object,
			const struct lc_s3_answer *answer)
{
	bool later = may_be_cut(upload, object);

	/* What a scan under way was told of the source must stay true. */
	if (later && !lc_source_is_asked(object->source)) {
		cut_again(upload, object);
		return;
	}
	if (!later)
		lc_log(LC_LOG_WARNING,
		       "a log object was refused for its size and cannot be made smaller; it is "
		       "tried again now and then",
		       LC_LOG_UINT("bytes", object->body_size),
		       LC_LOG_UINT("rows", object->line_count), LC_LOG_FAULT(&answer->error));
	lc_attempts_hold(upload->delivery->attempts, object->intent_id,
			 lc_loop_now_ms(upload->delivery->loop), later ? ASKED_HOLD_MS : HOLD_MS,
			 later ? ASKED_HOLD_MS : HOLD_MAX_MS);
	lc_object_enter(object, LC_OBJECT_UNBUILT);
}

/* ---- answers ---- */

static bool is_slow(const struct lc_object *object, uint64_t now_ms)
{
	uint64_t elapsed_ms = now_ms - object->put_ms;

	return elapsed_ms >= SLOW_AFTER_MS && object->put != NULL &&
	       lc_s3_put_sent(object->put) < elapsed_ms * SLOW_BYTES_PER_MS;
}

/* After a refusal that may be the object's own, or of a bucket that refuses prefix after prefix,
 * the next probe is with another object. */
static bool goes_to_backlog(const struct lc_target *target, enum lc_retry_scope scope)
{
	return scope == LC_RETRY_SCOPE_UNKNOWN ||
	       (scope == LC_RETRY_SCOPE_PREFIX &&
		target->bucket->standing.state == LC_TARGET_ASIDE);
}

static void end_failed(struct lc_upload *upload, struct lc_object *object,
		       const struct lc_s3_answer *answer)
{
	struct lc_target *target = object->target;
	enum lc_retry_scope scope = scope_of(upload, object, answer);

	if (!answer->certain)
		lc_attempts_note_doubt(upload->delivery->attempts, object->intent_id);
	if (answer->leftover)
		lc_attempts_note_leftover(upload->delivery->attempts, object->intent_id);
	count_failure(object, answer->retry_class);
	if (scope != answer->scope)
		target->largest_bytes = 0; /* it is not the size, then */
	if (lc_target_given_up(target) == LC_LEDGER_DISCARDED) {
		end_object(upload, object, LC_OBJECT_DISCARDED);
	} else if (scope == LC_RETRY_SCOPE_OBJECT) {
		end_refused(upload, object, answer);
	} else if (goes_to_backlog(target, scope)) {
		target->looked_to = object->intent_id;
		lc_object_enter(object, LC_OBJECT_UNBUILT);
	} else {
		wait_for_turn(upload, object);
	}
	lc_inflight_trim(upload->objects, target->bucket, lc_loop_now_ms(upload->delivery->loop));
}

/* The first is told: after a lost ledger there may be many. */
static void note_was_there(struct lc_upload *upload, const struct lc_object *object)
{
	struct lc_view bucket = object->target->bucket->name;
	struct lc_view key = lc_buffer_view(&object->key);

	if (!lc_attempts_none_stored(upload->delivery->attempts, object->intent_id))
		return;
	if (lc_counters_get(upload->delivery->counters, LC_COUNTERS_UPLOAD_WAS_THERE) == 0)
		lc_log(LC_LOG_WARNING,
		       "an object existed before its first upload: expected after a ledger was "
		       "lost; otherwise another courier delivers the same rows",
		       LC_LOG_VIEW("bucket", bucket), LC_LOG_VIEW("key", key));
	lc_counters_add(upload->delivery->counters, LC_COUNTERS_UPLOAD_WAS_THERE, 1);
}

static void end_upload(struct lc_upload *upload, struct lc_object *object,
		       const struct lc_s3_answer *answer)
{
	struct lc_target *target = object->target;
	uint64_t now_ms = lc_loop_now_ms(upload->delivery->loop);
	struct lc_target_answer noted = {.retry_class = answer->retry_class,
					 .scope = scope_of(upload, object, answer),
					 .started_ms = object->put_ms,
					 .error = answer->error.message};

	note_changes(upload, target,
		     lc_target_note_answer(target, upload->policy, &noted, now_ms,
					   upload->delivery->random));
	if (answer->retry_class == LC_RETRY_DONE) {
		LC_CRASH_POINT(UPLOAD_ANSWERED);
		end_object(upload, object, LC_OBJECT_DELIVERED);
	} else {
		end_failed(upload, object, answer);
	}
	lc_loop_timer_start(upload->timer, 0);
}

static struct lc_s3 *s3_of(const struct lc_upload *upload, const struct lc_target_bucket *bucket)
{
	return upload->delivery->s3[bucket->settings->entry];
}

static void note_outage(struct lc_upload *upload, const struct lc_target_bucket *bucket,
			const struct lc_s3_answer *answer)
{
	lc_outage_note(upload->outage, s3_of(upload, bucket), bucket->settings->s3_endpoint,
		       bucket->name, answer, lc_loop_now_ms(upload->delivery->loop));
}

static void on_answer(void *context, const struct lc_s3_answer *answer)
{
	struct lc_object *object = context;
	struct lc_upload *upload = object->upload;

	lc_counters_observe(upload->delivery->counters,
			    answer->retry_class == LC_RETRY_DONE
				? LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS
				: LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS_FAILED,
			    (double)answer->elapsed_ms / 1000);
	if (answer->was_there && answer->certain)
		note_was_there(upload, object);
	note_outage(upload, object->target->bucket, answer);
	if (answer->retry_class == LC_RETRY_DONE &&
	    !is_slow(object, lc_loop_now_ms(upload->delivery->loop)))
		object->target->bucket->slow = false;
	end_upload(upload, object, answer);
	upload->delivery->events->room(upload->delivery->context);
}

/* Ends an upload of ours that does not get on, so that others do. */
static void give_way(struct lc_upload *upload, struct lc_object *object)
{
	uint64_t elapsed_ms = lc_loop_now_ms(upload->delivery->loop) - object->put_ms;
	struct lc_s3_answer answer = {
	    .retry_class = LC_RETRY_AGAIN, .scope = LC_RETRY_SCOPE_BUCKET, .code = ""};
	struct lc_view bucket = object->target->bucket->name;

	lc_error_set(
	    &answer.error, LC_ERROR_UNREACHABLE,
	    "bucket %.*s: no answer for %llu s, while other buckets waited for the upload slot",
	    lc_view_shown(bucket, 255), bucket.data, (unsigned long long)elapsed_ms / 1000);
	lc_s3_cancel(object->put);
	end_upload(upload, object, &answer);
}

/* ---- slots ---- */

/* What uploads into slow and failing buckets take, and into those that have taken nothing yet. */
struct slow_uploads {
	unsigned count;
	unsigned unproven;
	size_t bytes;
	struct lc_object *slowest; /* of those that are slow themselves */
};

static struct slow_uploads find_slow(const struct lc_upload *upload)
{
	struct slow_uploads slow = {.count = 0};
	uint64_t now_ms = lc_loop_now_ms(upload->delivery->loop);
	double least = 0;
	struct lc_object *object;

	TAILQ_FOREACH(object, &upload->objects->in[LC_OBJECT_UPLOADING], of_list)
	{
		double speed;

		if (is_slow(object, now_ms))
			object->target->bucket->slow = true;
		slow.unproven += !object->target->bucket->proven;
		if (lc_target_bucket_prompt(object->target->bucket))
			continue;
		slow.count++;
		slow.bytes += object->memory;
		if (!is_slow(object, now_ms))
			continue;
		speed = (double)lc_s3_put_sent(object->put) / (double)(now_ms - object->put_ms);
		if (slow.slowest == NULL || speed < least) {
			slow.slowest = object;
			least = speed;
		}
	}
	return slow;
}

/* All slots are taken and a bucket that works waits. True if there is a slot now. */
static bool make_place(struct lc_upload *upload, const struct slow_uploads *slow)
{
	if (slow->slowest == NULL || slow->count <= upload->concurrency / 2)
		return false;
	give_way(upload, slow->slowest);
	return true;
}

/* 0: it goes in one request. */
static uint64_t part_size_of(const struct lc_object *object)
{
	const struct lc_settings *settings = object->target->bucket->settings;
	uint64_t threshold = (uint64_t)settings->s3_multipart_threshold_bytes;

	return threshold > 0 && object->body.size > threshold
		   ? (uint64_t)settings->s3_multipart_part_bytes
		   : 0;
}

static struct lc_s3_put *put(struct lc_upload *upload, struct lc_object *object)
{
	const struct lc_target_bucket *bucket = object->target->bucket;
	struct lc_s3_headers headers;
	struct lc_s3_put_spec spec = {
	    .bucket = bucket->name,
	    .key = lc_buffer_view(&object->key),
	    .body = &object->body,
	    .checksum = bucket->settings->s3_checksum,
	    .headers = &headers,
	    .part_size = part_size_of(object),
	    .look_first = !lc_attempts_no_trace(upload->delivery->attempts, object->intent_id),
	};
	struct lc_s3_put *put;

	lc_s3_headers_init(&headers);
	lc_put_headers_of_object(object, &headers);
	put = lc_s3_put(s3_of(upload, bucket), &spec, on_answer, object);
	lc_s3_headers_free(&headers);
	return put;
}

static void start_one(struct lc_upload *upload, struct lc_target *target)
{
	struct lc_object *object = TAILQ_FIRST(&target->waiting);

	lc_target_table_pass_turn(upload->delivery->targets, target);
	lc_object_enter(object, LC_OBJECT_UPLOADING);
	object->put_ms = lc_loop_now_ms(upload->delivery->loop);
	LC_CRASH_POINT(UPLOAD_BEFORE_PUT);
	object->put = put(upload, object);
}

static bool has_slot(const struct lc_upload *upload)
{
	return upload->objects->count[LC_OBJECT_UPLOADING] < upload->concurrency;
}

/* The next target in turn; those that are slow or fail have three quarters of the slots, and a
 * quarter of the memory. Whether a bucket that was never uploaded to will answer is not known: once
 * such buckets have half of the slots, those that have taken an object go first. */
static struct lc_target *next_target(const struct lc_upload *upload,
				     const struct slow_uploads *slow)
{
	unsigned most = upload->concurrency - upload->concurrency / 4;
	uint64_t now_ms = lc_loop_now_ms(upload->delivery->loop);
	bool slow_too =
	    has_slot(upload) && slow->count < most && slow->bytes <= upload->policy->cap_bytes / 4;
	struct lc_target *target = NULL;

	if (slow->unproven >= upload->concurrency / 2)
		target = lc_target_table_next(upload->delivery->targets, now_ms, LC_TARGET_PROVEN);
	if (target != NULL)
		return target;
	return lc_target_table_next(upload->delivery->targets, now_ms,
				    slow_too ? LC_TARGET_ANY : LC_TARGET_PROMPT);
}

/* Starts what limits allow; sets the timer for the next probe of a target that failed. */
static void start_uploads(void *context)
{
	struct lc_upload *upload = context;
	uint64_t now_ms = lc_loop_now_ms(upload->delivery->loop);
	struct slow_uploads slow = find_slow(upload);
	struct lc_target *target;
	uint64_t probe_ms;

	/* What waits is looked at again once a second. */
	if (!lc_ledger_is_current(upload->delivery->ledger))
		return;
	while ((target = next_target(upload, &slow)) != NULL) {
		if (has_slot(upload))
			start_one(upload, target);
		else if (!make_place(upload, &slow))
			break;
		slow = find_slow(upload);
	}
	probe_ms = lc_target_table_next_probe_ms(upload->delivery->targets);
	if (has_slot(upload) && probe_ms > now_ms && probe_ms != UINT64_MAX)
		lc_loop_timer_start(upload->timer, probe_ms - now_ms);
}

/* ---- operators and the end ---- */

void lc_upload_abandon(struct lc_upload *upload)
{
	struct lc_object *object;

	while ((object = TAILQ_FIRST(&upload->objects->in[LC_OBJECT_COMPRESSING])) != NULL)
		lc_object_enter(object, LC_OBJECT_UNBUILT);
	while ((object = TAILQ_FIRST(&upload->objects->in[LC_OBJECT_UPLOADING])) != NULL) {
		lc_s3_cancel(object->put);
		lc_attempts_note_doubt(upload->delivery->attempts, object->intent_id);
		lc_object_enter(object, LC_OBJECT_UNBUILT);
	}
	lc_inflight_free_waiting(upload->objects);
	lc_loop_timer_stop(upload->timer);
	lc_loop_timer_stop(upload->compression_timer);
}

static void retry_target(void *context, struct lc_target *target)
{
	const struct lc_upload *upload = context;

	lc_target_retry_now(target, lc_loop_now_ms(upload->delivery->loop));
}

void lc_upload_retry_now(struct lc_upload *upload, struct lc_target *target)
{
	lc_attempts_release_all(upload->delivery->attempts);
	if (target != NULL)
		retry_target(upload, target);
	else
		lc_target_table_each(upload->delivery->targets, retry_target, upload);
	lc_loop_timer_start(upload->timer, 0);
}

static void discard_waiting(void *context, struct lc_target_bucket *bucket)
{
	struct lc_upload *upload = context;
	struct lc_target *target = TAILQ_FIRST(&bucket->queue);

	while (target != NULL) {
		struct lc_target *next = TAILQ_NEXT(target, link);
		struct lc_object *object;

		while (lc_target_given_up(target) == LC_LEDGER_DISCARDED &&
		       (object = TAILQ_FIRST(&target->waiting)) != NULL) {
			end_object(upload, object, LC_OBJECT_DISCARDED);
		}
		target = next;
	}
}

void lc_upload_give_up(struct lc_upload *upload, struct lc_view bucket, struct lc_view prefix,
		       bool whole, enum lc_ledger_given_up decision)
{
	if (whole) {
		struct lc_target_bucket *found =
		    lc_target_table_get_bucket(upload->delivery->targets, bucket);

		found->standing.given_up = decision;
		record_bucket(upload, found);
	} else {
		struct lc_target *found =
		    lc_target_table_get(upload->delivery->targets, bucket, prefix);

		found->standing.given_up = decision;
		record_target(upload, found);
	}
	lc_target_table_each_waiting(upload->delivery->targets, discard_waiting, upload);
	lc_loop_timer_start(upload->timer, 0);
}

/* ---- once a second ---- */

/* What slow and failing buckets hold goes first. */
static void make_room(struct lc_upload *upload)
{
	struct slow_uploads slow = find_slow(upload);

	while (slow.slowest != NULL && slow.bytes > upload->policy->cap_bytes / 4) {
		give_way(upload, slow.slowest);
		slow = find_slow(upload);
	}
	lc_inflight_free_slow(upload->objects);
}

void lc_upload_tend(struct lc_upload *upload, bool unused)
{
	size_t before = upload->objects->bytes;

	find_slow(upload);
	lc_inflight_trim_all(upload->objects, lc_loop_now_ms(upload->delivery->loop));
	if (lc_inflight_is_short(upload->objects))
		make_room(upload);
	if (unused)
		lc_target_table_sweep(upload->delivery->targets);
	start_uploads(upload);
	lc_target_table_show(upload->delivery->targets, upload->delivery->counters);
	if (upload->objects->bytes < before)
		upload->delivery->events->room(upload->delivery->context);
}
