/*
 * Parts of the text of statements to ClickHouse. Pure.
 */
#ifndef LC_CLIENTS_CLICKHOUSE_SQL_H
#define LC_CLIENTS_CLICKHOUSE_SQL_H

#include "base/buffer.h"
#include "base/view.h"

/* Appends the text as a string literal, quotes included; any byte is allowed. */
void lc_clickhouse_sql_append_literal(struct lc_buffer *sql, struct lc_view text);

/* Appends " SETTINGS " and the list of include/tbl/answer_settings.h, under which an answer is
 * whole and a write is done when it is answered. More may follow, after a comma. */
void lc_clickhouse_sql_append_settings(struct lc_buffer *sql);

#endif
