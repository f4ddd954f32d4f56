/*
 * A log object: lines of one source for one target. Its memory lies in its arena, its index and the
 * blob of its row hashes.
 *
 * Its state tells where it is, and so where each of its rows is. lc_object_enter alone moves it
 * from one state to another, and keeps the lists, the counts of rows and the bytes in flight.
 *
 *	a scan brings its rows                    its intent stands in the ledger, without a body
 *	        |                                                  |
 *	      OPEN                                            REBUILDING
 *	        | closed, sealed and named                         | all its rows were found
 *	    RECORDING                                              |
 *	        | its intent is on disk                            |
 *	        +------------------> COMPRESSING <-----------------+
 *	                                | at once, unless its key asks for it
 *	                                v
 *	                             WAITING
 *	                                |   ^
 *	               it has its turn  |   | it failed, and is tried again
 *	                                v   |
 *	                              UPLOADING
 *	                                  |
 *	        +-------------------------+----------------------------+
 *	        | S3 has confirmed it     | its target was given up    | refused for its size
 *	    DELIVERED                 DISCARDED                    WITHDRAWN
 *	        |                         |                            |
 *	        +-------------------------+----------------------------+
 *	                                  | the ledger has its end on disk
 *	                               CLOSED
 *
 * RECORDING, REBUILDING, COMPRESSING and WAITING lead to DISCARDED too. COMPRESSING, WAITING,
 * UPLOADING and REBUILDING lead to UNBUILT: the memory is needed, or the uploads end; the intent stays open. REBUILDING leads to
 * CLOSED when rows are lost. What has no open intent is DROPPED when the process ends, and what is
 * OPEN when its scan does.
 *
 * Where the rows are counted:
 *
 *	OPEN, RECORDING                          source->object_rows
 *	COMPRESSING, WAITING, UPLOADING,
 *	DELIVERED, DISCARDED, WITHDRAWN          source->object_rows and target->object_rows
 *	REBUILDING, UNBUILT                      the backlog of the source at the target
 *	DROPPED, CLOSED                          not at all
 */
#ifndef LC_DELIVERY_OBJECT_H
#define LC_DELIVERY_OBJECT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/view.h"
#include "clients/s3.h"
#include "delivery/mark.h"
#include "delivery/target.h"
#include "formats/compression.h"
#include "formats/line.h"
#include "formats/taken_rows.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_counters;
struct lc_ledger_intent;
struct lc_record;
struct lc_settings;
struct lc_source;
struct lc_target_table;
struct lc_upload;

/* One line: the text lies in the arena, the row's req_id right before it. */
struct lc_object_line {
	int64_t start_time_ms;
	const char *text;
	uint32_t size; /* bytes, LF included */
	uint32_t req_id_size;
};

enum lc_object_state {
	LC_OBJECT_OPEN,       /* rows are appended as a scan brings them */
	LC_OBJECT_RECORDING,  /* its intent is on the way to the ledger's disk */
	LC_OBJECT_REBUILDING, /* the rows of its intent are appended again */
	LC_OBJECT_COMPRESSING,
	LC_OBJECT_WAITING, /* at its target, for an upload */
	LC_OBJECT_UPLOADING,
	LC_OBJECT_DELIVERED, /* S3 has confirmed it; the ledger is told */
	LC_OBJECT_DISCARDED, /* its target was given up; the ledger is told */
	LC_OBJECT_WITHDRAWN, /* its rows go into others; the ledger is told */

	/* These release it. */
	LC_OBJECT_DROPPED, /* it ends with its scan, or with the process */
	LC_OBJECT_UNBUILT, /* its intent stays open, without a body */
	LC_OBJECT_CLOSED,  /* its intent is closed */
	LC_OBJECT_STATE_COUNT,
};

/* The objects of a shard that are in memory. Read it freely; it changes as they enter states and
 * grow. */
struct lc_object_table {
	struct lc_target_table *targets;
	struct lc_counters *counters;
	struct lc_view replay; /* whose objects they are, for their keys; empty: of no replay */
	/* By state; those that wait are at their targets instead. The order is that of entering,
	 * but for open ones: the last comes first. */
	struct lc_target_queue in[LC_OBJECT_STATE_COUNT];
	size_t count[LC_OBJECT_STATE_COUNT];
	size_t bytes; /* in flight: of all of these */
};

struct lc_object {
	struct lc_object_table *table;
	enum lc_object_state state;
	struct lc_source *source;
	struct lc_target *target;
	struct lc_arena arena;

	struct lc_object_line *lines;
	size_t line_count;
	size_t line_capacity;
	uint64_t body_size;         /* bytes of all lines, also once they are compressed */
	struct lc_taken_rows taken; /* row hashes by second */
	uint32_t first_second;      /* insertedAt of the first row */
	uint32_t last_second;       /* and of the last */
	int64_t oldest_start_ms;    /* least startTime */
	int64_t newest_start_ms;    /* greatest startTime */
	struct lc_mark before;      /* last offset of the source before first_second, if known */
	uint64_t begun_ms;          /* monotonic, when the first row came */

	uint64_t repeat;      /* a row like one of its rows was taken so often before */
	uint64_t intent_id;   /* in the ledger; 0 before it has one */
	uint64_t intent_rows; /* while it is rebuilt: rows of its intent */
	size_t memory;        /* bytes it takes; the sums are in the bucket and the table */

	/* once sealed */
	struct lc_view *pieces; /* the lines in their final order; then the compressed body */
	struct lc_s3_body body; /* of these pieces */
	struct lc_buffer key;

	struct lc_object_compression *compression; /* while it is compressed */

	struct lc_upload *upload; /* whose it is, once submitted */
	struct lc_s3_put *put;    /* while it is uploaded */
	uint64_t put_ms;          /* monotonic, when that began */
	TAILQ_ENTRY(lc_object) of_source;
	TAILQ_ENTRY(lc_object) of_list; /* the one of its state */
};

/* An empty table, of no replay. `targets` and `counters` must outlive it. */
void lc_object_table_init(struct lc_object_table *table, struct lc_target_table *targets,
			  struct lc_counters *counters);

/* An empty object, open, the last of its source. `before` is copied; NULL when it is not known. */
struct lc_object *lc_object_new(struct lc_object_table *table, struct lc_source *source,
				struct lc_target *target, const struct lc_mark *before,
				uint64_t now_ms);

/* An empty object for the rows of an intent, so many, that is in the backlog: it is rebuilt. */
struct lc_object *lc_object_new_of_intent(struct lc_object_table *table, struct lc_source *source,
					  struct lc_target *target,
					  const struct lc_ledger_intent *intent, uint64_t rows,
					  uint64_t now_ms);

/* Moves the object to another state, which must be one that may follow. The states that release it
 * do so at once. */
void lc_object_enter(struct lc_object *object, enum lc_object_state state);

/* The object becomes the first of those in its state. */
void lc_object_move_to_front(struct lc_object *object);

/* The source's object of this intent; NULL if it is not in memory. */
struct lc_object *lc_object_find(const struct lc_source *source, uint64_t intent_id);

/* The lines that the settings ask for; its view is valid as long as they are. */
struct lc_line_style lc_object_line_style(const struct lc_settings *settings);

/* Appends a row's line. */
void lc_object_append(struct lc_object *object, const struct lc_record *record, uint64_t hash,
		      const struct lc_line_style *style);

/* Sorts the lines by (startTime, req_id, line). */
void lc_object_seal(struct lc_object *object);

/* The key's unique part: of the row hashes and, when these rows stood in an object before, of how
 * often. */
uint64_t lc_object_unique(const struct lc_object *object);

/* Names the sealed object after its unique part, in the form that its bucket's settings ask for.
 * `wall_ms`: the time of its delivery, for keys that tell it. It is named once: what PUTs it again
 * takes the key that was recorded. */
void lc_object_name(struct lc_object *object, uint64_t unique, int64_t wall_ms);

/* Gives the sealed object the key that it was recorded under. */
void lc_object_set_key(struct lc_object *object, struct lc_view key);

/* True if the body is to be compressed before it is uploaded, as the key says. */
bool lc_object_is_compressed(const struct lc_object *object);

/* Compresses the next part of the body, about a megabyte of lines, of an object in the state
 * COMPRESSING. True once it was the last: the body is the compressed one, and the lines are freed. */
bool lc_object_compress(struct lc_object *object);

/* What the ledger records of a sealed object; views are valid as long as the object. */
struct lc_ledger_intent lc_object_intent(const struct lc_object *object);

/* About how many bytes of memory an object of so many rows and bytes of body will take; rather too
 * many. */
size_t lc_object_memory_for(uint64_t rows, uint64_t bytes);

#endif
