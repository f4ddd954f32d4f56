#include "formats/sigv4.h"

#include "base/assert.h"
#include "base/clock.h"
#include "formats/percent.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 32, DAY_SIZE = 8 };

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";
static const char SERVICE[] = "s3";
static const char TERMINATOR[] = "aws4_request";

const char LC_SIGV4_EMPTY_HASH[LC_SIGV4_HASH_HEX_SIZE] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void write_hex(const unsigned char hash[HASH_SIZE], char hex[LC_SIGV4_HASH_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 0x0F];
	}
	hex[LC_SIGV4_HASH_HEX_SIZE - 1] = '\0';
}

/* The hash is libcrypto's own context; it fails only without memory. */
struct lc_sigv4_hash *lc_sigv4_hash_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	LC_ASSERT(context != NULL);
	LC_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
	return (struct lc_sigv4_hash *)context;
}

void lc_sigv4_hash_free(struct lc_sigv4_hash *hash)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)hash);
}

void lc_sigv4_hash_add(struct lc_sigv4_hash *hash, struct lc_view piece)
{
	if (piece.size > 0)
		LC_ASSERT(EVP_DigestUpdate((EVP_MD_CTX *)hash, piece.data, piece.size) == 1);
}

void lc_sigv4_hash_end(struct lc_sigv4_hash *hash, char hex[LC_SIGV4_HASH_HEX_SIZE])
{
	EVP_MD_CTX *context = (EVP_MD_CTX *)hash;
	unsigned char bytes[HASH_SIZE];

	LC_ASSERT(EVP_DigestFinal_ex(context, bytes, NULL) == 1);
	LC_ASSERT(EVP_DigestInit_ex(context, NULL, NULL) == 1); /* the same once more */
	write_hex(bytes, hex);
}

/* The last two digits; the place after them. */
static char *write_two(char *text, int number)
{
	text[0] = (char)('0' + number / 10 % 10);
	text[1] = (char)('0' + number % 10);
	return text + 2;
}

void lc_sigv4_format_time(int64_t seconds, char text[LC_SIGV4_TIME_SIZE])
{
	struct lc_clock_date date = lc_clock_date_of(seconds);

	text = write_two(text, date.year / 100);
	text = write_two(text, date.year);
	text = write_two(text, date.month);
	text = write_two(text, date.day);
	*text++ = 'T';
	text = write_two(text, date.hour);
	text = write_two(text, date.minute);
	text = write_two(text, date.second);
	memcpy(text, "Z", sizeof "Z");
}

void lc_sigv4_append_encoded(struct lc_buffer *out, struct lc_view text, bool keep_slash)
{
	char *place = lc_buffer_reserve(out, LC_PERCENT_GROWTH * text.size);

	if (place != NULL)
		lc_buffer_commit(
		    out,
		    lc_percent_write(text, keep_slash ? LC_PERCENT_KEEP_PATH : LC_PERCENT_KEEP_URI,
				     false, place));
}

static EVP_MAC_CTX *new_mac(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(kind);

	EVP_MAC_free(kind);
	LC_ASSERT(mac != NULL && EVP_MAC_CTX_set_params(mac, parameters) == 1);
	return mac;
}

void lc_sigv4_signer_init(struct lc_sigv4_signer *signer, struct lc_view access_key_id,
			  struct lc_view secret_access_key, struct lc_view region)
{
	*signer = (struct lc_sigv4_signer){
	    .access_key_id = access_key_id,
	    .secret_access_key = secret_access_key,
	    .region = region,
	    .hash = lc_sigv4_hash_new(),
	    .mac = new_mac(),
	};
}

void lc_sigv4_signer_clear(struct lc_sigv4_signer *signer)
{
	lc_sigv4_hash_free(signer->hash);
	EVP_MAC_CTX_free(signer->mac);
	OPENSSL_cleanse(signer, sizeof *signer);
}

static void hmac(const struct lc_sigv4_signer *signer, struct lc_view key, struct lc_view data,
		 unsigned char result[HASH_SIZE])
{
	size_t size = 0;

	LC_ASSERT(EVP_MAC_init(signer->mac, (const unsigned char *)key.data, key.size, NULL) == 1);
	LC_ASSERT(EVP_MAC_update(signer->mac, (const unsigned char *)data.data, data.size) == 1);
	LC_ASSERT(EVP_MAC_final(signer->mac, result, &size, HASH_SIZE) == 1 && size == HASH_SIZE);
}

static void derive(struct lc_sigv4_signer *signer, struct lc_view data)
{
	unsigned char *key = signer->key_of_day;
	unsigned char derived[HASH_SIZE];

	hmac(signer, (struct lc_view){.data = (const char *)key, .size = HASH_SIZE}, data, derived);
	memcpy(key, derived, HASH_SIZE);
	OPENSSL_cleanse(derived, sizeof derived);
}

/* The signing key: HMACs over day, region, service and a terminator, beginning with the secret. */
static void derive_key_of_day(struct lc_sigv4_signer *signer, const char day[DAY_SIZE])
{
	static const char prefix[] = "AWS4";
	size_t prefix_size = sizeof prefix - 1;
	size_t size = prefix_size + signer->secret_access_key.size;
	char *secret = malloc(size);

	LC_ASSERT(secret != NULL);
	memcpy(secret, prefix, prefix_size);
	if (signer->secret_access_key.size > 0)
		memcpy(secret + prefix_size, signer->secret_access_key.data,
		       signer->secret_access_key.size);
	memcpy(signer->day, day, DAY_SIZE);
	hmac(signer, (struct lc_view){.data = secret, .size = size}, lc_view_of(signer->day),
	     signer->key_of_day);
	derive(signer, signer->region);
	derive(signer, lc_view_of(SERVICE));
	derive(signer, lc_view_of(TERMINATOR));
	OPENSSL_cleanse(secret, size);
	free(secret);
}

static void add(struct lc_sigv4_hash *hash, struct lc_view text, const char *end)
{
	lc_sigv4_hash_add(hash, text);
	lc_sigv4_hash_add(hash, lc_view_of(end));
}

/* The hash of the canonical request: method, path, query, headers and a blank line, the names of
 * the headers, the payload's hash, each on a line. */
static void hash_canonical_request(struct lc_sigv4_hash *hash,
				   const struct lc_sigv4_request *request,
				   char hex[LC_SIGV4_HASH_HEX_SIZE])
{
	add(hash, request->method, "\n");
	add(hash, request->path, "\n");
	add(hash, request->query, "\n");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct lc_sigv4_header *header = &request->headers[i];

		LC_ASSERT(i == 0 || lc_view_compare(header[-1].name, header->name) < 0);
		add(hash, header->name, ":");
		add(hash, lc_view_trimmed(header->value, " \t"), "\n");
	}
	add(hash, lc_view_of(""), "\n");
	for (size_t i = 0; i < request->header_count; i++)
		add(hash, request->headers[i].name, i + 1 < request->header_count ? ";" : "\n");
	lc_sigv4_hash_add(hash, request->payload_hash);
	lc_sigv4_hash_end(hash, hex);
}

/* The day, region, service and terminator that a signature is good for. */
static void append_scope(const struct lc_sigv4_signer *signer, struct lc_buffer *out)
{
	lc_buffer_append_text(out, signer->day);
	lc_buffer_append_char(out, '/');
	lc_buffer_append_view(out, signer->region);
	lc_buffer_append_char(out, '/');
	lc_buffer_append_text(out, SERVICE);
	lc_buffer_append_char(out, '/');
	lc_buffer_append_text(out, TERMINATOR);
}

static void sign(const struct lc_sigv4_signer *signer, const struct lc_sigv4_request *request,
		 const char *time, char hex[LC_SIGV4_HASH_HEX_SIZE])
{
	struct lc_buffer to_sign;
	char request_hash[LC_SIGV4_HASH_HEX_SIZE];
	unsigned char signature[HASH_SIZE];

	hash_canonical_request(signer->hash, request, request_hash);
	lc_buffer_init(&to_sign, SIZE_MAX);
	lc_buffer_append_text(&to_sign, ALGORITHM);
	lc_buffer_append_char(&to_sign, '\n');
	lc_buffer_append_text(&to_sign, time);
	lc_buffer_append_char(&to_sign, '\n');
	append_scope(signer, &to_sign);
	lc_buffer_append_char(&to_sign, '\n');
	lc_buffer_append_text(&to_sign, request_hash);
	LC_ASSERT(!lc_buffer_failed(&to_sign));
	hmac(signer, (struct lc_view){.data = (const char *)signer->key_of_day, .size = HASH_SIZE},
	     lc_buffer_view(&to_sign), signature);
	lc_buffer_free(&to_sign);
	write_hex(signature, hex);
}

void lc_sigv4_append_authorization(struct lc_sigv4_signer *signer,
				   const struct lc_sigv4_request *request, struct lc_buffer *value)
{
	char time[LC_SIGV4_TIME_SIZE];
	char signature[LC_SIGV4_HASH_HEX_SIZE];

	lc_sigv4_format_time(request->time_seconds, time);
	if (memcmp(signer->day, time, DAY_SIZE) != 0)
		derive_key_of_day(signer, time);
	sign(signer, request, time, signature);
	lc_buffer_append_text(value, ALGORITHM);
	lc_buffer_append_text(value, " Credential=");
	lc_buffer_append_view(value, signer->access_key_id);
	lc_buffer_append_char(value, '/');
	append_scope(signer, value);
	lc_buffer_append_text(value, ",SignedHeaders=");
	for (size_t i = 0; i < request->header_count; i++) {
		if (i > 0)
			lc_buffer_append_char(value, ';');
		lc_buffer_append_view(value, request->headers[i].name);
	}
	lc_buffer_append_text(value, ",Signature=");
	lc_buffer_append_text(value, signature);
}
