/* Reloads, pauses and replacements of workers, with a real service (support/service_world.h). */
#include "base/clock.h"
#include "base/exit_codes.h"
#include "ctl/client.h"
#include "formats/inspection.h"
#include "support/service_world.h"
#include "support/story.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes what the next reload finds. */
static void configure(const struct service_world *service, const char *yaml)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/next", service->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(yaml, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Gives an order and expects that so many shards are concerned. */
static void order(const struct service_world *service, const char *target, uint64_t affected)
{
	struct lc_inspection document;
	struct lc_buffer body;
	struct lc_error error = {0};

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	if (!lc_client_ask(service->settings.supervisor_socket, "POST", target, &body, &error))
		fail_msg("%s: %s", target, error.message);
	assert_true(lc_inspection_decode(lc_buffer_view(&body), &document, &error));
	assert_int_equal(document.affected, affected);
	lc_inspection_free(&document);
	lc_buffer_free(&body);
}

static void expect_refusal(const struct service_world *service, const char *target,
			   const char *words)
{
	struct lc_buffer body;
	struct lc_error error = {0};

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	assert_false(
	    lc_client_ask(service->settings.supervisor_socket, "POST", target, &body, &error));
	if (strstr(error.message, words) == NULL)
		fail_msg("%s: %s", target, error.message);
	lc_buffer_free(&body);
}

static bool reloaded(const struct lc_status_document *document)
{
	return document->reloads == 1 && document->reload_state == LC_RELOAD_STATE_DONE &&
	       service_world_all_ready(document);
}

static bool reload_failed(const struct lc_status_document *document)
{
	return document->reloads == 1 && document->reload_state == LC_RELOAD_STATE_FAILED &&
	       service_world_all_ready(document);
}

static void a_reload_replaces_each_worker_and_says_what_has_changed(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document before;
	struct lc_status_document after;

	service_world_start(service);
	before = service_world_await(service, service_world_all_ready);
	configure(service, "consumer:\n  count-threshold: 5\nlog-level: debug\n");
	order(service, "/v1/reload", 2);
	after = service_world_await(service, reloaded);
	assert_string_equal(after.reload_text, "changed: consumer.count-threshold, log-level");
	assert_int_not_equal(after.shards[0].pid, before.shards[0].pid);
	assert_int_not_equal(after.shards[1].pid, before.shards[1].pid);
	/* They were no deaths, and the shards' numbers go on. */
	assert_int_equal(after.shards[0].restarts, 0);
	assert_string_equal(after.shards[0].obituary, "");
	assert_int_equal(after.shards[0].records_delivered, 2);
	assert_true(after.healthy);
	/* The log level is the supervisor's own, too. */
	assert_true(
	    service_world_log_tells(service, "\"message\":\"reload\",\"role\":\"supervisor\""));
	lc_status_document_free(&before);
	lc_status_document_free(&after);
	service_world_stop(service);
}

static void sighup_reloads(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	assert_int_equal(kill(service->pid, SIGHUP), 0);
	document = service_world_await(service, reloaded);
	assert_string_equal(document.reload_text,
			    "no setting has changed; the workers were replaced");
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_wrong_configuration_is_kept_out_with_the_reason(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document before;
	struct lc_status_document after;

	service_world_start(service);
	before = service_world_await(service, service_world_all_ready);
	configure(service, "consumer:\n  count-treshold: 5\n");
	expect_refusal(service, "/v1/reload", "next:2");
	expect_refusal(service, "/v1/reload", "count-treshold");
	configure(service, "supervisor:\n  socket: /tmp/elsewhere.sock\n");
	expect_refusal(service, "/v1/reload", "supervisor.socket cannot change");
	configure(service, "supervisor:\n  owned-shards: 7\n");
	expect_refusal(service, "/v1/reload",
		       "supervisor.owned-shards leaves no shard to this machine");
	assert_true(service_world_get_status(service, &after));
	assert_int_equal(after.reloads, 0);
	assert_int_equal(after.shards[0].pid, before.shards[0].pid);
	assert_int_equal(after.shards[1].pid, before.shards[1].pid);
	lc_status_document_free(&before);
	lc_status_document_free(&after);
	service_world_stop(service);
}

static void settings_that_a_worker_can_not_work_with_are_taken_back(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	configure(service, "s3:\n  tls-ca-file: /tmp/no-such-file\n");
	order(service, "/v1/reload", 2);
	document = service_world_await(service, reload_failed);
	assert_non_null(strstr(document.reload_text, "taken back: shard 0 cannot work with the new "
						     "settings"));
	assert_non_null(strstr(document.reload_text, "s3.tls-ca-file does not load"));
	lc_status_document_free(&document);
	/* The second shard never saw them; the next reload is a new try. */
	configure(service, "consumer:\n  count-threshold: 5\n");
	order(service, "/v1/reload", 2);
	service_world_stop(service);
}

static bool first_failed(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_FAILED &&
	       document->shards[1].state == LC_SHARD_STATE_READY;
}

static bool first_failed_reloaded(const struct lc_status_document *document)
{
	return first_failed(document) && document->reload_state == LC_RELOAD_STATE_DONE;
}

/* A damaged ledger is no fault of the settings that are put in force. */
static void a_shard_that_can_not_work_anyway_does_not_keep_settings_out(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document before;
	struct lc_status_document after;

	setenv("LOG_COURIER_TEST_SHARD_0", "damaged", 1);
	service_world_start(service);
	before = service_world_await(service, first_failed);
	configure(service, "consumer:\n  count-threshold: 5\n");
	order(service, "/v1/reload", 2);
	after = service_world_await(service, first_failed_reloaded);
	assert_string_equal(after.reload_text,
			    "changed: consumer.count-threshold; 1 shard worked neither before nor "
			    "after the reload: log-courier-ctl health says why");
	assert_int_not_equal(after.shards[1].pid, before.shards[1].pid);
	lc_status_document_free(&before);
	lc_status_document_free(&after);
	service_world_stop(service);
}

static bool three_ready(const struct lc_status_document *document)
{
	return document->shards_size == 3 && reloaded(document);
}

static void a_reload_changes_the_number_of_shards(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	configure(service, "supervisor:\n  shards: 3\n");
	order(service, "/v1/reload", 2);
	document = service_world_await(service, three_ready);
	assert_int_equal(document.shard_count, 3);
	assert_string_equal(document.reload_text, "changed: supervisor.shards");
	lc_status_document_free(&document);
	assert_true(service_world_has_file(service, "shard-2-of-3.db"));
	assert_false(service_world_has_file(service, "shard-0-of-2.db"));
	service_world_stop(service);
}

static void ledgers_that_can_not_be_moved_leave_the_shards_as_they_were(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	char path[256];

	service_world_start(service);
	service_world_await_ready(service);
	snprintf(path, sizeof(path), "%s/shard-1-of-2.db", service->settings.state_directory);
	assert_int_equal(truncate(path, 100), 0);
	configure(service, "supervisor:\n  shards: 3\n");
	order(service, "/v1/reload", 2);
	document = service_world_await(service, reload_failed);
	assert_int_equal(document.shards_size, 2);
	assert_non_null(strstr(document.reload_text, "taken back: "));
	assert_non_null(strstr(document.reload_text, "shard-1-of-2.db"));
	lc_status_document_free(&document);
	service_world_stop(service);
}

static bool first_paused(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_PAUSED;
}

static bool first_paused_second_replaced(const struct lc_status_document *document)
{
	return first_paused(document) && document->reload_state == LC_RELOAD_STATE_DONE;
}

static void a_paused_shard_rests_through_a_reload_until_it_is_resumed(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	order(service, "/v1/pause?worker=0", 1);
	document = service_world_await(service, first_paused);
	assert_int_equal(document.shards[0].pid, 0);
	assert_false(document.healthy);
	assert_non_null(strstr(document.findings[0].text, "log-courier-ctl resume 0"));
	expect_refusal(service, "/v1/restart?worker=0", "shard 0 is paused");
	lc_status_document_free(&document);
	order(service, "/v1/reload", 2);
	document = service_world_await(service, first_paused_second_replaced);
	assert_int_equal(document.shards[1].records_delivered, 2);
	assert_int_equal(document.shards[0].records_delivered, 1);
	lc_status_document_free(&document);
	order(service, "/v1/resume?all=1", 2);
	service_world_await_ready(service);
	service_world_stop(service);
}

static bool all_paused(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_PAUSED &&
	       document->shards[1].state == LC_SHARD_STATE_PAUSED;
}

static void a_drained_service_stays_up_and_ends_when_told(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	order(service, "/v1/drain", 2);
	document = service_world_await(service, all_paused);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static bool second_replaced(const struct lc_status_document *document)
{
	return document->shards[1].records_delivered == 2 && service_world_all_ready(document);
}

static void a_restart_concerns_one_shard_and_is_no_death(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	order(service, "/v1/restart?worker=1", 1);
	document = service_world_await(service, second_replaced);
	assert_int_equal(document.shards[0].records_delivered, 1);
	assert_int_equal(document.shards[1].restarts, 0);
	lc_status_document_free(&document);
	expect_refusal(service, "/v1/restart?worker=2", "this machine does not deliver shard 2");
	expect_refusal(service, "/v1/restart", "restart needs SHARD or --all");
	service_world_stop(service);
}

static bool reloading(const struct lc_status_document *document)
{
	return document->reload_state == LC_RELOAD_STATE_RUNNING && document->shards[0].replacing;
}

static void a_stop_in_the_middle_of_a_reload_ends_in_time(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	uint64_t began;

	service->settings.shutdown_timeout_seconds = 4;
	setenv("LOG_COURIER_TEST_SHARD_0", "stubborn", 1);
	service_world_start(service);
	service_world_await_ready(service);
	order(service, "/v1/reload", 2);
	document = service_world_await(service, reloading);
	/* A shard that is being replaced is no trouble. */
	assert_true(document.healthy);
	lc_status_document_free(&document);
	expect_refusal(service, "/v1/reload", "a reload is under way");
	expect_refusal(service, "/v1/pause?all=1", "a reload is under way");
	began = lc_clock_monotonic_ms();
	assert_int_equal(kill(service->pid, SIGTERM), 0);
	service_world_await_exit(service, LC_EXIT_OK);
	assert_true(lc_clock_monotonic_ms() - began < 4000 + 1500);
}

static bool reloaded_twice(const struct lc_status_document *document)
{
	return document->reloads == 2 && document->reload_state == LC_RELOAD_STATE_DONE &&
	       service_world_all_ready(document);
}

static void a_second_sighup_waits_for_the_first_reload(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	service_world_await_ready(service);
	order(service, "/v1/reload", 2);
	assert_int_equal(kill(service->pid, SIGHUP), 0);
	document = service_world_await(service, reloaded_twice);
	assert_int_equal(document.shards[0].records_delivered, 3);
	assert_int_equal(document.shards[1].records_delivered, 3);
	lc_status_document_free(&document);
	service_world_stop(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVICE_STORY(a_reload_replaces_each_worker_and_says_what_has_changed),
	    SERVICE_STORY(sighup_reloads),
	    SERVICE_STORY(a_wrong_configuration_is_kept_out_with_the_reason),
	    SERVICE_STORY(settings_that_a_worker_can_not_work_with_are_taken_back),
	    SERVICE_STORY(a_shard_that_can_not_work_anyway_does_not_keep_settings_out),
	    SERVICE_STORY(a_reload_changes_the_number_of_shards),
	    SERVICE_STORY(ledgers_that_can_not_be_moved_leave_the_shards_as_they_were),
	    SERVICE_STORY(a_paused_shard_rests_through_a_reload_until_it_is_resumed),
	    SERVICE_STORY(a_drained_service_stays_up_and_ends_when_told),
	    SERVICE_STORY(a_restart_concerns_one_shard_and_is_no_death),
	    SERVICE_STORY(a_stop_in_the_middle_of_a_reload_ends_in_time),
	    SERVICE_STORY(a_second_sighup_waits_for_the_first_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
