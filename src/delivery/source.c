#include "delivery/source.h"

#include "base/assert.h"
#include "base/memory.h"
#include "delivery/backlog.h"
#include "delivery/object.h"

#include <stdlib.h>
#include <uthash.h>

/* Sources are found by session and bucket name as one run of bytes. */
struct node {
	struct lc_source source;
	UT_hash_handle hh;
	char key[]; /* raft session, 4 bytes; bucket name */
};

struct lc_source_table {
	struct node *nodes;
	char *key; /* room for the key that is looked up */
	size_t key_capacity;
};

enum { SESSION_SIZE = sizeof(uint32_t) };

struct lc_source_table *lc_source_table_new(void)
{
	return lc_memory_zero(1, sizeof(struct lc_source_table));
}

static void node_free(struct node *node)
{
	struct lc_backlog *backlog;

	LC_ASSERT(TAILQ_EMPTY(&node->source.objects));
	while ((backlog = TAILQ_FIRST(&node->source.backlogs)) != NULL) {
		TAILQ_REMOVE(&node->source.backlogs, backlog, of_source);
		free(backlog);
	}
	free(node->source.ranges);
	free(node->source.read_error);
	lc_mark_free(&node->source.complete);
	lc_mark_free(&node->source.committed);
	free(node);
}

void lc_source_table_free(struct lc_source_table *table)
{
	struct node *node = table->nodes;

	HASH_CLEAR(hh, table->nodes);
	while (node != NULL) {
		struct node *next = node->hh.next;

		node_free(node);
		node = next;
	}
	free(table->key);
	free(table);
}

static size_t make_key(struct lc_source_table *table, uint32_t raft_session_id,
		       struct lc_view bucket)
{
	size_t size = SESSION_SIZE + bucket.size;

	if (size > table->key_capacity) {
		table->key = lc_memory_resize(table->key, size, 1);
		table->key_capacity = size;
	}
	memcpy(table->key, &raft_session_id, SESSION_SIZE);
	if (bucket.size > 0)
		memcpy(table->key + SESSION_SIZE, bucket.data, bucket.size);
	return size;
}

struct lc_source *lc_source_find(struct lc_source_table *table, uint32_t raft_session_id,
				 struct lc_view bucket)
{
	size_t size = make_key(table, raft_session_id, bucket);
	struct node *node;

	HASH_FIND(hh, table->nodes, table->key, size, node);
	return node == NULL ? NULL : &node->source;
}

struct lc_source *lc_source_get(struct lc_source_table *table, uint32_t raft_session_id,
				struct lc_view bucket)
{
	struct lc_source *source = lc_source_find(table, raft_session_id, bucket);
	size_t size = SESSION_SIZE + bucket.size;
	struct node *node;

	if (source != NULL)
		return source;
	node = lc_memory_zero(1, sizeof(*node) + size);
	memcpy(node->key, table->key, size);
	source = &node->source;
	source->raft_session_id = raft_session_id;
	source->bucket = (struct lc_view){.data = node->key + SESSION_SIZE, .size = bucket.size};
	TAILQ_INIT(&source->objects);
	TAILQ_INIT(&source->backlogs);
	lc_mark_init(&source->complete);
	lc_mark_init(&source->committed);
	HASH_ADD_KEYPTR(hh, table->nodes, node->key, size, node);
	return source;
}

size_t lc_source_count(const struct lc_source_table *table)
{
	return HASH_COUNT(table->nodes);
}

void lc_source_each(struct lc_source_table *table,
		    void (*visit)(void *context, struct lc_source *source), void *context)
{
	struct node *node;
	struct node *next;

	HASH_ITER(hh, table->nodes, node, next)
	{
		visit(context, &node->source);
	}
}

struct lc_ledger_source lc_source_name(const struct lc_source *source)
{
	return (struct lc_ledger_source){.raft_session_id = source->raft_session_id,
					 .bucket = source->bucket};
}

void lc_source_advance(struct lc_source *source, const struct lc_mark *mark)
{
	struct lc_offset offset;

	if (!mark->set)
		return;
	offset = lc_mark_offset(mark);
	if (!lc_mark_covers(&source->complete, &offset))
		lc_mark_set(&source->complete, &offset);
}

int lc_source_compare(const struct lc_source *a, const struct lc_source *b)
{
	if (a->raft_session_id != b->raft_session_id)
		return a->raft_session_id < b->raft_session_id ? -1 : 1;
	return lc_view_compare(a->bucket, b->bucket);
}

/* Of two seconds, 0 standing for none. */
static uint32_t earlier(uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

/* The oldest undelivered seconds of a source, by what they wait for; 0: none. */
struct ages {
	uint32_t blocked; /* a target that does not take them, or the source cannot be read */
	uint32_t ignored; /* the same, and an operator has said that it does not matter */
	uint32_t other;
};

static uint32_t *age_at(struct ages *ages, const struct lc_target *target)
{
	if (lc_target_given_up(target) != LC_LEDGER_KEPT)
		return &ages->ignored;
	return lc_target_aside(target) ? &ages->blocked : &ages->other;
}

static struct ages ages_of(const struct lc_source *source)
{
	struct ages ages = {0};
	const struct lc_object *object;
	const struct lc_backlog *backlog;
	uint32_t *age = source->read_failures > 0 ? &ages.blocked : &ages.other;

	if (source->range_count > 0)
		*age = source->ranges[0].from;
	TAILQ_FOREACH(object, &source->objects, of_source)
	{
		age = age_at(&ages, object->target);
		*age = earlier(*age, object->first_second);
	}
	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		age = age_at(&ages, backlog->target);
		*age = earlier(*age, backlog->oldest);
	}
	return ages;
}

uint32_t lc_source_oldest_undelivered(const struct lc_source *source)
{
	struct ages ages = ages_of(source);

	return earlier(ages.blocked, earlier(ages.ignored, ages.other));
}

bool lc_source_blocked(const struct lc_source *source)
{
	struct ages ages = ages_of(source);

	return ages.blocked != 0 || ages.ignored != 0;
}

/* Objects behind the first one have later marks or none, so the first one decides, unless a later
 * one holds late rows. */
const struct lc_mark *lc_source_delivered_mark(const struct lc_source *source)
{
	const struct lc_object *first = TAILQ_FIRST(&source->objects);
	const struct lc_mark *mark = first != NULL ? &first->before : &source->complete;
	uint32_t oldest = lc_source_oldest_undelivered(source);

	if (!mark->set || (oldest != 0 && oldest <= mark->inserted_at))
		return NULL;
	return mark;
}

bool lc_source_forget_if_idle(struct lc_source_table *table, struct lc_source *source)
{
	struct node *node = (struct node *)(void *)source;

	if (source->range_count > 0 || source->commit_noted || source->committing ||
	    !TAILQ_EMPTY(&source->backlogs) || !TAILQ_EMPTY(&source->objects))
		return false;
	HASH_DEL(table->nodes, node);
	node_free(node);
	return true;
}

void lc_source_note_unreadable(struct lc_source *source, const char *error, uint64_t read_at_ms)
{
	source->read_failures++;
	source->read_at_ms = read_at_ms;
	free(source->read_error);
	source->read_error = lc_memory_copy_text(error);
}

struct survey {
	uint64_t pending;
	uint64_t blocked;
	uint64_t unreadable;
	uint32_t oldest;
	uint32_t oldest_blocked;
};

static void survey_source(void *context, struct lc_source *source)
{
	struct survey *survey = context;
	struct ages ages = ages_of(source);

	survey->blocked += ages.blocked != 0 || ages.ignored != 0;
	survey->unreadable += source->read_failures > 0;
	survey->pending +=
	    source->open_rows + source->object_rows + lc_backlog_of_source(source).rows;
	survey->oldest = earlier(survey->oldest, ages.other);
	survey->oldest_blocked = earlier(survey->oldest_blocked, ages.blocked);
}

void lc_source_survey(struct lc_source_table *table, struct lc_counters *counters)
{
	struct survey survey = {.oldest = 0};

	lc_source_each(table, survey_source, &survey);
	lc_counters_set(counters, LC_COUNTERS_SOURCES, lc_source_count(table));
	lc_counters_set(counters, LC_COUNTERS_SOURCES_BLOCKED, survey.blocked);
	lc_counters_set(counters, LC_COUNTERS_PENDING_RECORDS, survey.pending);
	lc_counters_set(counters, LC_COUNTERS_SOURCES_UNREADABLE, survey.unreadable);
	lc_counters_set(counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT, survey.oldest);
	lc_counters_set(counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT, survey.oldest_blocked);
}
