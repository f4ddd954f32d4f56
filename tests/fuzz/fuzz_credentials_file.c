/*
 * Any bytes as a shared credentials file. Checked: what is found could be sent in headers, and a
 * profile that is appended is found whatever stands before it, unless that has one of its name.
 */
#include "fuzz/fuzz.h"

#include "formats/credentials_file.h"

#include <stdlib.h>

static void check_plain(const char *text, bool blanks)
{
	for (; *text != '\0'; text++)
		LC_ASSERT((unsigned char)*text >= 0x20 + !blanks && (unsigned char)*text < 0x7F);
}

static void check(struct lc_view text, const char *profile)
{
	struct lc_credentials credentials = {.expires = 0};
	struct lc_error error = {.kind = LC_ERROR_NONE};
	enum lc_credentials_file found =
	    lc_credentials_file_read(text, profile, &credentials, &error);

	LC_ASSERT((found == LC_CREDENTIALS_FILE_FOUND) == (error.kind == LC_ERROR_NONE));
	LC_ASSERT((found == LC_CREDENTIALS_FILE_FOUND) == (credentials.access_key_id != NULL));
	if (found == LC_CREDENTIALS_FILE_FOUND) {
		check_plain(credentials.access_key_id, false);
		check_plain(credentials.secret_access_key, true);
		check_plain(credentials.session_token, false);
	}
	lc_credentials_clear(&credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char more[] =
	    "\n[appended]\naws_access_key_id = AKID\naws_secret_access_key = secret\n";
	struct lc_credentials credentials = {.expires = 0};
	char *text = malloc(size + sizeof more);
	struct lc_view longer = {.data = text, .size = size + sizeof more - 1};

	LC_ASSERT(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	memcpy(text + size, more, sizeof more);
	check((struct lc_view){.data = text, .size = size}, "default");
	check((struct lc_view){.data = text, .size = size}, "");
	if (memmem(text, size, "appended", 8) == NULL) {
		LC_ASSERT(lc_credentials_file_read(longer, "appended", &credentials, NULL) ==
			  LC_CREDENTIALS_FILE_FOUND);
		LC_ASSERT(strcmp(credentials.access_key_id, "AKID") == 0);
	}
	lc_credentials_clear(&credentials);
	free(text);
	return 0;
}
