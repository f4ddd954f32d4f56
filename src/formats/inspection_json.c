/* The inspection document as JSON. */
#include "base/assert.h"
#include "formats/inspection.h"

#include <jansson.h>

/* ---- writing ---- */

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

/* ---- reading ---- */

static bool read_integer(const json_t *value, int64_t maximum, int64_t *number)
{
	*number = json_integer_value(value);
	return json_is_integer(value) && *number >= 0 && *number <= maximum;
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
	int64_t affected;
	int64_t more;

	if (!read_integer(json_object_get(object, "affected"), INT64_MAX, &affected) ||
	    !read_integer(json_object_get(object, "more"), INT64_MAX, &more))
		return false;
	document->affected = (uint64_t)affected;
	document->more = (uint64_t)more;
	for (unsigned kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++) {
		if (!read_rows(object, (enum lc_inspection_kind)kind, document))
			return false;
	}
	return true;
}

bool lc_inspection_decode(struct lc_view json, struct lc_inspection *document,
			  struct lc_error *error)
{
	json_error_t fault;
	json_t *object = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &fault);
	bool whole;

	if (object == NULL)
		return lc_error_set(error, LC_ERROR_CORRUPT, "not JSON: %s (line %d)", fault.text,
				    fault.line);
	lc_inspection_init(document);
	whole = read_all(object, document);
	json_decref(object);
	if (!whole) {
		lc_inspection_free(document);
		return lc_error_set(error, LC_ERROR_CORRUPT, "not an inspection document");
	}
	return true;
}
