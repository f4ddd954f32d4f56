#include "formats/machine_beat.h"

#include "base/memory.h"
#include "support/story.h"

#include <stdlib.h>

static const char TEXT[] =
    "1 boot=0123456789abcdef counter=17 capacity=8 settings=00000000000000ff "
    "software=1.2.3 state=unfit shards=0:12,3:4-,7+,8!,9:1?,10:2-!,11+? reason=the disk is full";

/* Reads a copy of its own size, so that a sanitizer sees a byte read past it. */
static bool read_text(struct lc_view text, struct lc_machine_beat *beat, struct lc_error *error)
{
	char *bytes = malloc(text.size == 0 ? 1 : text.size);
	bool good;

	assert_non_null(bytes);
	if (text.size > 0)
		memcpy(bytes, text.data, text.size);
	error->kind = LC_ERROR_NONE;
	good =
	    lc_machine_beat_read((struct lc_view){.data = bytes, .size = text.size}, beat, error);
	free(bytes);
	assert_int_equal(good, error->kind == LC_ERROR_NONE);
	return good;
}

static void expect_text(const struct lc_machine_beat *beat, const char *expected)
{
	struct lc_buffer text;

	lc_buffer_init(&text, LC_MACHINE_BEAT_MAX);
	lc_machine_beat_append(&text, beat);
	assert_string_equal(lc_buffer_text(&text), expected);
	lc_buffer_free(&text);
}

static void a_beat_is_what_its_format_says(void **state)
{
	struct lc_machine_beat beat;
	struct lc_error error;

	(void)state;
	assert_true(read_text(lc_view_of(TEXT), &beat, &error));
	assert_true(beat.boot == 0x0123456789abcdef);
	assert_int_equal(beat.counter, 17);
	assert_int_equal(beat.capacity, 8);
	assert_int_equal(beat.settings, 255);
	assert_string_equal(beat.software, "1.2.3");
	assert_int_equal(beat.state, LC_MACHINE_STATE_UNFIT);
	assert_string_equal(beat.reason, "the disk is full");
	assert_int_equal(beat.shard_count, 7);
	assert_int_equal(beat.shards[0].shard, 0);
	assert_int_equal(beat.shards[0].hold, LC_MACHINE_HAS);
	assert_int_equal(beat.shards[0].epoch, 12);
	assert_int_equal(beat.shards[1].shard, 3);
	assert_int_equal(beat.shards[1].hold, LC_MACHINE_RELEASING);
	assert_int_equal(beat.shards[1].epoch, 4);
	assert_int_equal(beat.shards[2].shard, 7);
	assert_int_equal(beat.shards[2].hold, LC_MACHINE_TAKING);
	assert_int_equal(beat.shards[2].refusal, LC_MACHINE_NO_REFUSAL);
	assert_int_equal(beat.shards[3].hold, LC_MACHINE_AWAY);
	assert_int_equal(beat.shards[3].refusal, LC_MACHINE_REFUSES);
	assert_int_equal(beat.shards[4].hold, LC_MACHINE_HAS);
	assert_int_equal(beat.shards[4].refusal, LC_MACHINE_AVOIDS);
	assert_int_equal(beat.shards[5].hold, LC_MACHINE_RELEASING);
	assert_int_equal(beat.shards[5].refusal, LC_MACHINE_REFUSES);
	assert_int_equal(beat.shards[6].hold, LC_MACHINE_TAKING);
	assert_int_equal(beat.shards[6].refusal, LC_MACHINE_AVOIDS);
	expect_text(&beat, TEXT);
}

static void the_longest_beat_there_is_comes_back(void **state)
{
	struct lc_machine_beat *beat = lc_memory_zero(2, sizeof(*beat));
	struct lc_error error;
	struct lc_buffer text;

	(void)state;
	*beat = (struct lc_machine_beat){
	    .boot = UINT64_MAX,
	    .counter = UINT64_MAX,
	    .capacity = LC_MACHINE_CAPACITY_MAX,
	    .settings = UINT64_MAX,
	    .state = LC_MACHINE_STATE_STARTING,
	    .shard_count = LC_MACHINE_SHARDS_MAX,
	};
	memset(beat->software, 'v', LC_MACHINE_SOFTWARE_MAX);
	memset(beat->reason, ' ', LC_MACHINE_REASON_MAX);
	for (unsigned i = 0; i < LC_MACHINE_SHARDS_MAX; i++)
		beat->shards[i] = (struct lc_machine_shard){.shard = i,
							    .hold = LC_MACHINE_RELEASING,
							    .epoch = UINT64_MAX,
							    .refusal = LC_MACHINE_REFUSES};
	lc_buffer_init(&text, LC_MACHINE_BEAT_MAX);
	lc_machine_beat_append(&text, beat);
	assert_false(lc_buffer_failed(&text));
	assert_true(read_text(lc_buffer_view(&text), &beat[1], &error));
	assert_memory_equal(&beat[0], &beat[1], sizeof(*beat));
	lc_buffer_free(&text);
	free(beat);
}

static void a_beat_that_is_cut_is_none(void **state)
{
	struct lc_machine_beat beat;
	struct lc_error error;
	size_t reason = strlen(TEXT) - strlen("the disk is full");

	(void)state;
	for (size_t size = 0; size < reason; size++)
		assert_false(
		    read_text((struct lc_view){.data = TEXT, .size = size}, &beat, &error));
}

static void what_is_no_beat_is_refused(void **state)
{
#define BEFORE "1 boot=0123456789abcdef counter=1 capacity=1 settings=0123456789abcdef software=1"
	static const char *const cases[] = {
	    "",
	    " ",
	    "log-courier",
	    "01 boot=0123456789abcdef",
	    "1  boot=0123456789abcdef",
	    "1 boot=0123456789ABCDEF counter=1",
	    "1 boot=123 counter=1",
	    "1 counter=1 boot=0123456789abcdef",
	    "1 boot=0123456789abcdef counter= ",
	    "1 boot=0123456789abcdef counter=01 capacity=1",
	    "1 boot=0123456789abcdef counter=-1 capacity=1",
	    "1 boot=0123456789abcdef counter=18446744073709551616 capacity=1",
	    "1 boot=0123456789abcdef counter=1 capacity=0 settings=0123456789abcdef",
	    "1 boot=0123456789abcdef counter=1 capacity=65537 settings=0123456789abcdef",
	    "1 boot=0123456789abcdef counter=1 capacity=1 settings=0123456789abcdef "
	    "software=123456789012345678901234567890123 state=fit shards= reason=",
	    "1 boot=0123456789abcdef counter=1 capacity=1 settings=0123456789abcdef "
	    "software=1\t2 state=fit shards= reason=",
	    BEFORE " state=happy shards= reason=",
	    BEFORE " state=fit shards=0 reason=",
	    BEFORE " state=fit shards=0: reason=",
	    BEFORE " state=fit shards=0:1, reason=",
	    BEFORE " state=fit shards=,0:1 reason=",
	    BEFORE " state=fit shards=1:1,0:1 reason=",
	    BEFORE " state=fit shards=1:1,1+ reason=",
	    BEFORE " state=fit shards=1024:1 reason=",
	    BEFORE " state=fit shards=0:18446744073709551616 reason=",
	    BEFORE " state=fit shards=0:1+ reason=",
	    BEFORE " state=fit shards=0:1!- reason=",
	    BEFORE " state=fit shards=0!? reason=",
	    BEFORE " state=fit shards=0- reason=",
	    BEFORE " state=fit shards=! reason=",
	    BEFORE " state=fit shards=0:1 reason=a\nb",
	    BEFORE " state=fit shards=0:1 reason=\xC3\xA4",
	    BEFORE " state=fit shards=0:1 reason",
	};
	struct lc_machine_beat beat;
	struct lc_error error;

	(void)state;
	assert_true(read_text(lc_view_of(BEFORE " state=fit shards= reason="), &beat, &error));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_false(read_text(lc_view_of(cases[i]), &beat, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	}
	assert_string_equal(error.message, "a beat whose part reason is missing or malformed");
}

static void a_text_that_is_too_long_is_not_read(void **state)
{
	size_t size = LC_MACHINE_BEAT_MAX + 1;
	char *bytes = lc_memory_zero(size, 1);
	struct lc_machine_beat beat;
	struct lc_error error;

	(void)state;
	memset(bytes, 'x', size);
	memcpy(bytes, TEXT, strlen(TEXT));
	assert_false(read_text((struct lc_view){.data = bytes, .size = size}, &beat, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	free(bytes);
}

static void a_beat_of_another_version_is_told_from_what_is_none(void **state)
{
	struct lc_machine_beat beat;
	struct lc_error error;

	(void)state;
	assert_false(read_text(lc_view_of("2 boots=many"), &beat, &error));
	assert_int_equal(error.kind, LC_ERROR_OUTDATED);
	assert_string_equal(error.message, "a beat of version 2, expected version 1");
}

static void a_reason_is_cut_and_made_printable(void **state)
{
	struct lc_machine_beat beat;
	char longer[LC_MACHINE_REASON_MAX + 2];

	(void)state;
	lc_machine_beat_set_reason(&beat, "S3: \"no\nanswer\"");
	assert_string_equal(beat.reason, "S3: \"no?answer\"");
	memset(longer, 'r', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	lc_machine_beat_set_reason(&beat, longer);
	assert_int_equal(strlen(beat.reason), LC_MACHINE_REASON_MAX);
	lc_machine_beat_set_reason(&beat, "");
	assert_string_equal(beat.reason, "");
}

static void names_of_machines_are_words(void **state)
{
	char longer[LC_MACHINE_NAME_MAX + 2];

	(void)state;
	memset(longer, 'm', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_true(lc_machine_name_is_good(lc_view_of("courier-1.example")));
	assert_true(lc_machine_name_is_good(lc_view_of(longer + 1)));
	assert_false(lc_machine_name_is_good(lc_view_of(longer)));
	assert_false(lc_machine_name_is_good(lc_view_of("")));
	assert_false(lc_machine_name_is_good(lc_view_of("-")));
	assert_false(lc_machine_name_is_good(lc_view_of("a b")));
	assert_false(lc_machine_name_is_good(lc_view_of("o'clock")));
	assert_false(lc_machine_name_is_good(lc_view_of("a\\")));
	assert_false(lc_machine_name_is_good(lc_view_of("a\x01")));
	assert_false(lc_machine_name_is_good((struct lc_view){.data = "a\0", .size = 2}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_beat_is_what_its_format_says),
	    cmocka_unit_test(the_longest_beat_there_is_comes_back),
	    cmocka_unit_test(a_beat_that_is_cut_is_none),
	    cmocka_unit_test(what_is_no_beat_is_refused),
	    cmocka_unit_test(a_text_that_is_too_long_is_not_read),
	    cmocka_unit_test(a_beat_of_another_version_is_told_from_what_is_none),
	    cmocka_unit_test(a_reason_is_cut_and_made_printable),
	    cmocka_unit_test(names_of_machines_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
