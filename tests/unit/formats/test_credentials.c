#include "formats/credentials.h"

#include "support/story.h"

#include <stdlib.h>
#include <string.h>

static bool set(struct lc_credentials *credentials, const char *id, const char *secret,
		const char *token, struct lc_error *error)
{
	return lc_credentials_set(credentials, lc_view_of(id), lc_view_of(secret),
				  lc_view_of(token), 0, error);
}

static void credentials_are_copied_and_replaced(void **state)
{
	struct lc_credentials credentials = {.expires = 0};

	(void)state;
	assert_true(set(&credentials, "AKID", "a/secret+key=", "", NULL));
	assert_string_equal(credentials.session_token, "");
	assert_true(lc_credentials_set(&credentials, lc_view_of("OTHER"), lc_view_of("s"),
				       lc_view_of("token"), 1770336038, NULL));
	assert_string_equal(credentials.access_key_id, "OTHER");
	assert_string_equal(credentials.secret_access_key, "s");
	assert_string_equal(credentials.session_token, "token");
	assert_int_equal(credentials.expires, 1770336038);
	lc_credentials_clear(&credentials);
	assert_null(credentials.access_key_id);
	lc_credentials_clear(&credentials);
}

static void what_cannot_be_sent_is_refused_without_being_repeated(void **state)
{
	static const struct {
		const char *id;
		const char *secret;
		const char *token;
		const char *words;
	} CASES[] = {
	    {"", "hunter2", "", "no access key ID"},
	    {"AKID", "", "hunter2", "no secret access key"},
	    {"AKID/x", "hunter2", "", "the access key ID contains a character"},
	    {"A,B", "hunter2", "", "the access key ID contains"},
	    {"AKID", "hunter2\r\nX-Evil: 1", "", "the secret access key contains"},
	    {"AKID", "hunter2", "hunter2 ", "the session token contains"},
	    {"AKID", "hunter2\xc3\xa4", "", "the secret access key contains"},
	    {"AKID", "hunter2", "\x7f", "the session token contains"},
	};
	struct lc_credentials credentials = {.expires = 0};
	struct lc_error error;

	(void)state;
	assert_true(set(&credentials, "KEPT", "kept", "", NULL));
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_false(
		    set(&credentials, CASES[i].id, CASES[i].secret, CASES[i].token, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		assert_non_null(strstr(error.message, CASES[i].words));
		assert_null(strstr(error.message, "hunter2"));
		assert_string_equal(credentials.access_key_id, "KEPT");
	}
	lc_credentials_clear(&credentials);
}

static void texts_have_bounds(void **state)
{
	struct lc_credentials credentials = {.expires = 0};
	char text[LC_CREDENTIALS_TOKEN_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(set(&credentials, "AKID", "s", text, NULL));
	text[LC_CREDENTIALS_TOKEN_MAX] = '\0';
	assert_true(set(&credentials, "AKID", "s", text, NULL));
	text[LC_CREDENTIALS_KEY_MAX + 1] = '\0';
	assert_false(set(&credentials, text, "s", "", NULL));
	assert_false(set(&credentials, "AKID", text, "", NULL));
	text[LC_CREDENTIALS_KEY_MAX] = '\0';
	assert_true(set(&credentials, text, text, "", NULL));
	lc_credentials_clear(&credentials);
}

static void only_what_signs_alike_is_equal(void **state)
{
	struct lc_credentials a = {.expires = 0};
	struct lc_credentials b = {.expires = 0};

	(void)state;
	assert_true(lc_credentials_equal(&a, &b));
	assert_true(set(&a, "AKID", "s", "t", NULL));
	assert_false(lc_credentials_equal(&a, &b));
	assert_true(set(&b, "AKID", "s", "t", NULL));
	b.expires = 5;
	assert_true(lc_credentials_equal(&a, &b));
	assert_true(set(&b, "AKID", "s", "u", NULL));
	assert_false(lc_credentials_equal(&a, &b));
	assert_true(set(&b, "AKID", "r", "t", NULL));
	assert_false(lc_credentials_equal(&a, &b));
	assert_true(set(&b, "AKIE", "s", "t", NULL));
	assert_false(lc_credentials_equal(&a, &b));
	lc_credentials_clear(&a);
	lc_credentials_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(credentials_are_copied_and_replaced),
	    cmocka_unit_test(what_cannot_be_sent_is_refused_without_being_repeated),
	    cmocka_unit_test(texts_have_bounds),
	    cmocka_unit_test(only_what_signs_alike_is_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
