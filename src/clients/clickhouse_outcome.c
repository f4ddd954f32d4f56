#include "clients/clickhouse_outcome.h"

#include "clients/clickhouse_exception.h"

enum { QUOTED_MAX = 300 };

/* What a code of ClickHouse's means here and its own words may leave out: settings of the user's
 * profile to be changed. Of ClickHouse's src/Common/ErrorCodes.cpp. */
static const struct {
	int code;
	const char *words;
} PROFILE_CODES[] = {
    {158, "max_rows_to_read, max_rows_to_group_by or another limit of rows"},
    {159, "max_execution_time"},
    {160, "max_estimated_execution_time or min_execution_speed"},
    {164, "readonly: log-courier's user needs 0, for it sends settings and writes offsets (with 2 "
	  "it can read, and not write them)"},
    {191, "max_rows_in_set or max_bytes_in_set"},
    {241, "max_memory_usage"},
    {307, "max_bytes_to_read or another limit of bytes"},
    {396, "max_result_rows or max_result_bytes"},
    {452, "its constraints: they forbid a setting without which answers may be cut"},
};

static void append_settings(int code, struct lc_error *error)
{
	struct lc_error plain = *error;

	for (size_t i = 0; i < sizeof(PROFILE_CODES) / sizeof(PROFILE_CODES[0]); i++) {
		if (PROFILE_CODES[i].code == code)
			lc_error_set(error, plain.kind,
				     "%.330s (in the profile of ClickHouse's user, look at %s)",
				     plain.message, PROFILE_CODES[i].words);
	}
}

/* An answer with another status than 200. */
static int outcome_of_status(const struct lc_clickhouse_outcome_facts *facts,
			     struct lc_error *error)
{
	unsigned status = facts->response->status;
	struct lc_view body = facts->error_body;
	struct lc_clickhouse_exception exception;

	if (lc_clickhouse_exception_read(body, &exception)) {
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u: %.*s", facts->url, status,
			     lc_view_shown(exception.text, QUOTED_MAX), exception.text.data);
		return facts->header_code != 0 ? facts->header_code : exception.code;
	}
	if (facts->header_code != 0)
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u, exception code %d", facts->url,
			     status, facts->header_code);
	else if (body.size == 0)
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u, without a body", facts->url,
			     status);
	else
		lc_error_set(error, LC_ERROR_REFUSED,
			     "%s: HTTP %u, not an answer of ClickHouse: %.*s", facts->url, status,
			     lc_view_shown(body, QUOTED_MAX), body.data);
	return facts->header_code;
}

/* What stands at the end of an answer with status 200 that can not be taken as a result. */
static void explain(const struct lc_clickhouse_outcome_facts *facts, struct lc_error *error)
{
	const struct lc_http_response *response = facts->response;

	if (!response->complete)
		*error = response->error;
	else if (!facts->is_clickhouse)
		lc_error_set(error, LC_ERROR_CORRUPT,
			     "%s: HTTP 200, not an answer of ClickHouse: %.*s", facts->url,
			     lc_view_shown(facts->tail, QUOTED_MAX), facts->tail.data);
	else if (facts->refusal->kind != LC_ERROR_NONE)
		lc_error_set(error, facts->refusal->kind, "%s: %s", facts->url,
			     facts->refusal->message);
	else if (!response->framed)
		lc_error_set(error, LC_ERROR_CORRUPT,
			     "%s: an answer without length: its end can not be told from a cut",
			     facts->url);
	else
		error->kind = LC_ERROR_NONE;
}

static int outcome_of_rows(const struct lc_clickhouse_outcome_facts *facts, struct lc_error *error)
{
	struct lc_clickhouse_exception exception = {.code = 0};
	bool found = lc_clickhouse_exception_find(facts->tail, facts->tag, &exception);

	if (facts->header_code != 0 || exception.certain) {
		lc_error_set(error, LC_ERROR_REFUSED, "%s: failed in the middle: %.*s", facts->url,
			     lc_view_shown(exception.text, QUOTED_MAX), exception.text.data);
		return facts->header_code != 0 ? facts->header_code : exception.code;
	}
	explain(facts, error);
	if (error->kind != LC_ERROR_NONE && found) {
		struct lc_error plain = *error;

		lc_error_set(error, plain.kind, "%.180s; the answer ends with: %.*s", plain.message,
			     lc_view_shown(exception.text, QUOTED_MAX), exception.text.data);
	}
	return 0;
}

static int judge(const struct lc_clickhouse_outcome_facts *facts, struct lc_error *error)
{
	int code;

	*error = (struct lc_error){.kind = LC_ERROR_NONE};
	if (facts->response->status == 0) {
		*error = facts->response->error;
		return 0;
	}
	code = facts->response->status == 200 ? outcome_of_rows(facts, error)
					      : outcome_of_status(facts, error);
	append_settings(code, error);
	return code;
}

int lc_clickhouse_outcome_of(const struct lc_clickhouse_outcome_facts *facts,
			     struct lc_error *error)
{
	int code = judge(facts, error);

	error->code = code;
	return code;
}
