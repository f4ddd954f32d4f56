#include "formats/record_shortener.h"

#include "base/assert.h"
#include "formats/row_binary.h"

#include <endian.h>

enum kind { MARKER, FIXED, NULLABLE, TEXT };

struct step {
	enum kind kind;
	size_t size; /* MARKER, FIXED: of the value; NULLABLE: of the value after the flag */
};

enum {
	MARKER_SIZE = 8,
	/* A nullable value's flag. */
	PRESENT = 0,
	ABSENT = 1,
};

/* The values of a row, in order. */
static const struct step STEPS[] = {
    {MARKER, MARKER_SIZE},
#define LC_FIELD_TIME(name, expression) {FIXED, sizeof(int64_t)},
#define LC_FIELD_NUMBER(name, expression) {FIXED, sizeof(uint32_t)},
#define LC_FIELD_TEXT(name, expression) {TEXT, 0},
#define LC_FIELD_UINT(name, expression) {NULLABLE, sizeof(uint64_t)},
#define LC_FIELD_FLOAT(name, expression) {NULLABLE, sizeof(float)},
#include "tbl/record_fields.h"
    {MARKER, MARKER_SIZE},
};

enum { STEP_COUNT = sizeof STEPS / sizeof STEPS[0] };

enum text {
#define LC_FIELD_TEXT(name, expression) TEXT_##name,
#include "tbl/record_fields.h"
	TEXT_COUNT
};

static const char ELLIPSIS[] = "...";
enum { ELLIPSIS_SIZE = sizeof ELLIPSIS - 1 };

/* What a row takes beside the bytes of its texts, at most. */
static size_t overhead(void)
{
	size_t sum = 0;

	for (size_t i = 0; i < STEP_COUNT; i++)
		sum += 1 + (STEPS[i].kind == TEXT ? LC_ROW_BINARY_LEB128_SIZE_MAX : STEPS[i].size);
	return sum;
}

void lc_record_shortener_init(struct lc_record_shortener *shortener, size_t max_row_bytes)
{
	LC_ASSERT(max_row_bytes > overhead() + (size_t)TEXT_COUNT * ELLIPSIS_SIZE);
	*shortener = (struct lc_record_shortener){
	    .text_limit = (max_row_bytes - overhead()) / TEXT_COUNT,
	};
	lc_buffer_init(&shortener->row, max_row_bytes);
}

void lc_record_shortener_free(struct lc_record_shortener *shortener)
{
	lc_buffer_free(&shortener->row);
	lc_row_hasher_free(&shortener->hasher);
}

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

/* Whether the value is part of the row hash. The first marker is value 0; no marker is hashed, as
 * none has a kind that is. */
static bool is_hashed(const struct lc_record_shortener *shortener)
{
	return shortener->step <= LC_ROW_HASH_FIELDS;
}

/* The value's flag and length are known; its bytes come next. */
static void begin_body(struct lc_record_shortener *shortener, bool present, uint64_t size)
{
	shortener->copying = size;
	shortener->head_size = 0;
	shortener->in_body = true;
	shortener->present = present;
	if (STEPS[shortener->step].kind == TEXT && is_hashed(shortener))
		lc_row_hasher_add_text_size(&shortener->hasher, size);
}

static void begin_text(struct lc_record_shortener *shortener, uint64_t size)
{
	char length[LC_ROW_BINARY_LEB128_SIZE_MAX];
	uint64_t limit = shortener->text_limit;

	lc_buffer_append_char(&shortener->row, PRESENT);
	lc_buffer_append(&shortener->row, length,
			 lc_row_binary_leb128_write(size > limit ? limit : size, length));
	begin_body(shortener, true, size);
	if (size <= limit)
		return;
	shortener->copying = limit - ELLIPSIS_SIZE;
	shortener->skipping = size - shortener->copying;
	shortener->cut = true;
	shortener->shortened++;
}

enum head { HEAD_READ, HEAD_INCOMPLETE, HEAD_WRONG };

/* Reads what stands before the value's bytes, as far as it has come: NULL flag, length. */
static enum head read_head(struct lc_record_shortener *shortener, const struct step *step)
{
	const char *head = shortener->head;
	uint64_t size;
	size_t used;

	if (step->kind == MARKER || step->kind == FIXED) {
		begin_body(shortener, true, step->size);
		return HEAD_READ;
	}
	if (shortener->head_size == 0)
		return HEAD_INCOMPLETE;
	if (head[0] != PRESENT && head[0] != ABSENT)
		return HEAD_WRONG;
	if (step->kind == NULLABLE || head[0] == ABSENT) {
		lc_buffer_append_char(&shortener->row, head[0]);
		begin_body(shortener, head[0] == PRESENT, head[0] == PRESENT ? step->size : 0);
		return HEAD_READ;
	}
	switch (lc_row_binary_leb128_read(
	    (struct lc_view){.data = head + 1, .size = shortener->head_size - 1}, &size, &used)) {
	case LC_ROW_BINARY_LEB128_READ:
		begin_text(shortener, size);
		return HEAD_READ;
	case LC_ROW_BINARY_LEB128_INCOMPLETE:
		return HEAD_INCOMPLETE;
	case LC_ROW_BINARY_LEB128_OVERFLOW:
		break;
	}
	return HEAD_WRONG;
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

/* Bytes of the value's body, kept or left out: a text's count for the hash in either case. */
static struct lc_view take_body(struct lc_record_shortener *shortener, struct lc_view *piece,
				uint64_t *wanted)
{
	struct lc_view taken = take(piece, wanted);

	if (STEPS[shortener->step].kind == TEXT && is_hashed(shortener))
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

static void hash_value(struct lc_record_shortener *shortener, const struct step *step)
{
	size_t size = shortener->present ? step->size : 0;

	if (step->kind == FIXED)
		lc_row_hasher_add_uint(&shortener->hasher, last_value(shortener, size));
	else if (step->kind == NULLABLE)
		lc_row_hasher_add_nullable(&shortener->hasher, shortener->present,
					   last_value(shortener, size));
}

/* Takes the value; false if more of it is to come. */
static bool take_value(struct lc_record_shortener *shortener, struct lc_view *piece)
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
		hash_value(shortener, &STEPS[shortener->step]);
	return true;
}

size_t lc_record_shortener_feed(struct lc_record_shortener *shortener, struct lc_view piece,
				bool *complete)
{
	struct lc_view rest = piece;

	*complete = false;
	while (shortener->step < STEP_COUNT) {
		if (shortener->in_body) {
			if (!take_value(shortener, &rest))
				break;
			shortener->in_body = false;
			shortener->step++;
			continue;
		}
		switch (read_head(shortener, &STEPS[shortener->step])) {
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
