/*
 * What ClickHouse tells of a table's engine in system.tables.engine_full, as
 *
 *	Distributed('logs', 'logs', 'logs_local', raftSessionID)
 *	MergeTree ORDER BY (...) TTL insertedAt + toIntervalDay(3) SETTINGS index_granularity = 8192
 *
 * Pure.
 */
#ifndef LC_PREFLIGHT_TABLE_ENGINE_H
#define LC_PREFLIGHT_TABLE_ENGINE_H

#include "base/view.h"

#include <stdint.h>

/* The text of the engine's argument, the first being 0, without its quotes. Empty if there is none,
 * or if it is none that stands in quotes. A view of `engine`. */
struct lc_view lc_table_engine_argument(struct lc_view engine, unsigned index);

enum lc_table_engine_keeps {
	LC_TABLE_ENGINE_KEEPS_ALL,     /* no TTL deletes rows */
	LC_TABLE_ENGINE_KEEPS_SECONDS, /* for so many seconds */
	LC_TABLE_ENGINE_KEEPS_UNKNOWN, /* a TTL that we do not understand */
};

struct lc_table_engine_ttl {
	enum lc_table_engine_keeps keeps;
	uint64_t seconds;    /* until the first row goes; months and years are their shortest */
	struct lc_view text; /* of the TTL, a view of `engine` */
};

/* How long the table keeps its rows: the shortest TTL that deletes any. A rule that moves,
 * compresses or groups rows deletes none. Understood is a column, be it within toDateTime(), plus
 * intervals and seconds. */
struct lc_table_engine_ttl lc_table_engine_ttl_of(struct lc_view engine);

#endif
