/*
 * Any bytes as the body of an S3 error. Checked: the texts are terminated, hold no control bytes,
 * a code is one of letters, digits and dots, and what was read from a body is also read when more
 * follows it.
 */
#include "fuzz/fuzz.h"

#include "formats/s3_error.h"

#include <stdlib.h>

static void check_texts(const struct lc_s3_error *parsed, bool known)
{
	size_t code_size = strnlen(parsed->code, sizeof parsed->code);
	size_t message_size = strnlen(parsed->message, sizeof parsed->message);

	LC_ASSERT(code_size < sizeof parsed->code && message_size < sizeof parsed->message);
	LC_ASSERT(known == (code_size > 0));
	LC_ASSERT(strspn(parsed->code,
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.") ==
		  code_size);
	for (size_t i = 0; i < message_size; i++)
		LC_ASSERT((unsigned char)parsed->message[i] >= 0x20 && parsed->message[i] != 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char more[] = "<Code>AccessDenied</Code>";
	struct lc_s3_error parsed;
	struct lc_s3_error longer;
	char *body = malloc(size + sizeof more);
	bool known;

	LC_ASSERT(body != NULL);
	if (size > 0)
		memcpy(body, data, size);
	known = lc_s3_error_parse((struct lc_view){.data = body, .size = size}, &parsed);
	check_texts(&parsed, known);
	memcpy(body + size, more, sizeof more);
	if (lc_s3_error_parse((struct lc_view){.data = body, .size = size + sizeof more},
			      &longer) &&
	    known)
		LC_ASSERT(strcmp(parsed.code, longer.code) == 0);
	LC_ASSERT(!known || longer.code[0] != '\0');
	free(body);
	return 0;
}
