/* Failures of a real ClickHouse, named by LOG_COURIER_CLICKHOUSE_URL and its like; skipped without.
 */
#include "clients/clickhouse.h"

#include "clients/diagnose.h"
#include "support/clickhouse_world.h"
#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

static void assert_failed(struct clickhouse_world *world, int code, const char *text)
{
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_int_equal(world->code, code);
	assert_non_null(strstr(world->error.message, text));
	assert_non_null(strstr(world->error.message, lc_clickhouse_seat_url(world->clickhouse, 0)));
}

static void what_makes_no_sense_says_so(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	clickhouse_world_run(world, "SELECT * FROM no_such_table_here");
	assert_failed(world, 60, "no_such_table_here");
	clickhouse_world_run(world, "SELECT FROM WHERE");
	assert_failed(world, 62, "Code: 62. DB::Exception: Syntax error");
	clickhouse_world_run(world, "SELECT {nothing:String}");
	assert_failed(world, 456, "nothing");
}

static void a_wrong_password_is_refused(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	if (getenv("LOG_COURIER_CLICKHOUSE_PASSWORD") == NULL)
		skip();
	lc_clickhouse_free(world->clickhouse);
	world->clickhouse =
	    clickhouse_world_client_of(world, getenv("LOG_COURIER_CLICKHOUSE_URL"), "wrong");
	clickhouse_world_run(world, "SELECT 1");
	assert_failed(world, 516, "Authentication failed");
	assert_int_equal(lc_diagnose_clickhouse(&world->error), LC_FAULT_CLICKHOUSE_USER);
	assert_null(strstr(world->error.message, "wrong"));
}

static void a_failure_behind_the_first_rows_is_a_failure(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	clickhouse_world_run(world,
			     "SELECT throwIf(number = 900000, 'told late') FROM numbers(1000000) "
			     "SETTINGS max_block_size = 8192, max_threads = 1 FORMAT RowBinary");
	assert_int_not_equal(world->error.kind, LC_ERROR_NONE);
	assert_true(world->result.size > 0);
	assert_non_null(strstr(world->error.message, "told late"));
}

static void a_limit_fails_a_query_and_does_not_shorten_it(void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	clickhouse_world_run(world, "SELECT number FROM numbers(100000) "
				    "SETTINGS max_result_rows=10 FORMAT TSV");
	assert_failed(world, 396, "TOO_MANY_ROWS_OR_BYTES");
	clickhouse_world_run(world, "SELECT number FROM numbers(100000) "
				    "SETTINGS max_rows_to_read=10 FORMAT TSV");
	assert_failed(world, 158, "TOO_MANY_ROWS");
}

/* Sets a fault of the development front for the next query that holds the words "clients fault";
 * false when this server has none to offer. */
static bool set_fault(struct clickhouse_world *world, const char *parameters)
{
	char url[1000];
	long status = 0;
	CURL *easy = curl_easy_init();

	snprintf(url, sizeof(url), "%s/admin/fault?match=clients%%20fault&%s",
		 getenv("LOG_COURIER_CLICKHOUSE_URL"), parameters);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, clickhouse_world_keep_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &world->result);
	assert_int_equal(curl_easy_perform(easy), CURLE_OK);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	return status == 200;
}

static void whatever_goes_wrong_in_the_middle_is_an_error(void **state)
{
	static const struct {
		const char *fault;
		enum lc_error_kind kind;
		int code;
	} cases[] = {
	    {"kind=exception&style=text&after=700000&code=241", LC_ERROR_CORRUPT, 0},
	    {"kind=exception&style=marker&after=700000&code=241", LC_ERROR_UNREACHABLE, 0},
	    {"kind=exception&style=tagged&after=700000&code=241", LC_ERROR_REFUSED, 241},
	    {"kind=cut&after=700000", LC_ERROR_UNREACHABLE, 0},
	    {"kind=reset&after=700000", LC_ERROR_UNREACHABLE, 0},
	    {"kind=html", LC_ERROR_CORRUPT, 0},
	    {"kind=status&status=503", LC_ERROR_REFUSED, 0},
	};
	struct clickhouse_world *world = clickhouse_world_of(state);

	world->expect_numbers = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!set_fault(world, cases[i].fault))
			skip();
		clickhouse_world_run(
		    world, "SELECT number FROM numbers(1000000) FORMAT RowBinary /* clients fault "
			   "*/");
		print_message("%s\n", world->error.message);
		assert_int_equal(world->error.kind, cases[i].kind);
		assert_int_equal(world->code, cases[i].code);
		if (strstr(cases[i].fault, "exception") != NULL)
			assert_non_null(strstr(world->error.message, "Code: 241. DB::Exception: "));
	}
	clickhouse_world_run(
	    world, "SELECT number FROM numbers(1000000) FORMAT RowBinary /* clients fault */");
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_int_equal(world->result.size, 8000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLICKHOUSE_STORY(what_makes_no_sense_says_so),
	    CLICKHOUSE_STORY(a_wrong_password_is_refused),
	    CLICKHOUSE_STORY(a_failure_behind_the_first_rows_is_a_failure),
	    CLICKHOUSE_STORY(a_limit_fails_a_query_and_does_not_shorten_it),
	    CLICKHOUSE_STORY(whatever_goes_wrong_in_the_middle_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
