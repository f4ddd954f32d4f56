#include "formats/s3_error.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void assert_read(const char *body, const char *code, const char *message)
{
	struct lc_s3_error parsed;

	assert_int_equal(lc_s3_error_parse(lc_view_of(body), &parsed), code[0] != '\0');
	assert_string_equal(parsed.code, code);
	assert_string_equal(parsed.message, message);
}

static void an_error_as_servers_send_it_is_read(void **state)
{
	(void)state;
	assert_read(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>NoSuchKey</Code>\n"
	    "  <Message>The resource you requested does not exist</Message>\n"
	    "  <Resource>/mybucket/myfoto.jpg</Resource>\n"
	    "  <RequestId>4442587FB7D0A2F9</RequestId>\n</Error>\n",
	    "NoSuchKey", "The resource you requested does not exist");
	assert_read(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchBucket</Code>"
	    "<BucketName>b</BucketName><RequestId>tx0</RequestId><HostId>h</HostId></Error>",
	    "NoSuchBucket", "");
	assert_read("<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>AccessDenied</Code>"
		    "<Message>Access Denied.</Message></Error>",
		    "AccessDenied", "Access Denied.");
	assert_read("\xEF\xBB\xBF<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
		    "<Message>m</Message><Code> SlowDown\n</Code></Error>",
		    "SlowDown", "m");
}

static void what_is_no_such_error_is_empty(void **state)
{
	(void)state;
	assert_read("", "", "");
	assert_read("Service Unavailable", "", "");
	assert_read(
	    "<html><head><title>503</title></head><body><Error><Code>SlowDown</Code></Error>"
	    "</body></html>",
	    "", "");
	assert_read("<!DOCTYPE html><Error><Code>SlowDown</Code></Error>", "", "");
	assert_read("x<Error><Code>SlowDown</Code></Error>", "", "");
	assert_read("<Errors><Code>SlowDown</Code></Errors>", "", "");
	assert_read("<Error/>", "", "");
	assert_read("<Error></Error><Error><Code>SlowDown</Code></Error>", "", "");
	assert_read("{\"Code\": \"SlowDown\"}", "", "");
	assert_read("<", "", "");
	assert_read("<<<<>>>>", "", "");
	assert_read("</Error>", "", "");
}

static void only_what_stands_directly_below_error_counts(void **state)
{
	(void)state;
	assert_read("<Error><Message><Code>AccessDenied</Code>in it</Message></Error>", "",
		    "in it");
	assert_read(
	    "<Error><Details><Code>AccessDenied</Code></Details><Code>SlowDown</Code></Error>",
	    "SlowDown", "");
	assert_read(
	    "<Error><BucketName>accessdenied-x</BucketName><Code>InternalError</Code></Error>",
	    "InternalError", "");
	assert_read("<Error><Resource>&lt;Code&gt;AccessDenied&lt;/Code&gt;</Resource>"
		    "<Code>InternalError</Code></Error>",
		    "InternalError", "");
	assert_read("<Error><!-- <Code>AccessDenied</Code> --><Code>InternalError</Code></Error>",
		    "InternalError", "");
	assert_read("<Error><Key><![CDATA[<Code>AccessDenied</Code>]]></Key>"
		    "<Code>InternalError</Code></Error>",
		    "InternalError", "");
	assert_read(
	    "<Error><Key x='>' y=\"<Code>No</Code>\">k</Key><Code>InternalError</Code></Error>",
	    "InternalError", "");
}

static void the_first_code_and_message_count(void **state)
{
	(void)state;
	assert_read("<Error><Code>SlowDown</Code><Code>AccessDenied</Code><Message>one</Message>"
		    "<Message>two</Message></Error>",
		    "SlowDown", "one");
	assert_read("<Error><Code/><Code>SlowDown</Code></Error>", "SlowDown", "");
}

static void references_are_resolved(void **state)
{
	(void)state;
	assert_read("<Error><Code>A</Code><Message>&lt;a&gt; &amp;amp; &quot;b&quot; &apos;c&apos; "
		    "&#65;&#x42;&#xe9;&#x20AC;&#x1F600;</Message></Error>",
		    "A", "<a> &amp; \"b\" 'c' AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
	assert_read(
	    "<Error><Code>A</Code><Message>&nbsp; & &; &# &#; &#x; &#65 &#xD800; &#x110000; "
	    "&#99999999999999999999;</Message></Error>",
	    "A", "&nbsp; & &; &# &#; &#x; &#65 \xEF\xBF\xBD \xEF\xBF\xBD \xEF\xBF\xBD");
	assert_read(
	    "<Error><Code>Slow&#68;own</Code><Message><![CDATA[a &amp; <b>]]></Message></Error>",
	    "SlowDown", "a &amp; <b>");
}

static void control_bytes_become_spaces(void **state)
{
	struct lc_s3_error parsed;
	static const char body[] =
	    "<Error><Code>A</Code><Message>a\nb\tc\x1B[31m\x7F&#10;&#0;\0d</Message></Error>";

	(void)state;
	assert_true(
	    lc_s3_error_parse((struct lc_view){.data = body, .size = sizeof body - 1}, &parsed));
	assert_string_equal(parsed.message, "a b c [31m    d");
}

static void a_code_is_letters_digits_and_dots(void **state)
{
	char body[200];

	(void)state;
	assert_read("<Error><Code>Slow Down</Code></Error>", "", "");
	assert_read("<Error><Code>Slow\"Down</Code></Error>", "", "");
	assert_read("<Error><Code></Code></Error>", "", "");
	assert_read("<Error><Code>Client.NoSuchKey2</Code></Error>", "Client.NoSuchKey2", "");
	snprintf(body, sizeof body, "<Error><Code>%063d</Code></Error>", 0);
	assert_read(body, "000000000000000000000000000000000000000000000000000000000000000", "");
	snprintf(body, sizeof body, "<Error><Code>%064d</Code></Error>", 0);
	assert_read(body, "", "");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	char characters[401] = "";
	char body[1024];
	struct lc_s3_error parsed;

	(void)state;
	for (size_t i = 0; i < 400; i++)
		characters[i] = "\xC3\xA9"[i % 2];
	snprintf(body, sizeof body, "<Error><Code>A</Code><Message>%s</Message></Error>",
		 characters);
	assert_true(lc_s3_error_parse(lc_view_of(body), &parsed));
	assert_int_equal(strlen(parsed.message), LC_S3_ERROR_MESSAGE_SIZE - 2);
	assert_int_equal((unsigned char)parsed.message[LC_S3_ERROR_MESSAGE_SIZE - 3], 0xA9);
}

static void a_body_cut_anywhere_gives_what_was_complete(void **state)
{
	const char *body = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code>"
			   "<Message>Pl\xC3\xA9"
			   "ase &amp; wait</Message><X a=\"1\"/></Error>";
	size_t known = (size_t)(strstr(body, "</Code>") - body) + strlen("</Code>");

	(void)state;
	for (size_t size = 0; size <= strlen(body); size++) {
		char *copy = malloc(size + 1);
		struct lc_s3_error parsed;

		assert_non_null(copy);
		memcpy(copy, body, size);
		assert_int_equal(
		    lc_s3_error_parse((struct lc_view){.data = copy, .size = size}, &parsed),
		    size >= known);
		assert_string_equal(parsed.code, size >= known ? "SlowDown" : "");
		assert_true(strchr(parsed.message, '\xC3') == NULL || strlen(parsed.message) >= 4);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_as_servers_send_it_is_read),
	    cmocka_unit_test(what_is_no_such_error_is_empty),
	    cmocka_unit_test(only_what_stands_directly_below_error_counts),
	    cmocka_unit_test(the_first_code_and_message_count),
	    cmocka_unit_test(references_are_resolved),
	    cmocka_unit_test(control_bytes_become_spaces),
	    cmocka_unit_test(a_code_is_letters_digits_and_dots),
	    cmocka_unit_test(a_long_message_is_cut_between_characters),
	    cmocka_unit_test(a_body_cut_anywhere_gives_what_was_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
