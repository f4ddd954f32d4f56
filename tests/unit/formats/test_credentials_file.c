#include "formats/credentials_file.h"

#include "support/story.h"

#include <stdlib.h>
#include <string.h>

static struct lc_credentials credentials;
static struct lc_error error;

static int tear_down(void **state)
{
	(void)state;
	lc_credentials_clear(&credentials);
	return 0;
}

static enum lc_credentials_file read(const char *text, const char *profile)
{
	lc_credentials_clear(&credentials);
	error = (struct lc_error){.kind = LC_ERROR_NONE};
	return lc_credentials_file_read(lc_view_of(text), profile, &credentials, &error);
}

static void assert_read(const char *text, const char *profile, const char *id, const char *secret,
			const char *token)
{
	assert_int_equal(read(text, profile), LC_CREDENTIALS_FILE_FOUND);
	assert_string_equal(credentials.access_key_id, id);
	assert_string_equal(credentials.secret_access_key, secret);
	assert_string_equal(credentials.session_token, token);
	assert_int_equal(credentials.expires, 0);
}

static void each_profile_has_its_own(void **state)
{
	static const char FILE_TEXT[] = "[default]\n"
					"aws_access_key_id = AKIDEFAULT\n"
					"aws_secret_access_key = default/secret+=\n"
					"\n"
					"[logs]\r\n"
					"AWS_Access_Key_Id=AKILOGS\r\n"
					"aws_secret_access_key=logs#secret;x\r\n"
					"aws_session_token = a+token==\r\n"
					"region = eu-north-1\r\n"
					"[ spaced ]\n"
					"\taws_access_key_id = AKISPACED # the old one\n"
					"  aws_secret_access_key = spaced ; from the console\n"
					"# aws_secret_access_key = commented\n"
					"; aws_access_key_id = commented";

	(void)state;
	assert_read(FILE_TEXT, "default", "AKIDEFAULT", "default/secret+=", "");
	assert_read(FILE_TEXT, "logs", "AKILOGS", "logs#secret;x", "a+token==");
	assert_read(FILE_TEXT, "spaced", "AKISPACED", "spaced", "");
}

static void what_comes_again_adds_and_the_last_value_counts(void **state)
{
	(void)state;
	assert_read("[a]\naws_access_key_id = old\n[b]\naws_secret_access_key = no\n[a]\n"
		    "aws_secret_access_key = s\naws_access_key_id = new\n",
		    "a", "new", "s", "");
	assert_read("\xEF\xBB\xBF[a]\naws_access_key_id = k\naws_secret_access_key = s=t", "a", "k",
		    "s=t", "");
}

static void a_profile_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_int_equal(read("", "default"), LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_string_equal(error.message, "there is no profile \"default\"");
	assert_int_equal(read("aws_access_key_id = x\naws_secret_access_key = y\n", "default"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_int_equal(read("[Default]\naws_access_key_id = x\n", "default"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_int_equal(read("[default\naws_access_key_id = x\n", "default"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_int_equal(read("[a]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n", "a"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_string_equal(error.message, "the profile \"a\" has no aws_access_key_id");
}

static void a_profile_that_cannot_be_used_says_where_without_its_secret(void **state)
{
	(void)state;
	assert_int_equal(read("[a]\naws_access_key_id = AKID\n", "a"), LC_CREDENTIALS_FILE_WRONG);
	assert_string_equal(error.message,
			    "the profile \"a\", up to line 2: there is no secret access key");
	assert_int_equal(
	    read("[a]\naws_access_key_id = AKID\naws_secret_access_key = hunter2\x01x\n", "a"),
	    LC_CREDENTIALS_FILE_WRONG);
	assert_null(strstr(error.message, "hunter2"));
	assert_non_null(strstr(error.message, "line 3"));
	assert_int_equal(read("[a]\naws_secret_access_key = hunter2\n", "a"),
			 LC_CREDENTIALS_FILE_WRONG);
	assert_non_null(strstr(error.message, "no access key ID"));
}

static void what_is_no_such_file_gives_nothing(void **state)
{
	static const char ZERO[] = "[a]\naws_access_key_id = A\0B\naws_secret_access_key = s\n";

	(void)state;
	assert_int_equal(read("\n\n\n=\n==\n[]\n[[]]\n]\n[\n", "a"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	assert_int_equal(read("[]\naws_access_key_id = x\naws_secret_access_key = y", ""),
			 LC_CREDENTIALS_FILE_FOUND);
	assert_int_equal(read("\x7f"
			      "ELF\x02\x01\x01",
			      "default"),
			 LC_CREDENTIALS_FILE_NO_PROFILE);
	lc_credentials_clear(&credentials);
	assert_int_equal(
	    lc_credentials_file_read((struct lc_view){.data = ZERO, .size = sizeof(ZERO) - 1}, "a",
				     &credentials, &error),
	    LC_CREDENTIALS_FILE_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(each_profile_has_its_own, tear_down),
	    cmocka_unit_test_teardown(what_comes_again_adds_and_the_last_value_counts, tear_down),
	    cmocka_unit_test_teardown(a_profile_that_is_not_there_is_named, tear_down),
	    cmocka_unit_test_teardown(a_profile_that_cannot_be_used_says_where_without_its_secret,
				      tear_down),
	    cmocka_unit_test_teardown(what_is_no_such_file_gives_nothing, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
