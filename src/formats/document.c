#include "formats/document.h"

#include "base/assert.h"
#include "base/view.h"
#include "formats/document_names.h"

#include <limits.h>
#include <string.h>

/* ---- writing ---- */

/* jansson fails only when memory runs out, or for a mistake of ours. */
void lc_document_set(json_t *object, const char *name, json_t *value)
{
	LC_ASSERT(json_object_set_new(object, name, value) == 0);
}

json_t *lc_document_count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

json_t *lc_document_text(struct lc_view text)
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

static json_t *number_unless(bool none, int64_t number)
{
	return none ? json_null() : json_integer(number);
}

/* ---- names ---- */

_Static_assert(sizeof(enum lc_shard_state) == sizeof(unsigned) &&
		   sizeof(enum lc_severity) == sizeof(unsigned) &&
		   sizeof(enum lc_cycle_step) == sizeof(unsigned) &&
		   sizeof(enum lc_target_state) == sizeof(unsigned) &&
		   sizeof(enum lc_delivery_state) == sizeof(unsigned) &&
		   sizeof(enum lc_reload_state) == sizeof(unsigned) &&
		   sizeof(enum lc_verdict_grade) == sizeof(unsigned) &&
		   sizeof(enum lc_fault) == sizeof(unsigned),
	       "an enum is an unsigned");

static const struct lc_document_names *const NAMES[] = {
    [LC_DOCUMENT_STATE] = &LC_SHARD_STATE_NAMES,
    [LC_DOCUMENT_SEVERITY] = &LC_SEVERITY_NAMES,
    [LC_DOCUMENT_STEP] = &LC_CYCLE_STEP_NAMES,
    [LC_DOCUMENT_TARGET_STATE] = &LC_TARGET_STATE_NAMES,
    [LC_DOCUMENT_DELIVERY_STATE] = &LC_DELIVERY_STATE_NAMES,
    [LC_DOCUMENT_RELOAD_STATE] = &LC_RELOAD_STATE_NAMES,
    [LC_DOCUMENT_VERDICT_GRADE] = &LC_VERDICT_GRADE_NAMES,
    [LC_DOCUMENT_FAULT] = &LC_FAULT_NAMES,
};

/* ---- values ---- */

static json_t *text_or_none(const char *text)
{
	return text[0] == '\0' ? json_null() : lc_document_text(lc_view_of(text));
}

#define FETCH(type, name) \
	type name;        \
	memcpy(&name, place, sizeof(name))

static json_t *value_of(enum lc_document_type type, const char *place)
{
	switch (type) {
	case LC_DOCUMENT_COUNT: {
		FETCH(uint64_t, count);
		return lc_document_count(count);
	}
	case LC_DOCUMENT_NUMBER: {
		FETCH(unsigned, number);
		return json_integer(number);
	}
	case LC_DOCUMENT_PID: {
		FETCH(int64_t, pid);
		return number_unless(pid == 0, pid);
	}
	case LC_DOCUMENT_SECOND: {
		FETCH(uint32_t, second);
		return number_unless(second == 0, second);
	}
	case LC_DOCUMENT_AGE: {
		FETCH(int64_t, age);
		return number_unless(age < 0, age);
	}
	case LC_DOCUMENT_OWNER: {
		FETCH(int, owner);
		return number_unless(owner < 0, owner);
	}
	case LC_DOCUMENT_FLAG: {
		FETCH(bool, flag);
		return json_boolean(flag);
	}
	case LC_DOCUMENT_STATE:
	case LC_DOCUMENT_SEVERITY:
	case LC_DOCUMENT_STEP:
	case LC_DOCUMENT_TARGET_STATE:
	case LC_DOCUMENT_DELIVERY_STATE:
	case LC_DOCUMENT_RELOAD_STATE:
	case LC_DOCUMENT_VERDICT_GRADE:
	case LC_DOCUMENT_FAULT: {
		FETCH(unsigned, name);
		LC_ASSERT(name <= NAMES[type]->count);
		return text_or_none(NAMES[type]->texts[name]);
	}
	case LC_DOCUMENT_TEXT: {
		FETCH(struct lc_view, text);
		return lc_document_text(text);
	}
	case LC_DOCUMENT_LABEL:
	case LC_DOCUMENT_STRING:
		break;
	}
	return text_or_none(place);
}

void lc_document_write(json_t *object, const struct lc_document_layout *layout, const void *row)
{
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct lc_document_field *field = &layout->fields[i];

		lc_document_set(object, field->name,
				value_of(field->type, (const char *)row + field->offset));
	}
}

static int append_piece(const char *bytes, size_t size, void *context)
{
	struct lc_buffer *json = context;

	lc_buffer_append(json, bytes, size);
	return lc_buffer_failed(json) ? -1 : 0;
}

void lc_document_finish(json_t *object, struct lc_buffer *json)
{
	LC_ASSERT(json_dump_callback(object, append_piece, json, JSON_COMPACT) == 0 ||
		  lc_buffer_failed(json));
	json_decref(object);
	lc_buffer_append_char(json, '\n');
}

void lc_document_append_error(const char *why, struct lc_buffer *json)
{
	json_t *object = json_object();

	lc_document_set(object, "error", lc_document_text(lc_view_of(why)));
	lc_document_finish(object, json);
}

/* ---- reading ---- */

static bool read_integer(const json_t *value, int64_t maximum, int64_t *number)
{
	*number = json_integer_value(value);
	return json_is_integer(value) && *number >= 0 && *number <= maximum;
}

bool lc_document_read_count(const json_t *value, uint64_t *count)
{
	int64_t number;
	bool read = read_integer(value, INT64_MAX, &number);

	*count = (uint64_t)number;
	return read;
}

/* `none` for null. */
static bool read_or_none(const json_t *value, int64_t none, int64_t maximum, int64_t *number)
{
	*number = none;
	return json_is_null(value) || read_integer(value, maximum, number);
}

static bool read_string(const json_t *value, size_t size, char *place)
{
	size_t length = json_string_length(value);

	if (json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	if (length >= size)
		length = size - 1;
	memcpy(place, json_string_value(value), length);
	return true;
}

/* A word that is not known is one of a newer release. */
static bool read_name(const json_t *value, const struct lc_document_names *names, char *place)
{
	const char *text = json_is_null(value) ? "" : json_string_value(value);
	unsigned name = 0;

	while (text != NULL && name < names->count && strcmp(text, names->texts[name]) != 0)
		name++;
	memcpy(place, &name, sizeof(name));
	return json_is_string(value) || (text != NULL && name < names->count);
}

#define STORE(type, value) memcpy(place, &(type){value}, sizeof(type))

static bool read_value(const json_t *value, const struct lc_document_field *field, char *place)
{
	int64_t number = 0;
	bool read = false;

	switch (field->type) {
	case LC_DOCUMENT_COUNT:
		read = read_integer(value, INT64_MAX, &number);
		STORE(uint64_t, (uint64_t)number);
		return read;
	case LC_DOCUMENT_NUMBER:
		read = read_integer(value, LC_DOCUMENT_NUMBER_MAX, &number);
		STORE(unsigned, (unsigned)number);
		return read;
	case LC_DOCUMENT_PID:
		read = read_or_none(value, 0, INT_MAX, &number);
		STORE(int64_t, number);
		return read;
	case LC_DOCUMENT_SECOND:
		read = read_or_none(value, 0, UINT32_MAX, &number);
		STORE(uint32_t, (uint32_t)number);
		return read;
	case LC_DOCUMENT_AGE:
		read = read_or_none(value, -1, INT64_MAX, &number);
		STORE(int64_t, number);
		return read;
	case LC_DOCUMENT_OWNER:
		read = read_or_none(value, -1, LC_DOCUMENT_NUMBER_MAX, &number);
		STORE(int, (int)number);
		return read;
	case LC_DOCUMENT_FLAG:
		STORE(bool, json_is_true(value));
		return json_is_boolean(value);
	case LC_DOCUMENT_STATE:
	case LC_DOCUMENT_SEVERITY:
	case LC_DOCUMENT_STEP:
	case LC_DOCUMENT_TARGET_STATE:
	case LC_DOCUMENT_DELIVERY_STATE:
	case LC_DOCUMENT_RELOAD_STATE:
	case LC_DOCUMENT_VERDICT_GRADE:
	case LC_DOCUMENT_FAULT:
		return read_name(value, NAMES[field->type], place);
	case LC_DOCUMENT_TEXT: {
		struct lc_view text = {json_string_value(value), json_string_length(value)};

		memcpy(place, &text, sizeof(text));
		return json_is_string(value);
	}
	case LC_DOCUMENT_LABEL:
	case LC_DOCUMENT_STRING:
		break;
	}
	return read_string(value, field->size, place);
}

json_t *lc_document_parse(struct lc_view json, struct lc_error *error)
{
	json_error_t fault;
	json_t *value = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &fault);

	if (value == NULL)
		lc_error_set(error, LC_ERROR_CORRUPT, "not JSON: %s (line %d)", fault.text,
			     fault.line);
	return value;
}

bool lc_document_read(const json_t *object, const struct lc_document_layout *layout, void *row)
{
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct lc_document_field *field = &layout->fields[i];

		if (!read_value(json_object_get(object, field->name), field,
				(char *)row + field->offset))
			return false;
	}
	return true;
}
