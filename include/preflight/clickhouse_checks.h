/*
 * What the preflight checks about ClickHouse: one table of statements, and for each a pure rule
 * that judges the answer. Those about the tables are in preflight/table_checks; our own statements
 * are those that a shard asks (delivery/query), with a window without rows.
 */
#ifndef LC_PREFLIGHT_CLICKHOUSE_CHECKS_H
#define LC_PREFLIGHT_CLICKHOUSE_CHECKS_H

#include "base/buffer.h"
#include "clients/clickhouse.h"
#include "preflight/reply.h"
#include "preflight/verdict.h"

#include <stdbool.h>

/* In the order in which they run; those of a brief preflight come first. */
enum lc_clickhouse_check_id {
	LC_CLICKHOUSE_CHECK_SERVER,
	LC_CLICKHOUSE_CHECK_CLOCK,
	LC_CLICKHOUSE_CHECK_LOGS_TABLE,
	LC_CLICKHOUSE_CHECK_LOGS_COLUMNS,
	LC_CLICKHOUSE_CHECK_SHARDS,
	LC_CLICKHOUSE_CHECK_RETENTION,
	LC_CLICKHOUSE_CHECK_OFFSETS_TABLE,
	LC_CLICKHOUSE_CHECK_OFFSETS_COLUMNS,
	LC_CLICKHOUSE_CHECKS_BRIEF,
	LC_CLICKHOUSE_CHECK_OFFSETS_INSERT = LC_CLICKHOUSE_CHECKS_BRIEF,
	LC_CLICKHOUSE_CHECK_WINDOW,
	LC_CLICKHOUSE_CHECK_OFFSETS,
	LC_CLICKHOUSE_CHECK_DOUBTFUL_WINDOW,
	LC_CLICKHOUSE_CHECK_OLDEST,
	LC_CLICKHOUSE_CHECK_SLOTS,
	LC_CLICKHOUSE_CHECK_SECONDS,
	LC_CLICKHOUSE_CHECK_SCAN,
	LC_CLICKHOUSE_CHECK_REST,
	LC_CLICKHOUSE_CHECKS
};

struct lc_clickhouse_check {
	const char *name;
	bool each_server; /* asked of every server of clickhouse.url, else of one that works */
	unsigned needs;   /* 1 << id of each check without whose success this one makes no sense */
	void (*append)(struct lc_buffer *sql, const struct lc_preflight_facts *facts);
	void (*judge)(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
		      struct lc_verdict *verdict);
};

extern const struct lc_clickhouse_check LC_CLICKHOUSE_CHECK_TABLE[LC_CLICKHOUSE_CHECKS];

#endif
