#include "delivery/source.h"

#include "base/assert.h"
#include "base/memory.h"
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
	LC_ASSERT(TAILQ_EMPTY(&node->source.objects));
	lc_hash_set_free(&node->source.taken);
	lc_mark_free(&node->source.floor);
	lc_mark_free(&node->source.complete);
	lc_mark_free(&node->source.committed);
	free(node);
}

void lc_source_table_free(struct lc_source_table *table)
{
	struct node *node;
	struct node *next;

	HASH_ITER(hh, table->nodes, node, next)
	{
		HASH_DEL(table->nodes, node);
		node_free(node);
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

struct lc_source *lc_source_get(struct lc_source_table *table, uint32_t raft_session_id,
				struct lc_view bucket)
{
	size_t size = make_key(table, raft_session_id, bucket);
	struct lc_source *source;
	struct node *node;

	HASH_FIND(hh, table->nodes, table->key, size, node);
	if (node != NULL)
		return &node->source;
	node = lc_memory_zero(1, sizeof(*node) + size);
	memcpy(node->key, table->key, size);
	source = &node->source;
	source->raft_session_id = raft_session_id;
	source->bucket = (struct lc_view){.data = node->key + SESSION_SIZE, .size = bucket.size};
	TAILQ_INIT(&source->objects);
	lc_hash_set_init(&source->taken);
	lc_mark_init(&source->floor);
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

void lc_source_add_open(struct lc_source *source, uint64_t rows, uint32_t oldest)
{
	if (!source->open || oldest < source->open_from) {
		LC_ASSERT(!source->open || source->taken.count == 0);
		source->open = true;
		source->open_from = oldest;
	}
	source->open_rows += rows;
}

void lc_source_close(struct lc_source *source, uint32_t until)
{
	source->open = false;
	source->open_from = until;
	source->open_rows = 0;
	source->held_by = NULL;
	lc_hash_set_free(&source->taken);
	lc_mark_free(&source->floor);
}

void lc_source_reopen(struct lc_source *source, uint32_t second, const struct lc_hash_set *taken)
{
	source->open = true;
	source->open_from = second;
	if (taken != &source->taken) {
		lc_hash_set_free(&source->taken);
		for (size_t i = 0; i < taken->count; i++)
			lc_hash_set_add(&source->taken, taken->hashes[i]);
	}
	lc_hash_set_sort(&source->taken);
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

void lc_source_retract(struct lc_source *source, const struct lc_mark *mark)
{
	struct lc_offset offset;

	if (!mark->set) {
		lc_mark_free(&source->complete);
		return;
	}
	if (!source->complete.set)
		return;
	offset = lc_mark_offset(&source->complete);
	if (!lc_mark_covers(mark, &offset))
		lc_mark_copy(&source->complete, mark);
}

int lc_source_compare(const struct lc_source *a, const struct lc_source *b)
{
	if (a->raft_session_id != b->raft_session_id)
		return a->raft_session_id < b->raft_session_id ? -1 : 1;
	return lc_view_compare(a->bucket, b->bucket);
}

const struct lc_mark *lc_source_delivered_mark(const struct lc_source *source)
{
	const struct lc_object *oldest = TAILQ_FIRST(&source->objects);
	const struct lc_mark *mark = oldest != NULL ? &oldest->before : &source->complete;

	return mark->set ? mark : NULL;
}

uint32_t lc_source_oldest_undelivered(const struct lc_source *source)
{
	const struct lc_object *oldest = TAILQ_FIRST(&source->objects);

	if (oldest != NULL)
		return oldest->first_second;
	return source->open ? source->open_from : 0;
}

bool lc_source_forget_if_idle(struct lc_source_table *table, struct lc_source *source)
{
	struct node *node = (struct node *)(void *)source;

	if (source->open || source->commit_noted || source->committing ||
	    !TAILQ_EMPTY(&source->objects))
		return false;
	HASH_DEL(table->nodes, node);
	node_free(node);
	return true;
}
