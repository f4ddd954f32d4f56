#include "formats/percent.h"

#include <stdint.h>

#define UNRESERVED(c)                                                                              \
	(((c) >= 'A' && (c) <= 'Z') || ((c) >= 'a' && (c) <= 'z') || ((c) >= '0' && (c) <= '9') || \
	 (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define PRINTABLE(c) ((c) >= 0x20 && (c) < 0x7F && (c) != '"')

#define KEPT(c)                                                                    \
	(unsigned char)((UNRESERVED(c) ? LC_PERCENT_KEEP_URI : 0) |                \
			(UNRESERVED(c) || (c) == '/' ? LC_PERCENT_KEEP_PATH : 0) | \
			(PRINTABLE(c) && (c) != ' ' ? LC_PERCENT_KEEP_FIELD : 0) | \
			(PRINTABLE(c) ? LC_PERCENT_KEEP_QUOTED : 0))
#define KEPT_4(c) KEPT(c), KEPT((c) + 1), KEPT((c) + 2), KEPT((c) + 3)
#define KEPT_16(c) KEPT_4(c), KEPT_4((c) + 4), KEPT_4((c) + 8), KEPT_4((c) + 12)
#define KEPT_64(c) KEPT_16(c), KEPT_16((c) + 16), KEPT_16((c) + 32), KEPT_16((c) + 48)

/* Of each byte, where it stays: bits of enum lc_percent_keep. */
static const unsigned char KEEP[256] = {KEPT_64(0), KEPT_64(64), KEPT_64(128), KEPT_64(192)};

enum { STRIDE = 8 };

static unsigned char kept_by_stride(const unsigned char *at)
{
	return KEEP[at[0]] & KEEP[at[1]] & KEEP[at[2]] & KEEP[at[3]] & KEEP[at[4]] & KEEP[at[5]] &
	       KEEP[at[6]] & KEEP[at[7]];
}

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* The size of the well-formed UTF-8 sequence of several bytes at `at`, or 0 (The Unicode Standard,
 * table 3-7): no overlong forms, no surrogates, nothing over U+10FFFF. */
static size_t utf8_sequence(const unsigned char *at, size_t size)
{
	if (size >= 2 && at[0] >= 0xC2 && at[0] <= 0xDF && is_continuation(at[1]))
		return 2;
	if (size >= 3 && (at[0] & 0xF0) == 0xE0 && is_continuation(at[1]) && is_continuation(at[2]))
		return (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ? 0 : 3;
	if (size >= 4 && at[0] >= 0xF0 && at[0] <= 0xF4 && is_continuation(at[1]) &&
	    is_continuation(at[2]) && is_continuation(at[3]))
		return (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F) ? 0 : 4;
	return 0;
}

size_t lc_percent_write(struct lc_view text, enum lc_percent_keep keep, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *at = (const unsigned char *)text.data;
	size_t left = text.size;
	char *to = out;

	while (left > 0) {
		size_t sequence;

		while (left >= STRIDE && (kept_by_stride(at) & keep) != 0) {
			memcpy(to, at, STRIDE);
			to += STRIDE;
			at += STRIDE;
			left -= STRIDE;
		}
		while (left > 0 && (KEEP[*at] & keep) != 0) {
			*to++ = (char)*at++;
			left--;
		}
		if (left == 0)
			break;
		sequence = keep == LC_PERCENT_KEEP_QUOTED ? utf8_sequence(at, left) : 0;
		if (sequence > 0) {
			memcpy(to, at, sequence);
			to += sequence;
			at += sequence;
			left -= sequence;
			continue;
		}
		*to++ = '%';
		*to++ = digits[*at >> 4];
		*to++ = digits[*at & 0x0F];
		at++;
		left--;
	}
	return (size_t)(to - out);
}
