#include "delivery/known.h"

#include "base/memory.h"

#include <stdlib.h>

static void ask_next(struct lc_known *known);

static void on_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	struct lc_known *known = context;
	struct lc_known_source *of = &known->of[known->next++];

	known->read = NULL;
	of->taken = (struct lc_hash_set){
	    .hashes = hashes->hashes, .count = hashes->count, .capacity = hashes->count};
	hashes->hashes = NULL;
	if (hashes->has_floor)
		lc_mark_set(&of->floor, &hashes->floor);
	ask_next(known);
}

static void ask_next(struct lc_known *known)
{
	for (; known->next < known->count; known->next++) {
		struct lc_source *source = known->sources[known->next];
		struct lc_ledger_source name = lc_source_name(source);
		uint32_t from;
		uint32_t to;

		if (lc_source_ask(source, &from, &to)) {
			known->read =
			    lc_ledger_read_hashes(known->ledger, &name, from, to, on_hashes, known);
			return;
		}
	}
	known->on_known(known->context);
}

void lc_known_ask(struct lc_known *known, struct lc_ledger *ledger,
		  struct lc_source *const *sources, size_t count, void (*on_known)(void *context),
		  void *context)
{
	known->ledger = ledger;
	known->sources = sources;
	known->count = count;
	known->next = 0;
	known->on_known = on_known;
	known->context = context;
	known->of = lc_memory_zero(count, sizeof(known->of[0]));
	for (size_t i = 0; i < count; i++)
		lc_mark_init(&known->of[i].floor);
	ask_next(known);
}

void lc_known_forget(struct lc_known *known)
{
	lc_ledger_cancel(known->read);
	known->read = NULL;
	for (size_t i = 0; i < known->count; i++) {
		lc_hash_set_free(&known->of[i].taken);
		lc_mark_free(&known->of[i].floor);
	}
	free(known->of);
	known->of = NULL;
	known->count = 0;
}
