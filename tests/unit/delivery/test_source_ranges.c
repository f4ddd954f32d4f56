#include "delivery/source.h"

#include "base/memory.h"
#include "base/random.h"
#include "support/fake_ledger.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 512 };

struct story {
	struct lc_source_table *table;
	struct lc_source *source;
	struct lc_ledger *ledger;
};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->table = lc_source_table_new();
	story->source = lc_source_get(story->table, 7, lc_view_of("bucket"));
	story->ledger = fake_ledger_new();
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	fake_ledger_free(story->ledger);
	lc_source_table_free(story->table);
	free(story);
	return 0;
}

static void open_at(struct story *story, uint32_t from, uint32_t to, uint32_t since)
{
	lc_source_open(story->source,
		       (struct lc_source_range){.from = from, .to = to, .since = since}, 1);
}

static void open_sure(struct story *story, uint32_t from, uint32_t to)
{
	open_at(story, from, to, 1000);
}

static void open_doubtful(struct story *story, uint32_t from, uint32_t to)
{
	struct lc_source_range range = {.from = from, .to = to, .since = 1000, .doubtful = true};

	lc_source_open(story->source, range, 1);
}

static void ask(struct story *story)
{
	uint32_t from;
	uint32_t to;

	(void)lc_source_ask(story->source, &from, &to);
}

/* The ranges as text: "10-20 30-40?!", ? being doubtful, ! asked. */
static void expect_ranges(const struct story *story, const char *expected)
{
	char text[TEXT_MAX] = "";
	size_t size = 0;

	for (size_t i = 0; i < story->source->range_count; i++) {
		const struct lc_source_range *range = &story->source->ranges[i];

		size +=
		    (size_t)snprintf(text + size, sizeof text - size, "%s%u-%u%s%s",
				     i == 0 ? "" : " ", (unsigned)range->from, (unsigned)range->to,
				     range->doubtful ? "?" : "", range->asked ? "!" : "");
		assert_true(size < sizeof text);
	}
	assert_string_equal(text, expected);
	assert_int_equal(lc_source_is_open(story->source), expected[0] != '\0');
}

static void ranges_stand_in_order_however_they_were_opened(void **state)
{
	struct story *story = *state;

	open_sure(story, 50, 60);
	open_sure(story, 10, 20);
	open_sure(story, 90, 91);
	open_sure(story, 30, 40);
	expect_ranges(story, "10-20 30-40 50-60 90-91");
	assert_int_equal(lc_source_open_from(story->source), 10);
	assert_int_equal(lc_source_piece_to(story->source), 91);
	assert_int_equal(story->source->open_rows, 4);
}

static void windows_that_follow_each_other_become_one_range(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 20, 30);
	expect_ranges(story, "10-30");
	open_sure(story, 5, 10);
	expect_ranges(story, "5-30");
	open_sure(story, 40, 50);
	open_sure(story, 30, 40);
	expect_ranges(story, "5-50");
	assert_int_equal(story->source->open_rows, 5);
}

static void unlike_neighbours_stay_apart(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_doubtful(story, 20, 30);
	open_sure(story, 30, 40);
	open_doubtful(story, 5, 10);
	expect_ranges(story, "5-10? 10-20 20-30? 30-40");
	open_doubtful(story, 0, 5);
	expect_ranges(story, "0-10? 10-20 20-30? 30-40");
}

static void seconds_opened_twice_are_open_once(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 12, 15);
	expect_ranges(story, "10-20");
	open_sure(story, 15, 25);
	expect_ranges(story, "10-25");
	open_sure(story, 5, 12);
	expect_ranges(story, "5-25");
	open_sure(story, 30, 40);
	open_sure(story, 50, 60);
	open_sure(story, 0, 70);
	expect_ranges(story, "0-70");
}

static void what_is_doubtful_in_either_stays_doubtful(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_doubtful(story, 15, 16);
	expect_ranges(story, "10-20?");
	open_sure(story, 12, 30);
	expect_ranges(story, "10-30?");
	open_sure(story, 40, 50);
	open_doubtful(story, 45, 60);
	expect_ranges(story, "10-30? 40-60?");
}

static void joined_ranges_are_as_old_as_the_older_one(void **state)
{
	struct story *story = *state;

	assert_int_equal(lc_source_open_since(story->source), 0);
	open_at(story, 100, 110, 500);
	open_at(story, 110, 120, 600);
	assert_int_equal(story->source->ranges[0].since, 500);
	open_at(story, 105, 106, 400);
	assert_int_equal(story->source->ranges[0].since, 400);

	/* Late rows: an older second, opened later. */
	open_at(story, 60, 61, 700);
	assert_int_equal(lc_source_open_since(story->source), 400);
	ask(story);
	lc_source_settle_before(story->source, 115);
	assert_int_equal(lc_source_open_since(story->source), 400);
	lc_source_settle_asked(story->source);
	assert_int_equal(lc_source_open_since(story->source), 0);
}

static void a_scan_asks_the_ledger_about_doubtful_seconds_alone(void **state)
{
	struct story *story = *state;
	uint32_t from = 1;
	uint32_t to = 2;

	open_sure(story, 10, 20);
	assert_false(lc_source_ask(story->source, &from, &to));
	expect_ranges(story, "10-20!");
	lc_source_unask(story->source);
	expect_ranges(story, "10-20");
	open_doubtful(story, 30, 40);
	assert_true(lc_source_ask(story->source, &from, &to));
	assert_int_equal(from, 30);
	assert_int_equal(to, 40);
	lc_source_unask(story->source);
	open_doubtful(story, 5, 6);
	open_sure(story, 50, 60);
	assert_true(lc_source_ask(story->source, &from, &to));
	assert_int_equal(from, 5);
	assert_int_equal(to, 40);
	expect_ranges(story, "5-6?! 10-20! 30-40?! 50-60!");
}

/* One late row of an hour ago must not make the hour be read again. */
static void ranges_that_lie_far_apart_are_read_one_after_the_other(void **state)
{
	struct story *story = *state;
	uint32_t from;
	uint32_t to;

	open_doubtful(story, 10, 11);
	open_doubtful(story, 71, 72);
	open_sure(story, 133, 140);
	assert_int_equal(lc_source_piece_to(story->source), 72);
	assert_false(lc_source_asked_bounds(story->source, &from, &to));
	assert_true(lc_source_ask(story->source, &from, &to));
	assert_int_equal(to, 72);
	assert_true(lc_source_asked_bounds(story->source, &from, &to));
	assert_int_equal(from, 10);
	assert_int_equal(to, 72);
	expect_ranges(story, "10-11?! 71-72?! 133-140");
	lc_source_settle_asked(story->source);
	expect_ranges(story, "133-140");
	assert_true(story->source->open_rows > 0);
	assert_false(lc_source_ask(story->source, &from, &to));
	lc_source_settle_asked(story->source);
	expect_ranges(story, "");
	assert_int_equal(story->source->open_rows, 0);
}

/* A query for each late row would cost more than the rows between them. */
static void ranges_of_a_quiet_source_are_read_together(void **state)
{
	struct story *story = *state;

	open_doubtful(story, 10, 11);
	open_doubtful(story, 1010, 1011);
	open_doubtful(story, 3012, 3013);
	assert_int_equal(lc_source_piece_to(story->source), 11);
	story->source->scanned_seconds = 10;
	story->source->scanned_rows = 50;
	assert_int_equal(lc_source_spare_seconds(story->source), 2000);
	assert_int_equal(lc_source_piece_to(story->source), 1011);
	story->source->scanned_rows = 49;
	assert_int_equal(lc_source_piece_to(story->source), 3013);
	story->source->scanned_rows = 0;
	assert_int_equal(lc_source_piece_to(story->source), 3013);
	story->source->scanned_rows = 1000000;
	assert_int_equal(lc_source_spare_seconds(story->source), 0);
	assert_int_equal(lc_source_piece_to(story->source), 11);
}

/* A flush that is asked for while a scan reads is about what comes after it, too. */
static void a_flush_during_a_scan_is_not_forgotten(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	story->source->flush = true;
	ask(story);
	assert_false(story->source->flush);
	open_sure(story, 20, 30);
	story->source->flush = true;
	lc_source_settle_asked(story->source);
	lc_source_unask(story->source);
	assert_true(story->source->flush);
	ask(story);
	/* The scan breaks. */
	lc_source_unask(story->source);
	assert_true(story->source->flush);
	ask(story);
	lc_source_settle_asked(story->source);
	lc_source_unask(story->source);
	assert_false(story->source->flush);
}

static void only_seconds_that_were_asked_for_are_read(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 30, 40);
	assert_null(lc_source_asked_range(story->source, 10));
	ask(story);
	open_sure(story, 40, 50);
	assert_null(lc_source_asked_range(story->source, 9));
	assert_int_equal(lc_source_asked_range(story->source, 10)->from, 10);
	assert_int_equal(lc_source_asked_range(story->source, 19)->from, 10);
	assert_null(lc_source_asked_range(story->source, 20));
	assert_null(lc_source_asked_range(story->source, 29));
	assert_int_equal(lc_source_asked_range(story->source, 39)->from, 30);
	assert_null(lc_source_asked_range(story->source, 40));
}

static void a_range_read_whole_is_settled(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_doubtful(story, 30, 40);
	story->source->flush = true;
	ask(story);
	lc_source_settle_asked(story->source);
	expect_ranges(story, "");
	assert_int_equal(story->source->open_rows, 0);
	assert_false(story->source->flush);
}

static void what_was_opened_during_a_scan_stays_open(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	ask(story);
	open_sure(story, 20, 30);
	open_doubtful(story, 5, 6);
	expect_ranges(story, "5-6? 10-20! 20-30");
	lc_source_settle_asked(story->source);
	lc_source_unask(story->source);
	expect_ranges(story, "5-6? 20-30");
	assert_true(story->source->open_rows >= 2);
}

static void a_scan_cut_short_leaves_its_last_second_in_doubt(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 30, 40);
	open_sure(story, 50, 60);
	ask(story);
	lc_source_settle_before(story->source, 9);
	expect_ranges(story, "10-20! 30-40! 50-60!");
	lc_source_settle_before(story->source, 10);
	expect_ranges(story, "10-20?! 30-40! 50-60!");
	lc_source_settle_before(story->source, 15);
	expect_ranges(story, "15-20?! 30-40! 50-60!");
	lc_source_settle_before(story->source, 39);
	expect_ranges(story, "39-40?! 50-60!");
	lc_source_unask(story->source);
	expect_ranges(story, "39-40? 50-60");
}

static void settling_as_far_as_read_leaves_alone_what_was_not_asked(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	ask(story);
	open_sure(story, 20, 30);
	open_doubtful(story, 1, 2);
	lc_source_settle_before(story->source, 25);
	expect_ranges(story, "1-2? 20-30");
}

static void settling_nothing_settles_nothing(void **state)
{
	struct story *story = *state;

	lc_source_settle_asked(story->source);
	lc_source_settle_before(story->source, 100);
	lc_source_unask(story->source);
	expect_ranges(story, "");
	open_sure(story, 10, 20);
	lc_source_settle_before(story->source, 100);
	lc_source_settle_asked(story->source);
	expect_ranges(story, "10-20");
}

static void a_slot_is_touched_by_a_range_that_reaches_into_it(void **state)
{
	struct story *story = *state;

	assert_false(lc_source_touches(story->source, 0, UINT32_MAX));
	open_sure(story, 600, 700);
	open_sure(story, 1199, 1200);
	assert_false(lc_source_touches(story->source, 300, 300));
	assert_true(lc_source_touches(story->source, 600, 300));
	assert_true(lc_source_touches(story->source, 900, 300));
	assert_false(lc_source_touches(story->source, 1200, 300));
	assert_true(lc_source_touches(story->source, 301, 300));
	assert_false(lc_source_touches(story->source, 700, 300));
	assert_false(lc_source_touches(story->source, 599, 1));
	assert_true(lc_source_touches(story->source, 600, 1));
	assert_true(lc_source_touches(story->source, 699, 1));
	assert_false(lc_source_touches(story->source, 700, 1));

	/* At the end of time, too. */
	open_sure(story, UINT32_MAX - 5, UINT32_MAX);
	assert_true(lc_source_touches(story->source, UINT32_MAX - 10, 300));
	assert_false(lc_source_touches(story->source, UINT32_MAX - 10, 5));
	assert_true(lc_source_touches(story->source, UINT32_MAX - 1, 1));
}

static void ranges_are_widened_to_whole_slots(void **state)
{
	struct story *story = *state;

	open_at(story, 310, 311, 700);
	open_at(story, 899, 901, 800);
	lc_source_widen(story->source, 300, 5000);
	expect_ranges(story, "300-1200?");
	assert_int_equal(story->source->open_rows, 2);

	/* As old as before: that decides when it is read. */
	assert_int_equal(lc_source_open_since(story->source), 700);
	lc_source_widen(story->source, 300, 5000);
	expect_ranges(story, "300-1200?");
}

static void no_range_is_widened_beyond_the_last_window(void **state)
{
	struct story *story = *state;

	/* What came later has not been discovered: it must not be opened twice. */
	open_sure(story, 100, 150);
	open_sure(story, 1210, 1220);
	lc_source_widen(story->source, 300, 1250);
	expect_ranges(story, "0-300? 1200-1250?");

	/* One that reaches further than it keeps its end. */
	open_sure(story, 3000, 4001);
	lc_source_widen(story->source, 300, 3500);
	expect_ranges(story, "0-300? 1200-1500? 3000-4001?");
}

static void ranges_at_the_end_of_time_are_widened_to_it(void **state)
{
	struct story *story = *state;

	open_sure(story, UINT32_MAX - 1, UINT32_MAX);
	lc_source_widen(story->source, 300, UINT32_MAX);
	assert_int_equal(story->source->range_count, 1);
	assert_int_equal(lc_source_open_from(story->source), UINT32_MAX - UINT32_MAX % 300);
	assert_int_equal(story->source->ranges[0].to, UINT32_MAX);
}

static void what_is_not_open_is_not_widened(void **state)
{
	struct story *story = *state;

	lc_source_widen(story->source, 300, 5000);
	expect_ranges(story, "");
}

static void the_ledger_gets_all_ranges_with_their_age(void **state)
{
	struct story *story = *state;

	lc_source_record_ranges(story->source, story->ledger);
	assert_string_equal(fake_ledger_told(story->ledger), "ranges 7/bucket\n");
	open_at(story, 10, 20, 5000);
	open_at(story, 30, 31, 6000);
	lc_source_record_ranges(story->source, story->ledger);
	assert_string_equal(fake_ledger_told(story->ledger),
			    "ranges 7/bucket 10-20@5000 30-31@6000\n");

	/* Seconds that a scan reads are open until it has read them. */
	ask(story);
	lc_source_settle_before(story->source, 15);
	lc_source_record_ranges(story->source, story->ledger);
	assert_string_equal(fake_ledger_told(story->ledger),
			    "ranges 7/bucket 15-20@5000 30-31@6000\n");
}

/* ---- against a model: one flag of each kind for each second ---- */

enum { SECONDS = 48, STEPS = 60, HISTORIES = 2000 };

struct model {
	bool open[SECONDS];
	bool doubtful[SECONDS];
	bool asked[SECONDS];
	uint32_t since[SECONDS];
};

static void expect_model(const struct lc_source *source, const struct model *model)
{
	size_t at = 0;

	for (size_t i = 0; i < source->range_count; i++) {
		assert_true(source->ranges[i].from < source->ranges[i].to);
		assert_true(source->ranges[i].to <= SECONDS);
		assert_true(i == 0 || source->ranges[i - 1].to <= source->ranges[i].from);
	}
	for (uint32_t second = 0; second < SECONDS; second++) {
		const struct lc_source_range *range = NULL;

		while (at < source->range_count && source->ranges[at].to <= second)
			at++;
		if (at < source->range_count && source->ranges[at].from <= second)
			range = &source->ranges[at];
		assert_int_equal(range != NULL, model->open[second]);
		assert_int_equal(lc_source_touches(source, second, 1), model->open[second]);
		assert_int_equal(lc_source_asked_range(source, second) != NULL,
				 model->asked[second]);
		if (range == NULL)
			continue;
		/* A range may be more doubtful and older than one of its seconds, never less. */
		assert_true(range->doubtful || !model->doubtful[second]);
		assert_true(range->since <= model->since[second]);
		assert_int_equal(range->asked, model->asked[second]);
	}
}

static uint32_t below(struct lc_random *random, uint32_t bound)
{
	return (uint32_t)(lc_random_next(random) % bound);
}

/* Opens a range, unless a scan reads one of its seconds: those are never opened meanwhile. */
static void open_any(struct lc_source *source, struct model *model, struct lc_random *random)
{
	uint32_t from = below(random, SECONDS);
	struct lc_source_range range = {
	    .from = from,
	    .to = from + 1 + below(random, SECONDS - from > 8 ? 8 : SECONDS - from),
	    .since = 1 + below(random, 1000),
	    .doubtful = below(random, 2) == 0,
	};

	for (uint32_t second = range.from; second < range.to; second++) {
		if (model->asked[second])
			return;
	}
	for (uint32_t second = range.from; second < range.to; second++) {
		if (!model->open[second] || range.since < model->since[second])
			model->since[second] = range.since;
		model->doubtful[second] =
		    (model->open[second] && model->doubtful[second]) || range.doubtful;
		model->open[second] = true;
	}
	lc_source_open(source, range, 1);
}

static void ask_all(struct lc_source *source, struct model *model)
{
	uint32_t from = SECONDS;
	uint32_t to = 0;
	bool any = lc_source_ask(source, &from, &to);

	for (uint32_t second = 0; second < SECONDS; second++) {
		model->asked[second] = model->open[second];
		if (model->open[second] && model->doubtful[second])
			assert_true(any && from <= second && second < to);
	}
}

static void settle_before(struct lc_source *source, struct model *model, uint32_t second)
{
	for (uint32_t i = 0; i < second; i++) {
		if (model->asked[i])
			model->open[i] = model->asked[i] = false;
	}
	if (model->asked[second])
		model->doubtful[second] = true;
	lc_source_settle_before(source, second);
}

static void settle_asked(struct lc_source *source, struct model *model)
{
	for (uint32_t i = 0; i < SECONDS; i++) {
		if (model->asked[i])
			model->open[i] = model->asked[i] = false;
	}
	lc_source_settle_asked(source);
}

static void random_histories_agree_with_a_model(void **state)
{
	struct story *story = *state;
	struct lc_random random;

	for (uint64_t seed = 0; seed < HISTORIES; seed++) {
		struct model model = {.open = {false}};
		char name[24];
		struct lc_source *source;

		snprintf(name, sizeof name, "%u", (unsigned)seed);
		source = lc_source_get(story->table, 8, lc_view_of(name));
		lc_random_seed(&random, seed);
		for (int step = 0; step < STEPS; step++) {
			switch (below(&random, 8)) {
			case 0:
				ask_all(source, &model);
				break;
			case 1:
				settle_before(source, &model, below(&random, SECONDS));
				break;
			case 2:
				settle_asked(source, &model);
				break;
			case 3:
				memset(model.asked, 0, sizeof model.asked);
				lc_source_unask(source);
				break;
			default:
				open_any(source, &model, &random);
				break;
			}
			expect_model(source, &model);
		}
	}
}

static void settle(struct story *story)
{
	lc_source_settle_asked(story->source);
	lc_source_unask(story->source);
}

static void a_piece_is_cut_and_the_rest_is_read_later(void **state)
{
	struct story *story = *state;

	open_doubtful(story, 10, 100);
	lc_source_cut_piece(story->source, 30);
	expect_ranges(story, "10-40? 40-100?");
	ask(story);
	expect_ranges(story, "10-40?! 40-100?");
	settle(story);
	lc_source_cut_piece(story->source, 30);
	ask(story);
	expect_ranges(story, "40-70?! 70-100?");
	settle(story);
	lc_source_cut_piece(story->source, 30);
	ask(story);
	expect_ranges(story, "70-100?!");
}

static void a_piece_of_several_ranges_is_cut_between_or_within_them(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 30, 40);
	open_sure(story, 50, 60);
	lc_source_cut_piece(story->source, 35);
	ask(story);
	expect_ranges(story, "10-20! 30-40! 50-60");
	lc_source_unask(story->source);
	lc_source_cut_piece(story->source, 25);
	ask(story);
	expect_ranges(story, "10-20! 30-35! 35-40 50-60");
	lc_source_unask(story->source);
	/* What is opened across a cut joins it again. */
	open_sure(story, 33, 37);
	ask(story);
	expect_ranges(story, "10-20! 30-40! 50-60");
}

static void a_piece_that_is_short_enough_stays(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	lc_source_cut_piece(story->source, 10);
	expect_ranges(story, "10-20");
	lc_source_cut_piece(story->source, UINT32_MAX);
	expect_ranges(story, "10-20");
}

static void a_turn_has_about_so_many_rows(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 110);
	story->source->open_rows = 1000;
	lc_source_cut_turn(story->source, 1000);
	expect_ranges(story, "10-110");
	lc_source_cut_turn(story->source, 250);
	expect_ranges(story, "10-35 35-110");
	assert_false(lc_source_was_cut(story->source));
	/* What a query reads beside the turn is little of a source with many rows. */
	assert_int_equal(lc_source_spare_seconds(story->source), 10000 * 100 / 1000);
	ask(story);
	settle(story);
	expect_ranges(story, "35-110");
	assert_true(lc_source_was_cut(story->source));
	/* One second cannot be cut. */
	lc_source_cut_turn(story->source, 1);
	expect_ranges(story, "35-36 36-110");
	ask(story);
	settle(story);
	/* What is discovered next joins the rest. */
	open_sure(story, 110, 120);
	expect_ranges(story, "36-120");
}

static void a_turn_takes_no_more_than_the_first_piece(void **state)
{
	struct story *story = *state;

	open_sure(story, 10, 20);
	open_sure(story, 30000, 30100);
	story->source->open_rows = 220;
	lc_source_cut_turn(story->source, 100);
	expect_ranges(story, "10-20 30000-30100");
	ask(story);
	settle(story);
	assert_false(lc_source_was_cut(story->source));
	story->source->open_rows = 200;
	lc_source_cut_turn(story->source, 100);
	expect_ranges(story, "30000-30050 30050-30100");
	ask(story);
	settle(story);
	assert_true(lc_source_was_cut(story->source));
	ask(story);
	settle(story);
	assert_false(lc_source_was_cut(story->source));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(ranges_stand_in_order_however_they_were_opened),
	    STORY(a_turn_has_about_so_many_rows),
	    STORY(a_turn_takes_no_more_than_the_first_piece),
	    STORY(windows_that_follow_each_other_become_one_range),
	    STORY(unlike_neighbours_stay_apart),
	    STORY(seconds_opened_twice_are_open_once),
	    STORY(what_is_doubtful_in_either_stays_doubtful),
	    STORY(joined_ranges_are_as_old_as_the_older_one),
	    STORY(a_scan_asks_the_ledger_about_doubtful_seconds_alone),
	    STORY(ranges_that_lie_far_apart_are_read_one_after_the_other),
	    STORY(ranges_of_a_quiet_source_are_read_together),
	    STORY(a_flush_during_a_scan_is_not_forgotten),
	    STORY(only_seconds_that_were_asked_for_are_read),
	    STORY(a_range_read_whole_is_settled),
	    STORY(what_was_opened_during_a_scan_stays_open),
	    STORY(a_scan_cut_short_leaves_its_last_second_in_doubt),
	    STORY(settling_as_far_as_read_leaves_alone_what_was_not_asked),
	    STORY(settling_nothing_settles_nothing),
	    STORY(a_slot_is_touched_by_a_range_that_reaches_into_it),
	    STORY(ranges_are_widened_to_whole_slots),
	    STORY(no_range_is_widened_beyond_the_last_window),
	    STORY(ranges_at_the_end_of_time_are_widened_to_it),
	    STORY(what_is_not_open_is_not_widened),
	    STORY(the_ledger_gets_all_ranges_with_their_age),
	    STORY(a_piece_is_cut_and_the_rest_is_read_later),
	    STORY(a_piece_of_several_ranges_is_cut_between_or_within_them),
	    STORY(a_piece_that_is_short_enough_stays),
	    STORY(random_histories_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
