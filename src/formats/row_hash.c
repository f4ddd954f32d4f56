#include "formats/row_hash.h"

#include "base/assert.h"
#include "base/copy.h"
#include "base/memory.h"

#include <endian.h>
#include <stdlib.h>
#include <xxhash.h>

/* ---- a value ---- */

enum { VALUE_SIZE = 1 + sizeof(uint64_t) }; /* at most, of all but a text's bytes */

/* Each of these writes a value and returns where the next one begins. */

static inline char *put_uint(char *at, uint64_t value)
{
	uint64_t bytes = htole64(value);

	memcpy(at, &bytes, sizeof bytes);
	return at + sizeof bytes;
}

static inline char *put_nullable(char *at, bool present, uint64_t value)
{
	*at = present ? 1 : 0;
	return put_uint(at + 1, present ? value : 0);
}

static inline char *put_float(char *at, struct lc_record_float number)
{
	uint32_t bits;

	memcpy(&bits, &number.value, sizeof bits);
	return put_nullable(at, number.present, bits);
}

static inline char *put_text_size(char *at, uint64_t size)
{
	uint32_t bytes = htole32((uint32_t)size);

	memcpy(at, &bytes, sizeof bytes);
	return at + sizeof bytes;
}

static inline char *put_text(char *at, struct lc_view text, bool spacious)
{
	at = put_text_size(at, text.size);
	if (spacious)
		lc_copy_spacious(at, text.data, text.size);
	else
		lc_copy_bytes(at, text.data, text.size);
	return at + text.size;
}

enum field {
#define LC_FIELD_TIME(name, expression) FIELD_##name,
#define LC_FIELD_NUMBER(name, expression) FIELD_##name,
#define LC_FIELD_TEXT(name, expression) FIELD_##name,
#define LC_FIELD_UINT(name, expression) FIELD_##name,
#define LC_FIELD_FLOAT(name, expression) FIELD_##name,
#include "tbl/record_fields.h"
	FIELD_COUNT
};

_Static_assert((int)FIELD_COUNT >= (int)LC_ROW_HASH_FIELDS, "a field of the row hash is gone");

/* ---- a row that is there as a whole ---- */

/* An upper bound of what is hashed of the row. */
static size_t max_size(const struct lc_record *record)
{
	size_t texts = 0;

#define LC_FIELD_TEXT(name, expression) texts += record->name.size;
#include "tbl/record_fields.h"
	return FIELD_COUNT * VALUE_SIZE + LC_COPY_SLACK + texts;
}

/* Writes what is hashed to `out`, which has room for max_size bytes; returns its size. */
static inline size_t put_values(const struct lc_record *record, bool spacious, char *out)
{
	char *at = out;

#define PUT(name, put)                                   \
	if ((int)FIELD_##name < (int)LC_ROW_HASH_FIELDS) \
		at = put;
#define LC_FIELD_TIME(name, expression) PUT(name, put_uint(at, (uint64_t)record->name))
#define LC_FIELD_NUMBER(name, expression) PUT(name, put_uint(at, record->name))
#define LC_FIELD_TEXT(name, expression) PUT(name, put_text(at, record->name, spacious))
#define LC_FIELD_UINT(name, expression) \
	PUT(name, put_nullable(at, record->name.present, record->name.value))
#define LC_FIELD_FLOAT(name, expression) PUT(name, put_float(at, record->name))
#include "tbl/record_fields.h"
	return (size_t)(at - out);
}

uint64_t lc_row_hash(const struct lc_record *record)
{
	char block[LC_ROW_HASH_BLOCK_SIZE];
	char *values = block;
	size_t room;
	uint64_t hash;

	if (record->shortened)
		return record->hash;
	room = max_size(record);
	if (room > sizeof block)
		values = lc_memory_resize(NULL, room, 1);
	hash = XXH3_64bits(values, record->spacious ? put_values(record, true, values)
						    : put_values(record, false, values));
	if (values != block)
		free(values);
	return hash;
}

/* ---- a row that streams by ---- */

/* XXH3 over the pieces gives the same as over the whole. */
static void flush(struct lc_row_hasher *hasher)
{
	if (hasher->state == NULL) {
		hasher->state = XXH3_createState();
		LC_ASSERT(hasher->state != NULL);
		LC_ASSERT(XXH3_64bits_reset(hasher->state) == XXH_OK);
	}
	LC_ASSERT(XXH3_64bits_update(hasher->state, hasher->block, hasher->size) == XXH_OK);
	hasher->size = 0;
}

static void add(struct lc_row_hasher *hasher, const char *bytes, size_t size)
{
	if (size > LC_ROW_HASH_BLOCK_SIZE - hasher->size) {
		flush(hasher);
		if (size > LC_ROW_HASH_BLOCK_SIZE) {
			LC_ASSERT(XXH3_64bits_update(hasher->state, bytes, size) == XXH_OK);
			return;
		}
	}
	memcpy(hasher->block + hasher->size, bytes, size);
	hasher->size += size;
}

void lc_row_hasher_begin(struct lc_row_hasher *hasher)
{
	hasher->size = 0;
	hasher->state = NULL;
}

void lc_row_hasher_add_uint(struct lc_row_hasher *hasher, uint64_t value)
{
	char bytes[VALUE_SIZE];

	add(hasher, bytes, (size_t)(put_uint(bytes, value) - bytes));
}

void lc_row_hasher_add_nullable(struct lc_row_hasher *hasher, bool present, uint64_t value)
{
	char bytes[VALUE_SIZE];

	add(hasher, bytes, (size_t)(put_nullable(bytes, present, value) - bytes));
}

void lc_row_hasher_add_text_size(struct lc_row_hasher *hasher, uint64_t size)
{
	char bytes[VALUE_SIZE];

	add(hasher, bytes, (size_t)(put_text_size(bytes, size) - bytes));
}

void lc_row_hasher_add_text_bytes(struct lc_row_hasher *hasher, struct lc_view bytes)
{
	if (bytes.size > 0)
		add(hasher, bytes.data, bytes.size);
}

uint64_t lc_row_hasher_end(struct lc_row_hasher *hasher)
{
	uint64_t hash;

	if (hasher->state == NULL)
		return XXH3_64bits(hasher->block, hasher->size);
	flush(hasher);
	hash = XXH3_64bits_digest(hasher->state);
	lc_row_hasher_free(hasher);
	return hash;
}

void lc_row_hasher_free(struct lc_row_hasher *hasher)
{
	LC_ASSERT(XXH3_freeState(hasher->state) == XXH_OK);
	lc_row_hasher_begin(hasher);
}
