/* Restoring, and removing what is old, by a clock of the test's and an S3 in memory, from
 * checkpoints of a file that is no ledger, chunk by chunk. */
#include "ledger/checkpoint.h"

#include "base/memory.h"
#include "base/random.h"
#include "formats/row_hash.h"
#include "ledger/manifest.h"
#include "ledger/schema.h"
#include "support/fake_loop.h"
#include "support/object_store.h"
#include "support/story.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_SIZE = 64,
	CHUNK = LC_MANIFEST_CHUNK,
	CHUNKS = 150,
	TAIL = 5000, /* bytes of the last one */
	SIZE = (CHUNKS - 1) * CHUNK + TAIL,
	PACK_CHUNKS = 40,
	NOW = 1000000000,
	OLD = NOW - LC_CHECKPOINT_KEEP_SECONDS - 1,
	MINUTE_MS = 60000,
};

#define FOLDER "books/g1/s1/"

struct world {
	char directory[PATH_SIZE];
	char path[PATH_SIZE + 8];
	char draft[PATH_SIZE + 16];
	struct lc_loop *loop;
	struct lc_s3 *s3;
	struct lc_random random;
	char *bytes; /* of the file */
	struct lc_manifest manifest;
	char name[LC_CHAIN_NAME_SIZE];
	struct lc_error error;
	unsigned called;
	struct lc_checkpoint_collected collected;
};

static void change_chunk(struct world *world, size_t chunk)
{
	size_t size = lc_manifest_chunk_size(SIZE, chunk);
	uint64_t number = lc_random_next(&world->random);

	for (size_t i = 0; i < size; i++)
		world->bytes[chunk * CHUNK + i] = (char)(number * (i + 1) >> 17);
}

static void store(struct world *world, const char *name, struct lc_view body)
{
	char key[200];

	snprintf(key, sizeof(key), FOLDER "%s", name);
	object_store_put(world->s3, key, body);
}

static void make_name(struct world *world, enum lc_chain_object kind, uint64_t epoch, uint64_t seq,
		      char name[LC_CHAIN_NAME_SIZE])
{
	char nonce[LC_CHAIN_NONCE_SIZE];

	lc_chain_nonce_format(lc_random_next(&world->random), nonce);
	lc_chain_name_format(kind, epoch, seq, nonce, name);
}

static void store_packs(struct world *world, struct lc_manifest *next)
{
	struct lc_buffer pack;
	char name[LC_CHAIN_NAME_SIZE];

	lc_buffer_init(&pack, SIZE_MAX / 2);
	for (size_t i = 0; i <= CHUNKS; i++) {
		bool full = pack.size >= (size_t)PACK_CHUNKS * CHUNK;

		if ((i == CHUNKS || full) && pack.size > 0) {
			make_name(world, LC_CHAIN_PACK, next->position.epoch, next->position.seq,
				  name);
			(void)lc_manifest_add_pack(next, name, (uint32_t)pack.size);
			store(world, name, lc_buffer_view(&pack));
			lc_buffer_clear(&pack);
		}
		if (i == CHUNKS || next->chunks[i].pack != LC_MANIFEST_UNPACKED)
			continue;
		next->chunks[i].pack = (uint32_t)next->pack_count;
		next->chunks[i].offset = (uint32_t)pack.size;
		lc_buffer_append(&pack, world->bytes + i * CHUNK, lc_manifest_chunk_size(SIZE, i));
	}
	lc_buffer_free(&pack);
}

/* Stores a checkpoint of the file as it is, at this segment of epoch 1. */
static void take(struct world *world, uint64_t seq)
{
	struct lc_manifest next = {
	    .schema = LC_SCHEMA_VERSION,
	    .row_hash = LC_ROW_HASH_VERSION,
	    .shard = 1,
	    .shard_count = 4,
	    .position = {.epoch = 1, .seq = seq},
	};
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_manifest_begin(&next, SIZE);
	for (size_t i = 0; i < CHUNKS; i++)
		next.chunks[i].hash = lc_chain_hash_of((struct lc_view){
		    .data = world->bytes + i * CHUNK, .size = lc_manifest_chunk_size(SIZE, i)});
	lc_manifest_reuse(&next, &world->manifest);
	store_packs(world, &next);
	lc_manifest_encode(&next, &bytes);
	make_name(world, LC_CHAIN_CHECKPOINT, 1, seq, world->name);
	store(world, world->name, lc_buffer_view(&bytes));
	lc_manifest_free(&world->manifest);
	world->manifest = next;
	lc_buffer_free(&bytes);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof(*world));

	alarm(120);
	snprintf(world->directory, sizeof(world->directory), "%.50s/XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->path, sizeof(world->path), "%s/l.db", world->directory);
	snprintf(world->draft, sizeof(world->draft), "%s.fetch", world->path);
	world->loop = lc_loop_new(NULL);
	world->s3 = object_store_new(world->loop);
	lc_random_seed(&world->random, 1);
	world->bytes = lc_memory_zero(SIZE, 1);
	for (size_t i = 0; i < CHUNKS; i++)
		change_chunk(world, i);
	object_store_set_clock(world->s3, OLD);
	take(world, 100);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	object_store_free(world->s3);
	lc_loop_free(world->loop);
	lc_manifest_free(&world->manifest);
	unlink(world->draft);
	unlink(world->path);
	assert_int_equal(rmdir(world->directory), 0);
	free(world->bytes);
	free(world);
	return 0;
}

/* ---- restoring ---- */

static void on_restored(void *context, const struct lc_error *error)
{
	struct world *world = context;

	world->called++;
	world->error = *error;
}

static struct lc_checkpoint_restore *begin_restore(struct world *world)
{
	const struct lc_checkpoint_restore_options options = {
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .folder = FOLDER,
	    .name = world->name,
	    .path = world->path,
	    .random = &world->random,
	};

	world->called = 0;
	return lc_checkpoint_restore(world->loop, &options, on_restored, world);
}

static void restore(struct world *world)
{
	(void)begin_restore(world);
	for (unsigned i = 0; i < 100 && world->called == 0; i++)
		fake_loop_advance(world->loop, MINUTE_MS);
	assert_int_equal(world->called, 1);
	assert_false(object_store_busy(world->s3));
}

static void restore_well(struct world *world)
{
	restore(world);
	if (world->error.kind != LC_ERROR_NONE)
		fail_msg("%s", world->error.message);
}

static void assert_file(const struct world *world, const char *expected)
{
	char *found = lc_memory_zero(SIZE + 1, 1);
	int fd = open(world->path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, found, SIZE + 1), SIZE);
	close(fd);
	assert_memory_equal(found, expected, SIZE);
	free(found);
}

static uint64_t got_bytes(struct world *world)
{
	uint64_t bytes = object_store_counts(world->s3)->got_bytes;

	object_store_counts(world->s3)->got_bytes = 0;
	return bytes;
}

static void a_file_is_made_from_its_checkpoint(void **state)
{
	struct world *world = *state;

	restore_well(world);
	assert_file(world, world->bytes);
	assert_int_equal(access(world->draft, F_OK), -1);
	assert_true(got_bytes(world) < SIZE + 100000);
	/* Ranges of 2 MiB, and the manifest. */
	assert_true(object_store_counts(world->s3)->gets <= CHUNKS / 32 + 4 + 1);
}

/* The file that is there has most of it. */
static void what_is_there_is_not_fetched(void **state)
{
	struct world *world = *state;

	restore_well(world);
	for (size_t i = 10; i < 15; i++)
		change_chunk(world, i);
	change_chunk(world, CHUNKS - 1);
	take(world, 200);
	(void)got_bytes(world);
	restore_well(world);
	assert_file(world, world->bytes);
	assert_true(got_bytes(world) < 5 * CHUNK + TAIL + 100000);
	restore_well(world);
	assert_true(got_bytes(world) < 100000);
	assert_file(world, world->bytes);
}

/* The write-ahead log belongs to the former file. */
static void the_former_files_log_goes_with_it(void **state)
{
	struct world *world = *state;
	char log[PATH_SIZE + 16];
	int fd;

	restore_well(world);
	snprintf(log, sizeof(log), "%s-wal", world->path);
	fd = open(log, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	change_chunk(world, 3);
	take(world, 200);
	restore_well(world);
	assert_int_equal(access(log, F_OK), -1);
	assert_file(world, world->bytes);
}

/* Wherever it ends, the former file is as it was, and what was fetched is not fetched again. */
static void a_restore_that_ends_early_leaves_the_file_and_what_was_fetched(void **state)
{
	struct world *world = *state;
	char *former = lc_memory_zero(SIZE, 1);
	uint64_t before;

	restore_well(world);
	memcpy(former, world->bytes, SIZE);
	for (size_t i = 0; i < CHUNKS; i++)
		change_chunk(world, i);
	take(world, 200);
	for (unsigned steps = 1; steps < 10; steps++) {
		struct lc_checkpoint_restore *restoring = begin_restore(world);

		for (unsigned i = 0; i < steps; i++)
			(void)fake_loop_step(world->loop, lc_loop_now_ms(world->loop) + MINUTE_MS);
		assert_int_equal(world->called, 0);
		lc_checkpoint_restore_cancel(restoring);
		assert_false(object_store_busy(world->s3));
		assert_file(world, former);
	}
	before = got_bytes(world);
	restore_well(world);
	assert_file(world, world->bytes);
	assert_true(before > CHUNK);
	assert_true(got_bytes(world) < SIZE - CHUNK);
	free(former);
}

static void a_draft_of_anything_is_made_right(void **state)
{
	struct world *world = *state;
	int fd = open(world->draft, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	/* Longer, and most of it wrong. */
	assert_int_equal(pwrite(fd, world->bytes, 3 * CHUNK, 0), 3 * CHUNK);
	assert_int_equal(pwrite(fd, "x", 1, CHUNK + 5), 1);
	assert_int_equal(pwrite(fd, "x", 1, SIZE + 100000), 1);
	close(fd);
	restore_well(world);
	assert_file(world, world->bytes);
}

static char *key_of(const char *name)
{
	static char key[200];

	snprintf(key, sizeof(key), FOLDER "%s", name);
	return key;
}

static void what_is_lost_is_named(void **state)
{
	struct world *world = *state;
	const char *pack = world->manifest.packs[1].name;

	object_store_remove(world->s3, key_of(pack));
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, pack));
	assert_int_equal(access(world->path, F_OK), -1);
	object_store_remove(world->s3, key_of(world->name));
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, world->name));
}

static void what_is_damaged_is_named(void **state)
{
	struct world *world = *state;
	const char *pack = world->manifest.packs[2].name;
	struct lc_buffer *body = object_store_body(world->s3, key_of(pack));
	size_t size;

	body->data[3 * CHUNK + 17] ^= 1;
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, pack));
	body->data[3 * CHUNK + 17] ^= 1;
	size = body->size;
	body->size = 3 * CHUNK; /* what is still missing lies past it */
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, pack));
	body->size = size;
	body = object_store_body(world->s3, key_of(world->name));
	body->data[50] ^= 1;
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, world->name));
	body->data[50] ^= 1;
	restore_well(world);
	assert_file(world, world->bytes);
}

/* Read-after-write may come late. */
static void what_is_not_there_yet_is_looked_for_again(void **state)
{
	struct world *world = *state;

	object_store_fail(world->s3, 0, 3, 404, "NoSuchKey", false);
	restore_well(world);
	assert_file(world, world->bytes);
}

static void failures_are_passed_over_however_long_they_take(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
	} faults[] = {{503, "SlowDown"}, {0, ""}, {403, "AccessDenied"}, {404, "NoSuchBucket"}};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unlink(world->path);
		object_store_fail(world->s3, i, 100, faults[i].status, faults[i].code, false);
		restore_well(world);
		assert_file(world, world->bytes);
	}
}

static void a_manifest_of_another_name_is_refused(void **state)
{
	struct world *world = *state;
	struct lc_buffer *body = object_store_body(world->s3, key_of(world->name));
	char name[LC_CHAIN_NAME_SIZE];

	make_name(world, LC_CHAIN_CHECKPOINT, 1, 101, name);
	store(world, name, lc_buffer_view(body));
	memcpy(world->name, name, sizeof(name));
	restore(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "another place"));
}

/* ---- removing what is old ---- */

static void on_collected(void *context, const struct lc_checkpoint_collected *collected)
{
	struct world *world = context;

	world->called++;
	world->collected = *collected;
}

static struct lc_checkpoint_collect *begin_collect(struct world *world)
{
	const struct lc_checkpoint_collect_options options = {
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .folder = FOLDER,
	    .name = world->name,
	    .random = &world->random,
	};

	world->called = 0;
	return lc_checkpoint_collect(world->loop, &options, on_collected, world);
}

static void collect(struct world *world)
{
	(void)begin_collect(world);
	for (unsigned i = 0; i < 10 && world->called == 0; i++)
		fake_loop_advance(world->loop, MINUTE_MS);
	assert_int_equal(world->called, 1);
	assert_false(object_store_busy(world->s3));
}

static void store_segments(struct world *world, uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq <= to; seq++) {
		char name[LC_CHAIN_NAME_SIZE];

		make_name(world, LC_CHAIN_SEGMENT, 1, seq, name);
		store(world, name, lc_view_of("segment"));
	}
}

/* Two checkpoints, the second of which leaves a pack of the first and needs all others. */
static void take_two(struct world *world)
{
	store_segments(world, 1, 300);
	for (size_t i = 0; i < PACK_CHUNKS; i++)
		change_chunk(world, i);
	take(world, 200);
}

static size_t count(struct world *world, const char *folder)
{
	return object_store_count(world->s3, key_of(folder));
}

static void what_no_checkpoint_needs_goes_when_it_is_old(void **state)
{
	struct world *world = *state;

	take_two(world);
	assert_int_equal(count(world, "pack/"), 5);
	object_store_put(world->s3, FOLDER "segment/00-not-ours", lc_view_of("x"));
	object_store_set_clock(world->s3, NOW);
	store_segments(world, 301, 310);
	object_store_set_page(world->s3, 17);
	collect(world);
	assert_int_equal(world->collected.failed, 0);
	assert_int_equal(world->collected.deleted, 200 + 1 + 1);
	assert_int_equal(count(world, "segment/"), 110 + 1);
	assert_int_equal(count(world, "checkpoint/"), 1);
	assert_int_equal(count(world, "pack/"), 4);
	assert_non_null(strstr(object_store_key(world->s3, FOLDER "segment/0000", 0),
			       "0000000000000001-00000000000000c9-"));
	restore_well(world);
	assert_file(world, world->bytes);

	/* Nothing is left to do. */
	collect(world);
	assert_int_equal(world->collected.deleted, 0);
}

static void what_is_young_stays(void **state)
{
	struct world *world = *state;
	size_t all;

	take_two(world);
	all = count(world, "");
	object_store_set_clock(world->s3, OLD + LC_CHECKPOINT_KEEP_SECONDS - 1);
	collect(world);
	assert_int_equal(world->collected.deleted, 0);
	object_store_set_clock(world->s3, 0);
	collect(world);
	assert_int_equal(world->collected.deleted, 0);
	assert_int_equal(count(world, ""), all);
}

static void without_its_checkpoint_nothing_is_deleted(void **state)
{
	struct world *world = *state;
	size_t all;

	take_two(world);
	object_store_set_clock(world->s3, NOW);
	object_store_body(world->s3, key_of(world->name))->data[9] ^= 1;
	all = count(world, "");
	collect(world);
	assert_int_equal(world->collected.failed, 1);
	assert_int_equal(world->collected.deleted, 0);
	assert_int_equal(count(world, ""), all);
}

static void what_cannot_be_deleted_is_left_for_the_next_time(void **state)
{
	struct world *world = *state;

	take_two(world);
	object_store_set_clock(world->s3, NOW);
	object_store_fail(world->s3, 2, 50, 503, "SlowDown", false);
	collect(world);
	assert_int_equal(world->collected.failed, 50);
	assert_int_equal(world->collected.deleted, 152);
	/* A list fails. */
	object_store_fail(world->s3, 1, 1, 503, "SlowDown", false);
	collect(world);
	assert_int_equal(world->collected.failed, 1);
	collect(world);
	assert_int_equal(world->collected.deleted, 50);
	assert_int_equal(count(world, "segment/"), 100);
	restore_well(world);
	assert_file(world, world->bytes);
}

static void a_collection_may_be_cancelled_anywhere(void **state)
{
	struct world *world = *state;

	take_two(world);
	object_store_set_clock(world->s3, NOW);
	for (unsigned steps = 0; steps < 20; steps++) {
		struct lc_checkpoint_collect *collecting = begin_collect(world);

		for (unsigned i = 0; i < steps; i++)
			(void)fake_loop_step(world->loop, lc_loop_now_ms(world->loop) + MINUTE_MS);
		lc_checkpoint_collect_cancel(collecting);
		assert_false(object_store_busy(world->s3));
	}
	collect(world);
	assert_int_equal(count(world, "segment/"), 100);
	restore_well(world);
	assert_file(world, world->bytes);
}

/* Checkpoint after checkpoint, with what is old removed in between: the last can always be read,
 * and what is stored stays bounded. */
static void a_long_life_stays_whole_and_small(void **state)
{
	enum { ROUNDS = 150 };
	struct world *world = *state;
	uint32_t clock = OLD;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		unsigned changes = (unsigned)(lc_random_next(&world->random) % 12);

		clock += 24 * 3600;
		object_store_set_clock(world->s3, clock);
		for (unsigned i = 0; i < changes; i++)
			change_chunk(world, lc_random_next(&world->random) % CHUNKS);
		store_segments(world, 100 + 10 * round, 109 + 10 * round);
		take(world, 109 + 10 * round);
		collect(world);
		assert_int_equal(world->collected.failed, 0);
		if (round % 10 != 0)
			continue;
		restore_well(world);
		assert_file(world, world->bytes);
		assert_true(count(world, "segment/") <= 10 * 9);
		assert_true(count(world, "checkpoint/") <= 9);
		assert_true(count(world, "pack/") <= 64 + 2 + 9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_file_is_made_from_its_checkpoint),
	    STORY(what_is_there_is_not_fetched),
	    STORY(the_former_files_log_goes_with_it),
	    STORY(a_restore_that_ends_early_leaves_the_file_and_what_was_fetched),
	    STORY(a_draft_of_anything_is_made_right),
	    STORY(what_is_lost_is_named),
	    STORY(what_is_damaged_is_named),
	    STORY(what_is_not_there_yet_is_looked_for_again),
	    STORY(failures_are_passed_over_however_long_they_take),
	    STORY(a_manifest_of_another_name_is_refused),
	    STORY(what_no_checkpoint_needs_goes_when_it_is_old),
	    STORY(what_is_young_stays),
	    STORY(without_its_checkpoint_nothing_is_deleted),
	    STORY(what_cannot_be_deleted_is_left_for_the_next_time),
	    STORY(a_collection_may_be_cancelled_anywhere),
	    STORY(a_long_life_stays_whole_and_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
