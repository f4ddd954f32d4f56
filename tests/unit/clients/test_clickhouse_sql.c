#include "clients/clickhouse_sql.h"

#include "support/story.h"

#include <string.h>

/* Reads a literal as ClickHouse's lexer does: it ends at the first bare quote; a backslash takes
 * the next byte with it, and \0 is a zero byte. Returns the bytes read, quotes included. */
static size_t read_literal(struct lc_view sql, char *out, size_t *out_size)
{
	size_t i = 1;

	assert_true(sql.size >= 2 && sql.data[0] == '\'');
	*out_size = 0;
	while (i < sql.size && sql.data[i] != '\'') {
		char c = sql.data[i++];

		if (c == '\\') {
			assert_true(i < sql.size);
			c = sql.data[i++];
			assert_true(c == '0' || c == '\\' || c == '\'');
			c = c == '0' ? '\0' : c;
		}
		out[(*out_size)++] = c;
	}
	assert_true(i < sql.size);
	return i + 1;
}

static void expect_literal(struct lc_view text)
{
	char read[1024];
	size_t size;
	struct lc_buffer sql;

	assert_true(text.size <= sizeof read);
	lc_buffer_init(&sql, 4096);
	lc_clickhouse_sql_append_literal(&sql, text);
	assert_int_equal(read_literal(lc_buffer_view(&sql), read, &size), sql.size);
	assert_int_equal(size, text.size);
	assert_memory_equal(read, text.data, size);
	assert_null(memchr(sql.data, '\0', sql.size));
	lc_buffer_free(&sql);
}

static void every_byte_stands_in_a_literal_as_itself(void **state)
{
	char all[512];

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	expect_literal((struct lc_view){.data = all, .size = sizeof all});
	for (size_t i = 0; i < 256; i++) {
		/* Alone, and before each byte that could change its meaning. */
		char pair[] = {(char)i, 0};

		expect_literal((struct lc_view){.data = pair, .size = 1});
		for (const char *next = "'\\0nx1"; *next != '\0'; next++) {
			pair[1] = *next;
			expect_literal((struct lc_view){.data = pair, .size = 2});
		}
		pair[1] = '\0';
		expect_literal((struct lc_view){.data = pair, .size = 2});
	}
}

static void a_literal_can_not_be_left_by_its_text(void **state)
{
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 1000);
	lc_clickhouse_sql_append_literal(&sql, lc_view_of("x\\'); DROP TABLE logs --"));
	assert_string_equal(lc_buffer_text(&sql), "'x\\\\\\'); DROP TABLE logs --'");
	lc_buffer_clear(&sql);
	lc_clickhouse_sql_append_literal(&sql, lc_view_of(""));
	assert_string_equal(lc_buffer_text(&sql), "''");
	lc_buffer_free(&sql);
}

static void the_settings_of_the_table_stand_in_one_list(void **state)
{
	struct lc_buffer sql;
	unsigned count = 0;

	(void)state;
	lc_buffer_init(&sql, 65536);
	lc_clickhouse_sql_append_settings(&sql);
	assert_memory_equal(sql.data, " SETTINGS limit=0, ", strlen(" SETTINGS limit=0, "));
	for (size_t i = 0; i < sql.size; i++)
		count += sql.data[i] == '=';
#define LC_ANSWER_SETTING(name, value) count--;
#include "tbl/answer_settings.h"
	assert_int_equal(count, 0);
	assert_true(sql.data[sql.size - 1] != ' ' && sql.data[sql.size - 1] != ',');
	lc_buffer_free(&sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte_stands_in_a_literal_as_itself),
	    cmocka_unit_test(a_literal_can_not_be_left_by_its_text),
	    cmocka_unit_test(the_settings_of_the_table_stand_in_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
