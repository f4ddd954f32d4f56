/*
 * AWS Signature Version 4 for S3: headers, payload in a single chunk.
 *
 * Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
 * Transferring Payload in a Single Chunk". The same encoder makes the URL's path and the canonical
 * path, and each path is encoded once (S3 does not normalise paths).
 */
#ifndef LC_FORMATS_SIGV4_H
#define LC_FORMATS_SIGV4_H

#include "base/buffer.h"
#include "base/view.h"

#include <stddef.h>
#include <stdint.h>

enum {
	LC_SIGV4_HASH_HEX_SIZE = 65, /* SHA-256 in lower-case hex, terminated */
	LC_SIGV4_TIME_SIZE = 17,     /* 20130524T000000Z, terminated */
};

/* The SHA-256 of no bytes, in hex. */
extern const char LC_SIGV4_EMPTY_HASH[LC_SIGV4_HASH_HEX_SIZE];

struct lc_sigv4_hash;

/* Keys and what was derived from them; the day's key is computed once a day. Wiped and released by
 * lc_sigv4_signer_clear, which does nothing to one that is zero. */
struct lc_sigv4_signer {
	struct lc_view access_key_id; /* views are the caller's and outlive the signer */
	struct lc_view secret_access_key;
	struct lc_view region;
	char day[9]; /* the day that key_of_day is for, "20130524" */
	unsigned char key_of_day[32];
	/* libcrypto's, made once: to make one costs more than to use it. */
	struct lc_sigv4_hash *hash;
	struct evp_mac_ctx_st *mac;
};

struct lc_sigv4_header {
	struct lc_view name;  /* lower case */
	struct lc_view value; /* as sent; spaces around it do not count */
};

struct lc_sigv4_request {
	struct lc_view method;
	struct lc_view path;  /* encoded, begins with "/" */
	struct lc_view query; /* canonical: encoded, sorted by name, "a=b&c="; may be empty */
	/* To be signed, sorted by name: host, x-amz-date, ... */
	const struct lc_sigv4_header *headers;
	size_t header_count;
	struct lc_view payload_hash; /* hex, or "UNSIGNED-PAYLOAD" */
	int64_t time_seconds;        /* since 1970; the same instant as x-amz-date */
};

void lc_sigv4_signer_init(struct lc_sigv4_signer *signer, struct lc_view access_key_id,
			  struct lc_view secret_access_key, struct lc_view region);
void lc_sigv4_signer_clear(struct lc_sigv4_signer *signer);

/* Appends the value of the Authorization header. */
void lc_sigv4_append_authorization(struct lc_sigv4_signer *signer,
				   const struct lc_sigv4_request *request, struct lc_buffer *value);

/* Appends `text` URI-encoded as S3 wants it: unreserved characters stay, "/" stays when
 * `keep_slash`, everything else becomes %XX in upper case. */
void lc_sigv4_append_encoded(struct lc_buffer *out, struct lc_view text, bool keep_slash);

/* SHA-256 of a sequence of pieces, in hex: add..., end; then of the next one. */
struct lc_sigv4_hash *lc_sigv4_hash_new(void);
void lc_sigv4_hash_free(struct lc_sigv4_hash *hash);
void lc_sigv4_hash_add(struct lc_sigv4_hash *hash, struct lc_view piece);
/* Writes the hex text and begins again, with no bytes. */
void lc_sigv4_hash_end(struct lc_sigv4_hash *hash, char hex[LC_SIGV4_HASH_HEX_SIZE]);

/* "20130524T000000Z" of a time. */
void lc_sigv4_format_time(int64_t seconds, char text[LC_SIGV4_TIME_SIZE]);

#endif
