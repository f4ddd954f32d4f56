/*
 * An offset: how far a source's rows were delivered, (insertedAt, startTime, req_id), as
 * ClickHouse's offsets table holds it. Not unique: several rows may carry the same one.
 */
#ifndef LC_FORMATS_OFFSET_H
#define LC_FORMATS_OFFSET_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdint.h>

struct lc_offset {
	uint32_t inserted_at;  /* seconds since 1970 */
	int64_t start_time_ms; /* ms since 1970 */
	struct lc_view req_id; /* whoever keeps an offset keeps these bytes */
};

/* Orders offsets as ClickHouse orders the tuple: by insertedAt, startTime, then the bytes of
 * req_id. */
int lc_offset_compare(const struct lc_offset *a, const struct lc_offset *b);

/* Appends one row of the offsets table in RowBinary, columns in the order of lc_offset_columns. The
 * table's raftSessionID is a UInt16: `raft_session_id` is at most 65535, as lc_record_decode
 * ensures of rows. */
void lc_offset_append_row(struct lc_buffer *rows, struct lc_view bucket, uint32_t raft_session_id,
			  const struct lc_offset *offset);

/* "(bucketName, raftSessionID, lastProcessedInsertedAt, ...)", for the INSERT. */
const char *lc_offset_columns(void);

#endif
