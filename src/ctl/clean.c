#include "ctl/clean.h"

#include <string.h>

enum { INDENT = 2, LINE_MIN = 20, LINE_DEFAULT = 100 };

void lc_clean_append(const char *words, size_t size, struct lc_buffer *text)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)words[i];
		unsigned char next = i + 1 < size ? (unsigned char)words[i + 1] : 0;

		if (c < 0x20 || c == 0x7F) {
			lc_buffer_append_char(text, '?');
		} else if (c == 0xC2 && next >= 0x80 && next <= 0x9F) {
			lc_buffer_append_char(text, '?');
			i++;
		} else {
			lc_buffer_append_char(text, words[i]);
		}
	}
}

void lc_clean_append_wrapped(const char *words, unsigned width, struct lc_buffer *text)
{
	size_t room = (width == 0 ? LINE_DEFAULT : width < LINE_MIN ? LINE_MIN : width) - INDENT;

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
		lc_clean_append(words, size, text);
		lc_buffer_append_char(text, '\n');
		words += size;
		words += strspn(words, " ");
	}
}
