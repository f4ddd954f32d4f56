#include "formats/s3_listing.h"

#include "base/clock.h"
#include "base/memory.h"
#include "formats/xml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK = 4096,
	ENCODED_KEY_SIZE = 3 * LC_S3_LISTING_KEY_MAX + 1,
	NUMBER_SIZE = 24,
	TIME_SIZE = 40,
	WORD_SIZE = 8,
};

struct reading {
	struct lc_s3_listing *listing;
	bool encoded; /* the keys are */
	struct lc_error *error;
	bool failed;
};

void lc_s3_listing_init(struct lc_s3_listing *listing)
{
	*listing = (struct lc_s3_listing){.count = 0};
	lc_arena_init(&listing->keys, CHUNK);
}

void lc_s3_listing_free(struct lc_s3_listing *listing)
{
	lc_arena_free(&listing->keys);
	free(listing->objects);
	*listing = (struct lc_s3_listing){.count = 0};
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Decodes in place, as forms are encoded: "+" is a blank. False for what no encoder writes. */
static bool decode(char *text, size_t *size)
{
	size_t to = 0;

	for (size_t from = 0; from < *size; from++, to++) {
		if (text[from] == '%') {
			int high = from + 2 < *size ? digit_of(text[from + 1]) : -1;
			int low = from + 2 < *size ? digit_of(text[from + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			text[to] = (char)(high << 4 | low);
			from += 2;
		} else {
			text[to] = text[from];
			if (text[from] == '+')
				text[to] = ' ';
		}
	}
	*size = to;
	return true;
}

static bool read_number(const char *text, uint64_t *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/* "2026-11-30T08:15:00.123Z" */
static bool read_time(const char *text, uint32_t *seconds)
{
	return lc_clock_parse((struct lc_view){.data = text, .size = strcspn(text, ".")}, seconds);
}

static bool add(struct reading *reading, struct lc_s3_listed *object)
{
	struct lc_s3_listing *listing = reading->listing;

	if (object->key.size == 0 || object->key.size > LC_S3_LISTING_KEY_MAX)
		return lc_error_set(reading->error, LC_ERROR_CORRUPT,
				    "a key of %zu bytes where 1 to %d are expected",
				    object->key.size, LC_S3_LISTING_KEY_MAX);
	if (listing->count > 0 &&
	    lc_view_compare(listing->objects[listing->count - 1].key, object->key) >= 0)
		return lc_error_set(reading->error, LC_ERROR_CORRUPT,
				    "the keys are not in order: what answered is not a "
				    "general-purpose bucket of S3");
	object->key = lc_arena_copy(&listing->keys, object->key);
	listing->objects = lc_memory_grow(listing->objects, &listing->capacity, listing->count + 1,
					  sizeof(listing->objects[0]));
	listing->objects[listing->count++] = *object;
	return true;
}

static bool read_object(struct reading *reading, struct lc_view element)
{
	static const char *const KEY[] = {"Contents", "Key", NULL};
	static const char *const SIZE[] = {"Contents", "Size", NULL};
	static const char *const MODIFIED[] = {"Contents", "LastModified", NULL};
	char key[ENCODED_KEY_SIZE] = "";
	char size[NUMBER_SIZE] = "";
	char modified[TIME_SIZE] = "";
	struct lc_xml_text texts[] = {
	    {.path = KEY, .text = key, .room = sizeof(key)},
	    {.path = SIZE, .text = size, .room = sizeof(size)},
	    {.path = MODIFIED, .text = modified, .room = sizeof(modified)},
	};
	struct lc_s3_listed object;

	lc_xml_read(element, texts, sizeof(texts) / sizeof(texts[0]));
	object.key = lc_view_of(key);
	if (!texts[0].whole || (reading->encoded && !decode(key, &object.key.size)))
		return lc_error_set(reading->error, LC_ERROR_CORRUPT,
				    "an object has no key, or one that cannot be read");
	if (!texts[1].whole || !read_number(size, &object.size) || !texts[2].whole ||
	    !read_time(modified, &object.modified))
		return lc_error_set(reading->error, LC_ERROR_CORRUPT,
				    "the object \"%.*s\" has no size or time that can be read",
				    lc_view_shown(object.key, 160), object.key.data);
	return add(reading, &object);
}

static void on_object(void *context, struct lc_view element)
{
	struct reading *reading = context;

	if (!reading->failed)
		reading->failed = !read_object(reading, element);
}

bool lc_s3_listing_parse(struct lc_view body, struct lc_s3_listing *listing, struct lc_error *error)
{
	static const char *const OBJECTS[] = {"ListBucketResult", "Contents", NULL};
	static const char *const TRUNCATED[] = {"ListBucketResult", "IsTruncated", NULL};
	static const char *const ENCODING[] = {"ListBucketResult", "EncodingType", NULL};
	struct reading reading = {.listing = listing, .error = error};
	char truncated[WORD_SIZE] = "";
	char encoding[WORD_SIZE] = "";
	struct lc_xml_text texts[] = {
	    {.path = TRUNCATED, .text = truncated, .room = sizeof(truncated)},
	    {.path = ENCODING, .text = encoding, .room = sizeof(encoding)},
	};

	lc_xml_read(body, texts, sizeof(texts) / sizeof(texts[0]));
	reading.encoded = strcmp(encoding, "url") == 0;
	listing->truncated = strcmp(truncated, "true") == 0;
	if (!texts[0].whole || (!listing->truncated && strcmp(truncated, "false") != 0))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "no list of objects: what answered is not S3");
	if (!lc_xml_each(body, OBJECTS, on_object, &reading))
		return lc_error_set(error, LC_ERROR_CORRUPT, "the list of objects is cut");
	if (reading.failed)
		return false;
	if (listing->truncated && listing->count == 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the list of objects says that more come, after none");
	return true;
}
