/*
 * What the ledger knows of the sources that a scan is to read: for those with doubtful ranges, the
 * hashes of the rows that are taken, and the floor. It is asked for one source after the other, so
 * that answers stay small and the worker's other questions come through between.
 */
#ifndef LC_DELIVERY_KNOWN_H
#define LC_DELIVERY_KNOWN_H

#include "delivery/hash_set.h"
#include "delivery/mark.h"
#include "delivery/source.h"
#include "ledger/ledger.h"

#include <stddef.h>

/* Of one source; empty and unset when none of its ranges is doubtful. */
struct lc_known_source {
	struct lc_hash_set taken; /* hashes of rows that are taken, sorted */
	struct lc_mark floor;     /* rows at or before it are taken */
};

/* All zero: nothing is known, nothing asked. */
struct lc_known {
	struct lc_ledger *ledger;
	struct lc_source *const *sources;
	struct lc_known_source *of; /* of these */
	size_t count;
	size_t next;                    /* the source that is asked about next */
	struct lc_ledger_command *read; /* NULL: none is under way */
	void (*on_known)(void *context);
	void *context;
};

/* Asks about `sources`, which stay the caller's and must stay where they are until lc_known_forget.
 * `on_known` is called once all is known, perhaps before this returns. */
void lc_known_ask(struct lc_known *known, struct lc_ledger *ledger,
		  struct lc_source *const *sources, size_t count, void (*on_known)(void *context),
		  void *context);

/* Cancels a read that is under way and releases what is known. It may be used again afterwards. */
void lc_known_forget(struct lc_known *known);

#endif
