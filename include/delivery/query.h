/*
 * The text of every query that a shard asks ClickHouse: all SQL of the delivery stands here. Pure.
 *
 * Each answer's rows stand between two markers, `marker`, chosen for each query. A discovery, the
 * offsets and the two counts answer in the columns of formats/discovery_row.h, with a last row that
 * proves the answer whole; a scan in those of include/tbl/record_fields.h. Every statement ends in
 * the settings of include/tbl/answer_settings.h. Times are seconds since 1970 on ClickHouse's
 * clock, given as numbers, so that no time zone has a say. Of `delivery` the settings and the
 * shard's number are used.
 */
#ifndef LC_DELIVERY_QUERY_H
#define LC_DELIVERY_QUERY_H

#include "base/buffer.h"
#include "delivery/delivery.h"

#include <stddef.h>
#include <stdint.h>

/* ClickHouse's clock, and which of its settings may shorten or change answers, of those that no statement can
 * set because not all servers know them. */
void lc_query_append_clock(struct lc_buffer *sql, uint64_t marker);

/* Per source: the rows with `from` <= insertedAt < `until`, and the oldest of these seconds. */
void lc_query_append_window(struct lc_buffer *sql, const struct lc_delivery *delivery,
			    uint64_t marker, uint32_t from, uint32_t until);

/* The same where rows may lie at or before their source's offset in ClickHouse: these do not count,
 * and the offset is answered as the source's floor. */
void lc_query_append_doubtful_window(struct lc_buffer *sql, const struct lc_delivery *delivery,
				     uint64_t marker, uint32_t from, uint32_t until);

/* One number: the oldest second of all rows, also of those of other shards; 0 if there are none.
 * ClickHouse knows it of each part of a table that is partitioned by insertedAt, and reads no rows
 * for it. */
void lc_query_append_oldest(struct lc_buffer *sql, const struct lc_delivery *delivery,
			    uint64_t marker);

/* Per source: its offset, the greatest of the offsets table's rows. */
void lc_query_append_offsets(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker);

/* What lives of shards show of themselves (delivery/presence.h) stands in the offsets table as well,
 * for a bucket whose name no bucket can have. It is left out of all that is said of offsets. */
#define LC_QUERY_PRESENCE_BUCKET "/log-courier"

/* The newest row of each life of this shard, or of one that has raft sessions in common with it. */
void lc_query_append_presence(struct lc_buffer *sql, const struct lc_delivery *delivery,
			      uint64_t marker);

/* Per source and slot of LC_LEDGER_SLOT_SECONDS: the rows with `from` <= insertedAt < `until`. */
void lc_query_append_slots(struct lc_buffer *sql, const struct lc_delivery *delivery,
			   uint64_t marker, uint32_t from, uint32_t until);

/* Per source and second: the rows of these slots, all between `from` and `until`. */
void lc_query_append_seconds(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker, uint32_t from, uint32_t until,
			     const struct lc_ledger_count *slots, size_t count);

/* The rows that a scan asks for. */
struct lc_query_rows {
	struct lc_source *const *sources; /* sorted by name */
	size_t count;
	uint32_t from; /* from <= insertedAt < until */
	uint32_t until;
};

/* The rows of a block of an answer to a scan, at most: each block is in memory as a whole, here and at
 * ClickHouse. Larger ones do not fit into a processor's cache; of half as many rows they would cost
 * ClickHouse 5% more. */
enum { LC_QUERY_BLOCK_ROWS = 1024 };

/* These rows, in the table's own order, in blocks of `block_rows`. */
void lc_query_append_scan(struct lc_buffer *sql, const struct lc_delivery *delivery,
			  uint64_t marker, const struct lc_query_rows *rows, unsigned block_rows);

/* Per source: their number, but for those of the source `last` before this second. NULL: all. */
void lc_query_append_rest(struct lc_buffer *sql, const struct lc_delivery *delivery,
			  uint64_t marker, const struct lc_query_rows *rows,
			  const struct lc_source *last, uint32_t second);

/* Per source: the rows with `from` <= insertedAt < `until` that the delivery's filter lets pass, the
 * oldest of their seconds, and as the second of the floor the latest one. `one`: of this source
 * alone; NULL: of all that belong to the shard. */
void lc_query_append_matches(struct lc_buffer *sql, const struct lc_delivery *delivery,
			     uint64_t marker, const struct lc_ledger_source *one, uint32_t from,
			     uint32_t until);

/* The INSERT of offsets, whose rows follow apart (formats/offset.h). */
void lc_query_append_insert(struct lc_buffer *sql, const struct lc_settings *settings);

/* What every statement ends in, and what a scan does: settings and format. */
void lc_query_append_end(struct lc_buffer *sql);
void lc_query_append_scan_end(struct lc_buffer *sql, unsigned block_rows);

#endif
