/*
 * The key of a log object: `<prefix>YYYY-mm-DD-HH-MM-SS-<16 upper-case hex digits>`, the time being
 * that of the object's first line (startTime, UTC), the digits a hash of what the object holds:
 * same rows, same key. (Amazon S3 User Guide, "Logging requests with server access logging", log
 * object key format.)
 *
 * An object that a replay delivers again has `replay-<identity>-` before the digits, which also hash
 * that identity: its key is never that of the first delivery, nor of another replay.
 */
#ifndef LC_FORMATS_OBJECT_KEY_H
#define LC_FORMATS_OBJECT_KEY_H

#include "base/buffer.h"
#include "base/view.h"

#include <stddef.h>
#include <stdint.h>

/* What an object is for. */
struct lc_object_key_subject {
	uint32_t raft_session_id;
	struct lc_view bucket; /* the source bucket */
	struct lc_view target_bucket;
	struct lc_view target_prefix;
	struct lc_view replay; /* identity of the replay that delivers it again; empty: none */
};

/* The unique part: XXH3 with 64 bits over version byte 1, the subject (session as 4 bytes
 * little-endian, texts with their lengths as 4 bytes) and the row hashes (8 bytes little-endian
 * each), which must be sorted ascending. In a replay the version byte is 2, and its identity, a
 * text, comes after it. */
uint64_t lc_object_key_unique(const struct lc_object_key_subject *subject, const uint64_t *hashes,
			      size_t count);

/* The unique part of an object whose rows are, byte for byte, those of `repeat` objects before it
 * (a writer upstream stored them again): XXH3 with 64 bits over both numbers, 8 bytes little-endian
 * each. `repeat` 0 gives `unique` itself. */
uint64_t lc_object_key_repeated(uint64_t unique, uint64_t repeat);

/* Appends the key to `key`. `start_time_ms`: of the first line, in ms since 1970 UTC. `replay` as in
 * the subject. */
void lc_object_key_append(struct lc_buffer *key, struct lc_view prefix, int64_t start_time_ms,
			  struct lc_view replay, uint64_t unique);

#endif
