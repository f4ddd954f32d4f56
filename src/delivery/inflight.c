#include "delivery/inflight.h"

#include "base/log.h"
#include "delivery/object.h"
#include "delivery/target.h"
#include "delivery/target_table.h"

static const struct lc_target_policy *policy_of(const struct lc_object_table *objects)
{
	return lc_target_table_policy(objects->targets);
}

size_t lc_inflight_room(const struct lc_object_table *objects, const struct lc_target *target)
{
	size_t room = policy_of(objects)->slow_share_bytes;

	if (!lc_target_bucket_slow(target->bucket))
		return room;
	return target->bucket->bytes < room ? room - target->bucket->bytes : 0;
}

bool lc_inflight_crowded(const struct lc_object_table *objects, const struct lc_target *target)
{
	return !lc_target_bucket_slow(target->bucket) &&
	       lc_target_crowded(target, policy_of(objects));
}

bool lc_inflight_is_full(const struct lc_object_table *objects)
{
	return objects->bytes >= policy_of(objects)->cap_bytes;
}

bool lc_inflight_is_short(const struct lc_object_table *objects)
{
	return objects->bytes >= policy_of(objects)->cap_bytes / 4 * 3;
}

/* ---- what waits for probes ---- */

static void sum_kept(void *context, struct lc_target_bucket *bucket)
{
	size_t *bytes = context;
	const struct lc_target *target;
	const struct lc_object *object;

	TAILQ_FOREACH(target, &bucket->queue, link)
	{
		if (!lc_target_aside(target))
			continue;
		TAILQ_FOREACH(object, &target->waiting, of_list)
		{
			*bytes += object->memory;
		}
	}
}

/* Bytes of what waits for probes. */
static size_t kept_bytes(const struct lc_object_table *objects)
{
	size_t bytes = 0;

	lc_target_table_each_waiting(objects->targets, sum_kept, &bytes);
	return bytes;
}

/* A target that has stepped aside keeps one object to probe with, its bucket one in all. Those
 * whose probe is not due may take a small part of the memory, all together. */
static bool may_probe_with(const struct lc_object *object, uint64_t now_ms)
{
	const struct lc_target *target = object->target;
	const struct lc_target_bucket *bucket = target->bucket;

	if (object != TAILQ_FIRST(&target->waiting) || target->active > 0)
		return false;
	if (bucket->standing.state == LC_TARGET_ASIDE &&
	    (bucket->active > 0 || target != TAILQ_FIRST(&bucket->queue)))
		return false;
	return now_ms >= lc_target_probe_at_ms(target) ||
	       kept_bytes(object->table) <= policy_of(object->table)->cap_bytes / 16;
}

static void trim_aside(const struct lc_target *target, uint64_t now_ms)
{
	struct lc_object *object = TAILQ_LAST(&target->waiting, lc_target_queue);

	while (object != NULL) {
		struct lc_object *before = TAILQ_PREV(object, lc_target_queue, of_list);

		if (!may_probe_with(object, now_ms))
			lc_object_enter(object, LC_OBJECT_UNBUILT);
		object = before;
	}
}

struct lc_target *lc_inflight_next_backlog(struct lc_object_table *objects, uint64_t now_ms)
{
	bool probes = kept_bytes(objects) <= policy_of(objects)->cap_bytes / 8;

	return lc_target_table_next_backlog(objects->targets, now_ms, probes);
}

/* ---- shares ---- */

/* Frees what waits in the bucket, the newest first, until it holds `share` bytes; what is about to
 * be uploaded next stays. */
static void trim_to_share(struct lc_target_bucket *bucket, size_t share)
{
	while (bucket->bytes > share && !TAILQ_EMPTY(&bucket->queue)) {
		struct lc_target *target = TAILQ_LAST(&bucket->queue, lc_target_list);
		struct lc_object *object = TAILQ_LAST(&target->waiting, lc_target_queue);

		if (bucket->active == 0 && target == TAILQ_FIRST(&bucket->queue) &&
		    object == TAILQ_FIRST(&target->waiting))
			return;
		lc_object_enter(object, LC_OBJECT_UNBUILT);
	}
}

void lc_inflight_trim(struct lc_object_table *objects, struct lc_target_bucket *bucket,
		      uint64_t now_ms)
{
	struct lc_target *target = TAILQ_FIRST(&bucket->queue);

	while (target != NULL) {
		struct lc_target *next = TAILQ_NEXT(target, link);

		if (lc_target_aside(target))
			trim_aside(target, now_ms);
		target = next;
	}
	if (lc_target_bucket_slow(bucket))
		trim_to_share(bucket, policy_of(objects)->slow_share_bytes);
}

struct trim {
	struct lc_object_table *objects;
	uint64_t now_ms;
};

static void trim_bucket(void *context, struct lc_target_bucket *bucket)
{
	const struct trim *trim = context;

	lc_inflight_trim(trim->objects, bucket, trim->now_ms);
}

void lc_inflight_trim_all(struct lc_object_table *objects, uint64_t now_ms)
{
	struct trim trim = {.objects = objects, .now_ms = now_ms};

	lc_target_table_each_waiting(objects->targets, trim_bucket, &trim);
}

void lc_inflight_spill(struct lc_object_table *objects, struct lc_target *target)
{
	lc_log(LC_LOG_DEBUG, "a target bucket takes log objects more slowly than they are read",
	       LC_LOG_VIEW("bucket", target->bucket->name),
	       LC_LOG_UINT("bytes", target->bucket->bytes));
	trim_to_share(target->bucket, policy_of(objects)->share_bytes / 2);
}

/* ---- need ---- */

static void free_if_slow(void *context, struct lc_target_bucket *bucket)
{
	const struct lc_object_table *objects = context;

	while (lc_target_bucket_slow(bucket) && lc_inflight_is_short(objects) &&
	       !TAILQ_EMPTY(&bucket->queue))
		lc_object_enter(TAILQ_LAST(&TAILQ_LAST(&bucket->queue, lc_target_list)->waiting,
					   lc_target_queue),
				LC_OBJECT_UNBUILT);
}

void lc_inflight_free_slow(struct lc_object_table *objects)
{
	lc_target_table_each_waiting(objects->targets, free_if_slow, objects);
}

static void free_all(void *context, struct lc_target_bucket *bucket)
{
	(void)context;
	while (!TAILQ_EMPTY(&bucket->queue))
		lc_object_enter(TAILQ_FIRST(&TAILQ_FIRST(&bucket->queue)->waiting),
				LC_OBJECT_UNBUILT);
}

void lc_inflight_free_waiting(struct lc_object_table *objects)
{
	lc_target_table_each_waiting(objects->targets, free_all, NULL);
}
