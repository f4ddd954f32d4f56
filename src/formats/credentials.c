#include "formats/credentials.h"

#include "base/memory.h"

#include <stdlib.h>

/* Printable ASCII, without what would end the text where it stands in a header. */
static bool is_plain(struct lc_view text, const char *forbidden)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c >= 0x7F || strchr(forbidden, c) != NULL)
			return false;
	}
	return true;
}

static bool check(struct lc_view text, const char *what, size_t most, const char *forbidden,
		  struct lc_error *error)
{
	if (text.size > most)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "%s has %zu bytes, at most %zu are expected", what, text.size,
				    most);
	return is_plain(text, forbidden) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "%s contains a character that none has", what);
}

bool lc_credentials_set(struct lc_credentials *credentials, struct lc_view access_key_id,
			struct lc_view secret_access_key, struct lc_view session_token,
			int64_t expires, struct lc_error *error)
{
	struct lc_credentials set = {.expires = expires};

	if (access_key_id.size == 0 || secret_access_key.size == 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "there is no %s",
				    access_key_id.size == 0 ? "access key ID"
							    : "secret access key");
	if (!check(access_key_id, "the access key ID", LC_CREDENTIALS_KEY_MAX, " /,\"'", error) ||
	    !check(secret_access_key, "the secret access key", LC_CREDENTIALS_KEY_MAX, "", error) ||
	    !check(session_token, "the session token", LC_CREDENTIALS_TOKEN_MAX, " ", error))
		return false;
	set.access_key_id = lc_memory_copy_bytes(access_key_id.data, access_key_id.size);
	set.secret_access_key =
	    lc_memory_copy_bytes(secret_access_key.data, secret_access_key.size);
	set.session_token = lc_memory_copy_bytes(session_token.data, session_token.size);
	lc_credentials_clear(credentials);
	*credentials = set;
	return true;
}

static void wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void lc_credentials_clear(struct lc_credentials *credentials)
{
	free(credentials->access_key_id);
	wipe(credentials->secret_access_key);
	wipe(credentials->session_token);
	*credentials = (struct lc_credentials){.expires = 0};
}

bool lc_credentials_equal(const struct lc_credentials *a, const struct lc_credentials *b)
{
	if (a->access_key_id == NULL || b->access_key_id == NULL)
		return a->access_key_id == b->access_key_id;
	return strcmp(a->access_key_id, b->access_key_id) == 0 &&
	       strcmp(a->secret_access_key, b->secret_access_key) == 0 &&
	       strcmp(a->session_token, b->session_token) == 0;
}
