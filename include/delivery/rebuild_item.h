/*
 * An intent whose body is being built again: an object that takes exactly the rows the intent
 * names, by their hashes, from a stream that holds others too.
 */
#ifndef LC_DELIVERY_REBUILD_ITEM_H
#define LC_DELIVERY_REBUILD_ITEM_H

#include "base/buffer.h"
#include "base/error.h"
#include "delivery/hash_set.h"
#include "delivery/mark.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "formats/record.h"
#include "ledger/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_rebuild_item {
	struct lc_source *source;
	struct lc_object *object;  /* NULL once it was handed on */
	struct lc_hash_set hashes; /* its rows, sorted */
	struct lc_hash_subtraction subtraction;
	uint32_t first_second;
	uint32_t last_second;
	struct lc_buffer key;
	struct lc_mark last; /* offset of the last row found */
};

enum lc_rebuild_item_answer {
	LC_REBUILD_ITEM_REFUSED,    /* the row is none of the intent's, or it has it already */
	LC_REBUILD_ITEM_TAKEN,      /* the row's line stands in the object */
	LC_REBUILD_ITEM_DISORDERED, /* its second lies before that of a row taken earlier */
};

/* An item whose object is rebuilt. False with `error` (LC_ERROR_CORRUPT), and nothing to release,
 * when the intent's blob does not hold the rows that the intent names: what would be built from it
 * is another object, which must not get the recorded key. */
bool lc_rebuild_item_init(struct lc_rebuild_item *item, struct lc_object_table *objects,
			  struct lc_source *source, struct lc_target *target,
			  const struct lc_ledger_intent *intent, uint64_t now_ms,
			  struct lc_error *error);

/* To be called once the item has its final place in memory, before it is offered rows. */
void lc_rebuild_item_begin(struct lc_rebuild_item *item);

/* Releases all but the source; the object, if it is still here, stays unbuilt. */
void lc_rebuild_item_free(struct lc_rebuild_item *item);

/* For qsort: by source as the logs table orders them, then by intent. */
int lc_rebuild_item_compare(const void *a, const void *b);

/* Where the record's source lies: 0, it is the item's; less, the item's comes before. */
int lc_rebuild_item_compare_source(const struct lc_rebuild_item *item,
				   const struct lc_record *record);

/* Offers a row of the item's source, in the order of a scan. */
enum lc_rebuild_item_answer lc_rebuild_item_offer(struct lc_rebuild_item *item,
						  const struct lc_record *record, uint64_t hash,
						  const struct lc_line_style *style);

/* True when all its rows were found. */
bool lc_rebuild_item_whole(const struct lc_rebuild_item *item);

#endif
