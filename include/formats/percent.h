/*
 * Percent-encoding: bytes that a place does not allow become "%XX", X being upper-case hex digits
 * (RFC 3986, section 2.1). What each place allows stands in one table; the rules of the log line
 * are explained in formats/line.h, those of URIs are Amazon's (Amazon S3 API Reference, "Signature
 * Calculations for the Authorization Header", UriEncode).
 */
#ifndef LC_FORMATS_PERCENT_H
#define LC_FORMATS_PERCENT_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* What stays as it is. One bit each, for the table. */
enum lc_percent_keep {
	LC_PERCENT_KEEP_URI = 1,    /* RFC 3986 unreserved characters */
	LC_PERCENT_KEEP_PATH = 2,   /* these and "/" */
	LC_PERCENT_KEEP_FIELD = 4,  /* an unquoted field: printable ASCII but space and `"` */
	LC_PERCENT_KEEP_QUOTED = 8, /* a quoted field: printable ASCII but `"` and backslash;
				       * well-formed UTF-8 */
	LC_PERCENT_KEEP_WORD = 16,  /* a quoted field that readers take for one word: the same,
				       * but for space */
};

/* The encoded text takes at most this many times the bytes of the text. */
enum { LC_PERCENT_GROWTH = 3 };

/*
 * Writes `text` encoded to `out`, which has room for LC_PERCENT_GROWTH * text.size bytes; returns
 * the size. Each place has its own function: most texts stay as they are, which it sees by looking
 * at many bytes at once. If `spacious`, LC_COPY_SLACK bytes more after the text may be read and so
 * many more be written to `out` (base/copy.h), which is quicker.
 */
size_t lc_percent_write_uri(struct lc_view text, bool spacious, char *out);
size_t lc_percent_write_path(struct lc_view text, bool spacious, char *out);
size_t lc_percent_write_field(struct lc_view text, bool spacious, char *out);
size_t lc_percent_write_quoted(struct lc_view text, bool spacious, char *out);
size_t lc_percent_write_word(struct lc_view text, bool spacious, char *out);

/* The same for any of the places. */
static inline size_t lc_percent_write(struct lc_view text, enum lc_percent_keep keep, bool spacious,
				      char *out)
{
	switch (keep) {
	case LC_PERCENT_KEEP_URI:
		return lc_percent_write_uri(text, spacious, out);
	case LC_PERCENT_KEEP_PATH:
		return lc_percent_write_path(text, spacious, out);
	case LC_PERCENT_KEEP_FIELD:
		return lc_percent_write_field(text, spacious, out);
	case LC_PERCENT_KEEP_QUOTED:
		return lc_percent_write_quoted(text, spacious, out);
	case LC_PERCENT_KEEP_WORD:
		return lc_percent_write_word(text, spacious, out);
	}
	return 0;
}

#endif
