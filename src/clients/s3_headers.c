#include "clients/s3_headers.h"

#include "base/assert.h"

#include <string.h>

void lc_s3_headers_init(struct lc_s3_headers *headers)
{
	headers->count = 0;
	lc_buffer_init(&headers->text, LC_S3_HEADERS_BYTES_MAX);
}

void lc_s3_headers_clear(struct lc_s3_headers *headers)
{
	lc_buffer_clear(&headers->text);
	headers->count = 0;
}

void lc_s3_headers_free(struct lc_s3_headers *headers)
{
	lc_buffer_free(&headers->text);
	headers->count = 0;
}

struct lc_view lc_s3_headers_name(const struct lc_s3_headers *headers, size_t index)
{
	const struct lc_s3_header_place *place = &headers->places[index];

	return (struct lc_view){.data = headers->text.data + place->name, .size = place->name_size};
}

struct lc_view lc_s3_headers_value(const struct lc_s3_headers *headers, size_t index)
{
	const struct lc_s3_header_place *place = &headers->places[index];

	return (struct lc_view){.data = headers->text.data + place->value,
				.size = place->value_size};
}

static void add(struct lc_s3_headers *headers, struct lc_view name, struct lc_view value)
{
	struct lc_s3_header_place place = {.name = headers->text.size,
					   .name_size = name.size,
					   .value = headers->text.size + name.size,
					   .value_size = value.size};
	size_t at = headers->count;

	LC_ASSERT(headers->count < LC_S3_HEADERS_MAX);
	lc_buffer_append_view(&headers->text, name);
	lc_buffer_append_view(&headers->text, value);
	LC_ASSERT(!lc_buffer_failed(&headers->text));
	for (; at > 0 && lc_view_compare(lc_s3_headers_name(headers, at - 1), name) > 0; at--)
		headers->places[at] = headers->places[at - 1];
	headers->places[at] = place;
	headers->count++;
}

void lc_s3_headers_add(struct lc_s3_headers *headers, const char *name, struct lc_view value)
{
	if (value.size > 0)
		add(headers, lc_view_of(name), value);
}

void lc_s3_headers_add_all(struct lc_s3_headers *headers, const struct lc_s3_headers *others)
{
	for (size_t i = 0; i < others->count; i++)
		add(headers, lc_s3_headers_name(others, i), lc_s3_headers_value(others, i));
}
