/*
 * Any bytes as the fields of a row. Checked: the line is one line, no longer than announced, with
 * exactly its fields for an independent reader; the key reads back; floats read back. And: whether
 * there is room around the texts makes no difference.
 *
 * Input: a byte that says whether there is a region; then, for each field, a byte with its size or
 * presence and its bytes.
 */
#include "fuzz/fuzz.h"

#include "base/copy.h"
#include "formats/line.h"
#include "support/line_check.h"

#include <math.h>
#include <stdlib.h>

enum { KEY = 7, TOTAL_TIME = 13 };

struct input {
	const uint8_t *data;
	size_t size;
};

static struct lc_view take(struct input *input, size_t size)
{
	struct lc_view taken = {.data = (const char *)input->data,
				.size = size < input->size ? size : input->size};

	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

static uint8_t take_byte(struct input *input)
{
	struct lc_view taken = take(input, 1);

	return taken.size == 0 ? 0 : (uint8_t)taken.data[0];
}

static void take_value(struct input *input, void *value, size_t size)
{
	struct lc_view taken = take(input, size);

	memset(value, 0, size);
	if (taken.size > 0)
		memcpy(value, taken.data, taken.size);
}

static struct lc_record take_record(struct input *input)
{
	struct lc_record record = {.spacious = false};

#define LC_FIELD_TIME(name, expression) take_value(input, &record.name, sizeof record.name);
#define LC_FIELD_NUMBER(name, expression) take_value(input, &record.name, sizeof record.name);
#define LC_FIELD_TEXT(name, expression) record.name = take(input, take_byte(input));
#define LC_FIELD_UINT(name, expression)             \
	record.name.present = take_byte(input) % 2; \
	take_value(input, &record.name.value, sizeof record.name.value);
#define LC_FIELD_FLOAT(name, expression)            \
	record.name.present = take_byte(input) % 2; \
	take_value(input, &record.name.value, sizeof record.name.value);
#include "tbl/record_fields.h"
	return record;
}

static void check_time(struct lc_view field, struct lc_record_float number,
		       const struct lc_line_style *style)
{
	char text[128] = "";

	LC_ASSERT(field.size > 0 && field.size < sizeof text);
	memcpy(text, field.data, field.size);
	if (!number.present || !isfinite(number.value))
		LC_ASSERT(strcmp(text, "-") == 0);
	else if (style->fractional_times)
		LC_ASSERT(strspn(text, "-0123456789.") == field.size &&
			  strtof(text, NULL) == number.value);
	else
		LC_ASSERT(strspn(text, "-0123456789") == field.size &&
			  strtof(text, NULL) == roundf(number.value));
}

static void check_key(struct lc_view field, struct lc_view key)
{
	char *decoded = malloc(field.size);
	size_t size;

	LC_ASSERT(decoded != NULL);
	size = line_check_decode(field, decoded);
	if (key.size > 0)
		LC_ASSERT(lc_view_equal((struct lc_view){.data = decoded, .size = size}, key));
	free(decoded);
}

/* The texts lie in `bytes`. */
static void check_spacious(struct lc_record record, const struct lc_line_style *style,
			   struct lc_view bytes, struct lc_view expected)
{
	char *copy = malloc(bytes.size + LC_COPY_SLACK);
	char *out = malloc(lc_line_max_size(&record, style));
	struct lc_view line = {.data = out};

	LC_ASSERT(copy != NULL && out != NULL);
	memset(copy, '"', bytes.size + LC_COPY_SLACK);
	memcpy(copy, bytes.data, bytes.size);
#define LC_FIELD_TEXT(name, expression) record.name.data = copy + (record.name.data - bytes.data);
#include "tbl/record_fields.h"
	record.spacious = true;
	line.size = lc_line_write(&record, style, out);
	LC_ASSERT(lc_view_equal(line, expected));
	free(out);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.data = data, .size = size};
	struct lc_line_style style = {.region = take(&input, take_byte(&input) % 8),
				      .fractional_times = take_byte(&input) % 2 == 1};
	struct lc_record record = take_record(&input);
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];
	size_t room = lc_line_max_size(&record, &style);
	char *out = malloc(room);
	struct lc_view line = {.data = out};

	LC_ASSERT(out != NULL);
	line.size = lc_line_write(&record, &style, out);
	LC_ASSERT(line.size <= room);
	LC_ASSERT(memchr(out, '\n', line.size) == out + line.size - 1);
	LC_ASSERT(line_check_split(line, fields) == (style.region.size > 0 ? 27 : 26));
	check_key(fields[KEY], record.object_key);
	check_time(fields[TOTAL_TIME], record.total_time, &style);
	check_time(fields[TOTAL_TIME + 1], record.turn_around_time, &style);
	if (size > 0)
		check_spacious(record, &style,
			       (struct lc_view){.data = (const char *)data, .size = size}, line);
	free(out);
	return 0;
}
