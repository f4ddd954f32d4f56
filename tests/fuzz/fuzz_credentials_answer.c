/*
 * Any bytes as the answer of instance metadata, of a container's provider and of a token service.
 * Checked: credentials that are read could be sent in headers, an answer that holds none changes
 * nothing, and what is shown of it moves no cursor.
 */
#include "fuzz/fuzz.h"

#include "formats/credentials_answer.h"

#include <stdlib.h>

static void check_plain(const char *text, bool blanks)
{
	for (; *text != '\0'; text++)
		LC_ASSERT((unsigned char)*text >= 0x20 + !blanks && (unsigned char)*text < 0x7F);
}

typedef bool reader(struct lc_view body, struct lc_credentials *credentials,
		    struct lc_error *error);

static void check(reader *read, struct lc_view body)
{
	struct lc_credentials credentials = {.expires = 0};
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool good = read(body, &credentials, &error);

	LC_ASSERT(good == (error.kind == LC_ERROR_NONE));
	LC_ASSERT(good == (credentials.access_key_id != NULL));
	if (good) {
		LC_ASSERT(credentials.expires >= 0);
		check_plain(credentials.access_key_id, false);
		check_plain(credentials.secret_access_key, true);
		check_plain(credentials.session_token, false);
	}
	for (const char *at = error.message; error.kind != LC_ERROR_NONE && *at != '\0'; at++)
		LC_ASSERT((unsigned char)*at >= 0x20 && *at != 0x7F);
	lc_credentials_clear(&credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view body = {.data = (const char *)data, .size = size};

	check(lc_credentials_answer_read_json, body);
	check(lc_credentials_answer_read_sts, body);
	return 0;
}
