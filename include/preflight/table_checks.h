/*
 * What ClickHouse tells of the two tables: their engines, columns and retention, and the shards of
 * the cluster. For each check the statement, and the pure rule that judges the answer, as rows of
 * LC_CLICKHOUSE_CHECK_TABLE (preflight/clickhouse_checks.h).
 */
#ifndef LC_PREFLIGHT_TABLE_CHECKS_H
#define LC_PREFLIGHT_TABLE_CHECKS_H

#include "base/buffer.h"
#include "preflight/reply.h"
#include "preflight/verdict.h"

void lc_table_checks_append_logs_table(struct lc_buffer *sql,
				       const struct lc_preflight_facts *facts);
void lc_table_checks_judge_logs_table(const struct lc_clickhouse_reply *reply,
				      struct lc_preflight_facts *facts, struct lc_verdict *verdict);

void lc_table_checks_append_offsets_table(struct lc_buffer *sql,
					  const struct lc_preflight_facts *facts);
void lc_table_checks_judge_offsets_table(const struct lc_clickhouse_reply *reply,
					 struct lc_preflight_facts *facts,
					 struct lc_verdict *verdict);

void lc_table_checks_append_logs_columns(struct lc_buffer *sql,
					 const struct lc_preflight_facts *facts);
void lc_table_checks_judge_logs_columns(const struct lc_clickhouse_reply *reply,
					struct lc_preflight_facts *facts,
					struct lc_verdict *verdict);

void lc_table_checks_append_offsets_columns(struct lc_buffer *sql,
					    const struct lc_preflight_facts *facts);
void lc_table_checks_judge_offsets_columns(const struct lc_clickhouse_reply *reply,
					   struct lc_preflight_facts *facts,
					   struct lc_verdict *verdict);

void lc_table_checks_append_shards(struct lc_buffer *sql, const struct lc_preflight_facts *facts);
void lc_table_checks_judge_shards(const struct lc_clickhouse_reply *reply,
				  struct lc_preflight_facts *facts, struct lc_verdict *verdict);

void lc_table_checks_append_retention(struct lc_buffer *sql,
				      const struct lc_preflight_facts *facts);
void lc_table_checks_judge_retention(const struct lc_clickhouse_reply *reply,
				     struct lc_preflight_facts *facts, struct lc_verdict *verdict);

#endif
