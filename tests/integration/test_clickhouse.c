/* Queries to a real ClickHouse, named by LOG_COURIER_CLICKHOUSE_URL and its like; skipped without.
 */
#include "clients/clickhouse.h"

#include "support/clickhouse_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES(literal)                         \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

static void a_small_result_arrives(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	clickhouse_world_run(world, "SELECT 'x', 1 FORMAT TSV");
	clickhouse_world_assert_result(world, "x\t1\n");
	assert_int_equal(world->code, 0);
}

static void a_large_result_survives_pauses(void **state)
{
	enum { ROWS = 2000000 };
	struct clickhouse_world *world = clickhouse_world_of(state);

	world->pause_every = 1000000;
	clickhouse_world_run(
	    world, "SELECT number FROM numbers(2000000) ORDER BY number FORMAT RowBinary");
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->result.size, ROWS * sizeof(uint64_t));
	assert_true(world->pauses >= 10);
	assert_true(clickhouse_world_are_numbers(&world->result, 0));
}

static void text_parameters_arrive_byte_by_byte(void **state)
{
	static const struct lc_view texts[] = {
	    BYTES(""),
	    BYTES("plain"),
	    BYTES("a\tb\nc\rd"),
	    BYTES("back\\slash \\N \\t"),
	    BYTES("it's \"quoted\" `so`"),
	    BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
	    BYTES("%20+&=#?/;{x:String}"),
	    BYTES("\b\f\x01\x7f"),
	    BYTES("zero\0inside"),
	    BYTES("\xff\xfe not UTF-8"),
	};
	struct clickhouse_world *world = clickhouse_world_of(state);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lc_clickhouse_parameter parameter = {"x", texts[i]};
		struct lc_clickhouse_spec spec = {
		    .sql = lc_view_of("SELECT {x:String} FORMAT RowBinary"),
		    .parameters = &parameter,
		    .parameter_count = 1,
		};

		clickhouse_world_run_spec(world, &spec);
		assert_string_equal(world->error.message, "");
		assert_int_equal(world->result.size, texts[i].size + 1);
		assert_int_equal(world->result.data[0], (char)texts[i].size);
		assert_memory_equal(world->result.data + 1, texts[i].data, texts[i].size);
	}
}

static void typed_parameters_keep_their_milliseconds(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);
	struct lc_clickhouse_parameter parameters[] = {
	    {"time", lc_view_of("1700000000.123")},
	    {"second", lc_view_of("1700000000")},
	    {"sessions", lc_view_of("[1,65535]")},
	};
	struct lc_clickhouse_spec spec = {
	    .sql = lc_view_of("SELECT toUnixTimestamp64Milli({time:DateTime64(3)}), "
			      "toUnixTimestamp({second:DateTime}), "
			      "{sessions:Array(UInt16)} FORMAT TSV"),
	    .parameters = parameters,
	    .parameter_count = 3,
	};

	clickhouse_world_run_spec(world, &spec);
	clickhouse_world_assert_result(world, "1700000000123\t1700000000\t[1,65535]\n");
}

/* Runs a statement that changes tables. */
static void change(struct clickhouse_world *world, const char *sql)
{
	struct lc_clickhouse_spec spec = {.sql = lc_view_of(sql), .writes = true};

	clickhouse_world_run_spec(world, &spec);
	clickhouse_world_assert_result(world, "");
}

static void inserted_rows_are_there(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);
	struct lc_clickhouse_spec spec = {
	    .sql = lc_view_of("INSERT INTO clients_test (name, time) "
			      "SETTINGS distributed_foreground_insert=1 FORMAT TSV"),
	};

	change(world, "DROP TABLE IF EXISTS clients_test");
	change(world, "CREATE TABLE clients_test (name String, time DateTime64(3, 'UTC')) "
		      "ENGINE = MergeTree ORDER BY time");
	spec.data = lc_view_of("a\\tb\t2026-02-06 00:00:38.123\n\xc3\xa4\t1970-01-01 "
			       "00:00:00.001\n");
	clickhouse_world_run_spec(world, &spec);
	clickhouse_world_assert_result(world, "");
	clickhouse_world_run(
	    world, "SELECT name, toUnixTimestamp64Milli(time) FROM clients_test ORDER BY time "
		   "FORMAT TSV");
	clickhouse_world_assert_result(world, "\xc3\xa4\t1\na\\tb\t1770336038123\n");
	change(world, "DROP TABLE clients_test");
}

static void a_long_statement_is_taken(void **state)
{
	enum { SIZE = 250000 };
	struct clickhouse_world *world = clickhouse_world_of(state);
	struct lc_buffer sql;

	lc_buffer_init(&sql, SIZE + 100);
	lc_buffer_append_text(&sql, "SELECT length('");
	for (int i = 0; i < SIZE; i++)
		lc_buffer_append_char(&sql, 'x');
	lc_buffer_append_text(&sql, "') FORMAT TSV");
	clickhouse_world_run(world, lc_buffer_text(&sql));
	lc_buffer_free(&sql);
	clickhouse_world_assert_result(world, "250000\n");
}

static void another_url_takes_over(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);
	struct lc_clickhouse_spec spec = {.sql = lc_view_of("SELECT 1 FORMAT TSV")};
	bool failed = false;
	char urls[1000];

	snprintf(urls, sizeof(urls), "http://127.0.0.1:1,%s", getenv("LOG_COURIER_CLICKHOUSE_URL"));
	lc_clickhouse_free(world->clickhouse);
	world->clickhouse = clickhouse_world_client_of(
	    world, urls, clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_PASSWORD", ""));
	for (int i = 0; i < 5; i++) {
		spec.seat = lc_clickhouse_take_seat(world->clickhouse);
		clickhouse_world_run_spec(world, &spec);
		assert_int_equal(world->error.kind == LC_ERROR_NONE, spec.seat == 1);
		assert_false(failed && spec.seat == 0);
		failed = failed || spec.seat == 0;
	}
	assert_true(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLICKHOUSE_STORY(a_small_result_arrives),
	    CLICKHOUSE_STORY(a_large_result_survives_pauses),
	    CLICKHOUSE_STORY(text_parameters_arrive_byte_by_byte),
	    CLICKHOUSE_STORY(typed_parameters_keep_their_milliseconds),
	    CLICKHOUSE_STORY(inserted_rows_are_there),
	    CLICKHOUSE_STORY(a_long_statement_is_taken),
	    CLICKHOUSE_STORY(another_url_takes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
