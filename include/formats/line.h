/*
 * The text of a row: one line of the Amazon S3 server access log format (Amazon S3 User Guide,
 * "Amazon S3 server access log format"), ended by LF, with the encoding rules that keep a line one
 * line with exactly its fields whatever bytes a client has sent:
 *
 * - key: every byte but RFC 3986 unreserved characters and "/" is percent-encoded;
 * - other unquoted fields: space, control bytes, `"`, 0x7F and bytes over 0x7F are percent-encoded;
 * - quoted fields: `"`, backslash, control bytes and 0x7F are percent-encoded; well-formed UTF-8
 *   stays, other bytes over 0x7F are percent-encoded. Some readers take a backslash for an escape;
 * - the referer, besides: space, since Amazon Athena's published pattern takes it for one word.
 *
 * A missing or empty field is "-".
 */
#ifndef LC_FORMATS_LINE_H
#define LC_FORMATS_LINE_H

#include "formats/record.h"

#include <stdbool.h>
#include <stddef.h>

/* What a deployment chooses of its lines. */
struct lc_line_style {
	struct lc_view region; /* the source region, field 27; when empty the field is left out */
	/* The two times are in ms, written as formats/decimal.h says. Without this they are rounded
	 * to whole numbers, halves up. */
	bool fractional_times;
};

/* An upper bound of the line's size in bytes, LF included. Cheap: no byte of the fields is looked
 * at. */
size_t lc_line_max_size(const struct lc_record *record, const struct lc_line_style *style);

/* Writes the line to `out`, which has room for lc_line_max_size bytes; returns its size. */
size_t lc_line_write(const struct lc_record *record, const struct lc_line_style *style, char *out);

/* The bucket owner of a line, as it stands there: "-" if it has none. */
struct lc_view lc_line_owner(struct lc_view line);

#endif
