#include "clients/s3_address.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lc_error ERROR;

static bool endpoint_of(const char *text, struct lc_s3_endpoint *endpoint)
{
	ERROR = (struct lc_error){.kind = LC_ERROR_NONE};
	return lc_s3_address_endpoint_of(text, endpoint, &ERROR);
}

static void an_endpoint_is_scheme_host_and_port(void **state)
{
	struct lc_s3_endpoint endpoint;

	(void)state;
	assert_true(endpoint_of("http://127.0.0.1:8000", &endpoint));
	assert_true(lc_view_equal(endpoint.scheme, lc_view_of("http")));
	assert_true(lc_view_equal(endpoint.authority, lc_view_of("127.0.0.1:8000")));
	assert_true(endpoint_of("HTTPS://s3.example.com/", &endpoint));
	assert_true(lc_view_equal(endpoint.scheme, lc_view_of("https")));
	assert_true(lc_view_equal(endpoint.authority, lc_view_of("s3.example.com")));
	assert_true(endpoint_of("http://[::1]:8000", &endpoint));
}

static void what_is_more_or_less_than_that_is_no_endpoint(void **state)
{
	static const char *const texts[] = {
	    "",           "s3.example.com", "ftp://a",         "http://",    "http:///",
	    "http://a/b", "http://u:p@a",   "http://a?x",      "http://a b", "http://a\n",
	    "http://a//", "httpss://a",     "http://\xc3\xa4", "https:/a",
	};
	struct lc_s3_endpoint endpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(endpoint_of(texts[i], &endpoint));
		assert_int_equal(ERROR.kind, LC_ERROR_USAGE);
	}
}

/* Appends the address of bucket and key on http://s3.test:80. */
static enum lc_s3_address_fault address_of(enum lc_s3_addressing addressing, const char *bucket,
					   struct lc_view key, const char *host, const char *path)
{
	struct lc_s3_endpoint endpoint;
	struct lc_buffer host_seen;
	struct lc_buffer path_seen;
	enum lc_s3_address_fault fault;

	assert_true(endpoint_of("http://s3.test:80", &endpoint));
	lc_buffer_init(&host_seen, 10000);
	lc_buffer_init(&path_seen, 10000);
	fault = lc_s3_address_append(&endpoint, addressing, lc_view_of(bucket), key, &host_seen,
				     &path_seen, &ERROR);
	if (fault == LC_S3_ADDRESS_WHOLE) {
		assert_string_equal(lc_buffer_text(&host_seen), host);
		assert_string_equal(lc_buffer_text(&path_seen), path);
	} else {
		assert_int_equal(ERROR.kind, LC_ERROR_REFUSED);
		assert_int_equal(path_seen.size + host_seen.size, 0);
	}
	lc_buffer_free(&host_seen);
	lc_buffer_free(&path_seen);
	return fault;
}

static void a_key_is_encoded_once_and_keeps_its_slashes(void **state)
{
	static const char *key = "a b/\xc3\xa4//../+%20'\"?#&=~.-_";
	static const char *encoded = "a%20b/%C3%A4//../%2B%2520%27%22%3F%23%26%3D~.-_";
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "/logs/%s", encoded);
	assert_int_equal(
	    address_of(LC_S3_ADDRESSING_PATH, "logs", lc_view_of(key), "s3.test:80", path),
	    LC_S3_ADDRESS_WHOLE);
	snprintf(path, sizeof(path), "/%s", encoded);
	assert_int_equal(
	    address_of(LC_S3_ADDRESSING_VIRTUAL, "logs", lc_view_of(key), "logs.s3.test:80", path),
	    LC_S3_ADDRESS_WHOLE);
}

static void a_bucket_that_is_no_name_is_refused(void **state)
{
	static const char *const buckets[] = {
	    "",      "ab",   "a/b/c", "../../x",          "a b c",  "a%2fb",
	    "a?b=c", "a\nb", "abc@d", "\xc3\xa4\xc3\xa4", "abc:80", "abc#"};
	char long_bucket[257];

	(void)state;
	memset(long_bucket, 'a', sizeof(long_bucket) - 1);
	long_bucket[256] = '\0';
	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
		assert_int_equal(
		    address_of(LC_S3_ADDRESSING_PATH, buckets[i], lc_view_of("k"), "", ""),
		    LC_S3_ADDRESS_BAD_BUCKET);
	assert_int_equal(address_of(LC_S3_ADDRESSING_PATH, long_bucket, lc_view_of("k"), "", ""),
			 LC_S3_ADDRESS_BAD_BUCKET);
	assert_int_equal(address_of(LC_S3_ADDRESSING_PATH, "Old_Bucket.-", lc_view_of("k"),
				    "s3.test:80", "/Old_Bucket.-/k"),
			 LC_S3_ADDRESS_WHOLE);
}

static void a_bucket_that_is_no_host_is_refused_in_virtual_style(void **state)
{
	static const char *const buckets[] = {"...",  "a..b", ".abc", "abc.",
					      "-abc", "abc-", "a.-b", "a-.b"};
	char long_label[66];

	(void)state;
	memset(long_label, 'a', sizeof(long_label) - 1);
	long_label[65] = '\0';
	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
		assert_int_equal(
		    address_of(LC_S3_ADDRESSING_VIRTUAL, buckets[i], lc_view_of("k"), "", ""),
		    LC_S3_ADDRESS_BAD_BUCKET);
	assert_int_equal(address_of(LC_S3_ADDRESSING_VIRTUAL, long_label, lc_view_of("k"), "", ""),
			 LC_S3_ADDRESS_BAD_BUCKET);
	assert_int_equal(address_of(LC_S3_ADDRESSING_VIRTUAL, "a.b-c", lc_view_of("k"),
				    "a.b-c.s3.test:80", "/k"),
			 LC_S3_ADDRESS_WHOLE);
}

static void a_key_of_no_bytes_or_too_many_is_refused(void **state)
{
	char key[1025] = {0};

	(void)state;
	memset(key, 'k', sizeof(key));
	assert_int_equal(address_of(LC_S3_ADDRESSING_PATH, "logs", lc_view_of(""), "", ""),
			 LC_S3_ADDRESS_BAD_KEY);
	assert_int_equal(address_of(LC_S3_ADDRESSING_PATH, "logs",
				    (struct lc_view){.data = key, .size = sizeof(key)}, "", ""),
			 LC_S3_ADDRESS_BAD_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_endpoint_is_scheme_host_and_port),
	    cmocka_unit_test(what_is_more_or_less_than_that_is_no_endpoint),
	    cmocka_unit_test(a_key_is_encoded_once_and_keeps_its_slashes),
	    cmocka_unit_test(a_bucket_that_is_no_name_is_refused),
	    cmocka_unit_test(a_bucket_that_is_no_host_is_refused_in_virtual_style),
	    cmocka_unit_test(a_key_of_no_bytes_or_too_many_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
