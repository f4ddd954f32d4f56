/* A world to test queries in: one query at a time against a server that answers as the test's
 * script says, a second URL where nobody answers, and a record of what both sides saw. */
#ifndef LC_TESTS_SUPPORT_QUERY_WORLD_H
#define LC_TESTS_SUPPORT_QUERY_WORLD_H

#include "clients/clickhouse.h"
#include "support/script_server.h"
#include "support/story.h"

/* The head of a result, to be continued. */
#define QUERY_WORLD_CHUNKED                                 \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" \
	"X-ClickHouse-Format: TSV\r\n"

/* One query against a server that answers as the script says. */
struct query_world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *server;
	struct lc_clickhouse *clickhouse;
	struct lc_loop_timer *timer;
	script_callback *script;

	struct lc_clickhouse_query *query;
	bool refuse;       /* on_data finds no sense in anything */
	bool cancel;       /* on_data cancels */
	uint64_t pause_ms; /* at each piece */
	unsigned done;
	struct lc_error error;
	int code;
	size_t received;
	char body[4096]; /* the first bytes */
	unsigned pieces_after_refusal;

	char target[4096]; /* what the server saw */
	char head[8192];
	char request_body[4096];
};

/* A story in such a world. */
#define QUERY_STORY(name) \
	cmocka_unit_test_setup_teardown(name, query_world_set_up, query_world_tear_down)
int query_world_set_up(void **state);
int query_world_tear_down(void **state);

/* The same with a client of little patience: for a server that does not answer. */
#define HURRIED_QUERY_STORY(name) \
	cmocka_unit_test_setup_teardown(name, query_world_set_up_hurried, query_world_tear_down)
int query_world_set_up_hurried(void **state);

/* SELECT 1 on the first URL. */
struct lc_clickhouse_spec query_world_spec(struct query_world *world);

/* Runs a query until it is done. */
void query_world_run_spec(struct query_world *world, const struct lc_clickhouse_spec *spec,
			  script_callback *script);
void query_world_run(struct query_world *world, script_callback *script);

/* For scripts: a head and two rows in two chunks; the last chunk; both. */
void query_world_send_rows(struct script_connection *connection, const char *head);
void query_world_send_last_chunk(struct script_connection *connection);
void query_world_answer_rows(void *context, struct script_connection *connection,
			     const struct script_request *request);

/* Begins the definition of a script. */
#define QUERY_WORLD_SCRIPT(name)                                              \
	static void name(void *context, struct script_connection *connection, \
			 const struct script_request *request)

#endif
