#include "formats/offset.h"

#include "base/assert.h"
#include "formats/leb128.h"

#include <endian.h>

int lc_offset_compare(const struct lc_offset *a, const struct lc_offset *b)
{
	if (a->inserted_at != b->inserted_at)
		return a->inserted_at < b->inserted_at ? -1 : 1;
	if (a->start_time_ms != b->start_time_ms)
		return a->start_time_ms < b->start_time_ms ? -1 : 1;
	return lc_view_compare(a->req_id, b->req_id);
}

static void append_text(struct lc_buffer *rows, struct lc_view text)
{
	char size[LC_LEB128_SIZE_MAX];

	lc_buffer_append(rows, size, lc_leb128_write(text.size, size));
	lc_buffer_append_view(rows, text);
}

void lc_offset_append_row(struct lc_buffer *rows, struct lc_view bucket, uint32_t raft_session_id,
			  const struct lc_offset *offset)
{
	uint16_t session = htole16((uint16_t)raft_session_id);
	uint32_t inserted_at = htole32(offset->inserted_at);
	uint64_t start_time = htole64((uint64_t)offset->start_time_ms);

	LC_ASSERT(raft_session_id <= UINT16_MAX);
	append_text(rows, bucket);
	lc_buffer_append(rows, &session, sizeof session);
	lc_buffer_append(rows, &inserted_at, sizeof inserted_at);
	lc_buffer_append(rows, &start_time, sizeof start_time);
	append_text(rows, offset->req_id);
}

const char *lc_offset_columns(void)
{
	return "(bucketName, raftSessionID, lastProcessedInsertedAt, lastProcessedStartTime, "
	       "lastProcessedReqId)";
}
