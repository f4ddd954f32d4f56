/* A world to test queries to a real ClickHouse in, which LOG_COURIER_CLICKHOUSE_URL and its like
 * name.
 */
#ifndef LC_TESTS_SUPPORT_CLICKHOUSE_WORLD_H
#define LC_TESTS_SUPPORT_CLICKHOUSE_WORLD_H

#include "base/buffer.h"
#include "clients/clickhouse.h"
#include "support/story.h"

struct clickhouse_world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct lc_clickhouse *clickhouse;
	struct lc_loop_timer *timer;
	struct lc_clickhouse_query *query;
	size_t pause_every; /* bytes; 0: never */
	unsigned pauses;
	bool expect_numbers; /* on_data refuses anything else */

	struct lc_buffer result;
	unsigned done;
	struct lc_error error;
	int code;
};

/* A story in such a world. Without a server there is none. */
#define CLICKHOUSE_STORY(name) \
	cmocka_unit_test_setup_teardown(name, clickhouse_world_set_up, clickhouse_world_tear_down)
int clickhouse_world_set_up(void **state);
int clickhouse_world_tear_down(void **state);

/* The world, or the test is skipped. */
struct clickhouse_world *clickhouse_world_of(void **state);

/* An environment variable's value, or another. */
const char *clickhouse_world_setting(const char *name, const char *otherwise);

/* A client with other URLs or another password than the world's. */
struct lc_clickhouse *clickhouse_world_client_of(struct clickhouse_world *world, const char *urls,
						 const char *password);

/* Run a query until it is done; its result is world->result. */
void clickhouse_world_run_spec(struct clickhouse_world *world, struct lc_clickhouse_spec *spec);
void clickhouse_world_run(struct clickhouse_world *world, const char *sql);

/* The query succeeded, with this result. */
void clickhouse_world_assert_result(struct clickhouse_world *world, const char *expected);

/* Whether the result from a place on is 0, 1, 2, ... as UInt64. */
bool clickhouse_world_are_numbers(const struct lc_buffer *result, size_t from);

/* CURLOPT_WRITEFUNCTION that appends to a struct lc_buffer. */
size_t clickhouse_world_keep_body(char *bytes, size_t size, size_t count, void *context);

#endif
