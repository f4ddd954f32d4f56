/*
 * Killed at any moment: the ledger opens again, its invariants hold, and it has everything that was
 * called back as durable.
 *
 * A child writes and tells, through a pipe, what was called back to it; it is killed after a random
 * while. The next child goes on with the same ledger.
 */
#include "base/assert.h"
#include "base/memory.h"
#include "base/random.h"
#include "ledger/ledger.h"
#include "ledger/ledger_check.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HOUR = 3600, NOON = 1700000000 / 86400 * 86400 + 43200, KILLS = 60, INFLIGHT = 8 };

/* ---- the child ---- */

struct writer {
	struct lc_loop *loop;
	struct lc_ledger *ledger;
	struct lc_ledger_state state;
	struct lc_random random;
	uint64_t next;
	uint64_t durable;
	int report;
};

static void on_corrupt(void *context, const struct lc_error *error)
{
	(void)context;
	fprintf(stderr, "%s\n", error->message);
	_exit(2);
}

static uint32_t second_of(uint64_t id)
{
	/* An hour every 64 objects, so that tables come and go. */
	return NOON + (uint32_t)id * (HOUR / 64);
}

static void write_one(struct writer *writer);

static void on_durable(void *context)
{
	struct writer *writer = context;

	/* In order, so this is the next one. */
	writer->durable++;
	LC_ASSERT(write(writer->report, &writer->durable, sizeof writer->durable) ==
		  sizeof writer->durable);
	write_one(writer);
}

static void write_one(struct writer *writer)
{
	uint64_t id = writer->next++;
	uint32_t second = second_of(id);
	uint32_t rows = 1 + (uint32_t)(lc_random_next(&writer->random) % 3000);

	lc_ledger_case_add_intent(writer->ledger, id, id % 2 == 0 ? "even" : "odd", second, 1, rows,
				  id << 20);
	if (id > INFLIGHT)
		lc_ledger_set_delivered(writer->ledger, id - INFLIGHT, second_of(id - INFLIGHT));
	lc_ledger_set_until(writer->ledger, second + 1);
	if (id % 16 == 0)
		lc_ledger_expire(writer->ledger, second - 2 * HOUR);
	lc_ledger_when_durable(writer->ledger, on_durable, writer);
}

static _Noreturn void write_until_killed(const char *path, int report, uint64_t seed)
{
	struct lc_ledger_options options = lc_ledger_case_options(path);
	struct writer *writer = lc_memory_zero(1, sizeof *writer);
	struct lc_error error;

	lc_random_seed(&writer->random, seed);
	writer->report = report;
	writer->loop = lc_loop_new(&error);
	writer->ledger =
	    lc_ledger_open(writer->loop, &options, NULL, &writer->state, on_corrupt, NULL, &error);
	if (writer->ledger == NULL) {
		fprintf(stderr, "%s\n", error.message);
		_exit(1);
	}
	writer->next = writer->state.next_intent_id;
	writer->durable = writer->next - 1;
	for (unsigned i = 0; i < INFLIGHT; i++)
		write_one(writer);
	lc_loop_run(writer->loop);
	_exit(0);
}

/* ---- the parent ---- */

static void on_fault(void *context, const char *fault)
{
	(void)context;
	fail_msg("%s", fault);
}

/* Lets a child write for `us` microseconds and kills it; the last object it was called back for.
 * `after_first`: these begin when it was called back for one, however long that takes here. */
static uint64_t run_and_kill(const char *path, uint64_t seed, bool after_first, uint64_t us)
{
	struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)us * 1000};
	struct pollfd first = {.events = POLLIN};
	uint64_t durable = 0;
	uint64_t told;
	int report[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(report), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(report[0]);
		write_until_killed(path, report[1], seed);
	}
	close(report[1]);
	first.fd = report[0];
	if (after_first)
		assert_int_equal(poll(&first, 1, -1), 1);
	nanosleep(&pause, NULL);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(report[0], &told, sizeof told) == sizeof told)
		durable = told;
	close(report[0]);
	return durable;
}

static void check_ledger(const char *path, uint64_t durable)
{
	struct lc_ledger_source sources[] = {lc_ledger_case_source("even"),
					     lc_ledger_case_source("odd")};
	struct lc_ledger_state state = {0};
	struct lc_arena arena;
	struct lc_error error;
	struct lc_store *store;

	if (!lc_ledger_check(path, on_fault, NULL, &error))
		fail_msg("%s", error.message);
	store = lc_ledger_case_open_store(path, &state);
	assert_true(state.next_intent_id > durable);
	lc_arena_init(&arena, 1024);
	for (uint64_t id = durable; id > 0 && id + 32 > durable; id--) {
		struct lc_ledger_hashes hashes;

		assert_true(lc_store_read_hashes(store, &sources[id % 2], second_of(id),
						 second_of(id) + 1, &arena, &hashes, &error));
		assert_true(hashes.count > 0);
		assert_int_equal(hashes.hashes[0], id << 20);
		free(hashes.hashes);
	}
	assert_true(durable == 0 || state.until >= second_of(durable) + 1);
	lc_arena_free(&arena);
	lc_store_close(store);
}

static void what_was_durable_survives_a_kill_at_any_moment(void **state)
{
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_random random;
	uint64_t durable = 0;

	(void)state;
	lc_random_seed(&random, 20231114);
	lc_ledger_case_make_path(path);
	for (unsigned i = 0; i < KILLS; i++) {
		/* Some die while they open or make the file. */
		bool early = i % 3 == 0;
		uint64_t us = lc_random_next(&random) % (early ? 5000 : 60000);
		uint64_t told = run_and_kill(path, i, !early, us);

		durable = told > durable ? told : durable;
		if (access(path, F_OK) == 0)
			check_ledger(path, durable);
		else
			assert_int_equal(durable, 0);
	}
	assert_true(durable > 0);
	print_message("%u kills, %llu objects durable\n", (unsigned)KILLS,
		      (unsigned long long)durable);
	lc_ledger_case_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_durable_survives_a_kill_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
