/*
 * Values in ClickHouse's RowBinary, as they are read one after the other, bounded by the bytes at
 * hand, and written.
 *
 * Format: ClickHouse documentation, "RowBinary": numbers little-endian, String as its length and
 * its bytes. Lengths are variable-length unsigned integers, seven bits a byte, lowest first
 * (LEB128). A reader remembers the first thing that went wrong; the values read after that are zero
 * or empty, and its state is checked once, at the end of a row.
 */
#ifndef LC_FORMATS_ROW_BINARY_H
#define LC_FORMATS_ROW_BINARY_H

#include "base/buffer.h"
#include "base/view.h"

#include <stddef.h>
#include <stdint.h>

enum { LC_ROW_BINARY_LEB128_SIZE_MAX = 10 }; /* of a 64-bit number */

enum lc_row_binary_leb128_result {
	LC_ROW_BINARY_LEB128_READ,       /* *value and *used are set */
	LC_ROW_BINARY_LEB128_INCOMPLETE, /* the bytes end inside the number */
	LC_ROW_BINARY_LEB128_OVERFLOW,   /* more than 64 bits */
};

/* Reads the number at the beginning of `bytes`. */
enum lc_row_binary_leb128_result lc_row_binary_leb128_read(struct lc_view bytes, uint64_t *value,
							   size_t *used);

/* Writes a number in as few bytes as it takes; returns how many. */
size_t lc_row_binary_leb128_write(uint64_t value, char out[LC_ROW_BINARY_LEB128_SIZE_MAX]);

/* Appends a number in `size` bytes (at most 8). */
void lc_row_binary_append_number(struct lc_buffer *rows, uint64_t number, size_t size);

/* Appends a string: its length and its bytes. */
void lc_row_binary_append_text(struct lc_buffer *rows, struct lc_view text);

enum lc_row_binary_state {
	LC_ROW_BINARY_GOOD,
	LC_ROW_BINARY_INCOMPLETE, /* the bytes ended inside a value */
	LC_ROW_BINARY_CORRUPT,    /* no value is written like this */
};

struct lc_row_binary_reader {
	const unsigned char *next;
	const unsigned char *end;
	enum lc_row_binary_state state;
};

/* A string of a declared length over this is no string of ours. */
#define LC_ROW_BINARY_STRING_MAX (UINT64_C(1) << 30)

static inline struct lc_row_binary_reader lc_row_binary_reader_of(struct lc_view bytes)
{
	const unsigned char *begin = (const unsigned char *)(bytes.size == 0 ? "" : bytes.data);

	return (struct lc_row_binary_reader){.next = begin, .end = begin + bytes.size};
}

/* The next `size` bytes (at most 8) as a little-endian number. */
static inline uint64_t lc_row_binary_number(struct lc_row_binary_reader *reader, size_t size)
{
	uint64_t value = 0;

	if (reader->state != LC_ROW_BINARY_GOOD)
		return 0;
	if ((size_t)(reader->end - reader->next) < size) {
		reader->state = LC_ROW_BINARY_INCOMPLETE;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)reader->next[i] << (8 * i);
	reader->next += size;
	return value;
}

/* The next string's length. */
static inline uint64_t lc_row_binary_length(struct lc_row_binary_reader *reader)
{
	struct lc_view rest = {.data = (const char *)reader->next,
			       .size = (size_t)(reader->end - reader->next)};
	uint64_t length = 0;
	size_t used = 0;

	if (reader->state != LC_ROW_BINARY_GOOD)
		return 0;
	switch (lc_row_binary_leb128_read(rest, &length, &used)) {
	case LC_ROW_BINARY_LEB128_READ:
		break;
	case LC_ROW_BINARY_LEB128_INCOMPLETE:
		reader->state = LC_ROW_BINARY_INCOMPLETE;
		return 0;
	case LC_ROW_BINARY_LEB128_OVERFLOW:
		reader->state = LC_ROW_BINARY_CORRUPT;
		return 0;
	}
	reader->next += used;
	if (length > LC_ROW_BINARY_STRING_MAX)
		reader->state = LC_ROW_BINARY_CORRUPT;
	return length;
}

/* The next string; a view into the bytes at hand. */
static inline struct lc_view lc_row_binary_text(struct lc_row_binary_reader *reader)
{
	uint64_t length = lc_row_binary_length(reader);
	struct lc_view text = {.data = "", .size = 0};

	if (reader->state != LC_ROW_BINARY_GOOD)
		return text;
	if ((uint64_t)(reader->end - reader->next) < length) {
		reader->state = LC_ROW_BINARY_INCOMPLETE;
		return text;
	}
	text = (struct lc_view){.data = (const char *)reader->next, .size = (size_t)length};
	reader->next += length;
	return text;
}

#endif
