#include "config/nearest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 96 };

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

unsigned lc_nearest_distance(struct lc_view typed, const char *known)
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
