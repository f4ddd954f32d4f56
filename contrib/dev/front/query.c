#include "query.h"

#include "engine.h"
#include "history.h"
#include "profile.h"
#include "reply.h"
#include "statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct query_options options;

/* A query on its way through the engine. */
struct query {
	struct exchange *exchange;
	struct exchange_head head;
	struct engine_session *session;
	const char *text; /* within the request's body buffer */
	size_t length;
	struct statement look;
	bool ended; /* nothing more may be written */
	uint64_t rows_read;
	uint64_t bytes_read;
};

void query_configure(const struct query_options *given)
{
	options = *given;
}

static void fail(struct query *query, const char *message)
{
	reply_exception(query->exchange, &query->head, faults_style(), message);
	query->ended = true;
}

static const char *user_of(const struct request *request)
{
	return request_given(request, "user", "X-ClickHouse-User");
}

static bool check_user(const struct request *request, char *refusal, size_t size)
{
	const char *user = user_of(request);
	const char *password = request_given(request, "password", "X-ClickHouse-Key");

	if (options.user == NULL)
		return true;
	if (user == NULL)
		user = "default";
	if ((strcmp(user, options.user) == 0 || profile_is_of(user)) &&
	    strcmp(password != NULL ? password : "", options.password) == 0)
		return true;
	snprintf(
	    refusal, size,
	    "Code: 516. DB::Exception: %.64s: Authentication failed: password is incorrect, or "
	    "there is no user with such name. (AUTHENTICATION_FAILED)",
	    user);
	return false;
}

static void fill_head(struct query *query)
{
	const struct request *request = query->exchange->request;
	const char *id = request_given(request, "query_id", "X-ClickHouse-Query-Id");
	const char *format = request_given(request, "default_format", "X-ClickHouse-Format");

	query->head.status = 200;
	if (id != NULL)
		snprintf(query->head.query_id, sizeof(query->head.query_id), "%s", id);
	else
		reply_make_name(query->head.query_id, 32);
	if (faults_style() == FAULT_STYLE_TAGGED ||
	    query->exchange->fault.style == FAULT_STYLE_TAGGED)
		reply_make_name(query->head.tag, sizeof(query->head.tag) - 1);
	if (query->look.kind != STATEMENT_INSERT && query->look.format[0] != '\0')
		format = query->look.format;
	snprintf(query->head.format, sizeof(query->head.format), "%s",
		 format != NULL && *format != '\0' ? format : "TabSeparated");
	snprintf(query->head.content_type, sizeof(query->head.content_type), "%s",
		 statement_format_mime(query->head.format));
}

/* Runs a statement of the front's own; false when it failed, and the client was told. */
static bool prepare(struct query *query, struct evbuffer *text)
{
	struct engine_statement statement = {.format = "TSV"};
	struct engine_result result;
	bool good;

	statement.length = evbuffer_get_length(text);
	statement.text = (const char *)evbuffer_pullup(text, -1);
	result = engine_run(query->session, &statement);
	evbuffer_drain(text, statement.length);
	good = result.error == NULL;
	if (!good)
		fail(query, result.error);
	engine_result_free(&result);
	return good;
}

/* Hides the rows that stale faults hide: where the statement says that it wants no filters. */
static void add_filters(struct query *query, struct evbuffer *text)
{
	static const char none[] = "additional_table_filters={}";
	struct evbuffer_ptr at = evbuffer_search(text, none, sizeof(none) - 1, NULL);
	struct evbuffer *rest = evbuffer_new();

	if (rest == NULL)
		abort();
	if (query->look.kind == STATEMENT_SELECT && at.pos >= 0) {
		size_t before = (size_t)at.pos + sizeof(none) - 1 - strlen("{}");

		evbuffer_add_buffer(rest, text);
		evbuffer_remove_buffer(rest, text, before);
		if (faults_filters(text))
			evbuffer_drain(rest, strlen("{}"));
		evbuffer_add_buffer(text, rest);
	}
	evbuffer_free(rest);
}

/* The same for a statement that does not speak of filters. */
static void set_filters(struct evbuffer *text)
{
	struct evbuffer *filters = evbuffer_new();

	if (filters == NULL)
		abort();
	if (faults_filters(filters)) {
		evbuffer_add(filters, "", 1);
		evbuffer_add_printf(text, ", additional_table_filters = ");
		request_add_quoted(text, (const char *)evbuffer_pullup(filters, -1), '\'');
	}
	evbuffer_free(filters);
}

/* The values of param_<name>, to be freed; they point into the request. */
static struct engine_parameter *take_parameters(const struct request *request, size_t *count)
{
	struct engine_parameter *parameters =
	    calloc(request->parameters.count + 1, sizeof(*parameters));

	if (parameters == NULL)
		abort();
	*count = 0;
	for (size_t i = 0; i < request->parameters.count; i++) {
		const struct request_field *field = &request->parameters.items[i];

		if (request_is_query_parameter(field))
			parameters[(*count)++] = (struct engine_parameter){
			    field->name + strlen("param_"), field->value, field->length};
	}
	return parameters;
}

/* Gives the session what the request asks for: settings and database. */
static bool set_up_session(struct query *query)
{
	const struct request *request = query->exchange->request;
	struct evbuffer *text = evbuffer_new();
	bool good;

	if (text == NULL)
		abort();
	evbuffer_add_printf(text, "SET max_threads = %u", options.max_threads);
	if (query->look.kind != STATEMENT_INSERT)
		set_filters(text);
	profile_add_settings(user_of(request), text);
	good = prepare(query, text);
	evbuffer_add_printf(text, "SET max_threads = %u", options.max_threads);
	request_add_settings(request, text, NULL);
	good = good && prepare(query, text);
	if (good && request_add_use(request, text))
		good = prepare(query, text);
	evbuffer_free(text);
	return good;
}

/* The exchange's fault strikes. Whatever it is, the answer is over. */
static void strike(struct query *query)
{
	const struct fault *fault = &query->exchange->fault;
	char message[128];

	query->ended = true;
	switch (fault->kind) {
	case FAULT_EXCEPTION:
		snprintf(message, sizeof(message),
			 "Code: %d. DB::Exception: Failure on request. (INJECTED)", fault->code);
		reply_exception(query->exchange, &query->head, fault->style, message);
		return;
	case FAULT_STALL:
		exchange_linger(query->exchange, 0);
		exchange_finish(query->exchange, EXCHANGE_CUT);
		return;
	case FAULT_RESET:
		exchange_finish(query->exchange, EXCHANGE_RESET);
		return;
	case FAULT_CUT:
	case FAULT_NONE:
	case FAULT_DELAY:
	case FAULT_STATUS:
	case FAULT_HTML:
	case FAULT_STALE:
		exchange_finish(query->exchange, EXCHANGE_CUT);
		return;
	}
}

static bool strikes_midway(const struct fault *fault)
{
	return fault->kind == FAULT_EXCEPTION || fault->kind == FAULT_CUT ||
	       fault->kind == FAULT_RESET || fault->kind == FAULT_STALL;
}

/* Sends body bytes, as far as the exchange's fault allows. False when nothing more is wanted. */
static bool send_body(struct query *query, const char *data, size_t length)
{
	struct exchange *exchange = query->exchange;
	bool strikes =
	    strikes_midway(&exchange->fault) && exchange->written + length >= exchange->fault.after;

	if (strikes)
		length = (size_t)(exchange->fault.after - exchange->written);
	if (exchange->written == 0 && (length > 0 || !strikes))
		exchange_set_head(exchange, &query->head);
	if (!exchange_write(exchange, data, length))
		return false;
	if (strikes)
		strike(query);
	return !strikes;
}

static void end_body(struct query *query)
{
	if (!query->ended)
		exchange_finish(query->exchange, EXCHANGE_CLEAN);
	query->ended = true;
}

static void count_read(struct query *query, const struct engine_result *result)
{
	query->rows_read += result->rows_read;
	query->bytes_read += result->bytes_read;
}

static void stream(struct query *query, const struct engine_statement *statement)
{
	struct engine_result opened = engine_stream_open(query->session, statement);
	bool more = opened.error == NULL;

	if (!more)
		fail(query, opened.error);
	while (more) {
		struct engine_result chunk = engine_stream_next(query->session, &opened);

		count_read(query, &chunk);
		if (chunk.error != NULL) {
			fail(query, chunk.error);
			more = false;
		} else if (chunk.length == 0) {
			more = false;
			if (query->exchange->written > 0 || send_body(query, "", 0))
				end_body(query);
		} else if (!send_body(query, chunk.data, chunk.length)) {
			more = false;
			engine_stream_cancel(query->session, &opened);
		}
		engine_result_free(&chunk);
	}
	engine_result_free(&opened);
}

static void run_whole(struct query *query, const struct engine_statement *statement)
{
	struct engine_result result = engine_run(query->session, statement);

	count_read(query, &result);
	if (result.error != NULL)
		fail(query, result.error);
	else if (send_body(query, result.data, result.length))
		end_body(query);
	engine_result_free(&result);
}

static bool write_all(int file, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(file, data, length);

		if (written < 0)
			return false;
		data += written;
		length -= (size_t)written;
	}
	return true;
}

/* The engine cuts inline data at an empty line: it reads the data as a file instead. */
static void insert(struct query *query, struct engine_statement *statement)
{
	const struct statement *look = &query->look;
	int file = memfd_create("insert", MFD_CLOEXEC);
	struct evbuffer *text = evbuffer_new();

	if (file < 0 || text == NULL ||
	    !write_all(file, query->text + look->data_at, query->length - look->data_at)) {
		fail(query, "Code: 76. DB::Exception: No memory for the rows. (CANNOT_OPEN_FILE)");
	} else {
		evbuffer_add(text, query->text, look->source_at);
		evbuffer_add_printf(text, " FROM INFILE '/proc/self/fd/%d' COMPRESSION 'none' ",
				    file);
		evbuffer_add(text, query->text + look->source_at,
			     look->format_at - look->source_at);
		evbuffer_add_printf(text, " FORMAT %s /* request %llu */", look->format,
				    (unsigned long long)query->exchange->number);
		statement->length = evbuffer_get_length(text);
		statement->text = (const char *)evbuffer_pullup(text, -1);
		run_whole(query, statement);
	}
	if (text != NULL)
		evbuffer_free(text);
	if (file >= 0)
		close(file);
}

static void select_or_other(struct query *query, struct engine_statement *statement)
{
	const char *whole = request_parameter(query->exchange->request, "wait_end_of_query");
	struct evbuffer *text = evbuffer_new();

	if (text == NULL)
		abort();
	evbuffer_add(text, query->text, query->look.end);
	add_filters(query, text);
	evbuffer_add_printf(text, "\n/* request %llu */",
			    (unsigned long long)query->exchange->number);
	statement->length = evbuffer_get_length(text);
	statement->text = (const char *)evbuffer_pullup(text, -1);
	if (query->look.kind == STATEMENT_SELECT && statement_format_streams(query->head.format) &&
	    (whole == NULL || strcmp(whole, "1") != 0))
		stream(query, statement);
	else
		run_whole(query, statement);
	evbuffer_free(text);
}

/* The text of a query: ?query=, then the body. They become one piece in the body's buffer. */
static void find_text(struct query *query)
{
	struct evbuffer *body = query->exchange->request->body;
	const char *first = request_parameter(query->exchange->request, "query");

	if (first != NULL && *first != '\0') {
		evbuffer_prepend(body, "\n", 1);
		evbuffer_prepend(body, first, strlen(first));
	}
	query->length = evbuffer_get_length(body);
	query->text = query->length > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
	statement_look(query->text, query->length, &query->look);
}

static bool suffer_before(struct query *query)
{
	const struct fault *fault = &query->exchange->fault;
	static const char page[] = "<html>\r\n<head><title>Welcome</title></head>\r\n<body>"
				   "<h1>Please sign in</h1></body>\r\n</html>\r\n";

	if (fault->kind == FAULT_DELAY)
		exchange_linger(query->exchange, fault->milliseconds);
	if (fault->kind == FAULT_STATUS)
		reply_text(query->exchange, fault->status, "text/plain; charset=UTF-8",
			   "The server is not ready.\n");
	else if (fault->kind == FAULT_HTML)
		reply_text(query->exchange, 200, "text/html", page);
	else
		return true;
	return false;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The text is still in the request's body buffer. */
static void remember(const struct query *query, uint64_t began)
{
	const struct history_statement statement = {
	    .request = query->exchange->request,
	    .text = query->text,
	    .length = query->look.end,
	    .microseconds = now_us() - began,
	    .rows_read = query->rows_read,
	    .bytes_read = query->bytes_read,
	    .written = query->exchange->written,
	};

	history_add(&statement);
}

void query_answer(struct exchange *exchange)
{
	struct query query = {.exchange = exchange};
	uint64_t began = now_us();
	struct engine_statement statement = {0};
	struct engine_parameter *parameters = NULL;
	char refusal[256];

	if (!exchange_write(exchange, "", 0))
		return;
	find_text(&query);
	fill_head(&query);
	if (!suffer_before(&query))
		return;
	if (!check_user(exchange->request, refusal, sizeof(refusal)) ||
	    !request_is_plain(exchange->request, refusal, sizeof(refusal))) {
		fail(&query, refusal);
		return;
	}
	query.session = engine_session_open();
	if (query.session == NULL) {
		fail(&query, "Code: 202. DB::Exception: The engine opens no session. "
			     "(TOO_MANY_SIMULTANEOUS_QUERIES)");
		return;
	}
	if (set_up_session(&query)) {
		statement.format = query.head.format;
		parameters = take_parameters(exchange->request, &statement.parameter_count);
		statement.parameters = parameters;
		if (query.look.kind == STATEMENT_INSERT)
			insert(&query, &statement);
		else
			select_or_other(&query, &statement);
		remember(&query, began);
	}
	engine_session_close(query.session);
	free(parameters);
}

struct fault query_choose_fault(const struct request *request)
{
	const char *first = request_parameter(request, "query");
	size_t length = evbuffer_get_length(request->body);
	const char *body = (const char *)evbuffer_pullup(request->body, -1);

	if (first != NULL && *first != '\0')
		return faults_take(first, strlen(first));
	return faults_take(body != NULL ? body : "", length);
}

void query_kill(uint64_t number)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "/* request %llu */", (unsigned long long)number);
	engine_kill(mark);
}
