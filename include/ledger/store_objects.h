/*
 * Log objects in the store: intents opened, closed and withdrawn, the hashes of their rows, and
 * what is told of them. See ledger/ledger.h.
 */
#ifndef LC_LEDGER_STORE_OBJECTS_H
#define LC_LEDGER_STORE_OBJECTS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/view.h"
#include "ledger/ledger_types.h"
#include "ledger/store_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool lc_store_add_intent(struct lc_store *store, const struct lc_ledger_intent *intent,
			 struct lc_error *error);
bool lc_store_set_delivered(struct lc_store *store, uint64_t intent_id, struct lc_error *error);
bool lc_store_set_lost(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
		       enum lc_ledger_loss loss, struct lc_error *error);
bool lc_store_withdraw_intent(struct lc_store *store, uint64_t intent_id, uint32_t last_second,
			      struct lc_error *error);

/* Calls `visit` with each blob of the source that may hold rows with from <= second < to; blobs
 * that do not hold what their object names never get there: false, with `error`. */
bool lc_store_each_blob(struct lc_store *store, int64_t source_id, uint32_t from, uint32_t to,
			void (*visit)(void *context, struct lc_view blob), void *context,
			struct lc_error *error);

/* `hashes->hashes` is the caller's, to free(); the floor's bytes stand in the arena. */
bool lc_store_read_hashes(struct lc_store *store, const struct lc_ledger_source *source,
			  uint32_t from, uint32_t to, struct lc_arena *arena,
			  struct lc_ledger_hashes *hashes, struct lc_error *error);

/* The array and its bytes stand in the arena; so below. */
bool lc_store_read_intents(struct lc_store *store,
			   const struct lc_ledger_intents_question *question,
			   struct lc_arena *arena, struct lc_ledger_intents *answer,
			   struct lc_error *error);
bool lc_store_read_objects(struct lc_store *store, const struct lc_ledger_source *source,
			   size_t limit, struct lc_arena *arena, struct lc_ledger_object **objects,
			   size_t *count, struct lc_error *error);
bool lc_store_read_deliveries(struct lc_store *store, struct lc_view bucket, size_t limit,
			      struct lc_arena *arena, struct lc_ledger_object **objects,
			      size_t *count, struct lc_error *error);

#endif
