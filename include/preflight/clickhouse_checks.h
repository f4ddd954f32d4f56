/*
 * What the preflight checks about ClickHouse: one table of statements, and for each a pure rule
 * that judges the answer. Statements about tables are asked in TabSeparatedRaw; our own are those
 * that a shard asks (delivery/query), with a window without rows.
 */
#ifndef LC_PREFLIGHT_CLICKHOUSE_CHECKS_H
#define LC_PREFLIGHT_CLICKHOUSE_CHECKS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "delivery/delivery.h"
#include "preflight/verdict.h"

#include <stdbool.h>
#include <stdint.h>

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

enum { LC_PREFLIGHT_NAME_SIZE = 256 };

/* A table, as system.tables tells of it. */
struct lc_preflight_table {
	char engine[LC_PREFLIGHT_NAME_SIZE];
	/* The table that a Distributed or Buffer table stands before; else its own name. */
	char database[LC_PREFLIGHT_NAME_SIZE];
	char table[LC_PREFLIGHT_NAME_SIZE];
	char cluster[LC_PREFLIGHT_NAME_SIZE]; /* of a Distributed table */
};

/* What is known, given or from earlier answers. */
struct lc_preflight_facts {
	/* Its settings and shard: all that our own statements are made from. */
	struct lc_delivery delivery;
	uint64_t marker;      /* for our own statements */
	const char *url;      /* of the server that is asked, as errors name it */
	int64_t wall_seconds; /* this machine's clock when the answer came */
	bool clock_known;
	int64_t clock_apart; /* the first server's clock minus this machine's, in seconds */
	struct lc_preflight_table logs;
};

/* What came of a statement. */
struct lc_clickhouse_reply {
	struct lc_error error; /* kind NONE: the whole answer is there */
	struct lc_view answer;
};

struct lc_clickhouse_check {
	const char *name;
	bool each_server; /* asked of every server of clickhouse.url, else of one that works */
	unsigned needs;   /* 1 << id of each check without whose success this one makes no sense */
	void (*append)(struct lc_buffer *sql, const struct lc_preflight_facts *facts);
	void (*judge)(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
		      struct lc_verdict *verdict);
	const struct lc_clickhouse_setting *setting; /* that goes with it; NULL: none */
};

extern const struct lc_clickhouse_check LC_CLICKHOUSE_CHECK_TABLE[LC_CLICKHOUSE_CHECKS];

#endif
