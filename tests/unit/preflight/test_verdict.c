/* How a verdict reads: what was found, then what to do. */
#include "preflight/verdict.h"

#include "support/story.h"

static void a_text_has_no_control_bytes(void **state)
{
	struct lc_verdict verdict;

	(void)state;
	lc_verdict_set(&verdict, LC_VERDICT_FAIL, "it says %s", "a\tb\nc\x1B[2J");
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_string_equal(verdict.text, "it says a b c [2J");
}

static void a_text_that_is_too_long_is_cut(void **state)
{
	struct lc_verdict verdict;

	(void)state;
	lc_verdict_set(&verdict, LC_VERDICT_OK, "%0*d", 2 * LC_VERDICT_TEXT_SIZE, 1);
	assert_int_equal(strlen(verdict.text), LC_VERDICT_TEXT_SIZE - 1);
}

static void the_advice_speaks_of_no_service_that_runs(void **state)
{
	(void)state;
	for (unsigned i = LC_FAULT_NONE + 1; i < LC_FAULT_COUNT; i++) {
		struct lc_buffer advice;
		const char *text;

		lc_buffer_init(&advice, 1000);
		lc_verdict_append_advice(&advice, i);
		text = lc_buffer_text(&advice);
		assert_true(advice.size > 10);
		assert_true(text[0] >= 'A' && text[0] <= 'Z');
		assert_int_equal(text[advice.size - 1], '.');
		assert_null(strstr(text, "log-courier-ctl"));
		assert_null(strstr(text, "resumes"));
		assert_null(strstr(text, "meanwhile"));
		lc_buffer_free(&advice);
	}
}

static void a_fault_is_the_servers_words_and_what_to_do(void **state)
{
	struct lc_verdict verdict;
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_REFUSED, "http://a:1: HTTP 403: no. \n");
	lc_verdict_set_fault(&verdict, &error, LC_FAULT_CLICKHOUSE_UNREACHABLE, "http://a:1");
	assert_int_equal(verdict.grade, LC_VERDICT_FAIL);
	assert_string_equal(verdict.text, "HTTP 403: no. Make sure that the servers of "
					  "clickhouse.url are running.");
	lc_verdict_set_failure(&verdict, &error, "http://a:12", "Mend it.");
	assert_string_equal(verdict.text, "http://a:1: HTTP 403: no. Mend it.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_has_no_control_bytes),
	    cmocka_unit_test(a_text_that_is_too_long_is_cut),
	    cmocka_unit_test(the_advice_speaks_of_no_service_that_runs),
	    cmocka_unit_test(a_fault_is_the_servers_words_and_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
