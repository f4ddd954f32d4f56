/* Checksums as S3 takes them, against published values. */
#include "formats/checksum.h"

#include "support/story.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The header's value for the bytes, given in pieces of this size. */
static const char *sum_of(enum lc_s3_checksum kind, const void *bytes, size_t size, size_t piece)
{
	static char text[LC_CHECKSUM_TEXT_SIZE];
	struct lc_checksum *checksum = lc_checksum_begin(kind);
	struct lc_sigv4_hash *hash = lc_sigv4_hash_new();
	char hex[LC_SIGV4_HASH_HEX_SIZE];

	for (size_t at = 0; at < size; at += piece) {
		struct lc_view view = {.data = (const char *)bytes + at,
				       .size = size - at < piece ? size - at : piece};

		lc_checksum_add(checksum, view);
		lc_sigv4_hash_add(hash, view);
	}
	lc_sigv4_hash_end(hash, hex);
	lc_sigv4_hash_free(hash);
	lc_checksum_end(checksum, hex, text);
	return text;
}

static const char *sum(enum lc_s3_checksum kind, const char *text)
{
	return sum_of(kind, text, strlen(text), 1000);
}

/* The catalogue of parametrised CRC algorithms gives each one's sum of these nine digits: cbf43926,
 * e3069283, ae8b14860a799888. */
static void the_nine_digits_have_their_known_sums(void **state)
{
	(void)state;
	assert_string_equal(sum(LC_S3_CHECKSUM_CRC32, "123456789"), "y/Q5Jg==");
	assert_string_equal(sum(LC_S3_CHECKSUM_CRC32C, "123456789"), "4waSgw==");
	assert_string_equal(sum(LC_S3_CHECKSUM_CRC64NVME, "123456789"), "rosUhgp5mIg=");
	assert_string_equal(sum(LC_S3_CHECKSUM_MD5, "123456789"), "JfnnlDI7RTiF9RgfG2JNCw==");
	assert_string_equal(sum(LC_S3_CHECKSUM_SHA256, "123456789"),
			    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=");
}

/* RFC 3720, B.4: 8a9136aa, 62a8ab43 and 46dd794e; the NVM Command Set Specification's examples:
 * 6482d367eb22b64e and c0ddba7302eca3ac. */
static void the_examples_of_the_specifications_hold(void **state)
{
	unsigned char bytes[4096];

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_string_equal(sum_of(LC_S3_CHECKSUM_CRC32C, bytes, 32, 32), "ipE2qg==");
	assert_string_equal(sum_of(LC_S3_CHECKSUM_CRC64NVME, bytes, 4096, 4096), "ZILTZ+sitk4=");
	memset(bytes, 0xFF, sizeof(bytes));
	assert_string_equal(sum_of(LC_S3_CHECKSUM_CRC32C, bytes, 32, 32), "YqirQw==");
	assert_string_equal(sum_of(LC_S3_CHECKSUM_CRC64NVME, bytes, 4096, 4096), "wN26cwLso6w=");
	for (size_t i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	assert_string_equal(sum_of(LC_S3_CHECKSUM_CRC32C, bytes, 32, 32), "Rt15Tg==");
}

static void nothing_has_a_sum_too(void **state)
{
	(void)state;
	assert_string_equal(sum(LC_S3_CHECKSUM_NONE, "some"), "");
	assert_string_equal(sum(LC_S3_CHECKSUM_CRC32, ""), "AAAAAA==");
	assert_string_equal(sum(LC_S3_CHECKSUM_CRC64NVME, ""), "AAAAAAAAAAA=");
	assert_string_equal(sum(LC_S3_CHECKSUM_MD5, ""), "1B2M2Y8AsgTpgAmY7PhCfg==");
	assert_string_equal(sum(LC_S3_CHECKSUM_SHA256, ""),
			    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

/* However a body is cut into lines, and wherever these lie. */
static void pieces_do_not_matter(void **state)
{
	static const size_t PIECES[] = {1, 2, 3, 7, 8, 9, 16, 63, 257};
	unsigned char bytes[1003];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 2654435761U >> 13);
	for (enum lc_s3_checksum kind = LC_S3_CHECKSUM_MD5; kind <= LC_S3_CHECKSUM_SHA256; kind++) {
		char whole[LC_CHECKSUM_TEXT_SIZE];

		snprintf(whole, sizeof(whole), "%s",
			 sum_of(kind, bytes, sizeof(bytes), sizeof(bytes)));
		for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++)
			assert_string_equal(sum_of(kind, bytes, sizeof(bytes), PIECES[i]), whole);
		bytes[500] ^= 1;
		assert_string_not_equal(sum_of(kind, bytes, sizeof(bytes), 100), whole);
		bytes[500] ^= 1;
	}
}

static void each_has_its_header(void **state)
{
	(void)state;
	assert_string_equal(lc_checksum_header(LC_S3_CHECKSUM_NONE), "");
	assert_string_equal(lc_checksum_header(LC_S3_CHECKSUM_MD5), "content-md5");
	assert_string_equal(lc_checksum_header(LC_S3_CHECKSUM_CRC64NVME),
			    "x-amz-checksum-crc64nvme");
	for (enum lc_s3_checksum kind = LC_S3_CHECKSUM_NONE; kind <= LC_S3_CHECKSUM_SHA256; kind++)
		assert_true(lc_checksum_offered(kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_nine_digits_have_their_known_sums),
	    cmocka_unit_test(the_examples_of_the_specifications_hold),
	    cmocka_unit_test(nothing_has_a_sum_too),
	    cmocka_unit_test(pieces_do_not_matter),
	    cmocka_unit_test(each_has_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
