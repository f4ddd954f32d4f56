/*
 * Any bytes as the manifest of a checkpoint: between its number of the format and the hash at its
 * end, which is made right, since no input would come past it otherwise. Checked: what is read has
 * each chunk within its pack, and is encoded as the same bytes again; it can be the base of another
 * one.
 */
#include "fuzz/fuzz.h"

#include "base/buffer.h"
#include "ledger/manifest.h"

#include <stdlib.h>
#include <string.h>

static void check(const struct lc_manifest *manifest, struct lc_view bytes)
{
	struct lc_manifest next = {.chunk_count = 0};
	struct lc_buffer again;

	LC_ASSERT(manifest->chunk_count == lc_manifest_chunks_of(manifest->file_size));
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		const struct lc_manifest_chunk *chunk = &manifest->chunks[i];

		LC_ASSERT(chunk->pack < manifest->pack_count);
		LC_ASSERT(chunk->offset + lc_manifest_chunk_size(manifest->file_size, i) <=
			  manifest->packs[chunk->pack].size);
	}
	lc_buffer_init(&again, SIZE_MAX / 2);
	lc_manifest_encode(manifest, &again);
	LC_ASSERT(lc_view_equal(lc_buffer_view(&again), bytes));
	lc_buffer_free(&again);

	lc_manifest_begin(&next, manifest->file_size + 1);
	for (size_t i = 0; i < manifest->chunk_count; i += 2)
		next.chunks[i].hash = manifest->chunks[i].hash;
	lc_manifest_reuse(&next, manifest);
	LC_ASSERT(next.pack_count <= manifest->pack_count);
	lc_manifest_free(&next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char HEAD[] = "LCledchk\1\0\0"; /* and a zero byte */
	struct lc_manifest manifest;
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_chain_hash hash;
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, SIZE_MAX / 2);
	lc_buffer_append(&bytes, HEAD, sizeof HEAD);
	lc_buffer_append(&bytes, data, size);
	hash = lc_chain_hash_of(lc_buffer_view(&bytes));
	lc_buffer_append(&bytes, &hash.high, sizeof hash.high);
	lc_buffer_append(&bytes, &hash.low, sizeof hash.low);
	if (lc_manifest_decode(lc_buffer_view(&bytes), &manifest, &error)) {
		check(&manifest, lc_buffer_view(&bytes));
		lc_manifest_free(&manifest);
	} else {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT && manifest.chunks == NULL);
	}
	lc_buffer_free(&bytes);
	return 0;
}
