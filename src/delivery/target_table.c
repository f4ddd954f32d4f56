#include "delivery/target_table.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <uthash.h>

TAILQ_HEAD(target_list, lc_target);

struct node {
	struct lc_target target;
	UT_hash_handle hh; /* by bucket name */
};

struct lc_target_table {
	const struct lc_target_policy *policy;
	struct node *nodes;
	struct target_list queue;    /* those with waiting objects */
	struct target_list bodiless; /* those with bodiless intents */
};

struct lc_target_table *lc_target_table_new(const struct lc_target_policy *policy)
{
	struct lc_target_table *table = lc_memory_zero(1, sizeof(*table));

	table->policy = policy;
	TAILQ_INIT(&table->queue);
	TAILQ_INIT(&table->bodiless);
	return table;
}

void lc_target_table_free(struct lc_target_table *table)
{
	struct node *node = table->nodes;

	HASH_CLEAR(hh, table->nodes);
	while (node != NULL) {
		struct node *next = node->hh.next;

		LC_ASSERT(TAILQ_EMPTY(&node->target.waiting));
		free(node->target.bucket);
		free(node->target.last_error);
		free(node);
		node = next;
	}
	free(table);
}

struct lc_target *lc_target_table_find(const struct lc_target_table *table, struct lc_view bucket)
{
	struct node *node;

	HASH_FIND(hh, table->nodes, bucket.data, bucket.size, node);
	return node == NULL ? NULL : &node->target;
}

struct lc_target *lc_target_table_get(struct lc_target_table *table, struct lc_view bucket)
{
	struct lc_target *target = lc_target_table_find(table, bucket);
	struct node *node;

	if (target != NULL)
		return target;
	node = lc_memory_zero(1, sizeof(*node));
	node->target.bucket = lc_memory_copy_bytes(bucket.data, bucket.size);
	TAILQ_INIT(&node->target.waiting);
	HASH_ADD_KEYPTR(hh, table->nodes, node->target.bucket, bucket.size, node);
	return &node->target;
}

void lc_target_table_each(const struct lc_target_table *table,
			  void (*visit)(void *context, struct lc_target *target), void *context)
{
	struct node *node;

	for (node = table->nodes; node != NULL; node = node->hh.next)
		visit(context, &node->target);
}

void lc_target_table_restore(struct lc_target_table *table, const struct lc_ledger_target *record,
			     uint64_t open_intents, uint64_t open_rows, uint64_t now_ms)
{
	struct lc_target *target = lc_target_table_get(table, record->bucket);
	int64_t longest_ms = (int64_t)table->policy->backoff.maximum_ms;
	int64_t wait_ms = record->probe_at_ms - lc_clock_wall_ms();

	/* The wall clock may have been set meanwhile. */
	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > longest_ms)
		wait_ms = longest_ms;
	if (record->failures > 0) {
		target->state = LC_TARGET_ASIDE;
		target->refused = record->refused;
		target->failures = record->failures;
		target->failing_since_ms = now_ms;
		target->probe_at_ms = now_ms + (uint64_t)wait_ms;
	}
	target->rows += open_rows;
	lc_target_table_add_bodiless(table, target, open_intents);
}

void lc_target_table_add_waiting(struct lc_target_table *table, struct lc_object *object,
				 bool first)
{
	struct lc_target *target = object->target;

	if (TAILQ_EMPTY(&target->waiting))
		TAILQ_INSERT_TAIL(&table->queue, target, link);
	if (first)
		TAILQ_INSERT_HEAD(&target->waiting, object, of_list);
	else
		TAILQ_INSERT_TAIL(&target->waiting, object, of_list);
}

void lc_target_table_take_waiting(struct lc_target_table *table, struct lc_object *object)
{
	struct lc_target *target = object->target;

	TAILQ_REMOVE(&target->waiting, object, of_list);
	if (TAILQ_EMPTY(&target->waiting))
		TAILQ_REMOVE(&table->queue, target, link);
}

struct lc_target *lc_target_table_next(struct lc_target_table *table, uint64_t now_ms)
{
	struct lc_target *target;

	TAILQ_FOREACH(target, &table->queue, link)
	{
		if (lc_target_may_start(target, table->policy, now_ms)) {
			TAILQ_REMOVE(&table->queue, target, link);
			TAILQ_INSERT_TAIL(&table->queue, target, link);
			return target;
		}
	}
	return NULL;
}

struct lc_target *lc_target_table_first_waiting(const struct lc_target_table *table)
{
	return TAILQ_FIRST(&table->queue);
}

bool lc_target_table_any_moving(const struct lc_target_table *table)
{
	const struct lc_target *target;

	TAILQ_FOREACH(target, &table->queue, link)
	{
		if (target->state == LC_TARGET_HEALTHY)
			return true;
	}
	return false;
}

uint64_t lc_target_table_next_probe_ms(const struct lc_target_table *table)
{
	uint64_t next_ms = UINT64_MAX;
	const struct lc_target *target;

	TAILQ_FOREACH(target, &table->queue, link)
	{
		if (target->state != LC_TARGET_HEALTHY && target->active == 0 &&
		    target->probe_at_ms < next_ms)
			next_ms = target->probe_at_ms;
	}
	return next_ms;
}

void lc_target_table_add_bodiless(struct lc_target_table *table, struct lc_target *target,
				  uint64_t count)
{
	if (target->bodiless == 0 && count > 0)
		TAILQ_INSERT_TAIL(&table->bodiless, target, of_bodiless);
	target->bodiless += count;
}

void lc_target_table_remove_bodiless(struct lc_target_table *table, struct lc_target *target)
{
	LC_ASSERT(target->bodiless > 0);
	target->bodiless--;
	if (target->bodiless == 0)
		TAILQ_REMOVE(&table->bodiless, target, of_bodiless);
}

struct lc_target *lc_target_table_next_bodiless(struct lc_target_table *table, uint64_t now_ms)
{
	struct lc_target *target;

	TAILQ_FOREACH(target, &table->bodiless, of_bodiless)
	{
		bool probing = !TAILQ_EMPTY(&target->waiting) || target->active > 0;

		if (now_ms < target->rebuild_at_ms || lc_target_crowded(target, table->policy))
			continue;
		if (target->state != LC_TARGET_HEALTHY && (probing || now_ms < target->probe_at_ms))
			continue;
		TAILQ_REMOVE(&table->bodiless, target, of_bodiless);
		TAILQ_INSERT_TAIL(&table->bodiless, target, of_bodiless);
		return target;
	}
	return NULL;
}

void lc_target_table_show(const struct lc_target_table *table, struct lc_counters *counters)
{
	const struct node *node;
	uint64_t blocked = 0;
	uint64_t bodiless = 0;
	uint64_t rows = 0;

	for (node = table->nodes; node != NULL; node = node->hh.next) {
		const struct lc_target *target = &node->target;
		bool aside = target->state == LC_TARGET_ASIDE;

		blocked += aside;
		bodiless += target->bodiless;
		rows += aside && target->refused ? target->rows : 0;
	}
	lc_counters_set(counters, LC_COUNTERS_TARGETS_BLOCKED, blocked);
	lc_counters_set(counters, LC_COUNTERS_INTENTS_BODILESS, bodiless);
	lc_counters_set(counters, LC_COUNTERS_RECORDS_REFUSED, rows);
}
