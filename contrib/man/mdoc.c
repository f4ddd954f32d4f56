#include "mdoc.h"

#include "config/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { WIDTH = 78 };

/* A request begins with a dot or an apostrophe, an escape with a backslash. */
static void append_escaped(struct lc_buffer *buffer, const char *text, bool in_quotes)
{
	for (const char *c = text; *c != '\0'; c++) {
		bool begins = c == text || c[-1] == ' ';

		if (begins && (*c == '.' || *c == '\''))
			lc_buffer_append_text(buffer, "\\&");
		if (*c == '\\')
			lc_buffer_append_text(buffer, "\\e");
		else if (*c == '"' && in_quotes)
			lc_buffer_append_text(buffer, "\\(dq");
		else
			lc_buffer_append_char(buffer, *c);
	}
}

/* The size of the first sentence of `text`. */
static size_t sentence_size(const char *text)
{
	size_t size = 0;

	while (text[size] != '\0') {
		size_t stops;

		size += strcspn(text + size, ".!?");
		stops = strspn(text + size, ".!?");
		size += stops;
		size += stops == 0 ? 0 : strspn(text + size, ")\"'");
		if (text[size] == ' ')
			break;
	}
	return size;
}

/* Each sentence begins a line: so mdoc knows where one ends. */
void lc_mdoc_append_text(struct lc_buffer *page, const char *text)
{
	struct lc_buffer escaped;
	const char *rest;

	lc_buffer_init(&escaped, SIZE_MAX / 2);
	append_escaped(&escaped, text, false);
	for (rest = lc_buffer_text(&escaped); *rest != '\0';) {
		size_t size = sentence_size(rest);
		struct lc_buffer sentence;

		lc_buffer_init(&sentence, SIZE_MAX / 2);
		lc_buffer_append(&sentence, rest, size);
		lc_text_wrap(page, "", lc_buffer_text(&sentence), WIDTH);
		lc_buffer_free(&sentence);
		rest += size;
		rest += strspn(rest, " ");
	}
	lc_buffer_free(&escaped);
}

void lc_mdoc_append_sentence(struct lc_buffer *page, const char *text)
{
	size_t size = strlen(text);
	struct lc_buffer sentence;

	if (size == 0)
		return;
	lc_buffer_init(&sentence, SIZE_MAX / 2);
	lc_buffer_append_format(&sentence, "%c%s%s", toupper((unsigned char)*text), text + 1,
				strchr(".!?", text[size - 1]) == NULL ? "." : "");
	lc_mdoc_append_text(page, lc_buffer_text(&sentence));
	lc_buffer_free(&sentence);
}

void lc_mdoc_append_macro(struct lc_buffer *page, const char *macro, const char *text)
{
	lc_buffer_append_format(page, ".%s \"", macro);
	append_escaped(page, text, true);
	lc_buffer_append_text(page, "\"\n");
}
