#include "support/register_world.h"

#include "base/memory.h"
#include "formats/row_binary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENT_MS = 60000, HURRIED_MS = 1500 };

static void send_body(struct script_connection *connection, const char *head, struct lc_view body)
{
	char text[300];

	snprintf(text, sizeof(text), "%s\r\nContent-Length: %zu\r\n\r\n", head, body.size);
	script_send_text(connection, text);
	if (body.size > 0)
		script_send(connection, body);
}

static void send_rows(struct script_connection *connection, const struct register_step *step,
		      const char *sql)
{
	const char *marker = strstr(sql, "toUInt64(");
	uint64_t number;
	uint64_t count = 0;
	char size[LC_ROW_BINARY_LEB128_SIZE_MAX];
	struct lc_buffer body;

	assert_non_null(marker);
	number = strtoull(marker + strlen("toUInt64("), NULL, 10);
	while (count < 3 && step->rows[count].name != NULL)
		count++;
	lc_buffer_init(&body, 65536);
	lc_row_binary_append_number(&body, number, 8);
	lc_buffer_append(&body, size, lc_row_binary_leb128_write(count, size));
	for (size_t i = 0; i < count; i++) {
		lc_row_binary_append_text(&body, lc_view_of(step->rows[i].name));
		lc_row_binary_append_text(&body, lc_view_of(step->rows[i].value));
	}
	lc_row_binary_append_number(&body, lc_register_answer_last_marker(number), 8);
	send_body(connection, "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: RowBinary",
		  lc_buffer_view(&body));
	lc_buffer_free(&body);
}

static void send_code(struct script_connection *connection, int code)
{
	char body[100];
	char head[100];

	snprintf(head, sizeof(head), "HTTP/1.1 500 Error\r\nX-ClickHouse-Exception-Code: %d", code);
	snprintf(body, sizeof(body), "Code: %d. DB::Exception: as the test says. (X)\n", code);
	send_body(connection, head, lc_view_of(body));
}

/* "INSERT .. SELECT '<name>', '<value>'" */
static void send_echo(struct script_connection *connection, const struct register_step *step,
		      const char *sql, const char *written)
{
	struct register_step echo = *step;
	const char *end = strrchr(written, '\'');
	char value[100] = "";

	for (const char *place = written; place < end; place++) {
		if (strncmp(place, "', '", 4) == 0)
			script_keep(
			    value, sizeof(value),
			    (struct lc_view){.data = place + 4, .size = (size_t)(end - place) - 4});
	}
	echo.rows[0].value = value;
	send_rows(connection, &echo, sql);
}

static void answer(struct script_connection *connection, const struct register_step *step,
		   const char *sql, const char *before)
{
	switch (step->kind) {
	case REGISTER_OK:
		send_body(connection, "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: TSV",
			  lc_view_of(""));
		return;
	case REGISTER_ROWS:
		send_rows(connection, step, sql);
		return;
	case REGISTER_ECHO:
		send_echo(connection, step, sql, before);
		return;
	case REGISTER_CODE:
		send_code(connection, step->code);
		return;
	case REGISTER_CUT:
		/* within an answer: curl asks again when a connection that it has kept breaks before */
		script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
		script_close(connection);
		return;
	case REGISTER_RAW:
		send_body(connection, "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: RowBinary",
			  step->raw);
		return;
	case REGISTER_NOTHING:
	case REGISTER_END:
		return;
	}
}

static void serve(struct register_world *world, unsigned server,
		  struct script_connection *connection, const struct script_request *request)
{
	const struct register_step *step = &world->steps[world->asked];
	char *sql = world->sql[world->asked];

	assert_true(world->asked < 16);
	script_keep(sql, sizeof(world->sql[0]), request->body);
	if (step->kind == REGISTER_END || strstr(sql, step->expect) == NULL)
		fail_msg("statement %u is not what was expected: %s", world->asked, sql);
	if (strncmp(sql, "SELECT", 6) == 0 && world->asked > 0 && world->last != server &&
	    strncmp(world->sql[world->asked - 1], "SELECT", 6) != 0)
		world->moved_wrongly = true;
	world->last = server;
	world->served[server]++;
	world->asked++;
	answer(connection, step, sql, world->asked > 1 ? world->sql[world->asked - 2] : "");
}

static void serve_first(void *context, struct script_connection *connection,
			const struct script_request *request)
{
	serve(context, 0, connection, request);
}

static void serve_second(void *context, struct script_connection *connection,
			 const struct script_request *request)
{
	serve(context, 1, connection, request);
}

static void set_up(void **state, uint64_t timeout_ms)
{
	struct register_world *world = lc_memory_zero(1, sizeof(*world));
	const struct lc_http_options http_options = {.connect_timeout_ms = 2000};
	const struct lc_register_options options = {
	    .database = "logs", .table = "courier_heads", .timeout_ms = timeout_ms};
	struct lc_clickhouse_options clickhouse = {
	    .database = "logs", .username = "courier", .password = "p", .timeout_ms = 60000};
	char urls[200];

	alarm(120);
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &http_options, NULL);
	world->servers[0] = script_server_new(world->loop, serve_first, world);
	world->servers[1] = script_server_new(world->loop, serve_second, world);
	snprintf(urls, sizeof(urls), "%s,%s", script_server_url(world->servers[0]),
		 script_server_url(world->servers[1]));
	clickhouse.urls = urls;
	world->clickhouse = lc_clickhouse_new(world->loop, world->http, &clickhouse);
	world->reg = lc_register_new(world->loop, world->clickhouse, &options);
	*state = world;
}

int register_world_set_up(void **state)
{
	set_up(state, PATIENT_MS);
	return 0;
}

int register_world_set_up_hurried(void **state)
{
	set_up(state, HURRIED_MS);
	return 0;
}

int register_world_tear_down(void **state)
{
	struct register_world *world = *state;

	lc_register_free(world->reg);
	lc_clickhouse_free(world->clickhouse);
	lc_http_free(world->http);
	script_server_free(world->servers[0]);
	script_server_free(world->servers[1]);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

void register_world_take(void *context, const struct lc_register_answer *answer)
{
	struct register_world *world = context;

	world->done++;
	world->outcome = answer->outcome;
	world->error = answer->error;
	world->rows = answer->rows.count;
	script_keep(world->value, sizeof(world->value), answer->value);
	world->names[0] = '\0';
	for (size_t i = 0; i < answer->rows.count; i++) {
		size_t size = strlen(world->names);

		snprintf(world->names + size, sizeof(world->names) - size, "%.*s=%.*s ",
			 (int)answer->rows.rows[i].name.size, answer->rows.rows[i].name.data,
			 (int)answer->rows.rows[i].value.size, answer->rows.rows[i].value.data);
	}
	lc_loop_stop(world->loop);
}

void register_world_finish(struct register_world *world, const struct register_step *steps)
{
	world->steps = steps;
	world->asked = 0;
	assert_int_equal(world->done, 0);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
	world->done = 0;
	assert_false(world->moved_wrongly);
	assert_int_equal(steps[world->asked].kind, REGISTER_END);
}
