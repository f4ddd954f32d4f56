#include "formats/record_shortener.h"

#include "base/assert.h"
#include "formats/record_block.h"
#include "formats/row_binary.h"

#include <endian.h>

/* The parts of a block of one row, in order: the numbers of columns and rows, and three parts of each
 * column. */
enum part { COUNT, NAME, TYPE, VALUE };

enum {
	COUNTS = 2,
	PARTS = 3,
	STEP_COUNT = COUNTS + PARTS * LC_RECORD_BLOCK_COLUMNS,
	/* A nullable value's flag. */
	PRESENT = 0,
	ABSENT = 1,
};

enum text {
#define LC_FIELD_TEXT(name, expression) TEXT_##name,
#include "tbl/record_fields.h"
	TEXT_COUNT
};

static const char ELLIPSIS[] = "...";
enum { ELLIPSIS_SIZE = sizeof ELLIPSIS - 1 };

static enum part part_of(size_t step)
{
	return step < COUNTS ? COUNT : (enum part)(NAME + (step - COUNTS) % PARTS);
}

static size_t column_of(size_t step)
{
	return (step - COUNTS) / PARTS;
}

static const struct lc_record_column_type *type_of(const struct lc_record_shortener *shortener)
{
	return &LC_RECORD_BLOCK_TYPES[column_of(shortener->step)];
}

/* What a row takes beside the bytes of its texts, at most. */
static size_t overhead(void)
{
	size_t sum = 0;

	for (size_t i = 0; i < LC_RECORD_BLOCK_COLUMNS; i++) {
		size_t size = LC_RECORD_BLOCK_TYPES[i].value_size;

		sum += 1 + (size == 0 ? LC_ROW_BINARY_LEB128_SIZE_MAX : size);
	}
	return sum;
}

void lc_record_shortener_init(struct lc_record_shortener *shortener, size_t max_row_bytes)
{
	LC_ASSERT(max_row_bytes > overhead() + (size_t)TEXT_COUNT * ELLIPSIS_SIZE);
	*shortener = (struct lc_record_shortener){
	    .room = max_row_bytes - overhead(),
	    .text_limit = (max_row_bytes - overhead()) / TEXT_COUNT,
	};
	lc_buffer_init(&shortener->row, max_row_bytes + LC_RECORD_BLOCK_HEADS_MAX);
}

void lc_record_shortener_free(struct lc_record_shortener *shortener)
{
	lc_buffer_free(&shortener->row);
	lc_row_hasher_free(&shortener->hasher);
}

/* ---- a row in memory ---- */

static void cut_text(struct lc_record_shortener *shortener, struct lc_view *text)
{
	size_t at = shortener->row.size;

	if (text->size <= shortener->text_limit)
		return;
	lc_buffer_append(&shortener->row, text->data, shortener->text_limit - ELLIPSIS_SIZE);
	lc_buffer_append(&shortener->row, ELLIPSIS, ELLIPSIS_SIZE);
	text->data = shortener->row.data + at;
	text->size = shortener->text_limit;
	shortener->shortened++;
}

uint64_t lc_record_shortener_cut(struct lc_record_shortener *shortener, struct lc_record *record)
{
	size_t texts = 0;

#define LC_FIELD_TEXT(name, expression) texts += record->name.size;
#include "tbl/record_fields.h"
	if (texts <= shortener->room)
		return 0;
	record->hash = lc_row_hash(record);
	record->shortened = true;
	record->spacious = false;
	shortener->shortened = 0;
	lc_buffer_clear(&shortener->row);
	/* All of it at once: what was cut must not move. */
	LC_ASSERT(lc_buffer_reserve(&shortener->row, shortener->room) != NULL);
#define LC_FIELD_TEXT(name, expression) cut_text(shortener, &record->name);
#include "tbl/record_fields.h"
	LC_ASSERT(!lc_buffer_failed(&shortener->row));
	return shortener->shortened;
}

/* ---- a row that streams by ---- */

void lc_record_shortener_begin(struct lc_record_shortener *shortener)
{
	lc_buffer_clear(&shortener->row);
	shortener->step = 0;
	shortener->in_body = false;
	shortener->copying = 0;
	shortener->skipping = 0;
	shortener->cut = false;
	shortener->head_size = 0;
	shortener->shortened = 0;
	lc_row_hasher_free(&shortener->hasher);
	lc_row_hasher_begin(&shortener->hasher);
}

/* Whether the part is a value of the row hash. The first marker is column 0; no marker is hashed, as
 * none is of a kind that is. */
static bool is_hashed(const struct lc_record_shortener *shortener)
{
	return part_of(shortener->step) == VALUE &&
	       column_of(shortener->step) <= LC_ROW_HASH_FIELDS;
}

static bool is_text(const struct lc_record_shortener *shortener)
{
	return part_of(shortener->step) == VALUE && type_of(shortener)->value_size == 0;
}

/* What stands before the part's bytes is known; these come next. */
static void begin_body(struct lc_record_shortener *shortener, bool present, uint64_t size)
{
	shortener->copying = size;
	shortener->head_size = 0;
	shortener->in_body = true;
	shortener->present = present;
	if (is_text(shortener) && is_hashed(shortener))
		lc_row_hasher_add_text_size(&shortener->hasher, present ? size : 0);
}

static void begin_text(struct lc_record_shortener *shortener, uint64_t size)
{
	char length[LC_ROW_BINARY_LEB128_SIZE_MAX];
	uint64_t limit = shortener->text_limit;
	char flag = shortener->head[0];

	lc_buffer_append_char(&shortener->row, flag);
	lc_buffer_append(&shortener->row, length,
			 lc_row_binary_leb128_write(size > limit ? limit : size, length));
	begin_body(shortener, flag == PRESENT, size);
	if (size <= limit)
		return;
	shortener->copying = limit - ELLIPSIS_SIZE;
	shortener->skipping = size - shortener->copying;
	shortener->cut = true;
	shortener->shortened += flag == PRESENT;
}

enum head { HEAD_READ, HEAD_INCOMPLETE, HEAD_WRONG };

/* Reads a number that begins after `skipped` bytes of the head, as far as it has come. */
static enum head read_number(const struct lc_record_shortener *shortener, size_t skipped,
			     uint64_t *number)
{
	size_t used;

	if (shortener->head_size < skipped)
		return HEAD_INCOMPLETE;
	switch (lc_row_binary_leb128_read((struct lc_view){.data = shortener->head + skipped,
							   .size = shortener->head_size - skipped},
					  number, &used)) {
	case LC_ROW_BINARY_LEB128_READ:
		return HEAD_READ;
	case LC_ROW_BINARY_LEB128_INCOMPLETE:
		return HEAD_INCOMPLETE;
	case LC_ROW_BINARY_LEB128_OVERFLOW:
		break;
	}
	return HEAD_WRONG;
}

/* A number of things, or a word with its length: nothing is hashed, nothing is cut. */
static enum head read_plain_head(struct lc_record_shortener *shortener, bool is_word)
{
	uint64_t number = 0;
	enum head head = read_number(shortener, 0, &number);

	if (head != HEAD_READ)
		return head;
	if (is_word && number > LC_RECORD_BLOCK_WORD_MAX)
		return HEAD_WRONG;
	lc_buffer_append(&shortener->row, shortener->head, shortener->head_size);
	begin_body(shortener, true, is_word ? number : 0);
	return HEAD_READ;
}

/* What stands before a value: NULL flag, length. */
static enum head read_value_head(struct lc_record_shortener *shortener)
{
	const struct lc_record_column_type *type = type_of(shortener);
	uint64_t size = 0;
	enum head head;

	if (!type->nullable) {
		begin_body(shortener, true, type->value_size);
		return HEAD_READ;
	}
	if (shortener->head_size == 0)
		return HEAD_INCOMPLETE;
	if (shortener->head[0] != PRESENT && shortener->head[0] != ABSENT)
		return HEAD_WRONG;
	if (type->value_size > 0) {
		lc_buffer_append_char(&shortener->row, shortener->head[0]);
		begin_body(shortener, shortener->head[0] == PRESENT, type->value_size);
		return HEAD_READ;
	}
	head = read_number(shortener, 1, &size);
	if (head == HEAD_READ && size > LC_ROW_BINARY_STRING_MAX)
		return HEAD_WRONG;
	if (head == HEAD_READ)
		begin_text(shortener, size);
	return head;
}

/* Reads what stands before the part's bytes, as far as it has come. */
static enum head read_head(struct lc_record_shortener *shortener)
{
	enum part part = part_of(shortener->step);

	return part == VALUE ? read_value_head(shortener)
			     : read_plain_head(shortener, part != COUNT);
}

/* Takes `*wanted` bytes from `piece`, or as many as it has. */
static struct lc_view take(struct lc_view *piece, uint64_t *wanted)
{
	struct lc_view taken = {.data = piece->data,
				.size = *wanted < piece->size ? (size_t)*wanted : piece->size};

	*piece =
	    (struct lc_view){.data = piece->data + taken.size, .size = piece->size - taken.size};
	*wanted -= taken.size;
	return taken;
}

/* Bytes of the part's body, kept or left out: a text's count for the hash in either case. */
static struct lc_view take_body(struct lc_record_shortener *shortener, struct lc_view *piece,
				uint64_t *wanted)
{
	struct lc_view taken = take(piece, wanted);

	if (is_text(shortener) && is_hashed(shortener) && shortener->present)
		lc_row_hasher_add_text_bytes(&shortener->hasher, taken);
	return taken;
}

/* The value that the copy ends with, little-endian. */
static uint64_t last_value(const struct lc_record_shortener *shortener, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, shortener->row.data + shortener->row.size - size, size);
	return le64toh(value);
}

/* A text was hashed as it came. */
static void hash_value(struct lc_record_shortener *shortener)
{
	const struct lc_record_column_type *type = type_of(shortener);
	uint64_t value;

	if (type->value_size == 0 || lc_record_block_is_marker(column_of(shortener->step)))
		return;
	value = last_value(shortener, type->value_size);
	if (type->nullable)
		lc_row_hasher_add_nullable(&shortener->hasher, shortener->present, value);
	else
		lc_row_hasher_add_uint(&shortener->hasher, value);
}

/* Takes the part; false if more of it is to come. */
static bool take_part(struct lc_record_shortener *shortener, struct lc_view *piece)
{
	lc_buffer_append_view(&shortener->row, take_body(shortener, piece, &shortener->copying));
	if (shortener->copying > 0)
		return false;
	if (shortener->cut)
		lc_buffer_append(&shortener->row, ELLIPSIS, ELLIPSIS_SIZE);
	shortener->cut = false;
	take_body(shortener, piece, &shortener->skipping);
	if (shortener->skipping > 0)
		return false;
	if (is_hashed(shortener))
		hash_value(shortener);
	return true;
}

size_t lc_record_shortener_feed(struct lc_record_shortener *shortener, struct lc_view piece,
				bool *complete)
{
	struct lc_view rest = piece;

	*complete = false;
	while (shortener->step < STEP_COUNT) {
		if (shortener->in_body) {
			if (!take_part(shortener, &rest))
				break;
			shortener->in_body = false;
			shortener->step++;
			continue;
		}
		switch (read_head(shortener)) {
		case HEAD_READ:
			break;
		case HEAD_INCOMPLETE:
			if (rest.size == 0)
				return piece.size;
			shortener->head[shortener->head_size++] = rest.data[0];
			rest = (struct lc_view){.data = rest.data + 1, .size = rest.size - 1};
			break;
		case HEAD_WRONG:
			lc_buffer_append(&shortener->row, shortener->head, shortener->head_size);
			shortener->step = STEP_COUNT;
			break;
		}
	}
	LC_ASSERT(!lc_buffer_failed(&shortener->row));
	*complete = shortener->step == STEP_COUNT;
	return piece.size - rest.size;
}

uint64_t lc_record_shortener_hash(struct lc_record_shortener *shortener)
{
	return lc_row_hasher_end(&shortener->hasher);
}
