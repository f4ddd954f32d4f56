/*
 * The manifest of a checkpoint (ledger/checkpoint.h): of which chunks the ledger's file consists as
 * of a place in its chain, and in which packs they lie. Pure.
 *
 *	magic             8 bytes, "LCledchk"
 *	format            4 bytes: LC_MANIFEST_VERSION
 *	schema, row hash  4 bytes each: LC_SCHEMA_VERSION, LC_ROW_HASH_VERSION of the file
 *	shard, of         4 bytes each
 *	generation        8 bytes
 *	epoch, seq        8 bytes each; hash, 16 bytes: the place in the chain
 *	file size         8 bytes
 *	packs             4 bytes: how many; then each: 1 byte, the size of its name, the name, and
 *	                  4 bytes, the pack's size
 *	chunks            as many as the file has: each 4 bytes, the number of its pack from 0 on;
 *	                  4 bytes, where it begins there; 16 bytes, its hash
 *	hash              16 bytes: of all before it
 *
 * Numbers are little-endian; hashes are XXH3 with 128 bits (formats/chain.h), the higher half
 * first. A chunk is LC_MANIFEST_CHUNK bytes of the file, the last one what is left. A pack is
 * chunks, one after the other, and nothing else.
 */
#ifndef LC_LEDGER_MANIFEST_H
#define LC_LEDGER_MANIFEST_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/chain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_MANIFEST_VERSION = 1,
	LC_MANIFEST_CHUNK = 64 * 1024,
	LC_MANIFEST_PACK_MAX = 16 * 1024 * 1024,  /* of a pack; so much memory a checkpoint takes */
	LC_MANIFEST_BYTES_MAX = 64 * 1024 * 1024, /* of a manifest: a file of 170 GB */
};

/* The pack of a chunk that is in none yet. */
#define LC_MANIFEST_UNPACKED UINT32_MAX

struct lc_manifest_pack {
	char name[LC_CHAIN_NAME_SIZE];
	uint32_t size; /* bytes */
};

struct lc_manifest_chunk {
	struct lc_chain_hash hash;
	uint32_t pack;   /* which of the packs */
	uint32_t offset; /* of its first byte there */
};

struct lc_manifest {
	uint32_t schema;
	uint32_t row_hash;
	uint32_t shard; /* less than shard_count */
	uint32_t shard_count;
	uint64_t generation;
	struct lc_chain_position position;
	uint64_t file_size;
	struct lc_manifest_pack *packs;
	size_t pack_count;
	size_t pack_capacity;
	struct lc_manifest_chunk *chunks;
	size_t chunk_count;
};

/* Releases what it owns; it is empty then. */
void lc_manifest_free(struct lc_manifest *manifest);

/* How many chunks a file has, and how many bytes of it are the chunk's. */
size_t lc_manifest_chunks_of(uint64_t file_size);
size_t lc_manifest_chunk_size(uint64_t file_size, size_t chunk);

/* Makes the bytes: `out` holds them alone afterwards. All chunks are in packs. */
void lc_manifest_encode(const struct lc_manifest *manifest, struct lc_buffer *out);

/* Reads them. False with `error` (LC_ERROR_CORRUPT) and an empty manifest if they are none, are
 * damaged, or of a release that this one cannot read. What is read has each chunk within its pack,
 * and no pack of a later place in the chain. */
bool lc_manifest_decode(struct lc_view bytes, struct lc_manifest *manifest, struct lc_error *error);

/* Begins the manifest of a file of this size: its chunks have no hashes yet. */
void lc_manifest_begin(struct lc_manifest *manifest, uint64_t file_size);

/* Takes over, for each chunk that has the hash and size that it has in `base`, its place in a pack;
 * the others stay LC_MANIFEST_UNPACKED. So do some that have not changed, in order that packs stay
 * few and full: those of packs of which less than half is still needed; and, if there are more packs
 * then than one for each 8 MiB of the file and 64, those of the smallest, down to 32 fewer. */
void lc_manifest_reuse(struct lc_manifest *manifest, const struct lc_manifest *base);

/* Adds a pack; returns its number. */
uint32_t lc_manifest_add_pack(struct lc_manifest *manifest, const char *name, uint32_t size);

#endif
