#include "ledger/manifest.h"

#include "base/assert.h"
#include "base/memory.h"
#include "formats/row_binary.h"
#include "formats/row_hash.h"
#include "ledger/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[] = "LCledchk";

enum {
	MAGIC_SIZE = sizeof(MAGIC) - 1,
	HASH_SIZE = 16,
	CHUNK_ENTRY_SIZE = 4 + 4 + HASH_SIZE,
	PACKS_SPARE = 64,      /* packs that there may be, whatever the file's size */
	PACKS_MERGED = 32,     /* so many fewer there are after smallest ones were copied */
	CHUNKS_PER_PACK = 128, /* of half a pack */
};

void lc_manifest_free(struct lc_manifest *manifest)
{
	free(manifest->packs);
	free(manifest->chunks);
	*manifest = (struct lc_manifest){.chunk_count = 0};
}

size_t lc_manifest_chunks_of(uint64_t file_size)
{
	return (size_t)(file_size / LC_MANIFEST_CHUNK + (file_size % LC_MANIFEST_CHUNK > 0));
}

size_t lc_manifest_chunk_size(uint64_t file_size, size_t chunk)
{
	uint64_t begin = (uint64_t)chunk * LC_MANIFEST_CHUNK;

	LC_ASSERT(begin < file_size);
	return file_size - begin < LC_MANIFEST_CHUNK ? (size_t)(file_size - begin)
						     : LC_MANIFEST_CHUNK;
}

/* ---- bytes ---- */

static void append_u32(struct lc_buffer *out, uint32_t number)
{
	lc_row_binary_append_number(out, number, 4);
}

static void append_u64(struct lc_buffer *out, uint64_t number)
{
	lc_row_binary_append_number(out, number, 8);
}

static void append_hash(struct lc_buffer *out, struct lc_chain_hash hash)
{
	append_u64(out, hash.high);
	append_u64(out, hash.low);
}

void lc_manifest_encode(const struct lc_manifest *manifest, struct lc_buffer *out)
{
	lc_buffer_clear(out);
	lc_buffer_append_text(out, MAGIC);
	append_u32(out, LC_MANIFEST_VERSION);
	append_u32(out, manifest->schema);
	append_u32(out, manifest->row_hash);
	append_u32(out, manifest->shard);
	append_u32(out, manifest->shard_count);
	append_u64(out, manifest->generation);
	append_u64(out, manifest->position.epoch);
	append_u64(out, manifest->position.seq);
	append_hash(out, manifest->position.hash);
	append_u64(out, manifest->file_size);
	append_u32(out, (uint32_t)manifest->pack_count);
	for (size_t i = 0; i < manifest->pack_count; i++) {
		struct lc_view name = lc_view_of(manifest->packs[i].name);

		lc_buffer_append_char(out, (char)name.size);
		lc_buffer_append_view(out, name);
		append_u32(out, manifest->packs[i].size);
	}
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		LC_ASSERT(manifest->chunks[i].pack < manifest->pack_count);
		append_u32(out, manifest->chunks[i].pack);
		append_u32(out, manifest->chunks[i].offset);
		append_hash(out, manifest->chunks[i].hash);
	}
	append_hash(out, lc_chain_hash_of(lc_buffer_view(out)));
	LC_ASSERT(!lc_buffer_failed(out));
}

static uint32_t take_u32(struct lc_row_binary_reader *reader)
{
	return (uint32_t)lc_row_binary_number(reader, 4);
}

static uint64_t take_u64(struct lc_row_binary_reader *reader)
{
	return lc_row_binary_number(reader, 8);
}

static struct lc_chain_hash take_hash(struct lc_row_binary_reader *reader)
{
	struct lc_chain_hash hash = {.high = take_u64(reader)};

	hash.low = take_u64(reader);
	return hash;
}

/* The bytes between the format's number and the hash that ends them. */
static bool open_frame(struct lc_view bytes, struct lc_row_binary_reader *reader,
		       struct lc_error *error)
{
	struct lc_view content = {.data = bytes.data};
	struct lc_row_binary_reader end;
	uint32_t version;

	if (bytes.size < MAGIC_SIZE + 4 + HASH_SIZE || memcmp(bytes.data, MAGIC, MAGIC_SIZE) != 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "not the manifest of a checkpoint");
	content.size = bytes.size - HASH_SIZE;
	end = lc_row_binary_reader_of(
	    (struct lc_view){.data = bytes.data + content.size, .size = HASH_SIZE});
	if (!lc_chain_hash_equal(take_hash(&end), lc_chain_hash_of(content)))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "damaged: its bytes do not have the hash that it ends with");
	content.data += MAGIC_SIZE;
	content.size -= MAGIC_SIZE;
	*reader = lc_row_binary_reader_of(content);
	version = take_u32(reader);
	if (version != LC_MANIFEST_VERSION)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "of format %" PRIu32 ", this release reads format %d: use the "
				    "release that has written it, or a later one",
				    version, (int)LC_MANIFEST_VERSION);
	return true;
}

static bool take_header(struct lc_row_binary_reader *reader, struct lc_manifest *manifest,
			struct lc_error *error)
{
	manifest->schema = take_u32(reader);
	manifest->row_hash = take_u32(reader);
	manifest->shard = take_u32(reader);
	manifest->shard_count = take_u32(reader);
	manifest->generation = take_u64(reader);
	manifest->position.epoch = take_u64(reader);
	manifest->position.seq = take_u64(reader);
	manifest->position.hash = take_hash(reader);
	manifest->file_size = take_u64(reader);
	if (reader->state != LC_ROW_BINARY_GOOD || manifest->shard >= manifest->shard_count)
		return lc_error_set(error, LC_ERROR_CORRUPT, "its header makes no sense");
	if (manifest->schema > LC_SCHEMA_VERSION || manifest->row_hash != LC_ROW_HASH_VERSION)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "of a ledger with schema %" PRIu32 " and row hash %" PRIu32
				    ", this release reads schema %d and row hash %d: use the "
				    "release that has written it, or a later one",
				    manifest->schema, manifest->row_hash, (int)LC_SCHEMA_VERSION,
				    (int)LC_ROW_HASH_VERSION);
	return true;
}

static bool take_pack(struct lc_row_binary_reader *reader, struct lc_manifest *manifest)
{
	struct lc_chain_position position = {.epoch = 0};
	char name[LC_CHAIN_NAME_SIZE];
	size_t size = (size_t)lc_row_binary_number(reader, 1);
	uint32_t pack_size;

	if (reader->state != LC_ROW_BINARY_GOOD || size >= sizeof(name) ||
	    (size_t)(reader->end - reader->next) < size)
		return false;
	memcpy(name, reader->next, size);
	name[size] = '\0';
	reader->next += size;
	pack_size = take_u32(reader);
	if (reader->state != LC_ROW_BINARY_GOOD || pack_size == 0 ||
	    pack_size > LC_MANIFEST_PACK_MAX ||
	    !lc_chain_name_parse((struct lc_view){.data = name, .size = size}, LC_CHAIN_PACK,
				 &position.epoch, &position.seq) ||
	    lc_chain_position_compare(&position, &manifest->position) > 0)
		return false;
	(void)lc_manifest_add_pack(manifest, name, pack_size);
	return true;
}

static bool take_packs(struct lc_row_binary_reader *reader, struct lc_manifest *manifest,
		       struct lc_error *error)
{
	uint32_t count = take_u32(reader);

	if (reader->state != LC_ROW_BINARY_GOOD)
		return lc_error_set(error, LC_ERROR_CORRUPT, "it ends before its packs");
	for (uint32_t i = 0; i < count; i++) {
		if (!take_pack(reader, manifest))
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "pack %" PRIu32 " of %" PRIu32 " makes no sense", i,
					    count);
	}
	return true;
}

static bool take_chunks(struct lc_row_binary_reader *reader, struct lc_manifest *manifest,
			struct lc_error *error)
{
	uint64_t left = (uint64_t)(reader->end - reader->next);

	if (left % CHUNK_ENTRY_SIZE != 0 ||
	    left / CHUNK_ENTRY_SIZE != lc_manifest_chunks_of(manifest->file_size))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "%" PRIu64 " bytes are no list of the chunks of a file of "
				    "%" PRIu64 " bytes",
				    left, manifest->file_size);
	lc_manifest_begin(manifest, manifest->file_size);
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		struct lc_manifest_chunk *chunk = &manifest->chunks[i];

		chunk->pack = take_u32(reader);
		chunk->offset = take_u32(reader);
		chunk->hash = take_hash(reader);
		if (chunk->pack >= manifest->pack_count ||
		    (uint64_t)chunk->offset + lc_manifest_chunk_size(manifest->file_size, i) >
			manifest->packs[chunk->pack].size)
			return lc_error_set(error, LC_ERROR_CORRUPT, "chunk %zu lies in no pack",
					    i);
	}
	return true;
}

bool lc_manifest_decode(struct lc_view bytes, struct lc_manifest *manifest, struct lc_error *error)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(bytes);

	*manifest = (struct lc_manifest){.chunk_count = 0};
	if (open_frame(bytes, &reader, error) && take_header(&reader, manifest, error) &&
	    take_packs(&reader, manifest, error) && take_chunks(&reader, manifest, error))
		return true;
	lc_manifest_free(manifest);
	return false;
}

/* ---- making one ---- */

void lc_manifest_begin(struct lc_manifest *manifest, uint64_t file_size)
{
	LC_ASSERT(manifest->chunks == NULL);
	manifest->file_size = file_size;
	manifest->chunk_count = lc_manifest_chunks_of(file_size);
	manifest->chunks = lc_memory_zero(manifest->chunk_count, sizeof(manifest->chunks[0]));
	for (size_t i = 0; i < manifest->chunk_count; i++)
		manifest->chunks[i].pack = LC_MANIFEST_UNPACKED;
}

uint32_t lc_manifest_add_pack(struct lc_manifest *manifest, const char *name, uint32_t size)
{
	struct lc_manifest_pack *pack;

	LC_ASSERT(strlen(name) < LC_CHAIN_NAME_SIZE);
	manifest->packs = lc_memory_grow(manifest->packs, &manifest->pack_capacity,
					 manifest->pack_count + 1, sizeof(manifest->packs[0]));
	pack = &manifest->packs[manifest->pack_count];
	memcpy(pack->name, name, strlen(name) + 1);
	pack->size = size;
	return (uint32_t)manifest->pack_count++;
}

/* A pack of the checkpoint before. */
struct former_pack {
	uint64_t needed; /* bytes of it */
	uint32_t number;
};

static bool is_unchanged(const struct lc_manifest *manifest, const struct lc_manifest *base,
			 size_t chunk)
{
	return chunk < base->chunk_count &&
	       lc_manifest_chunk_size(base->file_size, chunk) ==
		   lc_manifest_chunk_size(manifest->file_size, chunk) &&
	       lc_chain_hash_equal(base->chunks[chunk].hash, manifest->chunks[chunk].hash);
}

static int compare_needed(const void *left, const void *right)
{
	const struct former_pack *a = left;
	const struct former_pack *b = right;

	if (a->needed != b->needed)
		return a->needed < b->needed ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* Sorts the packs by what is needed of them and says from which on they are kept. */
static size_t first_kept(const struct lc_manifest *manifest, const struct lc_manifest *base,
			 struct former_pack *packs)
{
	size_t most = PACKS_SPARE + manifest->chunk_count / CHUNKS_PER_PACK;
	size_t first = 0;

	for (size_t i = 0; i < base->pack_count; i++)
		packs[i].number = (uint32_t)i;
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		if (is_unchanged(manifest, base, i))
			packs[base->chunks[i].pack].needed +=
			    lc_manifest_chunk_size(manifest->file_size, i);
	}
	for (size_t i = 0; i < base->pack_count; i++) {
		if (packs[i].needed < base->packs[i].size - packs[i].needed)
			packs[i].needed = 0;
	}
	qsort(packs, base->pack_count, sizeof(packs[0]), compare_needed);
	while (first < base->pack_count && packs[first].needed == 0)
		first++;
	if (base->pack_count - first > most)
		first = base->pack_count - (most - PACKS_MERGED);
	return first;
}

void lc_manifest_reuse(struct lc_manifest *manifest, const struct lc_manifest *base)
{
	struct former_pack *packs = lc_memory_zero(base->pack_count, sizeof(packs[0]));
	uint32_t *numbers = lc_memory_zero(base->pack_count, sizeof(numbers[0]));
	size_t first = first_kept(manifest, base, packs);

	LC_ASSERT(manifest->pack_count == 0);
	for (size_t i = 0; i < base->pack_count; i++) {
		const struct lc_manifest_pack *pack = &base->packs[packs[i].number];

		numbers[packs[i].number] =
		    i < first ? LC_MANIFEST_UNPACKED
			      : lc_manifest_add_pack(manifest, pack->name, pack->size);
	}
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		if (!is_unchanged(manifest, base, i))
			continue;
		manifest->chunks[i].pack = numbers[base->chunks[i].pack];
		manifest->chunks[i].offset = base->chunks[i].offset;
	}
	free(numbers);
	free(packs);
}
