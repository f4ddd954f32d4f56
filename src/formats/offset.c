#include "formats/offset.h"

#include "base/assert.h"
#include "formats/row_binary.h"

int lc_offset_compare(const struct lc_offset *a, const struct lc_offset *b)
{
	if (a->inserted_at != b->inserted_at)
		return a->inserted_at < b->inserted_at ? -1 : 1;
	if (a->start_time_ms != b->start_time_ms)
		return a->start_time_ms < b->start_time_ms ? -1 : 1;
	return lc_view_compare(a->req_id, b->req_id);
}

void lc_offset_append_row(struct lc_buffer *rows, struct lc_view bucket, uint32_t raft_session_id,
			  const struct lc_offset *offset)
{
	LC_ASSERT(raft_session_id <= UINT16_MAX);
	lc_row_binary_append_text(rows, bucket);
	lc_row_binary_append_number(rows, raft_session_id, 2);
	lc_row_binary_append_number(rows, offset->inserted_at, 4);
	lc_row_binary_append_number(rows, (uint64_t)offset->start_time_ms, 8);
	lc_row_binary_append_text(rows, offset->req_id);
}

const char *lc_offset_columns(void)
{
	return "(bucketName, raftSessionID, lastProcessedInsertedAt, lastProcessedStartTime, "
	       "lastProcessedReqId)";
}
