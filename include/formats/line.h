/*
 * The text of a row: one line of the Amazon S3 server access log format (Amazon S3 User Guide,
 * "Amazon S3 server access log format"), ended by LF, with the encoding rules that keep a line one
 * line with exactly its fields whatever bytes a client has sent:
 *
 * - key: every byte but RFC 3986 unreserved characters and "/" is percent-encoded;
 * - other unquoted fields: space, control bytes, `"`, 0x7F and bytes over 0x7F are percent-encoded;
 * - quoted fields: `"`, control bytes and 0x7F are percent-encoded; well-formed UTF-8 stays, other
 * bytes over 0x7F are percent-encoded.
 *
 * A missing or empty field is "-". The times are in ms, written as formats/decimal.h says.
 */
#ifndef LC_FORMATS_LINE_H
#define LC_FORMATS_LINE_H

#include "formats/record.h"

#include <stddef.h>

/* An upper bound of the line's size in bytes, LF included. Cheap: no byte of the fields is looked
 * at. `region` may be empty. */
size_t lc_line_max_size(const struct lc_record *record, struct lc_view region);

/* Writes the line to `out`, which has room for lc_line_max_size bytes; returns its size. `region`
 * is the source region, field 27; when empty the field is left out. */
size_t lc_line_write(const struct lc_record *record, struct lc_view region, char *out);

#endif
