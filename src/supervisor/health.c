#include "supervisor/health.h"

#include "base/exit_codes.h"
#include "base/log.h"
#include "formats/document_names.h"
#include "formats/machine_beat.h"

#include <inttypes.h>

/* For so long a confirmation shows that targets refuse, not S3. */
enum { OWN_FAULT_SECONDS = 3600 };

/* A take-over takes some seconds; what takes longer wants somebody to look. */
enum { UNOWNED_SECONDS = 60 };

/* A worker that is not restarted: what its exit code means, and the way out. */
static void examine_failure(const struct lc_status_document_shard *shard, const char *obituary,
			    struct lc_status_document *document)
{
	int number = (int)shard->shard;

	if (shard->obituary_exit_code == LC_EXIT_LEDGER)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "the shard's ledger is damaged or gone, or of a newer release, and its worker "
		    "is not restarted (%s); if it is of a newer release, install that release "
		    "again; otherwise log-courier-ctl ledger check says more; stop the service, "
		    "then repair the disk and restore the file or, if it is lost, run "
		    "log-courier-ctl ledger reset --shard %d, which names the price, and start "
		    "the service",
		    obituary, number);
	else if (shard->obituary_exit_code == LC_EXIT_CONFLICT)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "another courier delivers the shard's sources, or the ledger is an old copy, "
		    "and the worker is not restarted (%s); stop the other courier; to take over "
		    "from where it has come to, stop the service, run log-courier-ctl ledger reset "
		    "--shard %d, and start the service",
		    obituary, number);
	else
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
					"the worker cannot work with its settings and is not "
					"restarted (%s); correct the settings and run "
					"log-courier-ctl reload",
					obituary);
}

static void examine_state(const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	int number = (int)shard->shard;
	const char *obituary = shard->obituary[0] == '\0' ? "cause unknown" : shard->obituary;

	switch (shard->state) {
	case LC_SHARD_STATE_READY:
	case LC_SHARD_STATE_AWAY:
		break;
	case LC_SHARD_STATE_STARTING:
		if (shard->replacing)
			break;
		if (shard->obituary[0] == '\0')
			lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
						"the worker is starting; if this takes longer than "
						"a minute, look for its errors in the log");
		else
			lc_status_document_find(
			    document, LC_SEVERITY_CRITICAL, number,
			    "the worker is restarting after a death (%s); if this happens again, "
			    "report it with the log",
			    obituary);
		break;
	case LC_SHARD_STATE_BACKING_OFF:
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
					"the worker died (%s) and is restarted in %" PRId64
					" s; if this happens again, report it with the log",
					obituary, shard->next_start_seconds);
		break;
	case LC_SHARD_STATE_DRAINING:
		if (shard->replacing)
			break;
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
					"the worker is finishing because the service is being "
					"stopped or the shard paused; start the service again, or "
					"resume the shard, to deliver");
		break;
	case LC_SHARD_STATE_KILLING:
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "the worker stopped answering, or took too much memory, and is being killed; "
		    "another one will be started; if this happens again, report it with the log");
		break;
	case LC_SHARD_STATE_FAILED:
		examine_failure(shard, obituary, document);
		break;
	case LC_SHARD_STATE_STOPPED:
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
					"no worker is running; start the service again to deliver");
		break;
	case LC_SHARD_STATE_PAUSED:
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, number,
					"the shard was paused by the operator and delivers "
					"nothing; log-courier-ctl resume %d lets it go on",
					number);
		break;
	case LC_SHARD_STATE_COUNT:
		break;
	}
}

/* Where machines stand in for each other. */
static void examine_owner(const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	bool known = shard->owner[0] != '\0';

	if (shard->unowned_seconds <= UNOWNED_SECONDS)
		return;
	lc_status_document_find(
	    document, LC_SEVERITY_CRITICAL, (int)shard->shard,
	    "no living machine has had the shard for %" PRId64
	    " s, and nobody delivers its rows; %s%.*s%s; see log-courier-ctl machines: start one "
	    "that is missing, or let one that was released rejoin; where all are fit, the log of "
	    "each says why it cannot take the shard",
	    shard->unowned_seconds, known ? "machine " : "which machine had it last is not known",
	    LC_MACHINE_NAME_MAX, shard->owner, known ? " had it last" : "");
}

/* ClickHouse or S3, by the fault that the worker found. */
static void examine_fault(const struct lc_health_rules *rules, enum lc_severity severity,
			  unsigned shard, int64_t seconds, enum lc_fault fault, const char *words,
			  struct lc_status_document *document)
{
	const struct lc_fault_description *description = &LC_FAULT_DESCRIPTIONS[fault];
	bool at_once = description->patience == LC_FAULT_AT_ONCE;

	if (seconds < 0 || fault == LC_FAULT_NONE ||
	    (!at_once && seconds < rules->unreachable_after_seconds))
		return;
	lc_status_document_find(document, severity, (int)shard, "%s for %" PRId64 " s%s%s; %s",
				description->what, seconds, words[0] == '\0' ? "" : ": ", words,
				description->advice);
}

/* Has another shard had an upload confirmed while this one had none, or recently if the fault is
 * that of this one's targets alone? */
static bool others_confirm(const struct lc_status_document *document,
			   const struct lc_status_document_shard *shard, enum lc_fault fault)
{
	bool own = LC_FAULT_DESCRIPTIONS[fault].reach == LC_FAULT_ONE;
	int64_t before = own ? OWN_FAULT_SECONDS : shard->s3_failing_seconds;

	for (size_t i = 0; i < document->shards_size; i++) {
		const struct lc_status_document_shard *other = &document->shards[i];

		if (other != shard && other->s3_confirmed_seconds >= 0 &&
		    other->s3_confirmed_seconds < before)
			return true;
	}
	return false;
}

/* Credentials cannot be had, or renewed: as long as the old ones are good, or others that some
 * targets need not, that is a warning. */
static void examine_credentials(const struct lc_health_rules *rules,
				const struct lc_status_document_shard *shard,
				struct lc_status_document *document)
{
	const struct lc_fault_description *fault = &LC_FAULT_DESCRIPTIONS[LC_FAULT_S3_CREDENTIALS];
	bool some = shard->credentials_missing < shard->credentials_sets;
	int number = (int)shard->shard;
	char use[64] = "are used meanwhile";

	if (shard->credentials_failing_seconds < 0)
		return;
	if (shard->credentials_missing > 0) {
		lc_status_document_find(document, some ? LC_SEVERITY_WARNING : LC_SEVERITY_CRITICAL,
					number, "%s%s for %" PRId64 " s: %s; %s", fault->what,
					some ? ", for some target buckets," : "",
					shard->credentials_failing_seconds,
					shard->credentials_answer, fault->advice);
		return;
	}
	if (shard->credentials_failing_seconds < rules->unreachable_after_seconds)
		return;
	if (shard->credentials_expire_seconds >= 0)
		snprintf(use, sizeof(use), "are used until they expire in %" PRId64 " s",
			 shard->credentials_expire_seconds);
	lc_status_document_find(
	    document, LC_SEVERITY_WARNING, number,
	    "no newer credentials for S3 could be had for %" PRId64 " s: %s; the old ones %s; %s",
	    shard->credentials_failing_seconds, shard->credentials_answer, use, fault->advice);
}

static void examine_s3(const struct lc_health_rules *rules,
		       const struct lc_status_document_shard *shard,
		       struct lc_status_document *document)
{
	enum lc_fault fault = shard->s3_fault;
	bool partial = LC_FAULT_DESCRIPTIONS[fault].reach != LC_FAULT_WHOLE &&
		       others_confirm(document, shard, fault);

	examine_fault(rules, partial ? LC_SEVERITY_WARNING : LC_SEVERITY_CRITICAL, shard->shard,
		      shard->s3_failing_seconds, fault, shard->s3_answer, document);
}

static void examine_offsets(const struct lc_health_rules *rules,
			    const struct lc_status_document_shard *shard,
			    struct lc_status_document *document)
{
	if (shard->offsets_failing_seconds < rules->unreachable_after_seconds)
		return;
	lc_status_document_find(
	    document, LC_SEVERITY_CRITICAL, (int)shard->shard,
	    "no offset could be inserted into ClickHouse for %" PRId64
	    " s%s%s; grant INSERT on the offsets table to the user, or correct what ClickHouse "
	    "names; meanwhile rows are delivered, but would be delivered again if the state "
	    "directory were lost",
	    shard->offsets_failing_seconds, shard->offsets_answer[0] == '\0' ? "" : ": ",
	    shard->offsets_answer);
}

/* An outage has its own finding. */
static void examine_reconcile(const struct lc_health_rules *rules,
			      const struct lc_status_document_shard *shard,
			      struct lc_status_document *document)
{
	if (shard->reconcile_failing_seconds <= rules->reconcile_failing_max_seconds ||
	    shard->clickhouse_failing_seconds >= rules->unreachable_after_seconds)
		return;
	lc_status_document_find(
	    document, LC_SEVERITY_WARNING, (int)shard->shard,
	    "for %" PRId64 " s rows that became visible late could not be looked for everywhere; "
	    "the log names the seconds that cannot be counted, and ClickHouse's reason: raise the "
	    "limit that it names, or clickhouse.timeout-seconds, or repair the logs table there; "
	    "these seconds are kept until they can be compared",
	    shard->reconcile_failing_seconds);
}

/* A shard that is late and gets on says for how long. */
static void find_late_rows(const struct lc_health_rules *rules,
			   const struct lc_status_document_shard *shard,
			   struct lc_status_document *document)
{
	char pace[96] = "";

	if (shard->oldest_undelivered_seconds <= rules->delivery_age_max_seconds)
		return;
	if (shard->catch_up_read_until[0] != '\0' && shard->catch_up_estimate_seconds >= 0)
		snprintf(pace, sizeof(pace),
			 "; at its present pace the shard has caught up in about %" PRId64 " s",
			 shard->catch_up_estimate_seconds);
	lc_status_document_find(
	    document, LC_SEVERITY_CRITICAL, (int)shard->shard,
	    "the oldest undelivered row that nothing blocks is %" PRId64
	    " s old, more than health.max-delivery-age-seconds (%" PRId64 "), and %" PRIu64
	    " rows wait%s; log-courier-ctl sources --lagging shows which, log-courier-ctl explain "
	    "shows why; make sure that ClickHouse and S3 keep up, or give the service more shards",
	    shard->oldest_undelivered_seconds, rules->delivery_age_max_seconds,
	    shard->pending_records, pace);
}

static void examine_delivery(const struct lc_health_rules *rules,
			     const struct lc_status_document_shard *shard,
			     struct lc_status_document *document)
{
	int number = (int)shard->shard;

	examine_fault(rules, LC_SEVERITY_CRITICAL, shard->shard, shard->clickhouse_failing_seconds,
		      shard->clickhouse_fault, shard->clickhouse_answer, document);
	examine_offsets(rules, shard, document);
	examine_reconcile(rules, shard, document);
	examine_credentials(rules, shard, document);
	if (shard->s3_fault != LC_FAULT_S3_CREDENTIALS) /* which was examined before */
		examine_s3(rules, shard, document);
	if (shard->ledger_failing_seconds >= 0)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "the ledger could not be written for %" PRId64
		    " s, so that no upload starts; free some space in state-directory or repair "
		    "its disk (the log has the error); delivery resumes by itself",
		    shard->ledger_failing_seconds);
	find_late_rows(rules, shard, document);
}

/* What single targets and sources cause: the others are delivered. */
static void examine_blocked(const struct lc_health_rules *rules,
			    const struct lc_status_document_shard *shard,
			    struct lc_status_document *document)
{
	int number = (int)shard->shard;

	if (shard->targets_blocked > 0 &&
	    shard->oldest_blocked_seconds > rules->delivery_age_max_seconds)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, number,
		    "%" PRIu64
		    " targets take no log objects, and the oldest row for them is %" PRId64
		    " s old; the one blocked longest: %s; log-courier-ctl targets --blocked shows "
		    "all of them and why; repair them, or give a target up with log-courier-ctl "
		    "targets ignore or discard; all others are delivered",
		    shard->targets_blocked, shard->oldest_blocked_seconds, shard->target_answer);
	if (shard->sources_unreadable > 0)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, number,
		    "ClickHouse cannot read the rows of %" PRIu64
		    " sources; log-courier-ctl sources --blocked shows which, log-courier-ctl "
		    "source SESSION/BUCKET shows ClickHouse's words; repair the logs table (a "
		    "damaged part, a missing right); all others are delivered",
		    shard->sources_unreadable);
	if (shard->records_without_target > 0)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, number,
		    "%" PRIu64 " rows name no target bucket (loggingTargetBucket is empty) and are "
		    "not delivered; correct what writes them into ClickHouse; they are lost when "
		    "consumer.retention-seconds is over",
		    shard->records_without_target);
}

/* A clock that was set back: windows, or even comparisons, have been where it stands. */
static void examine_clock(const struct lc_health_rules *rules,
			  const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	int number = (int)shard->shard;

	if (shard->clock_behind_horizon_seconds > 0)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "ClickHouse's clock is %" PRIu64
		    " s before the horizon of late rows: it was ahead for a long time, or was set "
		    "back; rows inserted with such times cannot be told from rows that were "
		    "delivered, and are not delivered; correct the clocks of the servers (NTP) now",
		    shard->clock_behind_horizon_seconds);
	else if ((int64_t)shard->clock_behind_windows_seconds > rules->clock_difference_max_seconds)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "ClickHouse's clock is %" PRIu64
		    " s before the end of the last window: it was ahead, or was set back; until it "
		    "gets there, rows are delivered, but found only every "
		    "reconcile.interval-seconds; make sure that NTP works on the servers",
		    shard->clock_behind_windows_seconds);
}

static bool is_nearly_lost(const struct lc_health_rules *rules, int64_t age_seconds)
{
	return age_seconds > 0 &&
	       age_seconds * 100 >= rules->retention_seconds * rules->retention_used_max_percent;
}

static int64_t until_lost(const struct lc_health_rules *rules, int64_t age_seconds)
{
	return age_seconds < rules->retention_seconds ? rules->retention_seconds - age_seconds : 0;
}

/* What is not wrong yet, but is going to be. */
static void examine_risks(const struct lc_health_rules *rules,
			  const struct lc_status_document_shard *shard,
			  struct lc_status_document *document)
{
	int number = (int)shard->shard;
	int64_t oldest = shard->oldest_undelivered_seconds;
	int64_t blocked = shard->oldest_blocked_seconds;

	if (is_nearly_lost(rules, oldest))
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "the oldest undelivered row is lost in %" PRId64
		    " s, when consumer.retention-seconds is over; see log-courier-ctl sources "
		    "--lagging and log-courier-ctl explain, or lengthen the TTL of the logs table "
		    "and the setting",
		    until_lost(rules, oldest));
	if (is_nearly_lost(rules, blocked))
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, number,
		    "the oldest row that is blocked is lost in %" PRId64
		    " s, when consumer.retention-seconds is over; see log-courier-ctl targets "
		    "--blocked and repair what it shows, or lengthen the TTL of the logs table and "
		    "the setting",
		    until_lost(rules, blocked));
	if ((int64_t)shard->clock_difference_seconds > rules->clock_difference_max_seconds)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "ClickHouse's clock and this machine's differ by %" PRIu64
		    " s; make sure that NTP works on both: S3 refuses requests whose time is wrong "
		    "by 15 minutes",
		    shard->clock_difference_seconds);
	if (shard->state == LC_SHARD_STATE_READY &&
	    (int64_t)shard->deaths_in_a_row >= rules->deaths_in_a_row_max)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, number,
		    "%" PRIu64
		    " workers have died one after the other (%s); the one that is running "
		    "now has not lived for long; report it with the log",
		    shard->deaths_in_a_row, shard->obituary);
}

static void examine_service(const struct lc_health_rules *rules,
			    struct lc_status_document *document)
{
	if (document->state_replaced)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, -1,
		    "state-directory, or the file lock in it, was removed, replaced or mounted "
		    "over while the service was running: no worker is started, and workers whose "
		    "ledger is gone end; bring it back as it was, or stop the service and start it "
		    "with what is there now, which delivers again what ClickHouse's offsets do not "
		    "cover");
	if (document->state_free_bytes >= 0 && document->state_free_bytes < rules->free_bytes_min)
		lc_status_document_find(document, LC_SEVERITY_CRITICAL, -1,
					"the disk of state-directory has %" PRId64
					" bytes free, less than health.min-free-bytes; free some "
					"space before the ledgers can no longer be written: then "
					"nothing is delivered",
					document->state_free_bytes);
}

/* One log, which the supervisor and its workers write to. */
static void examine_log(struct lc_status_document *document)
{
	int64_t failing = document->log_failing_seconds;
	uint64_t dropped = document->log_lines_dropped;

	for (size_t i = 0; i < document->shards_size; i++) {
		const struct lc_status_document_shard *shard = &document->shards[i];

		dropped += shard->log_lines_dropped;
		failing =
		    shard->log_failing_seconds > failing ? shard->log_failing_seconds : failing;
	}
	if (failing >= 0)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "%s has taken no line of the log for %" PRId64 " s, %" PRIu64
		    " lines have been lost since the start; make sure that what reads it (the "
		    "journal, a pipe, a terminal) goes on reading; rows are delivered meanwhile",
		    lc_log_destination_name(), failing, dropped);
}

void lc_health_examine_checks(const struct lc_status_document_check *checks, size_t count,
			      const char *begun, struct lc_status_document *document)
{
	for (size_t i = 0; i < count; i++)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "%.160s: %.760s (preflight of %s; log-courier-ctl preflight "
		    "checks again)",
		    checks[i].subject, checks[i].text, begun);
}

void lc_health_examine(const struct lc_health_rules *rules, struct lc_status_document *document)
{
	examine_service(rules, document);
	examine_log(document);
	for (size_t i = 0; i < document->shards_size; i++) {
		examine_state(&document->shards[i], document);
		examine_owner(&document->shards[i], document);
		examine_delivery(rules, &document->shards[i], document);
		examine_clock(rules, &document->shards[i], document);
		examine_blocked(rules, &document->shards[i], document);
		examine_risks(rules, &document->shards[i], document);
	}
}
