/* How the checks of a preflight read. */
#include "formats/check_line.h"

#include "support/story.h"

static void a_line_has_grade_subject_and_text(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 1000);
	lc_check_line_append(&text, LC_VERDICT_FAIL, "logs table", "there is none. Make one.");
	lc_check_line_append(&text, LC_VERDICT_OK, "retention", "long enough");
	assert_string_equal(lc_buffer_text(&text), "FAIL  logs table: there is none. Make one.\n"
						   "ok    retention: long enough\n");
	lc_buffer_free(&text);
}

static void the_summary_names_the_grades_that_there_are(void **state)
{
	const size_t none[LC_VERDICT_GRADES + 1] = {0};
	const size_t counts[LC_VERDICT_GRADES + 1] = {
	    [LC_VERDICT_OK] = 17, [LC_VERDICT_FAIL] = 2, [LC_VERDICT_SKIP] = 3};
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 1000);
	lc_check_line_append_counts(&text, none);
	assert_int_equal(text.size, 0);
	lc_check_line_append_counts(&text, counts);
	assert_string_equal(lc_buffer_text(&text), "17 passed, 2 failed, 3 not checked");
	lc_buffer_free(&text);
}

static void a_grade_of_a_newer_release_is_shown_as_such(void **state)
{
	const size_t counts[LC_VERDICT_GRADES + 1] = {[LC_VERDICT_OK] = 1, [LC_VERDICT_GRADES] = 2};
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 1000);
	lc_check_line_append(&text, LC_VERDICT_GRADES, "retention", "long enough");
	assert_string_equal(lc_buffer_text(&text), "????  retention: long enough\n");
	lc_buffer_clear(&text);
	lc_check_line_append_counts(&text, counts);
	assert_string_equal(lc_buffer_text(&text),
			    "1 passed, 2 of a grade that only a newer release knows");
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_grade_subject_and_text),
	    cmocka_unit_test(the_summary_names_the_grades_that_there_are),
	    cmocka_unit_test(a_grade_of_a_newer_release_is_shown_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
