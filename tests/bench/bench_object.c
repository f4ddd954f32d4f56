/*
 * What a log object costs: processor time a row to append it with its hash, and to bring the lines
 * into their order. The rows come as from ClickHouse: by insertedAt, and within a second by
 * startTime, which lies up to twenty seconds before it. Prints for each repetition of each part its
 * name, unit and value of a row, with tabs between them. Usage: bench_object [rounds]
 */
#include "base/counters.h"
#include "base/random.h"
#include "config/settings.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
#include "formats/row_hash.h"
#include "support/record_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 10000, SECONDS = 60, LATE_MS = 20000, REPETITIONS = 5 };

struct times {
	uint64_t append_ns;
	uint64_t seal_ns;
};

static int64_t starts[ROWS];

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
	const int64_t *a = left;
	const int64_t *b = right;

	return (*a > *b) - (*a < *b);
}

static void make_starts(int64_t first_ms)
{
	struct lc_random random;

	lc_random_seed(&random, 1);
	for (size_t i = 0; i < ROWS; i++)
		starts[i] = first_ms + (int64_t)(i * SECONDS / ROWS) * 1000 -
			    (int64_t)(lc_random_next(&random) % LATE_MS);
	for (size_t second = 0; second < SECONDS; second++)
		qsort(starts + second * ROWS / SECONDS, ROWS / SECONDS, sizeof(starts[0]), compare);
}

static void make_object(struct lc_object_table *table, struct lc_source *source,
			struct lc_target *target, struct times *times)
{
	struct lc_object *object = lc_object_new(table, source, target, NULL, 0);
	const struct lc_line_style style = {.region = lc_view_of("us-east-1")};
	struct lc_record record = record_rows_example();
	uint64_t began = cpu_ns();
	uint64_t appended;

	for (size_t i = 0; i < ROWS; i++) {
		record.start_time_ms = starts[i];
		record.bytes_sent.value = i;
		lc_object_append(object, &record, lc_row_hash(&record), &style);
	}
	appended = cpu_ns();
	lc_object_seal(object);
	times->append_ns += appended - began;
	times->seal_ns += cpu_ns() - appended;
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

int main(int argc, char **argv)
{
	const struct lc_target_policy policy = {.attempts = 1};
	const struct lc_settings settings = {.entry = 0};
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 50;
	struct lc_source_table *sources = lc_source_table_new();
	struct lc_target_table *targets = lc_target_table_new(&policy, &settings);
	struct lc_source *source = lc_source_get(sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	struct lc_target *target =
	    lc_target_table_get(targets, lc_view_of("amzn-s3-demo-logs"), lc_view_of("logs/"));
	struct lc_counters counters = {0};
	struct lc_object_table objects;

	if (rounds == 0) {
		fprintf(stderr, "usage: bench_object [rounds]\n");
		return 2;
	}
	lc_object_table_init(&objects, targets, &counters);
	make_starts(record_rows_example().start_time_ms);
	for (unsigned i = 0; i < REPETITIONS; i++) {
		struct times times = {0};

		for (unsigned round = 0; round < rounds; round++)
			make_object(&objects, source, target, &times);
		printf("hash, line and append\tns\t%.1f\n",
		       (double)times.append_ns / ROWS / rounds);
		printf("sort\tns\t%.1f\n", (double)times.seal_ns / ROWS / rounds);
	}
	lc_source_table_free(sources);
	lc_target_table_free(targets);
	return 0;
}
