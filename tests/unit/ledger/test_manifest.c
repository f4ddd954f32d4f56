#include "ledger/manifest.h"

#include "base/memory.h"
#include "base/random.h"
#include "formats/row_hash.h"
#include "ledger/schema.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = LC_MANIFEST_CHUNK };

static struct lc_chain_hash hash_of(uint64_t number)
{
	return (struct lc_chain_hash){.high = number, .low = ~number};
}

/* A file of `size` bytes, whose chunk i has the hash i. */
static void begin(struct lc_manifest *manifest, uint64_t size)
{
	*manifest = (struct lc_manifest){
	    .schema = LC_SCHEMA_VERSION,
	    .row_hash = LC_ROW_HASH_VERSION,
	    .shard = 3,
	    .shard_count = 16,
	    .generation = 7,
	    .position = {.epoch = 5, .seq = 900, .hash = {.high = 1, .low = 2}},
	};
	lc_manifest_begin(manifest, size);
	for (size_t i = 0; i < manifest->chunk_count; i++)
		manifest->chunks[i].hash = hash_of(i);
}

/* Puts what is in no pack into new ones of at most `most` chunks. */
static void pack(struct lc_manifest *manifest, uint64_t seq, size_t most)
{
	char name[LC_CHAIN_NAME_SIZE];
	char nonce[LC_CHAIN_NONCE_SIZE];
	uint32_t size = 0;

	for (size_t i = 0; i < manifest->chunk_count; i++) {
		struct lc_manifest_chunk *chunk = &manifest->chunks[i];

		if (chunk->pack != LC_MANIFEST_UNPACKED)
			continue;
		if (size == 0 || size >= most * CHUNK) {
			size = 0;
			lc_chain_nonce_format(manifest->pack_count, nonce);
			lc_chain_name_format(LC_CHAIN_PACK, 5, seq, nonce, name);
			(void)lc_manifest_add_pack(manifest, name, 0);
		}
		chunk->pack = (uint32_t)manifest->pack_count - 1;
		chunk->offset = size;
		size += (uint32_t)lc_manifest_chunk_size(manifest->file_size, i);
		manifest->packs[manifest->pack_count - 1].size = size;
	}
}

static size_t unpacked(const struct lc_manifest *manifest)
{
	size_t count = 0;

	for (size_t i = 0; i < manifest->chunk_count; i++)
		count += manifest->chunks[i].pack == LC_MANIFEST_UNPACKED;
	return count;
}

/* ---- bytes ---- */

static void what_is_encoded_is_decoded(void **state)
{
	struct lc_manifest manifest;
	struct lc_manifest read;
	struct lc_buffer bytes;
	struct lc_error error;

	(void)state;
	begin(&manifest, 10 * CHUNK + 4096);
	pack(&manifest, 899, 4);
	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_manifest_encode(&manifest, &bytes);
	assert_true(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
	assert_int_equal(read.shard, 3);
	assert_int_equal(read.shard_count, 16);
	assert_int_equal(read.generation, 7);
	assert_int_equal(read.position.epoch, 5);
	assert_int_equal(read.position.seq, 900);
	assert_true(lc_chain_hash_equal(read.position.hash, manifest.position.hash));
	assert_int_equal(read.file_size, 10 * CHUNK + 4096);
	assert_int_equal(read.pack_count, 3);
	assert_int_equal(read.chunk_count, 11);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(read.packs[i].name, manifest.packs[i].name);
		assert_int_equal(read.packs[i].size, manifest.packs[i].size);
	}
	assert_memory_equal(read.chunks, manifest.chunks, 11 * sizeof(read.chunks[0]));
	lc_manifest_free(&read);
	lc_manifest_free(&manifest);
	lc_buffer_free(&bytes);
}

static void end_with_hash(struct lc_buffer *bytes)
{
	struct lc_chain_hash hash = lc_chain_hash_of(lc_buffer_view(bytes));

	lc_buffer_append(bytes, &hash.high, 8);
	lc_buffer_append(bytes, &hash.low, 8);
}

static void an_empty_file_has_a_manifest(void **state)
{
	struct lc_manifest manifest;
	struct lc_manifest read;
	struct lc_buffer bytes;
	struct lc_error error;

	(void)state;
	begin(&manifest, 0);
	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_manifest_encode(&manifest, &bytes);
	assert_true(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
	assert_int_equal(read.chunk_count, 0);
	lc_manifest_free(&read);

	/* Without the number of packs it is none, though no chunk is missing. */
	bytes.size -= 16 + 4;
	end_with_hash(&bytes);
	assert_false(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
	lc_manifest_free(&manifest);
	lc_buffer_free(&bytes);
}

/* Encodes, and says why it cannot be decoded. */
static void refuse(const struct lc_manifest *manifest, const char *why)
{
	struct lc_manifest read;
	struct lc_buffer bytes;
	struct lc_error error;

	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_manifest_encode(manifest, &bytes);
	assert_false(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, why);
	assert_null(read.chunks);
	lc_buffer_free(&bytes);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct lc_manifest manifest;

	(void)state;
	begin(&manifest, 3 * CHUNK);
	pack(&manifest, 899, 4);
	manifest.shard = 16;
	refuse(&manifest, "header");
	manifest.shard = 3;
	manifest.schema = LC_SCHEMA_VERSION + 1;
	refuse(&manifest, "a later one");
	manifest.schema = LC_SCHEMA_VERSION;
	manifest.row_hash = LC_ROW_HASH_VERSION + 1;
	refuse(&manifest, "row hash");
	manifest.row_hash = LC_ROW_HASH_VERSION;
	manifest.file_size = 4 * CHUNK;
	refuse(&manifest, "no list of the chunks");
	manifest.file_size = UINT64_MAX;
	refuse(&manifest, "no list of the chunks");
	manifest.file_size = 3 * CHUNK;
	manifest.chunks[1].offset = 3 * CHUNK;
	refuse(&manifest, "chunk 1 lies in no pack");
	manifest.chunks[1].offset = UINT32_MAX;
	refuse(&manifest, "chunk 1 lies in no pack");
	manifest.chunks[1].offset = CHUNK;
	manifest.packs[0].size = LC_MANIFEST_PACK_MAX + 1;
	refuse(&manifest, "pack 0 of 1");
	manifest.packs[0].size = 3 * CHUNK;
	lc_chain_name_format(LC_CHAIN_PACK, 5, 901, "0000000000000000", manifest.packs[0].name);
	refuse(&manifest, "pack 0 of 1");
	lc_chain_name_format(LC_CHAIN_SEGMENT, 5, 1, "0000000000000000", manifest.packs[0].name);
	refuse(&manifest, "pack 0 of 1");
	manifest.packs[0].name[0] = '\0';
	refuse(&manifest, "pack 0 of 1");
	lc_manifest_free(&manifest);
}

static void bytes_that_are_cut_or_changed_are_refused(void **state)
{
	struct lc_manifest manifest;
	struct lc_manifest read;
	struct lc_buffer bytes;
	struct lc_error error;

	(void)state;
	begin(&manifest, 3 * CHUNK);
	pack(&manifest, 899, 2);
	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_manifest_encode(&manifest, &bytes);
	for (size_t i = 0; i < bytes.size; i++) {
		assert_false(lc_manifest_decode((struct lc_view){.data = bytes.data, .size = i},
						&read, &error));
		bytes.data[i] ^= 1;
		assert_false(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		bytes.data[i] ^= 1;
	}
	assert_true(lc_manifest_decode(lc_buffer_view(&bytes), &read, &error));
	lc_manifest_free(&read);
	lc_manifest_free(&manifest);
	lc_buffer_free(&bytes);
}

/* Whatever stands within, with the right hash at its end. */
static void any_bytes_in_the_frame_are_survived(void **state)
{
	enum { ROUNDS = 20000 };
	struct lc_random random;
	struct lc_manifest manifest;
	struct lc_manifest read;
	struct lc_buffer bytes;
	struct lc_buffer changed;
	struct lc_error error;

	(void)state;
	lc_random_seed(&random, 1);
	begin(&manifest, 5 * CHUNK);
	pack(&manifest, 899, 2);
	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_buffer_init(&changed, SIZE_MAX / 2);
	lc_manifest_encode(&manifest, &bytes);
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = 12 + lc_random_next(&random) % (bytes.size - 12 - 16 + 1);

		lc_buffer_clear(&changed);
		lc_buffer_append(&changed, bytes.data, size);
		for (unsigned n = 0; n < 3 && size > 12; n++)
			changed.data[12 + lc_random_next(&random) % (size - 12)] =
			    (char)lc_random_next(&random);
		end_with_hash(&changed);
		if (lc_manifest_decode(lc_buffer_view(&changed), &read, &error))
			lc_manifest_free(&read);
		else
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	}
	lc_manifest_free(&manifest);
	lc_buffer_free(&bytes);
	lc_buffer_free(&changed);
}

/* ---- what is reused ---- */

static void only_what_has_changed_is_stored_again(void **state)
{
	struct lc_manifest base;
	struct lc_manifest next;

	(void)state;
	begin(&base, 100 * CHUNK + 4096);
	pack(&base, 100, 256);
	begin(&next, 102 * CHUNK);
	next.chunks[7].hash = hash_of(1000);
	lc_manifest_reuse(&next, &base);
	/* The changed one, the one that was short, and the new one. */
	assert_int_equal(unpacked(&next), 3);
	assert_int_equal(next.chunks[7].pack, LC_MANIFEST_UNPACKED);
	assert_int_equal(next.chunks[100].pack, LC_MANIFEST_UNPACKED);
	assert_int_equal(next.pack_count, 1);
	assert_string_equal(next.packs[0].name, base.packs[0].name);
	assert_int_equal(next.chunks[8].offset, 8 * CHUNK);
	lc_manifest_free(&base);
	lc_manifest_free(&next);
}

static void a_file_that_has_become_shorter_needs_less(void **state)
{
	struct lc_manifest base;
	struct lc_manifest next;

	(void)state;
	begin(&base, 100 * CHUNK);
	pack(&base, 100, 60);
	begin(&next, 50 * CHUNK);
	lc_manifest_reuse(&next, &base);
	assert_int_equal(unpacked(&next), 0);
	assert_int_equal(next.pack_count, 1);
	lc_manifest_free(&base);
	lc_manifest_free(&next);
}

static void a_pack_that_is_hardly_needed_is_copied(void **state)
{
	struct lc_manifest base;
	struct lc_manifest next;

	(void)state;
	begin(&base, 100 * CHUNK);
	pack(&base, 100, 50);
	begin(&next, 100 * CHUNK);
	for (size_t i = 0; i < 25; i++)
		next.chunks[i].hash = hash_of(1000 + i);
	lc_manifest_reuse(&next, &base);
	assert_int_equal(unpacked(&next), 25); /* a half is enough */
	assert_int_equal(next.pack_count, 2);
	lc_manifest_free(&next);
	begin(&next, 100 * CHUNK);
	for (size_t i = 0; i < 26; i++)
		next.chunks[i].hash = hash_of(1000 + i);
	lc_manifest_reuse(&next, &base);
	assert_int_equal(unpacked(&next), 50);
	assert_int_equal(next.pack_count, 1);
	assert_string_equal(next.packs[0].name, base.packs[1].name);
	lc_manifest_free(&next);
	lc_manifest_free(&base);
}

/* Checkpoint after checkpoint: packs stay few and full, and little is copied. */
static void packs_stay_few_and_full(void **state)
{
	enum { CHUNKS = 3200, ROUNDS = 1000, CHANGED = 10 };
	struct lc_random random;
	struct lc_manifest base;
	uint64_t copied = 0;
	uint64_t number = CHUNKS;

	(void)state;
	lc_random_seed(&random, 7);
	begin(&base, (uint64_t)CHUNKS * CHUNK);
	pack(&base, 1, 256);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct lc_manifest next;
		uint64_t bytes = 0;
		size_t changed = 0;

		begin(&next, (uint64_t)CHUNKS * CHUNK);
		for (size_t i = 0; i < CHUNKS; i++)
			next.chunks[i].hash = base.chunks[i].hash;
		for (unsigned i = 0; i < CHANGED; i++)
			next.chunks[lc_random_next(&random) % CHUNKS].hash = hash_of(number++);
		for (size_t i = 0; i < CHUNKS; i++)
			changed += !lc_chain_hash_equal(next.chunks[i].hash, base.chunks[i].hash);
		lc_manifest_reuse(&next, &base);
		copied += unpacked(&next) - changed;
		pack(&next, 2 + round % 800, 256);
		for (size_t i = 0; i < next.pack_count; i++)
			bytes += next.packs[i].size;
		assert_true(next.pack_count <= 64 + CHUNKS / 128 + 1);
		assert_true(bytes <= 2 * next.file_size + LC_MANIFEST_PACK_MAX);
		lc_manifest_free(&base);
		base = next;
	}
	print_message("%d checkpoints of %d changed chunks each: %.2f chunks copied for each, "
		      "%zu packs at the end\n",
		      ROUNDS, CHANGED, (double)copied / ROUNDS, base.pack_count);
	assert_true(copied < (uint64_t)ROUNDS * CHANGED * 3);
	lc_manifest_free(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_encoded_is_decoded),
	    cmocka_unit_test(an_empty_file_has_a_manifest),
	    cmocka_unit_test(what_makes_no_sense_is_refused),
	    cmocka_unit_test(bytes_that_are_cut_or_changed_are_refused),
	    cmocka_unit_test(any_bytes_in_the_frame_are_survived),
	    cmocka_unit_test(only_what_has_changed_is_stored_again),
	    cmocka_unit_test(a_file_that_has_become_shorter_needs_less),
	    cmocka_unit_test(a_pack_that_is_hardly_needed_is_copied),
	    cmocka_unit_test(packs_stay_few_and_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
