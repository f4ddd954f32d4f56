#include "formats/offset.h"

#include "support/story.h"

static struct lc_offset offset(uint32_t inserted_at, int64_t start_time_ms, const char *req_id)
{
	return (struct lc_offset){.inserted_at = inserted_at,
				  .start_time_ms = start_time_ms,
				  .req_id = lc_view_of(req_id)};
}

static void offsets_are_ordered_as_tuples(void **state)
{
	const struct lc_offset ascending[] = {
	    offset(0, 0, ""),     offset(1, -5, "z"),       offset(1, 5, ""),
	    offset(1, 5, "a"),    offset(1, 5, "aa"),       offset(1, 5, "b"),
	    offset(1, 5, "\xC3"), offset(2, INT64_MIN, ""), offset(UINT32_MAX, INT64_MAX, ""),
	};
	const size_t count = sizeof ascending / sizeof ascending[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = lc_offset_compare(&ascending[i], &ascending[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void a_row_of_the_table_is_rowbinary(void **state)
{
	static const char expected[] = "\2ab\xFF\xFE\4\3\2\1\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\3r\0q";
	struct lc_offset of = offset(0x01020304, -2, "");
	struct lc_buffer rows;

	(void)state;
	of.req_id = (struct lc_view){.data = "r\0q", .size = 3};
	lc_buffer_init(&rows, 4096);
	lc_offset_append_row(&rows, lc_view_of("ab"), 0xFEFF, &of);
	assert_int_equal(rows.size, sizeof expected - 1);
	assert_memory_equal(rows.data, expected, rows.size);
	lc_offset_append_row(&rows, lc_view_of(""), 0, &of);
	assert_int_equal(rows.size, 2 * (sizeof expected - 1) - 2);
	lc_buffer_free(&rows);
}

static void a_long_name_takes_a_longer_length(void **state)
{
	struct lc_offset of = offset(0, 0, "");
	char name[300];
	struct lc_buffer rows;

	(void)state;
	memset(name, 'n', sizeof name);
	lc_buffer_init(&rows, 4096);
	lc_offset_append_row(&rows, (struct lc_view){.data = name, .size = sizeof name}, 1, &of);
	assert_int_equal(rows.size, 2 + sizeof name + 2 + 4 + 8 + 1);
	assert_memory_equal(rows.data, "\xAC\x02n", 3);
	lc_buffer_free(&rows);
}

static void the_columns_are_named_in_the_order_of_the_row(void **state)
{
	(void)state;
	assert_string_equal(lc_offset_columns(),
			    "(bucketName, raftSessionID, lastProcessedInsertedAt, "
			    "lastProcessedStartTime, lastProcessedReqId)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(offsets_are_ordered_as_tuples),
	    cmocka_unit_test(a_row_of_the_table_is_rowbinary),
	    cmocka_unit_test(a_long_name_takes_a_longer_length),
	    cmocka_unit_test(the_columns_are_named_in_the_order_of_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
