#include "delivery/build.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/loop.h"
#include "base/memory.h"
#include "config/settings.h"
#include "delivery/hash_set.h"
#include "delivery/inflight.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/upload.h"
#include "formats/record.h"
#include "ledger/ledger.h"

#include <stdlib.h>

enum { DAYS_MAX = 16 }; /* open objects of a target, each for a day */

struct lc_build {
	const struct lc_delivery *delivery;
	uint64_t next_intent_id;
	struct lc_line_style style;
	uint64_t max_rows;
	uint64_t max_bytes;
	const struct lc_target_queue *open; /* the one used last comes first */
	struct lc_target *last_target;
	struct lc_hash_set names; /* unique parts of the source's objects closed so far */
};

struct lc_build *lc_build_new(const struct lc_delivery *delivery)
{
	const struct lc_settings *settings = delivery->settings;
	struct lc_build *build = lc_memory_zero(1, sizeof(*build));

	build->delivery = delivery;
	build->next_intent_id = delivery->state.next_intent_id;
	build->style = lc_object_line_style(settings);
	build->max_rows = (uint64_t)settings->consumer_max_logs_per_object;
	build->max_bytes = (uint64_t)lc_settings_object_bytes(settings);
	build->open = &build->delivery->objects->in[LC_OBJECT_OPEN];
	lc_hash_set_init(&build->names);
	return build;
}

static void drop_all(struct lc_build *build, enum lc_object_state state)
{
	struct lc_object *object;

	while ((object = TAILQ_FIRST(&build->delivery->objects->in[state])) != NULL)
		lc_object_enter(object, LC_OBJECT_DROPPED);
}

void lc_build_drop_open(struct lc_build *build)
{
	drop_all(build, LC_OBJECT_OPEN);
	build->last_target = NULL;
}

void lc_build_free(struct lc_build *build)
{
	if (build == NULL)
		return;
	drop_all(build, LC_OBJECT_OPEN);
	drop_all(build, LC_OBJECT_RECORDING);
	lc_hash_set_free(&build->names);
	free(build);
}

uint64_t lc_build_submitted_to(const struct lc_build *build)
{
	const struct lc_object *first =
	    TAILQ_FIRST(&build->delivery->objects->in[LC_OBJECT_RECORDING]);

	return first == NULL ? build->next_intent_id : first->intent_id;
}

bool lc_build_recording(const struct lc_build *build)
{
	return build->delivery->objects->count[LC_OBJECT_RECORDING] > 0;
}

/* Valid until the source's objects are closed or dropped. */
static struct lc_target *target_of(struct lc_build *build, const struct lc_record *record)
{
	const struct lc_target *last = build->last_target;

	/* Neighbouring rows mostly share their target. */
	if (last == NULL || !lc_view_equal(last->prefix, record->target_prefix) ||
	    !lc_view_equal(last->bucket->name, record->target_bucket))
		build->last_target = lc_target_table_get(
		    build->delivery->targets, record->target_bucket, record->target_prefix);
	return build->last_target;
}

/* The ledger is written in order, and so are its answers. */
static void on_recorded(void *context)
{
	struct lc_build *build = context;
	struct lc_object *object = TAILQ_FIRST(&build->delivery->objects->in[LC_OBJECT_RECORDING]);

	lc_upload_submit(build->delivery->upload, object);
	build->delivery->events->submitted(build->delivery->context);
}

static void record(struct lc_build *build, struct lc_object *object)
{
	struct lc_ledger_intent intent;

	object->intent_id = build->next_intent_id++;
	intent = lc_object_intent(object);
	lc_object_enter(object, LC_OBJECT_RECORDING);
	lc_ledger_add_intent(build->delivery->ledger, &intent);
	lc_ledger_when_durable(build->delivery->ledger, on_recorded, build);
	LC_CRASH_POINT(BUILD_QUEUED);
}

static bool is_used(const struct lc_hash_set *names, uint64_t unique)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->hashes[i] == unique)
			return true;
	}
	return false;
}

/* Objects of the same rows, stored again upstream, are different objects. */
static void name(struct lc_build *build, struct lc_object *object)
{
	uint64_t unique = lc_object_unique(object);

	while (is_used(&build->names, unique)) {
		object->repeat++;
		unique = lc_object_unique(object);
	}
	lc_hash_set_add(&build->names, unique);
	lc_object_name(object, unique, lc_clock_wall_ms());
}

static void close_object(struct lc_build *build, struct lc_object *object)
{
	uint64_t begun = lc_clock_monotonic_ms();

	lc_object_seal(object);
	name(build, object);
	lc_counters_add(build->delivery->counters, LC_COUNTERS_BUILD_OBJECTS, 1);
	lc_counters_observe(build->delivery->counters, LC_COUNTERS_HISTOGRAM_BUILD_BYTES,
			    (double)object->body_size);
	lc_counters_observe(build->delivery->counters, LC_COUNTERS_HISTOGRAM_BUILD_SECONDS,
			    (double)(lc_clock_monotonic_ms() - begun) / 1000);
	record(build, object);
}

/* The open object that a row of this time goes into. A target has several where its keys tell the
 * day: rows of a few days are read at a time, unless their times mean nothing. */
static struct lc_object *open_object(struct lc_build *build, struct lc_source *source,
				     struct lc_target *target, int64_t start_ms)
{
	enum lc_object_key_format format = target->bucket->settings->consumer_key_format;
	struct lc_object *unused = NULL; /* the longest */
	struct lc_object *object;
	unsigned days = 0;

	TAILQ_FOREACH(object, build->open, of_list)
	{
		if (object->target != target)
			continue;
		if (lc_object_key_may_share(format, object->oldest_start_ms, start_ms)) {
			lc_object_move_to_front(object);
			return object;
		}
		unused = object;
		days++;
	}
	if (days == DAYS_MAX)
		close_object(build, unused);
	return lc_object_new(build->delivery->objects, source, target, &source->complete,
			     lc_loop_now_ms(build->delivery->loop));
}

static uint64_t max_bytes(const struct lc_build *build, const struct lc_target *target)
{
	if (target->largest_bytes != 0 && target->largest_bytes < build->max_bytes)
		return target->largest_bytes;
	return build->max_bytes;
}

struct lc_build_answer lc_build_take(struct lc_build *build, struct lc_source *source,
				     const struct lc_record *record, uint64_t hash, uint64_t repeat)
{
	struct lc_target *target = target_of(build, record);
	struct lc_build_answer answer = {
	    .crowded = lc_inflight_crowded(build->delivery->objects, target) ? target : NULL};
	struct lc_object *object = open_object(build, source, target, record->start_time_ms);

	lc_object_append(object, record, hash, &build->style);
	if (repeat > object->repeat)
		object->repeat = repeat;
	if (object->line_count < build->max_rows && object->body_size < max_bytes(build, target))
		return answer;
	close_object(build, object);
	answer.recorded = TAILQ_EMPTY(build->open);
	return answer;
}

void lc_build_close_all(struct lc_build *build)
{
	struct lc_object *object;

	while ((object = TAILQ_FIRST(build->open)) != NULL)
		close_object(build, object);
	build->last_target = NULL;
	lc_hash_set_clear(&build->names);
}

bool lc_build_close_largest(struct lc_build *build)
{
	struct lc_object *largest = TAILQ_FIRST(build->open);
	struct lc_object *object;

	if (largest == NULL)
		return false;
	TAILQ_FOREACH(object, build->open, of_list)
	{
		if (object->body_size > largest->body_size)
			largest = object;
	}
	close_object(build, largest);
	return true;
}
