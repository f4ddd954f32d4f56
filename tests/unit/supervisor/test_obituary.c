#include "supervisor/obituary.h"

#include "support/story.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Wait statuses as Linux encodes them (bits/waitstatus.h). */
enum { EXITED_WITH_78 = 78 << 8, KILLED = SIGKILL, DUMPED = SIGSEGV | 0x80, REAL_TIME = 40 };

static void expect(int status, const char *reason, const char *last_words, const char *sentence)
{
	struct lc_page *page = lc_page_new(NULL);
	struct lc_obituary obituary;
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];

	assert_non_null(page);
	lc_page_prepare(page, 0);
	atomic_store(&page->phase, LC_PAGE_READY);
	lc_page_say_last_words(page, last_words);
	lc_obituary_compose(&obituary, 3, 4711, status, 12345, reason, page);
	lc_obituary_sentence(&obituary, text);
	assert_string_equal(text, sentence);
	lc_page_free(page);
}

static void each_end_has_its_sentence(void **state)
{
	(void)state;
	expect(EXITED_WITH_78, "", "s3.tls-ca-file does not load",
	       "worker 4711 exited with code 78 after 12.3 s, while ready: s3.tls-ca-file does not "
	       "load");
	expect(KILLED, "", "", "worker 4711 was ended by SIGKILL after 12.3 s, while ready");
	expect(DUMPED, "", "",
	       "worker 4711 was ended by SIGSEGV (core dumped) after 12.3 s, while ready");
	expect(REAL_TIME, "", "", "worker 4711 was ended by signal 40 after 12.3 s, while ready");
}

static void the_supervisors_reason_stands_before_the_last_words(void **state)
{
	(void)state;
	expect(SIGABRT, "gave no sign of life for 30 s", "",
	       "worker 4711 was ended by SIGABRT after 12.3 s, while ready: gave no sign of life "
	       "for 30 s");
	expect(SIGABRT, "gave no sign of life for 30 s", "so be it",
	       "worker 4711 was ended by SIGABRT after 12.3 s, while ready: gave no sign of life "
	       "for 30 s; so be it");
}

static void what_is_too_long_is_cut(void **state)
{
	struct lc_obituary obituary = {.phase = "ready", .status = SIGABRT};
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];

	(void)state;
	memset(obituary.reason, 'r', sizeof(obituary.reason) - 1);
	memset(obituary.last_words, 'w', sizeof(obituary.last_words) - 1);
	obituary.trace.size = LC_PAGE_TRACE_MAX;
	for (unsigned i = 0; i < LC_PAGE_TRACE_MAX; i++)
		obituary.trace.addresses[i] = (uintptr_t)&lc_obituary_sentence + 8;
	lc_obituary_sentence(&obituary, text);
	assert_true(strlen(text) < sizeof(text));
	assert_non_null(strstr(text, "www; at test_obituary+0x"));
}

static void an_exit_code_is_told_from_a_signal(void **state)
{
	(void)state;
	assert_int_equal(lc_obituary_exit_code(&(struct lc_obituary){.status = EXITED_WITH_78}),
			 78);
	assert_int_equal(lc_obituary_exit_code(&(struct lc_obituary){.status = 0}), 0);
	assert_int_equal(lc_obituary_exit_code(&(struct lc_obituary){.status = KILLED}), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_end_has_its_sentence),
	    cmocka_unit_test(the_supervisors_reason_stands_before_the_last_words),
	    cmocka_unit_test(what_is_too_long_is_cut),
	    cmocka_unit_test(an_exit_code_is_told_from_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
