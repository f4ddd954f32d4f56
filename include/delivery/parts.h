/*
 * What the steps of a delivery work with: made by the shard, which owns it all and outlives them.
 * Each step keeps a copy of this list and uses what it needs.
 */
#ifndef LC_DELIVERY_PARTS_H
#define LC_DELIVERY_PARTS_H

struct lc_build;
struct lc_clickhouse;
struct lc_commit;
struct lc_counters;
struct lc_ledger;
struct lc_loop;
struct lc_random;
struct lc_settings;
struct lc_source_table;
struct lc_upload;

struct lc_parts {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	unsigned shard; /* this one, of shard_count */
	unsigned shard_count;
	struct lc_counters *counters;
	struct lc_random *random;
	struct lc_clickhouse *clickhouse;
	struct lc_ledger *ledger;
	struct lc_source_table *sources;
	struct lc_upload *upload;
	struct lc_build *build;
	struct lc_commit *commit;
};

#endif
