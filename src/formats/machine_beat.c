#include "formats/machine_beat.h"

#include "base/assert.h"

#include <inttypes.h>
#include <string.h>

static const char VERSION[] = "1";

static const char *const STATES[LC_MACHINE_STATE_COUNT] = {
#define LC_MACHINE_STATE(name, text, help) [LC_MACHINE_STATE_##name] = (text),
#include "tbl/machine_states.h"
};

/* At the end of a shard's item. */
static const char *const REFUSALS[] = {
    [LC_MACHINE_NO_REFUSAL] = "",
    [LC_MACHINE_AVOIDS] = "?",
    [LC_MACHINE_REFUSES] = "!",
};

const char *lc_machine_state_name(enum lc_machine_state state)
{
	LC_ASSERT((unsigned)state < LC_MACHINE_STATE_COUNT);
	return STATES[state];
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

bool lc_machine_name_is_good(struct lc_view name)
{
	if (name.size == 0 || name.size > LC_MACHINE_NAME_MAX ||
	    lc_view_equal(name, lc_view_of("-")))
		return false;
	for (size_t i = 0; i < name.size; i++) {
		if (!is_printable(name.data[i]) || strchr(" '\"\\", name.data[i]) != NULL)
			return false;
	}
	return true;
}

void lc_machine_beat_set_reason(struct lc_machine_beat *beat, const char *text)
{
	size_t size = 0;

	for (; size < LC_MACHINE_REASON_MAX && text[size] != '\0'; size++)
		beat->reason[size] = text[size];
	beat->reason[size] = '\0';
	while (size-- > 0) {
		if (!is_printable(beat->reason[size]))
			beat->reason[size] = '?';
	}
}

/* ---- writing ---- */

static void append_shards(struct lc_buffer *text, const struct lc_machine_beat *beat)
{
	for (size_t i = 0; i < beat->shard_count; i++) {
		const struct lc_machine_shard *shard = &beat->shards[i];

		lc_buffer_append_format(text, "%s%" PRIu32, i == 0 ? "" : ",", shard->shard);
		if (shard->hold == LC_MACHINE_TAKING)
			lc_buffer_append_char(text, '+');
		else if (shard->hold != LC_MACHINE_AWAY)
			lc_buffer_append_format(text, ":%" PRIu64 "%s", shard->epoch,
						shard->hold == LC_MACHINE_RELEASING ? "-" : "");
		lc_buffer_append_text(text, REFUSALS[shard->refusal]);
	}
}

void lc_machine_beat_append(struct lc_buffer *text, const struct lc_machine_beat *beat)
{
	lc_buffer_append_format(text,
				"%s boot=%016" PRIx64 " counter=%" PRIu64 " capacity=%" PRIu32
				" settings=%016" PRIx64 " software=%s state=%s shards=",
				VERSION, beat->boot, beat->counter, beat->capacity, beat->settings,
				beat->software, lc_machine_state_name(beat->state));
	append_shards(text, beat);
	lc_buffer_append_format(text, " reason=%s", beat->reason);
}

/* ---- reading: what is left of the text; each step takes its part off the front, or is false ---- */

static bool take_text(struct lc_view *rest, const char *expected)
{
	struct lc_view text = lc_view_of(expected);

	if (!lc_view_begins_with(*rest, text))
		return false;
	rest->data += text.size;
	rest->size -= text.size;
	return true;
}

/* All up to the next blank, or to the end. */
static struct lc_view take_word(struct lc_view *rest)
{
	const char *blank = rest->size == 0 ? NULL : memchr(rest->data, ' ', rest->size);
	struct lc_view word = {.data = rest->data,
			       .size = blank == NULL ? rest->size : (size_t)(blank - rest->data)};

	rest->data += word.size;
	rest->size -= word.size;
	return word;
}

static bool take_number(struct lc_view *rest, uint64_t most, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (digits < rest->size && rest->data[digits] >= '0' && rest->data[digits] <= '9') {
		unsigned digit = (unsigned)(rest->data[digits] - '0');

		if (*number > (most - digit) / 10 || (digits > 0 && *number == 0))
			return false;
		*number = *number * 10 + digit;
		digits++;
	}
	rest->data += digits;
	rest->size -= digits;
	return digits > 0;
}

static bool take_hexadecimal(struct lc_view *rest, uint64_t *number)
{
	static const char DIGITS[] = "0123456789abcdef";

	if (rest->size < 16)
		return false;
	*number = 0;
	for (size_t i = 0; i < 16; i++) {
		const char *digit = memchr(DIGITS, rest->data[i], 16);

		if (digit == NULL)
			return false;
		*number = *number << 4 | (uint64_t)(digit - DIGITS);
	}
	rest->data += 16;
	rest->size -= 16;
	return true;
}

/* Copies what is all printable, and not too long for `out`. */
static bool copy(struct lc_view text, char *out, size_t most)
{
	if (text.size > most)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!is_printable(text.data[i]))
			return false;
		out[i] = text.data[i];
	}
	out[text.size] = '\0';
	return true;
}

static bool take_state(struct lc_view *rest, enum lc_machine_state *state)
{
	struct lc_view word = take_word(rest);

	for (unsigned i = 0; i < LC_MACHINE_STATE_COUNT; i++) {
		if (lc_view_equal(word, lc_view_of(STATES[i]))) {
			*state = (enum lc_machine_state)i;
			return true;
		}
	}
	return false;
}

static bool take_shard(struct lc_view *rest, struct lc_machine_shard *shard)
{
	uint64_t number;

	*shard = (struct lc_machine_shard){.hold = LC_MACHINE_AWAY};
	if (!take_number(rest, LC_MACHINE_SHARDS_MAX - 1, &number))
		return false;
	shard->shard = (uint32_t)number;
	if (take_text(rest, ":")) {
		if (!take_number(rest, UINT64_MAX, &shard->epoch))
			return false;
		shard->hold = take_text(rest, "-") ? LC_MACHINE_RELEASING : LC_MACHINE_HAS;
	} else if (take_text(rest, "+")) {
		shard->hold = LC_MACHINE_TAKING;
	}
	if (take_text(rest, REFUSALS[LC_MACHINE_AVOIDS]))
		shard->refusal = LC_MACHINE_AVOIDS;
	else if (take_text(rest, REFUSALS[LC_MACHINE_REFUSES]))
		shard->refusal = LC_MACHINE_REFUSES;
	return shard->hold != LC_MACHINE_AWAY || shard->refusal != LC_MACHINE_NO_REFUSAL;
}

/* Ascending, so there are never more than the beat has room for. */
static bool take_shards(struct lc_view *rest, struct lc_machine_beat *beat)
{
	beat->shard_count = 0;
	if (rest->size == 0 || rest->data[0] == ' ')
		return true;
	do {
		struct lc_machine_shard shard;

		if (!take_shard(rest, &shard))
			return false;
		if (beat->shard_count > 0 &&
		    shard.shard <= beat->shards[beat->shard_count - 1].shard)
			return false;
		beat->shards[beat->shard_count++] = shard;
	} while (take_text(rest, ","));
	return true;
}

/* The name of the word that is not as it should be; NULL when all are. */
static const char *find_fault(struct lc_view rest, struct lc_machine_beat *beat)
{
	uint64_t capacity;

	if (!take_text(&rest, " boot=") || !take_hexadecimal(&rest, &beat->boot))
		return "boot";
	if (!take_text(&rest, " counter=") || !take_number(&rest, UINT64_MAX, &beat->counter))
		return "counter";
	if (!take_text(&rest, " capacity=") ||
	    !take_number(&rest, LC_MACHINE_CAPACITY_MAX, &capacity) || capacity == 0)
		return "capacity";
	beat->capacity = (uint32_t)capacity;
	if (!take_text(&rest, " settings=") || !take_hexadecimal(&rest, &beat->settings))
		return "settings";
	if (!take_text(&rest, " software=") ||
	    !copy(take_word(&rest), beat->software, LC_MACHINE_SOFTWARE_MAX))
		return "software";
	if (!take_text(&rest, " state=") || !take_state(&rest, &beat->state))
		return "state";
	if (!take_text(&rest, " shards=") || !take_shards(&rest, beat))
		return "shards";
	if (!take_text(&rest, " reason=") || !copy(rest, beat->reason, LC_MACHINE_REASON_MAX))
		return "reason";
	return NULL;
}

bool lc_machine_beat_read(struct lc_view text, struct lc_machine_beat *beat, struct lc_error *error)
{
	struct lc_view rest = text;
	struct lc_view version;
	const char *fault;
	uint64_t number;

	if (text.size == 0 || text.size > LC_MACHINE_BEAT_MAX)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "a beat of %zu bytes, expected 1 to %d", text.size,
				    (int)LC_MACHINE_BEAT_MAX);
	version = take_word(&rest);
	if (!lc_view_equal(version, lc_view_of(VERSION))) {
		if (take_number(&version, UINT32_MAX, &number) && version.size == 0)
			return lc_error_set(error, LC_ERROR_OUTDATED,
					    "a beat of version %" PRIu64 ", expected version %s",
					    number, VERSION);
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "found no beat, expected one that "
				    "begins with its version");
	}
	fault = find_fault(rest, beat);
	if (fault != NULL)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "a beat whose part %s is missing or malformed", fault);
	return true;
}
