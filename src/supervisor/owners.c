#include "supervisor/owners.h"

#include <stdio.h>

static void take_shard(struct lc_owner *owner, const struct lc_report_machine *machines,
		       const struct lc_report_shard *shard, uint64_t now_ms)
{
	if (shard->epoch > 0)
		owner->epoch = shard->epoch;
	if (shard->owner != LC_REPORT_NOBODY)
		snprintf(owner->name, sizeof owner->name, "%s", machines[shard->owner].name);
	else if (!shard->unowned)
		owner->name[0] = '\0';
	if (!shard->unowned)
		owner->unowned_since_ms = 0;
	else if (owner->unowned_since_ms == 0)
		owner->unowned_since_ms = now_ms;
}

void lc_owners_take(struct lc_owners *owners, const struct lc_report *report,
		    const struct lc_report_machine *machines, const struct lc_report_shard *shards,
		    uint64_t now_ms)
{
	owners->current = report->trouble[0] == '\0';
	owners->count = report->shard_count;
	for (uint32_t i = 0; i < report->shard_count; i++)
		take_shard(&owners->all[i], machines, &shards[i], now_ms);
	for (unsigned cause = 0; cause < LC_MACHINE_CAUSE_COUNT; cause++)
		owners->taken[cause] += report->taken[cause];
}

void lc_owners_lose_sight(struct lc_owners *owners)
{
	owners->current = false;
}

void lc_owners_describe(const struct lc_owners *owners, uint64_t now_ms,
			struct lc_status_document *document)
{
	document->taken_from_silent = owners->taken[LC_MACHINE_CAUSE_SILENT];
	document->taken_when_released = owners->taken[LC_MACHINE_CAUSE_RELEASED];
	document->taken_when_overdue = owners->taken[LC_MACHINE_CAUSE_OVERDUE];
	for (size_t i = 0; i < document->shards_size; i++) {
		struct lc_status_document_shard *shard = &document->shards[i];
		const struct lc_owner *owner;

		if (shard->shard >= owners->count)
			continue;
		owner = &owners->all[shard->shard];
		snprintf(shard->owner, sizeof shard->owner, "%s", owner->name);
		shard->epoch = owner->epoch;
		if (!owners->current || owner->unowned_since_ms == 0)
			continue;
		shard->unowned_seconds = (int64_t)((now_ms - owner->unowned_since_ms) / 1000);
		document->unowned_shards++;
	}
}
