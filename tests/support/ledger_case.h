/* What tests of the ledger share: a directory for its file, intents made up by number, and waiting
 * for it. */
#ifndef LC_SUPPORT_LEDGER_CASE_H
#define LC_SUPPORT_LEDGER_CASE_H

#include "base/loop.h"
#include "formats/taken_rows.h"
#include "ledger/ledger.h"
#include "ledger/store.h"
#include "ledger/store_counts.h"
#include "ledger/store_hours.h"
#include "ledger/store_objects.h"
#include "ledger/store_sources.h"

#include <stddef.h>
#include <stdint.h>

enum { LC_LEDGER_CASE_PATH_SIZE = 64 };

/* A path for a ledger in a new directory of its own. */
void lc_ledger_case_make_path(char path[LC_LEDGER_CASE_PATH_SIZE]);

/* Removes what was made there and the directory. */
void lc_ledger_case_remove(const char *path);

struct lc_ledger_options lc_ledger_case_options(const char *path);

/* Opens the store, or the ledger with its thread, with these options; that has to succeed.
 * `state` as for lc_store_open; `counters` may be NULL. */
struct lc_store *lc_ledger_case_open_store(const char *path, struct lc_ledger_state *state);
struct lc_ledger *lc_ledger_case_open(struct lc_loop *loop, const char *path,
				      struct lc_counters *counters, struct lc_ledger_state *state);

/* Some rows, `count` in each of `seconds` seconds from `first` on; their hashes follow each other
 * from `hash` on. An intent and all it points to. */
struct lc_ledger_case_intent {
	struct lc_ledger_intent intent;
	struct lc_taken_rows rows;
	char key[64];
};
void lc_ledger_case_make_intent(struct lc_ledger_case_intent *made, uint64_t id, const char *bucket,
				uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash);
void lc_ledger_case_free_intent(struct lc_ledger_case_intent *made);

/* Makes such an intent and adds it to the store, or to the ledger. */
void lc_ledger_case_store_intent(struct lc_store *store, uint64_t id, const char *bucket,
				 uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash);
void lc_ledger_case_add_intent(struct lc_ledger *ledger, uint64_t id, const char *bucket,
			       uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash);

/* For open intents of the target that intents are made up for, without a limit of bytes. */
struct lc_ledger_intents_question lc_ledger_case_question(uint64_t after_id, size_t limit);

/* All steps of dropping what is older than `bound`, in the present transaction. */
void lc_ledger_case_expire(struct lc_store *store, uint32_t bound);

/* A source of raft session 7. */
struct lc_ledger_source lc_ledger_case_source(const char *bucket);

/* Runs the loop until what was written is durable. */
void lc_ledger_case_wait(struct lc_loop *loop, struct lc_ledger *ledger);

#endif
