/*
 * Sources in the store: their ranges, floors and committed seconds; and what is known of raft
 * sessions that were taken over from other ledgers (ledger/origin.h). All but what stands here is
 * told in ledger/ledger.h.
 */
#ifndef LC_LEDGER_STORE_SOURCES_H
#define LC_LEDGER_STORE_SOURCES_H

#include "base/error.h"
#include "formats/offset.h"
#include "ledger/ledger_types.h"
#include "ledger/store_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- origins ---- */

/* To be called once, at the opening; lc_store_close releases them. */
bool lc_store_load_origins(struct lc_store *store, struct lc_error *error);

/* As lc_ledger_seen_until; may be called from any thread while the store is open. */
uint32_t lc_store_seen_until(const struct lc_store *store, uint32_t raft_session_id);

/* Before this second nothing is known of the session, and nothing is looked for; 0: see the
 * horizon. */
uint32_t lc_store_kept_from(const struct lc_store *store, uint32_t raft_session_id);

/* Drops the origins that the ledger's own numbers have reached. */
bool lc_store_expire_origins(struct lc_store *store, struct lc_error *error);

/* ---- sources ---- */

struct lc_store_source {
	int64_t id; /* 0: not known */
	bool has_floor;
	struct lc_offset floor; /* valid until the next source is looked for */
	uint32_t committed;     /* 0: none */
};
bool lc_store_find_source(struct lc_store *store, const struct lc_ledger_source *source,
			  struct lc_store_source *found, struct lc_error *error);

/* Its id, given now if it was not known. */
bool lc_store_get_source(struct lc_store *store, const struct lc_ledger_source *source, int64_t *id,
			 struct lc_error *error);

bool lc_store_set_ranges(struct lc_store *store, const struct lc_ledger_source *source,
			 const struct lc_ledger_range *ranges, size_t count,
			 struct lc_error *error);
bool lc_store_set_floor(struct lc_store *store, const struct lc_ledger_source *source,
			const struct lc_offset *floor, struct lc_error *error);

/* The offsets that may be written move to the front, in their order; the others are lost. *count
 * becomes their number. */
bool lc_store_set_committed(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			    struct lc_error *error);

#endif
