/* The shared page over the life and death of workers. */
#include "worker/page.h"

#include "base/assert.h"
#include "support/story.h"
#include "worker/last_words.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_up(void **state)
{
	*state = lc_page_new(NULL);
	return *state == NULL;
}

static int tear_down(void **state)
{
	lc_page_free(*state);
	return 0;
}

/* Forks a process that does one thing to the page; its wait status. */
static int live_and_die(struct lc_page *page, void (*live)(struct lc_page *page))
{
	int status;
	pid_t pid;

	fflush(stdout);
	lc_page_share(page);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGFPE, SIG_DFL); /* cmocka's handler is the test's */
		live(page);
		_exit(0);
	}
	lc_page_keep(page);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void count_and_beat(struct lc_page *page)
{
	lc_counters_add(&page->counters, LC_COUNTERS_RECORDS_DELIVERED, 5);
	lc_counters_set(&page->counters, LC_COUNTERS_PENDING_RECORDS, 7);
	lc_counters_observe(&page->counters, LC_COUNTERS_HISTOGRAM_CYCLE_SECONDS, 1.5);
	atomic_store(&page->heartbeat_ms, 99);
	atomic_store(&page->phase, LC_PAGE_READY);
}

static void what_a_worker_writes_outlives_it(void **state)
{
	struct lc_page *page = *state;

	assert_int_equal(live_and_die(page, count_and_beat), 0);
	assert_int_equal(lc_counters_get(&page->counters, LC_COUNTERS_RECORDS_DELIVERED), 5);
	assert_int_equal(lc_counters_get(&page->counters, LC_COUNTERS_PENDING_RECORDS), 7);
	assert_int_equal(atomic_load(&page->heartbeat_ms), 99);
	assert_string_equal(lc_page_phase_name(atomic_load(&page->phase)), "ready");
}

static void the_next_worker_finds_counters_but_no_gauges(void **state)
{
	struct lc_page *page = *state;

	assert_int_equal(live_and_die(page, count_and_beat), 0);
	lc_page_say_last_words(page, "x");
	lc_page_prepare(page, 1234);
	assert_int_equal(lc_counters_get(&page->counters, LC_COUNTERS_RECORDS_DELIVERED), 5);
	assert_int_equal(lc_counters_get(&page->counters, LC_COUNTERS_PENDING_RECORDS), 0);
	assert_int_equal(
	    atomic_load(
		&page->counters.histograms[LC_COUNTERS_HISTOGRAM_CYCLE_SECONDS].sum_millionths),
	    1500000);
	assert_int_equal(atomic_load(&page->heartbeat_ms), 1234);
	assert_int_equal(atomic_load(&page->phase), LC_PAGE_STARTING);
	assert_int_equal(atomic_load(&page->last_words[0]), 0);
}

static void last_words_of_any_length_are_cut_and_trimmed(void **state)
{
	struct lc_page *page = *state;
	char text[LC_PAGE_LAST_WORDS_SIZE];
	char longest[2 * LC_PAGE_LAST_WORDS_SIZE];

	lc_page_say_last_words(page, "assertion failed\r\n\n");
	lc_page_last_words(page, text);
	assert_string_equal(text, "assertion failed");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	lc_page_say_last_words(page, longest);
	lc_page_last_words(page, text);
	assert_int_equal(strlen(text), LC_PAGE_LAST_WORDS_SIZE - 1);
	for (size_t i = 0; i < LC_PAGE_LAST_WORDS_SIZE;
	     i++) /* a worker gone wrong: no terminator */
		atomic_store(&page->last_words[i], 'y');
	lc_page_last_words(page, text);
	assert_int_equal(strlen(text), LC_PAGE_LAST_WORDS_SIZE - 1);
}

static void fail_an_assertion(struct lc_page *page)
{
	lc_last_words_keep_in(page);
	LC_ASSERT(page == NULL);
}

static void a_failed_assertion_leaves_its_words(void **state)
{
	struct lc_page *page = *state;
	char text[LC_PAGE_LAST_WORDS_SIZE];
	int status = live_and_die(page, fail_an_assertion);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	lc_page_last_words(page, text);
	assert_non_null(strstr(text, "assertion failed: page == NULL"));
}

static void raise_a_fault(struct lc_page *page)
{
	lc_last_words_keep_in(page);
	raise(SIGFPE);
}

static void a_fault_leaves_its_words(void **state)
{
	struct lc_page *page = *state;
	char text[LC_PAGE_LAST_WORDS_SIZE];

	assert_int_not_equal(live_and_die(page, raise_a_fault), 0);
	lc_page_last_words(page, text);
	assert_string_equal(text, "fault: arithmetic (SIGFPE)");
}

static void forget_and_end(struct lc_page *page)
{
	lc_last_words_keep_in(page);
	lc_last_words_forget();
	signal(SIGFPE, SIG_IGN);
	raise(SIGFPE);
}

static void a_worker_that_has_ended_well_leaves_none(void **state)
{
	struct lc_page *page = *state;
	char text[LC_PAGE_LAST_WORDS_SIZE];

	assert_int_equal(live_and_die(page, forget_and_end), 0);
	lc_page_last_words(page, text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(what_a_worker_writes_outlives_it),
	    STORY(the_next_worker_finds_counters_but_no_gauges),
	    STORY(last_words_of_any_length_are_cut_and_trimmed),
	    STORY(a_failed_assertion_leaves_its_words),
	    STORY(a_fault_leaves_its_words),
	    STORY(a_worker_that_has_ended_well_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
