/*
 * How a query ended, as a pure rule over everything that was seen of its answer. A query has
 * succeeded only if the status was 200, the answer said where it ends and ended there, no exception
 * was told in its headers or with its own tag at its end, its reader refused nothing, and it
 * carried one of ClickHouse's own headers: a proxy's page with status 200 must not pass for an
 * INSERT done.
 *
 * The exception code comes from ClickHouse's header, from the start of an error's body or from a
 * tagged exception, never from text at the end of rows: rows may hold any text.
 */
#ifndef LC_CLIENTS_CLICKHOUSE_OUTCOME_H
#define LC_CLIENTS_CLICKHOUSE_OUTCOME_H

#include "base/error.h"
#include "base/view.h"
#include "clients/http.h"

#include <stdbool.h>

struct lc_clickhouse_outcome_facts {
	const char *url; /* for messages */
	const struct lc_http_response *response;
	bool is_clickhouse;             /* the answer had a header X-ClickHouse-... */
	int header_code;                /* X-ClickHouse-Exception-Code; 0: none */
	struct lc_view tag;             /* X-ClickHouse-Exception-Tag; empty: none */
	struct lc_view tail;            /* the last bytes of an answer with status 200 */
	struct lc_view error_body;      /* the first bytes of an answer with another status */
	const struct lc_error *refusal; /* what the reader of the rows said; kind NONE: nothing */
};

/* Sets `error` (kind NONE: success), its code the exception code, and returns that; 0 when unknown.
 */
int lc_clickhouse_outcome_of(const struct lc_clickhouse_outcome_facts *facts,
			     struct lc_error *error);

#endif
