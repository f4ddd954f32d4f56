#include "supervisor/process_usage.h"

#include "base/clock.h"
#include "support/story.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Beyond any that the kernel gives. */
enum { NOBODY = 1 << 30 };

static double own_cpu_seconds(void)
{
	struct rusage own;

	assert_int_equal(getrusage(RUSAGE_SELF, &own), 0);
	return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
	       (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
}

static void a_process_is_measured(void **state)
{
	struct lc_process_usage usage;
	double before;

	(void)state;
	while (own_cpu_seconds() < 0.2)
		;
	before = own_cpu_seconds();
	assert_true(lc_process_usage_read(getpid(), &usage));
	assert_true(usage.cpu_seconds > before - 0.05);
	assert_true(usage.cpu_seconds < own_cpu_seconds() + 0.05);
	assert_true(usage.resident_bytes > 100 * 1024);
	assert_true(usage.virtual_bytes > usage.resident_bytes);
	assert_true(usage.after_boot > 0);
}

static void a_process_may_have_any_name(void **state)
{
	static const char *const names[] = {"a) R (b", ") S 1 2 3", "((", "))))) "};
	struct lc_process_usage usage;
	struct lc_process_usage named;

	(void)state;
	assert_true(lc_process_usage_read(getpid(), &usage));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(prctl(PR_SET_NAME, names[i]), 0);
		assert_true(lc_process_usage_read(getpid(), &named));
		assert_true(named.after_boot == usage.after_boot);
	}
}

static void a_process_started_when_its_clock_says(void **state)
{
	double now = (double)lc_clock_wall_ms() / 1000;

	(void)state;
	assert_true(lc_process_usage_start_seconds() > now - 60);
	assert_true(lc_process_usage_start_seconds() <= now + 1);
}

static void descriptors_are_counted(void **state)
{
	struct lc_process_descriptors before;
	struct lc_process_descriptors after;
	struct rlimit limit;
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(lc_process_descriptors_read(getpid(), &before));
	assert_true(before.open >= 1);
	assert_true(before.most == limit.rlim_cur);
	fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0);
	assert_true(lc_process_descriptors_read(getpid(), &after));
	assert_int_equal(after.open, before.open + 1);
	close(fd);
}

static void totals_are_sums_but_of_descriptors_the_worst(void **state)
{
	struct lc_process_totals totals = {.cpu_seconds = 1, .virtual_bytes = 2};
	struct lc_process_usage usage;
	struct lc_process_descriptors own;

	(void)state;
	assert_true(lc_process_usage_read(getpid(), &usage));
	assert_true(lc_process_descriptors_read(getpid(), &own));
	lc_process_totals_add(&totals, getpid());
	assert_true(totals.cpu_seconds >= 1 + usage.cpu_seconds);
	assert_true(totals.virtual_bytes > usage.virtual_bytes / 2);
	assert_true(totals.resident_bytes > usage.resident_bytes / 2);
	assert_int_equal(totals.descriptors.open, own.open);
	assert_true(totals.descriptors.most == own.most);

	totals.descriptors = (struct lc_process_descriptors){.open = 9, .most = 10};
	lc_process_totals_add(&totals, getpid());
	assert_int_equal(totals.descriptors.open, 9);
}

static void a_process_that_is_gone_is_left_out(void **state)
{
	struct lc_process_totals totals = {.cpu_seconds = 1};
	struct lc_process_descriptors descriptors;
	struct lc_process_usage usage;

	(void)state;
	assert_false(lc_process_usage_read(NOBODY, &usage));
	assert_false(lc_process_descriptors_read(NOBODY, &descriptors));
	lc_process_totals_add(&totals, NOBODY);
	assert_true(totals.cpu_seconds == 1);
	assert_true(totals.resident_bytes == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_process_is_measured),
	    cmocka_unit_test(a_process_may_have_any_name),
	    cmocka_unit_test(a_process_started_when_its_clock_says),
	    cmocka_unit_test(descriptors_are_counted),
	    cmocka_unit_test(totals_are_sums_but_of_descriptors_the_worst),
	    cmocka_unit_test(a_process_that_is_gone_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
