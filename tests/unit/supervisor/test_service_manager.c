/* What systemd is told: a socket of ours stands where its own would be. */
#include "supervisor/service_manager.h"

#include "base/clock.h"
#include "base/memory.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, MESSAGE_MAX = 4096, WATCHDOG_US = 400000 };

struct story {
	char directory[64];
	char path[128];
	int socket;
	struct lc_loop *loop;
	struct lc_service_manager *manager;
	struct lc_status_document shown; /* what the service tells of itself */
	struct lc_loop_timer *end;
};

static void describe(void *context, struct lc_status_document *document)
{
	const struct story *story = context;

	lc_status_document_init(document, story->shown.shards_size);
	document->ready_shards = story->shown.ready_shards;
	memcpy(document->shards, story->shown.shards,
	       story->shown.shards_size * sizeof(*document->shards));
}

static void on_end(void *context)
{
	const struct story *story = context;

	lc_loop_stop(story->loop);
}

static void run_for(struct story *story, uint64_t milliseconds)
{
	lc_loop_timer_start(story->end, milliseconds);
	lc_loop_run(story->loop);
}

/* The next message, with a terminator; empty when there is none. */
static void take(const struct story *story, char text[MESSAGE_MAX])
{
	ssize_t size = recv(story->socket, text, MESSAGE_MAX - 1, MSG_DONTWAIT);

	text[size < 0 ? 0 : size] = '\0';
}

/* Of all messages that have come, how many begin so; the last of them stays in `text`. */
static unsigned count(const struct story *story, const char *begin, char text[MESSAGE_MAX])
{
	char message[MESSAGE_MAX];
	unsigned found = 0;

	text[0] = '\0';
	for (take(story, message); message[0] != '\0'; take(story, message)) {
		if (strncmp(message, begin, strlen(begin)) != 0)
			continue;
		found++;
		memcpy(text, message, sizeof(message));
	}
	return found;
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct lc_error error;

	snprintf(story->directory, sizeof(story->directory), "/tmp/log-courier-test-XXXXXX");
	assert_non_null(mkdtemp(story->directory));
	snprintf(story->path, sizeof(story->path), "%s/notify", story->directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", story->path);
	story->socket = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(story->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	story->loop = lc_loop_new(&error);
	assert_non_null(story->loop);
	story->end = lc_loop_timer_new(story->loop, on_end, story);
	lc_status_document_init(&story->shown, 2);
	for (size_t i = 0; i < 2; i++)
		story->shown.shards[i].oldest_undelivered_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	story->shown.ready_shards = 2;
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_service_manager_free(story->manager);
	lc_loop_timer_free(story->end);
	lc_loop_free(story->loop);
	lc_status_document_free(&story->shown);
	close(story->socket);
	unlink(story->path);
	rmdir(story->directory);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	free(story);
	return 0;
}

static void begin(struct story *story)
{
	setenv("NOTIFY_SOCKET", story->path, 1);
	story->manager = lc_service_manager_new(story->loop, describe, story);
}

static void the_life_of_the_service_is_told(void **state)
{
	struct story *story = *state;
	char text[MESSAGE_MAX];

	begin(story);
	lc_service_manager_ready(story->manager);
	take(story, text);
	assert_string_equal(text, "READY=1");
	take(story, text);
	assert_string_equal(text, "STATUS=2 of 2 shards ready, nothing waits");
	lc_service_manager_reloading(story->manager);
	take(story, text);
	assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_in_range(strtoull(text + 27, NULL, 10) / 1000, lc_clock_monotonic_ms() - PATIENCE_MS,
			lc_clock_monotonic_ms() + 1);
	lc_service_manager_stopping(story->manager);
	take(story, text);
	assert_string_equal(text, "STOPPING=1");
}

static void the_watchdog_is_fed_twice_in_its_time_while_the_loop_turns(void **state)
{
	struct story *story = *state;
	char text[MESSAGE_MAX];
	char number[32];

	snprintf(number, sizeof(number), "%d", WATCHDOG_US);
	setenv("WATCHDOG_USEC", number, 1);
	snprintf(number, sizeof(number), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", number, 1);
	begin(story);
	run_for(story, 1100);
	assert_in_range(count(story, "WATCHDOG=1", text), 3, 7);
}

static void without_a_watchdog_none_is_fed_but_the_status_line_comes(void **state)
{
	struct story *story = *state;
	char text[MESSAGE_MAX];

	begin(story);
	run_for(story, 300);
	assert_int_equal(count(story, "STATUS=2 of 2", text), 1);
	run_for(story, 300);
	assert_int_equal(count(story, "WATCHDOG=1", text), 0);
}

static void without_a_socket_nothing_is_told(void **state)
{
	struct story *story = *state;
	char text[MESSAGE_MAX];

	story->manager = lc_service_manager_new(story->loop, describe, story);
	lc_service_manager_ready(story->manager);
	lc_service_manager_stopping(story->manager);
	take(story, text);
	assert_string_equal(text, "");
}

static void the_line_says_it_all(void **state)
{
	struct story *story = *state;
	struct lc_status_document *document = &story->shown;
	char line[LC_STATUS_DOCUMENT_TEXT_SIZE];

	document->ready_shards = 1;
	document->shards[0].oldest_undelivered_seconds = 12;
	document->shards[1].oldest_undelivered_seconds = 340;
	document->shards[1].targets_blocked = 3;
	lc_status_document_find(document, LC_SEVERITY_CRITICAL, 1, "the worker died");
	lc_service_manager_line(document, 52000.4, line);
	assert_string_equal(line, "1 of 2 shards ready, 52000 rows/s, oldest row waits 340 s, "
				  "3 targets blocked; the worker died");
	lc_service_manager_line(document, -1, line);
	assert_string_equal(line, "1 of 2 shards ready, oldest row waits 340 s, "
				  "3 targets blocked; the worker died");
}

static void a_warning_is_marked_and_gives_way(void **state)
{
	struct story *story = *state;
	struct lc_status_document *document = &story->shown;
	char line[LC_STATUS_DOCUMENT_TEXT_SIZE];

	lc_status_document_find(document, LC_SEVERITY_WARNING, 1, "look here");
	lc_service_manager_line(document, -1, line);
	assert_non_null(strstr(line, "; warning: look here"));
	lc_status_document_find(document, LC_SEVERITY_CRITICAL, 1, "the worker died");
	lc_service_manager_line(document, -1, line);
	assert_non_null(strstr(line, "; the worker died"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(the_life_of_the_service_is_told),
	    STORY(the_watchdog_is_fed_twice_in_its_time_while_the_loop_turns),
	    STORY(without_a_watchdog_none_is_fed_but_the_status_line_comes),
	    STORY(without_a_socket_nothing_is_told),
	    STORY(the_line_says_it_all),
	    STORY(a_warning_is_marked_and_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
