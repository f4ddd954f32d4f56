#include "formats/xml.h"

#include "support/story.h"

static const char *const NAME[] = {"List", "Item", "Name", NULL};
static const char *const COUNT[] = {"List", "Count", NULL};

struct found {
	char name[16];
	char count[8];
	bool name_whole;
	bool count_whole;
};

static struct found read(const char *body)
{
	struct found found;
	struct lc_xml_text texts[] = {
	    {.path = NAME, .text = found.name, .room = sizeof(found.name)},
	    {.path = COUNT, .text = found.count, .room = sizeof(found.count)},
	};

	lc_xml_read(lc_view_of(body), texts, 2);
	found.name_whole = texts[0].whole;
	found.count_whole = texts[1].whole;
	return found;
}

static void texts_are_found_by_their_paths(void **state)
{
	struct found found = read("<?xml version='1.0'?>\n<List xmlns='urn:x'><Name>no</Name>\n"
				  "<Item><Other><Name>no</Name></Other><Name> a &lt;b&gt; </Name>"
				  "</Item><Count>\n2</Count></List>");

	(void)state;
	assert_string_equal(found.name, "a <b>");
	assert_string_equal(found.count, "2");
	assert_true(found.name_whole && found.count_whole);
}

static void the_first_one_counts(void **state)
{
	struct found found = read("<List><Item><Name>first</Name><Name>second</Name></Item>"
				  "<Item><Name>third</Name></Item><Count></Count><Count>9</Count>"
				  "</List>");

	(void)state;
	assert_string_equal(found.name, "first");
	assert_string_equal(found.count, "");
	assert_true(found.count_whole);
}

static void what_the_first_element_lacks_may_stand_in_the_next(void **state)
{
	(void)state;
	assert_string_equal(read("<List><Item></Item><Item><Name>x</Name></Item></List>").name,
			    "x");
}

static void a_document_that_is_cut_keeps_what_stood_before(void **state)
{
	struct found found = read("<List><Count>7</Count><Item><Name>half of it");

	(void)state;
	assert_string_equal(found.count, "7");
	assert_true(found.count_whole);
	assert_string_equal(found.name, "half of it");
	assert_false(found.name_whole);
}

static void a_text_without_room_is_cut_and_says_so(void **state)
{
	struct found found = read("<List><Count>123456789</Count></List>");

	(void)state;
	assert_string_equal(found.count, "1234567");
	assert_false(found.count_whole);
}

static void what_is_no_such_document_gives_nothing(void **state)
{
	static const char *const BODIES[] = {
	    "",
	    "Not Found",
	    "<Count>1</Count>",
	    "<Other><List><Count>1</Count></List></Other>",
	    "<List/><List><Count>1</Count></List>",
	    "<List></List><List><Count>1</Count></List>",
	    "<!DOCTYPE x><List><Count>1</Count></List>",
	    "</List><List><Count>1</Count></List>",
	    "<List><Item/><Count/></List>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
		struct found found = read(BODIES[i]);

		assert_string_equal(found.name, "");
		assert_string_equal(found.count, "");
		assert_false(found.name_whole || found.count_whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_are_found_by_their_paths),
	    cmocka_unit_test(the_first_one_counts),
	    cmocka_unit_test(what_the_first_element_lacks_may_stand_in_the_next),
	    cmocka_unit_test(a_document_that_is_cut_keeps_what_stood_before),
	    cmocka_unit_test(a_text_without_room_is_cut_and_says_so),
	    cmocka_unit_test(what_is_no_such_document_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
