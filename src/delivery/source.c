#include "delivery/source.h"

#include "base/assert.h"
#include "base/memory.h"
#include "ledger/ledger.h"

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

enum {
	SESSION_SIZE = sizeof(uint32_t),
	SPARE_SECONDS = 60, /* while nothing tells how many rows they hold */
	SPARE_SECONDS_MAX = 6 * 3600,
	SPARE_ROWS = 10000, /* come in the time that a query takes beside its rows */
};

struct lc_source_table *lc_source_table_new(void)
{
	return lc_memory_zero(1, sizeof(struct lc_source_table));
}

static void node_free(struct node *node)
{
	LC_ASSERT(TAILQ_EMPTY(&node->source.objects) && node->source.object_rows == 0);
	LC_ASSERT(TAILQ_EMPTY(&node->source.backlogs));
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

/* ---- its open ranges: one as a rule; hundreds after late rows ---- */

bool lc_source_is_open(const struct lc_source *source)
{
	return source->range_count > 0;
}

uint32_t lc_source_open_from(const struct lc_source *source)
{
	LC_ASSERT(source->range_count > 0);
	return source->ranges[0].from;
}

uint32_t lc_source_spare_seconds(const struct lc_source *source)
{
	uint64_t seconds;

	if (source->scanned_seconds == 0)
		return SPARE_SECONDS;
	seconds = source->scanned_rows == 0
		      ? SPARE_SECONDS_MAX
		      : (uint64_t)SPARE_ROWS * source->scanned_seconds / source->scanned_rows;
	return seconds < SPARE_SECONDS_MAX ? (uint32_t)seconds : SPARE_SECONDS_MAX;
}

/* Ranges of the first piece. */
static size_t piece_count(const struct lc_source *source)
{
	uint32_t spare = lc_source_spare_seconds(source);
	size_t count = source->range_count > 0 ? 1 : 0;

	while (count < source->range_count && !source->ranges[count].apart &&
	       source->ranges[count].from - source->ranges[count - 1].to <= spare)
		count++;
	return count;
}

uint32_t lc_source_piece_to(const struct lc_source *source)
{
	LC_ASSERT(source->range_count > 0);
	return source->ranges[piece_count(source) - 1].to;
}

uint32_t lc_source_open_since(const struct lc_source *source)
{
	uint32_t since = 0;

	for (size_t i = 0; i < source->range_count; i++) {
		if (since == 0 || source->ranges[i].since < since)
			since = source->ranges[i].since;
	}
	return since;
}

const struct lc_source_range *lc_source_asked_range(const struct lc_source *source, uint32_t second)
{
	for (size_t i = 0; i < source->range_count; i++) {
		const struct lc_source_range *range = &source->ranges[i];

		if (range->asked && range->from <= second && second < range->to)
			return range;
	}
	return NULL;
}

bool lc_source_touches(const struct lc_source *source, uint32_t second, uint32_t size)
{
	for (size_t i = 0; i < source->range_count; i++) {
		const struct lc_source_range *range = &source->ranges[i];

		/* Whatever a server says: a slot at the end of time must not wrap around. */
		if (second < range->to && (range->from <= second || range->from - second < size))
			return true;
	}
	return false;
}

static void insert_range(struct lc_source *source, size_t at, struct lc_source_range range)
{
	source->ranges =
	    lc_memory_resize(source->ranges, source->range_count + 1, sizeof(source->ranges[0]));
	memmove(&source->ranges[at + 1], &source->ranges[at],
		(source->range_count - at) * sizeof(source->ranges[0]));
	source->ranges[at] = range;
	source->range_count++;
}

static void remove_range(struct lc_source *source, size_t at)
{
	source->range_count--;
	memmove(&source->ranges[at], &source->ranges[at + 1],
		(source->range_count - at) * sizeof(source->ranges[0]));
}

/* Whether the second range, which begins where the first ends or before, becomes one with it. */
static bool joins(const struct lc_source_range *a, const struct lc_source_range *b)
{
	if (b->from > a->to || a->asked != b->asked)
		return false;
	return b->from < a->to || (a->doubtful == b->doubtful && !b->apart);
}

void lc_source_open(struct lc_source *source, struct lc_source_range range, uint64_t rows)
{
	size_t at = 0;

	LC_ASSERT(range.from < range.to);
	while (at < source->range_count && source->ranges[at].from < range.from)
		at++;
	insert_range(source, at, range);
	if (at > 0)
		at--;
	while (at + 1 < source->range_count) {
		struct lc_source_range *left = &source->ranges[at];
		const struct lc_source_range *right = &source->ranges[at + 1];

		if (!joins(left, right)) {
			at++;
			continue;
		}
		left->doubtful |= right->doubtful;
		left->to = right->to > left->to ? right->to : left->to;
		left->since = right->since < left->since ? right->since : left->since;
		remove_range(source, at + 1);
	}
	source->open_rows += rows;
}

void lc_source_cut_piece(struct lc_source *source, uint32_t seconds)
{
	size_t at = 0;
	uint32_t end;

	LC_ASSERT(source->range_count > 0 && seconds > 0 && !lc_source_is_asked(source));
	if (seconds > UINT32_MAX - source->ranges[0].from)
		return;
	end = source->ranges[0].from + seconds;
	while (at < source->range_count && source->ranges[at].to <= end)
		at++;
	if (at == source->range_count)
		return;
	if (source->ranges[at].from < end) {
		struct lc_source_range rest = source->ranges[at];

		source->ranges[at].to = end;
		rest.from = end;
		insert_range(source, ++at, rest);
	}
	source->ranges[at].apart = true;
}

static uint64_t open_seconds(const struct lc_source *source)
{
	uint64_t seconds = 0;

	for (size_t i = 0; i < source->range_count; i++)
		seconds += source->ranges[i].to - source->ranges[i].from;
	return seconds;
}

void lc_source_cut_turn(struct lc_source *source, uint64_t rows)
{
	uint64_t before = 0; /* seconds of the ranges that came first */
	uint64_t open;
	uint64_t turn;
	size_t count;

	if (source->open_rows <= rows)
		return;
	count = piece_count(source);
	open = open_seconds(source);
	/* While no scan has told how many rows a second has. */
	if (source->scanned_seconds == 0) {
		source->scanned_rows = source->open_rows;
		source->scanned_seconds = (uint32_t)open;
	}
	turn = open * rows / source->open_rows;
	turn = turn == 0 ? 1 : turn;
	for (size_t i = 0; i < count; i++) {
		const struct lc_source_range *range = &source->ranges[i];
		uint32_t seconds = range->to - range->from;

		if (before + seconds > turn) {
			lc_source_cut_piece(source, range->from + (uint32_t)(turn - before) -
							source->ranges[0].from);
			return;
		}
		before += seconds;
	}
}

bool lc_source_was_cut(const struct lc_source *source)
{
	return source->range_count > 0 && source->ranges[0].apart;
}

bool lc_source_is_asked(const struct lc_source *source)
{
	for (size_t i = 0; i < source->range_count; i++) {
		if (source->ranges[i].asked)
			return true;
	}
	return false;
}

void lc_source_widen(struct lc_source *source, uint32_t size, uint32_t until)
{
	size_t count = source->range_count;
	struct lc_source_range *ranges = lc_memory_zero(count, sizeof(ranges[0]));

	LC_ASSERT(!lc_source_is_asked(source));
	if (count > 0)
		memcpy(ranges, source->ranges, count * sizeof(ranges[0]));
	for (size_t i = 0; i < count; i++) {
		struct lc_source_range range = ranges[i];
		uint64_t end = ((uint64_t)range.to + size - 1) / size * size;

		range.from -= range.from % size;
		if (range.to < until)
			range.to = end < until ? (uint32_t)end : until;
		range.doubtful = true;
		lc_source_open(source, range, 0);
	}
	free(ranges);
}

bool lc_source_ask(struct lc_source *source, uint32_t *from, uint32_t *to)
{
	size_t count = piece_count(source);
	bool doubtful = false;

	source->flush_asked = source->flush;
	source->flush = false;
	for (size_t i = 0; i < count; i++) {
		struct lc_source_range *range = &source->ranges[i];

		range->asked = true;
		if (range->doubtful) {
			*from = doubtful ? *from : range->from;
			*to = range->to;
			doubtful = true;
		}
	}
	return doubtful;
}

bool lc_source_asked_bounds(const struct lc_source *source, uint32_t *from, uint32_t *to)
{
	bool any = false;

	for (size_t i = 0; i < source->range_count; i++) {
		const struct lc_source_range *range = &source->ranges[i];

		if (!range->asked)
			continue;
		*from = any ? *from : range->from;
		*to = range->to;
		any = true;
	}
	return any;
}

void lc_source_settle_asked(struct lc_source *source)
{
	for (size_t i = source->range_count; i-- > 0;) {
		if (source->ranges[i].asked)
			remove_range(source, i);
	}
	if (source->range_count == 0) {
		source->open_rows = 0;
		source->flush_asked = false;
	}
	source->read_failures = 0;
	free(source->read_error);
	source->read_error = NULL;
}

void lc_source_note_taken(struct lc_source *source)
{
	if (source->open_rows > 0)
		source->open_rows--;
}

void lc_source_settle_before(struct lc_source *source, uint32_t second)
{
	for (size_t i = source->range_count; i-- > 0;) {
		struct lc_source_range *range = &source->ranges[i];

		if (!range->asked)
			continue;
		if (range->to <= second) {
			remove_range(source, i);
		} else if (range->from <= second) {
			range->from = second;
			range->doubtful = true;
		}
	}
}

/* What was to be read at once and was not, still is. */
void lc_source_unask(struct lc_source *source)
{
	source->flush |= source->flush_asked;
	source->flush_asked = false;
	for (size_t i = 0; i < source->range_count; i++)
		source->ranges[i].asked = false;
}

void lc_source_record_ranges(const struct lc_source *source, struct lc_ledger *ledger)
{
	struct lc_ledger_source name = lc_source_name(source);
	struct lc_ledger_range *ranges = lc_memory_zero(source->range_count, sizeof(ranges[0]));

	for (size_t i = 0; i < source->range_count; i++)
		ranges[i] = (struct lc_ledger_range){.from = source->ranges[i].from,
						     .to = source->ranges[i].to,
						     .since = source->ranges[i].since};
	lc_ledger_set_ranges(ledger, &name, ranges, source->range_count);
	free(ranges);
}
