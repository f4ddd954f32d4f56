#include "supervisor/health.h"

#include "base/exit_codes.h"

#include <inttypes.h>

/* A worker that is not started anew: what its exit code means, and the way out. */
static void examine_failure(const struct lc_status_document_shard *shard, const char *obituary,
			    struct lc_status_document *document)
{
	int number = (int)shard->shard;

	if (shard->obituary_exit_code == LC_EXIT_LEDGER)
		lc_status_document_find(
		    document, number,
		    "the shard's ledger is damaged and its worker is not started anew (%s); "
		    "log-courier-ctl ledger check tells more; stop the service, bring back a "
		    "sound disk, run log-courier-ctl ledger reset --shard %d, which names the "
		    "price, and start the service",
		    obituary, number);
	else if (shard->obituary_exit_code == LC_EXIT_CONFLICT)
		lc_status_document_find(
		    document, number,
		    "another courier delivers the shard's sources, or the ledger is an old copy, "
		    "and the worker is not started anew (%s); stop the other courier; to take "
		    "over from where it is, stop the service, run log-courier-ctl ledger reset "
		    "--shard %d, and start the service",
		    obituary, number);
	else
		lc_status_document_find(document, number,
					"the worker can not work with its settings and is not "
					"started anew (%s); correct the settings and restart the "
					"service",
					obituary);
}

static void examine_state(const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	int number = (int)shard->shard;
	const char *obituary = shard->obituary[0] == '\0' ? "no word of it" : shard->obituary;

	switch (shard->state) {
	case LC_SHARD_STATE_READY:
		break;
	case LC_SHARD_STATE_STARTING:
		if (shard->replacing)
			break;
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
		if (shard->replacing)
			break;
		lc_status_document_find(document, number,
					"the worker is finishing because the service is being "
					"stopped or the shard paused; start the service again, or "
					"resume the shard, to deliver");
		break;
	case LC_SHARD_STATE_KILLING:
		lc_status_document_find(
		    document, number,
		    "the worker stopped answering, or took too much memory, and is "
		    "being killed; another one starts by itself; if this repeats, report it with "
		    "the "
		    "log");
		break;
	case LC_SHARD_STATE_FAILED:
		examine_failure(shard, obituary, document);
		break;
	case LC_SHARD_STATE_STOPPED:
		lc_status_document_find(document, number,
					"no worker runs; start the service again to deliver");
		break;
	case LC_SHARD_STATE_PAUSED:
		lc_status_document_find(document, number,
					"the shard was paused by the operator and delivers "
					"nothing; log-courier-ctl resume %d lets it go on",
					number);
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
	if (shard->ledger_failing_seconds >= 0)
		lc_status_document_find(
		    document, number,
		    "the ledger could not be written for %" PRId64
		    " s, so that no upload starts; free space in state-directory or mend its "
		    "disk, the log has the error; delivery resumes by itself",
		    shard->ledger_failing_seconds);
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
