#include "clients/clickhouse.h"

#include "base/assert.h"
#include "base/memory.h"
#include "clients/clickhouse_exception.h"
#include "clients/clickhouse_seats.h"
#include "formats/http_status.h"
#include "formats/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* What each answer of ClickHouse has in its head, in several. */
static const char HEADERS[] = "x-clickhouse-";

_Static_assert((int)LC_CLICKHOUSE_URLS_MAX == (int)LC_CLICKHOUSE_SEATS_MAX, "a seat for each URL");

enum {
	MAGIC = 0x636c6b68,
	ERROR_BODY_MAX = 64 * 1024,
	/* How much more of a refused answer is read, for the exception that may end it. */
	AFTER_REFUSAL_MAX = 256 * 1024,
	CODE_MAX = 1000 * 1000,
	QUOTED_MAX = 300, /* of an answer, in an error */
};

struct lc_clickhouse_query {
	uint32_t magic;
	struct lc_clickhouse *clickhouse;
	TAILQ_ENTRY(lc_clickhouse_query) all;
	struct lc_http_request *request; /* NULL when it could not even be sent */
	struct lc_loop_timer *failure_timer;
	struct lc_error failure; /* why it could not be sent */

	bool (*on_data)(void *context, struct lc_view piece, struct lc_error *error);
	void (*on_done)(void *context, const struct lc_error *error);
	void *context;
	bool in_data;   /* on_data is on the stack */
	bool cancelled; /* from within on_data; released when that returns */

	unsigned seat;
	unsigned status;
	bool is_clickhouse; /* a header says so */
	int header_code;
	char tag[LC_CLICKHOUSE_EXCEPTION_TAG_MAX + 1];
	struct lc_clickhouse_exception_tail tail;
	struct lc_buffer error_body;
	struct lc_error refusal; /* on_data's word */
	size_t after_refusal;
};

TAILQ_HEAD(query_list, lc_clickhouse_query);

struct lc_clickhouse {
	struct lc_loop *loop;
	struct lc_http *http;
	char *urls;
	struct lc_view url[LC_CLICKHOUSE_URLS_MAX]; /* within urls */
	char *shown[LC_CLICKHOUSE_URLS_MAX];
	struct lc_clickhouse_seats seats;
	struct lc_random random;
	char *database;
	char *username;
	char *password;
	uint64_t timeout_ms;
	struct query_list queries;
};

/* ---- the URL of a query ----
 *
 * Source: ClickHouse documentation, "HTTP interface", "Queries with parameters". */

/* A stream that we hold back must not be given up, one that we leave must end; the answer's head
 * must not grow with the time that a query takes, and its first byte must not wait for the last. A
 * proxy that drops them costs time, no row. ClickHouse 23.10 and all later versions know them. */
struct setting {
	const char *name;
	const char *value;
};

static const struct setting SETTINGS_OF_EVERY_QUERY[] = {
    {"send_timeout", "3600"},
    {"receive_timeout", "3600"},
    {"http_send_timeout", "3600"},
    {"http_receive_timeout", "3600"},
    {"send_progress_in_http_headers", "0"},
    {"http_wait_end_of_query", "0"},
    {"cancel_http_readonly_queries_on_client_close", "1"},
};

static void append_encoded(struct lc_buffer *url, struct lc_view text)
{
	lc_sigv4_append_encoded(url, text, false);
}

/* Every parameter follows the database's, which comes first: "&name=value". */
static void append_pair(struct lc_buffer *url, const char *name, struct lc_view value)
{
	lc_buffer_append_char(url, '&');
	append_encoded(url, lc_view_of(name));
	lc_buffer_append_char(url, '=');
	append_encoded(url, value);
}

/* A parameter's value as ClickHouse reads it: TSV escaping, not yet URL-encoded. */
static void append_escaped(struct lc_buffer *out, struct lc_view value)
{
	static const char from[] = {'\b', '\f', '\r', '\n', '\t', '\0', '\'', '\\'};
	static const char to[] = {'b', 'f', 'r', 'n', 't', '0', '\'', '\\'};

	for (size_t i = 0; i < value.size; i++) {
		const char *special = memchr(from, value.data[i], sizeof(from));

		if (special == NULL) {
			lc_buffer_append_char(out, value.data[i]);
		} else {
			lc_buffer_append_char(out, '\\');
			lc_buffer_append_char(out, to[special - from]);
		}
	}
}

static void append_parameter(struct lc_buffer *url, const struct lc_clickhouse_parameter *parameter)
{
	struct lc_buffer escaped;

	lc_buffer_init(&escaped, LC_CLICKHOUSE_URL_MAX);
	append_escaped(&escaped, parameter->value);
	lc_buffer_append_text(url, "&param_");
	append_encoded(url, lc_view_of(parameter->name));
	lc_buffer_append_char(url, '=');
	append_encoded(url, lc_buffer_view(&escaped));
	url->failed = url->failed || lc_buffer_failed(&escaped);
	lc_buffer_free(&escaped);
}

/* ClickHouse ends a statement whose client has gone only if it cannot write: with `readonly` 2 it
 * cannot, and the statement's other settings are still taken. */
static const struct setting READ_ONLY = {"readonly", "2"};

static void append_settings(struct lc_buffer *url, const struct lc_clickhouse_spec *spec)
{
	size_t count = sizeof(SETTINGS_OF_EVERY_QUERY) / sizeof(SETTINGS_OF_EVERY_QUERY[0]);

	for (size_t i = 0; i < count; i++)
		append_pair(url, SETTINGS_OF_EVERY_QUERY[i].name,
			    lc_view_of(SETTINGS_OF_EVERY_QUERY[i].value));
	if (spec->data.size == 0 && !spec->writes)
		append_pair(url, READ_ONLY.name, lc_view_of(READ_ONLY.value));
}

void lc_clickhouse_url_append(struct lc_buffer *url, struct lc_view base, const char *database,
			      const struct lc_clickhouse_spec *spec)
{
	size_t path = lc_http_url_path_of(base);
	const char *query = memchr(base.data + path, '?', base.size - path);

	lc_buffer_append_view(url, base);
	if (path == base.size)
		lc_buffer_append_char(url, '/');
	lc_buffer_append_char(url, query == NULL ? '?' : '&');
	lc_buffer_append_text(url, "database=");
	append_encoded(url, lc_view_of(database));
	append_settings(url, spec);
	for (size_t i = 0; i < spec->parameter_count; i++)
		append_parameter(url, &spec->parameters[i]);
	if (spec->data.size > 0)
		append_pair(url, "query", spec->sql);
}

/* ---- how a query ended ----
 *
 * It has succeeded only if the status was 200, the answer said where it ends and ended there, no
 * exception was told in its headers or with its own tag at its end, its reader refused nothing, and
 * it carried one of ClickHouse's own headers: a proxy's page with status 200 must not pass for an
 * INSERT done.
 *
 * The exception code comes from ClickHouse's header, from the start of an error's body or from a
 * tagged exception, never from text at the end of rows: rows may hold any text. */

static const struct {
	int code;
	const char *settings;
} CODES[] = {
#define LC_CLICKHOUSE_CODE(code, name, fault, settings) {(code), (settings)},
#include "tbl/clickhouse_codes.h"
};

/* Says which settings of the user's profile are to be changed. */
static void name_settings(int code, struct lc_error *error)
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

static const char *url_of(const struct lc_clickhouse_query *query)
{
	return lc_clickhouse_seat_url(query->clickhouse, query->seat);
}

/* An answer with another status than 200. */
static int outcome_of_status(const struct lc_clickhouse_query *query,
			     const struct lc_http_response *response, struct lc_error *error)
{
	unsigned status = response->status;
	struct lc_view body = lc_buffer_view(&query->error_body);
	struct lc_clickhouse_exception exception;

	if (lc_clickhouse_exception_read(body, &exception)) {
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u: %.*s", url_of(query), status,
			     lc_view_shown(exception.text, QUOTED_MAX), exception.text.data);
		return query->header_code != 0 ? query->header_code : exception.code;
	}
	if (query->header_code != 0)
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u, exception code %d",
			     url_of(query), status, query->header_code);
	else if (body.size == 0)
		lc_error_set(error, LC_ERROR_REFUSED, "%s: HTTP %u, without a body", url_of(query),
			     status);
	else
		lc_error_set(error, LC_ERROR_REFUSED,
			     "%s: HTTP %u, not an answer of ClickHouse: %.*s", url_of(query),
			     status, lc_view_shown(body, QUOTED_MAX), body.data);
	return query->header_code;
}

/* What stands at the end of an answer with status 200 that cannot be taken as a result. */
static void explain(const struct lc_clickhouse_query *query,
		    const struct lc_http_response *response, struct lc_error *error)
{
	struct lc_view tail = lc_clickhouse_exception_tail_view(&query->tail);

	if (!response->complete)
		*error = response->error;
	else if (!query->is_clickhouse)
		lc_error_set(error, LC_ERROR_CORRUPT,
			     "%s: HTTP 200, not an answer of ClickHouse: %.*s", url_of(query),
			     lc_view_shown(tail, QUOTED_MAX), tail.data);
	else if (query->refusal.kind != LC_ERROR_NONE)
		lc_error_set(error, query->refusal.kind, "%s: %s", url_of(query),
			     query->refusal.message);
	else if (!response->framed)
		lc_error_set(error, LC_ERROR_CORRUPT,
			     "%s: an answer without a length: its end cannot be told from a broken "
			     "connection",
			     url_of(query));
	else
		error->kind = LC_ERROR_NONE;
}

static int outcome_of_rows(const struct lc_clickhouse_query *query,
			   const struct lc_http_response *response, struct lc_error *error)
{
	struct lc_clickhouse_exception exception = {.code = 0};
	bool found = lc_clickhouse_exception_find(lc_clickhouse_exception_tail_view(&query->tail),
						  lc_view_of(query->tag), &exception);

	if (query->header_code != 0 || exception.certain) {
		lc_error_set(error, LC_ERROR_REFUSED, "%s: failed in the middle: %.*s",
			     url_of(query), lc_view_shown(exception.text, QUOTED_MAX),
			     exception.text.data);
		return query->header_code != 0 ? query->header_code : exception.code;
	}
	explain(query, response, error);
	if (error->kind != LC_ERROR_NONE && found) {
		struct lc_error plain = *error;

		lc_error_set(error, plain.kind, "%.180s; the answer ends with: %.*s", plain.message,
			     lc_view_shown(exception.text, QUOTED_MAX), exception.text.data);
	}
	return 0;
}

/* Sets `error` (kind NONE: success), its code the exception's, 0 when that is unknown. */
static void judge(const struct lc_clickhouse_query *query, const struct lc_http_response *response,
		  struct lc_error *error)
{
	int code;

	if (response->status == 0) {
		*error = response->error;
		return;
	}
	*error = (struct lc_error){.kind = LC_ERROR_NONE};
	code = response->status == LC_HTTP_OK ? outcome_of_rows(query, response, error)
					      : outcome_of_status(query, response, error);
	name_settings(code, error);
	error->code = code;
}

/* ---- queries ---- */

static void release(struct lc_clickhouse_query *query)
{
	TAILQ_REMOVE(&query->clickhouse->queries, query, all);
	lc_clickhouse_exception_tail_free(&query->tail);
	lc_buffer_free(&query->error_body);
	lc_loop_timer_free(query->failure_timer);
	free(query);
}

/* The only place from which on_done runs. */
static void end(struct lc_clickhouse_query *query, const struct lc_error *error)
{
	struct lc_clickhouse *clickhouse = query->clickhouse;

	query->request = NULL;
	if (error->kind != LC_ERROR_NONE)
		lc_clickhouse_seats_fail(&clickhouse->seats, query->seat,
					 lc_loop_now_ms(clickhouse->loop), &clickhouse->random);
	query->on_done(query->context, error);
	release(query);
}

static void end_with(struct lc_clickhouse_query *query, const struct lc_http_response *response)
{
	struct lc_error error;

	judge(query, response, &error);
	end(query, &error);
}

/* Ends a query whose answer is not worth reading on. */
static void give_up(struct lc_clickhouse_query *query)
{
	struct lc_http_response response = {
	    .status = query->status,
	    .complete = true,
	    .framed = true,
	};

	lc_http_cancel(query->request);
	end_with(query, &response);
}

static void on_status(void *context, unsigned status)
{
	struct lc_clickhouse_query *query = context;

	query->status = status;
}

/* A code that cannot be read still says that there was an exception: -1. */
static int code_of(struct lc_view value)
{
	int code = 0;

	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || code > CODE_MAX)
			return -1;
		code = code * 10 + (value.data[i] - '0');
	}
	return code;
}

static void on_header(void *context, struct lc_view name, struct lc_view value)
{
	struct lc_clickhouse_query *query = context;

	if (name.size > strlen(HEADERS) && memcmp(name.data, HEADERS, strlen(HEADERS)) == 0)
		query->is_clickhouse = true;
	if (lc_view_equal(name, lc_view_of("x-clickhouse-exception-code"))) {
		query->header_code = code_of(value);
	} else if (lc_view_equal(name, lc_view_of("x-clickhouse-exception-tag")) &&
		   value.size < sizeof(query->tag)) {
		memcpy(query->tag, value.data, value.size);
		query->tag[value.size] = '\0';
	}
}

static void take_error_body(struct lc_clickhouse_query *query, struct lc_view piece)
{
	size_t room = ERROR_BODY_MAX - query->error_body.size;

	lc_buffer_append(&query->error_body, piece.data, piece.size < room ? piece.size : room);
	if (piece.size > room)
		give_up(query);
}

/* The query may be gone when this returns. */
static void hand_on(struct lc_clickhouse_query *query, struct lc_view piece)
{
	bool accepted;

	query->in_data = true;
	accepted = query->on_data(query->context, piece, &query->refusal);
	query->in_data = false;
	if (query->cancelled) {
		release(query);
	} else if (!accepted) {
		if (query->refusal.kind == LC_ERROR_NONE)
			lc_error_set(&query->refusal, LC_ERROR_CORRUPT, "not what was asked for");
		lc_http_resume(query->request);
	}
}

static void on_body(void *context, struct lc_view piece)
{
	struct lc_clickhouse_query *query = context;

	LC_ASSERT_MAGIC(query, MAGIC);
	if (query->status != LC_HTTP_OK) {
		take_error_body(query, piece);
		return;
	}
	lc_clickhouse_exception_tail_add(&query->tail, piece);
	if (query->refusal.kind != LC_ERROR_NONE) {
		query->after_refusal += piece.size;
		if (query->after_refusal > AFTER_REFUSAL_MAX)
			give_up(query);
	} else if (query->on_data != NULL) {
		hand_on(query, piece);
	}
}

static void on_done(void *context, const struct lc_http_response *response)
{
	struct lc_clickhouse_query *query = context;

	LC_ASSERT_MAGIC(query, MAGIC);
	end_with(query, response);
}

static const struct lc_http_callbacks CALLBACKS = {
    .on_status = on_status,
    .on_header = on_header,
    .on_body = on_body,
    .on_done = on_done,
};

static void on_failure_timer(void *context)
{
	struct lc_clickhouse_query *query = context;

	end(query, &query->failure);
}

static void send_query(struct lc_clickhouse_query *query, const struct lc_clickhouse_spec *spec,
		       const char *url)
{
	struct lc_clickhouse *clickhouse = query->clickhouse;
	const struct lc_http_header headers[] = {
	    {lc_view_of("X-ClickHouse-User"), lc_view_of(clickhouse->username)},
	    {lc_view_of("X-ClickHouse-Key"), lc_view_of(clickhouse->password)},
	};
	struct lc_http_spec http_spec = {
	    .method = "POST",
	    .url = url,
	    .headers = headers,
	    .header_count = sizeof(headers) / sizeof(headers[0]),
	    .body = spec->data.size > 0 ? spec->data : spec->sql,
	    .timeout_ms = spec->timeout_ms,
	    .stall_timeout_ms = clickhouse->timeout_ms,
	    .callbacks = &CALLBACKS,
	    .context = query,
	};

	query->request = lc_http_start(clickhouse->http, &http_spec);
}

struct lc_clickhouse_query *lc_clickhouse_start(struct lc_clickhouse *clickhouse,
						const struct lc_clickhouse_spec *spec)
{
	struct lc_clickhouse_query *query = lc_memory_zero(1, sizeof(*query));
	struct lc_buffer url;
	const char *text;

	LC_ASSERT(spec->seat < clickhouse->seats.count);
	query->magic = MAGIC;
	query->clickhouse = clickhouse;
	query->on_data = spec->on_data;
	query->on_done = spec->on_done;
	query->context = spec->context;
	query->seat = spec->seat;
	lc_clickhouse_exception_tail_init(&query->tail);
	lc_buffer_init(&query->error_body, ERROR_BODY_MAX);
	TAILQ_INSERT_TAIL(&clickhouse->queries, query, all);

	lc_buffer_init(&url, LC_CLICKHOUSE_URL_MAX);
	lc_clickhouse_url_append(&url, clickhouse->url[spec->seat], clickhouse->database, spec);
	text = lc_buffer_text(&url);
	if (text != NULL) {
		send_query(query, spec, text);
	} else {
		lc_error_set(&query->failure, LC_ERROR_LIMIT,
			     "a query's parameters are longer than a URL may be");
		query->failure_timer = lc_loop_timer_new(clickhouse->loop, on_failure_timer, query);
		lc_loop_timer_start(query->failure_timer, 0);
	}
	lc_buffer_free(&url);
	return query;
}

void lc_clickhouse_cancel(struct lc_clickhouse_query *query)
{
	LC_ASSERT_MAGIC(query, MAGIC);
	LC_ASSERT(!query->cancelled);
	LC_ASSERT(query->request != NULL || query->failure_timer != NULL);
	if (query->request != NULL)
		lc_http_cancel(query->request);
	query->request = NULL;
	if (query->in_data)
		query->cancelled = true;
	else
		release(query);
}

void lc_clickhouse_pause(struct lc_clickhouse_query *query)
{
	LC_ASSERT_MAGIC(query, MAGIC);
	if (query->request != NULL && query->refusal.kind == LC_ERROR_NONE)
		lc_http_pause(query->request);
}

void lc_clickhouse_resume(struct lc_clickhouse_query *query)
{
	LC_ASSERT_MAGIC(query, MAGIC);
	if (query->request != NULL)
		lc_http_resume(query->request);
}

unsigned lc_clickhouse_take_seat(struct lc_clickhouse *clickhouse)
{
	return lc_clickhouse_seats_take(&clickhouse->seats, lc_loop_now_ms(clickhouse->loop));
}

const char *lc_clickhouse_seat_url(const struct lc_clickhouse *clickhouse, unsigned seat)
{
	LC_ASSERT(seat < clickhouse->seats.count);
	return clickhouse->shown[seat];
}

void lc_clickhouse_distrust_seat(struct lc_clickhouse *clickhouse, unsigned seat)
{
	lc_clickhouse_seats_fail(&clickhouse->seats, seat, lc_loop_now_ms(clickhouse->loop),
				 &clickhouse->random);
}

static char *shown_of(struct lc_view url)
{
	struct lc_buffer shown;
	char *text;

	lc_buffer_init(&shown, url.size);
	lc_http_url_append_shown(&shown, url);
	text = lc_memory_copy_bytes(shown.data, shown.size);
	lc_buffer_free(&shown);
	return text;
}

/* Splits the list in place; returns how many there are. */
static unsigned split_urls(struct lc_clickhouse *clickhouse)
{
	static const char separators[] = ", \t";
	const char *place = clickhouse->urls;
	unsigned count = 0;

	for (;;) {
		size_t size;

		place += strspn(place, separators);
		size = strcspn(place, separators);
		if (size == 0)
			return count;
		LC_ASSERT(count < LC_CLICKHOUSE_URLS_MAX);
		clickhouse->url[count] = (struct lc_view){.data = place, .size = size};
		clickhouse->shown[count] = shown_of(clickhouse->url[count]);
		count++;
		place += size;
	}
}

struct lc_clickhouse *lc_clickhouse_new(struct lc_loop *loop, struct lc_http *http,
					const struct lc_clickhouse_options *options)
{
	struct lc_clickhouse *clickhouse = lc_memory_zero(1, sizeof(*clickhouse));

	clickhouse->loop = loop;
	clickhouse->http = http;
	clickhouse->urls = lc_memory_copy_text(options->urls);
	clickhouse->database = lc_memory_copy_text(options->database);
	clickhouse->username = lc_memory_copy_text(options->username);
	clickhouse->password = lc_memory_copy_text(options->password);
	clickhouse->timeout_ms = options->timeout_ms;
	lc_random_seed_from_system(&clickhouse->random);
	TAILQ_INIT(&clickhouse->queries);
	lc_clickhouse_seats_init(&clickhouse->seats, split_urls(clickhouse),
				 lc_random_next(&clickhouse->random));
	return clickhouse;
}

void lc_clickhouse_free(struct lc_clickhouse *clickhouse)
{
	struct lc_clickhouse_query *query;

	if (clickhouse == NULL)
		return;
	while ((query = TAILQ_FIRST(&clickhouse->queries)) != NULL) {
		LC_ASSERT(!query->in_data);
		lc_clickhouse_cancel(query);
		LC_ASSERT(TAILQ_FIRST(&clickhouse->queries) != query);
	}
	for (unsigned i = 0; i < clickhouse->seats.count; i++)
		free(clickhouse->shown[i]);
	explicit_bzero(clickhouse->password, strlen(clickhouse->password));
	free(clickhouse->password);
	free(clickhouse->username);
	free(clickhouse->database);
	free(clickhouse->urls);
	free(clickhouse);
}
