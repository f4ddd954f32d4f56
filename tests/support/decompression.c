#include "support/decompression.h"

#include <zlib.h>
#include <zstd.h>

enum { ROOM = 64 * 1024, GZIP_WINDOW_BITS = 15 + 16 /* zlib.h, inflateInit2: gzip alone */ };

static bool append_gzip(struct lc_view bytes, struct lc_buffer *body)
{
	z_stream gzip = {.next_in = (z_const Bytef *)(uintptr_t)bytes.data,
			 .avail_in = (uInt)bytes.size};
	int result = inflateInit2(&gzip, GZIP_WINDOW_BITS);

	while (result == Z_OK) {
		char place[ROOM];

		gzip.next_out = (Bytef *)place;
		gzip.avail_out = ROOM;
		result = inflate(&gzip, Z_NO_FLUSH);
		lc_buffer_append(body, place, ROOM - gzip.avail_out);
	}
	inflateEnd(&gzip);
	return result == Z_STREAM_END && gzip.avail_in == 0;
}

static bool append_zstd(struct lc_view bytes, struct lc_buffer *body)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer in = {.src = bytes.data, .size = bytes.size};
	size_t left = 1;

	while (left > 0 && !ZSTD_isError(left)) {
		char place[ROOM];
		ZSTD_outBuffer out = {.dst = place, .size = ROOM};

		left = ZSTD_decompressStream(zstd, &out, &in);
		lc_buffer_append(body, place, out.pos);
		if (left > 0 && in.pos == in.size && out.pos < ROOM)
			break;
	}
	ZSTD_freeDCtx(zstd);
	return left == 0 && in.pos == in.size;
}

bool decompression_append(enum lc_compression kind, struct lc_view bytes, struct lc_buffer *body)
{
	switch (kind) {
	case LC_COMPRESSION_GZIP:
		return append_gzip(bytes, body);
	case LC_COMPRESSION_ZSTD:
		return append_zstd(bytes, body);
	case LC_COMPRESSION_NONE:
		break;
	}
	lc_buffer_append_view(body, bytes);
	return true;
}
