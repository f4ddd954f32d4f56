#include "formats/record.h"

#include "base/copy.h"
#include "formats/row_binary.h"

#include <endian.h>
#include <inttypes.h>

/* The bytes of one row, and why reading them ended. */
struct reader {
	const char *start;
	const char *end;
	size_t used; /* for LC_RECORD_INCOMPLETE: bytes that the row takes at least */
	enum lc_record_result result;
	struct lc_error *error;
};

void lc_record_append_columns(struct lc_buffer *sql, uint64_t marker)
{
	lc_buffer_append_format(sql, "toUInt64(%" PRIu64 ")", marker);
#define LC_FIELD_TIME(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_NUMBER(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_TEXT(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_UINT(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_FLOAT(name, expression) lc_buffer_append_text(sql, ", " expression);
#include "tbl/record_fields.h"
	lc_buffer_append_format(sql, ", toUInt64(%" PRIu64 ")", marker);
}

/* Each function that takes something is told where it stands, and returns where the next thing does.
 * NULL: reading ends, and the reader tells why. The place is no part of the reader, since this chain
 * of places is what decoding waits for. */

static size_t left(const struct reader *reader, const char *at)
{
	return (size_t)(reader->end - at);
}

static const char *incomplete(struct reader *reader, const char *at, size_t needed)
{
	reader->used = (size_t)(at - reader->start) + needed;
	reader->result = LC_RECORD_INCOMPLETE;
	return NULL;
}

/* Copies `size` bytes out. */
static inline const char *take_bytes(struct reader *reader, const char *at, void *bytes,
				     size_t size)
{
	if (left(reader, at) < size)
		return incomplete(reader, at, size);
	memcpy(bytes, at, size);
	return at + size;
}

static inline const char *take_number(struct reader *reader, const char *at, uint32_t *number)
{
	uint32_t bits = 0;

	at = take_bytes(reader, at, &bits, sizeof bits);
	*number = le32toh(bits);
	return at;
}

static inline const char *take_time(struct reader *reader, const char *at, int64_t *time)
{
	uint64_t bits = 0;

	at = take_bytes(reader, at, &bits, sizeof bits);
	*time = (int64_t)le64toh(bits);
	return at;
}

/* Whether a nullable value follows. */
static inline const char *take_presence(struct reader *reader, const char *at, bool *present,
					const char *name)
{
	unsigned char flag = 0;

	at = take_bytes(reader, at, &flag, sizeof flag);
	*present = flag == 0;
	if (flag <= 1)
		return at;
	reader->result = LC_RECORD_CORRUPT;
	lc_error_set(reader->error, LC_ERROR_CORRUPT, "the NULL flag of %s is %u", name,
		     (unsigned)flag);
	return NULL;
}

static inline const char *take_uint(struct reader *reader, const char *at,
				    struct lc_record_uint *number, const char *name)
{
	uint64_t bits = 0;
	bool present;

	at = take_presence(reader, at, &present, name);
	if (at != NULL && present)
		at = take_bytes(reader, at, &bits, sizeof bits);
	*number = (struct lc_record_uint){.present = present, .value = le64toh(bits)};
	return at;
}

static inline const char *take_float(struct reader *reader, const char *at,
				     struct lc_record_float *number, const char *name)
{
	uint32_t bits = 0;
	bool present;

	at = take_presence(reader, at, &present, name);
	if (at != NULL && present)
		at = take_number(reader, at, &bits);
	number->present = present;
	memcpy(&number->value, &bits, sizeof number->value);
	return at;
}

/* A text of any size, or NULL. */
static const char *take_any_text(struct reader *reader, const char *at, struct lc_view *text,
				 const char *name)
{
	bool present;
	uint64_t size = 0;
	size_t used = 0;

	at = take_presence(reader, at, &present, name);
	if (at == NULL)
		return NULL;
	if (present) {
		struct lc_view rest = {.data = at, .size = left(reader, at)};

		switch (lc_row_binary_leb128_read(rest, &size, &used)) {
		case LC_ROW_BINARY_LEB128_READ:
			break;
		case LC_ROW_BINARY_LEB128_INCOMPLETE:
			return incomplete(reader, at, rest.size + 1);
		case LC_ROW_BINARY_LEB128_OVERFLOW:
			size = UINT64_MAX;
			break;
		}
	}
	if (size > LC_ROW_BINARY_STRING_MAX) {
		reader->result = LC_RECORD_CORRUPT;
		lc_error_set(reader->error, LC_ERROR_CORRUPT,
			     "the length of %s is said to be %" PRIu64, name, size);
		return NULL;
	}
	if (left(reader, at) < used + size)
		return incomplete(reader, at, used + size);
	*text = (struct lc_view){.data = at + used, .size = size};
	return at + used + size;
}

/* As take_any_text, quick for the usual: NULL, or shorter than 128 bytes, and all there. */
static inline const char *take_text(struct reader *reader, const char *at, struct lc_view *text,
				    const char *name)
{
	enum { FLAG = 0xFF, LONG = 0x8000, USUAL_SIZE = 2 + 0x7F };
	uint16_t head; /* the NULL flag, and the size */

	if (left(reader, at) < USUAL_SIZE)
		return take_any_text(reader, at, text, name);
	memcpy(&head, at, sizeof head);
	head = le16toh(head);
	if ((head & (FLAG | LONG)) == 0) {
		*text = (struct lc_view){.data = at + 2, .size = head >> 8};
		return at + 2 + text->size;
	}
	if ((head & FLAG) == 1) {
		*text = (struct lc_view){.data = at + 1, .size = 0};
		return at + 1;
	}
	return take_any_text(reader, at, text, name);
}

/* What stands where a marker should be, fit to be shown: perhaps a server's message. */
static const char *not_a_marker(struct reader *reader, const char *at, const char *which)
{
	char shown[201];
	size_t size = 0;

	for (; size < left(reader, at) && size < sizeof shown - 1; size++) {
		shown[size] = '.';
		if (at[size] >= ' ' && at[size] <= '~')
			shown[size] = at[size];
	}
	shown[size] = '\0';
	reader->result = LC_RECORD_CORRUPT;
	lc_error_set(reader->error, LC_ERROR_CORRUPT, "instead of a row's %s marker: \"%s\"", which,
		     shown);
	return NULL;
}

/* A marker of which less than its size has arrived is compared as far as it goes. */
static const char *take_cut_marker(struct reader *reader, const char *at, uint64_t marker,
				   const char *which)
{
	uint64_t bytes = htole64(marker);

	if (memcmp(at, &bytes, left(reader, at)) != 0)
		return not_a_marker(reader, at, which);
	return incomplete(reader, at, sizeof bytes);
}

static inline const char *take_marker(struct reader *reader, const char *at, uint64_t marker,
				      const char *which)
{
	uint64_t bytes;

	if (left(reader, at) < sizeof bytes)
		return take_cut_marker(reader, at, marker, which);
	memcpy(&bytes, at, sizeof bytes);
	if (bytes != htole64(marker))
		return not_a_marker(reader, at, which);
	return at + sizeof bytes;
}

/* Returns where the row ends. */
static const char *take_row(struct reader *reader, uint64_t marker, struct lc_record *record)
{
	const char *at = take_marker(reader, reader->start, marker, "first");

#define TAKE(take)         \
	if (at == NULL)    \
		return at; \
	at = take;
#define LC_FIELD_TIME(name, expression) TAKE(take_time(reader, at, &record->name))
#define LC_FIELD_NUMBER(name, expression) TAKE(take_number(reader, at, &record->name))
#define LC_FIELD_TEXT(name, expression) TAKE(take_text(reader, at, &record->name, #name))
#define LC_FIELD_UINT(name, expression) TAKE(take_uint(reader, at, &record->name, #name))
#define LC_FIELD_FLOAT(name, expression) TAKE(take_float(reader, at, &record->name, #name))
#include "tbl/record_fields.h"
	TAKE(take_marker(reader, at, marker, "last"))
	return at;
}

enum lc_record_result lc_record_decode(struct lc_view bytes, uint64_t marker,
				       struct lc_record *record, size_t *used,
				       struct lc_error *error)
{
	const char *start = bytes.size == 0 ? "" : bytes.data;
	struct reader reader = {
	    .start = start,
	    .end = start + bytes.size,
	    .result = LC_RECORD_DECODED,
	    .error = error,
	};
	const char *end = take_row(&reader, marker, record);

	record->shortened = false;
	if (end != NULL) {
		reader.used = (size_t)(end - start);
		record->spacious = left(&reader, end) >= LC_COPY_SLACK;
		if (record->raft_session_id > UINT16_MAX) {
			reader.result = LC_RECORD_CORRUPT;
			lc_error_set(error, LC_ERROR_CORRUPT, "there is no raft session %" PRIu32,
				     record->raft_session_id);
		}
	}
	*used = reader.used;
	return reader.result;
}
