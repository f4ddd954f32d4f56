/*
 * The inspection document: what shards tell about their sources, targets and log objects. A worker
 * fills one for its shard, the supervisor merges those of all shards, log-courier-ctl shows it.
 *
 *	{"affected": 0, "more": 12,
 *	 "sources": [{"shard": 3, "raft_session_id": 7, "bucket": "photos", ...}],
 *	 "ranges": [], "objects": [], "targets": [], "readers": [], "replays": [],
 *	 "problems": []}
 *
 * Rows hold what include/tbl/inspection_fields.h lists. "more" counts rows that were left out.
 * "affected" counts what a command has reached. "problems" says which shards did not answer. Texts
 * may come from anywhere: those that are not UTF-8 are written with '?' for bytes that are not
 * ASCII.
 */
#ifndef LC_FORMATS_INSPECTION_H
#define LC_FORMATS_INSPECTION_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/document.h"
#include "formats/document_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_inspection_kind {
	LC_INSPECTION_SOURCES,
	LC_INSPECTION_RANGES,
	LC_INSPECTION_OBJECTS,
	LC_INSPECTION_TARGETS,
	LC_INSPECTION_READERS,
	LC_INSPECTION_REPLAYS,
	LC_INSPECTION_PROBLEMS,
	LC_INSPECTION_KIND_COUNT
};

enum {
	LC_INSPECTION_NO_AGE = -1,
	LC_INSPECTION_SHARD_BYTES_MAX = 256 * 1024, /* of one shard's document */
};

#define LC_INSPECTION_COUNT uint64_t
#define LC_INSPECTION_SECOND uint32_t
#define LC_INSPECTION_AGE int64_t
#define LC_INSPECTION_FLAG bool
#define LC_INSPECTION_TEXT struct lc_view
#define LC_INSPECTION_STEP enum lc_cycle_step
#define LC_INSPECTION_TARGET_STATE enum lc_target_state
#define LC_INSPECTION_DELIVERY_STATE enum lc_delivery_state
#define LC_INSPECTION_MEMBER(type, name, help) LC_INSPECTION_##type name;

struct lc_inspection_source {
#define LC_INSPECTION_SOURCE LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_range {
#define LC_INSPECTION_RANGE LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_object {
#define LC_INSPECTION_OBJECT LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_target {
#define LC_INSPECTION_TARGET LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_reader {
#define LC_INSPECTION_READER LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_replay {
#define LC_INSPECTION_REPLAY LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

struct lc_inspection_problem {
#define LC_INSPECTION_PROBLEM LC_INSPECTION_MEMBER
#include "tbl/inspection_fields.h"
};

/* How the rows are laid out, by enum lc_inspection_kind. */
extern const struct lc_document_layout LC_INSPECTION_LAYOUTS[LC_INSPECTION_KIND_COUNT];

struct lc_inspection_list {
	void *rows; /* structs of the list's kind */
	size_t count;
	size_t capacity;
};

struct lc_inspection {
	struct lc_inspection_list lists[LC_INSPECTION_KIND_COUNT];
	uint64_t more;
	uint64_t affected;
	struct lc_arena texts; /* what the rows' views point to */
};

/* An empty document; to be released with lc_inspection_free. */
void lc_inspection_init(struct lc_inspection *document);
void lc_inspection_free(struct lc_inspection *document);

/* Adds a row, a struct of that kind. Its texts are copied. */
void lc_inspection_add(struct lc_inspection *document, enum lc_inspection_kind kind,
		       const void *row);

/* Row number `index` of a list, to be read as the struct of that kind. */
const void *lc_inspection_row(const struct lc_inspection *document, enum lc_inspection_kind kind,
			      size_t index);

/* Adds a problem. */
void lc_inspection_complain(struct lc_inspection *document, unsigned shard, const char *text);

/* Adds all that the other document holds. */
void lc_inspection_merge(struct lc_inspection *document, const struct lc_inspection *other);

/* Puts each list in order: sources by their oldest undelivered row, those without last; targets by
 * what waits for them, those that work last; log objects and replays newest first; the others by
 * shard. */
void lc_inspection_sort(struct lc_inspection *document);

/* Keeps at most `limit` rows of each list but the problems; the others are counted in `more`. */
void lc_inspection_cut(struct lc_inspection *document, size_t limit);

/* Appends the document as JSON with a line end. */
void lc_inspection_encode(const struct lc_inspection *document, struct lc_buffer *json);

/* As lc_inspection_encode, to an empty buffer; when that fails for its cap, rows at the ends of the
 * lists are cut until it does not. */
void lc_inspection_encode_within(struct lc_inspection *document, struct lc_buffer *json);

/* Reads a document. False with `error` set (LC_ERROR_CORRUPT), and nothing to release, when it is
 * none. */
bool lc_inspection_decode(struct lc_view json, struct lc_inspection *document,
			  struct lc_error *error);

#endif
