#include "formats/taken_rows.h"

#include "base/assert.h"
#include "formats/row_hash.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

enum {
	VERSION_SIZE = 1,
	HEAD_SIZE = 8, /* second and count */
	HASH_SIZE = 8,
};

void lc_taken_rows_init(struct lc_taken_rows *rows)
{
	memset(rows, 0, sizeof(*rows));
	/* The caller bounds the rows: an object's rows are counted in its bytes in flight. */
	lc_buffer_init(&rows->blob, SIZE_MAX);
}

void lc_taken_rows_free(struct lc_taken_rows *rows)
{
	lc_buffer_free(&rows->blob);
	lc_taken_rows_init(rows);
}

static void store_u32(char *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof value);
}

static uint32_t load_u32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return le32toh(value);
}

static void begin_second(struct lc_taken_rows *rows, uint32_t second)
{
	char head[HEAD_SIZE] = {0};

	if (rows->blob.size == 0)
		lc_buffer_append_char(&rows->blob, (char)LC_ROW_HASH_VERSION);
	store_u32(head, second);
	rows->count_at = rows->blob.size + sizeof second;
	lc_buffer_append(&rows->blob, head, sizeof head);
	rows->second = second;
	rows->count = 0;
}

void lc_taken_rows_add(struct lc_taken_rows *rows, uint32_t second, uint64_t hash)
{
	LC_ASSERT(rows->count_at == 0 || second >= rows->second);
	if (rows->count_at == 0 || second != rows->second)
		begin_second(rows, second);
	hash = htole64(hash);
	lc_buffer_append(&rows->blob, &hash, sizeof hash);
	LC_ASSERT(!lc_buffer_failed(&rows->blob));
	rows->count++;
	rows->total++;
	store_u32(rows->blob.data + rows->count_at, rows->count);
}

struct lc_view lc_taken_rows_blob(const struct lc_taken_rows *rows)
{
	return lc_buffer_view(&rows->blob);
}

static bool check_version(struct lc_view blob, struct lc_error *error)
{
	unsigned version;

	if (blob.size == 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "taken rows: the blob is empty");
	version = (unsigned char)blob.data[0];
	if (version != LC_ROW_HASH_VERSION)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "taken rows: version %u is not known, only %d", version,
				    (int)LC_ROW_HASH_VERSION);
	if (blob.size < VERSION_SIZE + HEAD_SIZE + HASH_SIZE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "taken rows: the blob holds no row");
	return true;
}

/* `second` still holds the one before, unless this is the first. */
bool lc_taken_rows_next(struct lc_view blob, size_t *position, struct lc_taken_second *second,
			struct lc_error *error)
{
	bool first = *position == 0;
	uint32_t value;
	uint32_t count;

	if (error != NULL)
		error->kind = LC_ERROR_NONE;
	if (first) {
		if (!check_version(blob, error))
			return false;
		*position = VERSION_SIZE;
	}
	LC_ASSERT(*position <= blob.size);
	if (*position == blob.size)
		return false;
	if (blob.size - *position < HEAD_SIZE)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "taken rows: cut in the head of a second");
	value = load_u32(blob.data + *position);
	count = load_u32(blob.data + *position + sizeof value);
	if (!first && value <= second->second)
		return lc_error_set(error, LC_ERROR_CORRUPT, "taken rows: second %u comes after %u",
				    value, second->second);
	if (count == 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "taken rows: second %u has no row",
				    value);
	if ((blob.size - *position - HEAD_SIZE) / HASH_SIZE < count)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "taken rows: second %u has %u rows, the blob fewer", value,
				    count);
	*second = (struct lc_taken_second){
	    .second = value,
	    .count = count,
	    .hashes = (const unsigned char *)blob.data + *position + HEAD_SIZE,
	};
	*position += HEAD_SIZE + (size_t)count * HASH_SIZE;
	return true;
}

bool lc_taken_rows_check(struct lc_view blob, const struct lc_taken_summary *expected,
			 struct lc_error *error)
{
	struct lc_taken_summary found = {.rows = 0};
	struct lc_taken_second second = {0};
	struct lc_error fault;
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, &fault)) {
		if (found.rows == 0)
			found.first_second = second.second;
		found.last_second = second.second;
		found.rows += second.count;
	}
	if (fault.kind != LC_ERROR_NONE) {
		if (error != NULL)
			*error = fault;
		return false;
	}
	return (found.rows == expected->rows && found.first_second == expected->first_second &&
		found.last_second == expected->last_second) ||
	       lc_error_set(error, LC_ERROR_CORRUPT,
			    "it names %" PRIu64 " rows of seconds %u to %u, its blob holds %" PRIu64
			    " of %u to %u",
			    expected->rows, expected->first_second, expected->last_second,
			    found.rows, found.first_second, found.last_second);
}

uint64_t lc_taken_rows_hash(const struct lc_taken_second *second, uint32_t index)
{
	uint64_t hash;

	LC_ASSERT(index < second->count);
	memcpy(&hash, second->hashes + (size_t)index * HASH_SIZE, sizeof hash);
	return le64toh(hash);
}
