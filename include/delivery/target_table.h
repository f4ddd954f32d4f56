/*
 * The targets of a shard and their buckets. In a queue, those buckets with objects waiting, whose
 * turn is next first, each with a queue of its targets; in a list, the targets with a backlog, in
 * turn. A target stays as long as something is known of it; see lc_target_table_sweep.
 */
#ifndef LC_DELIVERY_TARGET_TABLE_H
#define LC_DELIVERY_TARGET_TABLE_H

#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_counters;
struct lc_ledger_target;
struct lc_settings;
struct lc_source;
struct lc_target;
struct lc_target_bucket;
struct lc_target_policy;
struct lc_target_table;

/* `policy` is copied; `settings`, from which each bucket has its own, must outlive the table. */
struct lc_target_table *lc_target_table_new(const struct lc_target_policy *policy,
					    const struct lc_settings *settings);
/* Releases the table and the targets, which have no objects any more, and their backlogs. The
 * sources of these must still be there. */
void lc_target_table_free(struct lc_target_table *table);

/* What its targets are treated by. */
const struct lc_target_policy *lc_target_table_policy(const struct lc_target_table *table);

/* The target, new if it was not known. */
struct lc_target *lc_target_table_get(struct lc_target_table *table, struct lc_view bucket,
				      struct lc_view prefix);

/* The target, or NULL if it is not known. */
struct lc_target *lc_target_table_find(struct lc_target_table *table, struct lc_view bucket,
				       struct lc_view prefix);

/* The bucket, new if it was not known. */
struct lc_target_bucket *lc_target_table_get_bucket(struct lc_target_table *table,
						    struct lc_view name);

/* Calls `visit` for each target, or each bucket. */
void lc_target_table_each(const struct lc_target_table *table,
			  void (*visit)(void *context, struct lc_target *target), void *context);
void lc_target_table_each_bucket(const struct lc_target_table *table,
				 void (*visit)(void *context, struct lc_target_bucket *bucket),
				 void *context);

/* Takes up what an earlier process has recorded of a target or a bucket. `now_ms`: monotonic. */
void lc_target_table_restore(struct lc_target_table *table, const struct lc_ledger_target *record,
			     uint64_t now_ms);

/* The bucket works again: its targets are tried at once, those that refused too. */
void lc_target_table_wake(struct lc_target_table *table, const struct lc_target_bucket *bucket,
			  uint64_t now_ms);

/* Forgets the targets and buckets that nothing is known of, once they are many. Nobody but the
 * table may hold one of them. */
void lc_target_table_sweep(struct lc_target_table *table);

/* ---- objects waiting ---- */

/* The target has objects waiting now and will have its turn last; or has none any more. For
 * lc_object_enter. */
void lc_target_table_join_queue(struct lc_target_table *table, struct lc_target *target);
void lc_target_table_leave_queue(struct lc_target_table *table, struct lc_target *target);

/* Whose turn is looked for: of all buckets; of those that are neither slow nor failing; of these,
 * that have taken an object, as far as one is among the next LC_TARGET_TABLE_LOOK buckets: where
 * there are tens of thousands of new ones, the queue is not gone through for each upload. */
enum { LC_TARGET_TABLE_LOOK = 256 };
enum lc_target_choice {
	LC_TARGET_ANY,
	LC_TARGET_PROMPT,
	LC_TARGET_PROVEN,
};

/* The target whose turn it is to start an upload now; NULL if none may. */
struct lc_target *lc_target_table_next(const struct lc_target_table *table, uint64_t now_ms,
				       enum lc_target_choice choice);

/* It, and its bucket, have their turn last. It has objects waiting. */
void lc_target_table_pass_turn(struct lc_target_table *table, struct lc_target *target);

/* Calls `visit` for each bucket with objects waiting; it may take them. */
void lc_target_table_each_waiting(struct lc_target_table *table,
				  void (*visit)(void *context, struct lc_target_bucket *bucket),
				  void *context);

/* True if a working bucket has objects waiting; `prompt`: one that is not slow either. */
bool lc_target_table_any_moving(const struct lc_target_table *table, bool prompt);

/* When the next target that failed may be tried again; UINT64_MAX if none waits for that. */
uint64_t lc_target_table_next_probe_ms(const struct lc_target_table *table);

/* ---- backlogs ---- */

/* The backlog of a source at a target: log objects that stand in the ledger as open intents and
 * whose bodies are not in memory, because the process has just started, or because the target does
 * not take them as fast as they come. The rebuild makes their bodies again.
 *
 * One exists for each pair of source and target that has some. It is in a list of each. */
struct lc_backlog {
	struct lc_source *source;
	struct lc_target *target;
	uint64_t intents; /* not 0 */
	uint64_t rows;
	uint32_t oldest; /* second; not later than the oldest row of these */
	TAILQ_ENTRY(lc_backlog) of_source;
	TAILQ_ENTRY(lc_backlog) of_target;
};

/* So many intents more. */
void lc_target_table_add_backlog(struct lc_target_table *table, struct lc_source *source,
				 struct lc_target *target, uint64_t intents, uint64_t rows,
				 uint32_t oldest);

/* One of its intents has its body again, or is closed. */
void lc_target_table_remove_backlog(struct lc_target_table *table, struct lc_source *source,
				    struct lc_target *target, uint64_t rows);

/* No open intent of the target has a row older than this second. */
void lc_target_table_raise_oldest(struct lc_target *target, uint32_t second);

/* Sums over all backlogs of a source or of a target; `oldest` 0: there is none. */
struct lc_backlog_sum {
	uint64_t intents;
	uint64_t rows;
	uint32_t oldest;
};
struct lc_backlog_sum lc_target_table_backlog_of(const struct lc_target *target);
struct lc_backlog_sum lc_target_table_backlog_of_source(const struct lc_source *source);

/* A target whose backlog may be built again now: it works, or it is time for a probe and `probes`
 * says that bodies for these may be built, or it was discarded. It then has its turn last. NULL if
 * there is none. */
struct lc_target *lc_target_table_next_backlog(struct lc_target_table *table, uint64_t now_ms,
					       bool probes);

/* Sets the gauges of targets and their backlogs. */
void lc_target_table_show(const struct lc_target_table *table, struct lc_counters *counters);

#endif
