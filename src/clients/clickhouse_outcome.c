#include "clients/clickhouse_outcome.h"

#include "clients/clickhouse_exception.h"
#include "formats/http_status.h"

enum { QUOTED_MAX = 300 };

static const struct {
	int code;
	const char *settings;
} CODES[] = {
#define LC_CLICKHOUSE_CODE(code, name, fault, settings) {(code), (settings)},
#include "tbl/clickhouse_codes.h"
};

/* Says which settings of the user's profile are to be changed. */
static void append_settings(int code, struct lc_error *error)
{
	struct lc_error plain = *error;

	if (code == 0)
		return;
	for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
		if (CODES[i].code == code && CODES[i].settings[0] != '\0')
			lc_error_set(error, plain.kind,
				     "%.330s (in the profile of ClickHouse's user, look at %s)",
				     plain.message, CODES[i].settings);
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
	code = facts->response->status == LC_HTTP_OK ? outcome_of_rows(facts, error)
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
