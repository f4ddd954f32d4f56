/* A service whose machine stands in for others: the supervisor, its workers and its process of
 * machines, which orders what the test tells it (tests/support/fake_machines.c). */
#include "ctl/client.h"
#include "formats/status_document.h"
#include "support/patience.h"
#include "support/service_world.h"
#include "support/story.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void start(struct service_world *service, const char *behaviour)
{
	setenv("LOG_COURIER_TEST_MACHINES", behaviour, 1);
	service->settings.failover_enabled = true;
	service_world_start(service);
}

static bool all_away(const struct lc_status_document *document)
{
	return document->shards_size == 2 && document->shards[0].state == LC_SHARD_STATE_AWAY &&
	       document->shards[1].state == LC_SHARD_STATE_AWAY;
}

static bool all_have_workers(const struct lc_status_document *document)
{
	return document->shards_size == 2 && document->shards[0].pid > 0 &&
	       document->shards[1].pid > 0;
}

static bool first_away(const struct lc_status_document *document)
{
	return document->shards_size == 2 && document->shards[0].state == LC_SHARD_STATE_AWAY &&
	       document->shards[1].pid > 0;
}

static void shards_that_nobody_orders_are_away_and_all_is_well(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	start(service, "nothing");
	document = service_world_await(service, all_away);
	assert_true(document.healthy);
	assert_int_equal(document.shards[0].pid, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void shards_that_are_ordered_get_workers(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	start(service, "take");
	document = service_world_await(service, all_have_workers);
	assert_int_equal(document.shards[0].restarts, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_shard_that_is_released_goes_away(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	start(service, "return");
	document = service_world_await(service, first_away);
	assert_string_equal(document.shards[0].obituary, "");
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void the_process_of_machines_is_started_again_and_workers_go_on(void **state)
{
	struct service_world *service = *state;
	struct patience patience = patience_for(SERVICE_WORLD_DEADLINE_MS);
	struct lc_status_document before;
	struct lc_status_document after;

	start(service, "dies");
	before = service_world_await(service, all_have_workers);
	while (!service_world_log_tells(service, "the process of machines has ended")) {
		assert_true(patience_lasts(&patience));
		usleep(SERVICE_WORLD_PAUSE_US);
	}
	after = service_world_await(service, all_have_workers);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(after.shards[i].pid, before.shards[i].pid);
	lc_status_document_free(&before);
	lc_status_document_free(&after);
	service_world_stop(service);
}

/* Whether that is found of shard 0. */
static bool finds_of_first(const struct lc_status_document *document, const char *words)
{
	for (size_t i = 0; i < document->findings_size; i++) {
		if (document->findings[i].shard == 0 &&
		    strstr(document->findings[i].text, words) != NULL)
			return true;
	}
	return false;
}

/* Returns what the service says: the answer, or why it did not obey. */
static bool order(const struct service_world *service, const char *target, struct lc_error *error)
{
	struct lc_buffer body;
	bool done;

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	done = lc_client_ask(service->settings.supervisor_socket, "POST", target, &body, error);
	lc_buffer_free(&body);
	return done;
}

static bool first_died_once(const struct lc_status_document *document)
{
	return document->shards_size == 2 && document->shards[0].restarts == 1 &&
	       document->shards[0].pid > 0;
}

static void kill_first(const struct service_world *service, service_world_condition *holds)
{
	struct lc_status_document document = service_world_await(service, holds);

	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGKILL), 0);
	lc_status_document_free(&document);
}

static void a_shard_is_released_alone_until_it_may_come_back(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	struct lc_error error;

	start(service, "take");
	document = service_world_await(service, all_have_workers);
	lc_status_document_free(&document);
	assert_true(order(service, "/v1/release?shard=0", &error));
	document = service_world_await(service, first_away);
	assert_true(finds_of_first(&document, "rejoin --shard 0 lets it have it again"));
	lc_status_document_free(&document);
	assert_true(order(service, "/v1/rejoin?shard=0", &error));
	document = service_world_await(service, all_have_workers);
	assert_false(finds_of_first(&document, "rejoin"));
	lc_status_document_free(&document);
	assert_false(order(service, "/v1/release?shard=7", &error));
	assert_true(order(service, "/v1/pause?worker=1", &error));
	assert_false(order(service, "/v1/release?shard=1", &error));
	assert_non_null(strstr(error.message, "shard 1 is paused"));
	assert_true(order(service, "/v1/release", &error));
	assert_false(order(service, "/v1/rejoin?shard=0", &error));
	assert_true(order(service, "/v1/rejoin", &error));
	service_world_stop(service);
}

static void a_shard_whose_workers_keep_dying_is_for_another_machine(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	struct lc_error error;

	service->settings.health_max_deaths_in_a_row = 2;
	start(service, "take");
	kill_first(service, all_have_workers);
	kill_first(service, first_died_once);
	document = service_world_await(service, first_away);
	assert_int_equal(document.shards[0].deaths_in_a_row, 0);
	assert_true(finds_of_first(&document, "another machine is to have it"));
	lc_status_document_free(&document);
	assert_true(service_world_log_tells(service, "the workers of a shard keep dying"));
	/* It is tried again when the operator says so. */
	assert_true(order(service, "/v1/rejoin?shard=0", &error));
	document = service_world_await(service, all_have_workers);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static bool finds_three(const struct lc_status_document *document)
{
	return document->findings_size >= 3;
}

static void what_is_wrong_with_machines_is_told(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	start(service, "finds");
	document = service_world_await(service, finds_three);
	assert_false(document.healthy);
	assert_int_equal(document.findings_size, 3);
	assert_non_null(strstr(document.findings[0].text, "1 shards have no row"));
	assert_non_null(strstr(document.findings[1].text, "machine other"));
	assert_non_null(strstr(document.findings[2].text, "machine quiet shows no sign of life"));
	assert_string_equal(document.shards[0].owner, "other");
	assert_int_equal(document.shards[0].epoch, 7);
	assert_int_equal(document.shards[0].unowned_seconds, LC_STATUS_DOCUMENT_NO_AGE);
	assert_string_equal(document.shards[1].owner, "quiet");
	assert_true(document.shards[1].unowned_seconds >= 0);
	assert_int_equal(document.unowned_shards, 1);
	assert_true(document.taken_from_silent > 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVICE_STORY(shards_that_nobody_orders_are_away_and_all_is_well),
	    SERVICE_STORY(shards_that_are_ordered_get_workers),
	    SERVICE_STORY(a_shard_that_is_released_goes_away),
	    SERVICE_STORY(a_shard_is_released_alone_until_it_may_come_back),
	    SERVICE_STORY(a_shard_whose_workers_keep_dying_is_for_another_machine),
	    SERVICE_STORY(the_process_of_machines_is_started_again_and_workers_go_on),
	    SERVICE_STORY(what_is_wrong_with_machines_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
