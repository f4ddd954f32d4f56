#include "base/buffer.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void lc_buffer_init(struct lc_buffer *buffer, size_t cap)
{
	*buffer = (struct lc_buffer){.cap = cap < SIZE_MAX ? cap : SIZE_MAX - 1};
}

void lc_buffer_free(struct lc_buffer *buffer)
{
	free(buffer->data);
	lc_buffer_init(buffer, buffer->cap);
}

void lc_buffer_clear(struct lc_buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

/* Makes room for `size` more bytes and a terminator, which does not count towards the cap; false if
 * the cap or the system does not allow it. */
static bool make_room(struct lc_buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity;
	const size_t limit = buffer->cap + 1;
	size_t needed;
	char *data;

	if (buffer->failed || size > buffer->cap - buffer->size) {
		buffer->failed = true;
		return false;
	}
	needed = buffer->size + size + 1;
	if (needed <= buffer->capacity)
		return true;
	while (capacity < needed)
		capacity = capacity > limit / 2 ? limit : capacity * 2;
	data = realloc(buffer->data, capacity);
	if (data == NULL) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *lc_buffer_reserve(struct lc_buffer *buffer, size_t size)
{
	return make_room(buffer, size) ? buffer->data + buffer->size : NULL;
}

void lc_buffer_commit(struct lc_buffer *buffer, size_t size)
{
	LC_ASSERT(size <= buffer->cap - buffer->size && size <= buffer->capacity - buffer->size);
	buffer->size += size;
}

void lc_buffer_append(struct lc_buffer *buffer, const void *bytes, size_t size)
{
	if (size == 0 || !make_room(buffer, size))
		return;
	memcpy(buffer->data + buffer->size, bytes, size);
	buffer->size += size;
}

void lc_buffer_append_view(struct lc_buffer *buffer, struct lc_view view)
{
	lc_buffer_append(buffer, view.data, view.size);
}

void lc_buffer_append_text(struct lc_buffer *buffer, const char *text)
{
	lc_buffer_append(buffer, text, strlen(text));
}

void lc_buffer_append_char(struct lc_buffer *buffer, char c)
{
	lc_buffer_append(buffer, &c, 1);
}

void lc_buffer_append_format(struct lc_buffer *buffer, const char *format, ...)
{
	va_list arguments;
	va_list again;
	int size;
	char *place;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	place = size < 0 ? NULL : lc_buffer_reserve(buffer, (size_t)size);
	if (place == NULL)
		buffer->failed = true;
	else if (vsnprintf(place, (size_t)size + 1, format, again) == size)
		buffer->size += (size_t)size;
	va_end(again);
	va_end(arguments);
}

void lc_buffer_consume(struct lc_buffer *buffer, size_t size)
{
	LC_ASSERT(size <= buffer->size);
	if (size == 0)
		return;
	buffer->size -= size;
	memmove(buffer->data, buffer->data + size, buffer->size);
}

const char *lc_buffer_text(struct lc_buffer *buffer)
{
	if (!make_room(buffer, 0))
		return NULL;
	buffer->data[buffer->size] = '\0';
	return buffer->data;
}
