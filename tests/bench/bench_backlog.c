/*
 * What the ledger costs when a target has been blocked for three days: log objects recorded a
 * second, opening it, and dropping what is older than the horizon while the objects of that target
 * have to stay. On the disk of TMPDIR (/tmp). Prints for each figure its name, unit and value, with
 * tabs between them.
 * Usage: bench_backlog [open intents]
 */
#include "formats/taken_rows.h"
#include "ledger/store.h"
#include "ledger/store_hours.h"
#include "ledger/store_objects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { HOUR = 3600, HOURS = 72, START = 1700000000 / HOUR * HOUR, SOURCES = 1000, BATCH = 1000 };

struct run {
	struct lc_ledger_options options;
	struct lc_ledger_state state;
	struct lc_store *store;
	struct lc_error error;
	uint64_t intents; /* of the blocked target, and as many of another one */
	double longest;   /* transaction, s */
	double total;     /* of all transactions */
};

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void show(const char *what, const char *unit, double value)
{
	printf("%s\t%s\t%.3f\n", what, unit, value);
}

static void must(struct run *run, bool done)
{
	if (done)
		return;
	fprintf(stderr, "bench_backlog: %s\n", run->error.message);
	exit(EXIT_FAILURE);
}

static double begin(struct run *run)
{
	double start = now(CLOCK_MONOTONIC);

	must(run, lc_store_begin(run->store, &run->error));
	return start;
}

static void commit(struct run *run, double start)
{
	double seconds;

	must(run, lc_store_commit(run->store, &run->error));
	seconds = now(CLOCK_MONOTONIC) - start;
	run->total += seconds;
	run->longest = seconds > run->longest ? seconds : run->longest;
	must(run, lc_store_checkpoint(run->store, &run->error));
}

static void open_store(struct run *run)
{
	double start = now(CLOCK_MONOTONIC);
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	run->state = (struct lc_ledger_state){.fresh = false};
	run->store = lc_store_open(&run->options, &run->state, &run->error);
	must(run, run->store != NULL);
	show("opening the ledger", "s", now(CLOCK_MONOTONIC) - start);
	show("opening the ledger, CPU", "s", now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

/* A row in each; ids grow with the time. */
static uint32_t second_of(const struct run *run, uint64_t id)
{
	return START + (uint32_t)(id * HOURS * HOUR / (2 * run->intents + 1));
}

static void add(struct run *run, uint64_t id)
{
	struct lc_taken_rows rows;
	char bucket[32];
	char key[96];
	struct lc_ledger_intent intent = {
	    .id = id,
	    .source = {.raft_session_id = 1, .bucket = {.data = bucket}},
	    .target_bucket = lc_view_of(id % 2 == 0 ? "logs-of-a-customer" : "logs-of-another"),
	    .target_prefix = lc_view_of("access/"),
	    .key = {.data = key},
	    .first_second = second_of(run, id),
	    .last_second = second_of(run, id),
	    .rows = 1,
	    .bytes = 900,
	};

	lc_taken_rows_init(&rows);
	lc_taken_rows_add(&rows, intent.first_second, id * UINT64_C(0x9E3779B97F4A7C15));
	intent.taken_rows = lc_taken_rows_blob(&rows);
	intent.source.bucket.size =
	    (size_t)snprintf(bucket, sizeof bucket, "bucket-%" PRIu64, id * 7 % SOURCES);
	intent.key.size = (size_t)snprintf(
	    key, sizeof key, "access/2023-11-14-22-13-20-%016" PRIX64, id * 2654435761);
	must(run, lc_store_add_intent(run->store, &intent, &run->error));
	lc_taken_rows_free(&rows);
}

static void show_rate(const char *what, uint64_t intents, double start, double cpu)
{
	char name[128];

	show(what, "intents/s", (double)intents / (now(CLOCK_MONOTONIC) - start));
	snprintf(name, sizeof(name), "%s, CPU of an intent", what);
	show(name, "us", (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / (double)intents);
}

static void record(struct run *run)
{
	double start = now(CLOCK_MONOTONIC);
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	for (uint64_t id = 1; id <= 2 * run->intents;) {
		double began = begin(run);

		for (unsigned i = 0; i < BATCH && id <= 2 * run->intents; i++, id++) {
			add(run, id);
			if (id % 2 != 0)
				must(run, lc_store_set_delivered(run->store, id, &run->error));
		}
		commit(run, began);
	}
	show_rate("recording, and closing every other one", 2 * run->intents, start, cpu);
}

static void expire(struct run *run, const char *what)
{
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	char name[128];
	uint32_t hour = 0;

	run->longest = run->total = 0;
	do {
		double began = begin(run);

		must(run, lc_store_expire(run->store, START + HOURS * HOUR, &hour, &run->error));
		commit(run, began);
	} while (hour != 0);
	show(what, "s", run->total);
	snprintf(name, sizeof(name), "%s, the longest transaction", what);
	show(name, "s", run->longest);
	snprintf(name, sizeof(name), "%s, CPU", what);
	show(name, "s", now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

static void deliver(struct run *run)
{
	double start = now(CLOCK_MONOTONIC);
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	for (uint64_t id = 2; id <= 2 * run->intents;) {
		double began = begin(run);

		for (unsigned i = 0; i < BATCH && id <= 2 * run->intents; i++, id += 2)
			must(run, lc_store_set_delivered(run->store, id, &run->error));
		commit(run, began);
	}
	show_rate("closing", run->intents, start, cpu);
}

int main(int argc, char **argv)
{
	const char *temporary = getenv("TMPDIR");
	char path[4096];
	struct run run = {.options = {.path = path, .shard = 0, .shard_count = 1},
			  .intents = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000};

	snprintf(path, sizeof path, "%s/bench-backlog-%d.db",
		 temporary == NULL ? "/tmp" : temporary, (int)getpid());
	open_store(&run);
	record(&run);
	lc_store_close(run.store);
	open_store(&run);
	expire(&run, "dropping all but the open ones");
	expire(&run, "dropping again");
	deliver(&run);
	expire(&run, "dropping what was delivered since");
	lc_store_close(run.store);
	if (unlink(path) != 0) {
		perror("bench_backlog");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
