#include "clients/s3_address.h"

#include "formats/sigv4.h"

#include <string.h>

enum { BUCKET_MIN = 3, BUCKET_MAX = 255, LABEL_MAX = 63, KEY_MAX = 1024 };

static const char BUCKET_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"abcdefghijklmnopqrstuvwxyz"
					"0123456789._-";

bool lc_s3_address_endpoint_of(const char *text, struct lc_s3_endpoint *endpoint,
			       struct lc_error *error)
{
	static const char *const schemes[] = {"http", "https"};
	struct lc_view authority = {.data = NULL, .size = 0};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t size = strlen(schemes[i]);

		if (strncasecmp(text, schemes[i], size) == 0 &&
		    strncmp(text + size, "://", 3) == 0) {
			endpoint->scheme = lc_view_of(schemes[i]);
			authority = lc_view_of(text + size + 3);
		}
	}
	if (authority.size > 0 && authority.data[authority.size - 1] == '/')
		authority.size--;
	if (authority.size == 0)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "S3 endpoint \"%s\": http(s)://host[:port] is needed", text);
	for (size_t i = 0; i < authority.size; i++) {
		unsigned char c = (unsigned char)authority.data[i];

		if (c <= ' ' || c >= 0x7f || strchr("/?#@\\\"<>%", c) != NULL)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "S3 endpoint \"%s\": only http(s)://host[:port], "
					    "without user or path",
					    text);
	}
	endpoint->authority = authority;
	return true;
}

/* Labels between dots, each 1 to 63 characters that neither begin nor end with "-". */
static bool is_host_name(struct lc_view bucket)
{
	size_t begin = 0;

	for (size_t end = 0; end <= bucket.size; end++) {
		if (end < bucket.size && bucket.data[end] != '.')
			continue;
		if (end == begin || end - begin > LABEL_MAX || bucket.data[begin] == '-' ||
		    bucket.data[end - 1] == '-')
			return false;
		begin = end + 1;
	}
	return true;
}

static bool is_bucket_name(struct lc_view bucket)
{
	if (bucket.size < BUCKET_MIN || bucket.size > BUCKET_MAX)
		return false;
	for (size_t i = 0; i < bucket.size; i++) {
		if (memchr(BUCKET_CHARACTERS, bucket.data[i], sizeof(BUCKET_CHARACTERS) - 1) ==
		    NULL)
			return false;
	}
	return true;
}

static bool check_bucket(enum lc_s3_addressing addressing, struct lc_view bucket,
			 struct lc_error *error)
{
	int shown = lc_view_shown(bucket, BUCKET_MAX);

	if (bucket.size == 0)
		return lc_error_set(
		    error, LC_ERROR_REFUSED,
		    "the rows name no target bucket (loggingTargetBucket is empty)");
	if (!is_bucket_name(bucket))
		return lc_error_set(
		    error, LC_ERROR_REFUSED,
		    "\"%.*s\" is not the name of a bucket, which is 3 to 255 of A-Z a-z 0-9 . _ -",
		    shown, bucket.data);
	if (addressing == LC_S3_ADDRESSING_VIRTUAL && !is_host_name(bucket))
		return lc_error_set(error, LC_ERROR_REFUSED,
				    "bucket \"%.*s\" cannot be part of a host name, as "
				    "virtual-host addressing needs it",
				    shown, bucket.data);
	return true;
}

static bool check_key(struct lc_view bucket, struct lc_view key, struct lc_error *error)
{
	if (key.size == 0 || key.size > KEY_MAX)
		return lc_error_set(error, LC_ERROR_REFUSED,
				    "a key of %zu bytes: 1 to 1024 are allowed (bucket \"%.*s\"); "
				    "shorten the prefix",
				    key.size, lc_view_shown(bucket, BUCKET_MAX), bucket.data);
	return true;
}

/* Of a bucket whose name was checked. */
static void append_place(const struct lc_s3_endpoint *endpoint, enum lc_s3_addressing addressing,
			 struct lc_view bucket, struct lc_buffer *host, struct lc_buffer *path)
{
	lc_buffer_append_char(path, '/');
	if (addressing == LC_S3_ADDRESSING_VIRTUAL) {
		lc_buffer_append_view(host, bucket);
		lc_buffer_append_char(host, '.');
	} else {
		lc_buffer_append_view(path, bucket);
		lc_buffer_append_char(path, '/');
	}
	lc_buffer_append_view(host, endpoint->authority);
}

enum lc_s3_address_fault lc_s3_address_append_bucket(const struct lc_s3_endpoint *endpoint,
						     enum lc_s3_addressing addressing,
						     struct lc_view bucket, struct lc_buffer *host,
						     struct lc_buffer *path, struct lc_error *error)
{
	if (!check_bucket(addressing, bucket, error))
		return LC_S3_ADDRESS_BAD_BUCKET;
	append_place(endpoint, addressing, bucket, host, path);
	return LC_S3_ADDRESS_WHOLE;
}

enum lc_s3_address_fault lc_s3_address_append(const struct lc_s3_endpoint *endpoint,
					      enum lc_s3_addressing addressing,
					      struct lc_view bucket, struct lc_view key,
					      struct lc_buffer *host, struct lc_buffer *path,
					      struct lc_error *error)
{
	if (!check_bucket(addressing, bucket, error))
		return LC_S3_ADDRESS_BAD_BUCKET;
	if (!check_key(bucket, key, error))
		return LC_S3_ADDRESS_BAD_KEY;
	append_place(endpoint, addressing, bucket, host, path);
	lc_sigv4_append_encoded(path, key, true);
	return LC_S3_ADDRESS_WHOLE;
}
