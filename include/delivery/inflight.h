/*
 * Memory: how much of it the log objects in flight may hold, and which of them lose their bodies.
 * What cannot be uploaded soon does: its intent stays, as a backlog, and the rebuild makes the body
 * again. That happens to
 *
 * - what waits for a target that has stepped aside, but for a few bodies to probe with;
 * - what a slow bucket has above its small share of the memory;
 * - what a bucket holds too much of while the reading waits for it;
 * - what waits in slow and failing buckets when memory is short.
 *
 * How much each object takes, and all of them, lc_object counts.
 */
#ifndef LC_DELIVERY_INFLIGHT_H
#define LC_DELIVERY_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_object_table;
struct lc_target;
struct lc_target_bucket;

/* True when the reading should wait for the target: its bucket works well and holds its share of
 * the bytes in flight. */
bool lc_inflight_crowded(const struct lc_object_table *objects, const struct lc_target *target);

/* Bytes that bodies built again for the target may take now. */
size_t lc_inflight_room(const struct lc_object_table *objects, const struct lc_target *target);

/* True when nothing is free, or less than a quarter. */
bool lc_inflight_is_full(const struct lc_object_table *objects);
bool lc_inflight_is_short(const struct lc_object_table *objects);

/* A target whose backlog may be built again now, which then has its turn last; NULL if there is
 * none. See lc_target_table_next_backlog. */
struct lc_target *lc_inflight_next_backlog(struct lc_object_table *objects, uint64_t now_ms);

/* Frees what waits in the bucket, or in all, and has to lose its body. */
void lc_inflight_trim(struct lc_object_table *objects, struct lc_target_bucket *bucket,
		      uint64_t now_ms);
void lc_inflight_trim_all(struct lc_object_table *objects, uint64_t now_ms);

/* The reading has waited for the target long enough: what its bucket has waiting above the share of
 * a slow one loses its body. */
void lc_inflight_spill(struct lc_object_table *objects, struct lc_target *target);

/* Frees what waits in slow and failing buckets, until memory is not short any more. */
void lc_inflight_free_slow(struct lc_object_table *objects);

/* Frees all that waits. */
void lc_inflight_free_waiting(struct lc_object_table *objects);

#endif
