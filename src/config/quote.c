#include "config/quote.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { QUOTED_MAX = 64 };

const char *lc_quote(char *out, struct lc_view text)
{
	size_t size = text.size < QUOTED_MAX ? text.size : QUOTED_MAX;
	char *end = out;

	*end++ = '"';
	for (size_t i = 0; i < size; i++) {
		char c = text.data[i];

		if (c == '"' || c == '\\')
			*end++ = '\\';
		if (c >= 0x20 && c < 0x7F)
			*end++ = c;
		else
			end += snprintf(end, 5, "\\x%02X", (unsigned)(unsigned char)c);
	}
	snprintf(end, 5, "%s\"", size < text.size ? "..." : "");
	return out;
}

static bool is_of_a_name(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

const char *lc_quote_name(char *out, struct lc_view name)
{
	size_t size = 0;

	while (size < name.size && size < QUOTED_MAX && is_of_a_name(name.data[size]))
		size++;
	snprintf(out, LC_QUOTE_SIZE, "\"%.*s%s\"", (int)size, name.data == NULL ? "" : name.data,
		 size < name.size ? "..." : "");
	return out;
}

const char *lc_quote_path(const char *path)
{
	size_t size = strlen(path);

	return size <= LC_QUOTE_PATH_MAX ? path : path + size - LC_QUOTE_PATH_MAX;
}
