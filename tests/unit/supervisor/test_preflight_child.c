/* The preflight beside the service: real children, which find what they are told
 * (support/fake_preflight.c). */
#include "supervisor/preflight_child.h"

#include "base/clock.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { PAUSE_MS = 5, DEADLINE_MS = 20000, SHORT_MS = 200 };

struct world {
	struct lc_loop *loop;
	struct lc_loop_timer *look;
	struct lc_settings settings;
	sigset_t signals;
	struct lc_preflight_child *child;
	struct lc_status_document document; /* as it was described last */
	bool (*awaited)(const struct lc_status_document *document);
	uint64_t deadline_ms;
};

static void describe(struct world *world)
{
	lc_status_document_free(&world->document);
	lc_status_document_init(&world->document, 0);
	lc_preflight_child_describe(world->child, &world->document);
}

/* In the place of SIGCHLD. */
static void on_look(void *context)
{
	struct world *world = context;

	lc_preflight_child_reap(world->child);
	describe(world);
	if (world->awaited(&world->document)) {
		lc_loop_stop(world->loop);
		return;
	}
	assert_true(lc_clock_monotonic_ms() < world->deadline_ms);
	lc_loop_timer_start(world->look, PAUSE_MS);
}

static void await(struct world *world, bool (*awaited)(const struct lc_status_document *document))
{
	world->awaited = awaited;
	world->deadline_ms = lc_clock_monotonic_ms() + DEADLINE_MS;
	lc_loop_timer_start(world->look, 0);
	lc_loop_run(world->loop);
}

static void begin_within(struct world *world, uint64_t longest_ms)
{
	const struct lc_preflight_child_host host = {
	    .loop = world->loop,
	    .settings = &world->settings,
	    .signals = &world->signals,
	    .longest_ms = longest_ms,
	};

	world->child = lc_preflight_child_new(&host);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct lc_error error;

	world->loop = lc_loop_new(&error);
	world->look = lc_loop_timer_new(world->loop, on_look, world);
	lc_settings_default(&world->settings);
	sigemptyset(&world->signals);
	lc_status_document_init(&world->document, 0);
	unsetenv("LOG_COURIER_TEST_PREFLIGHT");
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_preflight_child_free(world->child);
	/* No child is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	lc_status_document_free(&world->document);
	lc_loop_timer_free(world->look);
	lc_loop_free(world->loop);
	lc_settings_free(&world->settings);
	free(world);
	return 0;
}

static void behave(const char *behaviour)
{
	assert_int_equal(setenv("LOG_COURIER_TEST_PREFLIGHT", behaviour, 1), 0);
}

static void ask(struct world *world, const char *bucket)
{
	struct lc_error error;

	assert_true(lc_preflight_child_ask(world->child, lc_view_of(bucket), &error));
}

static bool has_ended(const struct lc_status_document *document)
{
	return !document->preflight_running;
}

static bool has_begun(const struct lc_status_document *document)
{
	return document->checks_size > 0;
}

static bool has_findings(const struct lc_status_document *document)
{
	return document->findings_size > 0;
}

static bool has_no_finding(const struct lc_status_document *document)
{
	return document->findings_size == 0;
}

static void expect_made(const struct world *world, size_t at, enum lc_verdict_grade grade,
			const char *subject, const char *words)
{
	const struct lc_status_document_check *check = &world->document.checks[at];

	assert_true(at < world->document.checks_size);
	assert_int_equal(check->grade, grade);
	assert_string_equal(check->subject, subject);
	if (strstr(check->text, words) == NULL)
		fail_msg("%s", check->text);
}

static void what_is_asked_for_is_told_check_by_check(void **state)
{
	struct world *world = *state;

	begin_within(world, DEADLINE_MS);
	ask(world, "");
	describe(world);
	assert_true(world->document.preflight_running);
	await(world, has_ended);
	assert_int_equal(world->document.checks_size, 2);
	expect_made(world, 0, LC_VERDICT_OK, "ClickHouse", world->settings.clickhouse_url);
	expect_made(world, 1, LC_VERDICT_OK, "query for rows", "answered");
	assert_int_equal(world->document.findings_size, 0);
	ask(world, "central-logs");
	await(world, has_ended);
	assert_int_equal(world->document.checks_size, 3);
	expect_made(world, 2, LC_VERDICT_OK, "upload", "central-logs");
}

static void it_runs_with_the_settings_in_force_when_it_begins(void **state)
{
	struct world *world = *state;

	begin_within(world, DEADLINE_MS);
	ask(world, "");
	await(world, has_ended);
	free(world->settings.clickhouse_url);
	world->settings.clickhouse_url = strdup("http://other:8123");
	ask(world, "");
	await(world, has_ended);
	expect_made(world, 0, LC_VERDICT_OK, "ClickHouse", "http://other:8123");
}

static void there_is_one_at_a_time(void **state)
{
	struct world *world = *state;
	struct lc_error error;

	begin_within(world, DEADLINE_MS);
	behave("hangs");
	ask(world, "");
	assert_false(lc_preflight_child_ask(world->child, lc_view_of(""), &error));
	assert_int_equal(error.kind, LC_ERROR_CONFLICT);
	await(world, has_begun);
	assert_false(lc_preflight_child_ask(world->child, lc_view_of(""), &error));
	/* The one that hangs ends with the service. */
}

static void what_somebody_asks_for_goes_before_the_services_own_look(void **state)
{
	struct world *world = *state;

	begin_within(world, DEADLINE_MS);
	behave("hangs");
	lc_preflight_child_look(world->child);
	describe(world);
	assert_false(world->document.preflight_running);
	behave("finds");
	ask(world, "");
	await(world, has_ended);
	assert_int_equal(world->document.checks_size, 4);
	/* And the look is made up for. */
	await(world, has_findings);
	assert_int_equal(world->document.checks_size, 4);
}

static void a_look_makes_warnings_of_what_it_finds_and_takes_them_back(void **state)
{
	struct world *world = *state;
	const struct lc_status_document_finding *finding;

	begin_within(world, DEADLINE_MS);
	behave("finds");
	lc_preflight_child_look(world->child);
	await(world, has_findings);
	assert_int_equal(world->document.findings_size, 2);
	finding = &world->document.findings[0];
	assert_int_equal(finding->severity, LC_SEVERITY_WARNING);
	assert_int_equal(finding->shard, -1);
	assert_int_equal(
	    strncmp(finding->text, "retention: Make the TTL longer. (preflight of 20", 48), 0);
	assert_true(world->document.healthy);
	assert_int_equal(world->document.checks_size, 0);
	/* It was repaired; whoever asks sees that, and health does. */
	behave("ok");
	ask(world, "");
	await(world, has_no_finding);
	assert_true(has_begun(&world->document));
}

static void one_that_hangs_is_given_up_and_what_it_has_told_stays(void **state)
{
	struct world *world = *state;

	begin_within(world, SHORT_MS);
	behave("hangs");
	ask(world, "");
	await(world, has_ended);
	expect_made(world, 0, LC_VERDICT_OK, "ClickHouse", "");
	expect_made(world, 1, LC_VERDICT_FAIL, "the preflight itself", "was given up");
	/* So is a look, which is a warning. */
	await(world, has_findings);
	assert_non_null(strstr(world->document.findings[0].text, "was given up"));
	assert_true(world->document.healthy);
}

static void one_that_dies_says_so(void **state)
{
	struct world *world = *state;

	begin_within(world, DEADLINE_MS);
	behave("dies");
	ask(world, "");
	await(world, has_ended);
	expect_made(world, 0, LC_VERDICT_OK, "ClickHouse", "");
	expect_made(world, 1, LC_VERDICT_FAIL, "the preflight itself", "ended by signal 9");
}

static void settings_that_cannot_be_worked_with_are_a_failure(void **state)
{
	struct world *world = *state;

	begin_within(world, DEADLINE_MS);
	behave("settings");
	ask(world, "");
	await(world, has_ended);
	assert_int_equal(world->document.checks_size, 1);
	expect_made(world, 0, LC_VERDICT_FAIL, "settings", "the file is not there");
}

static void a_name_that_no_bucket_can_have_is_refused(void **state)
{
	struct world *world = *state;
	struct lc_error error;

	begin_within(world, DEADLINE_MS);
	assert_false(lc_preflight_child_ask(world->child,
					    (struct lc_view){.data = "a\0b", .size = 3}, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	describe(world);
	assert_false(world->document.preflight_running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    STORY(what_is_asked_for_is_told_check_by_check),
	    STORY(it_runs_with_the_settings_in_force_when_it_begins),
	    STORY(there_is_one_at_a_time),
	    STORY(what_somebody_asks_for_goes_before_the_services_own_look),
	    STORY(a_look_makes_warnings_of_what_it_finds_and_takes_them_back),
	    STORY(one_that_hangs_is_given_up_and_what_it_has_told_stays),
	    STORY(one_that_dies_says_so),
	    STORY(settings_that_cannot_be_worked_with_are_a_failure),
	    STORY(a_name_that_no_bucket_can_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
