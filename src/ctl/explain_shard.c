#include "ctl/explain_shard.h"

#include "ctl/units.h"

#include <inttypes.h>

static void append_age(int64_t seconds, struct lc_buffer *sentence)
{
	char text[LC_UNITS_SIZE];

	lc_units_age(seconds, text);
	lc_buffer_append_text(sentence, text);
}

static void append_paused(uint64_t number, struct lc_buffer *sentence, struct lc_buffer *advice)
{
	lc_buffer_append_format(sentence,
				"Shard %" PRIu64 ", which delivers it, was paused: none of its "
				"rows is read or delivered until it is resumed.",
				number);
	lc_buffer_append_format(advice, "log-courier-ctl resume %" PRIu64, number);
}

static void append_worker(const struct lc_status_document_shard *shard, struct lc_buffer *sentence)
{
	char text[LC_UNITS_SIZE];

	lc_buffer_append_format(sentence, " Its worker is %s", lc_shard_state_text(shard->state));
	if (shard->obituary[0] != '\0')
		lc_buffer_append_format(sentence, "; the last one that died: %s", shard->obituary);
	lc_buffer_append_text(sentence, ".");
	if (shard->next_start_seconds < 0)
		return;
	lc_units_due(shard->next_start_seconds, text);
	lc_buffer_append_format(sentence, " The next one starts %s.", text);
}

void lc_explain_shard_append_silent(const struct lc_inspection_problem *problem,
				    const struct lc_status_document_shard *shard,
				    struct lc_buffer *sentence, struct lc_buffer *advice)
{
	if (shard != NULL && shard->state == LC_SHARD_STATE_PAUSED) {
		append_paused(problem->shard, sentence, advice);
		return;
	}
	lc_buffer_append_format(
	    sentence, "Shard %" PRIu64 ", which delivers it, does not answer: ", problem->shard);
	lc_buffer_append_view(sentence, problem->text);
	lc_buffer_append_text(sentence, ".");
	if (shard != NULL)
		append_worker(shard, sentence);
	lc_buffer_append_text(advice,
			      "log-courier-ctl health says what is wrong with the shard and "
			      "what to do about it.");
}

void lc_explain_shard_append_clickhouse(const struct lc_status_document_shard *shard,
					struct lc_buffer *sentence, struct lc_buffer *advice)
{
	if (shard->clickhouse_refusing_seconds >= 0) {
		lc_buffer_append_text(sentence, "ClickHouse has refused the user, its password or "
						"its rights for ");
		append_age(shard->clickhouse_refusing_seconds, sentence);
		lc_buffer_append_text(advice, "Correct clickhouse.username and "
					      "clickhouse.password, then: log-courier-ctl reload");
	} else {
		lc_buffer_append_text(sentence, "ClickHouse has answered no query for ");
		append_age(shard->clickhouse_failing_seconds, sentence);
		lc_buffer_append_text(advice, "See that the servers of clickhouse.url run; the log "
					      "has the error. Delivery goes on by itself.");
	}
	lc_buffer_append_text(sentence, ": new rows are neither found nor read.");
}

void lc_explain_shard_append_ledger(const struct lc_status_document_shard *shard,
				    struct lc_buffer *sentence, struct lc_buffer *advice)
{
	lc_buffer_append_text(sentence, "The ledger could not be written for ");
	append_age(shard->ledger_failing_seconds, sentence);
	lc_buffer_append_text(sentence, ", so that no upload starts.");
	lc_buffer_append_text(advice,
			      "Free space in state-directory, or mend its disk; the log has "
			      "the error. Delivery goes on by itself.");
}

void lc_explain_shard_append_s3(const struct lc_status_document_shard *shard,
				struct lc_buffer *sentence, struct lc_buffer *advice)
{
	lc_buffer_append_text(sentence, "S3 has confirmed no upload of this shard for ");
	append_age(shard->s3_failing_seconds, sentence);
	lc_buffer_append_text(sentence, ".");
	lc_buffer_append_text(advice, "See that s3.endpoint runs and accepts the access key; the "
				      "log has the error. Delivery goes on by itself.");
}
