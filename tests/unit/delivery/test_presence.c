#include "delivery/presence.h"

#include "base/memory.h"
#include "delivery/discovery.h"
#include "delivery/query.h"
#include "formats/row_binary.h"
#include "support/delivery_world.h"
#include "support/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOW = 100000, /* ClickHouse's clock when the presence begins */
	BEAT_MS = 15 * 1000,
};

#define OTHER "00000000000000aa"

struct story {
	struct delivery_world world;
	struct lc_discovery *discovery;
	struct lc_presence *presence;
	unsigned rivals;
	struct lc_error rival;
};

static void on_rivalled(void *context, const struct lc_error *error)
{
	struct story *story = context;

	story->rivals++;
	story->rival = *error;
}

static void on_discovered(void *context, const struct lc_error *error)
{
	(void)context;
	assert_int_equal(error->kind, LC_ERROR_NONE);
}

static const struct lc_delivery_events EVENTS = {.rivalled = on_rivalled};

/* A discovery tells the clock, and has no window. */
static void tell_clock(struct story *story, uint32_t now)
{
	lc_discovery_start(story->discovery, 0, on_discovered, NULL);
	fake_clickhouse_send_clock(story->world.clickhouse, now);
	fake_clickhouse_end(story->world.clickhouse);
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));
	struct lc_delivery *delivery = &story->world.delivery;

	delivery_world_prepare(&story->world);
	delivery->shard = 3;
	delivery->shard_count = 4;
	delivery_world_begin(&story->world, 1);
	delivery->events = &EVENTS;
	delivery->context = story;
	delivery->state.until = NOW;
	story->discovery = lc_discovery_new(delivery);
	delivery->discovery = story->discovery;
	story->presence = lc_presence_new(delivery);
	tell_clock(story, NOW);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_presence_free(story->presence);
	lc_discovery_free(story->discovery);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

/* The row that is being written. */
static struct lc_offset own_row(const struct story *story, char bucket[32], uint32_t *session)
{
	struct lc_row_binary_reader reader =
	    lc_row_binary_reader_of(fake_clickhouse_data(story->world.clickhouse));
	struct lc_view name = lc_row_binary_text(&reader);
	struct lc_offset offset;

	snprintf(bucket, 32, "%.*s", (int)name.size, name.data);
	*session = (uint32_t)lc_row_binary_number(&reader, 2);
	offset.inserted_at = (uint32_t)lc_row_binary_number(&reader, 4);
	offset.start_time_ms = (int64_t)lc_row_binary_number(&reader, 8);
	offset.req_id = lc_row_binary_text(&reader);
	assert_int_equal(reader.state, LC_ROW_BINARY_GOOD);
	assert_ptr_equal(reader.next, reader.end);
	return offset;
}

static void expect_look(const struct story *story)
{
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "bucketName = '" LC_QUERY_PRESENCE_BUCKET "'"));
}

/* All rows of others have been read; now the own one is written. */
static void show(struct story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	if (story->rivals > 0)
		return;
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "INSERT INTO"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void send_row(struct story *story, uint32_t since, const char *name)
{
	struct lc_discovery_row row = {
	    .raft_session_id = 3,
	    .bucket = lc_view_of(LC_QUERY_PRESENCE_BUCKET),
	    .rows = 1,
	    .floor = {.start_time_ms = (int64_t)since * 1000, .req_id = lc_view_of(name)},
	};

	fake_clickhouse_send_found(story->world.clickhouse, &row);
}

/* A beat, at which another life, begun at `since`, is seen with this number. */
static void beat(struct story *story, uint32_t since, unsigned number)
{
	char name[64];

	fake_loop_advance(story->world.loop, BEAT_MS);
	expect_look(story);
	snprintf(name, sizeof(name), OTHER " %010u elsewhere", number);
	send_row(story, since, name);
	show(story);
}

static void begin(struct story *story)
{
	lc_presence_begin(story->presence);
	fake_loop_advance(story->world.loop, 0);
	expect_look(story);
	show(story);
}

static void a_life_shows_itself_in_a_row_that_is_no_offset(void **state)
{
	struct story *story = *state;
	struct lc_offset row;
	char bucket[32];
	uint32_t session;

	lc_presence_begin(story->presence);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 0);
	expect_look(story);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "raftSessionID % 4 = 3"));
	fake_clickhouse_end(story->world.clickhouse);
	row = own_row(story, bucket, &session);
	assert_string_equal(bucket, "/log-courier");
	assert_int_equal(session, 3);
	assert_int_equal(row.inserted_at, 0);
	assert_int_equal(row.start_time_ms, (int64_t)NOW * 1000);
	assert_memory_equal(row.req_id.data + 16, " 0000000001 ", 12);
	fake_clickhouse_end(story->world.clickhouse);

	fake_loop_advance(story->world.loop, BEAT_MS - 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 1);
	fake_clickhouse_end(story->world.clickhouse);
	row = own_row(story, bucket, &session);
	assert_memory_equal(row.req_id.data + 16, " 0000000002 ", 12);
}

static void what_has_begun_does_not_begin_again(void **state)
{
	struct story *story = *state;

	begin(story);
	lc_presence_begin(story->presence);
	fake_loop_advance(story->world.loop, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void of_two_that_live_the_later_one_stops(void **state)
{
	struct story *story = *state;

	begin(story);
	beat(story, NOW - 500, 7);
	beat(story, NOW - 500, 8);
	assert_int_equal(story->rivals, 0);
	beat(story, NOW - 500, 9);
	assert_int_equal(story->rivals, 1);
	assert_int_equal(story->rival.kind, LC_ERROR_CONFLICT);
	assert_non_null(strstr(story->rival.message, "on elsewhere"));
	assert_non_null(strstr(story->rival.message, "shard 3 of 4"));
	fake_loop_advance(story->world.loop, 10 * BEAT_MS);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void the_earlier_one_goes_on(void **state)
{
	struct story *story = *state;

	begin(story);
	for (unsigned i = 0; i < 5; i++)
		beat(story, NOW + 1, i);
	assert_int_equal(story->rivals, 0);
}

static void a_life_that_has_ended_is_no_rival(void **state)
{
	struct story *story = *state;

	begin(story);
	for (unsigned i = 0; i < 5; i++)
		beat(story, NOW - 500, 7);
	assert_int_equal(story->rivals, 0);
}

/* The last statement of a life that was killed may be carried out when its successor lives. */
static void a_row_that_comes_late_is_no_sign_of_life(void **state)
{
	struct story *story = *state;

	begin(story);
	beat(story, NOW - 500, 7);
	for (unsigned i = 0; i < 5; i++)
		beat(story, NOW - 500, 8);
	/* A replica that is late shows an older one. */
	for (unsigned i = 0; i < 5; i++)
		beat(story, NOW - 500, i % 2 == 0 ? 7 : 8);
	assert_int_equal(story->rivals, 0);
}

static void rows_that_nobody_of_us_has_written_are_not_looked_at(void **state)
{
	static const char *const NAMES[] = {
	    "",
	    "short",
	    "00000000000000AA 0000000001 upper case",
	    "00000000000000aa 000000000x a letter",
	    "00000000000000aa-0000000001 no blank",
	    "00000000000000aa 0000000001",
	    "-0000000000000aa 0000000001 a sign",
	};
	struct story *story = *state;

	begin(story);
	for (unsigned i = 0; i < 4; i++) {
		fake_loop_advance(story->world.loop, BEAT_MS);
		for (size_t j = 0; j < sizeof(NAMES) / sizeof(NAMES[0]); j++)
			send_row(story, i, NAMES[j]);
		show(story);
	}
	assert_int_equal(story->rivals, 0);
}

static void failures_are_waited_out(void **state)
{
	struct story *story = *state;

	begin(story);
	beat(story, NOW - 500, 7);
	fake_loop_advance(story->world.loop, BEAT_MS);
	fake_clickhouse_break(story->world.clickhouse);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "INSERT INTO"));
	fake_clickhouse_break(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	beat(story, NOW - 500, 8);
	assert_int_equal(story->rivals, 0);
	beat(story, NOW - 500, 9);
	assert_int_equal(story->rivals, 1);
}

static void many_lives_that_have_ended_are_bounded(void **state)
{
	struct story *story = *state;
	char name[64];

	begin(story);
	for (unsigned round = 0; round < 4; round++) {
		fake_loop_advance(story->world.loop, BEAT_MS);
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "%016x %010u elsewhere", i, 7u);
			send_row(story, NOW - 500, name);
		}
		show(story);
	}
	assert_int_equal(story->rivals, 0);
}

/* Once, they kept those that came later from being noticed. */
static void lives_whose_rows_are_gone_are_forgotten(void **state)
{
	struct story *story = *state;
	char name[64];

	begin(story);
	fake_loop_advance(story->world.loop, BEAT_MS);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%016x %010u elsewhere", i + 0x1000, 7u);
		send_row(story, NOW - 500, name);
	}
	show(story);
	for (unsigned i = 0; i < 8; i++) {
		fake_loop_advance(story->world.loop, BEAT_MS);
		expect_look(story);
		show(story);
	}
	for (unsigned i = 0; i < 3; i++)
		beat(story, NOW - 500, i);
	assert_int_equal(story->rivals, 1);
}

/* All shards together insert once a second at most. */
static void many_shards_show_themselves_less_often(void **state)
{
	struct story *story = *state;

	lc_presence_free(story->presence);
	story->world.delivery.shard_count = 348;
	story->presence = lc_presence_new(&story->world.delivery);
	begin(story);
	fake_loop_advance(story->world.loop, 348 * 1000 - 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 1);
	show(story);
}

static void who_stops_is_not_seen_any_more(void **state)
{
	struct story *story = *state;

	begin(story);
	fake_loop_advance(story->world.loop, BEAT_MS);
	lc_presence_stop(story->presence);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 10 * BEAT_MS);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_life_shows_itself_in_a_row_that_is_no_offset),
	    STORY(what_has_begun_does_not_begin_again),
	    STORY(of_two_that_live_the_later_one_stops),
	    STORY(the_earlier_one_goes_on),
	    STORY(a_life_that_has_ended_is_no_rival),
	    STORY(a_row_that_comes_late_is_no_sign_of_life),
	    STORY(rows_that_nobody_of_us_has_written_are_not_looked_at),
	    STORY(failures_are_waited_out),
	    STORY(many_lives_that_have_ended_are_bounded),
	    STORY(lives_whose_rows_are_gone_are_forgotten),
	    STORY(many_shards_show_themselves_less_often),
	    STORY(who_stops_is_not_seen_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
