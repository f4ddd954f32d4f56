/* Where a process was when it died, from its last breath to the words of whoever survives it. */
#include "supervisor/obituary.h"

#include "base/assert.h"
#include "support/story.h"
#include "worker/last_words.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FUNCTION_SIZE_MAX = 1024 }; /* bytes of code of one of the functions below */

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

/* A place that code must not be optimised past. */
static volatile sig_atomic_t the_sea;

__attribute__((noinline)) static void touch_nothing(void)
{
	volatile int *nothing = (volatile int *)((uintptr_t)the_sea + 64);

	*nothing = 1;
	the_sea = 1;
}

__attribute__((noinline)) static void go_deeper(void)
{
	volatile unsigned char room[4096];

	room[0] = (unsigned char)the_sea;
	if (the_sea < 1000) /* always */
		go_deeper();
	the_sea = room[0];
}

__attribute__((noinline)) static void spin(void)
{
	alarm(10); /* in case that nobody ends it */
	for (;;)
		the_sea++;
}

__attribute__((noinline)) static void break_a_rule(void)
{
	LC_ASSERT(the_sea == 1);
	the_sea = 2;
}

/* Lets a child do one thing that it does not survive; its wait status. The signal is sent to it
 * once it spins; 0: it ends by itself. */
static int live_and_die(struct lc_page *page, void (*live)(void), int signal_number)
{
	int status;
	pid_t pid;

	fflush(stdout);
	atomic_store(&page->phase, LC_PAGE_STARTING);
	lc_page_share(page);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL); /* cmocka's handler is the test's */
		lc_last_words_keep_in(page);
		atomic_store(&page->phase, LC_PAGE_READY);
		live();
		_exit(0);
	}
	lc_page_keep(page);
	while (signal_number != 0 && atomic_load(&page->phase) != LC_PAGE_READY)
		usleep(1000);
	if (signal_number != 0) {
		usleep(50000); /* into the loop: the phase is told right before it */
		kill(pid, signal_number);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Is one of the frames in the function? */
static bool has_frame_in(const struct lc_page_trace *trace, void (*function)(void))
{
	uintptr_t begin = (uintptr_t)function;

	for (unsigned i = 0; i < trace->size; i++) {
		if (trace->addresses[i] >= begin && trace->addresses[i] < begin + FUNCTION_SIZE_MAX)
			return true;
	}
	return false;
}

static void a_fault_tells_where_it_was(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;
	char text[LC_PAGE_LAST_WORDS_SIZE];

	assert_int_not_equal(live_and_die(page, touch_nothing, 0), 0);
	lc_page_trace(page, &trace);
	assert_true(trace.size > 1);
	assert_true(has_frame_in(&trace, touch_nothing));
	lc_page_last_words(page, text);
	assert_string_equal(text, "fault: invalid memory reference (SIGSEGV)");
}

static void a_stack_that_is_used_up_still_tells(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;

	assert_int_not_equal(live_and_die(page, go_deeper, 0), 0);
	lc_page_trace(page, &trace);
	assert_int_equal(trace.size, LC_PAGE_TRACE_MAX);
	assert_true(has_frame_in(&trace, go_deeper));
}

static void an_abort_from_outside_tells_of_the_loop_that_spins(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;
	char text[LC_PAGE_LAST_WORDS_SIZE];
	int status = live_and_die(page, spin, SIGABRT);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	lc_page_trace(page, &trace);
	assert_true(has_frame_in(&trace, spin));
	lc_page_last_words(page, text);
	assert_string_equal(text, "");
}

static void a_failed_assertion_keeps_its_words_and_tells_where(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;
	char text[LC_PAGE_LAST_WORDS_SIZE];
	int status = live_and_die(page, break_a_rule, 0);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	lc_page_trace(page, &trace);
	assert_true(has_frame_in(&trace, break_a_rule));
	lc_page_last_words(page, text);
	assert_non_null(strstr(text, "assertion failed: the_sea == 1"));
}

static void the_next_worker_begins_without_a_trace(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;

	live_and_die(page, touch_nothing, 0);
	lc_page_prepare(page, 0);
	lc_page_trace(page, &trace);
	assert_int_equal(trace.size, 0);
}

static void a_number_of_frames_that_can_not_be_is_cut(void **state)
{
	struct lc_page *page = *state;
	struct lc_page_trace trace;

	atomic_store(&page->trace_size, UINT32_MAX); /* a worker gone wrong */
	lc_page_trace(page, &trace);
	assert_int_equal(trace.size, LC_PAGE_TRACE_MAX);
}

/* A frame of our program stands at the offset that addr2line takes; one of nothing as it is. */
static void frames_are_told_by_module_and_offset(void **state)
{
	struct lc_page_trace trace = {.size = 3};
	struct lc_buffer text;
	char *tail;

	(void)state;
	trace.addresses[0] = 0x10;
	trace.addresses[1] = (uintptr_t)&getppid + 1;
	trace.addresses[2] = (uintptr_t)touch_nothing + 5;
	lc_buffer_init(&text, 4096);
	lc_obituary_append_trace(&trace, LC_PAGE_TRACE_MAX, false, &text);
	assert_true(strncmp(lc_buffer_text(&text), "0x10, libc.so.6+0x", 18) == 0);
	assert_non_null(strstr(lc_buffer_text(&text), "getppid, test_obituary_trace+0x"));
	lc_buffer_clear(&text);
	lc_obituary_append_trace(&trace, 3, true, &text);
	assert_true(strncmp(lc_buffer_text(&text), "test_obituary_trace+0x", 22) == 0);
	assert_true(strtoumax(lc_buffer_text(&text) + 11, &tail, 16) < trace.addresses[2]);
	lc_buffer_clear(&text);
	lc_obituary_append_trace(&trace, 0, true, &text);
	assert_int_equal(text.size, 0);
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_fault_tells_where_it_was),
	    STORY(a_stack_that_is_used_up_still_tells),
	    STORY(an_abort_from_outside_tells_of_the_loop_that_spins),
	    STORY(a_failed_assertion_keeps_its_words_and_tells_where),
	    STORY(the_next_worker_begins_without_a_trace),
	    STORY(a_number_of_frames_that_can_not_be_is_cut),
	    STORY(frames_are_told_by_module_and_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
