/* The fixed vectors are Amazon's: Amazon S3 API Reference, "Signature Calculations for the
 * Authorization Header: Transferring Payload in a Single Chunk", examples. */
#include "formats/sigv4.h"

#include "support/story.h"

enum { MAY_24_2013 = 1369353600 };

#define TEXT(text)                                       \
	{                                                \
		.data = (text), .size = sizeof(text) - 1 \
	}
#define HOST                                                         \
	{                                                            \
		TEXT("host"), TEXT("examplebucket.s3.amazonaws.com") \
	}
#define DATE                                                 \
	{                                                    \
		TEXT("x-amz-date"), TEXT("20130524T000000Z") \
	}
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CREDENTIAL \
	"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"

static struct lc_sigv4_signer example_signer(void)
{
	struct lc_sigv4_signer signer;

	lc_sigv4_signer_init(&signer, lc_view_of("AKIAIOSFODNN7EXAMPLE"),
			     lc_view_of("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
			     lc_view_of("us-east-1"));
	return signer;
}

static void assert_signed(struct lc_sigv4_signer *signer, const struct lc_sigv4_request *request,
			  const char *expected)
{
	struct lc_buffer value;

	lc_buffer_init(&value, 4096);
	lc_sigv4_append_authorization(signer, request, &value);
	assert_string_equal(lc_buffer_text(&value), expected);
	lc_buffer_free(&value);
}

static void assert_example(const struct lc_sigv4_request *request, const char *expected)
{
	struct lc_sigv4_signer signer = example_signer();

	assert_signed(&signer, request, expected);
	assert_signed(&signer, request, expected); /* now with the day's key at hand */
	lc_sigv4_signer_clear(&signer);
}

static void amazons_get_object_with_a_range(void **state)
{
	static const struct lc_sigv4_header headers[] = {
	    HOST,
	    {TEXT("range"), TEXT("bytes=0-9")},
	    {TEXT("x-amz-content-sha256"), TEXT(EMPTY_HASH)},
	    DATE,
	};
	const struct lc_sigv4_request request = {
	    .method = lc_view_of("GET"),
	    .path = lc_view_of("/test.txt"),
	    .headers = headers,
	    .header_count = 4,
	    .payload_hash = lc_view_of(LC_SIGV4_EMPTY_HASH),
	    .time_seconds = MAY_24_2013,
	};

	(void)state;
	assert_example(&request, CREDENTIAL
		       "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature="
		       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void amazons_put_object_with_a_dollar_in_its_key(void **state)
{
	struct lc_sigv4_header headers[] = {
	    {TEXT("date"), TEXT("Fri, 24 May 2013 00:00:00 GMT")},
	    HOST,
	    {TEXT("x-amz-content-sha256"), TEXT("")},
	    DATE,
	    {TEXT("x-amz-storage-class"), TEXT("REDUCED_REDUNDANCY")},
	};
	struct lc_sigv4_hash *hash = lc_sigv4_hash_new();
	char hex[LC_SIGV4_HASH_HEX_SIZE];
	struct lc_buffer path;

	(void)state;
	lc_sigv4_hash_add(hash, lc_view_of("Welcome to"));
	lc_sigv4_hash_add(hash, lc_view_of(" Amazon S3."));
	lc_sigv4_hash_end(hash, hex);
	lc_sigv4_hash_free(hash);
	assert_string_equal(hex,
			    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
	headers[2].value = lc_view_of(hex);
	lc_buffer_init(&path, 4096);
	lc_sigv4_append_encoded(&path, lc_view_of("/test$file.text"), true);
	assert_string_equal(lc_buffer_text(&path), "/test%24file.text");
	assert_example(
	    &(struct lc_sigv4_request){
		.method = lc_view_of("PUT"),
		.path = lc_buffer_view(&path),
		.headers = headers,
		.header_count = 5,
		.payload_hash = lc_view_of(hex),
		.time_seconds = MAY_24_2013,
	    },
	    CREDENTIAL
	    "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
	    "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	lc_buffer_free(&path);
}

static const struct lc_sigv4_header BUCKET_HEADERS[] = {
    HOST,
    {TEXT("x-amz-content-sha256"), TEXT(EMPTY_HASH)},
    DATE,
};

static struct lc_sigv4_request bucket_request(const char *query)
{
	return (struct lc_sigv4_request){
	    .method = lc_view_of("GET"),
	    .path = lc_view_of("/"),
	    .query = lc_view_of(query),
	    .headers = BUCKET_HEADERS,
	    .header_count = 3,
	    .payload_hash = lc_view_of(LC_SIGV4_EMPTY_HASH),
	    .time_seconds = MAY_24_2013,
	};
}

static void amazons_get_bucket_lifecycle(void **state)
{
	const struct lc_sigv4_request request = bucket_request("lifecycle=");

	(void)state;
	assert_example(&request, CREDENTIAL
		       "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature="
		       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void amazons_list_objects(void **state)
{
	const struct lc_sigv4_request request = bucket_request("max-keys=2&prefix=J");

	(void)state;
	assert_example(&request, CREDENTIAL
		       "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature="
		       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void the_next_day_gets_a_key_of_its_own(void **state)
{
	struct lc_sigv4_request request = bucket_request("lifecycle=");
	struct lc_sigv4_signer used = example_signer();
	struct lc_sigv4_signer fresh = example_signer();
	struct lc_buffer first;
	struct lc_buffer second;

	(void)state;
	lc_buffer_init(&first, 4096);
	lc_buffer_init(&second, 4096);
	lc_sigv4_append_authorization(&used, &request, &first);
	lc_buffer_clear(&first);
	request.time_seconds += 86400;
	lc_sigv4_append_authorization(&used, &request, &first);
	lc_sigv4_append_authorization(&fresh, &request, &second);
	assert_true(lc_view_equal(lc_buffer_view(&first), lc_buffer_view(&second)));
	assert_non_null(strstr(lc_buffer_text(&first), "/20130525/us-east-1/"));
	lc_sigv4_signer_clear(&used);
	lc_sigv4_signer_clear(&fresh);
	lc_buffer_free(&first);
	lc_buffer_free(&second);
}

static void spaces_around_a_header_do_not_count(void **state)
{
	struct lc_sigv4_header headers[] = {
	    HOST,
	    {TEXT("x-amz-content-sha256"), TEXT(" \t" EMPTY_HASH "  ")},
	    DATE,
	};
	struct lc_sigv4_request request = bucket_request("lifecycle=");

	(void)state;
	request.headers = headers;
	assert_example(&request, CREDENTIAL
		       "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature="
		       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void a_cleared_signer_holds_no_secret(void **state)
{
	static const struct lc_sigv4_signer nothing;
	const struct lc_sigv4_request request = bucket_request("");
	struct lc_sigv4_signer signer = example_signer();
	struct lc_buffer value;

	(void)state;
	lc_buffer_init(&value, 4096);
	lc_sigv4_append_authorization(&signer, &request, &value);
	lc_sigv4_signer_clear(&signer);
	assert_memory_equal(&signer, &nothing, sizeof signer);
	lc_buffer_free(&value);
}

static void a_value_that_does_not_fit_fails_its_buffer(void **state)
{
	const struct lc_sigv4_request request = bucket_request("");
	struct lc_sigv4_signer signer = example_signer();
	struct lc_buffer value;

	(void)state;
	lc_buffer_init(&value, 100);
	lc_sigv4_append_authorization(&signer, &request, &value);
	lc_sigv4_signer_clear(&signer);
	assert_true(lc_buffer_failed(&value));
	lc_buffer_free(&value);
	lc_buffer_init(&value, 5);
	lc_sigv4_append_encoded(&value, lc_view_of("ab"), false);
	assert_true(lc_buffer_failed(&value));
	lc_buffer_free(&value);
}

static void nothing_has_the_empty_hash_before_and_after_something(void **state)
{
	struct lc_sigv4_hash *hash = lc_sigv4_hash_new();
	char hex[LC_SIGV4_HASH_HEX_SIZE];

	(void)state;
	lc_sigv4_hash_end(hash, hex);
	assert_string_equal(hex, LC_SIGV4_EMPTY_HASH);
	lc_sigv4_hash_add(hash, lc_view_of("something"));
	lc_sigv4_hash_end(hash, hex);
	assert_string_not_equal(hex, LC_SIGV4_EMPTY_HASH);
	lc_sigv4_hash_end(hash, hex);
	assert_string_equal(hex, LC_SIGV4_EMPTY_HASH);
	lc_sigv4_hash_free(hash);
}

static void a_path_is_encoded_once_and_a_name_with_its_slashes(void **state)
{
	struct lc_buffer out;

	(void)state;
	lc_buffer_init(&out, 4096);
	lc_sigv4_append_encoded(&out, lc_view_of("/b/a b+c%20//./\xC3\xA9~*'"), true);
	assert_string_equal(lc_buffer_text(&out), "/b/a%20b%2Bc%2520//./%C3%A9~%2A%27");
	lc_buffer_clear(&out);
	lc_sigv4_append_encoded(&out, lc_view_of("a/b=c&d"), false);
	assert_string_equal(lc_buffer_text(&out), "a%2Fb%3Dc%26d");
	lc_buffer_free(&out);
}

static void times_are_written_as_amazon_wants_them(void **state)
{
	char text[LC_SIGV4_TIME_SIZE];

	(void)state;
	lc_sigv4_format_time(MAY_24_2013, text);
	assert_string_equal(text, "20130524T000000Z");
	lc_sigv4_format_time(1709251199, text);
	assert_string_equal(text, "20240229T235959Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(amazons_get_object_with_a_range),
	    cmocka_unit_test(amazons_put_object_with_a_dollar_in_its_key),
	    cmocka_unit_test(amazons_get_bucket_lifecycle),
	    cmocka_unit_test(amazons_list_objects),
	    cmocka_unit_test(the_next_day_gets_a_key_of_its_own),
	    cmocka_unit_test(spaces_around_a_header_do_not_count),
	    cmocka_unit_test(a_cleared_signer_holds_no_secret),
	    cmocka_unit_test(a_value_that_does_not_fit_fails_its_buffer),
	    cmocka_unit_test(nothing_has_the_empty_hash_before_and_after_something),
	    cmocka_unit_test(a_path_is_encoded_once_and_a_name_with_its_slashes),
	    cmocka_unit_test(times_are_written_as_amazon_wants_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
