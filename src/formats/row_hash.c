#include "formats/row_hash.h"

#include "base/assert.h"

#include <endian.h>
#include <xxhash.h>

/* Nearly every row fits into the block and is hashed at once; XXH3 over the pieces of a longer one
 * gives the same as over the whole. */
enum { BLOCK_SIZE = 4096 };

struct hasher {
	char block[BLOCK_SIZE];
	size_t size;
	XXH3_state_t *state; /* NULL while the block holds everything */
};

static void flush(struct hasher *hasher)
{
	if (hasher->state == NULL) {
		hasher->state = XXH3_createState();
		LC_ASSERT(hasher->state != NULL);
		LC_ASSERT(XXH3_64bits_reset(hasher->state) == XXH_OK);
	}
	LC_ASSERT(XXH3_64bits_update(hasher->state, hasher->block, hasher->size) == XXH_OK);
	hasher->size = 0;
}

static inline void add(struct hasher *hasher, const void *bytes, size_t size)
{
	if (size > BLOCK_SIZE - hasher->size) {
		flush(hasher);
		if (size > BLOCK_SIZE) {
			LC_ASSERT(XXH3_64bits_update(hasher->state, bytes, size) == XXH_OK);
			return;
		}
	}
	memcpy(hasher->block + hasher->size, bytes, size);
	hasher->size += size;
}

static inline void add_uint(struct hasher *hasher, uint64_t value)
{
	uint64_t bytes = htole64(value);

	add(hasher, &bytes, sizeof bytes);
}

static inline void add_presence(struct hasher *hasher, bool present)
{
	unsigned char byte = present ? 1 : 0;

	add(hasher, &byte, sizeof byte);
}

static inline void add_nullable_uint(struct hasher *hasher, struct lc_record_uint number)
{
	add_presence(hasher, number.present);
	add_uint(hasher, number.present ? number.value : 0);
}

static inline void add_nullable_float(struct hasher *hasher, struct lc_record_float number)
{
	uint32_t bits = 0;

	add_presence(hasher, number.present);
	if (number.present)
		memcpy(&bits, &number.value, sizeof bits);
	add_uint(hasher, bits);
}

static inline void add_text(struct hasher *hasher, struct lc_view text)
{
	uint32_t size = htole32((uint32_t)text.size);

	add(hasher, &size, sizeof size);
	if (text.size > 0)
		add(hasher, text.data, text.size);
}

static uint64_t finish(struct hasher *hasher)
{
	uint64_t hash;

	if (hasher->state == NULL)
		return XXH3_64bits(hasher->block, hasher->size);
	flush(hasher);
	hash = XXH3_64bits_digest(hasher->state);
	LC_ASSERT(XXH3_freeState(hasher->state) == XXH_OK);
	return hash;
}

uint64_t lc_row_hash(const struct lc_record *record)
{
	struct hasher hasher;

	hasher.size = 0;
	hasher.state = NULL;
#define LC_FIELD_TIME(name, expression) add_uint(&hasher, (uint64_t)record->name);
#define LC_FIELD_NUMBER(name, expression) add_uint(&hasher, record->name);
#define LC_FIELD_TEXT(name, expression) add_text(&hasher, record->name);
#define LC_FIELD_UINT(name, expression) add_nullable_uint(&hasher, record->name);
#define LC_FIELD_FLOAT(name, expression) add_nullable_float(&hasher, record->name);
#include "tbl/record_fields.h"
	return finish(&hasher);
}
