/*
 * What a discovery answers with, in RowBinary between two markers as in formats/record.h: one row
 * per source with new rows. And ClickHouse's clock, in the same dress.
 */
#ifndef LC_FORMATS_DISCOVERY_ROW_H
#define LC_FORMATS_DISCOVERY_ROW_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/offset.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_discovery_row {
	uint32_t raft_session_id;
	struct lc_view bucket;
	uint64_t rows;   /* how many are new */
	uint32_t oldest; /* the least insertedAt of these, seconds since 1970 */
	struct lc_offset
	    floor; /* rows at or before it are delivered; all zero when there is none */
};

/* Called once per row; views are valid until it returns. */
typedef void lc_discovery_row_callback(void *context, const struct lc_discovery_row *row);

/* Reads the whole rows at the beginning of `bytes` and consumes them; what is left is the beginning
 * of a row. False with `error` (LC_ERROR_CORRUPT) when the bytes can not be such rows. A row is at
 * most 1 MiB. */
bool lc_discovery_row_read_all(struct lc_buffer *bytes, uint64_t marker,
			       lc_discovery_row_callback *callback, void *context,
			       struct lc_error *error);

/* Reads the whole answer to `SELECT <marker>, toUInt32(now()), <marker>`. */
bool lc_discovery_row_read_clock(struct lc_view answer, uint64_t marker, uint32_t *now,
				 struct lc_error *error);

#endif
