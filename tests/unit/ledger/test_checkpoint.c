/* Checkpoints of a real ledger with its thread, stored in an S3 in memory. */
#include "ledger/checkpoint.h"
#include "ledger/share.h"

#include "base/memory.h"
#include "base/random.h"
#include "ledger/file_name.h"
#include "ledger/manifest.h"
#include "support/ledger_case.h"
#include "support/ledger_dump.h"
#include "support/object_store.h"
#include "support/story.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOON = 1796040000, HOUR = 3600 };

#define FOLDER "books/g1/s1/"

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	char copy[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_loop *loop;
	struct lc_s3 *s3;
	struct lc_ledger *ledger;
	struct lc_ledger_state state;
	struct lc_random random;
	uint64_t next_id;
	struct lc_error error; /* of what was done last */
	struct lc_checkpoint_taken taken;
	bool called;
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof(*world));

	alarm(120);
	lc_ledger_case_make_path(world->path);
	lc_ledger_case_make_path(world->copy);
	world->loop = lc_loop_new(NULL);
	world->s3 = object_store_new(world->loop);
	world->ledger = lc_ledger_case_open(world->loop, world->path, NULL, &world->state);
	world->next_id = 1;
	lc_random_seed(&world->random, 1);
	*state = world;
	return 0;
}

static void remove_draft(const char *path)
{
	char draft[LC_LEDGER_CASE_PATH_SIZE + 16];

	snprintf(draft, sizeof(draft), "%s.fetch", path);
	unlink(draft);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_close(world->ledger);
	object_store_free(world->s3);
	lc_loop_free(world->loop);
	remove_draft(world->path);
	remove_draft(world->copy);
	lc_ledger_case_remove(world->path);
	lc_ledger_case_remove(world->copy);
	free(world);
	return 0;
}

/* Adds `count` intents of 500 rows with hashes of their own, and closes half of them. */
static void write_some(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t id = world->next_id++;
		char bucket[32];

		snprintf(bucket, sizeof(bucket), "bucket-%u", (unsigned)(id % 7));
		lc_ledger_case_add_intent(world->ledger, id, bucket,
					  (uint32_t)(NOON + id % (3 * HOUR)), 5, 100,
					  lc_random_next(&world->random));
		if (id % 2 == 0)
			lc_ledger_set_delivered(world->ledger, id,
						(uint32_t)(NOON + id % (3 * HOUR)) + 4);
	}
	lc_ledger_case_wait(world->loop, world->ledger);
}

static void on_taken(void *context, const struct lc_error *error,
		     const struct lc_checkpoint_taken *taken)
{
	struct world *world = context;

	world->called = true;
	world->error = *error;
	world->taken = *taken;
	lc_loop_stop(world->loop);
}

static struct lc_checkpoint_take *begin_take(struct world *world, const char *base)
{
	const struct lc_checkpoint_take_options options = {
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .folder = FOLDER,
	    .base = base,
	    .ledger = world->ledger,
	    .shard = 1,
	    .shard_count = 4,
	    .generation = 1,
	    .random = &world->random,
	};

	world->called = false;
	return lc_checkpoint_take(world->loop, &options, on_taken, world);
}

static void take(struct world *world, const char *base)
{
	(void)begin_take(world, base);
	assert_false(world->called);
	lc_loop_run(world->loop);
	assert_true(world->called);
}

static void take_well(struct world *world, const char *base)
{
	take(world, base);
	if (world->error.kind != LC_ERROR_NONE)
		fail_msg("%s", world->error.message);
}

static void on_restored(void *context, const struct lc_error *error)
{
	struct world *world = context;

	world->called = true;
	world->error = *error;
	lc_loop_stop(world->loop);
}

static struct lc_checkpoint_restore *begin_restore(struct world *world, const char *name)
{
	const struct lc_checkpoint_restore_options options = {
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .folder = FOLDER,
	    .name = name,
	    .path = world->copy,
	    .random = &world->random,
	};

	world->called = false;
	return lc_checkpoint_restore(world->loop, &options, on_restored, world);
}

static void restore(struct world *world, const char *name)
{
	(void)begin_restore(world, name);
	lc_loop_run(world->loop);
	assert_true(world->called);
}

static void restore_well(struct world *world, const char *name)
{
	restore(world, name);
	if (world->error.kind != LC_ERROR_NONE)
		fail_msg("%s", world->error.message);
}

/* What the open ledger holds: it is closed for that, and opened again. */
static void dump_ledger(struct world *world, struct lc_buffer *out)
{
	lc_ledger_close(world->ledger);
	ledger_dump(world->path, out);
	world->ledger = lc_ledger_case_open(world->loop, world->path, NULL, &world->state);
}

/* ---- stories ---- */

static void a_checkpoint_is_the_ledger(void **state)
{
	struct world *world = *state;
	struct lc_buffer first;
	struct lc_buffer second;
	struct lc_buffer copy;
	char name[LC_CHAIN_NAME_SIZE];
	uint64_t first_bytes;

	write_some(world, 2000);
	take_well(world, "");
	snprintf(name, sizeof(name), "%s", world->taken.name);
	first_bytes = world->taken.stored_bytes;
	assert_true(world->taken.file_bytes > 8000000);
	assert_true(first_bytes > world->taken.file_bytes);
	assert_int_equal(object_store_count(world->s3, FOLDER "checkpoint/"), 1);
	assert_int_equal(object_store_count(world->s3, FOLDER "pack/"), world->taken.packs);
	dump_ledger(world, &first);

	/* The next one stores what has changed alone. */
	write_some(world, 100);
	take_well(world, name);
	print_message("file %llu bytes; first checkpoint %llu bytes, second %llu bytes for 100 "
		      "intents of 500 rows (400,000 bytes of hashes)\n",
		      (unsigned long long)world->taken.file_bytes, (unsigned long long)first_bytes,
		      (unsigned long long)world->taken.stored_bytes);
	assert_true(world->taken.stored_bytes < first_bytes / 4);
	dump_ledger(world, &second);

	restore_well(world, name);
	ledger_dump(world->copy, &copy);
	assert_false(lc_view_equal(lc_buffer_view(&first), lc_buffer_view(&second)));
	assert_true(ledger_dumps_equal(&copy, &first));
	restore_well(world, world->taken.name);
	ledger_dump(world->copy, &copy);
	assert_true(ledger_dumps_equal(&copy, &second));
}

/* Checkpoint after checkpoint, each compared, while hours are dropped. */
static void each_of_many_checkpoints_is_the_ledger(void **state)
{
	enum { ROUNDS = 12 };
	struct world *world = *state;
	char name[LC_CHAIN_NAME_SIZE] = "";

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct lc_buffer ledger;
		struct lc_buffer copy;

		write_some(world, (unsigned)(lc_random_next(&world->random) % 200));
		if (round % 4 == 3) {
			lc_ledger_expire(world->ledger, NOON + round * HOUR / 4);
			lc_ledger_case_wait(world->loop, world->ledger);
		}
		take_well(world, name);
		snprintf(name, sizeof(name), "%s", world->taken.name);
		dump_ledger(world, &ledger);
		restore_well(world, name);
		ledger_dump(world->copy, &copy);
		assert_true(ledger_dumps_equal(&copy, &ledger));
	}
}

static void what_is_written_meanwhile_is_not_part_of_it(void **state)
{
	struct world *world = *state;
	struct lc_buffer before;
	struct lc_buffer copy;

	/* More than one pack, of which the first one takes a while. */
	write_some(world, 5000);
	dump_ledger(world, &before);
	object_store_hold(world->s3, true);
	(void)begin_take(world, "");
	lc_ledger_case_wait(world->loop, world->ledger);
	for (unsigned i = 0; i < 20; i++)
		write_some(world, 20);
	assert_false(world->called);
	object_store_hold(world->s3, false);
	lc_loop_run(world->loop);
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_true(world->taken.packs > 1);
	restore_well(world, world->taken.name);
	ledger_dump(world->copy, &copy);
	assert_true(ledger_dumps_equal(&copy, &before));

	/* Nor is anything missing from the ledger itself. */
	lc_ledger_close(world->ledger);
	world->ledger = lc_ledger_case_open(world->loop, world->path, NULL, &world->state);
	assert_int_equal(world->state.next_intent_id, world->next_id);
}

static uint64_t log_bytes(const struct world *world)
{
	char path[LC_LEDGER_CASE_PATH_SIZE + 8];
	struct stat file;

	snprintf(path, sizeof(path), "%s-wal", world->path);
	return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

/* Once it is over, the write-ahead log is moved into the file as ever: after 8 MiB it begins again. */
static void the_log_grows_no_longer_when_it_is_over(void **state)
{
	struct world *world = *state;
	struct lc_checkpoint_take *taking;
	uint64_t after;

	write_some(world, 100);
	taking = begin_take(world, "");
	lc_checkpoint_take_cancel(taking);
	take_well(world, "");
	for (unsigned i = 0; i < 40; i++)
		write_some(world, 100);
	after = log_bytes(world);
	assert_true(after < 32 * 1024 * 1024);
}

static void a_checkpoint_that_is_cancelled_anywhere_does_no_harm(void **state)
{
	struct world *world = *state;
	struct lc_buffer ledger;
	struct lc_buffer copy;
	size_t puts = object_store_counts(world->s3)->puts;

	write_some(world, 300);
	for (unsigned turns = 0; turns < 12; turns++) {
		struct lc_checkpoint_take *taking = begin_take(world, "");

		lc_ledger_case_wait(world->loop, world->ledger);
		for (unsigned i = 0; i < turns && !world->called; i++)
			lc_ledger_case_wait(world->loop, world->ledger);
		if (!world->called)
			lc_checkpoint_take_cancel(taking);
		write_some(world, 1);
	}
	assert_true(object_store_counts(world->s3)->puts > puts);
	dump_ledger(world, &ledger);
	take_well(world, "");
	restore_well(world, world->taken.name);
	ledger_dump(world->copy, &copy);
	assert_true(ledger_dumps_equal(&copy, &ledger));
}

/* Replies get lost, S3 fails for a while: the same names are PUT again. */
static void lost_replies_and_failures_are_passed_over(void **state)
{
	struct world *world = *state;
	struct lc_buffer ledger;
	struct lc_buffer copy;
	size_t names;

	write_some(world, 300);
	object_store_fail(world->s3, 0, 1, 0, "", true);
	take_well(world, "");
	names = object_store_count(world->s3, "");
	assert_int_equal(names, world->taken.packs + 1);
	write_some(world, 10);
	object_store_fail(world->s3, 1, 1, 503, "SlowDown", false);
	take_well(world, world->taken.name);
	object_store_fail(world->s3, 1, 2, 0, "", false);
	restore_well(world, world->taken.name);
	dump_ledger(world, &ledger);
	ledger_dump(world->copy, &copy);
	assert_true(ledger_dumps_equal(&copy, &ledger));
}

/* The base is gone, or damaged: then everything is stored. */
static void a_base_that_cannot_be_read_is_done_without(void **state)
{
	struct world *world = *state;
	char key[200];

	write_some(world, 300);
	take_well(world, "");
	snprintf(key, sizeof(key), FOLDER "%s", world->taken.name);
	object_store_body(world->s3, key)->data[20] ^= 1;
	take_well(world, world->taken.name);
	assert_true(world->taken.stored_bytes > world->taken.file_bytes);
	restore_well(world, world->taken.name);
}

static void the_position_is_what_the_ledger_says(void **state)
{
	const struct lc_chain_position position = {
	    .epoch = 7, .seq = 12, .hash = {.high = UINT64_MAX, .low = 1}};
	struct world *world = *state;
	const struct lc_share_options shared = {.path = world->path, .random = &world->random};
	struct lc_share *share = lc_share_new(world->loop, &shared, NULL, NULL);
	struct lc_ledger_options options = lc_ledger_case_options(world->path);
	struct lc_chain_position found;
	struct lc_error error;
	struct lc_store *store;

	write_some(world, 10);
	lc_ledger_close(world->ledger);
	store = lc_ledger_case_open_store(world->path, &world->state);
	assert_true(lc_store_begin(store, &error));
	assert_true(lc_store_set_position(store, &position, &error));
	assert_true(lc_store_commit(store, &error));
	lc_store_close(store);
	options.share = share;
	world->ledger =
	    lc_ledger_open(world->loop, &options, NULL, &world->state, NULL, NULL, &error);
	assert_non_null(world->ledger);
	take_well(world, "");
	assert_memory_equal(&world->taken.position, &position, sizeof(position));
	assert_non_null(strstr(world->taken.name, "checkpoint/0000000000000007-000000000000000c-"));
	restore_well(world, world->taken.name);
	assert_true(lc_store_find_position(world->copy, &found, &error));
	assert_memory_equal(&found, &position, sizeof(position));
	lc_ledger_close(world->ledger);
	world->ledger = NULL;
	lc_share_free(share);
}

/* In a child, which inherits no locks. Nothing but system calls: another thread may have held the
 * allocator's lock when it was forked. */
static bool sees_the_lock(const char *path)
{
	/* SQLite's pending byte, the reserved one and the shared ones: "The SQLite OS Interface",
	 * PENDING_BYTE. */
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The locks of SQLite stay: nobody else may open the ledger, before, meanwhile or after. */
static void the_ledger_stays_locked(void **state)
{
	struct world *world = *state;
	struct lc_checkpoint_take *taking;

	write_some(world, 300);
	taking = begin_take(world, "");
	for (unsigned i = 0; i < 4; i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0)
			_exit(sees_the_lock(world->path) ? 0 : 1);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		write_some(world, 1);
	}
	if (!world->called)
		lc_checkpoint_take_cancel(taking);
}

static void a_disk_that_cannot_be_written_leaves_the_file_as_it_was(void **state)
{
	struct world *world = *state;
	struct lc_buffer before;
	struct lc_buffer after;
	char draft[LC_LEDGER_CASE_PATH_SIZE + 16];

	write_some(world, 100);
	take_well(world, "");
	restore_well(world, world->taken.name);
	ledger_dump(world->copy, &before);
	write_some(world, 100);
	take_well(world, world->taken.name);
	snprintf(draft, sizeof(draft), "%s.fetch", world->copy);
	assert_int_equal(mkdir(draft, 0700), 0);
	restore(world, world->taken.name);
	assert_int_equal(world->error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(world->error.message, draft));
	assert_int_equal(rmdir(draft), 0);
	ledger_dump(world->copy, &after);
	assert_true(ledger_dumps_equal(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_checkpoint_is_the_ledger),
	    STORY(each_of_many_checkpoints_is_the_ledger),
	    STORY(what_is_written_meanwhile_is_not_part_of_it),
	    STORY(the_log_grows_no_longer_when_it_is_over),
	    STORY(a_checkpoint_that_is_cancelled_anywhere_does_no_harm),
	    STORY(lost_replies_and_failures_are_passed_over),
	    STORY(a_base_that_cannot_be_read_is_done_without),
	    STORY(the_position_is_what_the_ledger_says),
	    STORY(the_ledger_stays_locked),
	    STORY(a_disk_that_cannot_be_written_leaves_the_file_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
