#include "support/line_check.h"

#include <stdint.h>
#include <stdlib.h>

enum { TIME = 2, REQUEST_URI = 8, REFERER = 15, USER_AGENT = 16 };

/* Bytes of the character at `at`, or 0 if it is not well-formed UTF-8: decodes and looks whether
 * the character is worth so many bytes. */
static size_t character_size(const char *at, size_t size)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)at[0];
	size_t more = lead < 0x80 ? 0 : lead < 0xC0 ? 9 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
	uint32_t c = more == 0 ? lead : lead & (0x3FU >> more);

	if (lead >= 0xF8 || more >= size)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if (((unsigned char)at[i] >> 6) != 2)
			return 0;
		c = c << 6 | ((unsigned char)at[i] & 0x3F);
	}
	if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	return more + 1;
}

/* The size of the quoted text at `at`, quotes included; 0 if there is none. */
static size_t quoted_size(const char *at, size_t size)
{
	size_t i = 1;

	if (size < 3 || at[0] != '"' || at[1] == '"')
		return 0;
	while (i < size && at[i] != '"') {
		size_t character = character_size(at + i, size - i);

		if (character == 0 || (unsigned char)at[i] < 0x20 || at[i] == 0x7F)
			return 0;
		i += character;
	}
	return i < size ? i + 1 : 0;
}

static size_t time_size(const char *at, size_t size)
{
	static const char shape[] = "[00/Aaa/0000:00:00:00 +0000]";

	if (size < sizeof shape - 1)
		return 0;
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		char c = at[i];

		if (shape[i] == '0' && (c < '0' || c > '9'))
			return 0;
		if (shape[i] == 'A' && (c < 'A' || c > 'Z'))
			return 0;
		if (shape[i] == 'a' && (c < 'a' || c > 'z'))
			return 0;
		if (strchr("0Aa", shape[i]) == NULL && c != shape[i])
			return 0;
	}
	return sizeof shape - 1;
}

static size_t plain_size(const char *at, size_t size)
{
	size_t i = 0;

	while (i < size && at[i] > ' ' && at[i] < 0x7F && at[i] != '"')
		i++;
	return i;
}

size_t line_check_split(struct lc_view line, struct lc_view fields[LINE_CHECK_FIELDS_MAX])
{
	size_t count = 0;
	size_t at = 0;

	while (count < LINE_CHECK_FIELDS_MAX) {
		const char *begin = line.data + at;
		size_t left = line.size - at;
		size_t size = count == TIME ? time_size(begin, left)
			      : count == REQUEST_URI || count == REFERER || count == USER_AGENT
				  ? quoted_size(begin, left)
				  : plain_size(begin, left);

		if (size == 0 || size == left)
			return 0;
		fields[count++] = (struct lc_view){.data = begin, .size = size};
		at += size + 1;
		if (begin[size] == '\n')
			return at == line.size ? count : 0;
		if (begin[size] != ' ')
			return 0;
	}
	return 0;
}

size_t line_check_decode(struct lc_view text, char *out)
{
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		char digits[3] = "";

		if (text.data[i] != '%' || i + 2 >= text.size) {
			out[size++] = text.data[i];
			continue;
		}
		memcpy(digits, text.data + i + 1, 2);
		out[size++] = (char)strtoul(digits, NULL, 16);
		i += 2;
	}
	return size;
}
