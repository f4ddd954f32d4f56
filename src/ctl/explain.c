#include "ctl/explain.h"

#include "base/assert.h"
#include "ctl/units.h"
#include "formats/document.h"

#include <inttypes.h>
#include <string.h>

enum {
	REMARK_MAX = 4096,
	TARGETS_TOLD_MAX = 8, /* of one source; more are counted */
};

/* The facts, found once. Rows are NULL when there is none. */
struct look {
	const struct lc_explain_facts *facts;
	const struct lc_inspection_source *source;
	const struct lc_inspection_reader *reader;
	const struct lc_inspection_problem *problem;
	const struct lc_inspection_object *newest;
	const struct lc_status_document_shard *shard;
	uint64_t expired; /* rows in log objects that were given up */
	bool being_read;
	struct lc_explanation *explanation;
};

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static struct lc_explain_remark *remark(struct look *look, enum lc_explain_situation situation)
{
	struct lc_explanation *explanation = look->explanation;
	struct lc_explain_remark *remark = &explanation->remarks[explanation->count++];

	remark->situation = situation;
	lc_buffer_init(&remark->sentence, REMARK_MAX);
	lc_buffer_init(&remark->advice, REMARK_MAX);
	return remark;
}

#define REMARK(name)                                                                \
	struct lc_explain_remark *said = remark(look, LC_EXPLAIN_SITUATION_##name); \
	struct lc_buffer *sentence = &said->sentence

/* ---- the shard ---- */

static void append_worker(const struct lc_status_document_shard *shard, struct lc_buffer *sentence)
{
	lc_buffer_append_format(sentence, " Its worker is %s", lc_shard_state_name(shard->state));
	if (shard->obituary[0] != '\0')
		lc_buffer_append_format(sentence, "; the last one that died: %s", shard->obituary);
	lc_buffer_append_text(sentence, ".");
	if (shard->next_start_seconds < 0)
		return;
	lc_buffer_append_format(sentence, " The next one starts %s.",
				lc_units_due(shard->next_start_seconds).text);
}

static void say_no_answer(struct look *look)
{
	const struct lc_inspection_problem *problem = look->problem;

	if (problem == NULL)
		return;
	REMARK(no_answer);
	if (look->shard != NULL && look->shard->state == LC_SHARD_STATE_PAUSED) {
		lc_buffer_append_format(sentence,
					"Shard %" PRIu64
					", which delivers it, was paused: none of its "
					"rows is read or delivered until it is resumed.",
					problem->shard);
		lc_buffer_append_format(&said->advice, "log-courier-ctl resume %" PRIu64,
					problem->shard);
		return;
	}
	lc_buffer_append_format(
	    sentence, "Shard %" PRIu64 ", which delivers it, does not answer: ", problem->shard);
	lc_buffer_append_view(sentence, problem->text);
	lc_buffer_append_text(sentence, ".");
	if (look->shard != NULL)
		append_worker(look->shard, sentence);
	lc_buffer_append_text(&said->advice,
			      "log-courier-ctl health says what is wrong with the shard and "
			      "what to do about it.");
}

static void say_clickhouse_fails(struct look *look)
{
	const struct lc_status_document_shard *shard = look->shard;

	if (shard == NULL || shard->clickhouse_failing_seconds < 0)
		return;
	REMARK(clickhouse_fails);
	if (shard->clickhouse_refusing_seconds >= 0) {
		lc_buffer_append_text(sentence, "ClickHouse has refused the user, its password or "
						"its rights for ");
		lc_buffer_append_text(sentence,
				      lc_units_age(shard->clickhouse_refusing_seconds).text);
		lc_buffer_append_text(&said->advice,
				      "Correct clickhouse.username and "
				      "clickhouse.password, then: log-courier-ctl reload");
	} else {
		lc_buffer_append_text(sentence, "ClickHouse has answered no query for ");
		lc_buffer_append_text(sentence,
				      lc_units_age(shard->clickhouse_failing_seconds).text);
		lc_buffer_append_text(&said->advice,
				      "Make sure that the servers of clickhouse.url are running; "
				      "the log has the error. Delivery resumes by itself.");
	}
	lc_buffer_append_text(sentence, ": new rows are neither found nor read.");
}

static void say_ledger_fails(struct look *look)
{
	const struct lc_status_document_shard *shard = look->shard;

	if (shard == NULL || shard->ledger_failing_seconds < 0)
		return;
	REMARK(ledger_fails);
	lc_buffer_append_text(sentence, "The ledger could not be written for ");
	lc_buffer_append_text(sentence, lc_units_age(shard->ledger_failing_seconds).text);
	lc_buffer_append_text(sentence, ", so that no upload starts.");
	lc_buffer_append_text(&said->advice,
			      "Free some space in state-directory, or repair its disk; the log has "
			      "the error. Delivery resumes by itself.");
}

/* For any target. */
static bool has_no_credentials(const struct lc_status_document_shard *shard)
{
	return shard->credentials_missing > 0 &&
	       shard->credentials_missing == shard->credentials_sets;
}

static void say_no_credentials(struct look *look)
{
	const struct lc_status_document_shard *shard = look->shard;

	if (shard == NULL || !has_no_credentials(shard))
		return;
	REMARK(no_credentials);
	lc_buffer_append_text(sentence,
			      "There are no credentials to sign requests to S3 with, so that "
			      "uploads wait");
	if (shard->credentials_source[0] != '\0')
		lc_buffer_append_format(sentence, "; they come from %s", shard->credentials_source);
	lc_buffer_append_text(sentence, ".");
	if (shard->credentials_answer[0] != '\0')
		lc_buffer_append_format(sentence, " The last try: %s.", shard->credentials_answer);
	lc_buffer_append_text(
	    &said->advice, "Repair their source, or correct s3.credentials and run log-courier-ctl "
			   "reload. Delivery resumes by itself.");
}

static void say_s3_fails(struct look *look)
{
	const struct lc_status_document_shard *shard = look->shard;

	if (shard == NULL || shard->s3_failing_seconds < 0 || has_no_credentials(shard))
		return;
	REMARK(s3_fails);
	lc_buffer_append_text(sentence, "S3 has confirmed no upload of this shard for ");
	lc_buffer_append_text(sentence, lc_units_age(shard->s3_failing_seconds).text);
	lc_buffer_append_text(sentence, ".");
	lc_buffer_append_text(&said->advice,
			      "Make sure that s3.endpoint is running and accepts the access key; "
			      "the log has the error. Delivery resumes by itself.");
}

/* ---- rows ---- */

static bool has_rows(const struct look *look)
{
	return look->source != NULL &&
	       (look->source->pending_rows > 0 || look->source->oldest_undelivered != 0);
}

static void say_unknown(struct look *look)
{
	if (look->problem != NULL || has_rows(look) || look->newest != NULL)
		return;
	REMARK(unknown);
	lc_buffer_append_text(sentence,
			      "No rows of it are waiting, and the ledger has no log objects of it: "
			      "either it has had no rows, or its name is different.");
	lc_buffer_append_text(&said->advice,
			      "Make sure that ClickHouse's logs table has rows with bucketName '");
	lc_buffer_append_view(&said->advice, look->facts->bucket);
	lc_buffer_append_format(&said->advice,
				"' and raftSessionID %" PRIu32
				" that name a target; log-courier-ctl sources lists the sources "
				"that have undelivered rows.",
				look->facts->raft_session_id);
}

static void say_delivered(struct look *look)
{
	if (look->problem != NULL || has_rows(look) || look->newest == NULL)
		return;
	REMARK(delivered);
	lc_buffer_append_format(
	    sentence, "No rows of it are waiting. Its newest log object has %s row%s, up to ",
	    lc_units_exact(look->newest->rows).text, plural(look->newest->rows));
	lc_buffer_append_format(sentence, "%s UTC, and is ",
				lc_units_second(look->newest->last_second).text);
	lc_buffer_append_text(sentence, lc_delivery_state_name(look->newest->state));
	lc_buffer_append_text(sentence, ": ");
	lc_buffer_append_view(sentence, look->newest->target_bucket);
	lc_buffer_append_text(sentence, "/");
	lc_buffer_append_view(sentence, look->newest->key);
	lc_buffer_append_text(sentence, ".");
}

static void say_rows_wait(struct look *look)
{
	if (!has_rows(look))
		return;
	REMARK(rows_wait);
	lc_buffer_append_format(
	    sentence, "%s row%s wait%s", lc_units_exact(look->source->pending_rows).text,
	    plural(look->source->pending_rows), look->source->pending_rows == 1 ? "s" : "");
	if (look->source->lag_seconds >= 0)
		lc_buffer_append_format(sentence, "; the oldest is %s old",
					lc_units_age(look->source->lag_seconds).text);
	lc_buffer_append_text(sentence, ".");
}

static void say_stopped(struct look *look)
{
	if (look->reader == NULL || look->reader->step != LC_CYCLE_STOPPED)
		return;
	REMARK(stopped);
	lc_buffer_append_text(
	    sentence, "The shard is reading nothing more: it is being stopped, or cannot go on.");
	lc_buffer_append_text(&said->advice, "log-courier-ctl status says what it is doing.");
}

static bool has_unread(const struct look *look)
{
	return look->source != NULL && look->reader != NULL && look->source->read_failures == 0 &&
	       look->facts->document->lists[LC_INSPECTION_RANGES].count > 0 && !look->being_read &&
	       look->reader->step != LC_CYCLE_STOPPED;
}

/* Seconds until the time threshold has its rows read; 0 when it does already. */
static int64_t until_old_enough(const struct look *look)
{
	int64_t at =
	    (int64_t)look->source->open_since + (int64_t)look->reader->time_threshold_seconds + 1;
	int64_t now = (int64_t)look->reader->clickhouse_now;

	return at > now ? at - now : 0;
}

static bool is_ready(const struct look *look)
{
	return look->source->flush || look->source->open_rows >= look->reader->count_threshold ||
	       until_old_enough(look) == 0;
}

static void append_unread(const struct look *look, struct lc_buffer *sentence)
{
	if (look->source->open_rows == 0)
		lc_buffer_append_text(
		    sentence,
		    "Some seconds of it will be read again, to find rows that became visible late");
	else
		lc_buffer_append_format(sentence, "%s of them %s not yet read from ClickHouse",
					lc_units_exact(look->source->open_rows).text,
					look->source->open_rows == 1 ? "is" : "are");
}

static void say_unreadable(struct look *look)
{
	if (look->source == NULL || look->source->read_failures == 0)
		return;
	REMARK(unreadable);
	lc_buffer_append_format(sentence,
				"ClickHouse cannot read its rows: %s quer%s for it alone failed (",
				lc_units_exact(look->source->read_failures).text,
				look->source->read_failures == 1 ? "y" : "ies");
	lc_buffer_append_view(sentence, look->source->read_error);
	lc_buffer_append_format(sentence, "); next try %s. Meanwhile other sources are read.",
				lc_units_due(look->source->next_read_seconds).text);
	lc_buffer_append_text(&said->advice,
			      "Repair the logs table where ClickHouse's words point; the source is "
			      "then read again by itself, or at once with: log-courier-ctl flush ");
	lc_buffer_append_format(&said->advice, "%" PRIu32 "/", look->facts->raft_session_id);
	lc_buffer_append_view(&said->advice, look->facts->bucket);
}

static void say_being_read(struct look *look)
{
	if (!look->being_read)
		return;
	REMARK(being_read);
	lc_buffer_append_text(sentence, "It is being read from ClickHouse now.");
}

static void say_ready(struct look *look)
{
	if (!has_unread(look) || !is_ready(look))
		return;
	REMARK(ready);
	append_unread(look, sentence);
	if (look->source->flush)
		lc_buffer_append_text(sentence, "; somebody asked for them to be delivered now");
	if (look->reader->next_cycle_seconds < 0)
		lc_buffer_append_text(
		    sentence, ". They are read as soon as everything before them has been read.");
	else
		lc_buffer_append_format(sentence, ". They are read in the next cycle, %s.",
					lc_units_due(look->reader->next_cycle_seconds).text);
}

static void say_waits_for_threshold(struct look *look)
{
	if (!has_unread(look) || is_ready(look))
		return;
	REMARK(waits_for_threshold);
	append_unread(look, sentence);
	lc_buffer_append_format(sentence,
				". They are read when %s are unread or when the first has been "
				"known for %s, at the latest in about %s.",
				lc_units_exact(look->reader->count_threshold).text,
				lc_units_age((int64_t)look->reader->time_threshold_seconds).text,
				lc_units_age(until_old_enough(look)).text);
	lc_buffer_append_format(
	    &said->advice,
	    "Nothing; or, if you do not want to wait: log-courier-ctl flush %" PRIu32 "/",
	    look->facts->raft_session_id);
	lc_buffer_append_view(&said->advice, look->facts->bucket);
}

/* ---- targets ---- */

static bool holds(struct lc_view text, const char *word)
{
	return text.size > 0 && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static void append_target_name(const struct lc_inspection_target *target, struct lc_buffer *text)
{
	lc_buffer_append_text(text, "'");
	lc_buffer_append_view(text, target->bucket);
	if (!target->whole_bucket && target->prefix.size > 0) {
		lc_buffer_append_char(text, '/');
		lc_buffer_append_view(text, target->prefix);
	}
	lc_buffer_append_text(text, "'");
}

static void append_retry(const struct lc_inspection_target *target, struct lc_buffer *advice)
{
	lc_buffer_append_text(advice, " log-courier-ctl retry ");
	lc_buffer_append_view(advice, target->bucket);
}

/* What mends it, by S3's own word for what is wrong. */
static void append_cure(const struct lc_inspection_target *target, struct lc_buffer *advice)
{
	static const struct {
		const char *word;
		const char *before;
		const char *after;
	} cures[] = {
	    {"NoSuchBucket", "Create the bucket ", ", or correct where its sources log to, then:"},
	    {"AccessDenied", "Grant s3:PutObject on the bucket ",
	     " to the service's access key, then:"},
	    {"AllAccessDisabled", "Enable access to the bucket ", ", then:"},
	    {"InvalidAccessKeyId", "Correct s3.access-key-id, or create the key; for the bucket ",
	     " then:"},
	    {"SignatureDoesNotMatch",
	     "Correct s3.secret-access-key, and check that s3.region is right; for the bucket ",
	     " then:"},
	    {"AccessControlListNotSupported",
	     "Set s3.acl to none or bucket-owner-full-control for the bucket ", ", reload, then:"},
	    {"InvalidStorageClass", "Correct s3.storage-class for the bucket ", ", reload, then:"},
	    {"NotImplemented",
	     "Take back what S3 does not know of s3.acl, s3.checksum, s3.encryption, "
	     "s3.storage-class and s3.tags for the bucket ",
	     ", reload, then:"},
	    {"InvalidArgument",
	     "Correct what S3 does not take of s3.acl, s3.checksum, s3.encryption, "
	     "s3.storage-class and s3.tags for the bucket ",
	     ", reload, then:"},
	    {"InvalidRequest",
	     "Set s3.checksum if Object Lock is on, or correct s3.encryption, for the bucket ",
	     ", reload, then:"},
	    {"QuotaExceeded", "Raise the quota of the bucket ", " or of its owner, then:"},
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (!holds(target->last_error, cures[i].word))
			continue;
		lc_buffer_append_text(advice, cures[i].before);
		append_target_name(target, advice);
		lc_buffer_append_text(advice, cures[i].after);
		append_retry(target, advice);
		return;
	}
	lc_buffer_append_text(advice, "Correct what S3 says about the bucket ");
	append_target_name(target, advice);
	lc_buffer_append_text(advice, "; it is tried again by itself, or at once with:");
	append_retry(target, advice);
}

/* "Its target 'logs' has refused log objects for 3 min (HTTP 403 AccessDenied); next try in 40 s.",
 * `what` being "has refused log objects". */
static void append_target(const struct lc_inspection_target *target, const char *what,
			  struct lc_buffer *sentence)
{
	lc_buffer_append_text(sentence, "Its target ");
	append_target_name(target, sentence);
	lc_buffer_append_format(sentence, " %s", what);
	if (target->failing_seconds >= 0)
		lc_buffer_append_format(sentence, " for %s",
					lc_units_age(target->failing_seconds).text);
	if (target->last_error.size > 0) {
		lc_buffer_append_text(sentence, " (");
		lc_buffer_append_view(sentence, target->last_error);
		lc_buffer_append_text(sentence, ")");
	}
	if (target->given_up.size > 0) {
		lc_buffer_append_text(sentence, "; it is ");
		lc_buffer_append_view(sentence, target->given_up);
		lc_buffer_append_text(sentence, ", as an operator decided");
	}
	if (target->uploads > 0)
		lc_buffer_append_text(sentence, "; it is being tried now.");
	else if (target->next_probe_seconds >= 0)
		lc_buffer_append_format(sentence, "; next try %s.",
					lc_units_due(target->next_probe_seconds).text);
	else
		lc_buffer_append_text(sentence, ".");
}

/* The situation that the target is in; COUNT when it works. */
static enum lc_explain_situation situation_of(const struct lc_inspection_target *target)
{
	if (target->state == LC_TARGET_HEALTHY)
		return LC_EXPLAIN_SITUATION_COUNT;
	if (target->refused)
		return LC_EXPLAIN_SITUATION_target_refuses;
	return target->state == LC_TARGET_ASIDE ? LC_EXPLAIN_SITUATION_target_aside
						: LC_EXPLAIN_SITUATION_target_shaky;
}

/* Says `what` of each target in that situation. */
static void say_targets(struct look *look, enum lc_explain_situation situation, const char *what,
			bool needs_somebody)
{
	const struct lc_inspection *document = look->facts->document;
	unsigned told = 0;

	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);
		struct lc_explain_remark *said;

		if (situation_of(target) != situation || told == TARGETS_TOLD_MAX)
			continue;
		told++;
		said = remark(look, situation);
		append_target(target, what, &said->sentence);
		if (needs_somebody)
			append_cure(target, &said->advice);
	}
}

static void say_target_refuses(struct look *look)
{
	say_targets(look, LC_EXPLAIN_SITUATION_target_refuses, "has refused log objects", true);
}

static void say_target_aside(struct look *look)
{
	say_targets(look, LC_EXPLAIN_SITUATION_target_aside, "has failed again and again", true);
}

static void say_target_shaky(struct look *look)
{
	say_targets(look, LC_EXPLAIN_SITUATION_target_shaky, "has failed", false);
}

static void say_target_settings(struct look *look)
{
	const struct lc_inspection *document = look->facts->document;
	unsigned told = 0;

	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);

		if (target->settings.size == 0 || told++ == TARGETS_TOLD_MAX)
			continue;
		REMARK(target_settings);
		lc_buffer_append_text(sentence, "For its target bucket '");
		lc_buffer_append_view(sentence, target->bucket);
		lc_buffer_append_text(sentence, "' some settings differ, by the entry in ");
		lc_buffer_append_view(sentence, target->settings);
		lc_buffer_append_text(sentence, ".");
	}
}

/* ---- log objects ---- */

static void say_uploading(struct look *look)
{
	if (look->source == NULL || look->source->objects == 0)
		return;
	REMARK(uploading);
	lc_buffer_append_format(
	    sentence, "%s row%s %s in %s log object%s being built or uploaded.",
	    lc_units_exact(look->source->object_rows).text, plural(look->source->object_rows),
	    look->source->object_rows == 1 ? "is" : "are",
	    lc_units_exact(look->source->objects).text, plural(look->source->objects));
}

static void say_rebuilding(struct look *look)
{
	uint64_t intents = look->source == NULL ? 0 : look->source->intents_without_body;

	if (intents == 0)
		return;
	REMARK(rebuilding);
	lc_buffer_append_format(sentence,
				"%s log object%s with %s row%s %s recorded in the ledger, and will "
				"be built again from ClickHouse once the target takes %s.",
				lc_units_exact(intents).text, plural(intents),
				lc_units_exact(look->source->intents_without_body_rows).text,
				plural(look->source->intents_without_body_rows),
				intents == 1 ? "is" : "are", intents == 1 ? "it" : "them");
}

static void say_expired(struct look *look)
{
	if (look->expired == 0)
		return;
	REMARK(expired);
	lc_buffer_append_format(
	    sentence,
	    "%s row%s of it %s given up, having expired in ClickHouse before a target took %s.",
	    lc_units_exact(look->expired).text, plural(look->expired),
	    look->expired == 1 ? "was" : "were", look->expired == 1 ? "it" : "them");
	lc_buffer_append_text(&said->advice,
			      "Keep rows in ClickHouse longer than a target may stay blocked.");
}

/* ---- the whole ---- */

static const void *first_row(const struct lc_inspection *document, enum lc_inspection_kind kind)
{
	return document->lists[kind].count == 0 ? NULL : lc_inspection_row(document, kind, 0);
}

static const struct lc_status_document_shard *find_shard(const struct lc_status_document *service,
							 uint64_t shard)
{
	for (size_t i = 0; service != NULL && i < service->shards_size; i++) {
		if (service->shards[i].shard == shard)
			return &service->shards[i];
	}
	return NULL;
}

static void look_at(const struct lc_explain_facts *facts, struct look *look)
{
	const struct lc_inspection *document = facts->document;

	look->source = first_row(document, LC_INSPECTION_SOURCES);
	look->reader = first_row(document, LC_INSPECTION_READERS);
	look->problem = first_row(document, LC_INSPECTION_PROBLEMS);
	look->newest = first_row(document, LC_INSPECTION_OBJECTS);
	if (look->reader != NULL)
		look->shard = find_shard(facts->service, look->reader->shard);
	else if (look->problem != NULL)
		look->shard = find_shard(facts->service, look->problem->shard);
	for (size_t i = 0; i < document->lists[LC_INSPECTION_RANGES].count; i++) {
		const struct lc_inspection_range *range =
		    lc_inspection_row(document, LC_INSPECTION_RANGES, i);

		look->being_read |= range->being_read;
	}
	for (size_t i = 0; i < document->lists[LC_INSPECTION_OBJECTS].count; i++) {
		const struct lc_inspection_object *object =
		    lc_inspection_row(document, LC_INSPECTION_OBJECTS, i);

		if (object->state == LC_DELIVERY_EXPIRED)
			look->expired += object->rows;
	}
}

void lc_explain(const struct lc_explain_facts *facts, struct lc_explanation *explanation)
{
	struct look look = {.facts = facts, .explanation = explanation};

	explanation->count = 0;
	look_at(facts, &look);
#define LC_EXPLAIN_SITUATION(name, word, help) say_##name(&look);
#include "tbl/explain_situations.h"
}

void lc_explain_free(struct lc_explanation *explanation)
{
	for (size_t i = 0; i < explanation->count; i++) {
		lc_buffer_free(&explanation->remarks[i].sentence);
		lc_buffer_free(&explanation->remarks[i].advice);
	}
	explanation->count = 0;
}

/* ---- as text ---- */

static void append_title(const char *title, struct lc_terminal_style style, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%s%s%s\n", style.colour ? LC_TERMINAL_BOLD : "", title,
				style.colour ? LC_TERMINAL_PLAIN : "");
}

static void append_heading(const struct lc_explain_facts *facts, struct lc_terminal_style style,
			   struct lc_buffer *text)
{
	struct lc_buffer title;

	lc_buffer_init(&title, SIZE_MAX / 2);
	lc_buffer_append_format(&title, "source %" PRIu32 "/", facts->raft_session_id);
	lc_terminal_append(facts->bucket.data, facts->bucket.size, &title);
	append_title(lc_buffer_text(&title), style, text);
	lc_buffer_free(&title);
}

void lc_explain_append(const struct lc_explain_facts *facts,
		       const struct lc_explanation *explanation, struct lc_terminal_style style,
		       struct lc_buffer *text)
{
	bool titled = false;

	append_heading(facts, style, text);
	for (size_t i = 0; i < explanation->count; i++) {
		struct lc_buffer sentence = explanation->remarks[i].sentence;

		lc_terminal_append_wrapped(lc_buffer_text(&sentence), style.width, text);
	}
	for (size_t i = 0; i < explanation->count; i++) {
		struct lc_buffer advice = explanation->remarks[i].advice;

		if (advice.size == 0)
			continue;
		if (!titled)
			append_title("what to do", style, text);
		titled = true;
		lc_terminal_append_wrapped(lc_buffer_text(&advice), style.width, text);
	}
}

/* ---- as JSON ---- */

const char *lc_explain_word(enum lc_explain_situation situation)
{
	static const char *const words[] = {
#define LC_EXPLAIN_SITUATION(name, word, help) (word),
#include "tbl/explain_situations.h"
	};

	return words[situation];
}

static json_t *remark_of(const struct lc_explain_remark *remark)
{
	json_t *object = json_object();

	lc_document_set(object, "situation", json_string(lc_explain_word(remark->situation)));
	lc_document_set(object, "sentence", lc_document_text(lc_buffer_view(&remark->sentence)));
	lc_document_set(object, "advice",
			remark->advice.size == 0
			    ? json_null()
			    : lc_document_text(lc_buffer_view(&remark->advice)));
	return object;
}

/* The document as the service sent it. */
static json_t *facts_of(const struct lc_inspection *document)
{
	struct lc_buffer text;
	json_t *object;

	lc_buffer_init(&text, SIZE_MAX / 2);
	lc_inspection_encode(document, &text);
	object = json_loadb(text.data, text.size, 0, NULL);
	LC_ASSERT(object != NULL);
	lc_buffer_free(&text);
	return object;
}

void lc_explain_append_json(const struct lc_explain_facts *facts,
			    const struct lc_explanation *explanation, struct lc_buffer *json)
{
	json_t *object = json_object();
	json_t *remarks = json_array();

	lc_document_set(object, "raft_session_id", lc_document_count(facts->raft_session_id));
	lc_document_set(object, "bucket", lc_document_text(facts->bucket));
	for (size_t i = 0; i < explanation->count; i++)
		LC_ASSERT(json_array_append_new(remarks, remark_of(&explanation->remarks[i])) == 0);
	lc_document_set(object, "remarks", remarks);
	lc_document_set(object, "facts", facts_of(facts->document));
	lc_document_finish(object, json);
}
