/* The states of a log object: which may follow which, and what is counted in each. */
#include "base/counters.h"
#include "base/memory.h"
#include "config/settings.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
#include "ledger/ledger_types.h"
#include "support/record_rows.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { ROWS = 3, INTENT = 9, SECOND = 1549411240, STATES_MAX = 8, TEXT_MAX = 100000 };

struct story {
	struct lc_source_table *sources;
	struct lc_source *source;
	struct lc_target_table *targets;
	struct lc_target *target;
	struct lc_counters counters;
	struct lc_object_table objects;
};

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {.attempts = 1, .concurrency = 1};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->sources = lc_source_table_new();
	story->source = lc_source_get(story->sources, 7, lc_view_of("photos"));
	story->targets = lc_target_table_new(&POLICY, &SETTINGS);
	story->target = lc_target_table_get(story->targets, lc_view_of("logs"), lc_view_of("a/"));
	lc_object_table_init(&story->objects, story->targets, &story->counters);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_source_table_free(story->sources);
	lc_target_table_free(story->targets);
	free(story);
	return 0;
}

static void append_rows(struct lc_object *object)
{
	struct lc_record record = record_rows_example();

	record.inserted_at = SECOND;
	for (uint64_t row = 0; row < ROWS; row++)
		lc_object_append(object, &record, row, &(struct lc_line_style){0});
}

/* An open object of ROWS rows. */
static struct lc_object *begin_object(struct story *story)
{
	struct lc_object *object =
	    lc_object_new(&story->objects, story->source, story->target, NULL, 0);

	append_rows(object);
	object->intent_id = INTENT;
	return object;
}

/* One of as many rows whose intent has no body. */
static struct lc_object *begin_again(struct story *story)
{
	const struct lc_ledger_intent intent = {.id = INTENT, .first_second = SECOND};

	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, ROWS, SECOND);
	return lc_object_new_of_intent(&story->objects, story->source, story->target, &intent, ROWS,
				       0);
}

static void close_object(struct lc_object *object)
{
	lc_object_seal(object);
	lc_object_name(object, 1, 0);
	lc_object_enter(object, LC_OBJECT_RECORDING);
}

/* An object in this state, on the shortest way to it. */
static struct lc_object *bring(struct story *story, enum lc_object_state state)
{
	struct lc_object *object;

	if (state == LC_OBJECT_REBUILDING) {
		object = begin_again(story);
		append_rows(object);
		return object;
	}
	object = begin_object(story);
	if (state == LC_OBJECT_OPEN)
		return object;
	close_object(object);
	if (state == LC_OBJECT_RECORDING)
		return object;
	if (state == LC_OBJECT_COMPRESSING) {
		lc_object_enter(object, state);
		return object;
	}
	lc_object_enter(object, LC_OBJECT_WAITING);
	if (state == LC_OBJECT_WAITING)
		return object;
	lc_object_enter(object, LC_OBJECT_UPLOADING);
	if (state != LC_OBJECT_UPLOADING)
		lc_object_enter(object, state);
	return object;
}

/* What may follow each state that an object can be in. */
struct way {
	enum lc_object_state from;
	enum lc_object_state to[STATES_MAX];
	size_t count;
};

static const struct way WAYS[] = {
    {LC_OBJECT_OPEN, {LC_OBJECT_RECORDING, LC_OBJECT_DROPPED}, 2},
    {LC_OBJECT_RECORDING,
     {LC_OBJECT_WAITING, LC_OBJECT_COMPRESSING, LC_OBJECT_DISCARDED, LC_OBJECT_DROPPED},
     4},
    {LC_OBJECT_REBUILDING,
     {LC_OBJECT_WAITING, LC_OBJECT_COMPRESSING, LC_OBJECT_DISCARDED, LC_OBJECT_UNBUILT,
      LC_OBJECT_CLOSED},
     5},
    {LC_OBJECT_COMPRESSING, {LC_OBJECT_WAITING, LC_OBJECT_DISCARDED, LC_OBJECT_UNBUILT}, 3},
    {LC_OBJECT_WAITING, {LC_OBJECT_UPLOADING, LC_OBJECT_DISCARDED, LC_OBJECT_UNBUILT}, 3},
    {LC_OBJECT_UPLOADING,
     {LC_OBJECT_WAITING, LC_OBJECT_DELIVERED, LC_OBJECT_DISCARDED, LC_OBJECT_WITHDRAWN,
      LC_OBJECT_UNBUILT},
     5},
    {LC_OBJECT_DELIVERED, {LC_OBJECT_CLOSED, LC_OBJECT_DROPPED}, 2},
    {LC_OBJECT_DISCARDED, {LC_OBJECT_CLOSED, LC_OBJECT_DROPPED}, 2},
    {LC_OBJECT_WITHDRAWN, {LC_OBJECT_CLOSED, LC_OBJECT_DROPPED}, 2},
};

enum { WAY_COUNT = sizeof WAYS / sizeof WAYS[0] };

static bool allows(const struct way *way, enum lc_object_state to)
{
	for (size_t i = 0; i < way->count; i++) {
		if (way->to[i] == to)
			return true;
	}
	return false;
}

static bool ends(enum lc_object_state state)
{
	return state >= LC_OBJECT_DROPPED;
}

/* One object is in memory, in this state, and its rows are counted where they should be. */
static void expect_in_memory(const struct story *story, const struct lc_object *object)
{
	enum lc_object_state state = object->state;
	bool unbuilt = state == LC_OBJECT_REBUILDING;
	bool recorded = state >= LC_OBJECT_COMPRESSING;
	unsigned active = state == LC_OBJECT_UPLOADING;
	struct lc_backlog_sum backlog = lc_target_table_backlog_of_source(story->source);

	for (int other = 0; other < LC_OBJECT_STATE_COUNT; other++) {
		assert_int_equal(story->objects.count[other], other == (int)state);
		assert_true(TAILQ_FIRST(&story->objects.in[other]) ==
			    (other == (int)state && state != LC_OBJECT_WAITING ? object : NULL));
	}
	assert_ptr_equal(TAILQ_FIRST(&story->target->waiting),
			 state == LC_OBJECT_WAITING ? object : NULL);
	assert_ptr_equal(lc_target_table_next(story->targets, 0, LC_TARGET_ANY),
			 state == LC_OBJECT_WAITING ? story->target : NULL);
	assert_ptr_equal(lc_object_find(story->source, INTENT), object);
	assert_int_equal(story->source->object_rows, unbuilt ? 0 : ROWS);
	assert_int_equal(story->target->object_rows, recorded ? ROWS : 0);
	assert_int_equal(backlog.intents, unbuilt);
	assert_int_equal(backlog.rows, unbuilt ? ROWS : 0);
	assert_int_equal(story->target->active, active);
	assert_int_equal(story->target->bucket->active, active);
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_INFLIGHT_UPLOADS), active);
	assert_true(object->memory > object->body_size);
	assert_int_equal(story->objects.bytes, object->memory);
	assert_int_equal(story->target->bucket->bytes, object->memory);
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_INFLIGHT_BYTES),
			 object->memory);
}

/* Nothing is in memory and nothing counted, but for the rows of so many intents without a body. */
static void expect_none(const struct story *story, uint64_t intents)
{
	struct lc_backlog_sum backlog = lc_target_table_backlog_of(story->target);

	for (int state = 0; state < LC_OBJECT_STATE_COUNT; state++) {
		assert_int_equal(story->objects.count[state], 0);
		assert_true(TAILQ_EMPTY(&story->objects.in[state]));
	}
	assert_true(TAILQ_EMPTY(&story->source->objects));
	assert_true(TAILQ_EMPTY(&story->target->waiting));
	assert_null(lc_target_table_next(story->targets, 0, LC_TARGET_ANY));
	assert_int_equal(story->source->object_rows, 0);
	assert_int_equal(story->target->object_rows, 0);
	assert_int_equal(story->target->active, 0);
	assert_int_equal(story->target->bucket->active, 0);
	assert_int_equal(backlog.intents, intents);
	assert_int_equal(backlog.rows, intents * ROWS);
	assert_int_equal(story->objects.bytes, 0);
	assert_int_equal(story->target->bucket->bytes, 0);
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_INFLIGHT_BYTES), 0);
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_INFLIGHT_UPLOADS), 0);
}

/* On a way that leads to the end. */
static void finish(struct lc_object *object)
{
	while (!ends(object->state)) {
		enum lc_object_state next = WAYS[object->state].to[WAYS[object->state].count - 1];

		lc_object_enter(object, next);
		if (ends(next))
			return;
	}
}

static void each_state_counts_an_object_where_it_is(void **state)
{
	struct story *story = *state;

	for (size_t i = 0; i < WAY_COUNT; i++) {
		struct lc_object *object = bring(story, WAYS[i].from);

		assert_int_equal(WAYS[i].from, i);
		assert_int_equal(object->state, WAYS[i].from);
		expect_in_memory(story, object);
		lc_object_enter(object, WAYS[i].to[0]);
		if (!ends(WAYS[i].to[0]))
			finish(object);
		if (!TAILQ_EMPTY(&story->target->backlogs))
			lc_target_table_remove_backlog(story->targets, story->source, story->target,
						       ROWS);
		expect_none(story, 0);
	}
}

static void each_way_that_is_allowed_can_be_gone(void **state)
{
	struct story *story = *state;

	for (size_t i = 0; i < WAY_COUNT; i++) {
		for (size_t j = 0; j < WAYS[i].count; j++) {
			enum lc_object_state to = WAYS[i].to[j];
			struct lc_object *object = bring(story, WAYS[i].from);
			bool left = to == LC_OBJECT_UNBUILT;

			if (to == LC_OBJECT_RECORDING) {
				close_object(object);
			} else {
				lc_object_enter(object, to);
			}
			if (!ends(to)) {
				expect_in_memory(story, object);
				left = to == LC_OBJECT_COMPRESSING || to == LC_OBJECT_WAITING ||
				       to == LC_OBJECT_UPLOADING;
				finish(object);
			}
			expect_none(story, left);
			if (left)
				lc_target_table_remove_backlog(story->targets, story->source,
							       story->target, ROWS);
		}
	}
}

struct step {
	struct story *story;
	enum lc_object_state from;
	enum lc_object_state to;
};

static void go(void *context)
{
	const struct step *step = context;

	lc_object_enter(bring(step->story, step->from), step->to);
}

static void any_other_way_is_a_bug(void **state)
{
	struct lc_buffer said;

	lc_buffer_init(&said, TEXT_MAX);
	for (size_t i = 0; i < WAY_COUNT; i++) {
		for (int number = 0; number < LC_OBJECT_STATE_COUNT; number++) {
			enum lc_object_state to = (enum lc_object_state)number;
			struct step step = {.story = *state, .from = WAYS[i].from, .to = to};
			int status;

			if (allows(&WAYS[i], to))
				continue;
			lc_buffer_clear(&said);
			status = stderr_capture_child(&said, go, &step);
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGABRT);
			assert_non_null(strstr(lc_buffer_text(&said), "lc_object_enter"));
		}
	}
	lc_buffer_free(&said);
}

static void an_open_object_is_counted_row_by_row(void **state)
{
	struct story *story = *state;
	struct lc_record record = record_rows_example();
	struct lc_object *object =
	    lc_object_new(&story->objects, story->source, story->target, NULL, 0);

	for (uint64_t row = 1; row <= 1000; row++) {
		lc_object_append(object, &record, row, &(struct lc_line_style){0});
		assert_int_equal(story->source->object_rows, row);
		assert_true(object->memory > object->body_size);
		assert_int_equal(story->objects.bytes, object->memory);
		assert_int_equal(story->target->bucket->bytes, object->memory);
	}
	lc_object_enter(object, LC_OBJECT_DROPPED);
	expect_none(story, 0);
}

static void an_intent_counts_as_without_a_body_until_all_its_rows_are_found(void **state)
{
	struct story *story = *state;
	struct lc_object *object = begin_again(story);

	assert_int_equal(lc_target_table_backlog_of(story->target).rows, ROWS);
	append_rows(object);
	assert_int_equal(lc_target_table_backlog_of(story->target).rows, ROWS);
	assert_int_equal(story->source->object_rows, 0);
	lc_object_seal(object);
	lc_object_set_key(object, lc_view_of("a/name"));
	assert_int_equal(story->objects.bytes, object->memory);
	lc_object_enter(object, LC_OBJECT_WAITING);
	expect_in_memory(story, object);

	/* And again once its memory is needed. */
	lc_object_enter(object, LC_OBJECT_UNBUILT);
	expect_none(story, 1);
	assert_int_equal(lc_target_table_backlog_of_source(story->source).oldest, SECOND);
	lc_target_table_remove_backlog(story->targets, story->source, story->target, ROWS);
}

/* Rows that were lost are not waited for, however many of them were found. */
static void an_intent_that_is_closed_without_all_its_rows_leaves_nothing(void **state)
{
	struct story *story = *state;

	lc_object_enter(begin_again(story), LC_OBJECT_CLOSED);
	expect_none(story, 0);
}

static void the_sums_are_those_of_all_objects(void **state)
{
	struct story *story = *state;
	struct lc_object *open = bring(story, LC_OBJECT_OPEN);
	struct lc_object *waiting = bring(story, LC_OBJECT_WAITING);
	struct lc_object *uploading = bring(story, LC_OBJECT_UPLOADING);

	assert_int_equal(story->objects.bytes, open->memory + waiting->memory + uploading->memory);
	assert_int_equal(story->source->object_rows, 3 * ROWS);
	assert_int_equal(story->target->object_rows, 2 * ROWS);
	finish(waiting);
	assert_int_equal(story->objects.bytes, open->memory + uploading->memory);
	assert_int_equal(lc_target_table_backlog_of(story->target).rows, ROWS);
	lc_object_enter(uploading, LC_OBJECT_DELIVERED);
	lc_object_enter(uploading, LC_OBJECT_CLOSED);
	lc_object_enter(open, LC_OBJECT_DROPPED);
	expect_none(story, 1);
	lc_target_table_remove_backlog(story->targets, story->source, story->target, ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(each_state_counts_an_object_where_it_is),
	    STORY(each_way_that_is_allowed_can_be_gone),
	    STORY(any_other_way_is_a_bug),
	    STORY(an_open_object_is_counted_row_by_row),
	    STORY(an_intent_counts_as_without_a_body_until_all_its_rows_are_found),
	    STORY(an_intent_that_is_closed_without_all_its_rows_leaves_nothing),
	    STORY(the_sums_are_those_of_all_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
