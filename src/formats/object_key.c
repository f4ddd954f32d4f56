#include "formats/object_key.h"

#include "base/assert.h"
#include "base/clock.h"
#include "formats/sigv4.h"

#include <endian.h>
#include <inttypes.h>
#include <xxhash.h>

enum {
	VERSION = 1,
	VERSION_OF_REPLAY = 2,
	/* Row hashes go into the hash function by this many at a time. */
	HASHES_AT_ONCE = 256,
	DAY_MS = 24 * 3600 * 1000,
};

static void add(XXH3_state_t *state, const void *bytes, size_t size)
{
	LC_ASSERT(XXH3_64bits_update(state, bytes, size) == XXH_OK);
}

static void add_uint32(XXH3_state_t *state, uint32_t value)
{
	uint32_t bytes = htole32(value);

	add(state, &bytes, sizeof bytes);
}

static void add_text(XXH3_state_t *state, struct lc_view text)
{
	add_uint32(state, (uint32_t)text.size);
	if (text.size > 0)
		add(state, text.data, text.size);
}

static void add_hashes(XXH3_state_t *state, const uint64_t *hashes, size_t count)
{
	uint64_t bytes[HASHES_AT_ONCE];
	size_t held = 0;

	for (size_t i = 0; i < count; i++) {
		LC_ASSERT(i == 0 || hashes[i - 1] <= hashes[i]);
		bytes[held++] = htole64(hashes[i]);
		if (held == HASHES_AT_ONCE || i + 1 == count) {
			add(state, bytes, held * sizeof bytes[0]);
			held = 0;
		}
	}
}

uint64_t lc_object_key_unique(const struct lc_object_key_subject *subject, const uint64_t *hashes,
			      size_t count)
{
	bool replay = subject->replay.size > 0;
	const unsigned char version = replay ? VERSION_OF_REPLAY : VERSION;
	XXH3_state_t *state = XXH3_createState();
	uint64_t unique;

	LC_ASSERT(state != NULL);
	LC_ASSERT(XXH3_64bits_reset(state) == XXH_OK);
	add(state, &version, sizeof version);
	if (replay)
		add_text(state, subject->replay);
	add_uint32(state, subject->raft_session_id);
	add_text(state, subject->bucket);
	add_text(state, subject->target_bucket);
	add_text(state, subject->target_prefix);
	add_hashes(state, hashes, count);
	unique = XXH3_64bits_digest(state);
	LC_ASSERT(XXH3_freeState(state) == XXH_OK);
	return unique;
}

uint64_t lc_object_key_repeated(uint64_t unique, uint64_t repeat)
{
	uint64_t bytes[2] = {htole64(unique), htole64(repeat)};

	return repeat == 0 ? unique : XXH3_64bits(bytes, sizeof bytes);
}

/* Rounded down. */
static int64_t quotient(int64_t dividend, int64_t divisor)
{
	return dividend / divisor - (dividend % divisor < 0);
}

bool lc_object_key_may_share(enum lc_object_key_format format, int64_t one_ms, int64_t other_ms)
{
	return format != LC_OBJECT_KEY_EVENT_TIME ||
	       quotient(one_ms, DAY_MS) == quotient(other_ms, DAY_MS);
}

static void append_partition(struct lc_buffer *text, const struct lc_object_key *key,
			     const struct lc_clock_date *date)
{
	const struct lc_view names[] = {key->account, key->region, key->bucket};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		lc_sigv4_append_encoded(text, names[i], false);
		lc_buffer_append_char(text, '/');
	}
	lc_buffer_append_format(text, "%04d/%02d/%02d/", date->year, date->month, date->day);
}

void lc_object_key_append(struct lc_buffer *text, const struct lc_object_key *key)
{
	struct lc_clock_date date = lc_clock_date_of(quotient(key->time_ms, 1000));

	if (key->format == LC_OBJECT_KEY_EVENT_TIME)
		date.hour = date.minute = date.second = 0;
	lc_buffer_append_view(text, key->prefix);
	if (key->format != LC_OBJECT_KEY_SIMPLE)
		append_partition(text, key, &date);
	lc_buffer_append_format(text, "%04d-%02d-%02d-%02d-%02d-%02d-", date.year, date.month,
				date.day, date.hour, date.minute, date.second);
	if (key->replay.size > 0) {
		lc_buffer_append_text(text, "replay-");
		lc_buffer_append_view(text, key->replay);
		lc_buffer_append_char(text, '-');
	}
	lc_buffer_append_format(text, "%016" PRIX64, key->unique);
}
