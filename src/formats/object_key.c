#include "formats/object_key.h"

#include "base/assert.h"
#include "base/clock.h"

#include <endian.h>
#include <inttypes.h>
#include <xxhash.h>

enum {
	VERSION = 1,
	VERSION_OF_REPLAY = 2,
	/* Row hashes go into the hash function by this many at a time. */
	HASHES_AT_ONCE = 256,
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

void lc_object_key_append(struct lc_buffer *key, struct lc_view prefix, int64_t start_time_ms,
			  struct lc_view replay, uint64_t unique)
{
	int64_t seconds = start_time_ms / 1000 - (start_time_ms % 1000 < 0);
	struct lc_clock_date date = lc_clock_date_of(seconds);

	lc_buffer_append_view(key, prefix);
	lc_buffer_append_format(key, "%04d-%02d-%02d-%02d-%02d-%02d-", date.year, date.month,
				date.day, date.hour, date.minute, date.second);
	if (replay.size > 0) {
		lc_buffer_append_text(key, "replay-");
		lc_buffer_append_view(key, replay);
		lc_buffer_append_char(key, '-');
	}
	lc_buffer_append_format(key, "%016" PRIX64, unique);
}
