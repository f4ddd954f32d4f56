#include "formats/compression.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
	GZIP_LEVEL = 1,
	GZIP_WINDOW_BITS = 15 + 16, /* zlib.h, deflateInit2: with a gzip header */
	GZIP_MEMORY_LEVEL = 8,
	GZIP_SYSTEM_UNKNOWN = 255, /* RFC 1952, section 2.3.1, OS */
	ZSTD_LEVEL = 1,
};

static const char *const SUFFIXES[] = {
#define LC_COMPRESSION(name, text, suffix, encoding) suffix,
#include "tbl/compressions.h"
};

static const char *const ENCODINGS[] = {
#define LC_COMPRESSION(name, text, suffix, encoding) encoding,
#include "tbl/compressions.h"
};

enum { KIND_COUNT = sizeof(SUFFIXES) / sizeof(SUFFIXES[0]) };

const char *lc_compression_suffix(enum lc_compression kind)
{
	return SUFFIXES[kind];
}

const char *lc_compression_encoding(enum lc_compression kind)
{
	return ENCODINGS[kind];
}

enum lc_compression lc_compression_of_key(struct lc_view key)
{
	for (int kind = LC_COMPRESSION_NONE + 1; kind < KIND_COUNT; kind++) {
		if (lc_view_ends_with(key, lc_view_of(SUFFIXES[kind])))
			return (enum lc_compression)kind;
	}
	return LC_COMPRESSION_NONE;
}

/* One of the two is in use. */
struct lc_compressor {
	z_stream gzip;
	gz_header header;
	ZSTD_CCtx *zstd; /* NULL: it is gzip */
};

static void begin_gzip(struct lc_compressor *compressor)
{
	compressor->header = (gz_header){.os = GZIP_SYSTEM_UNKNOWN};
	LC_ASSERT(deflateInit2(&compressor->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS,
			       GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
	LC_ASSERT(deflateSetHeader(&compressor->gzip, &compressor->header) == Z_OK);
}

static void set_zstd(ZSTD_CCtx *zstd, ZSTD_cParameter parameter, int value)
{
	LC_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, parameter, value)));
}

static void begin_zstd(struct lc_compressor *compressor, uint64_t size)
{
	compressor->zstd = ZSTD_createCCtx();
	LC_ASSERT(compressor->zstd != NULL);
	set_zstd(compressor->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	set_zstd(compressor->zstd, ZSTD_c_checksumFlag, 1);
	LC_ASSERT(!ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(compressor->zstd, size)));
}

struct lc_compressor *lc_compressor_new(enum lc_compression kind, uint64_t size)
{
	struct lc_compressor *compressor = lc_memory_zero(1, sizeof(*compressor));

	LC_ASSERT(kind == LC_COMPRESSION_GZIP || kind == LC_COMPRESSION_ZSTD);
	if (kind == LC_COMPRESSION_ZSTD)
		begin_zstd(compressor, size);
	else
		begin_gzip(compressor);
	return compressor;
}

void lc_compressor_free(struct lc_compressor *compressor)
{
	if (compressor == NULL)
		return;
	if (compressor->zstd != NULL)
		ZSTD_freeCCtx(compressor->zstd);
	else
		deflateEnd(&compressor->gzip);
	free(compressor);
}

static size_t run_gzip(z_stream *gzip, struct lc_view *input, int flush, char *place, size_t room,
		       bool *ended)
{
	int result;

	gzip->next_in = (z_const Bytef *)(uintptr_t)input->data;
	gzip->avail_in = (uInt)input->size;
	gzip->next_out = (Bytef *)place;
	gzip->avail_out = (uInt)room;
	result = deflate(gzip, flush);
	/* Z_BUF_ERROR: there was nothing to do. */
	LC_ASSERT(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
	*ended = result == Z_STREAM_END;
	input->data += input->size - gzip->avail_in;
	input->size = gzip->avail_in;
	return room - gzip->avail_out;
}

static size_t run_zstd(ZSTD_CCtx *zstd, struct lc_view *input, ZSTD_EndDirective directive,
		       void *place, size_t room, bool *ended)
{
	ZSTD_inBuffer in = {.src = input->data, .size = input->size};
	ZSTD_outBuffer out = {.dst = place, .size = room};
	size_t left = ZSTD_compressStream2(zstd, &out, &in, directive);

	LC_ASSERT(!ZSTD_isError(left));
	*ended = left == 0;
	input->data += in.pos;
	input->size -= in.pos;
	return out.pos;
}

size_t lc_compressor_add(struct lc_compressor *compressor, struct lc_view *input, char *place,
			 size_t room)
{
	bool ended;

	if (compressor->zstd != NULL)
		return run_zstd(compressor->zstd, input, ZSTD_e_continue, place, room, &ended);
	return run_gzip(&compressor->gzip, input, Z_NO_FLUSH, place, room, &ended);
}

size_t lc_compressor_end(struct lc_compressor *compressor, char *place, size_t room, bool *ended)
{
	struct lc_view nothing = lc_view_of("");

	if (compressor->zstd != NULL)
		return run_zstd(compressor->zstd, &nothing, ZSTD_e_end, place, room, ended);
	return run_gzip(&compressor->gzip, &nothing, Z_FINISH, place, room, ended);
}
