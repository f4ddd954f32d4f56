/*
 * Any bytes as the body of an S3 error. Checked: the texts are terminated, hold no control bytes,
 * a code is one of letters, digits and dots, and what was read from a body is also read when more
 * follows it.
 */
#include "formats/s3_error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_texts(const struct lc_s3_error *parsed, bool known)
{
	size_t code_size = strnlen(parsed->code, sizeof parsed->code);
	size_t message_size = strnlen(parsed->message, sizeof parsed->message);

	check(code_size < sizeof parsed->code && message_size < sizeof parsed->message);
	check(known == (code_size > 0));
	check(strspn(parsed->code,
		     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.") ==
	      code_size);
	for (size_t i = 0; i < message_size; i++)
		check((unsigned char)parsed->message[i] >= 0x20 && parsed->message[i] != 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char more[] = "<Code>AccessDenied</Code>";
	struct lc_s3_error parsed;
	struct lc_s3_error longer;
	char *body = malloc(size + sizeof more);
	bool known;

	check(body != NULL);
	if (size > 0)
		memcpy(body, data, size);
	known = lc_s3_error_parse((struct lc_view){.data = body, .size = size}, &parsed);
	check_texts(&parsed, known);
	memcpy(body + size, more, sizeof more);
	if (lc_s3_error_parse((struct lc_view){.data = body, .size = size + sizeof more},
			      &longer) &&
	    known)
		check(strcmp(parsed.code, longer.code) == 0);
	check(!known || longer.code[0] != '\0');
	free(body);
	return 0;
}
