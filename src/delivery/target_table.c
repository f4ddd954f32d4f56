#include "delivery/target_table.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/memory.h"
#include "config/settings_targets.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "ledger/ledger_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

enum {
	SWEEP_LEAST = 1024,   /* targets that may stay though nothing is known of them */
	NAME_SHOWN_MAX = 150, /* so that both names have room in a complaint */
};

struct bucket_node {
	struct lc_target_bucket bucket;
	UT_hash_handle hh; /* by name */
	char name[];
};

/* Targets are found by the size of the bucket's name, the name and the prefix as one run of bytes.
 */
struct target_node {
	struct lc_target target;
	UT_hash_handle hh;
	char key[];
};

TAILQ_HEAD(bucket_list, lc_target_bucket);

struct lc_target_table {
	struct lc_target_policy policy;
	const struct lc_settings *settings;
	struct bucket_node *buckets;
	struct target_node *targets;
	char *key; /* room for the key that is looked up */
	size_t key_capacity;
	size_t known;                   /* targets that the last sweep left */
	struct bucket_list queue;       /* those with waiting objects */
	struct lc_target_list backlogs; /* those with a backlog */
};

enum { SIZE_SIZE = sizeof(uint32_t) };

struct lc_target_table *lc_target_table_new(const struct lc_target_policy *policy,
					    const struct lc_settings *settings)
{
	struct lc_target_table *table = lc_memory_zero(1, sizeof(*table));

	table->policy = *policy;
	table->settings = settings;
	TAILQ_INIT(&table->queue);
	TAILQ_INIT(&table->backlogs);
	return table;
}

const struct lc_target_policy *lc_target_table_policy(const struct lc_target_table *table)
{
	return &table->policy;
}

static void drop_backlog(struct lc_backlog *backlog)
{
	TAILQ_REMOVE(&backlog->source->backlogs, backlog, of_source);
	TAILQ_REMOVE(&backlog->target->backlogs, backlog, of_target);
	free(backlog);
}

static void drop_backlogs(struct lc_target *target)
{
	struct lc_backlog *backlog = TAILQ_FIRST(&target->backlogs);

	while (backlog != NULL) {
		struct lc_backlog *next = TAILQ_NEXT(backlog, of_target);

		drop_backlog(backlog);
		backlog = next;
	}
}

static void drop_target(struct lc_target_table *table, struct target_node *node)
{
	LC_ASSERT(TAILQ_EMPTY(&node->target.waiting));
	node->target.bucket->targets--;
	/* A table that goes with its last node is not used again.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_DEL(table->targets, node);
	free(node->target.standing.last_error);
	free(node);
}

static void drop_bucket(struct lc_target_table *table, struct bucket_node *node)
{
	LC_ASSERT(node->bucket.targets == 0);
	HASH_DEL(table->buckets, node);
	free(node->bucket.standing.last_error);
	free(node);
}

void lc_target_table_free(struct lc_target_table *table)
{
	struct target_node *target = NULL;
	struct target_node *next_target = NULL;
	struct bucket_node *bucket = NULL;
	struct bucket_node *next_bucket = NULL;

	if (table == NULL)
		return;
	HASH_ITER(hh, table->targets, target, next_target)
	{
		drop_backlogs(&target->target);
		drop_target(table, target);
	}
	HASH_ITER(hh, table->buckets, bucket, next_bucket)
	{
		drop_bucket(table, bucket);
	}
	free(table->key);
	free(table);
}

/* ---- finding ---- */

struct lc_target_bucket *lc_target_table_get_bucket(struct lc_target_table *table,
						    struct lc_view name)
{
	struct bucket_node *node;

	/* An empty name may come without an address. */
	if (name.size == 0)
		name = lc_view_of("");
	HASH_FIND(hh, table->buckets, name.data, name.size, node);
	if (node != NULL)
		return &node->bucket;
	node = lc_memory_zero(1, sizeof(*node) + name.size + 1);
	memcpy(node->name, name.data, name.size);
	node->bucket.name = (struct lc_view){.data = node->name, .size = name.size};
	node->bucket.settings = lc_settings_of_bucket(table->settings, name);
	TAILQ_INIT(&node->bucket.queue);
	HASH_ADD_KEYPTR(hh, table->buckets, node->name, name.size, node);
	return &node->bucket;
}

static size_t make_key(struct lc_target_table *table, struct lc_view bucket, struct lc_view prefix)
{
	size_t size = SIZE_SIZE + bucket.size + prefix.size;
	uint32_t bucket_size = (uint32_t)bucket.size;

	if (size > table->key_capacity) {
		table->key = lc_memory_resize(table->key, size, 1);
		table->key_capacity = size;
	}
	memcpy(table->key, &bucket_size, SIZE_SIZE);
	if (bucket.size > 0)
		memcpy(table->key + SIZE_SIZE, bucket.data, bucket.size);
	if (prefix.size > 0)
		memcpy(table->key + SIZE_SIZE + bucket.size, prefix.data, prefix.size);
	return size;
}

struct lc_target *lc_target_table_find(struct lc_target_table *table, struct lc_view bucket,
				       struct lc_view prefix)
{
	size_t size = make_key(table, bucket, prefix);
	struct target_node *node;

	HASH_FIND(hh, table->targets, table->key, size, node);
	return node == NULL ? NULL : &node->target;
}

struct lc_target *lc_target_table_get(struct lc_target_table *table, struct lc_view bucket,
				      struct lc_view prefix)
{
	struct lc_target *target = lc_target_table_find(table, bucket, prefix);
	size_t size = SIZE_SIZE + bucket.size + prefix.size;
	struct target_node *node;

	if (target != NULL)
		return target;
	node = lc_memory_zero(1, sizeof(*node) + size);
	memcpy(node->key, table->key, size);
	target = &node->target;
	target->bucket = lc_target_table_get_bucket(table, bucket);
	target->bucket->targets++;
	target->prefix =
	    (struct lc_view){.data = node->key + SIZE_SIZE + bucket.size, .size = prefix.size};
	TAILQ_INIT(&target->waiting);
	TAILQ_INIT(&target->backlogs);
	HASH_ADD_KEYPTR(hh, table->targets, node->key, size, node);
	return target;
}

void lc_target_table_each(const struct lc_target_table *table,
			  void (*visit)(void *context, struct lc_target *target), void *context)
{
	struct target_node *node;

	for (node = table->targets; node != NULL; node = node->hh.next)
		visit(context, &node->target);
}

void lc_target_table_each_bucket(const struct lc_target_table *table,
				 void (*visit)(void *context, struct lc_target_bucket *bucket),
				 void *context)
{
	struct bucket_node *node;

	for (node = table->buckets; node != NULL; node = node->hh.next)
		visit(context, &node->bucket);
}

void lc_target_table_restore(struct lc_target_table *table, const struct lc_ledger_target *record,
			     uint64_t now_ms)
{
	struct lc_standing *standing =
	    record->whole ? &lc_target_table_get_bucket(table, record->bucket)->standing
			  : &lc_target_table_get(table, record->bucket, record->prefix)->standing;
	int64_t longest_ms = (int64_t)table->policy.backoff.maximum_ms;
	int64_t wait_ms = record->probe_at_ms - lc_clock_wall_ms();

	/* The wall clock may have been set meanwhile. */
	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > longest_ms)
		wait_ms = longest_ms;
	standing->given_up = record->given_up;
	if (record->failures == 0)
		return;
	standing->state = LC_TARGET_ASIDE;
	standing->refused = record->refused;
	standing->failures = record->failures;
	standing->failing_since_ms = now_ms;
	standing->probe_at_ms = now_ms + (uint64_t)wait_ms;
}

void lc_target_table_wake(struct lc_target_table *table, const struct lc_target_bucket *bucket,
			  uint64_t now_ms)
{
	struct target_node *node;

	for (node = table->targets; node != NULL; node = node->hh.next) {
		if (node->target.bucket != bucket)
			continue;
		node->target.standing.probe_at_ms = now_ms;
		node->target.rebuild_at_ms = 0;
	}
}

/* ---- forgetting ---- */

static bool is_blank(const struct lc_standing *standing)
{
	return standing->state == LC_TARGET_HEALTHY && standing->given_up == LC_LEDGER_KEPT;
}

static bool is_idle(const struct lc_target *target)
{
	return is_blank(&target->standing) && target->active == 0 && target->object_rows == 0 &&
	       target->bucket->bytes == 0 && TAILQ_EMPTY(&target->waiting) &&
	       TAILQ_EMPTY(&target->backlogs);
}

void lc_target_table_sweep(struct lc_target_table *table)
{
	struct target_node *target = NULL;
	struct target_node *next_target = NULL;
	struct bucket_node *bucket = NULL;
	struct bucket_node *next_bucket = NULL;

	if (HASH_COUNT(table->targets) < 2 * table->known + SWEEP_LEAST)
		return;
	HASH_ITER(hh, table->targets, target, next_target)
	{
		if (is_idle(&target->target))
			drop_target(table, target);
	}
	HASH_ITER(hh, table->buckets, bucket, next_bucket)
	{
		if (bucket->bucket.targets == 0 && is_blank(&bucket->bucket.standing))
			drop_bucket(table, bucket);
	}
	table->known = HASH_COUNT(table->targets);
}

/* ---- objects waiting ---- */

void lc_target_table_join_queue(struct lc_target_table *table, struct lc_target *target)
{
	struct lc_target_bucket *bucket = target->bucket;

	if (TAILQ_EMPTY(&bucket->queue))
		TAILQ_INSERT_TAIL(&table->queue, bucket, link);
	TAILQ_INSERT_TAIL(&bucket->queue, target, link);
}

void lc_target_table_leave_queue(struct lc_target_table *table, struct lc_target *target)
{
	struct lc_target_bucket *bucket = target->bucket;

	TAILQ_REMOVE(&bucket->queue, target, link);
	if (TAILQ_EMPTY(&bucket->queue))
		TAILQ_REMOVE(&table->queue, bucket, link);
}

static struct lc_target *next_of_bucket(const struct lc_target_bucket *bucket,
					const struct lc_target_policy *policy, uint64_t now_ms)
{
	struct lc_target *target;

	if (bucket->standing.state == LC_TARGET_HEALTHY && bucket->active >= policy->concurrency)
		return NULL;
	TAILQ_FOREACH(target, &bucket->queue, link)
	{
		if (lc_target_may_start(target, policy, now_ms))
			return target;
	}
	return NULL;
}

struct lc_target *lc_target_table_next(const struct lc_target_table *table, uint64_t now_ms,
				       enum lc_target_choice choice)
{
	const struct lc_target_bucket *bucket;
	size_t left = choice == LC_TARGET_PROVEN ? LC_TARGET_TABLE_LOOK : SIZE_MAX;

	TAILQ_FOREACH(bucket, &table->queue, link)
	{
		struct lc_target *target;

		if (left-- == 0)
			return NULL;
		if (choice != LC_TARGET_ANY && !lc_target_bucket_prompt(bucket))
			continue;
		if (choice == LC_TARGET_PROVEN && !bucket->proven)
			continue;
		target = next_of_bucket(bucket, &table->policy, now_ms);
		if (target != NULL)
			return target;
	}
	return NULL;
}

void lc_target_table_pass_turn(struct lc_target_table *table, struct lc_target *target)
{
	TAILQ_REMOVE(&target->bucket->queue, target, link);
	TAILQ_INSERT_TAIL(&target->bucket->queue, target, link);
	TAILQ_REMOVE(&table->queue, target->bucket, link);
	TAILQ_INSERT_TAIL(&table->queue, target->bucket, link);
}

void lc_target_table_each_waiting(struct lc_target_table *table,
				  void (*visit)(void *context, struct lc_target_bucket *bucket),
				  void *context)
{
	struct lc_target_bucket *bucket = TAILQ_FIRST(&table->queue);

	while (bucket != NULL) {
		struct lc_target_bucket *next = TAILQ_NEXT(bucket, link);

		visit(context, bucket);
		bucket = next;
	}
}

bool lc_target_table_any_moving(const struct lc_target_table *table, bool prompt)
{
	const struct lc_target_bucket *bucket;
	const struct lc_target *target;

	TAILQ_FOREACH(bucket, &table->queue, link)
	{
		if (bucket->standing.state != LC_TARGET_HEALTHY || (prompt && bucket->slow))
			continue;
		TAILQ_FOREACH(target, &bucket->queue, link)
		{
			if (target->standing.state == LC_TARGET_HEALTHY)
				return true;
		}
	}
	return false;
}

uint64_t lc_target_table_next_probe_ms(const struct lc_target_table *table)
{
	uint64_t next_ms = UINT64_MAX;
	const struct lc_target_bucket *bucket;
	const struct lc_target *target;

	TAILQ_FOREACH(bucket, &table->queue, link)
	{
		TAILQ_FOREACH(target, &bucket->queue, link)
		{
			bool probing = bucket->standing.state != LC_TARGET_HEALTHY
					   ? bucket->active > 0
					   : target->active > 0;

			if (lc_target_standing(target)->state != LC_TARGET_HEALTHY && !probing &&
			    lc_target_probe_at_ms(target) < next_ms)
				next_ms = lc_target_probe_at_ms(target);
		}
	}
	return next_ms;
}

/* ---- backlogs ---- */

/* A source has few targets, most often one. */
static struct lc_backlog *find_backlog(const struct lc_source *source,
				       const struct lc_target *target)
{
	struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		if (backlog->target == target)
			return backlog;
	}
	return NULL;
}

void lc_target_table_add_backlog(struct lc_target_table *table, struct lc_source *source,
				 struct lc_target *target, uint64_t intents, uint64_t rows,
				 uint32_t oldest)
{
	struct lc_backlog *backlog = find_backlog(source, target);

	LC_ASSERT(intents > 0);
	if (TAILQ_EMPTY(&target->backlogs))
		TAILQ_INSERT_TAIL(&table->backlogs, target, of_backlog);
	if (backlog == NULL) {
		backlog = lc_memory_zero(1, sizeof(*backlog));
		backlog->source = source;
		backlog->target = target;
		backlog->oldest = oldest;
		TAILQ_INSERT_TAIL(&source->backlogs, backlog, of_source);
		TAILQ_INSERT_TAIL(&target->backlogs, backlog, of_target);
	}
	backlog->intents += intents;
	backlog->rows += rows;
	if (oldest < backlog->oldest)
		backlog->oldest = oldest;
}

void lc_target_table_remove_backlog(struct lc_target_table *table, struct lc_source *source,
				    struct lc_target *target, uint64_t rows)
{
	struct lc_backlog *backlog = find_backlog(source, target);

	LC_ASSERT(backlog != NULL && backlog->rows >= rows);
	backlog->intents--;
	backlog->rows -= rows;
	if (backlog->intents == 0)
		drop_backlog(backlog);
	if (TAILQ_EMPTY(&target->backlogs))
		TAILQ_REMOVE(&table->backlogs, target, of_backlog);
}

void lc_target_table_raise_oldest(struct lc_target *target, uint32_t second)
{
	struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &target->backlogs, of_target)
	{
		if (backlog->oldest < second)
			backlog->oldest = second;
	}
}

static void sum_up(struct lc_backlog_sum *sum, const struct lc_backlog *backlog)
{
	sum->intents += backlog->intents;
	sum->rows += backlog->rows;
	if (sum->oldest == 0 || backlog->oldest < sum->oldest)
		sum->oldest = backlog->oldest;
}

struct lc_backlog_sum lc_target_table_backlog_of_source(const struct lc_source *source)
{
	struct lc_backlog_sum sum = {.intents = 0};
	const struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		sum_up(&sum, backlog);
	}
	return sum;
}

struct lc_backlog_sum lc_target_table_backlog_of(const struct lc_target *target)
{
	struct lc_backlog_sum sum = {.intents = 0};
	const struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &target->backlogs, of_target)
	{
		sum_up(&sum, backlog);
	}
	return sum;
}

static bool may_rebuild(const struct lc_target *target, const struct lc_target_policy *policy,
			uint64_t now_ms, bool probes)
{
	const struct lc_target_bucket *bucket = target->bucket;

	if (now_ms < target->rebuild_at_ms)
		return false;
	if (lc_target_given_up(target) == LC_LEDGER_DISCARDED)
		return true;
	if (lc_target_crowded(target, policy))
		return false;
	if (lc_target_standing(target)->state == LC_TARGET_HEALTHY)
		return true;
	/* One body for the probe, when it is due. */
	if (!probes)
		return false;
	if (bucket->standing.state != LC_TARGET_HEALTHY &&
	    (bucket->active > 0 || !TAILQ_EMPTY(&bucket->queue)))
		return false;
	return target->active == 0 && TAILQ_EMPTY(&target->waiting) &&
	       now_ms >= lc_target_probe_at_ms(target);
}

struct lc_target *lc_target_table_next_backlog(struct lc_target_table *table, uint64_t now_ms,
					       bool probes)
{
	struct lc_target *target;

	TAILQ_FOREACH(target, &table->backlogs, of_backlog)
	{
		if (!may_rebuild(target, &table->policy, now_ms, probes))
			continue;
		TAILQ_REMOVE(&table->backlogs, target, of_backlog);
		TAILQ_INSERT_TAIL(&table->backlogs, target, of_backlog);
		return target;
	}
	return NULL;
}

/* ---- gauges ---- */

struct survey {
	const struct lc_target *longest; /* blocked, and not given up */
	uint64_t blocked;
	uint64_t slow;
	uint64_t intents;
	uint64_t refused_rows;
	uint64_t given_up_rows;
	uint64_t nameless_rows;
};

static void survey_bucket(void *context, struct lc_target_bucket *bucket)
{
	struct survey *survey = context;

	survey->blocked += bucket->standing.state == LC_TARGET_ASIDE;
	survey->slow += bucket->slow;
}

static void survey_target(void *context, struct lc_target *target)
{
	struct survey *survey = context;
	struct lc_backlog_sum backlog = lc_target_table_backlog_of(target);
	uint64_t rows = target->object_rows + backlog.rows;
	const struct lc_standing *standing = lc_target_standing(target);

	survey->intents += backlog.intents;
	if (standing->state == LC_TARGET_ASIDE && lc_target_given_up(target) == LC_LEDGER_KEPT &&
	    rows > 0 &&
	    (survey->longest == NULL ||
	     standing->failing_since_ms < lc_target_standing(survey->longest)->failing_since_ms))
		survey->longest = target;
	survey->blocked += target->standing.state == LC_TARGET_ASIDE &&
			   target->bucket->standing.state != LC_TARGET_ASIDE;
	if (lc_target_given_up(target) != LC_LEDGER_KEPT)
		survey->given_up_rows += rows;
	else if (target->bucket->name.size == 0)
		survey->nameless_rows += rows;
	else if (standing->state == LC_TARGET_ASIDE && standing->refused)
		survey->refused_rows += rows;
}

static void complain(const struct lc_target *target, struct lc_counters *counters)
{
	char words[LC_COUNTERS_WORDS_SIZE] = "";

	if (target != NULL && lc_target_standing(target)->last_error != NULL)
		snprintf(words, sizeof(words), "%s", lc_target_standing(target)->last_error);
	else if (target != NULL)
		snprintf(words, sizeof(words), "%.*s/%.*s, not tried since the start",
			 lc_view_shown(target->bucket->name, NAME_SHOWN_MAX),
			 target->bucket->name.data, lc_view_shown(target->prefix, NAME_SHOWN_MAX),
			 target->prefix.data);
	lc_counters_complain(counters, LC_COUNTERS_COMPLAINT_TARGET, 0, words);
}

void lc_target_table_show(const struct lc_target_table *table, struct lc_counters *counters)
{
	struct survey survey = {.blocked = 0};

	lc_target_table_each_bucket(table, survey_bucket, &survey);
	lc_target_table_each(table, survey_target, &survey);
	complain(survey.longest, counters);
	lc_counters_set(counters, LC_COUNTERS_TARGETS_BLOCKED, survey.blocked);
	lc_counters_set(counters, LC_COUNTERS_TARGETS_SLOW, survey.slow);
	lc_counters_set(counters, LC_COUNTERS_INTENTS_WITHOUT_BODY, survey.intents);
	lc_counters_set(counters, LC_COUNTERS_RECORDS_REFUSED, survey.refused_rows);
	lc_counters_set(counters, LC_COUNTERS_RECORDS_GIVEN_UP, survey.given_up_rows);
	lc_counters_set(counters, LC_COUNTERS_RECORDS_WITHOUT_TARGET, survey.nameless_rows);
}
