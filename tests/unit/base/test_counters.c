#include "base/counters.h"

#include "base/buffer.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static struct lc_counters counters;

static int set_up(void **state)
{
	(void)state;
	memset(&counters, 0, sizeof counters);
	return 0;
}

static const struct lc_counters_description *row_of(size_t i)
{
	return &LC_COUNTERS_DESCRIPTIONS[i];
}

static const struct lc_counters_histogram_description *histogram_of(size_t i)
{
	return &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i];
}

static bool same_family(size_t a, size_t b)
{
	return strcmp(row_of(a)->family, row_of(b)->family) == 0;
}

static uint64_t bucket(enum lc_counters_histogram histogram, size_t i)
{
	return atomic_load(&counters.histograms[histogram].buckets[i]);
}

static uint64_t sum(enum lc_counters_histogram histogram)
{
	return atomic_load(&counters.histograms[histogram].sum_millionths);
}

/* The characters that Prometheus allows, with our prefix. */
static void expect_name(const char *family)
{
	assert_int_equal(strncmp(family, "log_courier_", 12), 0);
	assert_int_equal(strspn(family, LETTERS DIGITS "_"), strlen(family));
	assert_null(strstr(family, "__"));
	assert_true(family[strlen(family) - 1] != '_');
}

/* name="value" with a plain value; several are not in use. */
static void expect_labels(const char *labels)
{
	size_t name = strspn(labels, LETTERS "_");
	size_t value;

	if (labels[0] == '\0')
		return;
	assert_true(name > 0);
	assert_int_equal(strncmp(labels + name, "=\"", 2), 0);
	value = strspn(labels + name + 2, LETTERS "_");
	assert_true(value > 0);
	assert_string_equal(labels + name + 2 + value, "\"");
	assert_true(strncmp(labels, "shard=", 6) != 0);
}

static void every_name_and_label_is_one_that_prometheus_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		expect_name(row_of(i)->family);
		expect_labels(row_of(i)->labels);
	}
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		expect_name(histogram_of(i)->family);
		expect_labels(histogram_of(i)->labels);
	}
}

static void rows_of_a_family_stand_together_and_differ_in_their_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!same_family(i, j))
				continue;
			for (size_t between = j + 1; between < i; between++)
				assert_true(same_family(between, i));
			assert_int_equal(row_of(i)->kind, row_of(j)->kind);
			assert_string_not_equal(row_of(i)->labels, row_of(j)->labels);
			assert_true(row_of(j)->labels[0] != '\0');
		}
	}
}

static void histograms_of_one_name_stand_together_and_differ_in_their_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(histogram_of(i)->family, histogram_of(j)->family) != 0)
				continue;
			assert_int_equal(j, i - 1);
			assert_string_not_equal(histogram_of(i)->labels, histogram_of(j)->labels);
			assert_true(histogram_of(j)->labels[0] != '\0');
		}
		for (size_t j = 0; j < LC_COUNTERS_COUNT; j++)
			assert_string_not_equal(histogram_of(i)->family, row_of(j)->family);
	}
}

static void every_family_is_explained_by_its_first_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const char *help = row_of(i)->help;

		if (i == 0 || !same_family(i, i - 1))
			assert_true(strlen(help) > 10 && help[strlen(help) - 1] == '.');
		else
			assert_string_equal(help, "");
	}
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const char *help = histogram_of(i)->help;

		if (i > 0 && strcmp(histogram_of(i)->family, histogram_of(i - 1)->family) == 0)
			assert_string_equal(help, "");
		else
			assert_true(strlen(help) > 10 && help[strlen(help) - 1] == '.');
	}
}

static void what_only_grows_is_called_a_total(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const char *family = row_of(i)->family;

		if (row_of(i)->kind == LC_COUNTERS_KIND_COUNTER)
			assert_string_equal(family + strlen(family) - 6, "_total");
	}
}

static void bounds_ascend_and_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const struct lc_counters_histogram_description *histogram = histogram_of(i);

		assert_in_range(histogram->bound_count, 1, LC_COUNTERS_BOUNDS_MAX);
		assert_true(histogram->bounds[0] > 0);
		for (size_t bound = 1; bound < histogram->bound_count; bound++)
			assert_true(histogram->bounds[bound - 1] < histogram->bounds[bound]);
	}
}

static void counters_grow_and_gauges_are_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		enum lc_counters_name name = (enum lc_counters_name)i;

		assert_int_equal(lc_counters_get(&counters, name), 0);
		if (row_of(i)->kind == LC_COUNTERS_KIND_COUNTER) {
			lc_counters_add(&counters, name, i + 1);
			lc_counters_add(&counters, name, 0);
			lc_counters_add(&counters, name, 1000);
			assert_int_equal(lc_counters_get(&counters, name), i + 1001);
		} else {
			lc_counters_set(&counters, name, 5);
			lc_counters_set(&counters, name, i);
			assert_int_equal(lc_counters_get(&counters, name), i);
		}
	}
	/* None has touched another. */
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++)
		assert_int_equal(lc_counters_get(&counters, (enum lc_counters_name)i),
				 row_of(i)->kind == LC_COUNTERS_KIND_COUNTER ? i + 1001 : i);
}

static void a_value_falls_into_the_first_bucket_that_holds_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const struct lc_counters_histogram_description *histogram = histogram_of(i);
		enum lc_counters_histogram name = (enum lc_counters_histogram)i;
		size_t count = histogram->bound_count;

		/* A bound belongs to its own bucket, what is over it to the next. */
		lc_counters_observe(&counters, name, 0);
		for (size_t bound = 0; bound < count; bound++) {
			lc_counters_observe(&counters, name, histogram->bounds[bound]);
			lc_counters_observe(&counters, name,
					    nextafter(histogram->bounds[bound], INFINITY));
		}
		for (size_t at = 0; at < count; at++)
			assert_int_equal(bucket(name, at), 2);
		assert_int_equal(bucket(name, count), 1);
		for (size_t at = count + 1; at <= LC_COUNTERS_BOUNDS_MAX; at++)
			assert_int_equal(bucket(name, at), 0);
	}
}

static void observations_are_summed_to_the_millionth(void **state)
{
	const enum lc_counters_histogram name = LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS;

	(void)state;
	lc_counters_observe(&counters, name, 0.25);
	lc_counters_observe(&counters, name, 3);
	lc_counters_observe(&counters, name, 0.5000000001);
	assert_int_equal(sum(name), 3750000);
}

static void an_enormous_observation_is_counted_like_any_other(void **state)
{
	const enum lc_counters_histogram name = LC_COUNTERS_HISTOGRAM_LAG_SECONDS;
	size_t last = histogram_of(LC_COUNTERS_HISTOGRAM_LAG_SECONDS)->bound_count;

	(void)state;
	lc_counters_observe(&counters, name, 9.3e15);
	assert_int_equal(bucket(name, last), 1);
	lc_counters_observe(&counters, name, INFINITY);
	assert_int_equal(bucket(name, last), 2);
}

static void observe(void *context)
{
	const double *value = context;

	lc_counters_observe(&counters, LC_COUNTERS_HISTOGRAM_LAG_SECONDS, *value);
}

static void a_negative_observation_is_a_bug_of_ours(void **state)
{
	double values[] = {-0.001, -INFINITY, NAN};
	struct lc_buffer said;

	(void)state;
	lc_buffer_init(&said, 100000);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		int status = stderr_capture_child(&said, observe, &values[i]);

		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
	lc_buffer_free(&said);
}

static void expect_complaint(unsigned fault, const char *words)
{
	char text[LC_COUNTERS_WORDS_SIZE];

	assert_int_equal(lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_S3, text), fault);
	assert_string_equal(text, words);
}

static void a_complaint_is_kept_in_its_own_words(void **state)
{
	char text[2 * LC_COUNTERS_WORDS_SIZE];
	char read[LC_COUNTERS_WORDS_SIZE];

	(void)state;
	expect_complaint(0, "");
	lc_counters_complain(&counters, LC_COUNTERS_COMPLAINT_S3, 3, "HTTP 301\r\n\033[2Jx\x7F\n");
	expect_complaint(3, "HTTP 301   [2Jx");
	/* cut between two characters: \xC3\xA9 takes two bytes */
	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	text[sizeof(text) - 1] = '\0';
	lc_counters_complain(&counters, LC_COUNTERS_COMPLAINT_S3, 3, text);
	lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_S3, read);
	assert_int_equal(strlen(read), LC_COUNTERS_WORDS_SIZE - 1);
	assert_memory_equal(read, text, LC_COUNTERS_WORDS_SIZE - 1);
	text[0] = '\0';
	memmove(text, text + 1, sizeof(text) - 1);
	lc_counters_complain(&counters, LC_COUNTERS_COMPLAINT_S3, 3, text);
	lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_S3, read);
	assert_int_equal(strlen(read), LC_COUNTERS_WORDS_SIZE - 2);
	lc_counters_complain(&counters, LC_COUNTERS_COMPLAINT_S3, 0, "");
	expect_complaint(0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY_SET_UP(every_name_and_label_is_one_that_prometheus_reads),
	    STORY_SET_UP(rows_of_a_family_stand_together_and_differ_in_their_labels),
	    STORY_SET_UP(histograms_of_one_name_stand_together_and_differ_in_their_labels),
	    STORY_SET_UP(every_family_is_explained_by_its_first_row),
	    STORY_SET_UP(what_only_grows_is_called_a_total),
	    STORY_SET_UP(bounds_ascend_and_fit),
	    STORY_SET_UP(counters_grow_and_gauges_are_set),
	    STORY_SET_UP(a_value_falls_into_the_first_bucket_that_holds_it),
	    STORY_SET_UP(observations_are_summed_to_the_millionth),
	    STORY_SET_UP(an_enormous_observation_is_counted_like_any_other),
	    STORY_SET_UP(a_negative_observation_is_a_bug_of_ours),
	    STORY_SET_UP(a_complaint_is_kept_in_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
