#include "formats/chain.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { NUMBER_DIGITS = 16 };

static const char *const FOLDERS[] = {
    [LC_CHAIN_SEGMENT] = "segment/",
    [LC_CHAIN_PACK] = "pack/",
    [LC_CHAIN_CHECKPOINT] = "checkpoint/",
};

/* ---- hex digits ---- */

static bool parse_digit(char digit, uint64_t *value)
{
	if (digit >= '0' && digit <= '9')
		*value = (uint64_t)(digit - '0');
	else if (digit >= 'a' && digit <= 'f')
		*value = (uint64_t)(digit - 'a') + 10;
	else
		return false;
	return true;
}

/* Takes a number of 16 digits off the front. */
static bool take_number(struct lc_view *text, uint64_t *number)
{
	*number = 0;
	if (text->size < NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < NUMBER_DIGITS; i++) {
		uint64_t digit;

		if (!parse_digit(text->data[i], &digit))
			return false;
		*number = *number << 4 | digit;
	}
	text->data += NUMBER_DIGITS;
	text->size -= NUMBER_DIGITS;
	return true;
}

static bool take_text(struct lc_view *text, const char *expected)
{
	size_t size = strlen(expected);

	if (!lc_view_begins_with(*text, lc_view_of(expected)))
		return false;
	text->data += size;
	text->size -= size;
	return true;
}

/* ---- hashes ---- */

struct lc_chain_hash lc_chain_hash_of(struct lc_view bytes)
{
	XXH128_hash_t hash = XXH3_128bits(bytes.size == 0 ? "" : bytes.data, bytes.size);

	return (struct lc_chain_hash){.high = hash.high64, .low = hash.low64};
}

bool lc_chain_hash_equal(struct lc_chain_hash a, struct lc_chain_hash b)
{
	return a.high == b.high && a.low == b.low;
}

void lc_chain_hash_format(struct lc_chain_hash hash, char text[LC_CHAIN_HASH_TEXT_SIZE])
{
	snprintf(text, LC_CHAIN_HASH_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

bool lc_chain_hash_parse(struct lc_view text, struct lc_chain_hash *hash)
{
	return take_number(&text, &hash->high) && take_number(&text, &hash->low) && text.size == 0;
}

/* ---- positions ---- */

int lc_chain_position_compare(const struct lc_chain_position *a, const struct lc_chain_position *b)
{
	if (a->epoch != b->epoch)
		return a->epoch > b->epoch ? 1 : -1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

bool lc_chain_position_equal(const struct lc_chain_position *a, const struct lc_chain_position *b)
{
	return lc_chain_position_compare(a, b) == 0 && lc_chain_hash_equal(a->hash, b->hash);
}

/* ---- names ---- */

const char *lc_chain_folder(enum lc_chain_object kind)
{
	return FOLDERS[kind];
}

bool lc_chain_is_nonce(struct lc_view text)
{
	uint64_t number;

	return take_number(&text, &number) && text.size == 0;
}

void lc_chain_nonce_format(uint64_t number, char nonce[LC_CHAIN_NONCE_SIZE])
{
	snprintf(nonce, LC_CHAIN_NONCE_SIZE, "%016" PRIx64, number);
}

/* No hex digit sorts after the letter. */
void lc_chain_after_format(enum lc_chain_object kind, uint64_t epoch, uint64_t seq,
			   char text[LC_CHAIN_NAME_SIZE])
{
	snprintf(text, LC_CHAIN_NAME_SIZE, "%s%016" PRIx64 "-%016" PRIx64 "-g", FOLDERS[kind],
		 epoch, seq);
}

void lc_chain_name_format(enum lc_chain_object kind, uint64_t epoch, uint64_t seq,
			  const char *nonce, char name[LC_CHAIN_NAME_SIZE])
{
	int size;

	LC_ASSERT(lc_chain_is_nonce(lc_view_of(nonce)));
	size = snprintf(name, LC_CHAIN_NAME_SIZE, "%s%016" PRIx64 "-%016" PRIx64 "-%s",
			FOLDERS[kind], epoch, seq, nonce);
	LC_ASSERT(size > 0 && size < LC_CHAIN_NAME_SIZE);
}

bool lc_chain_name_parse(struct lc_view name, enum lc_chain_object kind, uint64_t *epoch,
			 uint64_t *seq)
{
	return take_text(&name, FOLDERS[kind]) && take_number(&name, epoch) &&
	       take_text(&name, "-") && take_number(&name, seq) && take_text(&name, "-") &&
	       lc_chain_is_nonce(name);
}
