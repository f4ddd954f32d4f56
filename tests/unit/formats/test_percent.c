#include "formats/percent.h"

#include "base/copy.h"
#include "support/page_end.h"
#include "support/story.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static void assert_written(struct lc_view text, enum lc_percent_keep keep, const char *expected)
{
	char out[1024];
	size_t size;

	assert_true(text.size * LC_PERCENT_GROWTH <= sizeof out);
	size = lc_percent_write(text, keep, false, out);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static void assert_text_written(const char *text, enum lc_percent_keep keep, const char *expected)
{
	assert_written(lc_view_of(text), keep, expected);
}

static const char UNRESERVED[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static void each_place_keeps_its_own_bytes(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char text[2] = {(char)byte, '\0'};
		char encoded[4] = {'%', "0123456789ABCDEF"[byte >> 4],
				   "0123456789ABCDEF"[byte & 15], 0};
		bool uri = strchr(UNRESERVED, byte) != NULL;
		bool printable = byte >= 0x20 && byte <= 0x7E && byte != '"';

		assert_text_written(text, LC_PERCENT_KEEP_URI, uri ? text : encoded);
		assert_text_written(text, LC_PERCENT_KEEP_PATH,
				    uri || byte == '/' ? text : encoded);
		assert_text_written(text, LC_PERCENT_KEEP_FIELD,
				    printable && byte != ' ' ? text : encoded);
		assert_text_written(text, LC_PERCENT_KEEP_QUOTED,
				    printable && byte != '\\' ? text : encoded);
		assert_text_written(text, LC_PERCENT_KEEP_WORD,
				    printable && byte != '\\' && byte != ' ' ? text : encoded);
	}
	assert_written((struct lc_view){.data = "a\0b", .size = 3}, LC_PERCENT_KEEP_QUOTED,
		       "a%00b");
}

static void nothing_stays_nothing(void **state)
{
	(void)state;
	assert_written((struct lc_view){.data = NULL, .size = 0}, LC_PERCENT_KEEP_URI, "");
}

static const char FILLER[] = "0123456789abcdefghijABCDEFGHIJ0123456789abcdefghij";

static void a_byte_to_encode_is_found_at_every_place_of_a_long_text(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size++) {
		for (size_t at = 0; at < size; at++) {
			const int before = (int)at;
			const int after = (int)(size - at - 1);
			char text[128];
			char expected[128];

			snprintf(text, sizeof text, "%.*s\"%.*s", before, FILLER, after, FILLER);
			snprintf(expected, sizeof expected, "%.*s%%22%.*s", before, FILLER, after,
				 FILLER);
			assert_text_written(text, LC_PERCENT_KEEP_QUOTED, expected);
			assert_text_written(text, LC_PERCENT_KEEP_FIELD, expected);
			assert_text_written(text, LC_PERCENT_KEEP_PATH, expected);
		}
	}
}

static bool stays(unsigned char byte, enum lc_percent_keep keep)
{
	bool printable = byte >= 0x20 && byte <= 0x7E && byte != '"';

	switch (keep) {
	case LC_PERCENT_KEEP_URI:
		return byte != '\0' && strchr(UNRESERVED, byte) != NULL;
	case LC_PERCENT_KEEP_PATH:
		return byte == '/' || stays(byte, LC_PERCENT_KEEP_URI);
	case LC_PERCENT_KEEP_FIELD:
		return printable && byte != ' ';
	case LC_PERCENT_KEEP_QUOTED:
		return printable && byte != '\\';
	case LC_PERCENT_KEEP_WORD:
		return printable && byte != '\\' && byte != ' ';
	}
	return false;
}

/* A text of so many bytes that stay everywhere, but for one. */
static void assert_byte_written(char *text, size_t size, size_t at, enum lc_percent_keep keep,
				bool spacious, char *out)
{
	const unsigned char byte = (unsigned char)text[at];
	const size_t takes = stays(byte, keep) ? 1 : 3;
	const char encoded[] = {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};

	assert_int_equal(
	    lc_percent_write((struct lc_view){.data = text, .size = size}, keep, spacious, out),
	    size - 1 + takes);
	assert_memory_equal(out, text, at);
	assert_memory_equal(out + at, takes == 1 ? &text[at] : encoded, takes);
	assert_memory_equal(out + at + takes, text + at + 1, size - at - 1);
}

/* The text and the room for it end where a page does, after so many bytes of slack. */
static void assert_any_byte_written(size_t slack)
{
	static const enum lc_percent_keep keeps[] = {LC_PERCENT_KEEP_URI, LC_PERCENT_KEEP_PATH,
						     LC_PERCENT_KEEP_FIELD, LC_PERCENT_KEEP_QUOTED,
						     LC_PERCENT_KEEP_WORD};
	struct page_end text_place;
	struct page_end out_place;

	page_end_make(&text_place);
	page_end_make(&out_place);
	memset(text_place.end - slack, '"', slack);
	for (size_t size = 1; size < sizeof FILLER; size++) {
		char *text = text_place.end - slack - size;
		char *out = out_place.end - slack - LC_PERCENT_GROWTH * size;

		for (size_t at = 0; at < size; at++) {
			memcpy(text, FILLER, size);
			for (int byte = 0; byte < 256; byte++) {
				text[at] = (char)byte;
				for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++)
					assert_byte_written(text, size, at, keeps[i], slack > 0,
							    out);
			}
		}
	}
	page_end_free(&text_place);
	page_end_free(&out_place);
}

/* Texts of any size are looked at in pieces of several sizes, which may overlap. */
static void any_byte_at_any_place_of_a_text_is_written_as_its_place_wants(void **state)
{
	(void)state;
	assert_any_byte_written(0);
}

static void what_follows_a_spacious_text_is_not_written(void **state)
{
	(void)state;
	assert_any_byte_written(LC_COPY_SLACK);
}

static void a_text_that_stays_is_written_wherever_it_lies(void **state)
{
	char text[sizeof FILLER + 64];
	char out[LC_PERCENT_GROWTH * sizeof FILLER];

	(void)state;
	for (size_t from = 0; from < 64; from++) {
		memcpy(text + from, FILLER, sizeof FILLER);
		for (size_t size = 0; size < sizeof FILLER; size++) {
			struct lc_view view = {.data = text + from, .size = size};

			memset(out, '?', sizeof out);
			assert_int_equal(lc_percent_write(view, LC_PERCENT_KEEP_URI, false, out),
					 size);
			assert_memory_equal(out, FILLER, size);
		}
	}
}

static void well_formed_utf8_stays_in_a_quoted_field_alone(void **state)
{
	(void)state;
	assert_text_written("\xC3\xA9", LC_PERCENT_KEEP_QUOTED, "\xC3\xA9");
	assert_text_written("\xE6\x97\xA5\xE6\x9C\xAC", LC_PERCENT_KEEP_QUOTED,
			    "\xE6\x97\xA5\xE6\x9C\xAC");
	assert_text_written("\xF0\x9F\x98\x80", LC_PERCENT_KEEP_QUOTED, "\xF0\x9F\x98\x80");
	assert_text_written("\xED\x9F\xBF\xEE\x80\x80", LC_PERCENT_KEEP_QUOTED,
			    "\xED\x9F\xBF\xEE\x80\x80");
	assert_text_written("\xF4\x8F\xBF\xBF", LC_PERCENT_KEEP_QUOTED, "\xF4\x8F\xBF\xBF");
	assert_text_written("\xC3\xA9 ", LC_PERCENT_KEEP_WORD, "\xC3\xA9%20");
	assert_text_written("\xC3\xA9", LC_PERCENT_KEEP_FIELD, "%C3%A9");
	assert_text_written("\xC3\xA9", LC_PERCENT_KEEP_PATH, "%C3%A9");
}

static void malformed_utf8_is_encoded(void **state)
{
	(void)state;
	assert_text_written("\xFF\xFE", LC_PERCENT_KEEP_QUOTED, "%FF%FE");
	assert_text_written("a\xC3", LC_PERCENT_KEEP_QUOTED, "a%C3");
	assert_text_written("\xC3(", LC_PERCENT_KEEP_QUOTED, "%C3(");
	assert_text_written("\xC0\xA2", LC_PERCENT_KEEP_QUOTED, "%C0%A2");        /* overlong `"` */
	assert_text_written("\xE0\x80\xA2", LC_PERCENT_KEEP_QUOTED, "%E0%80%A2"); /* overlong `"` */
	assert_text_written("\xF0\x80\x80\x8A", LC_PERCENT_KEEP_QUOTED, "%F0%80%80%8A");
	assert_text_written("\xED\xA0\x80", LC_PERCENT_KEEP_QUOTED, "%ED%A0%80"); /* a surrogate */
	assert_text_written("\xF4\x90\x80\x80", LC_PERCENT_KEEP_QUOTED, "%F4%90%80%80");
	assert_text_written("\xF5\x80\x80\x80", LC_PERCENT_KEEP_QUOTED, "%F5%80%80%80");
	assert_text_written("\xE6\x97\"", LC_PERCENT_KEEP_QUOTED, "%E6%97%22");
	assert_text_written("\xE6\x97\xE6\x97\xA5", LC_PERCENT_KEEP_QUOTED, "%E6%97\xE6\x97\xA5");
	assert_text_written("\x80", LC_PERCENT_KEEP_QUOTED, "%80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_place_keeps_its_own_bytes),
	    cmocka_unit_test(nothing_stays_nothing),
	    cmocka_unit_test(a_byte_to_encode_is_found_at_every_place_of_a_long_text),
	    cmocka_unit_test(any_byte_at_any_place_of_a_text_is_written_as_its_place_wants),
	    cmocka_unit_test(what_follows_a_spacious_text_is_not_written),
	    cmocka_unit_test(a_text_that_stays_is_written_wherever_it_lies),
	    cmocka_unit_test(well_formed_utf8_stays_in_a_quoted_field_alone),
	    cmocka_unit_test(malformed_utf8_is_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
