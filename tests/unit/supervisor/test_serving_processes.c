/* What a real service serves on its metrics port (support/service_world.h). */
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

static int64_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* One request by hand; the whole answer, to be freed. */
static char *ask(int64_t port, const char *method, const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
				      .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *answer = lc_memory_zero(1, SERVICE_WORLD_BODY_MAX);
	size_t used = 0;
	ssize_t size;
	char request[128];

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method,
		 path);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while ((size = read(fd, answer + used, SERVICE_WORLD_BODY_MAX - 1 - used)) > 0)
		used += (size_t)size;
	close(fd);
	return answer;
}

static void expect_answer(int64_t port, const char *method, const char *path,
			  const char *const *texts, size_t count)
{
	char *answer = ask(port, method, path);

	for (size_t i = 0; i < count; i++) {
		if (strstr(answer, texts[i]) == NULL)
			fail_msg("%s %s: no \"%s\" in:\n%s", method, path, texts[i], answer);
	}
	free(answer);
}

/* The answer holds all these texts. */
#define EXPECT_ANSWER(port, method, path, ...)                                \
	expect_answer(port, method, path, (const char *const[]){__VA_ARGS__}, \
		      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A service that serves its metrics; it has not started. The port. */
static int64_t serve(struct service_world *service)
{
	service->settings.metrics_server_enabled = true;
	service->settings.metrics_server_listen_port = free_port();
	return service->settings.metrics_server_listen_port;
}

/* Load balancers and monitors ask so. */
static void every_path_answers_head_and_options(void **state)
{
	static const char *const paths[] = {"/",       "/metrics",  "/healthz", "/healthcheck",
					    "/readyz", "/v1/status"};
	struct service_world *service = *state;
	int64_t port = serve(service);
	char *answer;

	service_world_start(service);
	service_world_await_ready(service);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		answer = ask(port, "HEAD", paths[i]);
		assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
		assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
		free(answer);
		EXPECT_ANSWER(port, "OPTIONS", paths[i], "HTTP/1.1 200 OK\r\n",
			      "\r\nAllow: GET, HEAD, OPTIONS\r\n");
	}
	EXPECT_ANSWER(port, "POST", "/healthz", "HTTP/1.1 405 Method Not Allowed\r\n");
	service_world_stop(service);
}

static void metrics_and_health_are_served(void **state)
{
	static const char findings[] = "\nlog_courier_findings{severity=\"critical\"} 1\n"
				       "log_courier_findings{severity=\"warning\"} 0\n";
	struct service_world *service = *state;
	int64_t port = serve(service);
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	service_world_start(service);
	document = service_world_await(service, service_world_first_failed);
	lc_status_document_free(&document);
	EXPECT_ANSWER(port, "GET", "/metrics", "HTTP/1.1 200 OK\r\n",
		      "\nlog_courier_records_delivered_total{shard=\"1\"} 1\n",
		      "\nlog_courier_shard_up{shard=\"0\"} 0\n",
		      "\nlog_courier_shard_up{shard=\"1\"} 1\n",
		      "\nlog_courier_shard_restarts_total{shard=\"1\"} 0\n",
		      "\nlog_courier_healthy 0\n", findings);
	EXPECT_ANSWER(port, "GET", "/healthz", "HTTP/1.1 503 Service Unavailable\r\n",
		      "shard 0: the worker cannot work with its settings");
	EXPECT_ANSWER(port, "GET", "/healthcheck", "HTTP/1.1 503 Service Unavailable\r\n",
		      "shard 0: the worker cannot work with its settings");
	EXPECT_ANSWER(port, "GET", "/metrics", "\n# TYPE process_cpu_seconds_total counter\n",
		      "\nprocess_resident_memory_bytes ", "\nprocess_virtual_memory_bytes ",
		      "\nprocess_open_fds ", "\nprocess_max_fds ",
		      "\nprocess_start_time_seconds 1");
	EXPECT_ANSWER(port, "GET", "/readyz", "HTTP/1.1 503 Service Unavailable\r\n",
		      "not ready: 1 of 2 shards have no worker that delivers");
	service_world_stop(service);
}

static void a_service_is_ready_once_each_shard_has_its_worker(void **state)
{
	struct service_world *service = *state;
	int64_t port = serve(service);

	service_world_start(service);
	service_world_await_ready(service);
	EXPECT_ANSWER(port, "GET", "/readyz", "HTTP/1.1 200 OK\r\n", "\r\n\r\nready\n");
	service_world_stop(service);
}

static void the_page_and_its_documents_are_served_and_no_others(void **state)
{
	struct service_world *service = *state;
	int64_t port = serve(service);

	service_world_start(service);
	service_world_await_ready(service);
	EXPECT_ANSWER(port, "GET", "/", "Content-Type: text/html; charset=utf-8\r\n",
		      "\r\n\r\n<!doctype html>", "</html>\n");
	EXPECT_ANSWER(port, "GET", "/v1/status", "\"records_delivered\":1");
	EXPECT_ANSWER(port, "GET", "/v1/targets?blocked=1", "HTTP/1.1 200 OK\r\n", "\"targets\":[");
	EXPECT_ANSWER(port, "GET", "/v1/targets?blocked=2", "HTTP/1.1 400 Bad Request\r\n");
	EXPECT_ANSWER(port, "GET", "/v1/sources", "HTTP/1.1 404 Not Found\r\n");
	EXPECT_ANSWER(port, "GET", "/v1/pause?all=1", "HTTP/1.1 404 Not Found\r\n");
	service_world_stop(service);
}

static void a_port_that_is_taken_is_told_at_once(void **state)
{
	struct service_world *service = *state;
	struct service_world second = *service;
	char path[2][128];

	(void)serve(service);
	service_world_start(service);
	service_world_await_ready(service);
	second.settings = service->settings;
	snprintf(path[0], sizeof(path[0]), "%s/state2", service->directory);
	snprintf(path[1], sizeof(path[1]), "%s/run/second.sock", service->directory);
	second.settings.state_directory = path[0];
	second.settings.supervisor_socket = path[1];
	service_world_start(&second);
	service_world_await_exit(&second, LC_EXIT_FAILURE);
	assert_true(service_world_log_tells(service, "metrics-server.listen-port"));
	service_world_stop(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVICE_STORY(every_path_answers_head_and_options),
	    SERVICE_STORY(metrics_and_health_are_served),
	    SERVICE_STORY(a_service_is_ready_once_each_shard_has_its_worker),
	    SERVICE_STORY(the_page_and_its_documents_are_served_and_no_others),
	    SERVICE_STORY(a_port_that_is_taken_is_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
