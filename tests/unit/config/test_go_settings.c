/* Whoever brings a configuration of the Go courier is told all that must be changed, at once. */
#include "config/go_settings.h"

#include "base/buffer.h"
#include "config/file.h"
#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DOCUMENT_CAP = 1024 * 1024 };

/* Has every setting that the Go courier's own example file has. */
static const char EXAMPLE[] = "clickhouse:\n"
			      "  url: \"127.0.0.1:9002,127.0.0.1:9003\"\n"
			      "  username: default\n"
			      "  password: \"\"\n"
			      "  timeout-seconds: 30\n"
			      "s3:\n"
			      "  endpoint: 127.0.0.1:8000\n"
			      "  access-key-id: an-id\n"
			      "  secret-access-key: a-secret\n"
			      "  max-retry-attempts: 3\n"
			      "  max-backoff-delay-seconds: 20\n"
			      "consumer:\n"
			      "  count-threshold: 2\n"
			      "  time-threshold-seconds: 2\n"
			      "  min-discovery-interval-seconds: 1\n"
			      "  max-discovery-interval-seconds: 1\n"
			      "  discovery-interval-jitter-factor: 0\n"
			      "  num-workers: 5\n"
			      "  max-buckets-per-discovery: 5\n"
			      "  max-logs-per-bucket: 100000\n"
			      "retry:\n"
			      "  max-retries: 5\n"
			      "  initial-backoff-seconds: 1\n"
			      "  max-backoff-seconds: 60\n"
			      "  backoff-jitter-factor: 0.3\n"
			      "timeout:\n"
			      "  upload-operation-seconds: 300\n"
			      "  commit-operation-seconds: 30\n"
			      "offset:\n"
			      "  flush-time-threshold-ms: 1000\n"
			      "  flush-count-threshold: 50\n"
			      "metrics-server:\n"
			      "  enabled: true\n"
			      "  listen-address: \"\"\n"
			      "  listen-port: 9090\n"
			      "log-level: debug\n"
			      "shutdown-timeout-seconds: 30\n";

static void expect(const struct lc_error *error, const char *begin, const char *end)
{
	const char *found = strstr(error->message, begin);

	if (found == NULL || strstr(found, end) == NULL)
		fail_msg("\"%s\", \"%s\" expected in: %s", begin, end, error->message);
}

static void one_run_shows_all_that_the_example_needs(void **state)
{
	struct config_case example = {.yaml = EXAMPLE, .without_keys = true};
	struct lc_errors errors = {0};
	struct lc_settings settings;

	(void)state;
	assert_false(config_case_load_all(&example, &settings, &errors));
	assert_int_equal(errors.count, 8);
	expect(&errors.list[0], ":2: clickhouse.url: found", "expected");
	expect(&errors.list[1], ":7: s3.endpoint: found", "http");
	expect(&errors.list[2], ":18: there is no setting \"consumer.num-workers\"; in place of",
	       "supervisor.shards and limits.max-concurrent-uploads: a worker here is a process");
	expect(&errors.list[3], ":19: there is no setting \"consumer.max-buckets-per-discovery\"",
	       "not needed here: all sources");
	expect(&errors.list[4], ":20: there is no setting \"consumer.max-logs-per-bucket\"",
	       "stands consumer.max-logs-per-object: ");
	expect(&errors.list[5], ":22: there is no setting \"retry.max-retries\"; the Go courier's",
	       "not needed here: uploads are retried without limit");
	expect(&errors.list[6], ":30: there is no setting \"offset.flush-time-threshold-ms\"",
	       "offset.flush-interval-milliseconds");
	expect(&errors.list[7], ":34: metrics-server.listen-address: found an empty text", "");
	for (size_t i = 0; i < errors.count; i++)
		assert_null(strstr(errors.list[i].message, "nearest"));
	lc_errors_free(&errors);
}

static void variables_and_flags_are_recognised_too(void **state)
{
	struct config_case variable = {
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_RETRY_MAX_RETRIES=5"),
	};
	struct config_case flag = {.flags = CONFIG_CASE_LIST("--consumer.num-workers=5")};

	(void)state;
	config_case_fail(&variable, CONFIG_CASE_LIST("\"LOG_COURIER_RETRY_MAX_RETRIES\"",
						     "uploads are retried without limit"));
	config_case_fail(
	    &flag, CONFIG_CASE_LIST("flag \"consumer.num-workers\"", "stands supervisor.shards"));
}

/* The longest hint is not cut off, and nothing is known twice. */
static void each_row_is_the_same_or_explained(void **state)
{
	char hint[LC_GO_SETTINGS_HINT_SIZE];

	(void)state;
#define LC_GO_SETTING_SAME(name, note)                      \
	assert_non_null(lc_setting_find(lc_view_of(name))); \
	assert_false(lc_go_settings_explain(lc_view_of(name), hint));
#define LC_GO_SETTING_REPLACED(name, here, note)                     \
	assert_null(lc_setting_find(lc_view_of(name)));              \
	assert_true(lc_go_settings_explain(lc_view_of(name), hint)); \
	assert_non_null(strstr(hint, note));
#define LC_GO_SETTING_DROPPED(name, note) LC_GO_SETTING_REPLACED(name, "", note)
#define LC_GO_SETTING_VARIABLE(variable, name)                               \
	assert_ptr_equal(lc_go_settings_find_variable(lc_view_of(variable)), \
			 lc_setting_find(lc_view_of(name)));
#include "tbl/go_settings.h"
#undef LC_GO_SETTING_REPLACED
	assert_false(lc_go_settings_explain(lc_view_of("retry.max-retry"), hint));
	assert_false(lc_go_settings_explain(lc_view_of("max-retries"), hint));
	assert_null(lc_go_settings_find_variable(lc_view_of("S3_REGION")));
}

/* ---- the document ---- */

static void append_row(struct lc_buffer *rows, const char *name, const char *here, const char *note)
{
	lc_buffer_append_format(rows, "| `%s` | %s | %s%s|\n", name, here, note,
				note[0] == '\0' ? "" : " ");
}

/* "a and b" as "`a` and `b`". */
static void append_replaced(struct lc_buffer *rows, const char *name, const char *here,
			    const char *note)
{
	const char *second = strstr(here, " and ");
	char quoted[256];

	if (second == NULL)
		snprintf(quoted, sizeof(quoted), "`%s`", here);
	else
		snprintf(quoted, sizeof(quoted), "`%.*s` and `%s`", (int)(second - here), here,
			 second + strlen(" and "));
	append_row(rows, name, quoted, note);
}

static void the_document_has_the_same_rows(void **state)
{
	const char *top = getenv("srcdir");
	struct lc_buffer document;
	struct lc_buffer rows;
	struct lc_error error;
	char path[1024];

	(void)state;
	lc_buffer_init(&rows, DOCUMENT_CAP);
#define LC_GO_SETTING_SAME(name, note) append_row(&rows, name, "the same", note);
#define LC_GO_SETTING_REPLACED(name, here, note) append_replaced(&rows, name, here, note);
#define LC_GO_SETTING_DROPPED(name, note) append_row(&rows, name, "none", note);
#include "tbl/go_settings.h"
	lc_buffer_append_char(&rows, '\n'); /* the table ends here */
	lc_buffer_init(&document, DOCUMENT_CAP);
	snprintf(path, sizeof(path), "%s/docs/migration.md", top == NULL ? "." : top);
	if (!lc_file_read(path, &document, NULL, &error))
		fail_msg("%s", error.message);
	if (strstr(lc_buffer_text(&document), lc_buffer_text(&rows)) == NULL)
		fail_msg("docs/migration.md should have these rows:\n%s", lc_buffer_text(&rows));
	lc_buffer_free(&document);
	lc_buffer_free(&rows);
}

/* ---- variables without a prefix ---- */

/* What is written to stderr while the example is loaded, which works, into `text`. */
static void listen_while_loading(const struct config_case *example, char *text, size_t size)
{
	int kept = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	struct lc_settings settings;
	struct lc_error error = {0};
	ssize_t heard;
	bool loaded;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	loaded = config_case_load(example, &settings, &error);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	assert_true(loaded);
	lc_settings_free(&settings);
	heard = pread(fileno(file), text, size - 1, 0);
	text[heard < 0 ? 0 : heard] = '\0';
	close(kept);
	fclose(file);
}

static void a_variable_without_its_prefix_is_warned_of(void **state)
{
	struct config_case example = {.environment = CONFIG_CASE_LIST("S3_ENDPOINT=http://x")};
	char heard[4096];

	(void)state;
	listen_while_loading(&example, heard, sizeof(heard));
	assert_non_null(strstr(heard, "environment variable of the Go courier"));
	assert_non_null(strstr(heard, "LOG_COURIER_S3_ENDPOINT"));
	example.flags = CONFIG_CASE_LIST("--s3.endpoint=http://y");
	listen_while_loading(&example, heard, sizeof(heard));
	assert_string_equal(heard, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_run_shows_all_that_the_example_needs),
	    cmocka_unit_test(variables_and_flags_are_recognised_too),
	    cmocka_unit_test(each_row_is_the_same_or_explained),
	    cmocka_unit_test(the_document_has_the_same_rows),
	    cmocka_unit_test(a_variable_without_its_prefix_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
