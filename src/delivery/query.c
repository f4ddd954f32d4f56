#include "delivery/query.h"

#include "base/assert.h"
#include "clients/clickhouse_sql.h"
#include "config/settings.h"
#include "delivery/source.h"
#include "formats/discovery_row.h"
#include "formats/offset.h"
#include "formats/record.h"

#include <inttypes.h>

#define SLOT "toUInt32(intDiv(toUInt32(insertedAt), %d) * %d)"

/* The columns of formats/discovery_row.h that only offsets have. */
#define NO_FLOOR "toUInt32(0), toInt64(0), ''"

/* In order, so that the ledger reads each source's objects once, and seconds beside each other
 * become one range. */
#define BY_SOURCE_AND_SECOND "arraySort(r -> (r.2, r.3, r.5), "

/* The greatest of a source's rows in the offsets table, as a tuple. */
#define FLOOR                                           \
	"max(tuple(toUInt32(lastProcessedInsertedAt), " \
	"toUnixTimestamp64Milli(lastProcessedStartTime), lastProcessedReqId)) AS floor"

/* As members of a list. A name that no server has ends it. */
#define LC_ANSWER_YOUNG_SETTING(name, value) "('" name "','" value "'),"
static const char YOUNG_SETTINGS[] =
#include "tbl/answer_settings.h"
    "('','')";

void lc_query_append_end(struct lc_buffer *sql)
{
	lc_clickhouse_sql_append_settings(sql);
	lc_buffer_append_text(sql, " FORMAT RowBinary");
}

/* Since 25.4 a server that remembers where conditions hold (use_query_condition_cache) reads at least
 * a granule at a time, whatever the size of blocks. Older ones do not know that setting, but all know
 * this one, by which it is as it was before. */
void lc_query_append_scan_end(struct lc_buffer *sql, unsigned block_rows)
{
	lc_clickhouse_sql_append_settings(sql);
	lc_buffer_append_format(sql, ", max_block_size=%u, compatibility='25.3' FORMAT Native",
				block_rows);
}

static void append_from_logs(struct lc_buffer *sql, const struct lc_delivery *delivery)
{
	lc_buffer_append_format(sql, " FROM `%s`.`%s`", delivery->settings->clickhouse_database,
				delivery->settings->clickhouse_logs_table);
}

static void append_shard(struct lc_buffer *sql, const struct lc_delivery *delivery)
{
	lc_buffer_append_format(sql, "raftSessionID %% %u = %u", delivery->shard_count,
				delivery->shard);
}

static void append_bounds(struct lc_buffer *sql, uint32_t from, uint32_t until)
{
	lc_buffer_append_format(
	    sql, "insertedAt >= toDateTime(%" PRIu32 ") AND insertedAt < toDateTime(%" PRIu32 ")",
	    from, until);
}

/* Which of the rows the delivery is about. The number must be an Int64 whatever its size. */
static void append_filter(struct lc_buffer *sql, const struct lc_delivery *delivery)
{
	const struct lc_delivery_filter *filter = delivery->filter;

	if (filter == NULL)
		return;
	lc_buffer_append_format(sql,
				" AND startTime >= fromUnixTimestamp64Milli(toInt64(%" PRId64
				")) AND startTime < fromUnixTimestamp64Milli(toInt64(%" PRId64 "))",
				filter->from_ms, filter->to_ms);
	if (!filter->of_target) {
		lc_buffer_append_text(sql, " AND loggingTargetBucket != ''");
		return;
	}
	lc_buffer_append_text(sql, " AND loggingTargetBucket = ");
	lc_clickhouse_sql_append_literal(sql, filter->target_bucket);
	if (filter->whole_bucket)
		return;
	lc_buffer_append_text(sql, " AND ifNull(toString(loggingTargetPrefix), '') = ");
	lc_clickhouse_sql_append_literal(sql, filter->target_prefix);
}

static void append_member(struct lc_buffer *sql, bool first, uint32_t raft_session_id,
			  struct lc_view bucket)
{
	lc_buffer_append_format(sql, "%s(%" PRIu32 ",", first ? "" : ",", raft_session_id);
	lc_clickhouse_sql_append_literal(sql, bucket);
}

/*
 * An answer of numbers is made of the columns `session`, `bucket`, `found` and `second` of the
 * query that follows, as they are in formats/discovery_row.h. One array takes them all, so that the
 * last element can tell how many there were before it: counted from what was read, in the same
 * statement, and there even if nothing was found.
 */
static void open_answer(struct lc_buffer *sql, uint64_t marker, const char *floor, bool in_order)
{
	lc_buffer_append_format(
	    sql,
	    "SELECT arrayJoin(arrayPushBack(%sgroupArray(tuple(toUInt64(%" PRIu64
	    "), session, bucket, found, second, %s, toUInt64(%" PRIu64
	    ")))%s, tuple(toUInt64(%" PRIu64 "), toUInt32(0), '', count(), toUInt32(0), " NO_FLOOR
	    ", toUInt64(%" PRIu64 ")))) FROM (",
	    in_order ? BY_SOURCE_AND_SECOND : "", marker, floor, marker, in_order ? ")" : "",
	    marker, lc_discovery_row_last_marker(marker));
}

static void close_answer(struct lc_buffer *sql)
{
	lc_buffer_append_char(sql, ')');
	lc_query_append_end(sql);
}

static void append_count(struct lc_buffer *sql, const struct lc_delivery *delivery,
			 const char *second)
{
	lc_buffer_append_format(sql,
				"SELECT toUInt32(raftSessionID) AS session, "
				"toString(bucketName) AS bucket, count() AS found, %s AS second",
				second);
	append_from_logs(sql, delivery);
	lc_buffer_append_text(sql, " WHERE ");
}

void lc_query_append_clock(struct lc_buffer *sql, uint64_t marker)
{
	lc_buffer_append_format(
	    sql,
	    "SELECT toUInt64(%" PRIu64 "), toUInt32(now()), "
	    "ifNull((SELECT arrayStringConcat(groupArray(concat(name, '=', value)), "
	    "', ') FROM system.settings WHERE (name, value) IN (%s)), ''), "
	    "toUInt64(%" PRIu64 ")",
	    marker, YOUNG_SETTINGS, marker);
	lc_query_append_end(sql);
}

void lc_query_append_insert(struct lc_buffer *sql, const struct lc_settings *settings)
{
	lc_buffer_append_format(sql, "INSERT INTO `%s`.`%s` %s", settings->clickhouse_database,
				settings->clickhouse_offsets_table, lc_offset_columns());
	lc_query_append_end(sql);
}

void lc_query_append_window(struct lc_buffer *sql, const struct lc_delivery *delivery,
			    uint64_t marker, uint32_t from, uint32_t until)
{
	open_answer(sql, marker, NO_FLOOR, false);
	append_count(sql, delivery, "toUInt32(min(insertedAt))");
	append_shard(sql, delivery);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName");
	close_answer(sql);
}

static void append_from_offsets(struct lc_buffer *sql, const struct lc_delivery *delivery)
{
	lc_buffer_append_format(sql, " FROM `%s`.`%s` WHERE ",
				delivery->settings->clickhouse_database,
				delivery->settings->clickhouse_offsets_table);
	append_shard(sql, delivery);
}

static void append_grouped_offsets(struct lc_buffer *sql, const struct lc_delivery *delivery)
{
	append_from_offsets(sql, delivery);
	lc_buffer_append_text(sql, " AND bucketName != '" LC_QUERY_PRESENCE_BUCKET
				   "' GROUP BY raftSessionID, bucketName");
}

void lc_query_append_oldest(struct lc_buffer *sql, const struct lc_delivery *delivery,
			    uint64_t marker)
{
	open_answer(sql, marker, NO_FLOOR, false);
	lc_buffer_append_text(sql, "SELECT toUInt32(0) AS session, '' AS bucket, count() AS found, "
				   "toUInt32(min(insertedAt)) AS second");
	append_from_logs(sql, delivery);
	close_answer(sql);
}

void lc_query_append_doubtful_window(struct lc_buffer *sql, const struct lc_delivery *delivery,
				     uint64_t marker, uint32_t from, uint32_t until)
{
	open_answer(sql, marker, "known.1, known.2, known.3", false);
	lc_buffer_append_text(
	    sql, "SELECT toUInt32(l.raftSessionID) AS session, toString(l.bucketName) AS bucket, "
		 "count() AS found, toUInt32(min(l.insertedAt)) AS second, "
		 "tuple(any(o.floor.1), any(o.floor.2), any(o.floor.3)) AS known");
	append_from_logs(sql, delivery);
	lc_buffer_append_text(
	    sql, " AS l GLOBAL ANY LEFT JOIN (SELECT raftSessionID, bucketName, " FLOOR);
	append_grouped_offsets(sql, delivery);
	lc_buffer_append_text(
	    sql, ") AS o ON l.raftSessionID = o.raftSessionID AND l.bucketName = o.bucketName "
		 "WHERE l.");
	append_shard(sql, delivery);
	lc_buffer_append_format(sql,
				" AND l.insertedAt >= toDateTime(%" PRIu32
				") AND l.insertedAt < toDateTime(%" PRIu32
				") AND tuple(toUInt32(l.insertedAt), "
				"toUnixTimestamp64Milli(l.startTime), l.req_id) > o.floor "
				"GROUP BY l.raftSessionID, l.bucketName",
				from, until);
	close_answer(sql);
}

void lc_query_append_offsets(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker)
{
	open_answer(sql, marker, "floor.1, floor.2, floor.3", false);
	lc_buffer_append_text(sql,
			      "SELECT toUInt32(raftSessionID) AS session, toString(bucketName) AS "
			      "bucket, count() AS found, toUInt32(0) AS second, " FLOOR);
	append_grouped_offsets(sql, delivery);
	close_answer(sql);
}

void lc_query_append_presence(struct lc_buffer *sql, const struct lc_delivery *delivery,
			      uint64_t marker)
{
	open_answer(sql, marker, "floor.1, floor.2, floor.3", false);
	lc_buffer_append_text(sql,
			      "SELECT toUInt32(raftSessionID) AS session, toString(bucketName) AS "
			      "bucket, count() AS found, toUInt32(0) AS second, " FLOOR);
	append_from_offsets(sql, delivery);
	lc_buffer_append_text(sql, " AND bucketName = '" LC_QUERY_PRESENCE_BUCKET
				   "' GROUP BY raftSessionID, bucketName, "
				   "substring(lastProcessedReqId, 1, 16)");
	close_answer(sql);
}

void lc_query_append_slots(struct lc_buffer *sql, const struct lc_delivery *delivery,
			   uint64_t marker, uint32_t from, uint32_t until)
{
	struct lc_buffer second;

	lc_buffer_init(&second, 256);
	lc_buffer_append_format(&second, SLOT, LC_LEDGER_SLOT_SECONDS, LC_LEDGER_SLOT_SECONDS);
	open_answer(sql, marker, NO_FLOOR, true);
	append_count(sql, delivery, lc_buffer_text(&second));
	lc_buffer_free(&second);
	append_shard(sql, delivery);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName, second");
	close_answer(sql);
}

void lc_query_append_seconds(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker, uint32_t from, uint32_t until,
			     const struct lc_ledger_count *slots, size_t count)
{
	LC_ASSERT(count > 0);
	open_answer(sql, marker, NO_FLOOR, true);
	append_count(sql, delivery, "toUInt32(insertedAt)");
	append_bounds(sql, from, until);
	lc_buffer_append_format(sql, " AND (raftSessionID, bucketName, " SLOT ") IN (",
				LC_LEDGER_SLOT_SECONDS, LC_LEDGER_SLOT_SECONDS);
	for (size_t i = 0; i < count; i++) {
		append_member(sql, i == 0, slots[i].source.raft_session_id, slots[i].source.bucket);
		lc_buffer_append_format(sql, ",%" PRIu32 ")", slots[i].second);
	}
	lc_buffer_append_text(sql, ") GROUP BY raftSessionID, bucketName, second");
	close_answer(sql);
}

/* The sessions stand in a list of their own: that is what ClickHouse can skip granules by. */
static void append_sessions(struct lc_buffer *sql, const struct lc_query_rows *rows)
{
	uint32_t last = 0;

	lc_buffer_append_text(sql, "raftSessionID IN (");
	for (size_t i = 0; i < rows->count; i++) {
		if (i > 0 && rows->sources[i]->raft_session_id == last)
			continue;
		last = rows->sources[i]->raft_session_id;
		lc_buffer_append_format(sql, "%s%" PRIu32, i == 0 ? "" : ",", last);
	}
	lc_buffer_append_char(sql, ')');
}

static void append_rows(struct lc_buffer *sql, const struct lc_delivery *delivery,
			const struct lc_query_rows *rows)
{
	LC_ASSERT(rows->count > 0);
	append_sessions(sql, rows);
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, rows->from, rows->until);
	lc_buffer_append_text(sql, " AND (raftSessionID, bucketName) IN (");
	for (size_t i = 0; i < rows->count; i++) {
		append_member(sql, i == 0, rows->sources[i]->raft_session_id,
			      rows->sources[i]->bucket);
		lc_buffer_append_char(sql, ')');
	}
	lc_buffer_append_char(sql, ')');
	append_filter(sql, delivery);
}

void lc_query_append_scan(struct lc_buffer *sql, const struct lc_delivery *delivery,
			  uint64_t marker, const struct lc_query_rows *rows, unsigned block_rows)
{
	lc_buffer_append_text(sql, "SELECT ");
	lc_record_append_columns(sql, marker);
	append_from_logs(sql, delivery);
	lc_buffer_append_text(sql, " WHERE ");
	append_rows(sql, delivery, rows);
	lc_buffer_append_text(sql,
			      " ORDER BY raftSessionID, bucketName, insertedAt, startTime, req_id");
	lc_query_append_scan_end(sql, block_rows);
}

void lc_query_append_rest(struct lc_buffer *sql, const struct lc_delivery *delivery,
			  uint64_t marker, const struct lc_query_rows *rows,
			  const struct lc_source *last, uint32_t second)
{
	open_answer(sql, marker, NO_FLOOR, false);
	append_count(sql, delivery, "toUInt32(min(insertedAt))");
	append_rows(sql, delivery, rows);
	if (last != NULL) {
		lc_buffer_append_format(sql,
					" AND NOT (raftSessionID = %" PRIu32 " AND bucketName = ",
					last->raft_session_id);
		lc_clickhouse_sql_append_literal(sql, last->bucket);
		lc_buffer_append_format(sql, " AND insertedAt < toDateTime(%" PRIu32 "))", second);
	}
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName");
	close_answer(sql);
}

void lc_query_append_matches(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker, const struct lc_ledger_source *one, uint32_t from,
			     uint32_t until)
{
	open_answer(sql, marker, "latest, toInt64(0), ''", false);
	append_count(sql, delivery,
		     "toUInt32(max(insertedAt)) AS latest, toUInt32(min(insertedAt))");
	if (one == NULL) {
		append_shard(sql, delivery);
	} else {
		lc_buffer_append_format(
		    sql, "raftSessionID = %" PRIu32 " AND bucketName = ", one->raft_session_id);
		lc_clickhouse_sql_append_literal(sql, one->bucket);
	}
	lc_buffer_append_text(sql, " AND ");
	append_bounds(sql, from, until);
	append_filter(sql, delivery);
	lc_buffer_append_text(sql, " GROUP BY raftSessionID, bucketName");
	close_answer(sql);
}
