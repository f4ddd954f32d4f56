#include "delivery/restore.h"

#include "base/loop.h"
#include "delivery/source.h"
#include "delivery/target_table.h"

static void restore_source(void *context, const struct lc_ledger_source *name,
			   const struct lc_ledger_range *ranges, size_t range_count)
{
	const struct lc_delivery *delivery = context;
	struct lc_source *source =
	    lc_source_get(delivery->sources, name->raft_session_id, name->bucket);

	for (size_t i = 0; i < range_count; i++) {
		struct lc_source_range range = {.from = ranges[i].from,
						.to = ranges[i].to,
						.since = ranges[i].since,
						.doubtful = true};

		lc_source_open(source, range, 0);
	}
}

/* Its rows are taken, but for late ones: what is wanted is where they end. */
static void restore_uncommitted(void *context, const struct lc_ledger_source *name,
				uint32_t last_second)
{
	const struct lc_ledger_range range = {
	    .from = last_second, .to = last_second + 1, .since = last_second};

	restore_source(context, name, &range, 1);
}

static void restore_target(void *context, const struct lc_ledger_target *record)
{
	const struct lc_delivery *delivery = context;

	lc_target_table_restore(delivery->targets, record, lc_loop_now_ms(delivery->loop));
}

static void restore_intents(void *context, const struct lc_ledger_backlog *record)
{
	const struct lc_delivery *delivery = context;
	struct lc_source *source =
	    lc_source_get(delivery->sources, record->source.raft_session_id, record->source.bucket);
	struct lc_target *target =
	    lc_target_table_get(delivery->targets, record->target_bucket, record->target_prefix);

	lc_target_table_add_backlog(delivery->targets, source, target, record->intents,
				    record->rows, record->oldest_second);
}

struct lc_ledger_state lc_restore_from_ledger(struct lc_delivery *delivery)
{
	return (struct lc_ledger_state){.on_source = restore_source,
					.on_target = restore_target,
					.on_intents = restore_intents,
					.context = delivery};
}

struct lc_ledger_state lc_restore_with_offsets(struct lc_delivery *delivery)
{
	struct lc_ledger_state state = lc_restore_from_ledger(delivery);

	state.on_uncommitted = restore_uncommitted;
	return state;
}
