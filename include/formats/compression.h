/*
 * Compression of a body, piece by piece: the same pieces give the same bytes, as long as the library
 * is the same. One gzip member (RFC 1952) without time, name and system, at zlib's fastest level; or
 * one Zstandard frame (RFC 8878) with its size and its checksum. Both hold all of the body.
 *
 * The end of a key tells how its body is compressed, and nothing else does.
 */
#ifndef LC_FORMATS_COMPRESSION_H
#define LC_FORMATS_COMPRESSION_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_compression {
#define LC_COMPRESSION(name, text, suffix, encoding) LC_COMPRESSION_##name,
#include "tbl/compressions.h"
};

/* What keys end with, and the value of Content-Encoding; empty for NONE. Static. */
const char *lc_compression_suffix(enum lc_compression kind);
const char *lc_compression_encoding(enum lc_compression kind);

/* By the end of the key. */
enum lc_compression lc_compression_of_key(struct lc_view key);

struct lc_compressor;

/* Begins to compress a body of `size` bytes; not of kind NONE. It takes up to 1.4 MB. */
struct lc_compressor *lc_compressor_new(enum lc_compression kind, uint64_t size);
void lc_compressor_free(struct lc_compressor *compressor);

/* Takes bytes from the front of `input`, which is moved past them, and writes up to `room` bytes,
 * at least one, to `place`. Returns how many, often none. If it took less than all, it needs more
 * room. */
size_t lc_compressor_add(struct lc_compressor *compressor, struct lc_view *input, char *place,
			 size_t room);

/* Writes up to `room` bytes of what is left after the last piece and returns how many; *ended when
 * that was all. */
size_t lc_compressor_end(struct lc_compressor *compressor, char *place, size_t room, bool *ended);

#endif
