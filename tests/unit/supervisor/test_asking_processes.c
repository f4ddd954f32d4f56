/* Questions and orders to shards, through the control socket of a real service
 * (support/service_world.h). */
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/memory.h"
#include "ctl/client.h"
#include "formats/inspection.h"
#include "formats/status_document.h"
#include "support/service_world.h"
#include "support/story.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- asking shards ---- */

/* Asks and decodes; the document is to be freed. The status is 200 or 503. */
static struct lc_inspection inspect(const struct service_world *service, const char *method,
				    const char *target)
{
	struct lc_inspection document;
	struct lc_buffer body;
	struct lc_error error;

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	if (!lc_client_ask(service->settings.supervisor_socket, method, target, &body, &error))
		fail_msg("%s", error.message);
	assert_true(lc_inspection_decode(lc_buffer_view(&body), &document, NULL));
	lc_buffer_free(&body);
	return document;
}

static const struct lc_inspection_source *source_of(const struct lc_inspection *document,
						    size_t index)
{
	return lc_inspection_row(document, LC_INSPECTION_SOURCES, index);
}

/* The document has one problem, which holds the words. */
static void expect_problem(const struct lc_inspection *document, unsigned shard, const char *words)
{
	const struct lc_inspection_problem *problem;
	char text[1024];

	assert_int_equal(document->lists[LC_INSPECTION_PROBLEMS].count, 1);
	problem = lc_inspection_row(document, LC_INSPECTION_PROBLEMS, 0);
	assert_int_equal(problem->shard, shard);
	snprintf(text, sizeof(text), "%.*s", (int)problem->text.size, problem->text.data);
	if (strstr(text, words) == NULL)
		fail_msg("told instead: %s", text);
}

static void all_shards_are_asked_and_their_answers_are_one(void **state)
{
	struct service_world *service = *state;
	struct lc_inspection document;

	service_world_start(service);
	service_world_await_ready(service);
	document = inspect(service, "GET", "/v1/sources");
	assert_int_equal(document.lists[LC_INSPECTION_PROBLEMS].count, 0);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 2);
	assert_int_equal(source_of(&document, 0)->shard, 1); /* it has the oldest row */
	assert_int_equal(source_of(&document, 1)->shard, 0);
	assert_true(lc_view_equal(source_of(&document, 1)->bucket, lc_view_of("photos")));
	lc_inspection_free(&document);
	document = inspect(service, "GET", "/v1/sources?limit=1");
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(document.more, 1);
	lc_inspection_free(&document);
	document = inspect(service, "POST", "/v1/flush?all=1");
	assert_int_equal(document.affected, 2);
	lc_inspection_free(&document);
	service_world_stop(service);
}

static void a_source_is_asked_of_its_shard_alone(void **state)
{
	struct service_world *service = *state;
	struct lc_inspection document;

	service->settings.supervisor_shards = 3;
	service_world_replace(&service->settings.supervisor_owned_shards, "1-2");
	service_world_start(service);
	service_world_await_ready(service);
	document = inspect(service, "GET", "/v1/source?source=5/photos");
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(source_of(&document, 0)->shard, 2);
	lc_inspection_free(&document);
	document = inspect(service, "GET", "/v1/source?source=6/photos");
	expect_problem(&document, 0, "another machine delivers");
	lc_inspection_free(&document);
	service_world_stop(service);
}

static void a_shard_that_does_not_answer_holds_up_nobody_for_long(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document status = {.healthy = false};
	struct lc_inspection document;
	uint64_t begin;

	setenv("LOG_COURIER_TEST_SHARD_0", "silent", 1);
	service_world_start(service);
	service_world_await_ready(service);
	begin = lc_clock_monotonic_ms();
	document = inspect(service, "GET", "/v1/sources");
	assert_true(lc_clock_monotonic_ms() - begin < 9000);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
	expect_problem(&document, 0, "shard 0 has not answered within 5 s");
	lc_inspection_free(&document);
	assert_true(service_world_get_status(service, &status));
	assert_true(status.healthy);
	lc_status_document_free(&status);
	service_world_stop(service);
}

static void a_worker_that_dies_while_it_is_asked_is_told(void **state)
{
	struct service_world *service = *state;
	struct lc_inspection document;

	setenv("LOG_COURIER_TEST_SHARD_1", "die-when-asked", 1);
	service->settings.supervisor_restart_initial_backoff_milliseconds = 60000;
	service_world_start(service);
	service_world_await_ready(service);
	for (unsigned i = 0; i < 2; i++) { /* dying, and dead */
		document = inspect(service, "GET", "/v1/sources");
		assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
		expect_problem(&document, 1, "shard 1 is not running");
		lc_inspection_free(&document);
	}
	service_world_stop(service);
}

static void an_answer_that_is_too_long_is_cut(void **state)
{
	struct service_world *service = *state;
	struct lc_inspection document;

	setenv("LOG_COURIER_TEST_SHARD_0", "talkative", 1);
	service_world_start(service);
	service_world_await_ready(service);
	document = inspect(service, "GET", "/v1/sources?limit=1000");
	assert_int_equal(document.lists[LC_INSPECTION_PROBLEMS].count, 0);
	assert_true(document.lists[LC_INSPECTION_SOURCES].count > 100);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count + document.more, 2002);
	lc_inspection_free(&document);
	service_world_stop(service);
}

static void many_ask_at_the_same_time(void **state)
{
	enum { CLIENTS = 24 };
	struct service_world *service = *state;
	pid_t clients[CLIENTS];

	setenv("LOG_COURIER_TEST_SHARD_0", "talkative", 1);
	service_world_start(service);
	service_world_await_ready(service);
	for (unsigned i = 0; i < CLIENTS; i++) {
		fflush(stdout);
		clients[i] = fork();
		assert_true(clients[i] >= 0);
		if (clients[i] == 0) {
			struct lc_buffer body;

			lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
			_exit(!lc_client_ask(service->settings.supervisor_socket, "GET",
					     "/v1/sources?limit=1000", &body, NULL));
		}
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(service_world_await_end(service, clients[i]), 0);
	service_world_stop(service);
	assert_false(service_world_log_tells(service, "did not take"));
}

static void wrong_requests_are_refused_with_a_word(void **state)
{
	static const struct {
		const char *method;
		const char *target;
		const char *word;
	} requests[] = {
	    {"GET", "/v1/sources?colour=red", "there is no parameter \"colour\""},
	    {"GET", "/v1/source?source=photos", "for instance 7/photos"},
	    {"GET", "/v1/source?source=7/%zz", "two hex digits"},
	    {"GET", "/v1/flush?all=1", "a different method"},
	    {"POST", "/v1/sources", "a different method"},
	    {"POST", "/v1/flush", "flush needs SESSION/BUCKET or --all"},
	    {"GET", "/v1/nothing", "status 404"},
	    {"POST", "/", "status 404"},
	};
	struct service_world *service = *state;

	service_world_start(service);
	service_world_await_ready(service);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct lc_buffer body;
		struct lc_error error;

		lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
		assert_false(lc_client_ask(service->settings.supervisor_socket, requests[i].method,
					   requests[i].target, &body, &error));
		if (strstr(error.message, requests[i].word) == NULL)
			fail_msg("%s: told instead: %s", requests[i].target, error.message);
		lc_buffer_free(&body);
	}
	service_world_stop(service);
}

/* Asks as a user who is neither root nor the service's; the exit code tells what came of it. */
_Noreturn static void ask_as_nobody(const struct service_world *service)
{
	const char *socket = service->settings.supervisor_socket;
	struct lc_buffer body;
	struct lc_error error;

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	if (setgid(65534) < 0 || setuid(65534) < 0)
		_exit(1);
	if (!lc_client_ask(socket, "GET", "/v1/sources", &body, &error))
		_exit(2);
	lc_buffer_clear(&body);
	if (lc_client_ask(socket, "POST", "/v1/flush?all=1", &body, &error))
		_exit(3);
	_exit(error.kind == LC_ERROR_USAGE && strstr(error.message, "only root") != NULL ? 0 : 4);
}

static void only_root_and_the_services_user_may_change_something(void **state)
{
	struct service_world *service = *state;
	char path[128];
	pid_t nobody;

	if (geteuid() != 0)
		skip();
	service_world_start(service);
	service_world_await_ready(service);
	snprintf(path, sizeof(path), "%s/run", service->directory);
	assert_int_equal(chmod(service->directory, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(service->settings.supervisor_socket, 0666), 0);
	fflush(stdout);
	nobody = fork();
	assert_true(nobody >= 0);
	if (nobody == 0)
		ask_as_nobody(service);
	assert_int_equal(service_world_await_end(service, nobody), 0);
	service_world_stop(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVICE_STORY(all_shards_are_asked_and_their_answers_are_one),
	    SERVICE_STORY(a_source_is_asked_of_its_shard_alone),
	    SERVICE_STORY(a_shard_that_does_not_answer_holds_up_nobody_for_long),
	    SERVICE_STORY(a_worker_that_dies_while_it_is_asked_is_told),
	    SERVICE_STORY(an_answer_that_is_too_long_is_cut),
	    SERVICE_STORY(many_ask_at_the_same_time),
	    SERVICE_STORY(wrong_requests_are_refused_with_a_word),
	    SERVICE_STORY(only_root_and_the_services_user_may_change_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
