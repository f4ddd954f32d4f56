#include "ctl/terminal.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *words, const char *expected)
{
	struct lc_buffer text;

	lc_buffer_init(&text, 4096);
	lc_terminal_append(words, strlen(words), &text);
	assert_string_equal(lc_buffer_text(&text), expected);
	lc_buffer_free(&text);
}

static void what_steers_a_terminal_is_replaced(void **state)
{
	(void)state;
	expect("plain", "plain");
	expect("a\033[31mb\r\n\t\x7F", "a?[31mb????");
	expect("\xC2\x9B"
	       "2J",
	       "?2J");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	(void)state;
	expect("\x9B"
	       "2J",
	       "?2J");
	expect("\xC3", "?");
	expect("\xC0\xAF", "??");
	expect("\xE2\x82", "??");
	expect("\xED\xA0\x80", "???");
	expect("\xF4\x90\x80\x80", "????");
	expect("\xF8\x88\x80\x80\x80", "?????");
	expect("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

static void marks_that_fool_a_reader_are_replaced(void **state)
{
	(void)state;
	/* Such text is what is tested. NOLINTNEXTLINE(misc-misleading-bidirectional) */
	expect("a\xE2\x80\xAE"
	       "b",
	       "a?b"); /* right to left from here */
	expect("a\xE2\x80\x8B"
	       "b",
	       "a?b"); /* a blank without width */
	expect("\xEF\xBB\xBFx", "?x");
}

static void width_is_counted_in_characters(void **state)
{
	(void)state;
	assert_int_equal(lc_terminal_width("\xC3\xA9\xE2\x82\xAC x", 7), 4);
	assert_int_equal(lc_terminal_width("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_steers_a_terminal_is_replaced),
	    cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
	    cmocka_unit_test(marks_that_fool_a_reader_are_replaced),
	    cmocka_unit_test(width_is_counted_in_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
