/*
 * What the ledger is told and tells: the values that the calls of ledger/ledger.h take and bring,
 * for all that has a part in them, from the store up to the callers.
 */
#ifndef LC_LEDGER_LEDGER_TYPES_H
#define LC_LEDGER_LEDGER_TYPES_H

#include "base/error.h"
#include "base/view.h"
#include "formats/chain.h"
#include "formats/offset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LC_LEDGER_SLOT_SECONDS = 300 }; /* slots that counts are kept by */

struct lc_share;

struct lc_ledger_source {
	uint32_t raft_session_id;
	struct lc_view bucket;
};

/* Some seconds of a source that may hold rows not taken: from <= insertedAt < to. */
struct lc_ledger_range {
	uint32_t from;
	uint32_t to;
	uint32_t since; /* ClickHouse's clock when it was opened (again) */
};

/* A log object's intent. Whoever keeps one keeps the bytes of its views. */
struct lc_ledger_intent {
	uint64_t id; /* given by the caller, ascending, never used twice in one ledger */
	struct lc_ledger_source source;
	struct lc_view target_bucket;
	struct lc_view target_prefix;
	struct lc_view key;
	uint32_t first_second;
	uint32_t last_second;
	uint64_t rows;
	uint64_t bytes;            /* of the body */
	struct lc_view taken_rows; /* blob */
};

/* What an operator has decided about a target that does not take its log objects. */
enum lc_ledger_given_up {
	LC_LEDGER_KEPT,
	LC_LEDGER_IGNORED,   /* its log objects wait, and nobody is told of their age */
	LC_LEDGER_DISCARDED, /* its log objects are closed without delivery */
};

/* A target (a prefix in a target bucket), or a target bucket as a whole. */
struct lc_ledger_target {
	struct lc_view bucket;
	struct lc_view prefix;
	bool whole; /* the bucket, whatever the prefix; `prefix` is empty */
	bool refused;
	unsigned failures;   /* in a row; 0: not blocked */
	int64_t probe_at_ms; /* wall clock, ms since 1970: earliest next attempt */
	enum lc_ledger_given_up given_up;
};

/* Open intents of a source for a target. */
struct lc_ledger_backlog {
	struct lc_ledger_source source;
	struct lc_view target_bucket;
	struct lc_view target_prefix;
	uint64_t intents;
	uint64_t rows;
	uint32_t oldest_second; /* of these rows */
};

/* Why a log object is closed though nobody has it. */
enum lc_ledger_loss {
	LC_LEDGER_NOT_LOST,
	LC_LEDGER_LOST_EXPIRED,   /* its rows were lost to the end of their retention */
	LC_LEDGER_LOST_DISCARDED, /* its target was given up */
};

/* ---- opening ---- */

struct lc_ledger_options {
	const char *path; /* of the file; ":memory:" keeps all in memory (measurements only) */
	unsigned shard;
	unsigned shard_count;
	uint64_t retry_ms; /* between two attempts to write to a file that cannot be written */
	/* Of a ledger that machines share, claimed and restored (ledger/share.h); NULL: it is this
	 * machine's alone. */
	struct lc_share *share;
	uint64_t gather_ms; /* between the beginnings of two transactions, unless the ledger is
			       asked something: many small calls share one */
};

/* What was in the ledger when it was opened. */
struct lc_ledger_state {
	bool fresh;              /* it was created just now */
	uint32_t until;          /* end of the last window; 0: none yet */
	uint32_t doubtful_until; /* rows before it may be taken though a window is new: after a
				    change of N, or because they are not after a floor */
	uint32_t horizon;        /* lower bound: before it nothing is looked for; 0: none yet */
	uint64_t steady_ms;      /* see lc_ledger_set_steady_clock; 0: none yet */
	uint64_t steady_at_ms;
	uint64_t next_intent_id;
	/* Called by lc_ledger_open before it returns, for each source with open ranges. None
	 * reaches past the last window (or lc_ledger_seen_until). */
	void (*on_source)(void *context, const struct lc_ledger_source *source,
			  const struct lc_ledger_range *ranges, size_t range_count);
	/* For each source whose committed second is before the second of its last row. Nobody
	 * knows the offset of that row any more: it is to be read again. */
	void (*on_uncommitted)(void *context, const struct lc_ledger_source *source,
			       uint32_t last_second);
	/* For each target, and target bucket, with something on record. */
	void (*on_target)(void *context, const struct lc_ledger_target *target);
	/* For each source and target with open intents. */
	void (*on_intents)(void *context, const struct lc_ledger_backlog *backlog);
	void *context;
};

/* ---- answers ---- */

/* The horizon that holds from now on. */
typedef void lc_ledger_horizon_callback(void *context, uint32_t horizon);

/* What was written is on disk. */
typedef void lc_ledger_callback(void *context);

/* The file without its write-ahead log, all of which it holds. */
struct lc_ledger_frozen {
	struct lc_chain_position position; /* of what it holds; seq 0: it is not part of a chain */
	int descriptor; /* for reading; the ledger's, until that is closed: closing another one of
			   the same file would drop SQLite's locks (POSIX: fcntl) */
	uint64_t size;
};

/* `error` of kind NONE: the file stands still. */
typedef void lc_ledger_frozen_callback(void *context, const struct lc_error *error,
				       const struct lc_ledger_frozen *frozen);

/* The hashes of a source's taken rows with from <= insertedAt < to, and its floor. */
struct lc_ledger_hashes {
	/* Sorted ascending; the callback may keep it (free()) by setting it to NULL. */
	uint64_t *hashes;
	size_t count;
	bool has_floor;
	struct lc_offset floor; /* valid until the callback returns */
};
typedef void lc_ledger_hashes_callback(void *context, struct lc_ledger_hashes *hashes);

/* Open intents of a target with id > after_id, ascending, blobs included; valid until the callback
 * returns. */
struct lc_ledger_intents_question {
	struct lc_view bucket;
	struct lc_view prefix;
	uint64_t after_id;
	size_t limit;       /* so many at most */
	uint64_t max_bytes; /* the answer ends with the intent whose blob reaches this sum */
};
struct lc_ledger_intents {
	struct lc_ledger_intent *intents;
	size_t count;
	bool more;              /* there are others with a greater id */
	uint32_t oldest_second; /* of the rows of all open intents of the target; 0: it has none */
};
typedef void lc_ledger_intents_callback(void *context, const struct lc_ledger_intents *answer);

/* A number of rows seen in ClickHouse: of the slot that begins at `second`, or of that second
 * alone. */
struct lc_ledger_count {
	struct lc_ledger_source source;
	uint32_t second;
	uint64_t rows;
};
/* Those of the counts that are larger than what is taken, `rows` being the difference. Slots
 * (seconds) that hold the floor of their source or lie before it never are. Valid until the
 * callback returns. */
typedef void lc_ledger_surplus_callback(void *context, const struct lc_ledger_count *surplus,
					size_t count);

/* Log objects of a source delivered last, or open, for people to read: newest first. */
struct lc_ledger_object {
	struct lc_ledger_intent intent; /* without the blob */
	bool delivered;                 /* S3 has confirmed it */
	enum lc_ledger_loss loss;       /* closed without delivery; neither: its intent is open */
};
typedef void lc_ledger_objects_callback(void *context, const struct lc_ledger_object *objects,
					size_t count);

#endif
