#include "base/crash_point.h"

#include "support/story.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void name_point(const char *at, const char *count)
{
	setenv("LOG_COURIER_TEST_CRASH_AT", at, 1);
	if (count == NULL)
		unsetenv("LOG_COURIER_TEST_CRASH_COUNT");
	else
		setenv("LOG_COURIER_TEST_CRASH_COUNT", count, 1);
}

/* How often a child passes the point before it dies there; `limit` when it lives. */
static int passes(enum lc_crash_point_name name, int limit)
{
	int ends[2];
	char bytes[16];
	ssize_t size;
	int status;
	pid_t pid;

	assert_true(limit < (int)sizeof bytes);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < limit; i++) {
			lc_crash_point_reach(name);
			if (write(ends[1], ".", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	size = read(ends[0], bytes, sizeof bytes);
	close(ends[0]);
	if (size < limit)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	else
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return (int)size;
}

static void nothing_happens_at_points_that_are_not_named(void **state)
{
	(void)state;
	unsetenv("LOG_COURIER_TEST_CRASH_AT");
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
	name_point("move.rename", NULL);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
	name_point("move.renamedX", NULL);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
	name_point("move.built", NULL);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
}

static void the_process_dies_at_the_named_time(void **state)
{
	(void)state;
	name_point("move.renamed", NULL);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 5), 0);
	name_point("move.renamed:4", NULL);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 5), 3);
}

static void times_are_counted_over_restarts_and_it_happens_once(void **state)
{
	char path[] = "/tmp/lc-crash-XXXXXX";

	(void)state;
	assert_true(close(mkstemp(path)) == 0);
	name_point("move.renamed:4", path);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_BUILT, 3), 3);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 0);
	assert_int_equal(passes(LC_CRASH_POINT_MOVE_RENAMED, 3), 3);
	unlink(path);
}

static void each_point_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < LC_CRASH_POINT_COUNT; i++) {
		for (int j = 0; j < i; j++)
			assert_string_not_equal(lc_crash_point_text((enum lc_crash_point_name)i),
						lc_crash_point_text((enum lc_crash_point_name)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_happens_at_points_that_are_not_named),
	    cmocka_unit_test(the_process_dies_at_the_named_time),
	    cmocka_unit_test(times_are_counted_over_restarts_and_it_happens_once),
	    cmocka_unit_test(each_point_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
