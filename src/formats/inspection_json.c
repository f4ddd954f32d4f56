/* The inspection document as JSON. */
#include "base/assert.h"
#include "formats/inspection.h"
#include "formats/inspection_layout.h"

#include <jansson.h>
#include <limits.h>

/* ---- writing ---- */

/* jansson fails only when memory runs out, or for a mistake of ours. */
static void set(json_t *object, const char *name, json_t *value)
{
	LC_ASSERT(json_object_set_new(object, name, value) == 0);
}

static json_t *count_of(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

static json_t *text_of(struct lc_view text)
{
	json_t *value = json_stringn(text.size == 0 ? "" : text.data, text.size);
	struct lc_buffer ascii;

	if (value != NULL && (text.size == 0 || memchr(text.data, '\0', text.size) == NULL))
		return value;
	json_decref(value);
	lc_buffer_init(&ascii, text.size);
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == 0 || c >= 0x80)
			lc_buffer_append_char(&ascii, '?');
		else
			lc_buffer_append_char(&ascii, text.data[i]);
	}
	value = json_stringn(ascii.data, ascii.size);
	lc_buffer_free(&ascii);
	return value;
}

static json_t *value_of(enum lc_inspection_layout_type type, const char *place)
{
	switch (type) {
	case LC_INSPECTION_LAYOUT_COUNT: {
		uint64_t count;

		memcpy(&count, place, sizeof(count));
		return count_of(count);
	}
	case LC_INSPECTION_LAYOUT_SECOND: {
		uint32_t second;

		memcpy(&second, place, sizeof(second));
		return second == 0 ? json_null() : json_integer(second);
	}
	case LC_INSPECTION_LAYOUT_AGE: {
		int64_t age;

		memcpy(&age, place, sizeof(age));
		return age < 0 ? json_null() : json_integer(age);
	}
	case LC_INSPECTION_LAYOUT_FLAG: {
		bool flag;

		memcpy(&flag, place, sizeof(flag));
		return json_boolean(flag);
	}
	case LC_INSPECTION_LAYOUT_TEXT:
		break;
	}
	{
		struct lc_view text;

		memcpy(&text, place, sizeof(text));
		return text_of(text);
	}
}

static json_t *row_of(const struct lc_inspection_layout *layout, const char *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < layout->field_count; i++) {
		const struct lc_inspection_layout_field *field = &layout->fields[i];

		set(object, field->name, value_of(field->type, row + field->offset));
	}
	return object;
}

static int append_piece(const char *bytes, size_t size, void *context)
{
	struct lc_buffer *json = context;

	lc_buffer_append(json, bytes, size);
	return lc_buffer_failed(json) ? -1 : 0;
}

void lc_inspection_encode(const struct lc_inspection *document, struct lc_buffer *json)
{
	json_t *object = json_object();

	set(object, "affected", count_of(document->affected));
	set(object, "more", count_of(document->more));
	for (unsigned i = 0; i < LC_INSPECTION_KIND_COUNT; i++) {
		enum lc_inspection_kind kind = (enum lc_inspection_kind)i;
		const struct lc_inspection_layout *layout = &LC_INSPECTION_LAYOUTS[kind];
		json_t *rows = json_array();

		for (size_t row = 0; row < document->lists[kind].count; row++)
			LC_ASSERT(
			    json_array_append_new(
				rows, row_of(layout, lc_inspection_row(document, kind, row))) == 0);
		set(object, layout->name, rows);
	}
	LC_ASSERT(json_dump_callback(object, append_piece, json, JSON_COMPACT) == 0 ||
		  lc_buffer_failed(json));
	json_decref(object);
	lc_buffer_append_char(json, '\n');
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

static bool read_value(const json_t *value, enum lc_inspection_layout_type type, char *place)
{
	int64_t number = LC_INSPECTION_NO_AGE;
	uint64_t count;
	uint32_t second;

	switch (type) {
	case LC_INSPECTION_LAYOUT_COUNT:
		if (!read_integer(value, INT64_MAX, &number))
			return false;
		count = (uint64_t)number;
		memcpy(place, &count, sizeof(count));
		return true;
	case LC_INSPECTION_LAYOUT_SECOND:
		if (!json_is_null(value) && !read_integer(value, UINT32_MAX, &number))
			return false;
		second = number < 0 ? 0 : (uint32_t)number;
		memcpy(place, &second, sizeof(second));
		return true;
	case LC_INSPECTION_LAYOUT_AGE:
		if (!json_is_null(value) && !read_integer(value, INT64_MAX, &number))
			return false;
		memcpy(place, &number, sizeof(number));
		return true;
	case LC_INSPECTION_LAYOUT_FLAG:
		memcpy(place, &(bool){json_is_true(value)}, sizeof(bool));
		return json_is_boolean(value);
	case LC_INSPECTION_LAYOUT_TEXT:
		break;
	}
	memcpy(place, &(struct lc_view){json_string_value(value), json_string_length(value)},
	       sizeof(struct lc_view));
	return json_is_string(value);
}

static bool read_row(const json_t *object, enum lc_inspection_kind kind,
		     struct lc_inspection *document)
{
	const struct lc_inspection_layout *layout = &LC_INSPECTION_LAYOUTS[kind];
	union {
		struct lc_inspection_source source;
		struct lc_inspection_range range;
		struct lc_inspection_object object;
		struct lc_inspection_target target;
		struct lc_inspection_problem problem;
	} row;
	char *bytes = (char *)&row;

	memset(&row, 0, sizeof(row));
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct lc_inspection_layout_field *field = &layout->fields[i];

		if (!read_value(json_object_get(object, field->name), field->type,
				bytes + field->offset))
			return false;
	}
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
