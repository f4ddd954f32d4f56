#include "formats/shard_head.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 1, SHOWN_MAX = 80 };

static const char *const STATES[LC_SHARD_HEAD_STATE_COUNT] = {
#define LC_SHARD_HEAD_STATE(name, text) [LC_SHARD_HEAD_##name] = (text),
#include "tbl/shard_head_states.h"
};

/* ---- values ---- */

/* Each of these reads a value into the field that it belongs to; false if it is none. */

static bool read_number(struct lc_view value, void *field)
{
	uint64_t number = 0;

	if (value.size == 0 || (value.size > 1 && value.data[0] == '0'))
		return false;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(value.data[i] - '0'), &number))
			return false;
	}
	*(uint64_t *)field = number;
	return true;
}

static bool read_state(struct lc_view value, void *field)
{
	for (unsigned i = 0; i < LC_SHARD_HEAD_STATE_COUNT; i++) {
		if (lc_view_equal(value, lc_view_of(STATES[i]))) {
			*(enum lc_shard_head_state *)field = (enum lc_shard_head_state)i;
			return true;
		}
	}
	return false;
}

static bool is_none(struct lc_view value)
{
	return lc_view_equal(value, lc_view_of("-"));
}

static void copy(char *field, struct lc_view value)
{
	memcpy(field, value.data, value.size);
	field[value.size] = '\0';
}

static bool read_owner(struct lc_view value, void *field)
{
	if (!is_none(value) && !lc_machine_name_is_good(value))
		return false;
	copy(field, value);
	return true;
}

static bool read_nonce(struct lc_view value, void *field)
{
	if (!lc_chain_is_nonce(value))
		return false;
	copy(field, value);
	return true;
}

/* Takes what stands before the next ':' off the front. */
static bool take_part(struct lc_view *value, struct lc_view *part)
{
	const char *end = value->size == 0 ? NULL : memchr(value->data, ':', value->size);

	if (end == NULL)
		return false;
	*part = (struct lc_view){.data = value->data, .size = (size_t)(end - value->data)};
	value->data += part->size + 1;
	value->size -= part->size + 1;
	return true;
}

static bool read_position(struct lc_view value, void *field)
{
	struct lc_chain_position *position = field;
	struct lc_view epoch;
	struct lc_view seq;

	return take_part(&value, &epoch) && take_part(&value, &seq) &&
	       read_number(epoch, &position->epoch) && read_number(seq, &position->seq) &&
	       lc_chain_hash_parse(value, &position->hash);
}

static bool read_name(struct lc_view value, enum lc_chain_object kind, char *field)
{
	uint64_t epoch;
	uint64_t seq;

	field[0] = '\0';
	if (is_none(value))
		return true;
	if (!lc_chain_name_parse(value, kind, &epoch, &seq))
		return false;
	copy(field, value);
	return true;
}

static bool read_segment(struct lc_view value, void *field)
{
	return read_name(value, LC_CHAIN_SEGMENT, field);
}

static bool read_checkpoint(struct lc_view value, void *field)
{
	return read_name(value, LC_CHAIN_CHECKPOINT, field);
}

/* ---- words ---- */

struct word {
	const char *key;
	size_t field;
	bool (*read)(struct lc_view value, void *field);
	const char *expected;
};

#define NUMBER "a number of 64 bits"
#define POSITION "an epoch, a number and 32 hex digits, with ':' between them"

static const struct word WORDS[] = {
    {"generation", offsetof(struct lc_shard_head, generation), read_number, NUMBER},
    {"epoch", offsetof(struct lc_shard_head, epoch), read_number, NUMBER},
    {"state", offsetof(struct lc_shard_head, state), read_state, "a state that this release knows"},
    {"owner", offsetof(struct lc_shard_head, owner), read_owner, "the name of a machine, or '-'"},
    {"nonce", offsetof(struct lc_shard_head, nonce), read_nonce, "16 hex digits"},
    {"change", offsetof(struct lc_shard_head, change), read_number, NUMBER},
    {"last", offsetof(struct lc_shard_head, last), read_position, POSITION},
    {"segment", offsetof(struct lc_shard_head, segment), read_segment,
     "the name of a segment, or '-'"},
    {"checkpointed", offsetof(struct lc_shard_head, checkpointed), read_position, POSITION},
    {"checkpoint", offsetof(struct lc_shard_head, checkpoint), read_checkpoint,
     "the name of a checkpoint, or '-'"},
};

enum { WORD_COUNT = sizeof WORDS / sizeof WORDS[0] };

/* Takes a word off the front of the text, up to the next blank or the end. */
static struct lc_view take_word(struct lc_view *text)
{
	const char *end = text->size == 0 ? NULL : memchr(text->data, ' ', text->size);
	struct lc_view word = {.data = text->data,
			       .size = end == NULL ? text->size : (size_t)(end - text->data)};
	/* A blank at the end stays, and is taken for an empty word next. */
	size_t taken = word.size + (word.size + 1 < text->size ? 1 : 0);

	text->data += taken;
	text->size -= taken;
	return word;
}

/* Divides a word into its key and its value. */
static bool divide(struct lc_view word, struct lc_view *key, struct lc_view *value)
{
	const char *equals = word.size == 0 ? NULL : memchr(word.data, '=', word.size);

	if (equals == NULL)
		return false;
	*key = (struct lc_view){.data = word.data, .size = (size_t)(equals - word.data)};
	*value = (struct lc_view){.data = equals + 1, .size = word.size - key->size - 1};
	return true;
}

static bool read_version(struct lc_view *text, struct lc_error *error)
{
	struct lc_view word = take_word(text);
	struct lc_view key;
	struct lc_view value;
	uint64_t version;

	if (!divide(word, &key, &value) || !lc_view_equal(key, lc_view_of("version")) ||
	    !read_number(value, &version))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "it does not begin with its version but with \"%.*s\"",
				    lc_view_shown(word, SHOWN_MAX), word.data);
	return version == VERSION ||
	       lc_error_set(error, LC_ERROR_CORRUPT,
			    "its format is version %" PRIu64
			    ", this release knows version %d only: run the release that wrote it "
			    "on all machines",
			    version, (int)VERSION);
}

static size_t find_word(struct lc_view key)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (lc_view_equal(key, lc_view_of(WORDS[i].key)))
			return i;
	}
	return WORD_COUNT;
}

static bool read_word(struct lc_view word, struct lc_shard_head *head, bool seen[WORD_COUNT],
		      struct lc_error *error)
{
	struct lc_view key;
	struct lc_view value;
	size_t index = divide(word, &key, &value) ? find_word(key) : WORD_COUNT;

	if (index == WORD_COUNT)
		return lc_error_set(error, LC_ERROR_CORRUPT, "the word \"%.*s\" is not known",
				    lc_view_shown(word, SHOWN_MAX), word.data);
	if (seen[index])
		return lc_error_set(error, LC_ERROR_CORRUPT, "the word \"%s\" is there twice",
				    WORDS[index].key);
	seen[index] = true;
	return WORDS[index].read(value, (char *)head + WORDS[index].field) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "%s is \"%.*s\", expected %s",
			    WORDS[index].key, lc_view_shown(value, SHOWN_MAX), value.data,
			    WORDS[index].expected);
}

static bool read_words(struct lc_view text, struct lc_shard_head *head, struct lc_error *error)
{
	bool seen[WORD_COUNT] = {false};

	while (text.size > 0) {
		if (!read_word(take_word(&text), head, seen, error))
			return false;
	}
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (!seen[i])
			return lc_error_set(error, LC_ERROR_CORRUPT, "the word \"%s\" is missing",
					    WORDS[i].key);
	}
	return true;
}

/* ---- do they agree? ---- */

static bool check_position(const char *key, const struct lc_chain_position *position,
			   struct lc_error *error)
{
	return position->seq > 0 ||
	       lc_chain_hash_equal(position->hash, (struct lc_chain_hash){.high = 0}) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "%s is before the first segment, with a hash",
			    key);
}

static bool check_segment(const struct lc_shard_head *head, struct lc_error *error)
{
	uint64_t epoch;
	uint64_t seq;

	if (head->last.seq == 0 && head->segment[0] == '\0')
		return true;
	if (lc_chain_name_parse(lc_view_of(head->segment), LC_CHAIN_SEGMENT, &epoch, &seq) &&
	    head->last.seq > 0 && epoch == head->last.epoch && seq == head->last.seq)
		return true;
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "segment is \"%s\", which is not the name of number %" PRIu64
			    " of epoch %" PRIu64 ", the last one",
			    head->segment, head->last.seq, head->last.epoch);
}

static bool check(const struct lc_shard_head *head, struct lc_error *error)
{
	if (head->state == LC_SHARD_HEAD_OWNED && is_none(lc_view_of(head->owner)))
		return lc_error_set(error, LC_ERROR_CORRUPT, "it is owned, by nobody");
	if (head->last.epoch > head->epoch)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "last is of epoch %" PRIu64 ", later than its own, %" PRIu64,
				    head->last.epoch, head->epoch);
	if (lc_chain_position_compare(&head->checkpointed, &head->last) > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "checkpointed is later than last");
	return check_position("last", &head->last, error) &&
	       check_position("checkpointed", &head->checkpointed, error) &&
	       check_segment(head, error);
}

/* ---- the head ---- */

void lc_shard_head_row(unsigned shard, unsigned shard_count, char name[LC_SHARD_HEAD_ROW_SIZE])
{
	snprintf(name, LC_SHARD_HEAD_ROW_SIZE, "shard-%u-of-%u", shard, shard_count);
}

const char *lc_shard_head_state_name(enum lc_shard_head_state state)
{
	LC_ASSERT((unsigned)state < LC_SHARD_HEAD_STATE_COUNT);
	return STATES[state];
}

void lc_shard_head_format(const struct lc_shard_head *head, char text[LC_SHARD_HEAD_TEXT_MAX])
{
	char last[LC_CHAIN_HASH_TEXT_SIZE];
	char checkpointed[LC_CHAIN_HASH_TEXT_SIZE];
	int size;

	LC_ASSERT(is_none(lc_view_of(head->owner)) ||
		  lc_machine_name_is_good(lc_view_of(head->owner)));
	LC_ASSERT(lc_chain_is_nonce(lc_view_of(head->nonce)) && check(head, NULL));
	lc_chain_hash_format(head->last.hash, last);
	lc_chain_hash_format(head->checkpointed.hash, checkpointed);
	size = snprintf(text, LC_SHARD_HEAD_TEXT_MAX,
			"version=%d generation=%" PRIu64 " epoch=%" PRIu64 " state=%s owner=%s "
			"nonce=%s change=%" PRIu64 " last=%" PRIu64 ":%" PRIu64 ":%s segment=%s "
			"checkpointed=%" PRIu64 ":%" PRIu64 ":%s checkpoint=%s",
			(int)VERSION, head->generation, head->epoch,
			lc_shard_head_state_name(head->state), head->owner, head->nonce,
			head->change, head->last.epoch, head->last.seq, last,
			head->segment[0] == '\0' ? "-" : head->segment, head->checkpointed.epoch,
			head->checkpointed.seq, checkpointed,
			head->checkpoint[0] == '\0' ? "-" : head->checkpoint);
	LC_ASSERT(size > 0 && size < LC_SHARD_HEAD_TEXT_MAX);
}

bool lc_shard_head_parse(struct lc_view text, struct lc_shard_head *head, struct lc_error *error)
{
	struct lc_shard_head found = {.generation = 0};

	if (text.size >= LC_SHARD_HEAD_TEXT_MAX) {
		lc_error_set(error, LC_ERROR_CORRUPT, "it has %zu bytes, expected fewer than %d",
			     text.size, (int)LC_SHARD_HEAD_TEXT_MAX);
	} else if (read_version(&text, error) && read_words(text, &found, error) &&
		   check(&found, error)) {
		*head = found;
		return true;
	}
	return lc_error_prefix(error, "the head of the shard cannot be read");
}
