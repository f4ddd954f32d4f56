/*
 * The status document: what the service tells about itself on its control socket, as JSON. The
 * supervisor fills and encodes it, log-courier-ctl decodes and shows it.
 *
 *	{"version": "0.1.0", "time": "2026-02-06T00:00:38.123Z", "uptime_seconds": 12,
 *	 "healthy": false, "ready_shards": 3, "shard_count": 4,
 *	 "findings": [{"shard": 2, "text": "..."}],
 *	 "shards": [{"shard": 0, "state": "ready", "pid": 4711, ...}]}
 *
 * Times are UTC, ages and durations whole seconds. "shard" is null in a finding about the service
 *as a whole; "pid" is null when there is no worker; an age is null when there is nothing to be that
 *old. Members may be added in later versions; a reader ignores what it does not know.
 */
#ifndef LC_FORMATS_STATUS_DOCUMENT_H
#define LC_FORMATS_STATUS_DOCUMENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "formats/shard_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_STATUS_DOCUMENT_TEXT_SIZE = 1024,    /* longest text kept, terminator included */
	LC_STATUS_DOCUMENT_SHARDS_MAX = 65536,  /* of one document */
	LC_STATUS_DOCUMENT_FINDINGS_MAX = 1024, /* of one document */
	LC_STATUS_DOCUMENT_BYTES_MAX = 256 * 1024 * 1024,
};

/* Stands for an age when there is nothing to be old. */
enum { LC_STATUS_DOCUMENT_NO_AGE = -1 };

struct lc_status_document_shard {
	unsigned shard;
	enum lc_shard_state state;
	int64_t pid; /* 0: no worker */
	uint64_t restarts;
	int64_t uptime_seconds;     /* of the worker; NO_AGE without one */
	int64_t next_start_seconds; /* until the next worker starts; NO_AGE if none will */
	uint64_t records_delivered;
	uint64_t objects_delivered;
	uint64_t bytes_delivered;
	uint64_t pending_records;
	uint64_t inflight_bytes;
	uint64_t targets_blocked;
	uint64_t sources_blocked;
	int64_t oldest_undelivered_seconds; /* age of the oldest undelivered row, or NO_AGE */
	int64_t clickhouse_failing_seconds; /* for how long, or NO_AGE */
	int64_t s3_failing_seconds;         /* for how long, or NO_AGE */
	int64_t ledger_failing_seconds;     /* for how long, or NO_AGE */
	int64_t obituary_exit_code; /* of the worker that died last; NO_AGE for none, or a signal */
	char obituary[LC_STATUS_DOCUMENT_TEXT_SIZE]; /* of the last worker that died; or empty */
	char obituary_time[32];                      /* when it died; or empty */
};

struct lc_status_document_finding {
	int shard; /* -1: the service as a whole */
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
};

struct lc_status_document {
	char version[64];
	char time[32];
	int64_t uptime_seconds;
	bool healthy;
	unsigned shard_count;  /* of the whole deployment */
	unsigned ready_shards; /* of this machine's */
	struct lc_status_document_shard *shards;
	size_t shards_size;
	struct lc_status_document_finding *findings;
	size_t findings_size;
};

/* An empty document with room for `shards` shards (all zero) and no finding. */
void lc_status_document_init(struct lc_status_document *document, size_t shards);
void lc_status_document_free(struct lc_status_document *document);

/* Adds a finding, printf-like, and makes the document unhealthy. Beyond
 * LC_STATUS_DOCUMENT_FINDINGS_MAX nothing is added. */
void lc_status_document_find(struct lc_status_document *document, int shard, const char *format,
			     ...) __attribute__((format(printf, 3, 4)));

/* Appends the document as JSON, with a line end. Without `with_shards` the shards are left out. A
 * text that is not UTF-8 is written with '?' for each byte that is not ASCII. */
void lc_status_document_encode(const struct lc_status_document *document, bool with_shards,
			       struct lc_buffer *json);

/* Reads a document; to be released with lc_status_document_free. False with `error` set
 * (LC_ERROR_CORRUPT), and nothing to release, when it is none. A document without shards is fine.
 */
bool lc_status_document_decode(struct lc_view json, struct lc_status_document *document,
			       struct lc_error *error);

#endif
