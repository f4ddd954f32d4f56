/* Taking a checkpoint while S3 fails, by a clock of the test's: the ledger is a store whose commands
 * are executed at once. */
#include "ledger/checkpoint.h"

#include "base/memory.h"
#include "base/random.h"
#include "ledger/ledger.h"
#include "ledger/ledger_command.h"
#include "ledger/store.h"
#include "support/fake_loop.h"
#include "support/ledger_queue.h"
#include "support/object_store.h"
#include "support/story.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PATH_SIZE = 64,
	MINUTE_MS = 60000,
	BLOB = 1000000, /* of a bucket's name, to fill the file */
	BLOBS = 40,
};

#define FOLDER "books/g1/s1/"

struct lc_ledger {
	struct lc_store *store;
	struct lc_ledger_command_list finished;
	struct lc_loop_timer *timer;
};

struct world {
	char directory[PATH_SIZE];
	char path[PATH_SIZE + 8];
	struct lc_loop *loop;
	struct lc_s3 *s3;
	struct lc_random random;
	struct lc_ledger ledger;
	struct lc_error error;
	struct lc_checkpoint_taken taken;
	unsigned called;
};

void lc_ledger_push(struct lc_ledger *ledger, struct lc_ledger_command *command)
{
	struct lc_ledger_command_list batch = STAILQ_HEAD_INITIALIZER(batch);
	struct lc_error error;

	STAILQ_INSERT_TAIL(&batch, command, next);
	assert_true(lc_ledger_command_begin_all(&batch, ledger->store, &error));
	assert_true(lc_store_commit(ledger->store, &error));
	lc_ledger_command_settle_all(&batch, ledger->store);
	assert_true(lc_store_checkpoint(ledger->store, &error));
	if (lc_ledger_command_has_callback(command)) {
		STAILQ_CONCAT(&ledger->finished, &batch);
		lc_loop_timer_start(ledger->timer, 1);
	} else {
		lc_ledger_command_free_all(&batch);
	}
}

static void on_finished(void *context)
{
	struct lc_ledger *ledger = context;

	ledger_queue_finish(&ledger->finished);
}

/* Something large, under another name each time. */
static void write_blob(struct world *world, unsigned number)
{
	struct lc_buffer bucket;

	lc_buffer_init(&bucket, SIZE_MAX / 2);
	lc_buffer_append_format(&bucket, "%08u", number);
	while (bucket.size < BLOB) {
		uint64_t random = lc_random_next(&world->random);

		lc_buffer_append(&bucket, &random, sizeof(random));
	}
	lc_ledger_set_target(&world->ledger,
			     &(struct lc_ledger_target){
				 .bucket = lc_buffer_view(&bucket), .whole = true, .failures = 1});
	lc_buffer_free(&bucket);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof(*world));
	const struct lc_ledger_options options = {
	    .path = world->path, .shard = 1, .shard_count = 4, .retry_ms = 10};
	struct lc_ledger_state found = {0};
	struct lc_error error;

	alarm(120);
	snprintf(world->directory, sizeof(world->directory), "%.50s/XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->path, sizeof(world->path), "%s/l.db", world->directory);
	world->loop = lc_loop_new(NULL);
	world->s3 = object_store_new(world->loop);
	lc_random_seed(&world->random, 1);
	world->ledger.store = lc_store_open(&options, &found, &error);
	assert_non_null(world->ledger.store);
	STAILQ_INIT(&world->ledger.finished);
	world->ledger.timer = lc_loop_timer_new(world->loop, on_finished, &world->ledger);
	for (unsigned i = 0; i < BLOBS; i++)
		write_blob(world, i);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_command_free_all(&world->ledger.finished);
	lc_loop_timer_free(world->ledger.timer);
	lc_store_close(world->ledger.store);
	object_store_free(world->s3);
	lc_loop_free(world->loop);
	unlink(world->path);
	assert_int_equal(rmdir(world->directory), 0);
	free(world);
	return 0;
}

static void on_taken(void *context, const struct lc_error *error,
		     const struct lc_checkpoint_taken *taken)
{
	struct world *world = context;

	world->called++;
	world->error = *error;
	world->taken = *taken;
}

static struct lc_checkpoint_take *begin_take(struct world *world, const char *base)
{
	const struct lc_checkpoint_take_options options = {
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .folder = FOLDER,
	    .base = base,
	    .ledger = &world->ledger,
	    .shard = 1,
	    .shard_count = 4,
	    .generation = 1,
	    .random = &world->random,
	};

	world->called = 0;
	return lc_checkpoint_take(world->loop, &options, on_taken, world);
}

static void run(struct world *world, unsigned minutes)
{
	for (unsigned i = 0; i < minutes && world->called == 0; i++)
		fake_loop_advance(world->loop, MINUTE_MS);
}

static uint64_t log_bytes(const struct world *world)
{
	uint64_t all = lc_store_bytes(world->ledger.store);
	int fd = open(world->path, O_RDONLY);
	off_t file;

	/* In this process SQLite's locks go with it, which no story minds. */
	assert_true(fd >= 0);
	file = lseek(fd, 0, SEEK_END);
	close(fd);
	return all - (uint64_t)file;
}

static void a_checkpoint_is_made_of_packs_of_bounded_size(void **state)
{
	struct world *world = *state;

	(void)begin_take(world, "");
	run(world, 1);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->taken.packs, (world->taken.file_bytes + (16 << 20) - 1) >> 24);
	for (size_t i = 0; i < world->taken.packs; i++) {
		const char *key = object_store_key(world->s3, FOLDER "pack/", i);

		assert_true(object_store_body(world->s3, key)->size <= 16 << 20);
	}
}

/* Nothing has changed: a manifest alone. */
static void an_unchanged_file_costs_its_manifest(void **state)
{
	struct world *world = *state;

	(void)begin_take(world, "");
	run(world, 1);
	assert_int_equal(world->called, 1);
	(void)begin_take(world, world->taken.name);
	run(world, 1);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->taken.packs, 0);
	assert_true(world->taken.stored_bytes < 30000);
}

/* While S3 takes nothing, the log grows; then it is given up, and the log is moved again. */
static void an_outage_ends_it_and_not_the_ledger(void **state)
{
	struct world *world = *state;

	object_store_fail(world->s3, 0, 1000000, 503, "SlowDown", false);
	(void)begin_take(world, "");
	run(world, 5);
	assert_int_equal(world->called, 0);
	for (unsigned i = 0; i < 30; i++)
		write_blob(world, 100 + i);
	assert_true(log_bytes(world) > 30 * BLOB);
	run(world, 9);
	assert_int_equal(world->called, 0);
	run(world, 2);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_LIMIT);
	assert_false(object_store_busy(world->s3));
	for (unsigned i = 0; i < 20; i++)
		write_blob(world, 200 + i);
	assert_true(log_bytes(world) < 60 * BLOB);
	object_store_fail(world->s3, 0, 0, 0, "", false);
	(void)begin_take(world, "");
	run(world, 1);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
}

/* All of it was read: the outage no longer matters to the ledger, and the last objects are tried
 * until they are stored. */
static void the_last_objects_are_tried_for_as_long_as_it_takes(void **state)
{
	struct world *world = *state;

	object_store_fail(world->s3, 2, 1000, 503, "SlowDown", false);
	(void)begin_take(world, "");
	run(world, 60);
	assert_int_equal(world->called, 0);
	object_store_fail(world->s3, 0, 0, 0, "", false);
	run(world, 60);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->taken.packs, 3);
}

/* Nobody but the ledger writes to its file. */
static void a_file_that_does_not_stand_still_is_found_out(void **state)
{
	struct world *world = *state;
	char byte;
	int fd;

	object_store_fail(world->s3, 0, 3, 503, "SlowDown", false);
	(void)begin_take(world, "");
	for (unsigned i = 0; i < 30; i++)
		(void)fake_loop_step(world->loop, lc_loop_now_ms(world->loop) + 100);
	assert_int_equal(world->called, 0);
	fd = open(world->path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 100), 1);
	assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
	close(fd);
	run(world, 10);
	assert_int_equal(world->called, 1);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(object_store_count(world->s3, FOLDER "checkpoint/"), 0);
}

/* At any turn of the loop. */
static void a_taking_that_is_cancelled_leaves_nothing_frozen(void **state)
{
	struct world *world = *state;

	for (unsigned steps = 0; steps < 60; steps += 7) {
		struct lc_checkpoint_take *taking = begin_take(world, "");

		for (unsigned i = 0; i < steps && world->called == 0; i++)
			(void)fake_loop_step(world->loop, lc_loop_now_ms(world->loop) + MINUTE_MS);
		if (world->called == 0)
			lc_checkpoint_take_cancel(taking);
		assert_false(object_store_busy(world->s3));
		fake_loop_advance(world->loop, 10);
		write_blob(world, 1000 + steps);
	}
	for (unsigned i = 0; i < 20; i++)
		write_blob(world, 2000 + i);
	assert_true(log_bytes(world) < 16 * BLOB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_checkpoint_is_made_of_packs_of_bounded_size),
	    STORY(an_unchanged_file_costs_its_manifest),
	    STORY(an_outage_ends_it_and_not_the_ledger),
	    STORY(the_last_objects_are_tried_for_as_long_as_it_takes),
	    STORY(a_file_that_does_not_stand_still_is_found_out),
	    STORY(a_taking_that_is_cancelled_leaves_nothing_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
