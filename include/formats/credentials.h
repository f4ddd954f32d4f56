/*
 * Credentials for S3: the access key that requests are signed with, its secret, and, when they were
 * lent for a time, the session token that goes with them.
 */
#ifndef LC_FORMATS_CREDENTIALS_H
#define LC_FORMATS_CREDENTIALS_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_CREDENTIALS_KEY_MAX = 4096, /* bytes of an access key's ID, and of a secret */
	LC_CREDENTIALS_TOKEN_MAX = 16384,
};

/* What people are told of credentials that the settings hold; of others they are told the place. */
#define LC_CREDENTIALS_FROM_SETTINGS "the settings"

/* All zero: none. */
struct lc_credentials {
	char *access_key_id; /* owned, as are the others; NULL: none */
	char *secret_access_key;
	char *session_token; /* empty: none */
	int64_t expires;     /* seconds since 1970, by the clock of who lent them; 0: never */
};

/* Copies them over what was there. False, and nothing is changed, if one is missing, too long or
 * is none; the error (LC_ERROR_CORRUPT) says what, and repeats no secret. */
bool lc_credentials_set(struct lc_credentials *credentials, struct lc_view access_key_id,
			struct lc_view secret_access_key, struct lc_view session_token,
			int64_t expires, struct lc_error *error);

/* Wipes and releases them. */
void lc_credentials_clear(struct lc_credentials *credentials);

/* True if the same requests can be signed with both. */
bool lc_credentials_equal(const struct lc_credentials *a, const struct lc_credentials *b);

#endif
