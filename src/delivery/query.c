#include "delivery/query.h"

#include "base/assert.h"
#include "config/settings.h"
#include "formats/record.h"

#include <inttypes.h>

#define SLOT "toUInt32(intDiv(toUInt32(insertedAt), %d) * %d)"

/* In order, so that the ledger reads each source's objects once, and seconds beside each other
 * become one range. */
#define GROUPS                                         \
	" GROUP BY raftSessionID, bucketName, second " \
	"ORDER BY raftSessionID, bucketName, second FORMAT RowBinary"

/* The greatest of a source's rows in the offsets table, as a tuple. */
#define FLOOR                                           \
	"max(tuple(toUInt32(lastProcessedInsertedAt), " \
	"toUnixTimestamp64Milli(lastProcessedStartTime), lastProcessedReqId)) AS floor"

void lc_query_append_literal(struct lc_buffer *sql, struct lc_view text)
{
	lc_buffer_append_char(sql, '\'');
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '\0') {
			lc_buffer_append_text(sql, "\\0");
			continue;
		}
		if (c == '\'' || c == '\\')
			lc_buffer_append_char(sql, '\\');
		lc_buffer_append_char(sql, c);
	}
	lc_buffer_append_char(sql, '\'');
}

static void append_from_logs(struct lc_buffer *sql, const struct lc_parts *parts)
{
	lc_buffer_append_format(sql, " FROM `%s`.`%s`", parts->settings->clickhouse_database,
				parts->settings->clickhouse_logs_table);
}

static void append_shard(struct lc_buffer *sql, const struct lc_parts *parts)
{
	lc_buffer_append_format(sql, "raftSessionID %% %u = %u", parts->shard_count, parts->shard);
}

static void append_bounds(struct lc_buffer *sql, uint32_t from, uint32_t until)
{
	lc_buffer_append_format(
	    sql, "insertedAt >= toDateTime(%" PRIu32 ") AND insertedAt < toDateTime(%" PRIu32 ")",
	    from, until);
}

static void append_member(struct lc_buffer *sql, bool first, uint32_t raft_session_id,
			  struct lc_view bucket)
{
	lc_buffer_append_format(sql, "%s(%" PRIu32 ",", first ? "" : ",", raft_session_id);
	lc_query_append_literal(sql, bucket);
}

/* Numbers of rows: the columns of formats/discovery_row.h without floor, "oldest" being `second`.
 */
static void append_count(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker,
			 const char *second)
{
	lc_buffer_append_format(sql,
				"SELECT toUInt64(%" PRIu64 "), toUInt32(raftSessionID), "
				"toString(bucketName), count(), %s, toUInt32(0), toInt64(0), '', "
				"toUInt64(%" PRIu64 ")",
				marker, second, marker);
	append_from_logs(sql, parts);
	lc_buffer_append_text(sql, " WHERE ");
}

void lc_query_append_clock(struct lc_buffer *sql, uint64_t marker)
{
	lc_buffer_append_format(sql,
				"SELECT toUInt64(%" PRIu64 "), toUInt32(now()), toUInt64(%" PRIu64
				") FORMAT RowBinary",
				marker, marker);
}

void lc_query_append_window(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker,
			    uint32_t from, uint32_t until)
{
	append_count(sql, parts, marker, "toUInt32(min(insertedAt))");
	append_shard(sql, parts);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName FORMAT RowBinary");
}

static void append_grouped_offsets(struct lc_buffer *sql, const struct lc_parts *parts)
{
	lc_buffer_append_format(sql, " FROM `%s`.`%s` WHERE ", parts->settings->clickhouse_database,
				parts->settings->clickhouse_offsets_table);
	append_shard(sql, parts);
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName");
}

void lc_query_append_first_window(struct lc_buffer *sql, const struct lc_parts *parts,
				  uint64_t marker, uint32_t until)
{
	lc_buffer_append_format(
	    sql,
	    "SELECT toUInt64(%" PRIu64 "), toUInt32(l.raftSessionID), toString(l.bucketName), "
	    "count(), toUInt32(min(l.insertedAt)), any(o.floor.1), any(o.floor.2), any(o.floor.3), "
	    "toUInt64(%" PRIu64 ")",
	    marker, marker);
	append_from_logs(sql, parts);
	lc_buffer_append_text(
	    sql, " AS l GLOBAL ANY LEFT JOIN (SELECT raftSessionID, bucketName, " FLOOR);
	append_grouped_offsets(sql, parts);
	lc_buffer_append_text(
	    sql, ") AS o ON l.raftSessionID = o.raftSessionID AND l.bucketName = o.bucketName "
		 "WHERE l.");
	append_shard(sql, parts);
	lc_buffer_append_format(sql,
				" AND l.insertedAt < toDateTime(%" PRIu32
				") AND tuple(toUInt32(l.insertedAt), "
				"toUnixTimestamp64Milli(l.startTime), l.req_id) > o.floor "
				"GROUP BY l.raftSessionID, l.bucketName FORMAT RowBinary",
				until);
}

void lc_query_append_offsets(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker)
{
	lc_buffer_append_format(sql,
				"SELECT toUInt64(%" PRIu64 "), toUInt32(raftSessionID), "
				"toString(bucketName), count(), toUInt32(0), " FLOOR
				", toUInt64(%" PRIu64 ")",
				marker, marker);
	append_grouped_offsets(sql, parts);
	lc_buffer_append_text(sql, " FORMAT RowBinary");
}

void lc_query_append_slots(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker,
			   uint32_t from, uint32_t until)
{
	struct lc_buffer second;

	lc_buffer_init(&second, 256);
	lc_buffer_append_format(&second, SLOT " AS second", LC_LEDGER_SLOT_SECONDS,
				LC_LEDGER_SLOT_SECONDS);
	append_count(sql, parts, marker, lc_buffer_text(&second));
	lc_buffer_free(&second);
	append_shard(sql, parts);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	lc_buffer_append_text(sql, GROUPS);
}

void lc_query_append_seconds(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker,
			     uint32_t from, uint32_t until, const struct lc_ledger_count *slots,
			     size_t count)
{
	LC_ASSERT(count > 0);
	append_count(sql, parts, marker, "toUInt32(insertedAt) AS second");
	append_bounds(sql, from, until);
	lc_buffer_append_format(sql, " AND (raftSessionID, bucketName, " SLOT ") IN (",
				LC_LEDGER_SLOT_SECONDS, LC_LEDGER_SLOT_SECONDS);
	for (size_t i = 0; i < count; i++) {
		append_member(sql, i == 0, slots[i].source.raft_session_id, slots[i].source.bucket);
		lc_buffer_append_format(sql, ",%" PRIu32 ")", slots[i].second);
	}
	lc_buffer_append_text(sql, ")" GROUPS);
}

/* The sessions stand in a list of their own: that is what ClickHouse can skip granules by. */
static void append_sessions(struct lc_buffer *sql, struct lc_source *const *sources, size_t count)
{
	uint32_t last = 0;

	lc_buffer_append_text(sql, "raftSessionID IN (");
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && sources[i]->raft_session_id == last)
			continue;
		last = sources[i]->raft_session_id;
		lc_buffer_append_format(sql, "%s%" PRIu32, i == 0 ? "" : ",", last);
	}
	lc_buffer_append_char(sql, ')');
}

void lc_query_append_scan(struct lc_buffer *sql, const struct lc_parts *parts, uint64_t marker,
			  struct lc_source *const *sources, size_t count, uint32_t from,
			  uint32_t until)
{
	LC_ASSERT(count > 0);
	lc_buffer_append_text(sql, "SELECT ");
	lc_record_append_columns(sql, marker);
	append_from_logs(sql, parts);
	lc_buffer_append_text(sql, " WHERE ");
	append_sessions(sql, sources, count);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	lc_buffer_append_text(sql, " AND (raftSessionID, bucketName) IN (");
	for (size_t i = 0; i < count; i++) {
		append_member(sql, i == 0, sources[i]->raft_session_id, sources[i]->bucket);
		lc_buffer_append_char(sql, ')');
	}
	lc_buffer_append_text(sql, ") ORDER BY raftSessionID, bucketName, insertedAt, startTime, "
				   "req_id FORMAT RowBinary");
}
