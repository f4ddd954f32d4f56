#include "supervisor/health.h"

#include <inttypes.h>

static void examine_state(const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	int number = (int)shard->shard;
	const char *obituary = shard->obituary[0] == '\0' ? "no word of it" : shard->obituary;

	switch (shard->state) {
	case LC_SHARD_STATE_READY:
		break;
	case LC_SHARD_STATE_STARTING:
		if (shard->obituary[0] == '\0')
			lc_status_document_find(document, number,
						"the worker is starting; if this lasts longer than "
						"a minute, look for its errors in the log");
		else
			lc_status_document_find(
			    document, number,
			    "the worker is starting anew after a death (%s); if "
			    "this repeats, report it with the log",
			    obituary);
		break;
	case LC_SHARD_STATE_BACKING_OFF:
		lc_status_document_find(document, number,
					"the worker died (%s) and starts anew in %" PRId64
					" s; if this repeats, report it with the log",
					obituary, shard->next_start_seconds);
		break;
	case LC_SHARD_STATE_DRAINING:
		lc_status_document_find(document, number,
					"the worker is finishing because the service is being "
					"stopped; start the service again to deliver");
		break;
	case LC_SHARD_STATE_KILLING:
		lc_status_document_find(document, number,
					"the worker stopped answering and is being killed; another "
					"one starts by itself; if this repeats, report it with the "
					"log");
		break;
	case LC_SHARD_STATE_FAILED:
		lc_status_document_find(document, number,
					"the worker can not work with its settings and is not "
					"started anew (%s); correct the settings and restart the "
					"service",
					obituary);
		break;
	case LC_SHARD_STATE_STOPPED:
		lc_status_document_find(document, number,
					"no worker runs; start the service again to deliver");
		break;
	case LC_SHARD_STATE_COUNT:
		break;
	}
}

static void examine_delivery(const struct lc_health_rules *rules,
			     const struct lc_status_document_shard *shard,
			     struct lc_status_document *document)
{
	int number = (int)shard->shard;

	if (shard->clickhouse_failing_seconds >= rules->unreachable_after_seconds)
		lc_status_document_find(
		    document, number,
		    "ClickHouse has answered no query for %" PRId64
		    " s; see that the servers of clickhouse.url run and accept "
		    "the user, the log has the error; delivery resumes by itself",
		    shard->clickhouse_failing_seconds);
	if (shard->s3_failing_seconds >= rules->unreachable_after_seconds)
		lc_status_document_find(document, number,
					"S3 has confirmed no upload for %" PRId64
					" s; see that s3.endpoint runs and accepts the access key, "
					"the log has the error; delivery resumes by itself",
					shard->s3_failing_seconds);
	if (shard->oldest_undelivered_seconds > rules->delivery_age_max_seconds)
		lc_status_document_find(
		    document, number,
		    "the oldest undelivered row is %" PRId64
		    " s old, more than health.max-delivery-age-seconds (%" PRId64 "); %" PRIu64
		    " target buckets are blocked and %" PRIu64
		    " rows wait: mend the targets that the log names, or give "
		    "the service more shards",
		    shard->oldest_undelivered_seconds, rules->delivery_age_max_seconds,
		    shard->targets_blocked, shard->pending_records);
}

void lc_health_examine(const struct lc_health_rules *rules, struct lc_status_document *document)
{
	for (size_t i = 0; i < document->shards_size; i++) {
		examine_state(&document->shards[i], document);
		examine_delivery(rules, &document->shards[i], document);
	}
}
