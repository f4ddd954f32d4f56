/*
 * The model of ClickHouse's client: clients/clickhouse.h over the model's table. A query waits, is
 * answered from what its replica shows at one moment, and the answer comes in pieces. It may be
 * unreachable, break off anywhere, end in an exception's text, or lose the reply to an INSERT.
 */
#include "clients/clickhouse.h"
#include "sim/sim.h"

#include "base/assert.h"
#include "base/memory.h"
#include "clients/clickhouse_seats.h"
#include "clients/http.h"

#include <stdlib.h>
#include <sys/queue.h>

struct lc_clickhouse {
	struct lc_loop *loop;
	struct lc_clickhouse_seats seats;
	TAILQ_HEAD(, lc_clickhouse_query) queries;
};

enum { EXCEPTION_CODE = 241 };

enum ending {
	ENDS_WELL,
	ENDS_BROKEN,       /* the connection breaks, anywhere */
	ENDS_IN_EXCEPTION, /* a text comes after some of the rows */
	ENDS_CUT,          /* inside a row, and nothing tells it */
	ENDS_SHORT,        /* after some of its rows, as if these were all */
};

struct lc_clickhouse_query {
	struct lc_clickhouse *clickhouse; /* NULL: cancelled, or the process is gone */
	TAILQ_ENTRY(lc_clickhouse_query) link;
	struct lc_clickhouse_spec spec;
	struct lc_buffer sql;
	struct lc_buffer plain; /* the same without the filter of a replay, if it has one */
	struct lc_buffer data;
	struct lc_loop_timer *timer; /* its next step */
	bool answered;
	bool paused;
	bool in_callback;
	bool cancelled;
	struct lc_buffer answer;
	size_t sent;
	size_t end; /* bytes of the answer that come */
	enum ending ending;
};

/* The delivery makes one to give it to the clients; here nobody needs it. */
struct lc_http {
	char unused;
};

struct lc_http *lc_http_new(struct lc_loop *loop, const struct lc_http_options *options,
			    struct lc_error *error)
{
	(void)loop;
	(void)options;
	(void)error;
	return lc_memory_zero(1, sizeof(struct lc_http));
}

/* Nobody is asked over HTTP: credentials come from the settings. */
struct lc_http_request *lc_http_start(struct lc_http *http, const struct lc_http_spec *spec)
{
	(void)http;
	sim_fail("a request: %s %s", spec->method, spec->url);
}

void lc_http_cancel(struct lc_http_request *request)
{
	(void)request;
}

void lc_http_free(struct lc_http *http)
{
	free(http);
}

struct lc_clickhouse *lc_clickhouse_new(struct lc_loop *loop, struct lc_http *http,
					const struct lc_clickhouse_options *options)
{
	struct lc_clickhouse *clickhouse = lc_memory_zero(1, sizeof(*clickhouse));

	(void)http;
	(void)options;
	clickhouse->loop = loop;
	lc_clickhouse_seats_init(&clickhouse->seats, sim->plan.seat_count, sim_below(64));
	TAILQ_INIT(&clickhouse->queries);
	return clickhouse;
}

void lc_clickhouse_free(struct lc_clickhouse *clickhouse)
{
	struct lc_clickhouse_query *query;

	if (clickhouse == NULL)
		return;
	while ((query = TAILQ_FIRST(&clickhouse->queries)) != NULL)
		lc_clickhouse_cancel(query);
	free(clickhouse);
}

unsigned lc_clickhouse_take_seat(struct lc_clickhouse *clickhouse)
{
	return lc_clickhouse_seats_take(&clickhouse->seats, sim_now_ms());
}

const char *lc_clickhouse_seat_url(const struct lc_clickhouse *clickhouse, unsigned seat)
{
	static const char *const urls[] = {"http://one", "http://two", "http://three"};

	(void)clickhouse;
	return urls[seat];
}

void lc_clickhouse_distrust_seat(struct lc_clickhouse *clickhouse, unsigned seat)
{
	lc_clickhouse_seats_fail(&clickhouse->seats, seat, sim_now_ms(), &sim->random);
}

static void release(struct lc_clickhouse_query *query)
{
	if (query->clickhouse != NULL)
		TAILQ_REMOVE(&query->clickhouse->queries, query, link);
	lc_loop_timer_free(query->timer);
	lc_buffer_free(&query->sql);
	lc_buffer_free(&query->plain);
	lc_buffer_free(&query->data);
	lc_buffer_free(&query->answer);
	free(query);
}

static void end(struct lc_clickhouse_query *query, enum lc_error_kind kind, const char *message)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (kind != LC_ERROR_NONE) {
		lc_error_set(&error, kind, "%s", message);
		error.code = kind == LC_ERROR_REFUSED ? EXCEPTION_CODE : 0;
		lc_clickhouse_distrust_seat(query->clickhouse, query->spec.seat);
	}
	query->in_callback = true;
	query->spec.on_done(query->spec.context, &error);
	release(query);
}

/* ---- INSERT ---- */

static void insert(struct lc_clickhouse_query *query)
{
	bool stored = query->clickhouse != NULL
			  ? !sim_fault(sim->plan.query_fails) &&
				!sim_in_period(SIM_PERIOD_SEAT_DOWN, query->spec.seat) &&
				!sim_in_period(SIM_PERIOD_OFFSETS_FAIL, 0)
			  : sim_chance(0.5);

	if (stored) {
		sim->strays |= sim->state_lost && query->clickhouse == NULL &&
			       !sim_is_presence(lc_buffer_view(&query->data));
		sim_insert_offsets(lc_buffer_view(&query->data));
		sim_crash_point("offsets are inserted");
	}
	if (query->clickhouse == NULL)
		release(query);
	else if (!stored || sim_fault(sim->plan.insert_lost))
		end(query, LC_ERROR_UNREACHABLE, "no answer to an INSERT");
	else
		end(query, LC_ERROR_NONE, "");
}

/* ---- SELECT ---- */

static const char EXCEPTION[] = "Code: 241. DB::Exception: Memory limit exceeded";

static void end_in_exception(struct lc_clickhouse_query *query)
{
	query->ending = ENDS_IN_EXCEPTION;
	lc_buffer_append_text(&query->answer, EXCEPTION);
	query->end = query->answer.size;
}

static void choose_ending(struct lc_clickhouse_query *query, const struct sim_query *parsed)
{
	struct lc_view answer = lc_buffer_view(&query->answer);
	size_t whole = query->answer.size;

	query->end = whole;
	query->ending = ENDS_WELL;
	if (!sim_fault(sim->plan.query_breaks) || whole == 0)
		return;
	query->ending = (enum ending)(ENDS_BROKEN + sim_below(4));
	query->end = sim_below(whole + 1);
	if (query->ending == ENDS_IN_EXCEPTION) {
		query->answer.size = query->end;
		end_in_exception(query);
	}
	if (query->ending == ENDS_SHORT)
		query->end =
		    sim_answer_end_of(parsed, answer, sim_below(sim_answer_rows(parsed, answer)));
	if (query->ending == ENDS_CUT)
		query->end = whole - 1 - sim_below(whole < 30 ? whole : 30) % whole;
}

static size_t piece_size(size_t left)
{
	size_t most = sim->plan.small_pieces ? 700 : SIM_PIECE_MAX;
	size_t size = sim_chance(0.2) ? sim_between(1, 40) : sim_between(1, most);

	return size < left ? size : left;
}

static bool is_window(const struct sim_query *query)
{
	return query->kind == SIM_QUERY_WINDOW || query->kind == SIM_QUERY_DOUBTFUL_WINDOW;
}

/* More than ClickHouse can count within its limits, or within our time-out. */
static bool is_too_long(const struct sim_query *query)
{
	return (is_window(query) || query->kind == SIM_QUERY_SLOTS) && sim->plan.window_most > 0 &&
	       query->until - query->from > sim->plan.window_most &&
	       sim_now_ms() < sim->plan.faults_end_ms;
}

/* The first slice of a first window, after which the horizon begins. */
static bool begins_ledger(const struct sim_query *query)
{
	return query->kind == SIM_QUERY_OLDEST || (is_window(query) && query->from <= sim->oldest);
}

static void answer(struct lc_clickhouse_query *query)
{
	struct sim_query parsed;
	bool whole;

	parsed = sim_query_parse(lc_buffer_view(&query->sql), &query->plain);
	query->answered = true;
	if (sim_fault(sim->plan.query_fails) ||
	    sim_in_period(SIM_PERIOD_SEAT_DOWN, query->spec.seat)) {
		end(query, LC_ERROR_UNREACHABLE, "no connection");
		return;
	}
	if (is_too_long(&parsed)) {
		query->ending = sim_chance(0.5) ? ENDS_IN_EXCEPTION : ENDS_BROKEN;
		lc_loop_timer_start(query->timer, sim_between(1000, 10000));
		return;
	}
	if (parsed.kind == SIM_QUERY_CLOCK)
		sim->clock_told_ms = sim_now_ms();
	if (begins_ledger(&parsed))
		sim_excuse_late();
	whole = sim_answer(&parsed, query->spec.seat, &query->answer);
	if ((parsed.kind == SIM_QUERY_OFFSETS || parsed.kind == SIM_QUERY_DOUBTFUL_WINDOW) &&
	    sim->state_lost)
		sim_excuse_floors();
	if (whole)
		choose_ending(query, &parsed);
	else
		end_in_exception(query);
	lc_loop_timer_start(query->timer, sim_delay(20, 20000));
}

static void finish(struct lc_clickhouse_query *query)
{
	switch (query->ending) {
	case ENDS_WELL:
	case ENDS_CUT:
	case ENDS_SHORT:
		end(query, LC_ERROR_NONE, "");
		break;
	case ENDS_BROKEN:
		end(query, LC_ERROR_UNREACHABLE, "the connection broke");
		break;
	case ENDS_IN_EXCEPTION:
		end(query, LC_ERROR_REFUSED, EXCEPTION);
		break;
	}
}

static void send_piece(struct lc_clickhouse_query *query)
{
	struct lc_view piece = {.data = query->answer.data + query->sent,
				.size = piece_size(query->end - query->sent)};
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool good;

	query->sent += piece.size;
	query->in_callback = true;
	good =
	    query->spec.on_data == NULL || query->spec.on_data(query->spec.context, piece, &error);
	query->in_callback = false;
	if (query->cancelled)
		release(query);
	else if (!good)
		end(query, error.kind, error.message);
	else if (!query->paused)
		lc_loop_timer_start(query->timer, sim_delay(5, 4000));
}

static void on_step(void *context)
{
	struct lc_clickhouse_query *query = context;

	if (!query->answered && query->data.size > 0)
		insert(query);
	else if (!query->answered)
		answer(query);
	else if (query->sent < query->end)
		send_piece(query);
	else
		finish(query);
}

struct lc_clickhouse_query *lc_clickhouse_start(struct lc_clickhouse *clickhouse,
						const struct lc_clickhouse_spec *spec)
{
	struct lc_clickhouse_query *query = lc_memory_zero(1, sizeof(*query));

	LC_ASSERT(spec->seat < sim->plan.seat_count);
	query->clickhouse = clickhouse;
	query->spec = *spec;
	lc_buffer_init(&query->plain, SIZE_MAX / 2);
	lc_buffer_init(&query->sql, SIZE_MAX / 2);
	lc_buffer_init(&query->data, SIZE_MAX / 2);
	lc_buffer_init(&query->answer, SIZE_MAX / 2);
	lc_buffer_append_view(&query->sql, spec->sql);
	lc_buffer_append_view(&query->data, spec->data);
	sim_check_sent(spec->data);
	TAILQ_INSERT_TAIL(&clickhouse->queries, query, link);
	query->timer = lc_loop_timer_new(clickhouse->loop, on_step, query);
	lc_loop_timer_start(query->timer, sim_delay(30, 8000));
	return query;
}

/* An INSERT that is on its way may still arrive. */
void lc_clickhouse_cancel(struct lc_clickhouse_query *query)
{
	bool arrives = query->data.size > 0 && !query->answered && !query->in_callback;

	if (query->clickhouse == NULL)
		sim_fail("a query was cancelled twice");
	TAILQ_REMOVE(&query->clickhouse->queries, query, link);
	query->clickhouse = NULL;
	query->cancelled = true;
	if (!arrives && !query->in_callback)
		release(query);
}

void lc_clickhouse_pause(struct lc_clickhouse_query *query)
{
	query->paused = true;
	if (query->answered)
		lc_loop_timer_stop(query->timer);
}

void lc_clickhouse_resume(struct lc_clickhouse_query *query)
{
	query->paused = false;
	if (query->answered && !query->in_callback)
		lc_loop_timer_start(query->timer, sim_delay(5, 1000));
}
