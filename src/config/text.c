#include "config/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	QUOTED_MAX = 64,
	LONGEST = 96, /* bytes of a name that are compared */
};

/* ---- quotations ---- */

const char *lc_text_quote(char *out, struct lc_view text)
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

const char *lc_text_quote_name(char *out, struct lc_view name)
{
	size_t size = 0;

	while (size < name.size && size < QUOTED_MAX && is_of_a_name(name.data[size]))
		size++;
	snprintf(out, LC_TEXT_QUOTE_SIZE, "\"%.*s%s\"", (int)size,
		 name.data == NULL ? "" : name.data, size < name.size ? "..." : "");
	return out;
}

const char *lc_text_quote_path(const char *path)
{
	size_t size = strlen(path);

	return size <= LC_TEXT_PATH_MAX ? path : path + size - LC_TEXT_PATH_MAX;
}

/* ---- likeness ---- */

/* The name in lower case, with one sort of punctuation. Returns its length. */
static size_t level(char *out, struct lc_view name)
{
	size_t size = name.size < LONGEST ? name.size : LONGEST;

	for (size_t i = 0; i < size; i++) {
		char c = name.data[i];

		out[i] = (char)tolower((unsigned char)c);
		if (c == '.' || c == '_')
			out[i] = '-';
	}
	return size;
}

static bool ends_like(const char *known, size_t known_size, const char *typed, size_t typed_size)
{
	return typed_size > 2 && typed_size < known_size &&
	       known[known_size - typed_size - 1] == '-' &&
	       memcmp(known + known_size - typed_size, typed, typed_size) == 0;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How far `typed` is from the name `known`: 0 if they differ in case and punctuation alone, else
 * the number of letters to insert, delete, replace or swap with their neighbour (optimal string
 * alignment distance). */
static unsigned distance(struct lc_view typed, const char *known)
{
	char a[LONGEST];
	char b[LONGEST];
	size_t a_size = level(a, typed);
	size_t b_size = level(b, lc_view_of(known));
	unsigned rows[3][LONGEST + 1]; /* the row before the previous, the previous, the current */

	if (ends_like(b, b_size, a, a_size))
		return 1;
	for (unsigned j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned *current = rows[i % 3];
		const unsigned *previous = rows[(i - 1) % 3];

		current[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			unsigned replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);

			current[j] = smaller(smaller(previous[j], current[j - 1]) + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				current[j] = smaller(current[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

struct lc_text_guess lc_text_guess_of(struct lc_view typed)
{
	unsigned tolerated = typed.size < 5 ? 1 : (unsigned)(typed.size + 1) / 3;

	return (struct lc_text_guess){.typed = typed, .bound = tolerated + 1};
}

bool lc_text_guess(struct lc_text_guess *guess, const char *known)
{
	unsigned found = distance(guess->typed, known);

	if (found >= guess->bound)
		return false;
	guess->bound = found;
	guess->nearest = known;
	return true;
}

/* ---- prose ---- */

void lc_text_wrap(struct lc_buffer *buffer, const char *prefix, const char *text, size_t width)
{
	size_t column = 0; /* characters in the line; 0 before the first word */

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");

		if (column > 0 && column + 1 + size > width) {
			lc_buffer_append_char(buffer, '\n');
			column = 0;
		}
		if (column == 0) {
			lc_buffer_append_text(buffer, prefix);
			column = strlen(prefix);
		} else {
			lc_buffer_append_char(buffer, ' ');
			column++;
		}
		lc_buffer_append(buffer, text, size);
		column += size;
		text += size;
	}
	if (column > 0)
		lc_buffer_append_char(buffer, '\n');
}
