#include "formats/shard_head.h"

#include "base/random.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONCE "0123456789abcdef"
#define ZERO "00000000000000000000000000000000"
#define HASH "00000000000000010000000000000002"
#define SEGMENT "segment/0000000000000002-0000000000000011-" NONCE
#define CHECKPOINT "checkpoint/0000000000000002-0000000000000010-" NONCE

/* Parts of a good text, so that a test changes one of them. */
#define BEGINNING "version=1 generation=7 epoch=3 state=owned "
#define OWNER "owner=courier-a.example nonce=" NONCE " change=12 "
#define LAST "last=2:17:" HASH " segment=" SEGMENT " "
#define CHECKPOINTED "checkpointed=2:16:" HASH " checkpoint=" CHECKPOINT

enum { TIMES = 5000 };

static bool parse(const char *text, struct lc_shard_head *head, struct lc_error *error)
{
	return lc_shard_head_parse(lc_view_of(text), head, error);
}

/* The text is refused, and the message says this. */
static void refuse(const char *text, const char *message)
{
	struct lc_shard_head head = {.epoch = 99};
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (parse(text, &head, &error))
		fail_msg("taken: %s", text);
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
	assert_int_equal(head.epoch, 99);
}

static void a_head_is_a_line_of_words(void **state)
{
	static const char TEXT[] = BEGINNING OWNER LAST CHECKPOINTED;
	char text[LC_SHARD_HEAD_TEXT_MAX];
	struct lc_shard_head head;
	struct lc_error error = {.kind = LC_ERROR_NONE};

	(void)state;
	if (!parse(TEXT, &head, &error))
		fail_msg("%s", error.message);
	assert_int_equal(head.generation, 7);
	assert_int_equal(head.epoch, 3);
	assert_int_equal(head.state, LC_SHARD_HEAD_OWNED);
	assert_string_equal(head.owner, "courier-a.example");
	assert_string_equal(head.nonce, NONCE);
	assert_int_equal(head.change, 12);
	assert_int_equal(head.last.epoch, 2);
	assert_int_equal(head.last.seq, 17);
	assert_int_equal(head.last.hash.high, 1);
	assert_int_equal(head.last.hash.low, 2);
	assert_string_equal(head.segment, SEGMENT);
	assert_int_equal(head.checkpointed.seq, 16);
	assert_string_equal(head.checkpoint, CHECKPOINT);
	lc_shard_head_format(&head, text);
	assert_string_equal(text, TEXT);
}

static void a_shard_that_nobody_has_written_to_has_no_names(void **state)
{
	static const char TEXT[] = "version=1 generation=1 epoch=0 state=released owner=- "
				   "nonce=" NONCE " change=0 last=0:0:" ZERO " segment=- "
				   "checkpointed=0:0:" ZERO " checkpoint=-";
	char text[LC_SHARD_HEAD_TEXT_MAX];
	struct lc_shard_head head;
	struct lc_error error;

	(void)state;
	assert_true(parse(TEXT, &head, &error));
	assert_string_equal(head.segment, "");
	assert_string_equal(head.checkpoint, "");
	lc_shard_head_format(&head, text);
	assert_string_equal(text, TEXT);
}

static void the_order_of_words_is_free_after_the_version(void **state)
{
	struct lc_shard_head head;
	struct lc_error error;

	(void)state;
	assert_true(parse("version=1 " CHECKPOINTED " " OWNER LAST
			  "state=withdrawn epoch=3 generation=7",
			  &head, &error));
	assert_int_equal(head.state, LC_SHARD_HEAD_WITHDRAWN);
	refuse("generation=7 version=1 epoch=3 state=owned " OWNER LAST CHECKPOINTED,
	       "does not begin with its version but with \"generation=7\"");
}

static void the_words_must_be_known_and_there_once(void **state)
{
	(void)state;
	refuse("", "does not begin with its version");
	refuse("version=1", "\"generation\" is missing");
	refuse(BEGINNING OWNER LAST "checkpoint=-", "\"checkpointed\" is missing");
	refuse(BEGINNING LAST CHECKPOINTED, "\"owner\" is missing");
	refuse(BEGINNING "epoch=3 " OWNER LAST CHECKPOINTED, "\"epoch\" is there twice");
	refuse(BEGINNING "version=1 " OWNER LAST CHECKPOINTED, "\"version=1\" is not known");
	refuse(BEGINNING OWNER LAST CHECKPOINTED " more=1", "\"more=1\" is not known");
	refuse(BEGINNING OWNER LAST CHECKPOINTED " ", "\"\" is not known");
	refuse(BEGINNING " " OWNER LAST CHECKPOINTED, "\"\" is not known");
	refuse(BEGINNING OWNER LAST CHECKPOINTED "\n", "checkpoint is");
	refuse(BEGINNING "owner " OWNER LAST CHECKPOINTED, "\"owner\" is not known");
	refuse("version=1 =7 ", "\"=7\" is not known");
}

static void another_version_is_of_another_release(void **state)
{
	(void)state;
	refuse("version=2 what=ever", "version 2, this release knows version 1 only: run the "
				      "release that wrote it on all machines");
	refuse("version=01 ", "does not begin with its version");
	refuse("version= ", "does not begin with its version");
	refuse("version", "does not begin with its version");
}

/* BEGINNING with one word changed. */
static void refuse_beginning(const char *beginning, const char *message)
{
	char text[LC_SHARD_HEAD_TEXT_MAX];

	snprintf(text, sizeof text, "version=1 %s " OWNER LAST CHECKPOINTED, beginning);
	refuse(text, message);
}

static void numbers_are_decimal_of_64_bits(void **state)
{
	static const char *const NUMBERS[] = {"",
					      "-1",
					      "+1",
					      "01",
					      "0x1",
					      "1.0",
					      "1e3",
					      "18446744073709551616",
					      "99999999999999999999999999"};
	struct lc_shard_head head;
	struct lc_error error;
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
		snprintf(text, sizeof text, "generation=%s epoch=3 state=owned", NUMBERS[i]);
		refuse_beginning(text, "expected a number of 64 bits");
	}
	assert_true(parse("version=1 generation=18446744073709551615 epoch=3 "
			  "state=owned " OWNER LAST CHECKPOINTED,
			  &head, &error));
	assert_int_equal(head.generation, UINT64_MAX);
}

static void values_that_are_none_are_named(void **state)
{
	(void)state;
	refuse_beginning("generation=1 epoch=3 state=stolen",
			 "state is \"stolen\", expected a state that this release knows");
	refuse(BEGINNING "owner= nonce=" NONCE " change=1 " LAST CHECKPOINTED, "owner is \"\"");
	refuse(BEGINNING "owner=a\tb nonce=" NONCE " change=1 " LAST CHECKPOINTED, "owner is \"");
	refuse(BEGINNING "owner=\xC3\xA4 nonce=" NONCE " change=1 " LAST CHECKPOINTED,
	       "owner is \"");
	refuse(BEGINNING "owner=a nonce=0123456789abcde change=1 " LAST CHECKPOINTED,
	       "expected 16 hex digits");
	refuse(BEGINNING "owner=a nonce=0123456789ABCDEF change=1 " LAST CHECKPOINTED,
	       "expected 16 hex digits");
	refuse(BEGINNING OWNER "last=2:17 segment=" SEGMENT " " CHECKPOINTED, "last is \"2:17\"");
	refuse(BEGINNING OWNER "last=2:17:1 segment=" SEGMENT " " CHECKPOINTED, "last is \"2:17:1");
	refuse(BEGINNING OWNER "last=2:17:3:" HASH " segment=" SEGMENT " " CHECKPOINTED,
	       "last is \"2:17:3:");
	refuse(BEGINNING OWNER "last=2:17:" HASH " segment=" CHECKPOINT " " CHECKPOINTED,
	       "expected the name of a segment");
	refuse(BEGINNING OWNER LAST "checkpointed=2:16:" HASH " checkpoint=" SEGMENT,
	       "expected the name of a checkpoint");
	refuse(BEGINNING OWNER LAST "checkpointed=2:16:" HASH " checkpoint=", "checkpoint is \"\"");
}

static void words_that_contradict_each_other_are_refused(void **state)
{
	(void)state;
	refuse(BEGINNING "owner=- nonce=" NONCE " change=1 " LAST CHECKPOINTED,
	       "it is owned, by nobody");
	refuse_beginning("generation=1 epoch=1 state=owned", "later than its own, 1");
	refuse(BEGINNING OWNER LAST "checkpointed=2:18:" HASH " checkpoint=" CHECKPOINT,
	       "checkpointed is later than last");
	refuse(BEGINNING OWNER LAST "checkpointed=2:0:" HASH " checkpoint=-",
	       "checkpointed is before the first segment, with a hash");
	refuse(BEGINNING OWNER "last=2:17:" HASH " segment=- " CHECKPOINTED,
	       "segment is \"\", which is not the name of number 17 of epoch 2");
	refuse(BEGINNING OWNER "last=2:18:" HASH " segment=" SEGMENT " " CHECKPOINTED,
	       "not the name of number 18 of epoch 2");
	refuse(BEGINNING OWNER "last=1:17:" HASH " segment=" SEGMENT " checkpointed=0:0:" ZERO
			       " checkpoint=-",
	       "not the name of number 17 of epoch 1");
	refuse(BEGINNING OWNER "last=2:0:" ZERO " segment=" SEGMENT " checkpointed=0:0:" ZERO
			       " checkpoint=-",
	       "not the name of number 0");
}

static void a_text_without_end_is_refused_unread(void **state)
{
	char text[LC_SHARD_HEAD_TEXT_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof text);
	text[LC_SHARD_HEAD_TEXT_MAX] = '\0';
	refuse(text, "it has 1024 bytes, expected fewer than 1024");
	text[LC_SHARD_HEAD_TEXT_MAX - 1] = '\0';
	refuse(text, "does not begin with its version");
}

static void an_owner_is_a_machine(void **state)
{
	char name[LC_SHARD_HEAD_NAME_MAX + 1];
	char text[LC_SHARD_HEAD_TEXT_MAX];

	(void)state;
	memset(name, 'x', sizeof name);
	name[LC_SHARD_HEAD_NAME_MAX] = '\0';
	snprintf(text, sizeof text,
		 BEGINNING "owner=%s nonce=" NONCE " change=1 " LAST CHECKPOINTED, name);
	refuse(text, "owner is \"xxx");
	refuse(BEGINNING "owner='a' nonce=" NONCE " change=1 " LAST CHECKPOINTED,
	       "owner is \"'a'\"");
}

/* ---- any head ---- */

static uint64_t any(struct lc_random *random)
{
	return lc_random_next(random) >> lc_random_next(random) % 64;
}

static void make_owner(struct lc_random *random, char owner[LC_SHARD_HEAD_NAME_MAX])
{
	static const char CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789.=:_~!|/";
	size_t size = 1 + lc_random_next(random) % (LC_SHARD_HEAD_NAME_MAX - 1);

	for (size_t i = 0; i < size; i++)
		owner[i] = CHARACTERS[lc_random_next(random) % (sizeof CHARACTERS - 1)];
	owner[size] = '\0';
}

static struct lc_chain_position make_position(struct lc_random *random, uint64_t epoch_most)
{
	struct lc_chain_position position = {.epoch = any(random)};

	if (position.epoch > epoch_most)
		position.epoch = epoch_most;
	if (lc_random_next(random) % 4 > 0) {
		position.seq = any(random) | 1;
		position.hash = (struct lc_chain_hash){.high = any(random), .low = any(random)};
	}
	return position;
}

static struct lc_shard_head make_head(struct lc_random *random)
{
	struct lc_shard_head head = {
	    .generation = any(random),
	    .epoch = any(random),
	    .state = (enum lc_shard_head_state)(lc_random_next(random) % LC_SHARD_HEAD_STATE_COUNT),
	    .owner = "-",
	    .change = any(random)};

	if (head.state == LC_SHARD_HEAD_OWNED || lc_random_next(random) % 2 == 0)
		make_owner(random, head.owner);
	lc_chain_nonce_format(any(random), head.nonce);
	head.last = make_position(random, head.epoch);
	if (head.last.seq > 0)
		lc_chain_name_format(LC_CHAIN_SEGMENT, head.last.epoch, head.last.seq, head.nonce,
				     head.segment);
	head.checkpointed = make_position(random, head.last.epoch);
	if (lc_chain_position_compare(&head.checkpointed, &head.last) > 0)
		head.checkpointed = head.last;
	if (lc_random_next(random) % 2 == 0)
		lc_chain_name_format(LC_CHAIN_CHECKPOINT, head.epoch, head.checkpointed.seq,
				     head.nonce, head.checkpoint);
	return head;
}

static void any_head_comes_back_from_its_text(void **state)
{
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 1);
	for (int i = 0; i < TIMES; i++) {
		struct lc_shard_head head = make_head(&random);
		struct lc_error error = {.kind = LC_ERROR_NONE};
		char text[LC_SHARD_HEAD_TEXT_MAX];
		char again[LC_SHARD_HEAD_TEXT_MAX];
		struct lc_shard_head read;

		lc_shard_head_format(&head, text);
		if (!parse(text, &read, &error))
			fail_msg("%s: %s", error.message, text);
		lc_shard_head_format(&read, again);
		assert_string_equal(text, again);
		assert_int_equal(read.state, head.state);
		assert_int_equal(read.change, head.change);
		assert_string_equal(read.owner, head.owner);
		assert_true(lc_chain_hash_equal(read.last.hash, head.last.hash));
	}
}

static void the_longest_head_fits(void **state)
{
	struct lc_shard_head head = {.generation = UINT64_MAX,
				     .epoch = UINT64_MAX,
				     .state = LC_SHARD_HEAD_WITHDRAWN,
				     .change = UINT64_MAX,
				     .last = {.epoch = UINT64_MAX, .seq = UINT64_MAX}};
	char text[LC_SHARD_HEAD_TEXT_MAX];

	(void)state;
	memset(head.owner, 'x', sizeof head.owner - 1);
	lc_chain_nonce_format(UINT64_MAX, head.nonce);
	lc_chain_name_format(LC_CHAIN_SEGMENT, UINT64_MAX, UINT64_MAX, head.nonce, head.segment);
	lc_chain_name_format(LC_CHAIN_CHECKPOINT, UINT64_MAX, UINT64_MAX, head.nonce,
			     head.checkpoint);
	head.checkpointed = head.last;
	lc_shard_head_format(&head, text);
	assert_true(strlen(text) < LC_SHARD_HEAD_TEXT_MAX / 2 + 128);
}

static void a_text_with_bytes_changed_or_cut_is_refused_or_another_head(void **state)
{
	static const char TEXT[] = BEGINNING OWNER LAST CHECKPOINTED;
	struct lc_random random;
	struct lc_error error;
	struct lc_shard_head head;

	(void)state;
	lc_random_seed(&random, 3);
	for (size_t size = 0; size < sizeof TEXT - 1; size++)
		assert_false(lc_shard_head_parse((struct lc_view){.data = TEXT, .size = size},
						 &head, &error));
	for (int i = 0; i < TIMES; i++) {
		char text[sizeof TEXT];
		char again[LC_SHARD_HEAD_TEXT_MAX];

		memcpy(text, TEXT, sizeof text);
		for (uint64_t n = 1 + lc_random_next(&random) % 3; n > 0; n--)
			text[lc_random_next(&random) % (sizeof text - 1)] =
			    (char)lc_random_next(&random);
		if (lc_shard_head_parse((struct lc_view){.data = text, .size = sizeof text - 1},
					&head, &error)) {
			lc_shard_head_format(&head, again);
			assert_string_equal(text, again);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_head_is_a_line_of_words),
	    cmocka_unit_test(a_shard_that_nobody_has_written_to_has_no_names),
	    cmocka_unit_test(the_order_of_words_is_free_after_the_version),
	    cmocka_unit_test(the_words_must_be_known_and_there_once),
	    cmocka_unit_test(another_version_is_of_another_release),
	    cmocka_unit_test(numbers_are_decimal_of_64_bits),
	    cmocka_unit_test(values_that_are_none_are_named),
	    cmocka_unit_test(words_that_contradict_each_other_are_refused),
	    cmocka_unit_test(a_text_without_end_is_refused_unread),
	    cmocka_unit_test(an_owner_is_a_machine),
	    cmocka_unit_test(any_head_comes_back_from_its_text),
	    cmocka_unit_test(the_longest_head_fits),
	    cmocka_unit_test(a_text_with_bytes_changed_or_cut_is_refused_or_another_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
