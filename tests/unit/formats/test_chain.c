#include "formats/chain.h"

#include "base/random.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES = 2000 };

/* Numbers of any length. */
static uint64_t any(struct lc_random *random)
{
	return lc_random_next(random) >> lc_random_next(random) % 64;
}

static void a_hash_is_what_xxhsum_prints(void **state)
{
	char text[LC_CHAIN_HASH_TEXT_SIZE];

	(void)state;
	/* xxhsum -H2 </dev/null */
	lc_chain_hash_format(lc_chain_hash_of((struct lc_view){.size = 0}), text);
	assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
	lc_chain_hash_format((struct lc_chain_hash){.high = 1, .low = 0xAB}, text);
	assert_string_equal(text, "000000000000000100000000000000ab");
}

static void a_hash_comes_back_from_its_text(void **state)
{
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 1);
	for (int i = 0; i < TIMES; i++) {
		struct lc_chain_hash hash = {.high = any(&random), .low = any(&random)};
		char text[LC_CHAIN_HASH_TEXT_SIZE];
		struct lc_chain_hash read;

		lc_chain_hash_format(hash, text);
		assert_true(lc_chain_hash_parse(lc_view_of(text), &read));
		assert_true(lc_chain_hash_equal(hash, read));
	}
}

static void what_is_no_hash_is_refused(void **state)
{
	static const char *const TEXTS[] = {
	    "",
	    "0",
	    "0123456789abcdef0123456789abcde",
	    "0123456789abcdef0123456789abcdef0",
	    "0123456789ABCDEF0123456789ABCDEF",
	    "0123456789abcdef 123456789abcdef",
	    "0123456789abcdef0x23456789abcdef",
	    "0123456789abcdeg0123456789abcdef",
	};
	struct lc_chain_hash hash;

	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
		assert_false(lc_chain_hash_parse(lc_view_of(TEXTS[i]), &hash));
}

static int compare(uint64_t a_epoch, uint64_t a_seq, uint64_t b_epoch, uint64_t b_seq)
{
	struct lc_chain_position a = {.epoch = a_epoch, .seq = a_seq};
	struct lc_chain_position b = {.epoch = b_epoch, .seq = b_seq};

	assert_int_equal(lc_chain_position_compare(&a, &b), -lc_chain_position_compare(&b, &a));
	return lc_chain_position_compare(&a, &b);
}

static void positions_are_in_order_of_epoch_then_number(void **state)
{
	(void)state;
	assert_int_equal(compare(1, 5, 1, 5), 0);
	assert_int_equal(compare(1, 5, 1, 6), -1);
	assert_int_equal(compare(1, 6, 2, 5), -1);
	assert_int_equal(compare(UINT64_MAX, UINT64_MAX, 0, 0), 1);
}

static void objects_are_called_by_kind_epoch_number_and_nonce(void **state)
{
	char name[LC_CHAIN_NAME_SIZE];

	(void)state;
	lc_chain_name_format(LC_CHAIN_SEGMENT, 18, 3405, "00000000deadbeef", name);
	assert_string_equal(name, "segment/0000000000000012-0000000000000d4d-00000000deadbeef");
	lc_chain_name_format(LC_CHAIN_PACK, 0, 0, "0123456789abcdef", name);
	assert_string_equal(name, "pack/0000000000000000-0000000000000000-0123456789abcdef");
	lc_chain_name_format(LC_CHAIN_CHECKPOINT, UINT64_MAX, UINT64_MAX, "ffffffffffffffff", name);
	assert_string_equal(name, "checkpoint/ffffffffffffffff-ffffffffffffffff-ffffffffffffffff");
}

static void a_name_tells_epoch_and_number_and_sorts_by_them(void **state)
{
	char before[LC_CHAIN_NAME_SIZE];
	struct lc_chain_position former = {.epoch = 0};
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 2);
	lc_chain_name_format(LC_CHAIN_PACK, 0, 0, "0000000000000000", before);
	for (int i = 0; i < TIMES; i++) {
		struct lc_chain_position made = {.epoch = any(&random) % 8, .seq = any(&random)};
		struct lc_chain_position read;
		char nonce[LC_CHAIN_NONCE_SIZE];
		char name[LC_CHAIN_NAME_SIZE];
		int order = lc_chain_position_compare(&made, &former);

		lc_chain_nonce_format(any(&random), nonce);
		assert_true(lc_chain_is_nonce(lc_view_of(nonce)));
		lc_chain_name_format(LC_CHAIN_PACK, made.epoch, made.seq, nonce, name);
		assert_true(
		    lc_chain_name_parse(lc_view_of(name), LC_CHAIN_PACK, &read.epoch, &read.seq));
		assert_int_equal(lc_chain_position_compare(&made, &read), 0);
		if (order != 0)
			assert_true((strcmp(name, before) > 0) == (order > 0));
		memcpy(before, name, sizeof name);
		former = made;
	}
}

static void what_is_no_name_of_this_kind_is_refused(void **state)
{
	static const char *const NAMES[] = {
	    "",
	    "segment/",
	    "pack/0000000000000012-0000000000000d4d-00000000deadbeef",
	    "segment/0000000000000012-0000000000000d4d-00000000deadbee",
	    "segment/0000000000000012-0000000000000d4d-00000000deadbeef0",
	    "segment/0000000000000012-0000000000000d4d-",
	    "segment/0000000000000012-0000000000000d4d",
	    "segment/0000000000000012_0000000000000d4d-00000000deadbeef",
	    "segment/0000000000000012-0000000000000D4D-00000000deadbeef",
	    "segment/12-d4d-00000000deadbeef",
	    "/segment/0000000000000012-0000000000000d4d-00000000deadbeef",
	    "segment/ 000000000000012-0000000000000d4d-00000000deadbeef",
	};
	uint64_t epoch;
	uint64_t seq;

	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		assert_false(
		    lc_chain_name_parse(lc_view_of(NAMES[i]), LC_CHAIN_SEGMENT, &epoch, &seq));
}

static void a_text_stands_between_the_names_up_to_one_and_those_that_come_later(void **state)
{
	char after[LC_CHAIN_NAME_SIZE];
	char name[LC_CHAIN_NAME_SIZE];

	(void)state;
	lc_chain_after_format(LC_CHAIN_SEGMENT, 18, 3405, after);
	lc_chain_name_format(LC_CHAIN_SEGMENT, 18, 3405, "ffffffffffffffff", name);
	assert_true(strcmp(name, after) < 0);
	lc_chain_name_format(LC_CHAIN_SEGMENT, 18, 3406, "0000000000000000", name);
	assert_true(strcmp(name, after) > 0);
	lc_chain_after_format(LC_CHAIN_SEGMENT, 18, UINT64_MAX, after);
	lc_chain_name_format(LC_CHAIN_SEGMENT, 18, UINT64_MAX, "ffffffffffffffff", name);
	assert_true(strcmp(name, after) < 0);
	lc_chain_name_format(LC_CHAIN_SEGMENT, 19, 0, "0000000000000000", name);
	assert_true(strcmp(name, after) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_hash_is_what_xxhsum_prints),
	    cmocka_unit_test(a_hash_comes_back_from_its_text),
	    cmocka_unit_test(what_is_no_hash_is_refused),
	    cmocka_unit_test(positions_are_in_order_of_epoch_then_number),
	    cmocka_unit_test(objects_are_called_by_kind_epoch_number_and_nonce),
	    cmocka_unit_test(a_name_tells_epoch_and_number_and_sorts_by_them),
	    cmocka_unit_test(a_text_stands_between_the_names_up_to_one_and_those_that_come_later),
	    cmocka_unit_test(what_is_no_name_of_this_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
