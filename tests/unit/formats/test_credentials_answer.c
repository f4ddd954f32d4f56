#include "formats/credentials_answer.h"

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

typedef bool reader(struct lc_view body, struct lc_credentials *credentials,
		    struct lc_error *error);

static bool read(reader *parse, const char *body)
{
	error = (struct lc_error){.kind = LC_ERROR_NONE};
	return parse(lc_view_of(body), &credentials, &error);
}

#define READ_JSON(body) read(lc_credentials_answer_read_json, (body))
#define READ_STS(body) read(lc_credentials_answer_read_sts, (body))

static void assert_credentials(const char *id, const char *secret, const char *token,
			       int64_t expires)
{
	assert_string_equal(credentials.access_key_id, id);
	assert_string_equal(credentials.secret_access_key, secret);
	assert_string_equal(credentials.session_token, token);
	assert_int_equal(credentials.expires, expires);
}

static void instance_metadata_is_read(void **state)
{
	(void)state;
	assert_true(
	    READ_JSON("{\n  \"Code\" : \"Success\",\n"
		      "  \"LastUpdated\" : \"2012-04-26T16:39:16Z\",\n"
		      "  \"Type\" : \"AWS-HMAC\",\n"
		      "  \"AccessKeyId\" : \"ASIAIOSFODNN7EXAMPLE\",\n"
		      "  \"SecretAccessKey\" : \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\",\n"
		      "  \"Token\" : \"token==\",\n"
		      "  \"Expiration\" : \"2017-05-17T15:09:54Z\"\n}"));
	assert_credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			   "token==", 1495033794);
}

static void a_container_provider_is_read(void **state)
{
	(void)state;
	assert_true(
	    READ_JSON("{\"RoleArn\":\"arn\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
		      "\"Token\":\"t\",\"Expiration\":\"2024-02-29T23:59:59.123456+00:00\"}"));
	assert_credentials("A", "s", "t", 1709251199);
	assert_true(READ_JSON("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}"));
	assert_credentials("A", "s", "", 0);
}

static void a_refusal_is_told_in_its_own_words(void **state)
{
	(void)state;
	assert_false(READ_JSON("{\"Code\": \"AssumeRoleUnauthorizedAccess\", "
			       "\"Message\": \"EC2 cannot assume\\nthe role\"}"));
	assert_int_equal(error.kind, LC_ERROR_REFUSED);
	assert_string_equal(error.message,
			    "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role");
	assert_false(READ_JSON("{\"code\":\"AccessDenied\",\"message\":\"no\"}"));
	assert_string_equal(error.message, "AccessDenied: no");
	assert_false(
	    READ_STS("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
		     "<Type>Sender</Type><Code>ExpiredTokenException</Code>"
		     "<Message>Token expired: current date/time must be before it</Message>"
		     "</Error><RequestId>1</RequestId></ErrorResponse>"));
	assert_int_equal(error.kind, LC_ERROR_REFUSED);
	assert_string_equal(error.message,
			    "ExpiredTokenException: Token expired: current date/time "
			    "must be before it");
	assert_false(
	    READ_STS("<Error><Code>AccessDenied</Code><RequestId>tx0</RequestId></Error>"));
	assert_string_equal(error.message, "AccessDenied");
}

#define STS(id, secret, token, time)                                                            \
	"<AssumeRoleWithWebIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>" \
	"<AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>s</"                     \
	"SubjectFromWebIdentityToken><Credentials>" id secret token time                        \
	"</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

static void an_answer_of_sts_is_read(void **state)
{
	(void)state;
	assert_true(READ_STS(STS("<AccessKeyId>ASIA</AccessKeyId>",
				 "<SecretAccessKey>a&#43;b/c</SecretAccessKey>",
				 "<SessionToken>\n t== \n</SessionToken>",
				 "<Expiration>2014-10-24T23:00:23Z</Expiration>")));
	assert_credentials("ASIA", "a+b/c", "t==", 1414191623);
}

static void what_holds_no_credentials_changes_nothing(void **state)
{
	/* Long texts stand in two pieces.
	 * NOLINTBEGIN(bugprone-suspicious-missing-comma) */
	static const char *const JSON[] = {
	    "",
	    "null",
	    "[]",
	    "\"AccessKeyId\"",
	    "<html>404</html>",
	    "{}",
	    "{\"AccessKeyId\":\"A\"}",
	    "{\"AccessKeyId\":1,\"SecretAccessKey\":\"hunter2\"}",
	    "{\"AccessKeyId\":\"A\\u0000\",\"SecretAccessKey\":\"hunter2\"}",
	    "{\"AccessKeyId\":\"A\\r\\n\",\"SecretAccessKey\":\"hunter2\"}",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"soon\"}",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"2024-13-01T00:"
	    "00:00Z\"}",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"2024-01-01T00:"
	    "00:00+01:00\"}",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"2024-01-01 "
	    "00:00:00\"}",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\"} and more",
	    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\"",
	};
	/* NOLINTEND(bugprone-suspicious-missing-comma) */
	static const char *const XML[] = {
	    "",
	    "{}",
	    STS("", "", "", ""),
	    STS("<AccessKeyId>A</AccessKeyId>", "<SecretAccessKey>hunter2</SecretAccessKey>", "",
		""),
	    STS("<AccessKeyId>A</AccessKeyId>", "<SecretAccessKey>hunter2</SecretAccessKey>",
		"<SessionToken>t</SessionToken>", "<Expiration>never</Expiration>"),
	    ("<AssumeRoleResponse><AssumeRoleWithWebIdentityResult><Credentials></Credentials>"
	     "</AssumeRoleWithWebIdentityResult></AssumeRoleResponse>"),
	};

	(void)state;
	assert_true(READ_JSON("{\"AccessKeyId\":\"KEPT\",\"SecretAccessKey\":\"s\"}"));
	for (size_t i = 0; i < sizeof(JSON) / sizeof(JSON[0]); i++) {
		assert_false(READ_JSON(JSON[i]));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		assert_null(strstr(error.message, "hunter2"));
		assert_credentials("KEPT", "s", "", 0);
	}
	for (size_t i = 0; i < sizeof(XML) / sizeof(XML[0]); i++) {
		assert_false(READ_STS(XML[i]));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		assert_null(strstr(error.message, "hunter2"));
		assert_credentials("KEPT", "s", "", 0);
	}
}

static void an_answer_cut_anywhere_gives_no_half_credentials(void **state)
{
	static const char WHOLE[] = STS(
	    "<AccessKeyId>ASIA</AccessKeyId>", "<SecretAccessKey>secret</SecretAccessKey>",
	    "<SessionToken>token</SessionToken>", "<Expiration>2014-10-24T23:00:23Z</Expiration>");
	size_t whole = (size_t)(strstr(WHOLE, "</Expiration>") - WHOLE) + strlen("</Expiration>");

	(void)state;
	for (size_t i = 0; i < sizeof(WHOLE); i++) {
		struct lc_view part = {.data = WHOLE, .size = i};

		assert_int_equal(lc_credentials_answer_read_sts(part, &credentials, &error),
				 i >= whole);
	}
	assert_credentials("ASIA", "secret", "token", 1414191623);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(instance_metadata_is_read, tear_down),
	    cmocka_unit_test_teardown(a_container_provider_is_read, tear_down),
	    cmocka_unit_test_teardown(a_refusal_is_told_in_its_own_words, tear_down),
	    cmocka_unit_test_teardown(an_answer_of_sts_is_read, tear_down),
	    cmocka_unit_test_teardown(what_holds_no_credentials_changes_nothing, tear_down),
	    cmocka_unit_test_teardown(an_answer_cut_anywhere_gives_no_half_credentials, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
