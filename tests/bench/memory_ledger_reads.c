/* What the ledger in memory is asked. */
#include "bench/memory_ledger.h"

#include "base/memory.h"
#include "formats/taken_rows.h"

#include <stdlib.h>

static int compare_hashes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void add_hashes(struct lc_ledger_hashes *hashes, struct lc_view blob, uint32_t from,
		       uint32_t to)
{
	struct lc_taken_second second = {0};
	struct lc_error error;
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, &error)) {
		if (second.second < from || second.second >= to)
			continue;
		hashes->hashes = lc_memory_resize(hashes->hashes, hashes->count + second.count,
						  sizeof(hashes->hashes[0]));
		for (uint32_t i = 0; i < second.count; i++)
			hashes->hashes[hashes->count++] = lc_taken_rows_hash(&second, i);
	}
}

struct lc_ledger_command *lc_ledger_read_hashes(struct lc_ledger *ledger,
						const struct lc_ledger_source *of, uint32_t from,
						uint32_t to, lc_ledger_hashes_callback *callback,
						void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);
	const struct kept *object;

	answer->on_hashes = callback;
	SLIST_FOREACH(object, &memory_source(ledger, of)->objects, of_source)
	{
		add_hashes(&answer->hashes, object->intent.taken_rows, from, to);
	}
	if (answer->hashes.count > 0)
		qsort(answer->hashes.hashes, answer->hashes.count, sizeof(answer->hashes.hashes[0]),
		      compare_hashes);
	return answer;
}

/* Objects were added in the order of their ids, which uthash keeps. */
struct lc_ledger_command *lc_ledger_read_intents(struct lc_ledger *ledger,
						 const struct lc_ledger_intents_question *question,
						 lc_ledger_intents_callback *callback,
						 void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);
	struct lc_ledger_intents *intents = &answer->intents;
	struct kept *object;
	struct kept *next;
	uint64_t bytes = 0;

	answer->on_intents = callback;
	intents->intents = lc_memory_zero(question->limit, sizeof(intents->intents[0]));
	HASH_ITER(hh, ledger->objects, object, next)
	{
		const struct lc_ledger_intent *intent = &object->intent;

		if (object->closed || !lc_view_equal(intent->target_bucket, question->bucket) ||
		    !lc_view_equal(intent->target_prefix, question->prefix))
			continue;
		if (intents->oldest_second == 0 || intent->first_second < intents->oldest_second)
			intents->oldest_second = intent->first_second;
		if (intent->id <= question->after_id)
			continue;
		if (intents->count == question->limit ||
		    (intents->count > 0 && bytes >= question->max_bytes)) {
			intents->more = true;
			continue;
		}
		intents->intents[intents->count++] = *intent;
		bytes += intent->taken_rows.size;
	}
	return answer;
}

static uint64_t rows_of_second(const struct source *source, uint32_t wanted)
{
	struct lc_ledger_hashes hashes = {.hashes = NULL};
	const struct kept *object;

	SLIST_FOREACH(object, &source->objects, of_source)
	{
		add_hashes(&hashes, object->intent.taken_rows, wanted, wanted + 1);
	}
	free(hashes.hashes);
	return hashes.count;
}

enum asked { ASKED_SLOTS, ASKED_SECONDS, ASKED_AHEAD, ASKED_TO_COMMIT };

/* What is answered bears our names of the sources: the caller's bytes may be gone by then. */
static struct lc_ledger_command *find(struct lc_ledger *ledger, enum asked asked,
				      const struct lc_ledger_count *counts, size_t count,
				      lc_ledger_surplus_callback *callback, void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);

	answer->on_counts = callback;
	answer->counts = lc_memory_zero(count + 1, sizeof(counts[0]));
	for (size_t i = 0; i < count; i++) {
		struct source *source = memory_source(ledger, &counts[i].source);
		struct lc_ledger_count *found = &answer->counts[answer->count];
		uint64_t taken;

		*found = counts[i];
		found->source.bucket.data = source->name + sizeof(counts[i].source.raft_session_id);
		if (asked == ASKED_AHEAD) {
			answer->count += counts[i].second > source->committed;
			continue;
		}
		if (asked == ASKED_TO_COMMIT) {
			source->committed = counts[i].second;
			answer->count++;
			continue;
		}
		taken = asked == ASKED_SLOTS ? memory_slot(source, counts[i].second)->rows
					     : rows_of_second(source, counts[i].second);
		found->rows = counts[i].rows > taken ? counts[i].rows - taken : 0;
		answer->count += found->rows > 0;
	}
	return answer;
}

struct lc_ledger_command *
lc_ledger_find_surplus_slots(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return find(ledger, ASKED_SLOTS, counts, count, callback, context);
}

struct lc_ledger_command *
lc_ledger_find_surplus_seconds(struct lc_ledger *ledger, const struct lc_ledger_count *counts,
			       size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	return find(ledger, ASKED_SECONDS, counts, count, callback, context);
}

void lc_ledger_set_committed(struct lc_ledger *ledger, const struct lc_ledger_count *offsets,
			     size_t count, lc_ledger_surplus_callback *callback, void *context)
{
	find(ledger, ASKED_TO_COMMIT, offsets, count, callback, context);
}

struct lc_ledger_command *lc_ledger_find_ahead(struct lc_ledger *ledger,
					       const struct lc_ledger_count *offsets, size_t count,
					       lc_ledger_surplus_callback *callback, void *context)
{
	return find(ledger, ASKED_AHEAD, offsets, count, callback, context);
}

struct lc_ledger_command *lc_ledger_read_objects(struct lc_ledger *ledger,
						 const struct lc_ledger_source *source,
						 size_t limit, lc_ledger_objects_callback *callback,
						 void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);

	(void)source;
	(void)limit;
	answer->on_objects = callback;
	return answer;
}

struct lc_ledger_command *lc_ledger_read_deliveries(struct lc_ledger *ledger, struct lc_view bucket,
						    size_t limit,
						    lc_ledger_objects_callback *callback,
						    void *context)
{
	struct lc_ledger_command *answer = memory_answer(ledger, context);

	(void)bucket;
	(void)limit;
	answer->on_objects = callback;
	return answer;
}
