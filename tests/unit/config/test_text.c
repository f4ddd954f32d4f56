#include "config/setting.h"
#include "config/text.h"
#include "support/story.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static unsigned distance_of(struct lc_view typed, const char *known)
{
	struct lc_text_guess guess = {.typed = typed, .bound = UINT_MAX};

	assert_true(lc_text_guess(&guess, known));
	assert_ptr_equal(guess.nearest, known);
	assert_false(lc_text_guess(&guess, known)); /* no nearer than before */
	return guess.bound;
}

static unsigned distance(const char *typed, const char *known)
{
	return distance_of(lc_view_of(typed), known);
}

static void letters_are_counted(void **state)
{
	(void)state;
	assert_int_equal(distance("help", "help"), 0);
	assert_int_equal(distance("hel", "help"), 1);
	assert_int_equal(distance("helpp", "help"), 1);
	assert_int_equal(distance("halp", "help"), 1);
	assert_int_equal(distance("hlep", "help"), 1);
	assert_int_equal(distance("", "help"), 4);
	assert_int_equal(distance("help", ""), 4);
	assert_int_equal(distance("kitten", "sitting"), 3);
}

static void case_and_punctuation_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(distance("S3_ACCESS_KEY_ID", "s3.access-key-id"), 0);
}

static void the_last_step_of_a_name_is_near(void **state)
{
	(void)state;
	assert_int_equal(distance("count-threshold", "consumer.count-threshold"), 1);
	assert_int_equal(distance("id", "s3.access-key-id"), 14);
}

static void long_names_are_cut(void **state)
{
	char text[500];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(distance_of((struct lc_view){text, sizeof(text)}, "help"), 96);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(distance("help", text), 96);
}

static void a_mistyped_setting_is_recognised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);
		char typed[96];
		size_t size = strlen(setting->name);

		/* Its last letter but one is missing. */
		memcpy(typed, setting->name, size);
		typed[size - 2] = typed[size - 1];
		assert_ptr_equal(
		    lc_setting_nearest((struct lc_view){.data = typed, .size = size - 1}), setting);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(letters_are_counted),
	    cmocka_unit_test(case_and_punctuation_do_not_count),
	    cmocka_unit_test(the_last_step_of_a_name_is_near),
	    cmocka_unit_test(long_names_are_cut),
	    cmocka_unit_test(a_mistyped_setting_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
