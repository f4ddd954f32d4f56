#include "formats/percent.h"

#include "base/copy.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

#define UNRESERVED(c)                                                                              \
	(((c) >= 'A' && (c) <= 'Z') || ((c) >= 'a' && (c) <= 'z') || ((c) >= '0' && (c) <= '9') || \
	 (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define PRINTABLE(c) ((c) >= 0x20 && (c) < 0x7F && (c) != '"')
#define QUOTABLE(c) (PRINTABLE(c) && (c) != '\\')

#define KEPT(c)                                                                    \
	(unsigned char)((UNRESERVED(c) ? LC_PERCENT_KEEP_URI : 0) |                \
			(UNRESERVED(c) || (c) == '/' ? LC_PERCENT_KEEP_PATH : 0) | \
			(PRINTABLE(c) && (c) != ' ' ? LC_PERCENT_KEEP_FIELD : 0) | \
			(QUOTABLE(c) ? LC_PERCENT_KEEP_QUOTED : 0) |               \
			(QUOTABLE(c) && (c) != ' ' ? LC_PERCENT_KEEP_WORD : 0))
#define KEPT_4(c) KEPT(c), KEPT((c) + 1), KEPT((c) + 2), KEPT((c) + 3)
#define KEPT_16(c) KEPT_4(c), KEPT_4((c) + 4), KEPT_4((c) + 8), KEPT_4((c) + 12)
#define KEPT_64(c) KEPT_16(c), KEPT_16((c) + 16), KEPT_16((c) + 32), KEPT_16((c) + 48)

/* Of each byte, where it stays: bits of enum lc_percent_keep. */
static const unsigned char KEEP[256] = {KEPT_64(0), KEPT_64(64), KEPT_64(128), KEPT_64(192)};

/* ---- a text that stays as it is: nearly all do ---- */

/* Vectors of GCC and Clang: SSE2, NEON and their like where the machine has them, plain code where
 * it has not. A byte over 0x7F is negative. A comparison sets all bits of a byte, or none. */
typedef signed char vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

enum { VECTOR = sizeof(vector), HALF = VECTOR / 2, QUARTER = HALF / 2 };

/* Each place has its own copy of what looks at a text. */
#define SPECIALISED __attribute__((always_inline)) static inline

SPECIALISED vector unreserved(vector bytes)
{
	vector lower = bytes | ('a' - 'A');

	return ((lower >= 'a') & (lower <= 'z')) | ((bytes >= '0') & (bytes <= '9')) |
	       (bytes == '-') | (bytes == '.') | (bytes == '_') | (bytes == '~');
}

SPECIALISED vector printable(vector bytes)
{
	return (bytes >= 0x20) & (bytes != 0x7F) & (bytes != '"');
}

/* Says of sixteen bytes what KEEP says of each. */
SPECIALISED vector kept(vector bytes, enum lc_percent_keep keep)
{
	switch (keep) {
	case LC_PERCENT_KEEP_URI:
		return unreserved(bytes);
	case LC_PERCENT_KEEP_PATH:
		return unreserved(bytes) | (bytes == '/');
	case LC_PERCENT_KEEP_FIELD:
		return printable(bytes) & (bytes != ' ');
	case LC_PERCENT_KEEP_QUOTED:
		return printable(bytes) & (bytes != '\\');
	case LC_PERCENT_KEEP_WORD:
		return printable(bytes) & (bytes != '\\') & (bytes != ' ');
	}
	return (vector){0};
}

SPECIALISED bool all_kept(uint64_t first, uint64_t second, enum lc_percent_keep keep)
{
	halves truth = (halves)kept((vector)(halves){first, second}, keep);

	return (truth[0] & truth[1]) == UINT64_MAX;
}

/* Copies the text; true if all of it stays, else what stands in `out` is of no use. Pieces of one
 * size are looked at, the last of which may overlap the one before; what lies outside of the text
 * is neither read nor written. Of fewer than QUARTER bytes nothing is said. */
SPECIALISED bool copy_kept(struct lc_view text, enum lc_percent_keep keep, char *out)
{
	size_t last;

	if (text.size >= VECTOR) {
		last = text.size - VECTOR;
		for (size_t at = 0;; at = at + VECTOR < last ? at + VECTOR : last) {
			uint64_t bytes[2];

			memcpy(bytes, text.data + at, VECTOR);
			memcpy(out + at, bytes, VECTOR);
			if (!all_kept(bytes[0], bytes[1], keep))
				return false;
			if (at == last)
				return true;
		}
	}
	if (text.size >= HALF) {
		uint64_t bytes[2];

		last = text.size - HALF;
		memcpy(&bytes[0], text.data, HALF);
		memcpy(&bytes[1], text.data + last, HALF);
		memcpy(out, &bytes[0], HALF);
		memcpy(out + last, &bytes[1], HALF);
		return all_kept(bytes[0], bytes[1], keep);
	}
	if (text.size >= QUARTER) {
		uint32_t bytes[2];
		uint64_t both;

		last = text.size - QUARTER;
		memcpy(&bytes[0], text.data, QUARTER);
		memcpy(&bytes[1], text.data + last, QUARTER);
		memcpy(out, &bytes[0], QUARTER);
		memcpy(out + last, &bytes[1], QUARTER);
		both = (uint64_t)bytes[0] << 32 | bytes[1];
		return all_kept(both, both, keep);
	}
	return false;
}

/* The same with room around the text: whole vectors are copied, and what follows the text is taken
 * for kept. */
SPECIALISED bool copy_kept_spacious(struct lc_view text, enum lc_percent_keep keep, char *out)
{
	/* Read from VECTOR - n on: n bytes that are 0, and then ones. */
	static const uint64_t AFTER[] = {0, 0, UINT64_MAX, UINT64_MAX};
	halves truth = {UINT64_MAX, UINT64_MAX};
	halves after;
	halves bytes;
	size_t at = 0;

	for (; text.size - at > VECTOR; at += VECTOR) {
		memcpy(&bytes, text.data + at, VECTOR);
		memcpy(out + at, &bytes, VECTOR);
		truth &= (halves)kept((vector)bytes, keep);
	}
	memcpy(&bytes, text.data + at, VECTOR);
	memcpy(out + at, &bytes, VECTOR);
	memcpy(&after, (const char *)AFTER + VECTOR - (text.size - at), VECTOR);
	truth &= (halves)kept((vector)bytes, keep) | after;
	return (truth[0] & truth[1]) == UINT64_MAX;
}

_Static_assert((int)VECTOR <= (int)LC_COPY_SLACK, "a vector may go beyond a text by its slack");

/* ---- any text ---- */

enum { KEEP_UTF8 = LC_PERCENT_KEEP_QUOTED | LC_PERCENT_KEEP_WORD };

/* Nobody can guess which bytes of a text are to be encoded: there is no branch on that, three bytes are
 * written for each, and one of them is kept or all are. */
SPECIALISED size_t encode(struct lc_view text, enum lc_percent_keep keep, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *at = (const unsigned char *)text.data;
	size_t left = text.size;
	char *to = out;

	for (; left >= VECTOR; at += VECTOR, to += VECTOR, left -= VECTOR) {
		uint64_t bytes[2];

		memcpy(bytes, at, VECTOR);
		memcpy(to, bytes, VECTOR);
		if (!all_kept(bytes[0], bytes[1], keep))
			break;
	}
	while (left > 0) {
		unsigned stays = (KEEP[*at] & keep) != 0;
		size_t sequence = keep & KEEP_UTF8 && *at >= 0x80 ? lc_utf8_size(at, left) : 0;

		if (sequence > 0) {
			memcpy(to, at, sequence);
			to += sequence;
			at += sequence;
			left -= sequence;
			continue;
		}
		to[0] = (char)('%' ^ (('%' ^ *at) & (0 - stays)));
		to[1] = digits[*at >> 4];
		to[2] = digits[*at & 0x0F];
		to += 3 - 2 * stays;
		at++;
		left--;
	}
	return (size_t)(to - out);
}

/* ---- the places ---- */

SPECIALISED size_t write_as(struct lc_view text, enum lc_percent_keep keep, bool spacious,
			    char *out)
{
	if (spacious ? copy_kept_spacious(text, keep, out) : copy_kept(text, keep, out))
		return text.size;
	return encode(text, keep, out);
}

size_t lc_percent_write_uri(struct lc_view text, bool spacious, char *out)
{
	return write_as(text, LC_PERCENT_KEEP_URI, spacious, out);
}

size_t lc_percent_write_path(struct lc_view text, bool spacious, char *out)
{
	return write_as(text, LC_PERCENT_KEEP_PATH, spacious, out);
}

size_t lc_percent_write_field(struct lc_view text, bool spacious, char *out)
{
	return write_as(text, LC_PERCENT_KEEP_FIELD, spacious, out);
}

size_t lc_percent_write_quoted(struct lc_view text, bool spacious, char *out)
{
	return write_as(text, LC_PERCENT_KEEP_QUOTED, spacious, out);
}

size_t lc_percent_write_word(struct lc_view text, bool spacious, char *out)
{
	return write_as(text, LC_PERCENT_KEEP_WORD, spacious, out);
}
