/* A service whose machine stands in for others: the supervisor, its workers and its process of
 * machines, which orders what the test tells it (tests/support/fake_machines.c). */
#include "formats/status_document.h"
#include "support/patience.h"
#include "support/service_world.h"
#include "support/story.h"

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
	    SERVICE_STORY(the_process_of_machines_is_started_again_and_workers_go_on),
	    SERVICE_STORY(what_is_wrong_with_machines_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
