/*
 * A ClickHouse that answers what the test says, in place of clients/clickhouse.h: one query at a
 * time, answered piece by piece.
 */
#ifndef LC_TESTS_SUPPORT_FAKE_CLICKHOUSE_H
#define LC_TESTS_SUPPORT_FAKE_CLICKHOUSE_H

#include "base/view.h"
#include "clients/clickhouse.h"
#include "formats/discovery_row.h"
#include "formats/record.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_clickhouse *fake_clickhouse_new(void);
void fake_clickhouse_free(struct lc_clickhouse *clickhouse);

/* True if a query is under way, and its text and data; both valid until it ends. */
bool fake_clickhouse_is_asked(const struct lc_clickhouse *clickhouse);
const char *fake_clickhouse_sql(const struct lc_clickhouse *clickhouse);
struct lc_view fake_clickhouse_data(const struct lc_clickhouse *clickhouse);

/* True if the query's text holds this text. */
bool fake_clickhouse_sql_has(const struct lc_clickhouse *clickhouse, const char *text);

/* The marker that the query asks for. */
uint64_t fake_clickhouse_marker(const struct lc_clickhouse *clickhouse);

/* Pieces of the result, with the query's marker; ignored once one was refused. */
void fake_clickhouse_send(struct lc_clickhouse *clickhouse, struct lc_view piece);
void fake_clickhouse_send_clock(struct lc_clickhouse *clickhouse, uint32_t now);
void fake_clickhouse_send_found(struct lc_clickhouse *clickhouse,
				const struct lc_discovery_row *row);
/* So many rows of the source, the oldest of this second; no offset. */
void fake_clickhouse_send_count(struct lc_clickhouse *clickhouse, uint32_t raft_session_id,
				const char *bucket, uint64_t rows, uint32_t oldest);
void fake_clickhouse_send_row(struct lc_clickhouse *clickhouse, const struct lc_record *record);

/* The last row of an answer of numbers, which says how many came before it. */
void fake_clickhouse_send_last(struct lc_clickhouse *clickhouse, uint64_t rows);

/* The query ends: well, with its last row if it has one, or with what was said when a piece was
 * refused. What is asked after a scan, whether there is more, is answered too: there is not. */
void fake_clickhouse_end(struct lc_clickhouse *clickhouse);

/* The same without a last row. */
void fake_clickhouse_end_short(struct lc_clickhouse *clickhouse);

/* From now on the test itself answers what is asked after a scan. */
void fake_clickhouse_hold_rest(struct lc_clickhouse *clickhouse);

/* The query ends: the connection broke. */
void fake_clickhouse_break(struct lc_clickhouse *clickhouse);

/* The query ends: ClickHouse says what is wrong, by the number of an exception. */
void fake_clickhouse_refuse(struct lc_clickhouse *clickhouse, int exception_code);

/* How many times a seat was said to talk nonsense. */
unsigned fake_clickhouse_distrusted(const struct lc_clickhouse *clickhouse);

#endif
