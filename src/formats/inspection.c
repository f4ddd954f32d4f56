#include "formats/inspection.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>

#define FIELD(record, type, name, help) LC_DOCUMENT_FIELD(struct record, type, name, help)

static const struct lc_document_field SOURCE_FIELDS[] = {
#define LC_INSPECTION_SOURCE(type, name, help) FIELD(lc_inspection_source, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field RANGE_FIELDS[] = {
#define LC_INSPECTION_RANGE(type, name, help) FIELD(lc_inspection_range, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field OBJECT_FIELDS[] = {
#define LC_INSPECTION_OBJECT(type, name, help) FIELD(lc_inspection_object, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field TARGET_FIELDS[] = {
#define LC_INSPECTION_TARGET(type, name, help) FIELD(lc_inspection_target, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field READER_FIELDS[] = {
#define LC_INSPECTION_READER(type, name, help) FIELD(lc_inspection_reader, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field REPLAY_FIELDS[] = {
#define LC_INSPECTION_REPLAY(type, name, help) FIELD(lc_inspection_replay, type, name, help),
#include "tbl/inspection_fields.h"
};

static const struct lc_document_field PROBLEM_FIELDS[] = {
#define LC_INSPECTION_PROBLEM(type, name, help) FIELD(lc_inspection_problem, type, name, help),
#include "tbl/inspection_fields.h"
};

#define LAYOUT(name, record, fields) LC_DOCUMENT_LAYOUT(name, struct record, fields)

const struct lc_document_layout LC_INSPECTION_LAYOUTS[LC_INSPECTION_KIND_COUNT] = {
    [LC_INSPECTION_SOURCES] = LAYOUT("sources", lc_inspection_source, SOURCE_FIELDS),
    [LC_INSPECTION_RANGES] = LAYOUT("ranges", lc_inspection_range, RANGE_FIELDS),
    [LC_INSPECTION_OBJECTS] = LAYOUT("objects", lc_inspection_object, OBJECT_FIELDS),
    [LC_INSPECTION_TARGETS] = LAYOUT("targets", lc_inspection_target, TARGET_FIELDS),
    [LC_INSPECTION_READERS] = LAYOUT("readers", lc_inspection_reader, READER_FIELDS),
    [LC_INSPECTION_REPLAYS] = LAYOUT("replays", lc_inspection_replay, REPLAY_FIELDS),
    [LC_INSPECTION_PROBLEMS] = LAYOUT("problems", lc_inspection_problem, PROBLEM_FIELDS),
};

enum { TEXTS_CHUNK = 4096 };

void lc_inspection_init(struct lc_inspection *document)
{
	*document = (struct lc_inspection){0};
	lc_arena_init(&document->texts, TEXTS_CHUNK);
}

void lc_inspection_free(struct lc_inspection *document)
{
	for (size_t kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++)
		free(document->lists[kind].rows);
	lc_arena_free(&document->texts);
	*document = (struct lc_inspection){0};
}

static void keep_texts(struct lc_inspection *document, const struct lc_document_layout *layout,
		       char *row)
{
	for (size_t i = 0; i < layout->field_count; i++) {
		struct lc_view text;

		if (layout->fields[i].type != LC_DOCUMENT_TEXT)
			continue;
		memcpy(&text, row + layout->fields[i].offset, sizeof(text));
		text = lc_arena_copy(&document->texts, text);
		memcpy(row + layout->fields[i].offset, &text, sizeof(text));
	}
}

void lc_inspection_add(struct lc_inspection *document, enum lc_inspection_kind kind,
		       const void *row)
{
	const struct lc_document_layout *layout = &LC_INSPECTION_LAYOUTS[kind];
	struct lc_inspection_list *list = &document->lists[kind];
	char *place;

	list->rows = lc_memory_grow(list->rows, &list->capacity, list->count + 1, layout->row_size);
	place = (char *)list->rows + list->count++ * layout->row_size;
	memcpy(place, row, layout->row_size);
	keep_texts(document, layout, place);
}

const void *lc_inspection_row(const struct lc_inspection *document, enum lc_inspection_kind kind,
			      size_t index)
{
	const struct lc_inspection_list *list = &document->lists[kind];

	LC_ASSERT(index < list->count);
	return (const char *)list->rows + index * LC_INSPECTION_LAYOUTS[kind].row_size;
}

void lc_inspection_complain(struct lc_inspection *document, unsigned shard, const char *text)
{
	struct lc_inspection_problem problem = {.shard = shard, .text = lc_view_of(text)};

	lc_inspection_add(document, LC_INSPECTION_PROBLEMS, &problem);
}

void lc_inspection_merge(struct lc_inspection *document, const struct lc_inspection *other)
{
	for (unsigned i = 0; i < LC_INSPECTION_KIND_COUNT; i++) {
		enum lc_inspection_kind kind = (enum lc_inspection_kind)i;

		for (size_t row = 0; row < other->lists[kind].count; row++)
			lc_inspection_add(document, kind, lc_inspection_row(other, kind, row));
	}
	document->more += other->more;
	document->affected += other->affected;
}

/* ---- order ---- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_sources(const void *a, const void *b)
{
	const struct lc_inspection_source *left = a;
	const struct lc_inspection_source *right = b;
	/* 0, none, becomes the largest number */
	int order = ORDER(left->oldest_undelivered - 1, right->oldest_undelivered - 1);

	if (order == 0)
		order = ORDER(left->raft_session_id, right->raft_session_id);
	return order != 0 ? order : lc_view_compare(left->bucket, right->bucket);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct lc_inspection_range *left = a;
	const struct lc_inspection_range *right = b;

	return ORDER(left->from, right->from);
}

static int compare_objects(const void *a, const void *b)
{
	const struct lc_inspection_object *left = a;
	const struct lc_inspection_object *right = b;
	int order = ORDER(right->last_second, left->last_second);

	if (order == 0)
		order = ORDER(left->shard, right->shard);
	return order != 0 ? order : ORDER(right->id, left->id);
}

static int compare_targets(const void *a, const void *b)
{
	const struct lc_inspection_target *left = a;
	const struct lc_inspection_target *right = b;
	int order = ORDER(right->failures > 0, left->failures > 0);

	if (order == 0)
		order = ORDER(right->rows, left->rows);
	if (order == 0)
		order = lc_view_compare(left->bucket, right->bucket);
	return order != 0 ? order : ORDER(left->shard, right->shard);
}

static int compare_readers(const void *a, const void *b)
{
	const struct lc_inspection_reader *left = a;
	const struct lc_inspection_reader *right = b;

	return ORDER(left->shard, right->shard);
}

/* Names begin with the time of the order. */
static int compare_replays(const void *a, const void *b)
{
	const struct lc_inspection_replay *left = a;
	const struct lc_inspection_replay *right = b;
	int order = lc_view_compare(right->replay, left->replay);

	return order != 0 ? order : ORDER(left->shard, right->shard);
}

static int compare_problems(const void *a, const void *b)
{
	const struct lc_inspection_problem *left = a;
	const struct lc_inspection_problem *right = b;

	return ORDER(left->shard, right->shard);
}

void lc_inspection_sort(struct lc_inspection *document)
{
	static int (*const orders[LC_INSPECTION_KIND_COUNT])(const void *, const void *) = {
	    [LC_INSPECTION_SOURCES] = compare_sources,   [LC_INSPECTION_RANGES] = compare_ranges,
	    [LC_INSPECTION_OBJECTS] = compare_objects,   [LC_INSPECTION_TARGETS] = compare_targets,
	    [LC_INSPECTION_READERS] = compare_readers,   [LC_INSPECTION_REPLAYS] = compare_replays,
	    [LC_INSPECTION_PROBLEMS] = compare_problems,
	};

	for (size_t kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++) {
		struct lc_inspection_list *list = &document->lists[kind];

		if (list->count > 1)
			qsort(list->rows, list->count, LC_INSPECTION_LAYOUTS[kind].row_size,
			      orders[kind]);
	}
}

void lc_inspection_cut(struct lc_inspection *document, size_t limit)
{
	for (size_t kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++) {
		struct lc_inspection_list *list = &document->lists[kind];

		if (kind == LC_INSPECTION_PROBLEMS || list->count <= limit)
			continue;
		document->more += list->count - limit;
		list->count = limit;
	}
}

/* ---- as JSON ---- */

static json_t *row_of(const struct lc_document_layout *layout, const void *row)
{
	json_t *object = json_object();

	lc_document_write(object, layout, row);
	return object;
}

void lc_inspection_encode(const struct lc_inspection *document, struct lc_buffer *json)
{
	json_t *object = json_object();

	lc_document_set(object, "affected", lc_document_count(document->affected));
	lc_document_set(object, "more", lc_document_count(document->more));
	for (unsigned i = 0; i < LC_INSPECTION_KIND_COUNT; i++) {
		enum lc_inspection_kind kind = (enum lc_inspection_kind)i;
		const struct lc_document_layout *layout = &LC_INSPECTION_LAYOUTS[kind];
		json_t *rows = json_array();

		for (size_t row = 0; row < document->lists[kind].count; row++)
			LC_ASSERT(
			    json_array_append_new(
				rows, row_of(layout, lc_inspection_row(document, kind, row))) == 0);
		lc_document_set(object, layout->name, rows);
	}
	lc_document_finish(object, json);
}

/* Halves the longest list. False when there is nothing to cut. */
static bool halve(struct lc_inspection *document)
{
	struct lc_inspection_list *longest = &document->lists[0];

	for (size_t kind = 1; kind < LC_INSPECTION_KIND_COUNT; kind++) {
		if (document->lists[kind].count > longest->count)
			longest = &document->lists[kind];
	}
	if (longest->count == 0)
		return false;
	document->more += longest->count - longest->count / 2;
	longest->count /= 2;
	return true;
}

void lc_inspection_encode_within(struct lc_inspection *document, struct lc_buffer *json)
{
	lc_inspection_encode(document, json);
	while (lc_buffer_failed(json) && halve(document)) {
		lc_buffer_clear(json);
		lc_inspection_encode(document, json);
	}
}

static bool read_row(const json_t *object, enum lc_inspection_kind kind,
		     struct lc_inspection *document)
{
	union {
		struct lc_inspection_source source;
		struct lc_inspection_range range;
		struct lc_inspection_object object;
		struct lc_inspection_target target;
		struct lc_inspection_reader reader;
		struct lc_inspection_replay replay;
		struct lc_inspection_problem problem;
	} row;

	memset(&row, 0, sizeof(row));
	if (!lc_document_read(object, &LC_INSPECTION_LAYOUTS[kind], &row))
		return false;
	lc_inspection_add(document, kind, &row);
	return true;
}

static bool read_rows(const json_t *object, enum lc_inspection_kind kind,
		      struct lc_inspection *document)
{
	const json_t *rows = json_object_get(object, LC_INSPECTION_LAYOUTS[kind].name);

	if (!json_is_array(rows))
		return false;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		if (!read_row(json_array_get(rows, i), kind, document))
			return false;
	}
	return true;
}

static bool read_all(const json_t *object, struct lc_inspection *document)
{
	if (!lc_document_read_count(json_object_get(object, "affected"), &document->affected) ||
	    !lc_document_read_count(json_object_get(object, "more"), &document->more))
		return false;
	for (unsigned kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++) {
		if (!read_rows(object, (enum lc_inspection_kind)kind, document))
			return false;
	}
	return true;
}

bool lc_inspection_decode(struct lc_view json, struct lc_inspection *document,
			  struct lc_error *error)
{
	json_t *object = lc_document_parse(json, error);
	bool whole;

	if (object == NULL)
		return false;
	lc_inspection_init(document);
	whole = read_all(object, document);
	json_decref(object);
	if (!whole) {
		lc_inspection_free(document);
		return lc_error_set(error, LC_ERROR_CORRUPT, "not an inspection document");
	}
	return true;
}
