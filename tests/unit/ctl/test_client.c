/* How the client explains that it gets no answer. Servers here are sockets of the test itself. */
#include "ctl/client.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAP = 1000 };

static char PATH[64];

static int listen_here(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, PATH, strlen(PATH) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(PATH, sizeof(PATH), "/tmp/lc-client-%ld.sock", (long)getpid());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(PATH);
	return 0;
}

static bool get(struct lc_buffer *body, struct lc_error *error)
{
	lc_buffer_init(body, CAP);
	return lc_client_ask(PATH, "GET", "/v1/status", body, error);
}

/* Asks a server that gives one answer, whatever it is asked. */
static bool get_answer(const char *answer, size_t size, struct lc_buffer *body,
		       struct lc_error *error)
{
	int listening = listen_here();
	bool got;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char request[1024];
		int fd = accept(listening, NULL, NULL);

		_exit(read(fd, request, sizeof(request)) <= 0 ||
		      send(fd, answer, size, MSG_NOSIGNAL) != (ssize_t)size);
	}
	got = get(body, error);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(listening);
	return got;
}

static void expect_failure(const char *answer, enum lc_error_kind kind, const char *words)
{
	struct lc_error error;
	struct lc_buffer body;

	assert_false(get_answer(answer, strlen(answer), &body, &error));
	assert_int_equal(error.kind, kind);
	assert_non_null(strstr(error.message, PATH));
	if (strstr(error.message, words) == NULL)
		fail_msg("told instead: %s", error.message);
	lc_buffer_free(&body);
}

static void an_answer_is_handed_over(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n";
	struct lc_error error;
	struct lc_buffer body;

	(void)state;
	assert_true(get_answer(answer, sizeof(answer) - 1, &body, &error));
	assert_string_equal(lc_buffer_text(&body), "{}\n");
	lc_buffer_free(&body);
}

static void an_unhealthy_answer_is_one_too(void **state)
{
	static const char answer[] =
	    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\n{}\n";
	struct lc_error error;
	struct lc_buffer body;

	(void)state;
	assert_true(get_answer(answer, sizeof(answer) - 1, &body, &error));
	lc_buffer_free(&body);
}

static void a_socket_that_is_not_there_is_named(void **state)
{
	struct lc_error error;
	struct lc_buffer body;

	(void)state;
	assert_false(get(&body, &error));
	assert_int_equal(error.kind, LC_ERROR_UNREACHABLE);
	assert_non_null(strstr(error.message, PATH));
	assert_non_null(strstr(error.message, "there is no such socket; start log-courier"));
	lc_buffer_free(&body);
}

static void a_socket_that_nobody_serves_is_named(void **state)
{
	struct lc_error error;
	struct lc_buffer body;

	(void)state;
	close(listen_here());
	assert_false(get(&body, &error));
	assert_int_equal(error.kind, LC_ERROR_UNREACHABLE);
	assert_non_null(strstr(error.message, "there is no answer; start log-courier"));
	lc_buffer_free(&body);
}

static void answers_of_strangers_are_refused(void **state)
{
	(void)state;
	expect_failure("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", LC_ERROR_REFUSED,
		       "status 404");
	unlink(PATH);
	expect_failure("220 mail.example ESMTP\r\n", LC_ERROR_UNREACHABLE,
		       "check that this is log-courier's socket");
	unlink(PATH);
	expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\ncut", LC_ERROR_UNREACHABLE,
		       "");
}

static void a_refusal_is_told_in_the_services_words(void **state)
{
	static const char answer[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 29\r\n\r\n"
				     "{\"error\":\"this is for root\"}\n";
	struct lc_error error;
	struct lc_buffer body;

	(void)state;
	assert_false(get_answer(answer, sizeof(answer) - 1, &body, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	assert_string_equal(error.message, "this is for root");
	lc_buffer_free(&body);
}

static void an_answer_without_bound_is_refused(void **state)
{
	char answer[CAP + 200];

	(void)state;
	memset(answer, 'x', sizeof(answer));
	memcpy(answer, "HTTP/1.1 200 OK\r\n\r\n", 19);
	answer[sizeof(answer) - 1] = '\0';
	expect_failure(answer, LC_ERROR_LIMIT, "too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_answer_is_handed_over),
	    STORY(an_unhealthy_answer_is_one_too),
	    STORY(a_socket_that_is_not_there_is_named),
	    STORY(a_socket_that_nobody_serves_is_named),
	    STORY(answers_of_strangers_are_refused),
	    STORY(a_refusal_is_told_in_the_services_words),
	    STORY(an_answer_without_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
