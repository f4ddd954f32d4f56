#include "formats/row_hash.h"

#include "base/assert.h"

#include <endian.h>
#include <xxhash.h>

/* Nearly every row fits into the block and is hashed at once; XXH3 over the pieces of a longer one
 * gives the same as over the whole. */
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

static inline void add(struct lc_row_hasher *hasher, const void *bytes, size_t size)
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

static inline void begin(struct lc_row_hasher *hasher)
{
	hasher->size = 0;
	hasher->state = NULL;
}

static inline void add_uint(struct lc_row_hasher *hasher, uint64_t value)
{
	uint64_t bytes = htole64(value);

	add(hasher, &bytes, sizeof bytes);
}

static inline void add_nullable(struct lc_row_hasher *hasher, bool present, uint64_t value)
{
	unsigned char byte = present ? 1 : 0;

	add(hasher, &byte, sizeof byte);
	add_uint(hasher, present ? value : 0);
}

static inline void add_float(struct lc_row_hasher *hasher, struct lc_record_float number)
{
	uint32_t bits;

	memcpy(&bits, &number.value, sizeof bits);
	add_nullable(hasher, number.present, bits);
}

static inline void add_text_size(struct lc_row_hasher *hasher, uint64_t size)
{
	uint32_t bytes = htole32((uint32_t)size);

	add(hasher, &bytes, sizeof bytes);
}

static inline void add_text(struct lc_row_hasher *hasher, struct lc_view text)
{
	add_text_size(hasher, text.size);
	if (text.size > 0)
		add(hasher, text.data, text.size);
}

static inline uint64_t end(struct lc_row_hasher *hasher)
{
	uint64_t hash;

	if (hasher->state == NULL)
		return XXH3_64bits(hasher->block, hasher->size);
	flush(hasher);
	hash = XXH3_64bits_digest(hasher->state);
	lc_row_hasher_free(hasher);
	return hash;
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

uint64_t lc_row_hash(const struct lc_record *record)
{
	struct lc_row_hasher hasher;

	if (record->shortened)
		return record->hash;
	begin(&hasher);
#define HASH(name, add_value)                            \
	if ((int)FIELD_##name < (int)LC_ROW_HASH_FIELDS) \
		add_value;
#define LC_FIELD_TIME(name, expression) HASH(name, add_uint(&hasher, (uint64_t)record->name))
#define LC_FIELD_NUMBER(name, expression) HASH(name, add_uint(&hasher, record->name))
#define LC_FIELD_TEXT(name, expression) HASH(name, add_text(&hasher, record->name))
#define LC_FIELD_UINT(name, expression) \
	HASH(name, add_nullable(&hasher, record->name.present, record->name.value))
#define LC_FIELD_FLOAT(name, expression) HASH(name, add_float(&hasher, record->name))
#include "tbl/record_fields.h"
	return end(&hasher);
}

/* ---- a row that streams by ---- */

void lc_row_hasher_begin(struct lc_row_hasher *hasher)
{
	begin(hasher);
}

void lc_row_hasher_add_uint(struct lc_row_hasher *hasher, uint64_t value)
{
	add_uint(hasher, value);
}

void lc_row_hasher_add_nullable(struct lc_row_hasher *hasher, bool present, uint64_t value)
{
	add_nullable(hasher, present, value);
}

void lc_row_hasher_add_text_size(struct lc_row_hasher *hasher, uint64_t size)
{
	add_text_size(hasher, size);
}

void lc_row_hasher_add_text_bytes(struct lc_row_hasher *hasher, struct lc_view bytes)
{
	if (bytes.size > 0)
		add(hasher, bytes.data, bytes.size);
}

uint64_t lc_row_hasher_end(struct lc_row_hasher *hasher)
{
	return end(hasher);
}

void lc_row_hasher_free(struct lc_row_hasher *hasher)
{
	LC_ASSERT(XXH3_freeState(hasher->state) == XXH_OK);
	begin(hasher);
}
