/* Requests as they come over HTTP, and what is none. */
#include "formats/control_request.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static struct lc_control_request decode(const char *text)
{
	struct lc_control_request request;
	struct lc_error error;

	if (!lc_control_request_decode(lc_view_of(text), &request, &error))
		fail_msg("%s: %s", text, error.message);
	return request;
}

static void refuse(const char *text, enum lc_error_kind kind, const char *words)
{
	struct lc_control_request request;
	struct lc_error error;

	assert_false(lc_control_request_decode(lc_view_of(text), &request, &error));
	assert_int_equal(error.kind, kind);
	if (strstr(error.message, words) == NULL)
		fail_msg("%s: told instead: %s", text, error.message);
}

static void a_path_is_a_command_and_its_query_the_arguments(void **state)
{
	struct lc_control_request request = decode("/v1/sources?lagging=1&limit=7");

	(void)state;
	assert_int_equal(request.command, LC_CONTROL_REQUEST_SOURCES);
	assert_true(lc_control_request_has(&request, LC_CONTROL_REQUEST_ARGUMENT_LAGGING));
	assert_false(lc_control_request_has(&request, LC_CONTROL_REQUEST_ARGUMENT_BLOCKED));
	assert_int_equal(request.limit, 7);
	request = decode("/v1/sources");
	assert_int_equal(request.limit, LC_CONTROL_REQUEST_LIMIT_DEFAULT);
	assert_int_equal(request.given, 0);
	request = decode("/v1/source?source=65535/a/b%20c");
	assert_int_equal(request.raft_session_id, 65535);
	assert_true(lc_view_equal(lc_control_request_bucket(&request), lc_view_of("a/b c")));
	request = decode("/v1/flush?all");
	assert_true(lc_control_request_has(&request, LC_CONTROL_REQUEST_ARGUMENT_ALL));
}

static void a_bucket_of_any_bytes_goes_there_and_back(void **state)
{
	struct lc_control_request request;
	struct lc_control_request again;
	struct lc_error error;
	struct lc_buffer text;
	char name[LC_CONTROL_REQUEST_BUCKET_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(i & 0xFF);
	lc_control_request_init(&request, LC_CONTROL_REQUEST_RETRY);
	assert_true(lc_control_request_set(&request, LC_CONTROL_REQUEST_ARGUMENT_BUCKET,
					   (struct lc_view){name, sizeof(name)}, &error));
	lc_buffer_init(&text, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_control_request_append(&request, &text);
	assert_false(lc_buffer_failed(&text));
	assert_true(lc_control_request_decode(lc_buffer_view(&text), &again, &error));
	assert_int_equal(again.command, LC_CONTROL_REQUEST_RETRY);
	assert_true(
	    lc_view_equal(lc_control_request_bucket(&again), (struct lc_view){name, sizeof(name)}));
	lc_buffer_free(&text);
	assert_false(lc_control_request_set(&request, LC_CONTROL_REQUEST_ARGUMENT_BUCKET,
					    lc_view_of("x"), &error));
}

static void expect_target(const char *text, const char *bucket, bool whole, const char *prefix)
{
	struct lc_control_request request = decode(text);
	struct lc_buffer again;

	assert_true(lc_view_equal(lc_control_request_bucket(&request), lc_view_of(bucket)));
	assert_true(lc_view_equal(lc_control_request_prefix(&request), lc_view_of(prefix)));
	assert_int_equal(request.whole_bucket, whole);
	lc_buffer_init(&again, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_control_request_append(&request, &again);
	assert_string_equal(lc_buffer_text(&again), text);
	lc_buffer_free(&again);
}

static void a_target_is_a_bucket_or_a_prefix_in_it(void **state)
{
	(void)state;
	expect_target("/v1/targets/ignore?target=logs", "logs", true, "");
	expect_target("/v1/targets/ignore?target=logs/", "logs", false, "");
	expect_target("/v1/targets/keep?target=logs/a/b/", "logs", false, "a/b/");
	expect_target("/v1/targets/discard?target=logs/a%20b&yes=1", "logs", false, "a b");
	refuse("/v1/targets/ignore", LC_ERROR_USAGE, "needs BUCKET[/PREFIX]");
	refuse("/v1/targets/ignore?target=/a", LC_ERROR_USAGE, "1 to 1024 bytes");
	refuse("/v1/targets/ignore?target=a&yes=1", LC_ERROR_USAGE, "does not take");
	/* What is lost by it is said by whoever asks for it. */
	refuse("/v1/targets/discard?target=logs", LC_ERROR_USAGE, "--yes");
}

static void hostile_requests_are_refused(void **state)
{
	static const char begin[] = "/v1/retry?bucket=";
	static char long_text[LC_CONTROL_REQUEST_TEXT_MAX + 2];

	(void)state;
	refuse("", LC_ERROR_CORRUPT, "no command");
	refuse("/", LC_ERROR_CORRUPT, "no command");
	refuse("/v1/ledger", LC_ERROR_CORRUPT, "no command");
	refuse("?all=1", LC_ERROR_CORRUPT, "no command");
	refuse("/v1/status?limit=3", LC_ERROR_USAGE, "status does not take");
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; begin[i] != '\0'; i++)
		long_text[i] = begin[i];
	refuse(long_text, LC_ERROR_USAGE, "longer than");
}

static void values_are_checked(void **state)
{
	(void)state;
	refuse("/v1/sources?=", LC_ERROR_USAGE, "no parameter");
	refuse("/v1/sources?&", LC_ERROR_USAGE, "no parameter");
	refuse("/v1/sources?&&limit=5", LC_ERROR_USAGE, "no parameter");
	refuse("/v1/sources?limit", LC_ERROR_USAGE, "limit is a number");
	refuse("/v1/sources?limit=0", LC_ERROR_USAGE, "limit is a number");
	refuse("/v1/sources?limit=-1", LC_ERROR_USAGE, "limit is a number");
	refuse("/v1/sources?limit=1001", LC_ERROR_USAGE, "limit is a number");
	refuse("/v1/sources?limit=99999999999999999999", LC_ERROR_USAGE, "limit is a number");
	refuse("/v1/sources?limit=5&limit=5", LC_ERROR_USAGE, "given twice");
	refuse("/v1/sources?lagging=yes", LC_ERROR_USAGE, "no value other than 1");
	refuse("/v1/source", LC_ERROR_USAGE, "source needs SESSION/BUCKET");
	refuse("/v1/source?source=", LC_ERROR_USAGE, "raft session and its bucket");
	refuse("/v1/source?source=/b", LC_ERROR_USAGE, "raft session and its bucket");
	refuse("/v1/source?source=4294967296/b", LC_ERROR_USAGE, "raft session and its bucket");
	refuse("/v1/source?source=01/b", LC_ERROR_USAGE, "raft session and its bucket");
	refuse("/v1/source?source=7/", LC_ERROR_USAGE, "1 to 1024 bytes");
	refuse("/v1/retry?bucket=%4", LC_ERROR_USAGE, "two hex digits");
	refuse("/v1/retry?bucket=%", LC_ERROR_USAGE, "two hex digits");
	refuse("/v1/retry?bucket=a&all=1", LC_ERROR_USAGE, "either BUCKET or --all");
	refuse("/v1/pause", LC_ERROR_USAGE, "pause needs SHARD or --all");
	refuse("/v1/restart?worker=1&all=1", LC_ERROR_USAGE, "either SHARD or --all");
	refuse("/v1/resume?worker=one", LC_ERROR_USAGE, "shard is a number");
	refuse("/v1/reload?worker=1", LC_ERROR_USAGE, "does not take");
	refuse("/v1/flush?state-directory=/", LC_ERROR_USAGE, "does not take");
}

static void what_changes_something_is_a_post(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const struct lc_control_request_description *command =
		    &LC_CONTROL_REQUEST_COMMANDS[i];
		bool decides = i == LC_CONTROL_REQUEST_TARGETS_IGNORE ||
			       i == LC_CONTROL_REQUEST_TARGETS_DISCARD ||
			       i == LC_CONTROL_REQUEST_TARGETS_KEEP;
		bool replays = i == LC_CONTROL_REQUEST_REPLAY_SOURCE ||
			       i == LC_CONTROL_REQUEST_REPLAY_TARGET ||
			       i == LC_CONTROL_REQUEST_REPLAYS_CANCEL;
		bool changes = i == LC_CONTROL_REQUEST_FLUSH || i == LC_CONTROL_REQUEST_RETRY ||
			       decides || replays ||
			       command->answers == LC_CONTROL_REQUEST_BY_ORDER;
		bool served = command->answers != LC_CONTROL_REQUEST_BY_FILES;

		assert_string_equal(command->method, !served ? "" : changes ? "POST" : "GET");
		assert_int_equal(served, command->path[0] != '\0');
	}
}

static void a_replay_has_a_time_and_is_confirmed(void **state)
{
	static const char text[] = "/v1/replay/target?target=logs/a/&from=2026-11-29T08:00:00Z&"
				   "to=2026-11-30T00:00:00Z&yes=1";
	struct lc_control_request request = decode(text);
	struct lc_buffer again;

	(void)state;
	assert_int_equal(request.command, LC_CONTROL_REQUEST_REPLAY_TARGET);
	assert_int_equal(request.from, 1795939200);
	assert_int_equal(request.to, 1795996800);
	lc_buffer_init(&again, 4096);
	lc_control_request_append(&request, &again);
	assert_string_equal(lc_buffer_text(&again), text);
	lc_buffer_free(&again);

	request = decode("/v1/replay/source?source=7/a&from=2026-11-29&to=2026-11-30&dry-run=1");
	assert_int_equal(request.to - request.from, 86400);
	refuse("/v1/replay/source?source=7/a&from=2026-11-29&to=2026-11-30", LC_ERROR_USAGE,
	       "confirm it with --yes");
	refuse("/v1/replay/source?source=7/a&from=2026-11-29&yes=1", LC_ERROR_USAGE,
	       "needs --from TIME and --to TIME");
	refuse("/v1/replay/source?source=7/a&from=2026-11-29&to=2026-11-29&yes=1", LC_ERROR_USAGE,
	       "must be later");
	refuse("/v1/replay/source?source=7/a&from=yesterday&to=2026-11-29&yes=1", LC_ERROR_USAGE,
	       "UTC");
	refuse("/v1/replay/source?from=2026-11-28&to=2026-11-29&yes=1", LC_ERROR_USAGE,
	       "needs SESSION/BUCKET");
}

static void a_replay_is_named(void **state)
{
	struct lc_control_request request = decode("/v1/replays/cancel?replay=20261130T081500Z-0");

	(void)state;
	assert_string_equal(request.replay, "20261130T081500Z-0");
	refuse("/v1/replays/cancel", LC_ERROR_USAGE, "needs REPLAY");
	refuse("/v1/replays/cancel?replay=", LC_ERROR_USAGE, "as log-courier-ctl replays shows");
	refuse("/v1/replays/cancel?replay=a%00b", LC_ERROR_USAGE,
	       "as log-courier-ctl replays shows");
	refuse("/v1/replays/cancel?replay=20261130T081500Z-000000000000000", LC_ERROR_USAGE,
	       "as log-courier-ctl replays shows");
}

static void what_clickhouse_counts_may_take_longer(void **state)
{
	(void)state;
	assert_int_equal(lc_control_request_patience(LC_CONTROL_REQUEST_STATUS),
			 LC_CONTROL_REQUEST_ANSWER_SECONDS);
	assert_int_equal(lc_control_request_patience(LC_CONTROL_REQUEST_REPLAY_SOURCE),
			 LC_CONTROL_REQUEST_COUNT_SECONDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_is_a_command_and_its_query_the_arguments),
	    cmocka_unit_test(a_bucket_of_any_bytes_goes_there_and_back),
	    cmocka_unit_test(a_target_is_a_bucket_or_a_prefix_in_it),
	    cmocka_unit_test(hostile_requests_are_refused),
	    cmocka_unit_test(values_are_checked),
	    cmocka_unit_test(what_changes_something_is_a_post),
	    cmocka_unit_test(a_replay_has_a_time_and_is_confirmed),
	    cmocka_unit_test(a_replay_is_named),
	    cmocka_unit_test(what_clickhouse_counts_may_take_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
