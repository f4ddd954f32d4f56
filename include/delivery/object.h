/*
 * A log object: lines of one source for one target. It is built by appending rows, sealed (sorted,
 * named), recorded as an intent in the ledger, uploaded and released. Its memory lies in its arena,
 * its index and the blob of its row hashes.
 */
#ifndef LC_DELIVERY_OBJECT_H
#define LC_DELIVERY_OBJECT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/view.h"
#include "clients/s3.h"
#include "delivery/mark.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "formats/record.h"
#include "formats/taken_rows.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_upload;

/* One line: the text lies in the arena, the row's req_id right before it. */
struct lc_object_line {
	int64_t start_time_ms;
	const char *text;
	uint32_t size; /* bytes, LF included */
	uint32_t req_id_size;
};

/* How an object ends. */
enum lc_object_end {
	LC_OBJECT_DELIVERED, /* S3 has confirmed it */
	LC_OBJECT_DISCARDED, /* its target was given up */
	LC_OBJECT_WITHDRAWN, /* its rows go into others */
};

struct lc_object {
	struct lc_source *source;
	struct lc_target *target;
	struct lc_arena arena;

	struct lc_object_line *lines;
	size_t line_count;
	size_t line_capacity;
	uint64_t body_size;         /* bytes of all lines */
	struct lc_taken_rows taken; /* row hashes by second */
	uint32_t first_second;      /* insertedAt of the first row */
	uint32_t last_second;       /* and of the last */
	int64_t oldest_start_ms;    /* least startTime */
	struct lc_mark before;      /* last offset of the source before first_second, if known */
	uint64_t begun_ms;          /* monotonic, when the first row came */

	uint64_t repeat;    /* a row like one of its rows was taken so often before */
	uint64_t intent_id; /* in the ledger; 0 before it has one */

	/* once sealed */
	struct lc_view *pieces; /* the lines in their final order */
	struct lc_s3_body body; /* of these pieces */
	struct lc_buffer key;

	struct lc_upload *upload; /* whose it is, once submitted */
	struct lc_s3_put *put;    /* the upload, or NULL */
	uint64_t put_ms;          /* monotonic, when that began */
	enum lc_object_end end;   /* once it waits for the ledger to know that */
	TAILQ_ENTRY(lc_object) of_source;
	TAILQ_ENTRY(lc_object) of_list; /* open in a build, waiting at a target, or uploading */
};

/* An empty object, not in any list. `before` is copied; NULL when it is not known. */
struct lc_object *lc_object_new(struct lc_source *source, struct lc_target *target,
				const struct lc_mark *before, uint64_t now_ms);
/* Releases it; it is in no list any more and no upload uses it. */
void lc_object_free(struct lc_object *object);

/* Appends a row's line. `region`: see lc_line_write. */
void lc_object_append(struct lc_object *object, const struct lc_record *record, uint64_t hash,
		      struct lc_view region);

/* Sorts the lines by (startTime, req_id, line). */
void lc_object_seal(struct lc_object *object);

/* The key's unique part: of the row hashes and, when these rows stood in an object before, of how
 * often. */
uint64_t lc_object_unique(const struct lc_object *object);

/* Names the sealed object after its unique part. */
void lc_object_name(struct lc_object *object, uint64_t unique);

/* What the ledger records of a sealed object; views are valid as long as the object. */
struct lc_ledger_intent lc_object_intent(const struct lc_object *object);

/* Bytes of memory it takes. */
size_t lc_object_memory(const struct lc_object *object);

/* About how many an object of so many rows and bytes of body will take, rather too many. */
size_t lc_object_memory_for(uint64_t rows, uint64_t bytes);

#endif
