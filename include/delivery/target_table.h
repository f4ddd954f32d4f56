/*
 * The targets of a shard: all by bucket name; in a queue those with objects waiting, whose turn is
 * next first; in a list those with bodiless intents, in turn. Targets stay as long as the table.
 */
#ifndef LC_DELIVERY_TARGET_TABLE_H
#define LC_DELIVERY_TARGET_TABLE_H

#include "base/counters.h"
#include "delivery/object.h"
#include "delivery/target.h"
#include "ledger/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_target_table;

/* `policy` must outlive the table. */
struct lc_target_table *lc_target_table_new(const struct lc_target_policy *policy);
/* Releases the table and the targets, which have no objects any more. */
void lc_target_table_free(struct lc_target_table *table);

/* The target of a bucket, new if it was not known. */
struct lc_target *lc_target_table_get(struct lc_target_table *table, struct lc_view bucket);

/* The target of a bucket, or NULL if it is not known. */
struct lc_target *lc_target_table_find(const struct lc_target_table *table, struct lc_view bucket);

/* Calls `visit` for each target. */
void lc_target_table_each(const struct lc_target_table *table,
			  void (*visit)(void *context, struct lc_target *target), void *context);

/* Takes up what an earlier process has recorded: its backoff, its open intents. `now_ms`:
 * monotonic. */
void lc_target_table_restore(struct lc_target_table *table, const struct lc_ledger_target *record,
			     uint64_t open_intents, uint64_t open_rows, uint64_t now_ms);

/* ---- objects waiting ---- */

/* The object waits at its target: as the next one, or behind the others. */
void lc_target_table_add_waiting(struct lc_target_table *table, struct lc_object *object,
				 bool first);
void lc_target_table_take_waiting(struct lc_target_table *table, struct lc_object *object);

/* The target whose turn it is to start an upload now, which then has its turn last; NULL if none
 * may. */
struct lc_target *lc_target_table_next(struct lc_target_table *table, uint64_t now_ms);

/* Any target with objects waiting, or NULL. */
struct lc_target *lc_target_table_first_waiting(const struct lc_target_table *table);

/* True if a working target has objects waiting. */
bool lc_target_table_any_moving(const struct lc_target_table *table);

/* When the next target that failed may be tried again; UINT64_MAX if none waits for that. */
uint64_t lc_target_table_next_probe_ms(const struct lc_target_table *table);

/* ---- bodiless intents ---- */

void lc_target_table_add_bodiless(struct lc_target_table *table, struct lc_target *target,
				  uint64_t count);
void lc_target_table_remove_bodiless(struct lc_target_table *table, struct lc_target *target);

/* A target whose bodiless intents may be built again now: it works, or it is time for a probe; it
 * then has its turn last. NULL if there is none. */
struct lc_target *lc_target_table_next_bodiless(struct lc_target_table *table, uint64_t now_ms);

/* Sets the gauges of blocked targets. */
void lc_target_table_show(const struct lc_target_table *table, struct lc_counters *counters);

#endif
