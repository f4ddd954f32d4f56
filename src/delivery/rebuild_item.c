#include "delivery/rebuild_item.h"

#include "formats/taken_rows.h"

#include <inttypes.h>

bool lc_rebuild_item_init(struct lc_rebuild_item *item, struct lc_object_table *objects,
			  struct lc_source *source, struct lc_target *target,
			  const struct lc_ledger_intent *intent, uint64_t now_ms,
			  struct lc_error *error)
{
	struct lc_taken_summary expected = {.rows = intent->rows,
					    .first_second = intent->first_second,
					    .last_second = intent->last_second};
	struct lc_taken_second second;
	size_t position = 0;

	if (!lc_taken_rows_check(intent->taken_rows, &expected, error))
		return lc_error_prefix(error, "the ledger is damaged: open intent %" PRIu64,
				       intent->id);
	*item = (struct lc_rebuild_item){.source = source,
					 .first_second = intent->first_second,
					 .last_second = intent->last_second};
	while (lc_taken_rows_next(intent->taken_rows, &position, &second, NULL)) {
		for (uint32_t i = 0; i < second.count; i++)
			lc_hash_set_add(&item->hashes, lc_taken_rows_hash(&second, i));
	}
	lc_hash_set_sort(&item->hashes);
	lc_mark_init(&item->last);
	lc_buffer_init(&item->key, SIZE_MAX / 2);
	lc_buffer_append_view(&item->key, intent->key);
	item->object =
	    lc_object_new_of_intent(objects, source, target, intent, item->hashes.count, now_ms);
	return true;
}

void lc_rebuild_item_begin(struct lc_rebuild_item *item)
{
	lc_hash_subtraction_init(&item->subtraction, &item->hashes);
}

void lc_rebuild_item_free(struct lc_rebuild_item *item)
{
	if (item->object != NULL)
		lc_object_enter(item->object, LC_OBJECT_UNBUILT);
	lc_hash_subtraction_free(&item->subtraction);
	lc_hash_set_free(&item->hashes);
	lc_buffer_free(&item->key);
	lc_mark_free(&item->last);
}

int lc_rebuild_item_compare(const void *a, const void *b)
{
	const struct lc_rebuild_item *left = a;
	const struct lc_rebuild_item *right = b;
	int order = lc_source_compare(left->source, right->source);

	if (order != 0)
		return order;
	return (left->object->intent_id > right->object->intent_id) -
	       (left->object->intent_id < right->object->intent_id);
}

int lc_rebuild_item_compare_source(const struct lc_rebuild_item *item,
				   const struct lc_record *record)
{
	struct lc_source wanted = {.raft_session_id = record->raft_session_id,
				   .bucket = record->bucket};

	return lc_source_compare(item->source, &wanted);
}

static void note_offset(struct lc_rebuild_item *item, const struct lc_record *record)
{
	struct lc_offset offset = {.inserted_at = record->inserted_at,
				   .start_time_ms = record->start_time_ms,
				   .req_id = record->req_id};

	if (!lc_mark_covers(&item->last, &offset))
		lc_mark_set(&item->last, &offset);
}

enum lc_rebuild_item_answer lc_rebuild_item_offer(struct lc_rebuild_item *item,
						  const struct lc_record *record, uint64_t hash,
						  const struct lc_line_style *style)
{
	struct lc_object *object = item->object;

	if (record->inserted_at < item->first_second || record->inserted_at > item->last_second ||
	    !lc_view_equal(object->target->prefix, record->target_prefix) ||
	    !lc_hash_subtraction_take(&item->subtraction, hash))
		return LC_REBUILD_ITEM_REFUSED;
	if (object->line_count > 0 && record->inserted_at < object->last_second)
		return LC_REBUILD_ITEM_DISORDERED;
	note_offset(item, record);
	lc_object_append(object, record, hash, style);
	return LC_REBUILD_ITEM_TAKEN;
}

bool lc_rebuild_item_whole(const struct lc_rebuild_item *item)
{
	return item->object->line_count == item->hashes.count;
}
