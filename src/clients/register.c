#include "clients/register.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse_sql.h"
#include "clients/diagnose.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	MAGIC = 0x72656769,
	/* ClickHouse's max_query_size is 256 KiB. */
	SQL_MAX = 6 * LC_REGISTER_VALUE_MAX,
	ROW_MAX = LC_REGISTER_NAME_MAX + LC_REGISTER_VALUE_MAX + 64,
	ROWS_MAX = 16 * 1024 * 1024, /* bytes of an answer with many rows */
	ATTEMPTS_MAX = 3,
	PAUSE_MS = 100, /* after the first attempt, twice as long after the second */
};

/* How a row is written. They stand in the statement's text, where no profile and no proxy changes
 * them. ClickHouse itself does not repeat what failed: it would do so for minutes. */
#define STRICT ", keeper_map_strict_mode=1, insert_keeper_max_retries=0"
#define NOT_STRICT ", keeper_map_strict_mode=0, insert_keeper_max_retries=0"

enum kind { READ, READ_ALL, DESCRIBE, CREATE, SWAP, PUT };

struct lc_register_request {
	uint32_t magic;
	struct lc_register *reg;
	TAILQ_ENTRY(lc_register_request) all;
	enum kind kind;
	struct lc_buffer texts;  /* name, expected and value, one after the other */
	struct lc_view name;     /* or prefix */
	struct lc_view expected; /* of a swap */
	struct lc_view value;
	lc_register_callback *callback;
	void *context;

	struct lc_clickhouse_query *query; /* NULL while the timer runs */
	struct lc_loop_timer *timer;
	unsigned seat; /* of the statement under way; a read asks where the write went */
	unsigned attempts;
	struct lc_error written; /* what the last write was answered */
	uint64_t marker;
	struct lc_buffer answer;
};

TAILQ_HEAD(request_list, lc_register_request);

struct lc_register {
	struct lc_loop *loop;
	struct lc_clickhouse *clickhouse;
	char *database;
	char *table;
	char *shown;
	uint64_t timeout_ms;
	unsigned seat; /* the server that is asked, until it cannot be read from */
	struct lc_random random;
	struct request_list requests;
};

/* ---- statements ---- */

static void append_table(struct lc_buffer *sql, const struct lc_register *reg)
{
	lc_buffer_append_format(sql, "`%s`.`%s`", reg->database, reg->table);
}

static void append_insert(struct lc_buffer *sql, const struct lc_register_request *request)
{
	lc_buffer_append_text(sql, "INSERT INTO ");
	append_table(sql, request->reg);
	lc_buffer_append_text(sql, " (name, value)");
	lc_clickhouse_sql_append_settings(sql);
	lc_buffer_append_text(sql, request->kind == PUT ? NOT_STRICT : STRICT);
	lc_buffer_append_text(sql, " SELECT ");
	lc_clickhouse_sql_append_literal(sql, request->name);
	lc_buffer_append_text(sql, ", ");
	lc_clickhouse_sql_append_literal(sql, request->value);
}

static void append_update(struct lc_buffer *sql, const struct lc_register_request *request)
{
	lc_buffer_append_text(sql, "ALTER TABLE ");
	append_table(sql, request->reg);
	lc_buffer_append_text(sql, " UPDATE value = ");
	lc_clickhouse_sql_append_literal(sql, request->value);
	lc_buffer_append_text(sql, " WHERE name = ");
	lc_clickhouse_sql_append_literal(sql, request->name);
	lc_buffer_append_text(sql, " AND value = ");
	lc_clickhouse_sql_append_literal(sql, request->expected);
	lc_clickhouse_sql_append_settings(sql);
	lc_buffer_append_text(sql, STRICT);
}

static void append_condition(struct lc_buffer *sql, const struct lc_register_request *request)
{
	const struct lc_register *reg = request->reg;

	if (request->kind == DESCRIBE) {
		lc_buffer_append_text(sql, "system.tables WHERE database = ");
		lc_clickhouse_sql_append_literal(sql, lc_view_of(reg->database));
		lc_buffer_append_text(sql, " AND name = ");
		lc_clickhouse_sql_append_literal(sql, lc_view_of(reg->table));
		return;
	}
	append_table(sql, reg);
	if (request->kind == READ_ALL) {
		lc_buffer_append_text(sql, " WHERE startsWith(name, ");
		lc_clickhouse_sql_append_literal(sql, request->name);
		lc_buffer_append_text(sql, ") AND name != '" LC_REGISTER_PROOF_NAME "'");
		return;
	}
	lc_buffer_append_text(sql, " WHERE name = ");
	lc_clickhouse_sql_append_literal(sql, request->name);
}

static void append_select(struct lc_buffer *sql, const struct lc_register_request *request)
{
	lc_buffer_append_format(sql,
				"SELECT toUInt64(%" PRIu64 "), groupArray(tuple(%s)), "
				"toUInt64(%" PRIu64 ") FROM ",
				request->marker,
				request->kind == DESCRIBE
				    ? "toString(engine), toString(primary_key)"
				    : "toString(name), toString(value)",
				lc_register_answer_last_marker(request->marker));
	append_condition(sql, request);
	lc_clickhouse_sql_append_settings(sql);
	lc_buffer_append_text(sql, " FORMAT RowBinary");
}

/* ---- the end of a request ---- */

static void release(struct lc_register_request *request)
{
	TAILQ_REMOVE(&request->reg->requests, request, all);
	lc_loop_timer_free(request->timer);
	lc_buffer_free(&request->answer);
	lc_buffer_free(&request->texts);
	free(request);
}

static const struct {
	enum lc_fault fault;
	const char *advice;
} ADVICE[] = {
    {LC_FAULT_CLICKHOUSE_USER, "; grant the user SELECT, INSERT and ALTER UPDATE on the table"},
    {LC_FAULT_CLICKHOUSE_SCHEMA,
     "; create the table with the engine KeeperMap on each server of ClickHouse"},
    {LC_FAULT_CLICKHOUSE_CLUSTER, "; make sure that ClickHouse reaches its Keeper"},
    {LC_FAULT_CLICKHOUSE_UNREACHABLE, "; make sure that the server is running"},
};

static const char *advice_for(const struct lc_error *error)
{
	enum lc_fault fault = lc_diagnose_clickhouse(error);

	for (size_t i = 0; i < sizeof(ADVICE) / sizeof(ADVICE[0]); i++) {
		if (ADVICE[i].fault == fault)
			return ADVICE[i].advice;
	}
	return "";
}

static void end(struct lc_register_request *request, struct lc_register_answer *answer)
{
	request->query = NULL;
	request->callback(request->context, answer);
	lc_register_rows_free(&answer->rows);
	release(request);
}

static void end_unknown(struct lc_register_request *request, const struct lc_error *error)
{
	struct lc_register_answer answer = {.outcome = LC_REGISTER_UNKNOWN,
					    .value = lc_view_of("")};

	lc_error_set(&answer.error, error->kind, "%s: %.350s%s", request->reg->shown,
		     error->message, advice_for(error));
	answer.error.code = error->code;
	end(request, &answer);
}

/* ---- what is read ---- */

static const char *url_of(const struct lc_register_request *request)
{
	return lc_clickhouse_seat_url(request->reg->clickhouse, request->seat);
}

static void try_again(struct lc_register_request *request, const struct lc_error *error);

/* The write has changed nothing that can be seen. */
static void not_written(struct lc_register_request *request)
{
	struct lc_error error = request->written;

	if (error.kind == LC_ERROR_NONE)
		lc_error_set(&error, LC_ERROR_CONFLICT,
			     "%s: a write was answered as done, and what is read has not changed",
			     url_of(request));
	try_again(request, &error);
}

/* One row at most, of this name. */
static bool is_answer_to(const struct lc_register_request *request,
			 const struct lc_register_rows *rows, struct lc_error *error)
{
	size_t most = request->kind == READ_ALL ? LC_REGISTER_ROWS_MAX : 1;

	if (rows->count <= most &&
	    (rows->count == 0 || request->kind == READ_ALL || request->kind == DESCRIBE ||
	     lc_view_equal(rows->rows[0].name, request->name)))
		return true;
	return lc_error_set(error, LC_ERROR_CORRUPT, "%s: the answer has other rows than asked for",
			    url_of(request));
}

/* The rows are true. What they mean for the request. */
static void settle(struct lc_register_request *request, struct lc_register_answer *answer)
{
	bool there = answer->rows.count > 0;
	bool whole = request->kind == READ_ALL || request->kind == DESCRIBE;

	answer->value = there && !whole ? answer->rows.rows[0].value : lc_view_of("");
	answer->outcome = there || whole ? LC_REGISTER_DONE : LC_REGISTER_ABSENT;
	if (request->kind == CREATE || request->kind == SWAP) {
		bool unchanged = request->kind == CREATE
				     ? !there
				     : there && lc_view_equal(answer->value, request->expected);

		if (unchanged) {
			lc_register_rows_free(&answer->rows);
			not_written(request);
			return;
		}
		if (there && !lc_view_equal(answer->value, request->value))
			answer->outcome = LC_REGISTER_OTHER;
	}
	end(request, answer);
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_register_request *request = context;

	lc_buffer_append_view(&request->answer, piece);
	return !lc_buffer_failed(&request->answer) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "the answer is longer than any of ours");
}

/* The server that could not be read from is left. Only a write is worth a look at another. */
static void not_read(struct lc_register_request *request, const struct lc_error *error)
{
	struct lc_register *reg = request->reg;

	if (reg->seat == request->seat)
		reg->seat = lc_clickhouse_take_seat(reg->clickhouse);
	if (request->kind == CREATE || request->kind == SWAP)
		try_again(request, error);
	else
		end_unknown(request, error);
}

static void on_read(void *context, const struct lc_error *error)
{
	struct lc_register_request *request = context;
	struct lc_register_answer answer = {.outcome = LC_REGISTER_UNKNOWN};
	struct lc_error problem = *error;

	LC_ASSERT_MAGIC(request, MAGIC);
	request->query = NULL;
	if (problem.kind == LC_ERROR_NONE &&
	    !lc_register_answer_read(lc_buffer_view(&request->answer), request->marker,
				     &answer.rows, &problem))
		lc_error_prefix(&problem, "%s", url_of(request));
	else if (problem.kind == LC_ERROR_NONE)
		(void)is_answer_to(request, &answer.rows, &problem);
	if (problem.kind == LC_ERROR_NONE) {
		settle(request, &answer);
		return;
	}
	lc_register_rows_free(&answer.rows);
	not_read(request, &problem);
}

/* ---- asking ---- */

static void ask(struct lc_register_request *request, const struct lc_buffer *sql,
		struct lc_clickhouse_spec *spec)
{
	LC_ASSERT(!lc_buffer_failed(sql));
	spec->sql = lc_buffer_view(sql);
	spec->seat = request->seat;
	spec->timeout_ms = request->reg->timeout_ms;
	spec->context = request;
	request->query = lc_clickhouse_start(request->reg->clickhouse, spec);
}

static void look(struct lc_register_request *request)
{
	struct lc_clickhouse_spec spec = {.on_data = on_data, .on_done = on_read};
	struct lc_buffer sql;

	lc_buffer_clear(&request->answer);
	request->marker = lc_random_next(&request->reg->random);
	lc_buffer_init(&sql, SQL_MAX);
	append_select(&sql, request);
	ask(request, &sql, &spec);
	lc_buffer_free(&sql);
}

static void on_written(void *context, const struct lc_error *error)
{
	struct lc_register_request *request = context;
	struct lc_register_answer answer = {.outcome = LC_REGISTER_DONE, .value = lc_view_of("")};

	LC_ASSERT_MAGIC(request, MAGIC);
	request->query = NULL;
	request->written = *error;
	if (request->kind != PUT)
		look(request);
	else if (error->kind == LC_ERROR_NONE)
		end(request, &answer);
	else
		not_read(request, error);
}

static void write_row(void *context)
{
	struct lc_register_request *request = context;
	struct lc_clickhouse_spec spec = {.writes = true, .on_done = on_written};
	struct lc_buffer sql;

	LC_ASSERT_MAGIC(request, MAGIC);
	request->attempts++;
	request->seat = request->reg->seat;
	lc_buffer_init(&sql, SQL_MAX);
	if (request->kind == SWAP)
		append_update(&sql, request);
	else
		append_insert(&sql, request);
	ask(request, &sql, &spec);
	lc_buffer_free(&sql);
}

static void try_again(struct lc_register_request *request, const struct lc_error *error)
{
	if (request->attempts == ATTEMPTS_MAX)
		end_unknown(request, error);
	else
		lc_loop_timer_start(request->timer, (uint64_t)PAUSE_MS * request->attempts);
}

static void keep_texts(struct lc_register_request *request, const struct lc_view texts[3])
{
	const char *place;

	LC_ASSERT(texts[0].size <= LC_REGISTER_NAME_MAX);
	LC_ASSERT(texts[1].size <= LC_REGISTER_VALUE_MAX);
	LC_ASSERT(texts[2].size <= LC_REGISTER_VALUE_MAX);
	lc_buffer_init(&request->texts, SQL_MAX);
	for (size_t i = 0; i < 3; i++) {
		if (texts[i].size > 0)
			lc_buffer_append_view(&request->texts, texts[i]);
	}
	place = lc_buffer_text(&request->texts);
	request->name = (struct lc_view){.data = place, .size = texts[0].size};
	request->expected = (struct lc_view){.data = place + texts[0].size, .size = texts[1].size};
	request->value =
	    (struct lc_view){.data = place + texts[0].size + texts[1].size, .size = texts[2].size};
}

static struct lc_register_request *start(struct lc_register *reg, enum kind kind,
					 const struct lc_view texts[3],
					 lc_register_callback *callback, void *context)
{
	struct lc_register_request *request = lc_memory_zero(1, sizeof(*request));

	request->magic = MAGIC;
	request->reg = reg;
	request->kind = kind;
	keep_texts(request, texts);
	request->callback = callback;
	request->context = context;
	request->seat = reg->seat;
	request->timer = lc_loop_timer_new(reg->loop, write_row, request);
	lc_buffer_init(&request->answer, kind == READ_ALL ? ROWS_MAX : ROW_MAX);
	TAILQ_INSERT_TAIL(&reg->requests, request, all);
	if (kind == CREATE || kind == SWAP || kind == PUT)
		write_row(request);
	else
		look(request);
	return request;
}

struct lc_register_request *lc_register_read(struct lc_register *reg, struct lc_view name,
					     lc_register_callback *callback, void *context)
{
	const struct lc_view texts[3] = {name};

	LC_ASSERT(name.size > 0);
	return start(reg, READ, texts, callback, context);
}

struct lc_register_request *lc_register_read_all(struct lc_register *reg, struct lc_view prefix,
						 lc_register_callback *callback, void *context)
{
	const struct lc_view texts[3] = {prefix};

	return start(reg, READ_ALL, texts, callback, context);
}

struct lc_register_request *lc_register_describe(struct lc_register *reg,
						 lc_register_callback *callback, void *context)
{
	const struct lc_view texts[3] = {{0}};

	return start(reg, DESCRIBE, texts, callback, context);
}

struct lc_register_request *lc_register_create(struct lc_register *reg, struct lc_view name,
					       struct lc_view value, lc_register_callback *callback,
					       void *context)
{
	const struct lc_view texts[3] = {name, {0}, value};

	LC_ASSERT(name.size > 0);
	return start(reg, CREATE, texts, callback, context);
}

struct lc_register_request *lc_register_swap(struct lc_register *reg, struct lc_view name,
					     struct lc_view expected, struct lc_view value,
					     lc_register_callback *callback, void *context)
{
	const struct lc_view texts[3] = {name, expected, value};

	LC_ASSERT(name.size > 0 && !lc_view_equal(expected, value));
	return start(reg, SWAP, texts, callback, context);
}

struct lc_register_request *lc_register_put(struct lc_register *reg, struct lc_view name,
					    struct lc_view value, lc_register_callback *callback,
					    void *context)
{
	const struct lc_view texts[3] = {name, {0}, value};

	LC_ASSERT(name.size > 0);
	return start(reg, PUT, texts, callback, context);
}

void lc_register_cancel(struct lc_register_request *request)
{
	LC_ASSERT_MAGIC(request, MAGIC);
	if (request->query != NULL)
		lc_clickhouse_cancel(request->query);
	release(request);
}

/* ---- the register ---- */

const char *lc_register_name(const struct lc_register *reg)
{
	return reg->shown;
}

struct lc_register *lc_register_new(struct lc_loop *loop, struct lc_clickhouse *clickhouse,
				    const struct lc_register_options *options)
{
	struct lc_register *reg = lc_memory_zero(1, sizeof(*reg));
	struct lc_buffer shown;

	reg->loop = loop;
	reg->clickhouse = clickhouse;
	reg->database = lc_memory_copy_text(options->database);
	reg->table = lc_memory_copy_text(options->table);
	reg->timeout_ms = options->timeout_ms;
	reg->seat = lc_clickhouse_take_seat(clickhouse);
	lc_random_seed_from_system(&reg->random);
	TAILQ_INIT(&reg->requests);
	lc_buffer_init(&shown, SIZE_MAX);
	lc_buffer_append_format(&shown, "%s.%s", reg->database, reg->table);
	reg->shown = lc_memory_copy_bytes(shown.data, shown.size);
	lc_buffer_free(&shown);
	return reg;
}

void lc_register_free(struct lc_register *reg)
{
	struct lc_register_request *request;

	if (reg == NULL)
		return;
	while ((request = TAILQ_FIRST(&reg->requests)) != NULL) {
		lc_register_cancel(request);
		LC_ASSERT(TAILQ_FIRST(&reg->requests) != request);
	}
	free(reg->shown);
	free(reg->table);
	free(reg->database);
	free(reg);
}
