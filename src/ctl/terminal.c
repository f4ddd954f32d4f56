#include "ctl/terminal.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- what it shows ---- */

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

static bool wants_colour(void)
{
	const char *term = getenv("TERM");

	return !is_set("NO_COLOR") && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* The first of these variables that is set names the locale. */
static bool shows_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

struct lc_terminal_style lc_terminal_style_of(int descriptor)
{
	struct lc_terminal_style style = {.ascii = !shows_utf8()};
	struct winsize size;

	if (isatty(descriptor) == 0)
		return style;
	style.colour = wants_colour();
	if (ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
		style.width = size.ws_col;
		style.height = size.ws_row;
	}
	return style;
}

/* ---- text that is safe on it ---- */

enum { INDENT = 2, LINE_MIN = 20 };

/* The character at the beginning of the text, and its bytes; 0 bytes when it is not UTF-8. */
static size_t decode(const unsigned char *text, size_t size, uint32_t *character)
{
	size_t length = lc_utf8_size(text, size);

	*character = text[0];
	if (length > 1)
		*character &= 0xFFU >> (length + 1);
	for (size_t i = 1; i < length; i++)
		*character = *character << 6 | (text[i] & 0x3FU);
	return length;
}

/* Characters that move the cursor, the direction of text, or hide in it. */
static bool is_hostile(uint32_t character)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} hostile[] = {
	    {0x00, 0x1F},        {0x7F, 0x9F},     {0xAD, 0xAD},     {0x0300, 0x036F},
	    {0x061C, 0x061C},    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},
	    {0x2060, 0x206F},    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB},
	    {0xE0000, 0x10FFFF},
	};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		if (character >= hostile[i].first && character <= hostile[i].last)
			return true;
	}
	return false;
}

void lc_terminal_append(const char *words, size_t size, struct lc_buffer *text)
{
	for (size_t i = 0; i < size;) {
		uint32_t character;
		size_t length = decode((const unsigned char *)words + i, size - i, &character);

		if (length == 0 || is_hostile(character))
			lc_buffer_append_char(text, '?');
		else
			lc_buffer_append(text, words + i, length);
		i += length == 0 ? 1 : length;
	}
}

void lc_terminal_append_wrapped(const char *words, unsigned width, struct lc_buffer *text)
{
	size_t room = width == 0 ? SIZE_MAX : (width < LINE_MIN ? LINE_MIN : width) - INDENT;

	while (*words != '\0') {
		size_t size = strlen(words);

		if (size > room) {
			size = room;
			while (size > 0 && words[size] != ' ')
				size--;
			if (size == 0) /* a word longer than a line stays whole */
				size = strcspn(words, " ");
		}
		lc_buffer_append_format(text, "%*s", INDENT, "");
		lc_terminal_append(words, size, text);
		lc_buffer_append_char(text, '\n');
		words += size;
		words += strspn(words, " ");
	}
}

size_t lc_terminal_width(const char *words, size_t size)
{
	size_t width = 0;

	for (size_t i = 0; i < size; i++)
		width += ((unsigned char)words[i] & 0xC0) != 0x80;
	return width;
}

bool lc_terminal_confirm(struct lc_buffer *question)
{
	char answer[16];

	fputs(lc_buffer_text(question), stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL && strcmp(answer, "yes\n") == 0;
}
