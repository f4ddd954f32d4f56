#include "formats/metrics_text.h"

#include "support/story.h"

#include <stdlib.h>

static char *render(const struct lc_metrics_text_shard *shards, size_t count)
{
	struct lc_buffer text;

	lc_buffer_init(&text, 1 << 20);
	lc_metrics_text_append(&text, LC_METRICS_TEXT_PROMETHEUS, shards, count);
	assert_non_null(lc_buffer_text(&text));
	return text.data;
}

/* Two shards whose numbers were counted. */
static char *render_example(void)
{
	static struct lc_counters counters[2];
	const struct lc_metrics_text_shard shards[] = {{.shard = 0, .counters = &counters[0]},
						       {.shard = 12, .counters = &counters[1]}};

	for (size_t i = 0; i < 2; i++)
		counters[i] = (struct lc_counters){.values = {0}};
	lc_counters_add(&counters[0], LC_COUNTERS_BATCHES_SUCCEEDED, 3);
	lc_counters_add(&counters[1], LC_COUNTERS_BATCHES_SUCCEEDED, UINT64_MAX);
	lc_counters_add(&counters[1], LC_COUNTERS_BATCHES_FAILED_TRANSIENT, 1);
	lc_counters_set(&counters[0], LC_COUNTERS_SOURCES, 250);
	lc_counters_observe(&counters[0], LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS, 0.0005);
	lc_counters_observe(&counters[0], LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS, 0.3);
	lc_counters_observe(&counters[0], LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS, 0.5);
	lc_counters_observe(&counters[0], LC_COUNTERS_HISTOGRAM_UPLOAD_SECONDS, 70);
	lc_counters_observe(&counters[1], LC_COUNTERS_HISTOGRAM_BUILD_BYTES, 2000000);
	return render(shards, 2);
}

static void assert_holds(const char *text, const char *lines)
{
	if (strstr(text, lines) == NULL)
		fail_msg("missing:\n%s", lines);
}

static void a_family_has_its_help_once_and_a_sample_for_each_label_and_shard(void **state)
{
	char *text = render_example();

	(void)state;
	assert_holds(
	    text,
	    "# HELP log_courier_batches_processed_total Log objects whose delivery ended, by how "
	    "it ended.\n"
	    "# TYPE log_courier_batches_processed_total counter\n"
	    "log_courier_batches_processed_total{shard=\"0\",status=\"success\"} 3\n"
	    "log_courier_batches_processed_total{shard=\"12\",status=\"success\"} "
	    "18446744073709551615\n"
	    "log_courier_batches_processed_total{shard=\"0\",status=\"failed_transient\"} 0\n"
	    "log_courier_batches_processed_total{shard=\"12\",status=\"failed_transient\"} 1\n"
	    "log_courier_batches_processed_total{shard=\"0\",status=\"failed_permanent\"} 0\n"
	    "log_courier_batches_processed_total{shard=\"12\",status=\"failed_permanent\"} 0\n"
	    "# HELP log_courier_records_delivered_total ");
	assert_holds(text,
		     "# TYPE log_courier_sources gauge\nlog_courier_sources{shard=\"0\"} 250\n"
		     "log_courier_sources{shard=\"12\"} 0\n# HELP ");
	free(text);
}

static void a_histogram_has_cumulative_buckets_a_sum_and_a_count(void **state)
{
	char *text = render_example();

	(void)state;
	assert_holds(
	    text,
	    "# TYPE log_courier_upload_duration_seconds histogram\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"0."
	    "001\"} 1\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"0.01\"}"
	    " 1\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"0.05\"}"
	    " 1\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"0.1\"} "
	    "1\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"0.5\"} "
	    "3\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"1\"} "
	    "3\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"2\"} "
	    "3\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"5\"} "
	    "3\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"10\"} "
	    "3\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"success\",le=\"+Inf\"}"
	    " 4\n"
	    "log_courier_upload_duration_seconds_sum{shard=\"0\",status=\"success\"} 70.800500\n"
	    "log_courier_upload_duration_seconds_count{shard=\"0\",status=\"success\"} 4\n"
	    "log_courier_upload_duration_seconds_bucket{shard=\"12\",status=\"success\",le=\"0."
	    "001\"} 0\n");
	/* the family's next row has no head of its own */
	assert_holds(
	    text, "log_courier_upload_duration_seconds_count{shard=\"12\",status=\"success\"} 0\n"
		  "log_courier_upload_duration_seconds_bucket{shard=\"0\",status=\"failed\","
		  "le=\"0.001\"} 0\n");
	assert_holds(
	    text, "log_courier_build_object_size_bytes_bucket{shard=\"12\",le=\"1048576\"} 0\n"
		  "log_courier_build_object_size_bytes_bucket{shard=\"12\",le=\"10485760\"} 1\n"
		  "log_courier_build_object_size_bytes_bucket{shard=\"12\",le=\"104857600\"} 1\n");
	free(text);
}

static void no_family_is_described_twice(void **state)
{
	char *text = render_example();

	(void)state;
	for (char *type = strstr(text, "# TYPE "); type != NULL;
	     type = strstr(type + 1, "# TYPE ")) {
		char name[128] = "";
		size_t size = strcspn(type + 7, " ") + 8;

		assert_true(size < sizeof name);
		memcpy(name, type, size);
		assert_null(strstr(type + 1, name));
	}
	free(text);
}

static void every_line_is_a_comment_or_a_sample(void **state)
{
	char *text = render_example();
	char *rest = text;
	size_t samples = 0;

	(void)state;
	for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
		char *end;

		if (strncmp(line, "# HELP log_courier_", 19) == 0 ||
		    strncmp(line, "# TYPE log_courier_", 19) == 0)
			continue;
		assert_int_equal(strncmp(line, "log_courier_", 12), 0);
		assert_non_null(strstr(line, "{shard=\""));
		assert_non_null(strstr(line, "\"} "));
		strtod(strstr(line, "\"} ") + 3, &end);
		assert_int_equal(*end, '\0');
		samples++;
	}
	assert_true(samples > (size_t)2 * LC_COUNTERS_COUNT);
	free(text);
}

static void without_shards_the_families_are_still_described(void **state)
{
	char *text = render(NULL, 0);

	(void)state;
	assert_holds(text, "# TYPE log_courier_cycles_total counter\n# HELP ");
	free(text);
}

static void a_help_text_is_escaped(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 4096);
	lc_metrics_text_append_family(&text, LC_METRICS_TEXT_PROMETHEUS, "log_courier_up", "gauge",
				      "a\\b\nc");
	assert_string_equal(lc_buffer_text(&text),
			    "# HELP log_courier_up a\\\\b\\nc\n# TYPE log_courier_up gauge\n");
	lc_buffer_free(&text);
}

static void openmetrics_names_a_counter_without_its_suffix_and_has_an_end(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 4096);
	lc_metrics_text_append_family(&text, LC_METRICS_TEXT_OPENMETRICS, "a_total", "counter",
				      "of \"it\"");
	lc_metrics_text_append_family(&text, LC_METRICS_TEXT_OPENMETRICS, "b_bytes", "gauge", "");
	lc_metrics_text_append_end(&text, LC_METRICS_TEXT_OPENMETRICS);
	lc_metrics_text_append_end(&text, LC_METRICS_TEXT_PROMETHEUS);
	assert_string_equal(lc_buffer_text(&text),
			    "# HELP a of \\\"it\\\"\n# TYPE a counter\n"
			    "# HELP b_bytes \n# TYPE b_bytes gauge\n# EOF\n");
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_family_has_its_help_once_and_a_sample_for_each_label_and_shard),
	    cmocka_unit_test(a_histogram_has_cumulative_buckets_a_sum_and_a_count),
	    cmocka_unit_test(no_family_is_described_twice),
	    cmocka_unit_test(every_line_is_a_comment_or_a_sample),
	    cmocka_unit_test(without_shards_the_families_are_still_described),
	    cmocka_unit_test(a_help_text_is_escaped),
	    cmocka_unit_test(openmetrics_names_a_counter_without_its_suffix_and_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
