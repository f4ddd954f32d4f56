#include "formats/checksum.h"

#include "base/assert.h"
#include "base/memory.h"

#include <endian.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
	BITS = 8,
	BYTE_VALUES = 256,
	SLICE = 8, /* bytes that are taken at once */
	SHA256_SIZE = 32,
	MD5_SIZE = 16,
};

/* A cyclic redundancy check of up to 64 bits, its lowest bit first, that begins and ends inverted.
 * tables[n][b] is what the byte b does to the sum when n bytes follow it. */
struct crc {
	uint64_t tables[SLICE][BYTE_VALUES];
	uint64_t sum;
	size_t size; /* bytes of the sum */
};

struct lc_checksum {
	enum lc_s3_checksum kind;
	struct crc *crc; /* of the CRCs */
	EVP_MD_CTX *md5; /* of MD5 */
};

const char *lc_checksum_header(enum lc_s3_checksum kind)
{
	static const char *const HEADERS[] = {
#define LC_S3_CHECKSUM(name, text, header) (header),
#include "tbl/s3_choices.h"
	};

	return HEADERS[kind];
}

/* ---- cyclic redundancy checks ---- */

/* The tables take 4 us to make, which is less than any request takes: they need no home between
 * bodies. */
static struct crc *crc_new(uint64_t polynomial, size_t size)
{
	struct crc *crc = lc_memory_zero(1, sizeof(*crc));

	crc->size = size;
	crc->sum = size == sizeof(uint64_t) ? UINT64_MAX : (UINT64_C(1) << (size * BITS)) - 1;
	for (unsigned byte = 0; byte < BYTE_VALUES; byte++) {
		uint64_t sum = byte;

		for (unsigned bit = 0; bit < BITS; bit++)
			sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
		crc->tables[0][byte] = sum;
	}
	for (unsigned n = 1; n < SLICE; n++) {
		for (unsigned byte = 0; byte < BYTE_VALUES; byte++) {
			uint64_t sum = crc->tables[n - 1][byte];

			crc->tables[n][byte] =
			    (sum >> BITS) ^ crc->tables[0][sum & (BYTE_VALUES - 1)];
		}
	}
	return crc;
}

static void crc_add(struct crc *crc, struct lc_view piece)
{
	const unsigned char *at = (const unsigned char *)piece.data;
	const unsigned char *end = at + piece.size;
	uint64_t sum = crc->sum;

	for (; end - at >= SLICE; at += SLICE) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		word = le64toh(word) ^ sum;
		sum = 0;
		for (unsigned n = 0; n < SLICE; n++)
			sum ^= crc->tables[SLICE - 1 - n][(word >> (n * BITS)) & (BYTE_VALUES - 1)];
	}
	for (; at < end; at++)
		sum = (sum >> BITS) ^ crc->tables[0][(sum ^ *at) & (BYTE_VALUES - 1)];
	crc->sum = sum;
}

static void crc_end(struct crc *crc, unsigned char *bytes)
{
	for (size_t i = 0; i < crc->size; i++)
		bytes[i] = (unsigned char)~(crc->sum >> ((crc->size - 1 - i) * BITS));
	free(crc);
}

static struct crc *crc_of(enum lc_s3_checksum kind)
{
	/* With the lowest bit first, as the sums are. */
	static const uint64_t POLYNOMIAL_32 = 0xEDB88320;
	static const uint64_t POLYNOMIAL_32C = 0x82F63B78;
	static const uint64_t POLYNOMIAL_64NVME = 0x9A6C9329AC4BC9B5;

	switch (kind) {
	case LC_S3_CHECKSUM_CRC32:
		return crc_new(POLYNOMIAL_32, sizeof(uint32_t));
	case LC_S3_CHECKSUM_CRC32C:
		return crc_new(POLYNOMIAL_32C, sizeof(uint32_t));
	case LC_S3_CHECKSUM_CRC64NVME:
		return crc_new(POLYNOMIAL_64NVME, sizeof(uint64_t));
	case LC_S3_CHECKSUM_NONE:
	case LC_S3_CHECKSUM_MD5:
	case LC_S3_CHECKSUM_SHA256:
		break;
	}
	return NULL;
}

/* ---- all kinds ---- */

static EVP_MD_CTX *md5_new(void)
{
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();

	LC_ASSERT(md5 != NULL);
	if (EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1)
		return md5;
	EVP_MD_CTX_free(md5);
	return NULL;
}

bool lc_checksum_offered(enum lc_s3_checksum kind)
{
	EVP_MD_CTX *md5;

	if (kind != LC_S3_CHECKSUM_MD5)
		return true;
	md5 = md5_new();
	EVP_MD_CTX_free(md5);
	return md5 != NULL;
}

struct lc_checksum *lc_checksum_begin(enum lc_s3_checksum kind)
{
	struct lc_checksum *checksum = lc_memory_zero(1, sizeof(*checksum));

	checksum->kind = kind;
	checksum->crc = crc_of(kind);
	if (kind == LC_S3_CHECKSUM_MD5) {
		checksum->md5 = md5_new();
		LC_ASSERT(checksum->md5 != NULL);
	}
	return checksum;
}

void lc_checksum_add(struct lc_checksum *checksum, struct lc_view piece)
{
	if (piece.size == 0)
		return;
	if (checksum->crc != NULL)
		crc_add(checksum->crc, piece);
	if (checksum->md5 != NULL)
		LC_ASSERT(EVP_DigestUpdate(checksum->md5, piece.data, piece.size) == 1);
}

static unsigned char value_of(char digit)
{
	return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Returns the number of bytes. */
static size_t end_bytes(const struct lc_checksum *checksum, const char *sha256,
			unsigned char bytes[SHA256_SIZE])
{
	if (checksum->crc != NULL) {
		size_t size = checksum->crc->size;

		crc_end(checksum->crc, bytes);
		return size;
	}
	if (checksum->md5 != NULL) {
		LC_ASSERT(EVP_DigestFinal_ex(checksum->md5, bytes, NULL) == 1);
		EVP_MD_CTX_free(checksum->md5);
		return MD5_SIZE;
	}
	if (checksum->kind == LC_S3_CHECKSUM_NONE)
		return 0;
	for (size_t i = 0; i < SHA256_SIZE; i++)
		bytes[i] =
		    (unsigned char)(value_of(sha256[2 * i]) << 4 | value_of(sha256[2 * i + 1]));
	return SHA256_SIZE;
}

void lc_checksum_end(struct lc_checksum *checksum, const char sha256[LC_SIGV4_HASH_HEX_SIZE],
		     char text[LC_CHECKSUM_TEXT_SIZE])
{
	unsigned char bytes[SHA256_SIZE];
	size_t size = end_bytes(checksum, sha256, bytes);

	text[0] = '\0';
	if (size > 0)
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	free(checksum);
}
