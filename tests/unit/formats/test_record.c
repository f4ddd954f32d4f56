#include "formats/record.h"

#include "support/story.h"

static void the_columns_stand_between_markers_and_have_one_type_each(void **state)
{
	struct lc_buffer sql;
	const char *text;

	(void)state;
	lc_buffer_init(&sql, 65536);
	lc_record_append_columns(&sql, UINT64_MAX);
	text = lc_buffer_text(&sql);
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "toUInt64(18446744073709551615), toUInt32(raftSessionID), "
				      "CAST(bucketName, 'Nullable(String)'), "),
			 text);
	assert_string_equal(strstr(text, ", CAST(awsAccessKeyID"),
			    ", CAST(awsAccessKeyID, 'Nullable(String)'), "
			    "toUInt64(18446744073709551615)");
	lc_buffer_free(&sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_columns_stand_between_markers_and_have_one_type_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
