#include "formats/record.h"

#include "formats/row_binary.h"

#include <endian.h>
#include <inttypes.h>

/* The bytes of one row, and why reading them ended. */
struct reader {
	const char *at;
	size_t left;    /* bytes from `at` on */
	size_t missing; /* for LC_RECORD_INCOMPLETE: bytes needed at least beyond `left` */
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

static bool incomplete(struct reader *reader, size_t needed)
{
	reader->missing = needed - reader->left;
	reader->result = LC_RECORD_INCOMPLETE;
	return false;
}

/* Copies `size` bytes out. */
static inline bool take_bytes(struct reader *reader, void *bytes, size_t size)
{
	if (reader->left < size)
		return incomplete(reader, size);
	memcpy(bytes, reader->at, size);
	reader->at += size;
	reader->left -= size;
	return true;
}

static inline bool take_number(struct reader *reader, uint32_t *number)
{
	bool taken = take_bytes(reader, number, sizeof *number);

	*number = le32toh(*number);
	return taken;
}

static inline bool take_time(struct reader *reader, int64_t *time)
{
	uint64_t bits = 0;
	bool taken = take_bytes(reader, &bits, sizeof bits);

	*time = (int64_t)le64toh(bits);
	return taken;
}

/* Whether a nullable value follows. */
static inline bool take_presence(struct reader *reader, bool *present, const char *name)
{
	unsigned char flag = 0;

	if (!take_bytes(reader, &flag, sizeof flag))
		return false;
	*present = flag == 0;
	if (flag <= 1)
		return true;
	reader->result = LC_RECORD_CORRUPT;
	return lc_error_set(reader->error, LC_ERROR_CORRUPT, "the NULL flag of %s is %u", name,
			    (unsigned)flag);
}

static inline bool take_uint(struct reader *reader, struct lc_record_uint *number, const char *name)
{
	uint64_t bits = 0;

	*number = (struct lc_record_uint){.present = false};
	if (!take_presence(reader, &number->present, name))
		return false;
	if (number->present && !take_bytes(reader, &bits, sizeof bits))
		return false;
	number->value = le64toh(bits);
	return true;
}

static inline bool take_float(struct reader *reader, struct lc_record_float *number,
			      const char *name)
{
	uint32_t bits = 0;

	*number = (struct lc_record_float){.present = false};
	if (!take_presence(reader, &number->present, name))
		return false;
	if (number->present && !take_number(reader, &bits))
		return false;
	memcpy(&number->value, &bits, sizeof number->value);
	return true;
}

/* A text of any size, or NULL. */
static bool take_any_text(struct reader *reader, struct lc_view *text, const char *name)
{
	bool present;
	uint64_t size = 0;
	size_t used = 0;

	if (!take_presence(reader, &present, name))
		return false;
	if (present) {
		struct lc_view rest = {.data = reader->at, .size = reader->left};

		switch (lc_row_binary_leb128_read(rest, &size, &used)) {
		case LC_ROW_BINARY_LEB128_READ:
			break;
		case LC_ROW_BINARY_LEB128_INCOMPLETE:
			return incomplete(reader, reader->left + 1);
		case LC_ROW_BINARY_LEB128_OVERFLOW:
			size = UINT64_MAX;
			break;
		}
	}
	if (size > LC_ROW_BINARY_STRING_MAX) {
		reader->result = LC_RECORD_CORRUPT;
		return lc_error_set(reader->error, LC_ERROR_CORRUPT,
				    "the length of %s is said to be %" PRIu64, name, size);
	}
	if (reader->left < used + size)
		return incomplete(reader, used + size);
	*text = (struct lc_view){.data = reader->at + used, .size = size};
	reader->at += used + size;
	reader->left -= used + size;
	return true;
}

/* As take_any_text, quick for the usual: not NULL, shorter than 128 bytes, and all there. */
static inline bool take_text(struct reader *reader, struct lc_view *text, const char *name)
{
	const unsigned char *at = (const unsigned char *)reader->at;

	if (reader->left < 2 || at[0] != 0 || at[1] >= 0x80 || reader->left - 2 < at[1])
		return take_any_text(reader, text, name);
	*text = (struct lc_view){.data = reader->at + 2, .size = at[1]};
	reader->left -= 2 + text->size;
	reader->at += 2 + text->size;
	return true;
}

/* What stands where a marker should be, fit to be shown: perhaps a server's message. */
static bool not_a_marker(struct reader *reader, const char *which)
{
	char shown[201];
	size_t size = 0;

	for (; size < reader->left && size < sizeof shown - 1; size++) {
		char c = reader->at[size];

		shown[size] = '.';
		if (c >= ' ' && c <= '~')
			shown[size] = c;
	}
	shown[size] = '\0';
	reader->result = LC_RECORD_CORRUPT;
	return lc_error_set(reader->error, LC_ERROR_CORRUPT, "instead of a row's %s marker: \"%s\"",
			    which, shown);
}

/* A marker of which less than its size has arrived is compared as far as it goes. */
static bool take_cut_marker(struct reader *reader, uint64_t marker, const char *which)
{
	uint64_t bytes = htole64(marker);

	if (memcmp(reader->at, &bytes, reader->left) != 0)
		return not_a_marker(reader, which);
	return incomplete(reader, sizeof bytes);
}

static inline bool take_marker(struct reader *reader, uint64_t marker, const char *which)
{
	uint64_t bytes;

	if (reader->left < sizeof bytes)
		return take_cut_marker(reader, marker, which);
	memcpy(&bytes, reader->at, sizeof bytes);
	if (bytes != htole64(marker))
		return not_a_marker(reader, which);
	reader->at += sizeof bytes;
	reader->left -= sizeof bytes;
	return true;
}

static bool take_row(struct reader *reader, uint64_t marker, struct lc_record *record)
{
	if (!take_marker(reader, marker, "first"))
		return false;
#define LC_FIELD_TIME(name, expression)        \
	if (!take_time(reader, &record->name)) \
		return false;
#define LC_FIELD_NUMBER(name, expression)        \
	if (!take_number(reader, &record->name)) \
		return false;
#define LC_FIELD_TEXT(name, expression)               \
	if (!take_text(reader, &record->name, #name)) \
		return false;
#define LC_FIELD_UINT(name, expression)               \
	if (!take_uint(reader, &record->name, #name)) \
		return false;
#define LC_FIELD_FLOAT(name, expression)               \
	if (!take_float(reader, &record->name, #name)) \
		return false;
#include "tbl/record_fields.h"
	return take_marker(reader, marker, "last");
}

enum lc_record_result lc_record_decode(struct lc_view bytes, uint64_t marker,
				       struct lc_record *record, size_t *used,
				       struct lc_error *error)
{
	struct reader reader = {
	    .at = bytes.size == 0 ? "" : bytes.data,
	    .left = bytes.size,
	    .result = LC_RECORD_DECODED,
	    .error = error,
	};

	record->shortened = false;
	if (take_row(&reader, marker, record) && record->raft_session_id > UINT16_MAX) {
		reader.result = LC_RECORD_CORRUPT;
		lc_error_set(error, LC_ERROR_CORRUPT, "there is no raft session %" PRIu32,
			     record->raft_session_id);
	}
	*used = bytes.size - reader.left +
		(reader.result == LC_RECORD_INCOMPLETE ? reader.left + reader.missing : 0);
	return reader.result;
}
