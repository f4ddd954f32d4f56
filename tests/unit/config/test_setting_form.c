#include "config/setting_form.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void accept_all(enum lc_setting_form form, const char *const *texts)
{
	struct lc_error error = {0};

	for (; *texts != NULL; texts++) {
		if (!lc_setting_form_check(form, *texts, &error))
			fail_msg("\"%s\": %s", *texts, error.message);
	}
}

static void refuse_all(enum lc_setting_form form, const char *const *texts)
{
	for (; *texts != NULL; texts++) {
		struct lc_error error = {0};

		if (lc_setting_form_check(form, *texts, &error))
			fail_msg("\"%s\" was taken", *texts);
		assert_int_equal(error.kind, LC_ERROR_USAGE);
		assert_non_null(strstr(error.message, "found "));
		assert_non_null(strstr(error.message, "expected "));
	}
}

#define ACCEPT(form, ...) \
	accept_all(LC_SETTING_FORM_##form, (const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(form, ...) \
	refuse_all(LC_SETTING_FORM_##form, (const char *const[]){__VA_ARGS__, NULL})

static void a_url_has_scheme_host_and_perhaps_a_port(void **state)
{
	(void)state;
	ACCEPT(URL, "http://a", "https://a", "http://a.example.com:1", "http://127.0.0.1:65535",
	       "http://[::1]", "https://[2001:db8::1]:8443", "http://a_b-c.d.:80", "http://1");
	REFUSE(URL, "", "a", "http://", "https://", "HTTP://a", "ftp://a", "http:/a", "//a",
	       " http://a", "http://a ", "http://a/", "http://a/b", "http://a?b", "http://a#b",
	       "http://a b", "http://:80", "http://a:", "http://a:0", "http://a:080",
	       "http://a:65536", "http://a:99999999999", "http://a:8x", "http://a:-1",
	       "http://a:80:80", "http://.a", "http://a..b", "http://-a", "http://[::1",
	       "http://::1", "http://[]", "http://[a]", "http://[127.0.0.1]", "http://[::1]x",
	       "http://[::1]:", "http://[fe80::1%25eth0]", "http://a,http://b", "http://[",
	       "http://[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]",
	       "http://\xC3\xA4", "http://a%41");
}

static void a_host_name_is_bounded(void **state)
{
	char url[300] = "http://";
	struct lc_error error = {0};

	(void)state;
	memset(url + 7, 'h', 253);
	assert_true(lc_setting_form_check(LC_SETTING_FORM_URL, url, &error));
	url[7 + 253] = 'h';
	assert_false(lc_setting_form_check(LC_SETTING_FORM_URL, url, &error));
}

static void a_password_in_a_url_is_refused_and_not_repeated(void **state)
{
	struct lc_error error = {0};

	(void)state;
	assert_false(lc_setting_form_check(LC_SETTING_FORM_URL, "http://me:hunter2@host", &error));
	assert_null(strstr(error.message, "hunter2"));
	assert_non_null(strstr(error.message, "user information"));
	assert_false(
	    lc_setting_form_check(LC_SETTING_FORM_URLS, "http://a,http://hunter2@host", &error));
	assert_null(strstr(error.message, "hunter2"));
}

static void tags_are_pairs_of_what_s3_allows(void **state)
{
	char key[LC_SETTING_FORM_TAG_KEY_MAX + 3];
	const char *rest = "team=a/b c,empty=,x=a=b";
	struct lc_view name;
	struct lc_view value;

	(void)state;
	ACCEPT(TAGS, "a=b", "a=", "a=b,c=d", "team a=x+y-z.:/@_=1",
	       "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10");
	REFUSE(TAGS, "a", "=b", "a=b,", ",a=b", "a=b,,c=d", "a=b,c", "a=\"", "a=b;c", "a&b=c",
	       "a=%20", "a=\xC3\xA4", "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10,k=11");
	memset(key, 'k', sizeof(key));
	memcpy(key + LC_SETTING_FORM_TAG_KEY_MAX, "=", 2);
	ACCEPT(TAGS, key);
	memcpy(key + LC_SETTING_FORM_TAG_KEY_MAX, "k=", 3);
	REFUSE(TAGS, key);

	assert_true(lc_setting_form_next_tag(&rest, &name, &value));
	assert_true(lc_view_equal(value, lc_view_of("a/b c")));
	assert_true(lc_setting_form_next_tag(&rest, &name, &value));
	assert_int_equal(value.size, 0);
	assert_true(lc_setting_form_next_tag(&rest, &name, &value));
	assert_true(lc_view_equal(name, lc_view_of("x")));
	assert_true(lc_view_equal(value, lc_view_of("a=b")));
	assert_false(lc_setting_form_next_tag(&rest, &name, &value));
	assert_string_equal(rest, "");
}

static void patterns_of_buckets_are_of_their_names(void **state)
{
	(void)state;
	ACCEPT(BUCKETS, "a", "*", "?", "Audit-1.x_y", "a,b*,?c");
	REFUSE(BUCKETS, "", "a,", ",a", "a,,b", "a b", "a/b", "[ab]", "a\\*", "\xC3\xA4");
}

static void a_token_may_be_an_arn(void **state)
{
	(void)state;
	ACCEPT(TOKEN, "arn:aws:kms:eu-west-1:111122223333:key/1234abcd", "alias/logs", "a,b");
	REFUSE(TOKEN, "a b", "a\"b", "a\\b");
}

static void several_urls_are_separated_by_single_commas(void **state)
{
	char many[65 * 9 + 1] = "";
	size_t size = 0;
	struct lc_error error = {0};

	(void)state;
	ACCEPT(URLS, "http://a", "http://a,https://b:1,http://[::1]");
	REFUSE(URLS, "", ",", "http://a,", ",http://a", "http://a,,http://b", "http://a;http://b",
	       "http://a http://b", "http://a,b");
	for (unsigned i = 0; i < 65; i++) {
		assert_true(i == 0 ||
			    lc_setting_form_check(LC_SETTING_FORM_URLS, many + 1, &error));
		memcpy(many + size, ",http://a", 10);
		size += 9;
	}
	assert_false(lc_setting_form_check(LC_SETTING_FORM_URLS, many + 1, &error));
	assert_non_null(strstr(error.message, "1 to 64 URLs"));
}

static void an_identifier_needs_no_quotes_in_sql(void **state)
{
	(void)state;
	ACCEPT(IDENTIFIER, "a", "_", "logs", "access_logs_federated", "A1");
	REFUSE(IDENTIFIER, "", "1a", "a.b", "a-b", "a b", "a`b", "a;DROP TABLE b", "a'",
	       "\xC3\xA4");
}

static void a_word_can_stand_in_a_header(void **state)
{
	(void)state;
	ACCEPT(WORD, "us-east-1", "account:user", "AKIAIOSFODNN7EXAMPLE", "a+b=c");
	REFUSE(WORD, "a b", "a/b", "a,b", "a\"b", "a\\b");
}

static void a_path_is_absolute(void **state)
{
	(void)state;
	ACCEPT(PATH, "/", "/a b/c");
	REFUSE(PATH, "", "a", "./a", "~/a");
}

static void an_address_is_no_name(void **state)
{
	(void)state;
	ACCEPT(ADDRESS, "0.0.0.0", "127.0.0.1", "::", "::1", "2001:db8::1");
	REFUSE(ADDRESS, "", "localhost", "127.1", "[::1]", "127.0.0.1:80", "256.0.0.1", "::1%lo");
}

static void shards_are_numbers_and_ranges(void **state)
{
	(void)state;
	ACCEPT(SHARDS, "", "0", "0-0", "0-3,7", "7,0-3", "65535", "1,1,1");
	REFUSE(SHARDS, ",", "0,", ",0", "0,,1", "3-1", "-1", "1-", "1-2-3", "a", "1 2", "01", "00",
	       "65536", "0-65536", "99999999999999999999", "1;2", "0x1", "*");
}

static void the_found_text_is_cut_and_escaped(void **state)
{
	struct lc_error error = {0};
	char text[200];

	(void)state;
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(lc_setting_form_check(LC_SETTING_FORM_PATH, text, &error));
	assert_null(strchr(error.message, '\n'));
	assert_non_null(strstr(error.message, "\\x0A...\", expected a path"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_has_scheme_host_and_perhaps_a_port),
	    cmocka_unit_test(a_host_name_is_bounded),
	    cmocka_unit_test(a_password_in_a_url_is_refused_and_not_repeated),
	    cmocka_unit_test(several_urls_are_separated_by_single_commas),
	    cmocka_unit_test(tags_are_pairs_of_what_s3_allows),
	    cmocka_unit_test(patterns_of_buckets_are_of_their_names),
	    cmocka_unit_test(a_token_may_be_an_arn),
	    cmocka_unit_test(an_identifier_needs_no_quotes_in_sql),
	    cmocka_unit_test(a_word_can_stand_in_a_header),
	    cmocka_unit_test(a_path_is_absolute),
	    cmocka_unit_test(an_address_is_no_name),
	    cmocka_unit_test(shards_are_numbers_and_ranges),
	    cmocka_unit_test(the_found_text_is_cut_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
