/*
 * A delivery: what the parts of a shard are made from, work with and tell. The shard owns all of it
 * and makes it in the order of the members: what is given; what is known, still empty; the ledger,
 * which brings back what an earlier process has left; then the parts, each from those above it.
 * A part keeps the pointer, and finds there what it needs. A replay (delivery/replay) has a delivery
 * of its own, without the parts that follow new rows.
 */
#ifndef LC_DELIVERY_DELIVERY_H
#define LC_DELIVERY_DELIVERY_H

#include "ledger/ledger_types.h"

struct lc_attempts;
struct lc_build;
struct lc_clickhouse;
struct lc_commit;
struct lc_counters;
struct lc_cycle;
struct lc_discovery;
struct lc_error;
struct lc_ledger;
struct lc_loop;
struct lc_object_table;
struct lc_presence;
struct lc_random;
struct lc_rebuild;
struct lc_reconcile;
struct lc_replays;
struct lc_s3;
struct lc_scan;
struct lc_settings;
struct lc_source;
struct lc_source_table;
struct lc_target_table;
struct lc_upload;

/* Which rows alone are read, of the sources and seconds that are asked for. */
struct lc_delivery_filter {
	int64_t from_ms; /* from_ms <= startTime < to_ms, ms since 1970 */
	int64_t to_ms;
	bool of_target; /* and these name this target; or any: those that name none are left out */
	bool whole_bucket; /* whatever the prefix */
	struct lc_view target_bucket;
	struct lc_view target_prefix;
};

/* What the parts tell, from the loop. */
struct lc_delivery_events {
	/* A discovery has ended: `error` kind NONE, or why it failed. A failed one is tried again,
	 * but for LC_ERROR_OUTDATED, after which the cycle stands still. */
	void (*discovered)(void *context, const struct lc_error *error);
	/* A scan has left the source: its marks and ranges have moved. */
	void (*scanned)(void *context, struct lc_source *source);
	/* An object has gone from the build to the uploads. */
	void (*submitted)(void *context);
	/* An object of the source is delivered or closed, the ledger has that on disk, and the
	 * object is released. */
	void (*delivered)(void *context, struct lc_source *source);
	/* An upload has ended or a target works again: there is more room than before. */
	void (*room)(void *context);
	/* An intent of the source without a body was closed without delivery. */
	void (*lost)(void *context, struct lc_source *source);
	/* What the ledger has told cannot be (LC_ERROR_CORRUPT): there is no way on, as after
	 * lc_ledger_open's on_corrupt. */
	void (*damaged)(void *context, const struct lc_error *error);
	/* Another courier, which has begun earlier, delivers this shard as well: this one must
	 * stop. `error` (LC_ERROR_CONFLICT) says which. */
	void (*rivalled)(void *context, const struct lc_error *error);
	/* The source's offset is committed and nothing newer waits. */
	void (*committed)(void *context, struct lc_source *source);
	/* No insert of offsets is under way and none waits. */
	void (*commits_ended)(void *context);
};

struct lc_delivery {
	/* Given; these outlive it. */
	struct lc_loop *loop;
	const struct lc_settings *settings;
	unsigned shard; /* this one, of shard_count */
	unsigned shard_count;
	struct lc_counters *counters;
	struct lc_random *random;
	struct lc_clickhouse *clickhouse;
	struct lc_s3 *const *s3; /* by lc_settings.entry; see delivery/servers.h */
	const struct lc_delivery_events *events;
	void *context;                           /* of the events */
	const struct lc_delivery_filter *filter; /* NULL: all rows are read */

	/* Known. */
	struct lc_source_table *sources;
	struct lc_target_table *targets;
	struct lc_object_table *objects;
	struct lc_attempts *attempts;

	struct lc_ledger *ledger;
	struct lc_ledger_state state; /* what it held when it was opened */

	/* Parts. */
	struct lc_upload *upload;
	struct lc_build *build;
	struct lc_commit *commit;
	struct lc_rebuild *rebuild;
	struct lc_reconcile *reconcile;
	struct lc_discovery *discovery;
	struct lc_scan *scan;
	struct lc_cycle *cycle;
	struct lc_replays *replays;
	struct lc_presence *presence;
};

#endif
