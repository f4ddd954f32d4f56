/*
 * A growing run of bytes with a cap. Once an append did not fit, the buffer remembers the failure
 * and ignores further appends: callers append freely and check lc_buffer_failed once, at the end.
 *
 * The buffer owns its memory. Views and pointers into it are valid until the next append, consume
 * or free.
 */
#ifndef LC_BASE_BUFFER_H
#define LC_BASE_BUFFER_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_buffer {
	char *data;
	size_t size;     /* bytes in use */
	size_t capacity; /* bytes allocated, a terminator included */
	size_t cap;      /* bytes it may ever hold */
	bool failed;
};

/* An empty buffer that holds at most `cap` bytes. Allocates nothing yet. */
void lc_buffer_init(struct lc_buffer *buffer, size_t cap);

/* Releases the memory; the buffer is empty and may be used again. */
void lc_buffer_free(struct lc_buffer *buffer);

/* Empties the buffer, forgets a failure, keeps the memory. */
void lc_buffer_clear(struct lc_buffer *buffer);

/* Appends bytes; over the cap (or out of memory) nothing is appended and the buffer fails. */
void lc_buffer_append(struct lc_buffer *buffer, const void *bytes, size_t size);
void lc_buffer_append_view(struct lc_buffer *buffer, struct lc_view view);
void lc_buffer_append_text(struct lc_buffer *buffer, const char *text);
void lc_buffer_append_char(struct lc_buffer *buffer, char c);
void lc_buffer_append_format(struct lc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `size` more bytes after those in use, or NULL (the buffer then has failed). What was
 * written there becomes part of the buffer with lc_buffer_commit. */
char *lc_buffer_reserve(struct lc_buffer *buffer, size_t size);
void lc_buffer_commit(struct lc_buffer *buffer, size_t size);

/* Drops the first `size` bytes, moving the rest to the front. */
void lc_buffer_consume(struct lc_buffer *buffer, size_t size);

/* True once an append did not fit. */
static inline bool lc_buffer_failed(const struct lc_buffer *buffer)
{
	return buffer->failed;
}

/* All bytes in use, as a view. */
static inline struct lc_view lc_buffer_view(const struct lc_buffer *buffer)
{
	return (struct lc_view){.data = buffer->data, .size = buffer->size};
}

/* The content as a terminated string (the terminator is not counted in size), or NULL if the buffer
 * has failed. Owned by the buffer. */
const char *lc_buffer_text(struct lc_buffer *buffer);

#endif
