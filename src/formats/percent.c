#include "formats/percent.h"

#include "base/utf8.h"

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

enum { STRIDE = 8, KEEP_UTF8 = LC_PERCENT_KEEP_QUOTED | LC_PERCENT_KEEP_WORD };

static unsigned char kept_by_stride(const unsigned char *at)
{
	return KEEP[at[0]] & KEEP[at[1]] & KEEP[at[2]] & KEEP[at[3]] & KEEP[at[4]] & KEEP[at[5]] &
	       KEEP[at[6]] & KEEP[at[7]];
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
		sequence = keep & KEEP_UTF8 && *at >= 0x80 ? lc_utf8_size(at, left) : 0;
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
