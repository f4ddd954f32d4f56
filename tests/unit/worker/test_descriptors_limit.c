/* The limit of open files. Each case is a process of its own, as a hard limit never rises again. */
#include "worker/descriptors.h"

#include "support/story.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHARDS = 4, CONNECTIONS = 64, RAISED = 0, REFUSED = 1, WRONG = 2 };

/* What a process with these limits gets, with so many uploads at a time. */
static int raise_from(rlim_t soft, rlim_t hard, int64_t uploads)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
	struct lc_settings settings;
	struct lc_error error;

	lc_settings_default(&settings);
	settings.limits_max_concurrent_uploads = uploads;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return WRONG;
	if (lc_descriptors_raise_limit(&settings, SHARDS, CONNECTIONS, &error))
		return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == hard ? RAISED
										       : WRONG;
	return error.kind == LC_ERROR_USAGE && strstr(error.message, "LimitNOFILE=") != NULL &&
		       strstr(error.message, "limits.max-concurrent-uploads") != NULL
		   ? REFUSED
		   : WRONG;
}

static int outcome(rlim_t soft, rlim_t hard, int64_t uploads)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(raise_from(soft, hard, uploads));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_limit_is_raised_as_far_as_it_may_be(void **state)
{
	(void)state;
	assert_int_equal(outcome(20, 1024, 16), RAISED);
	assert_int_equal(outcome(1024, 1024, 16), RAISED);
}

static void a_limit_below_what_the_settings_need_is_refused(void **state)
{
	(void)state;
	assert_int_equal(outcome(20, 100, 16), REFUSED);
	assert_int_equal(outcome(20, 1024, 1024), REFUSED);
}

static void more_shards_and_more_uploads_need_more(void **state)
{
	struct lc_settings settings;
	uint64_t few;

	(void)state;
	lc_settings_default(&settings);
	few = lc_descriptors_needed(&settings, 1, CONNECTIONS);
	assert_true(lc_descriptors_needed(&settings, 100, CONNECTIONS) > few + 500);
	settings.limits_max_concurrent_uploads = 1024;
	assert_true(lc_descriptors_needed(&settings, 1, CONNECTIONS) > few + 500);
	lc_settings_free(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_limit_is_raised_as_far_as_it_may_be),
	    cmocka_unit_test(a_limit_below_what_the_settings_need_is_refused),
	    cmocka_unit_test(more_shards_and_more_uploads_need_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
