#include "formats/record_block.h"

#include "base/assert.h"
#include "formats/row_binary.h"

#include <endian.h>
#include <inttypes.h>

/* More rows are no block of ours: ClickHouse is asked for far fewer. */
enum { ROWS_MAX = 1 << 24, SHOWN_SIZE = 201 };

const struct lc_record_column_type LC_RECORD_BLOCK_TYPES[LC_RECORD_BLOCK_COLUMNS] = {
    {"first", "UInt64", false, sizeof(uint64_t)},
#define LC_FIELD_TIME(name, expression) {#name, "Int64", false, sizeof(int64_t)},
#define LC_FIELD_NUMBER(name, expression) {#name, "UInt32", false, sizeof(uint32_t)},
#define LC_FIELD_TEXT(name, expression) {#name, "Nullable(String)", true, 0},
#define LC_FIELD_UINT(name, expression) {#name, "Nullable(UInt64)", true, sizeof(uint64_t)},
#define LC_FIELD_FLOAT(name, expression) {#name, "Nullable(Float32)", true, sizeof(float)},
#include "tbl/record_fields.h"
    {"last", "UInt64", false, sizeof(uint64_t)},
};

/* ---- walking through ---- */

struct walk {
	struct lc_record_block *block;
	struct lc_view bytes;
	struct lc_error *error;
};

static const struct lc_record_column_type *type_of(const struct lc_record_block *block)
{
	return &LC_RECORD_BLOCK_TYPES[block->column];
}

/* What has come and was not looked at. */
static struct lc_view rest_of(const struct walk *walk)
{
	size_t used = walk->block->size;

	if (used == walk->bytes.size)
		return (struct lc_view){.data = "", .size = 0};
	return (struct lc_view){.data = walk->bytes.data + used, .size = walk->bytes.size - used};
}

/* Fit to be shown: perhaps a server's message. */
static const char *shown(struct lc_view bytes, char text[SHOWN_SIZE])
{
	size_t size = 0;

	for (; size < bytes.size && size < SHOWN_SIZE - 1; size++) {
		text[size] = '.';
		if (bytes.data[size] >= ' ' && bytes.data[size] <= '~')
			text[size] = bytes.data[size];
	}
	text[size] = '\0';
	return text;
}

static enum lc_record_block_result no_block(const struct walk *walk)
{
	char text[SHOWN_SIZE];

	lc_error_set(walk->error, LC_ERROR_CORRUPT, "instead of a block of rows: \"%s\"",
		     shown(walk->bytes, text));
	return LC_RECORD_BLOCK_CORRUPT;
}

/* A reader that has not read what it was to read. */
static enum lc_record_block_result
unread(const struct lc_row_binary_reader *reader,
       enum lc_record_block_result (*corrupt)(const struct walk *), const struct walk *walk)
{
	return reader->state == LC_ROW_BINARY_INCOMPLETE ? LC_RECORD_BLOCK_INCOMPLETE
							 : corrupt(walk);
}

/* The numbers of columns and rows. */
static enum lc_record_block_result walk_start(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(walk->bytes);
	uint64_t columns = lc_row_binary_length(&reader);
	uint64_t rows;

	if (reader.state == LC_ROW_BINARY_GOOD && columns != LC_RECORD_BLOCK_COLUMNS)
		return no_block(walk);
	rows = lc_row_binary_length(&reader);
	if (reader.state != LC_ROW_BINARY_GOOD)
		return unread(&reader, no_block, walk);
	if (rows > ROWS_MAX)
		return no_block(walk);
	block->rows = (size_t)rows;
	block->size = walk->bytes.size - (size_t)(reader.end - reader.next);
	block->stage = LC_RECORD_BLOCK_AT_HEAD;
	return LC_RECORD_BLOCK_WHOLE;
}

static enum lc_record_block_result no_column(const struct walk *walk)
{
	char text[SHOWN_SIZE];

	lc_error_set(walk->error, LC_ERROR_CORRUPT,
		     "instead of the column of %s, of type %s: \"%s\"", type_of(walk->block)->name,
		     type_of(walk->block)->type, shown(rest_of(walk), text));
	return LC_RECORD_BLOCK_CORRUPT;
}

/* A word of a column's head: as ours are, an expression in plain ASCII. */
static struct lc_view read_word(struct lc_row_binary_reader *reader)
{
	struct lc_row_binary_reader ahead = *reader;
	struct lc_view word;

	if (lc_row_binary_length(&ahead) > LC_RECORD_BLOCK_WORD_MAX)
		reader->state = LC_ROW_BINARY_CORRUPT;
	word = lc_row_binary_text(reader);
	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] < ' ' || word.data[i] > '~')
			reader->state = LC_ROW_BINARY_CORRUPT;
	}
	return word;
}

/* A column's name, which may differ from release to release, and its type. */
static enum lc_record_block_result walk_head(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(rest_of(walk));
	struct lc_record_column *column = &block->columns[block->column];
	struct lc_view type;

	read_word(&reader);
	type = read_word(&reader);
	if (reader.state != LC_ROW_BINARY_GOOD)
		return unread(&reader, no_column, walk);
	if (!lc_view_equal(type, lc_view_of(type_of(block)->type)))
		return no_column(walk);
	block->size = walk->bytes.size - (size_t)(reader.end - reader.next);
	block->stage = LC_RECORD_BLOCK_AT_FLAGS;
	column->flags = block->size;
	return LC_RECORD_BLOCK_WHOLE;
}

static enum lc_record_block_result walk_flags(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	struct lc_view rest = rest_of(walk);
	unsigned char all = 0;

	if (type_of(block)->nullable) {
		if (rest.size < block->rows)
			return LC_RECORD_BLOCK_INCOMPLETE;
		for (size_t row = 0; row < block->rows; row++)
			all |= (unsigned char)rest.data[row];
		if (all > 1) {
			lc_error_set(walk->error, LC_ERROR_CORRUPT,
				     "the NULL flags of %s are not all 0 or 1",
				     type_of(block)->name);
			return LC_RECORD_BLOCK_CORRUPT;
		}
		block->size += block->rows;
	}
	block->columns[block->column].values = block->size;
	block->stage = LC_RECORD_BLOCK_AT_VALUES;
	block->row = 0;
	return LC_RECORD_BLOCK_WHOLE;
}

static bool are_markers(struct lc_view values, uint64_t marker)
{
	const uint64_t wanted = htole64(marker);
	uint64_t differences = 0;

	for (size_t at = 0; at < values.size; at += sizeof wanted) {
		uint64_t value;

		memcpy(&value, values.data + at, sizeof value);
		differences |= value ^ wanted;
	}
	return differences == 0;
}

static enum lc_record_block_result walk_values(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	struct lc_view values = rest_of(walk);
	size_t size = block->rows * type_of(block)->value_size;

	if (values.size < size)
		return LC_RECORD_BLOCK_INCOMPLETE;
	values.size = size;
	if (lc_record_block_is_marker(block->column) && !are_markers(values, block->marker)) {
		lc_error_set(walk->error, LC_ERROR_CORRUPT,
			     "the %s column of a block of rows is not the query's marker",
			     type_of(block)->name);
		return LC_RECORD_BLOCK_CORRUPT;
	}
	block->size += size;
	return LC_RECORD_BLOCK_WHOLE;
}

/* How long a text of 128 bytes or more is, and the bytes that tell this. */
static enum lc_record_block_result long_size(const struct walk *walk, struct lc_view rest,
					     size_t *size, size_t *used)
{
	uint64_t length = UINT64_MAX;

	if (lc_row_binary_leb128_read(rest, &length, used) == LC_ROW_BINARY_LEB128_INCOMPLETE)
		return LC_RECORD_BLOCK_INCOMPLETE;
	*size = (size_t)length;
	if (length <= LC_ROW_BINARY_STRING_MAX)
		return LC_RECORD_BLOCK_WHOLE;
	lc_error_set(walk->error, LC_ERROR_CORRUPT, "the length of %s is said to be %" PRIu64,
		     type_of(walk->block)->name, length);
	return LC_RECORD_BLOCK_CORRUPT;
}

static enum lc_record_block_result walk_texts(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	struct lc_view rest = rest_of(walk);
	enum lc_record_block_result result = LC_RECORD_BLOCK_WHOLE;
	size_t at = 0;
	size_t row = block->row;

	for (; row < block->rows; row++) {
		size_t used = 1;
		size_t size;

		if (at == rest.size) {
			result = LC_RECORD_BLOCK_INCOMPLETE;
			break;
		}
		size = (unsigned char)rest.data[at];
		if (size >= 0x80) {
			struct lc_view text = {.data = rest.data + at, .size = rest.size - at};

			result = long_size(walk, text, &size, &used);
			if (result != LC_RECORD_BLOCK_WHOLE)
				break;
		}
		if (rest.size - at < used + size) {
			result = LC_RECORD_BLOCK_INCOMPLETE;
			break;
		}
		at += used + size;
	}
	block->size += at;
	block->row = row;
	return result;
}

/* The part that comes next. */
static enum lc_record_block_result walk_on(struct walk *walk)
{
	struct lc_record_block *block = walk->block;
	enum lc_record_block_result result = LC_RECORD_BLOCK_WHOLE;

	switch (block->stage) {
	case LC_RECORD_BLOCK_AT_START:
		return walk_start(walk);
	case LC_RECORD_BLOCK_AT_HEAD:
		return walk_head(walk);
	case LC_RECORD_BLOCK_AT_FLAGS:
		return walk_flags(walk);
	case LC_RECORD_BLOCK_AT_VALUES:
		result = type_of(block)->value_size > 0 ? walk_values(walk) : walk_texts(walk);
		if (result == LC_RECORD_BLOCK_WHOLE) {
			block->column++;
			block->stage = LC_RECORD_BLOCK_AT_HEAD;
		}
		break;
	}
	return result;
}

void lc_record_block_begin(struct lc_record_block *block, uint64_t marker)
{
	block->marker = marker;
	block->rows = 0;
	block->size = 0;
	block->row = 0;
	block->column = 0;
	block->stage = LC_RECORD_BLOCK_AT_START;
}

enum lc_record_block_result lc_record_block_walk(struct lc_record_block *block,
						 struct lc_view bytes, struct lc_error *error)
{
	struct walk walk = {.block = block, .bytes = bytes, .error = error};
	enum lc_record_block_result result = LC_RECORD_BLOCK_WHOLE;

	while (result == LC_RECORD_BLOCK_WHOLE && block->column < LC_RECORD_BLOCK_COLUMNS)
		result = walk_on(&walk);
	if (result == LC_RECORD_BLOCK_WHOLE)
		block->row = 0;
	return result;
}

/* ---- taking rows ---- */

static inline uint32_t number_at(const char *at)
{
	uint32_t bits;

	memcpy(&bits, at, sizeof bits);
	return le32toh(bits);
}

static inline uint64_t long_number_at(const char *at)
{
	uint64_t bits;

	memcpy(&bits, at, sizeof bits);
	return le64toh(bits);
}

static inline struct lc_record_uint take_uint(const struct lc_record_column *column, size_t row,
					      const char *bytes)
{
	const char *value = bytes + column->values + row * sizeof(uint64_t);
	bool present = bytes[column->flags + row] == 0;

	return (struct lc_record_uint){.value = present ? long_number_at(value) : 0,
				       .present = present};
}

static inline struct lc_record_float take_float(const struct lc_record_column *column, size_t row,
						const char *bytes)
{
	const char *value = bytes + column->values + row * sizeof(float);
	bool present = bytes[column->flags + row] == 0;
	uint32_t bits = present ? number_at(value) : 0;
	struct lc_record_float number = {.present = present};

	memcpy(&number.value, &bits, sizeof bits);
	return number;
}

static inline struct lc_view take_text(struct lc_record_column *column, size_t row,
				       const char *bytes)
{
	const char *at = bytes + column->values;
	size_t size = (unsigned char)*at++;
	bool present = bytes[column->flags + row] == 0;

	if (size >= 0x80) {
		size &= 0x7F;
		for (unsigned shift = 7;; shift += 7) {
			size_t byte = (unsigned char)*at++;

			size |= (byte & 0x7F) << shift;
			if (byte < 0x80)
				break;
		}
	}
	column->values = (size_t)(at - bytes) + size;
	return (struct lc_view){.data = at, .size = present ? size : 0};
}

bool lc_record_block_take(struct lc_record_block *block, const char *bytes,
			  struct lc_record *record, struct lc_error *error)
{
	struct lc_record_column *column = block->columns + 1;
	size_t row = block->row++;

	LC_ASSERT(row < block->rows);
#define LC_FIELD_TIME(name, expression)                                                         \
	record->name = (int64_t)long_number_at(bytes + column->values + row * sizeof(int64_t)); \
	column++;
#define LC_FIELD_NUMBER(name, expression)                                          \
	record->name = number_at(bytes + column->values + row * sizeof(uint32_t)); \
	column++;
#define LC_FIELD_TEXT(name, expression) record->name = take_text(column++, row, bytes);
#define LC_FIELD_UINT(name, expression) record->name = take_uint(column++, row, bytes);
#define LC_FIELD_FLOAT(name, expression) record->name = take_float(column++, row, bytes);
#include "tbl/record_fields.h"
	record->shortened = false;
	record->spacious = true;
	return record->raft_session_id <= UINT16_MAX ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "there is no raft session %" PRIu32,
			    record->raft_session_id);
}
