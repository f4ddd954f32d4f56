/*
 * The key of a log object. (Amazon S3 User Guide, "Logging requests with server access logging", log
 * object key format; Amazon S3 API Reference, "PartitionedPrefix".)
 *
 *	simple:       <prefix>YYYY-mm-DD-HH-MM-SS-<unique>
 *	partitioned:  <prefix><account>/<region>/<bucket>/YYYY/mm/DD/YYYY-mm-DD-HH-MM-SS-<unique>
 *
 * All times are UTC. A simple key tells the time of the object's first line (startTime). With event
 * time a key tells the day of all its lines, and 00-00-00; with delivery time, when the object was
 * made. Account, region and bucket are the source's, URI-encoded, so that none of them has a slash.
 *
 * The unique part, 16 upper-case hex digits, is a hash of what the object holds: same rows, same
 * digits. An object that a replay delivers again has `replay-<identity>-` before them, and they also
 * hash that identity: its key is never that of the first delivery, nor of another replay.
 */
#ifndef LC_FORMATS_OBJECT_KEY_H
#define LC_FORMATS_OBJECT_KEY_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_object_key_format {
#define LC_KEY_FORMAT(name, text) LC_OBJECT_KEY_##name,
#include "tbl/key_formats.h"
};

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

/* True if rows with these start times, in ms since 1970 UTC, may share an object with such a key:
 * with event time those of one day. */
bool lc_object_key_may_share(enum lc_object_key_format format, int64_t one_ms, int64_t other_ms);

/* What a key says. */
struct lc_object_key {
	enum lc_object_key_format format;
	struct lc_view prefix;
	struct lc_view account; /* this and the next two: of the source, in partitioned keys; not */
	struct lc_view region;  /* encoded yet */
	struct lc_view bucket;
	int64_t time_ms; /* since 1970 UTC: of the first line or, with delivery time, of delivery */
	struct lc_view replay; /* as in the subject */
	uint64_t unique;
};

/* Appends its text to `text`. */
void lc_object_key_append(struct lc_buffer *text, const struct lc_object_key *key);

#endif
