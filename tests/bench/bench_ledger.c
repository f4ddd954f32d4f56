/*
 * What the ledger costs: bytes on disk a row, log objects a second with each one's callback awaited
 * once it is durable, and the loop's time for a call. On the disk of TMPDIR (/tmp). Prints for each
 * figure its name, unit and value, with tabs between them.
 * Usage: bench_ledger [objects of 1,000 rows]
 */
#include "formats/taken_rows.h"
#include "ledger/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { START = 1700000000, SOURCES = 1000, KEY_SIZE = 128 };

struct run {
	struct lc_loop *loop;
	struct lc_ledger *ledger;
	struct lc_counters counters;
	struct lc_taken_rows blobs[2]; /* written in turn, so that hashes differ */
	uint64_t rows;                 /* of an object */
	uint64_t objects;
	uint64_t next;
	uint64_t done;
	uint64_t loop_ns; /* in the calls */
	uint64_t calls;
	unsigned inflight;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void fail(const char *text)
{
	fprintf(stderr, "bench_ledger: %s\n", text);
	exit(EXIT_FAILURE);
}

static void on_corrupt(void *context, const struct lc_error *error)
{
	(void)context;
	fail(error->message);
}

static void make_blobs(struct run *run)
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t hash = i + 1;

		lc_taken_rows_init(&run->blobs[i]);
		for (uint64_t row = 0; row < run->rows; row++) {
			hash = hash * UINT64_C(6364136223846793005) + 1442695040888963407;
			lc_taken_rows_add(&run->blobs[i], START + (uint32_t)(row * 60 / run->rows),
					  hash);
		}
	}
}

static void add_next(struct run *run);

static void on_durable(void *context)
{
	struct run *run = context;
	uint64_t id = ++run->done; /* in order */

	lc_ledger_set_delivered(run->ledger, id, run->blobs[0].second);
	if (run->next <= run->objects)
		add_next(run);
	else if (run->done == run->objects)
		lc_loop_stop(run->loop);
}

static void add_next(struct run *run)
{
	struct lc_taken_rows *rows = &run->blobs[run->next % 2];
	char bucket[32];
	char key[KEY_SIZE];
	uint64_t start;
	struct lc_ledger_intent intent = {
	    .id = run->next,
	    .source = {.raft_session_id = 1, .bucket = {.data = bucket}},
	    .target_bucket = lc_view_of("logs-of-a-customer"),
	    .target_prefix = lc_view_of("access/"),
	    .key = {.data = key},
	    .first_second = START,
	    .last_second = rows->second,
	    .rows = rows->total,
	    .bytes = rows->total * 900,
	    .taken_rows = lc_taken_rows_blob(rows),
	};

	intent.source.bucket.size =
	    (size_t)snprintf(bucket, sizeof bucket, "bucket-%" PRIu64, run->next % SOURCES);
	intent.key.size = (size_t)snprintf(
	    key, sizeof key, "access/2023-11-14-22-13-20-%016" PRIX64, run->next * 2654435761);
	run->next++;
	start = now_ns(CLOCK_MONOTONIC);
	lc_ledger_add_intent(run->ledger, &intent);
	lc_ledger_when_durable(run->ledger, on_durable, run);
	run->loop_ns += now_ns(CLOCK_MONOTONIC) - start;
	run->calls += 2;
}

static uint64_t file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void show(const struct run *run, const char *what, const char *unit, double value)
{
	printf("%" PRIu64 " rows an object, %u in flight: %s\t%s\t%.2f\n", run->rows, run->inflight,
	       what, unit, value);
}

static void measure(const char *path, uint64_t rows, uint64_t objects, unsigned inflight)
{
	struct lc_ledger_options options = {.path = path,
					    .shard = 0,
					    .shard_count = 1,
					    .retry_ms = 1000,
					    .gather_ms = LC_LEDGER_GATHER_MS};
	struct lc_ledger_state state = {0};
	struct run run = {.rows = rows, .objects = objects, .next = 1, .inflight = inflight};
	struct lc_error error;
	uint64_t start;
	uint64_t cpu;
	double seconds;

	make_blobs(&run);
	run.loop = lc_loop_new(&error);
	if (run.loop == NULL)
		fail(error.message);
	run.ledger =
	    lc_ledger_open(run.loop, &options, &run.counters, &state, on_corrupt, NULL, &error);
	if (run.ledger == NULL)
		fail(error.message);
	start = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	while (run.next <= inflight && run.next <= objects)
		add_next(&run);
	lc_loop_run(run.loop);
	seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	lc_ledger_close(run.ledger);
	lc_loop_free(run.loop);
	show(&run, "CPU", "ns/row", (double)cpu / (double)(objects * rows));
	show(&run, "on disk", "bytes/row", (double)file_size(path) / (double)(objects * rows));
	show(&run, "objects", "1/s", (double)objects / seconds);
	show(&run, "objects a commit", "",
	     (double)objects / (double)lc_counters_get(&run.counters, LC_COUNTERS_LEDGER_COMMITS));
	show(&run, "the loop's time for a call", "us",
	     (double)run.loop_ns / (double)run.calls / 1e3);
	lc_taken_rows_free(&run.blobs[0]);
	lc_taken_rows_free(&run.blobs[1]);
	if (unlink(path) != 0)
		fail("the ledger cannot be removed");
}

int main(int argc, char **argv)
{
	const char *temporary = getenv("TMPDIR");
	uint64_t objects = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000;
	char path[4096];

	snprintf(path, sizeof path, "%s/bench-ledger-%d.db", temporary == NULL ? "/tmp" : temporary,
		 (int)getpid());
	measure(path, 1, objects * 2, 64);
	measure(path, 10, objects * 2, 64);
	measure(path, 1000, objects / 10, 1);
	measure(path, 1000, objects, 16);
	measure(path, 1000, objects, 256);
	measure(path, 10000, objects / 10, 32);
	measure(path, 100000, objects / 100, 8);
	return EXIT_SUCCESS;
}
