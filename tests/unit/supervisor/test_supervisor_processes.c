/* The supervisor and its workers as real processes, with a shard that behaves as the test tells it
 * (tests/support/fake_shard.c). */
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/memory.h"
#include "ctl/client.h"
#include "formats/inspection.h"
#include "formats/status_document.h"
#include "supervisor/supervisor.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
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

#include <cmocka.h>

enum {
	DEADLINE_MS = 10000,
	PAUSE_US = 10000, /* between two looks at something that is awaited */
	BODY_MAX = 1 << 20,
};

struct service {
	char directory[64];
	struct lc_settings settings;
	pid_t pid;
};

static void replace(char **text, const char *value)
{
	free(*text);
	*text = lc_memory_copy_text(value);
}

static int set_up(void **state)
{
	struct service *service = lc_memory_zero(1, sizeof(*service));
	char path[128];

	snprintf(service->directory, sizeof(service->directory), "/tmp/lc-supervisor-XXXXXX");
	assert_non_null(mkdtemp(service->directory));
	lc_settings_default(&service->settings);
	snprintf(path, sizeof(path), "%s/state", service->directory);
	replace(&service->settings.state_directory, path);
	snprintf(path, sizeof(path), "%s/run/control.sock", service->directory);
	replace(&service->settings.supervisor_socket, path);
	service->settings.supervisor_shards = 2;
	service->settings.supervisor_restart_initial_backoff_milliseconds = 10;
	service->settings.metrics_server_enabled = false;
	service->settings.shutdown_timeout_seconds = 20;
	unsetenv("LOG_COURIER_TEST_SHARD_0");
	unsetenv("LOG_COURIER_TEST_SHARD_1");
	unsetenv("LOG_COURIER_TEST_SHARD_2");
	*state = service;
	return 0;
}

static void remove_directory(const char *path)
{
	char child[512];
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (unlink(child) < 0)
			remove_directory(child);
	}
	if (directory != NULL)
		closedir(directory);
	rmdir(path);
}

static void start(struct service *service)
{
	char log[128];

	fflush(stdout);
	fflush(stderr);
	service->pid = fork();
	assert_true(service->pid >= 0);
	if (service->pid == 0) {
		int fd;

		signal(SIGSEGV, SIG_DFL); /* cmocka's handler is the test's, not the service's */
		snprintf(log, sizeof(log), "%s/log", service->directory);
		fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		dup2(fd, STDERR_FILENO);
		dup2(fd, STDOUT_FILENO); /* whatever the test's own is, a pipe for instance */
		_exit(lc_supervisor_run(&service->settings));
	}
}

/* The whole log as text; to be freed. */
static char *read_log(const struct service *service)
{
	char path[128];
	char *text = lc_memory_zero(1, BODY_MAX);
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", service->directory);
	file = fopen(path, "r");
	if (file != NULL) {
		assert_true(fread(text, 1, BODY_MAX - 1, file) < BODY_MAX);
		fclose(file);
	}
	return text;
}

static bool log_tells(const struct service *service, const char *words)
{
	char *text = read_log(service);
	bool told = strstr(text, words) != NULL;

	free(text);
	return told;
}

static void show_log(const struct service *service)
{
	char *text = read_log(service);

	print_error("%s", text);
	free(text);
}

static bool get_status(const struct service *service, struct lc_status_document *document)
{
	struct lc_buffer body;
	bool got;

	lc_buffer_init(&body, BODY_MAX);
	got =
	    lc_client_ask(service->settings.supervisor_socket, "GET", "/v1/status", &body, NULL) &&
	    lc_status_document_decode(lc_buffer_view(&body), document, NULL);
	lc_buffer_free(&body);
	return got;
}

typedef bool condition(const struct lc_status_document *document);

/* Asks until the condition holds. The document is to be freed. */
static struct lc_status_document await(const struct service *service, condition *holds)
{
	uint64_t deadline = lc_clock_monotonic_ms() + DEADLINE_MS;
	struct lc_status_document document;

	while (lc_clock_monotonic_ms() < deadline) {
		if (get_status(service, &document)) {
			if (holds(&document))
				return document;
			lc_status_document_free(&document);
		}
		usleep(PAUSE_US);
	}
	show_log(service);
	fail_msg("the awaited state did not come");
	return document;
}

static bool all_ready(const struct lc_status_document *document)
{
	return document->ready_shards == document->shards_size;
}

static void await_ready(const struct service *service)
{
	struct lc_status_document document = await(service, all_ready);

	lc_status_document_free(&document);
}

/* Waits for a child (or adopted grandchild) to end; its wait status. */
static int await_end(const struct service *service, pid_t pid)
{
	uint64_t deadline = lc_clock_monotonic_ms() + DEADLINE_MS;
	int status;

	while (lc_clock_monotonic_ms() < deadline) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(PAUSE_US);
	}
	show_log(service);
	fail_msg("process %ld did not end", (long)pid);
	return -1;
}

static void await_exit(struct service *service, int code)
{
	int status = await_end(service, service->pid);

	service->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		show_log(service);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void stop(struct service *service)
{
	assert_int_equal(kill(service->pid, SIGTERM), 0);
	await_exit(service, LC_EXIT_OK);
}

static int tear_down(void **state)
{
	struct service *service = *state;

	if (service->pid > 0) {
		kill(service->pid, SIGKILL);
		await_end(service, service->pid);
	}
	remove_directory(service->directory);
	lc_settings_free(&service->settings);
	free(service);
	return 0;
}

static void shards_become_ready_and_end_when_told(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	start(service);
	document = await(service, all_ready);
	assert_true(document.healthy);
	assert_int_equal(document.shards_size, 2);
	assert_int_equal(document.shard_count, 2);
	assert_true(document.shards[0].pid > 0);
	assert_int_not_equal(document.shards[0].pid, document.shards[1].pid);
	assert_int_equal(document.shards[1].restarts, 0);
	assert_string_equal(document.shards[1].obituary, "");
	stop(service);
	assert_int_equal(kill((pid_t)document.shards[0].pid, 0), -1);
	assert_int_equal(access(service->settings.supervisor_socket, F_OK), -1);
	lc_status_document_free(&document);
}

static bool first_restarted(const struct lc_status_document *document)
{
	return document->shards[0].restarts >= 1 && all_ready(document);
}

static void a_worker_that_died_is_replaced_and_its_counters_stay(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "die-once", 1);
	start(service);
	document = await(service, first_restarted);
	assert_int_equal(document.shards[0].restarts, 1);
	assert_int_equal(document.shards[0].records_delivered, 2);
	assert_int_equal(document.shards[1].restarts, 0);
	assert_int_equal(document.shards[1].records_delivered, 1);
	assert_non_null(strstr(document.shards[0].obituary, "was ended by SIGKILL"));
	assert_true(document.healthy);
	lc_status_document_free(&document);
	assert_true(log_tells(service, "\"message\":\"worker died\""));
	stop(service);
}

static bool first_died_twice(const struct lc_status_document *document)
{
	return document->shards[0].restarts >= 2 && document->shards[0].obituary[0] != '\0';
}

static void a_failed_assertion_stands_in_the_obituary(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "assert", 1);
	start(service);
	document = await(service, first_died_twice);
	assert_non_null(strstr(document.shards[0].obituary, "SIGABRT"));
	assert_non_null(strstr(document.shards[0].obituary, "assertion failed: "));
	assert_non_null(strstr(document.shards[0].obituary, "while starting"));
	assert_false(document.healthy);
	assert_int_equal(document.findings[0].shard, 0);
	lc_status_document_free(&document);
	stop(service);
}

static void a_fault_stands_in_the_obituary(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "fault", 1);
	start(service);
	document = await(service, first_died_twice);
	assert_non_null(
	    strstr(document.shards[0].obituary, "fault: invalid memory reference (SIGSEGV)"));
	lc_status_document_free(&document);
	stop(service);
}

static void a_worker_that_hangs_is_aborted_and_replaced(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "hang-once", 1);
	service->settings.supervisor_heartbeat_timeout_seconds = 2;
	start(service);
	document = await(service, first_restarted);
	assert_non_null(strstr(document.shards[0].obituary, "was ended by SIGABRT"));
	assert_non_null(strstr(document.shards[0].obituary, "while ready"));
	assert_int_equal(document.shards[1].restarts, 0);
	lc_status_document_free(&document);
	stop(service);
}

static bool first_failed(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_FAILED &&
	       document->shards[1].state == LC_SHARD_STATE_READY;
}

static void a_worker_with_wrong_settings_is_not_started_anew(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	start(service);
	document = await(service, first_failed);
	assert_int_equal(document.shards[0].restarts, 0);
	assert_int_equal(document.shards[0].pid, 0);
	assert_false(document.healthy);
	assert_non_null(strstr(document.findings[0].text, "s3.tls-ca-file does not load"));
	lc_status_document_free(&document);
	stop(service);
}

static void a_service_without_a_working_shard_ends(void **state)
{
	struct service *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	setenv("LOG_COURIER_TEST_SHARD_1", "config", 1);
	start(service);
	await_exit(service, LC_EXIT_CONFIG);
}

static void a_slow_drain_is_abandoned_before_the_deadline(void **state)
{
	struct service *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	service->settings.shutdown_timeout_seconds = 2;
	start(service);
	await_ready(service);
	stop(service);
	assert_true(log_tells(service, "\"abandoned\":true"));
	assert_false(log_tells(service, "killing it"));
}

static void a_worker_that_does_not_drain_is_killed_at_the_deadline(void **state)
{
	struct service *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_1", "stubborn", 1);
	service->settings.shutdown_timeout_seconds = 1;
	start(service);
	await_ready(service);
	stop(service);
	assert_true(log_tells(service, "killing it"));
}

static bool draining(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_STOPPED &&
	       document->shards[1].state == LC_SHARD_STATE_DRAINING;
}

static void a_second_signal_hurries(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	service->settings.shutdown_timeout_seconds = 3600;
	start(service);
	await_ready(service);
	assert_int_equal(kill(service->pid, SIGINT), 0);
	document = await(service, draining);
	lc_status_document_free(&document);
	stop(service);
}

static bool first_backs_off(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_BACKING_OFF;
}

static void a_stop_does_not_wait_for_a_backoff(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "assert", 1);
	service->settings.supervisor_restart_initial_backoff_milliseconds = 60000;
	start(service);
	document = await(service, first_backs_off);
	assert_true(document.shards[0].next_start_seconds > 30);
	lc_status_document_free(&document);
	stop(service);
}

static void signals_to_a_worker_are_left_to_the_supervisor(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	start(service);
	document = await(service, all_ready);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGTERM), 0);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGINT), 0);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGHUP), 0);
	assert_int_equal(kill(service->pid, SIGHUP), 0);
	stop(service);
	assert_false(log_tells(service, "worker died"));
	lc_status_document_free(&document);
}

static void workers_end_when_their_supervisor_was_killed(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;
	int status;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	start(service);
	document = await(service, all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	await_end(service, service->pid);
	service->pid = 0;
	status = await_end(service, (pid_t)document.shards[0].pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK);
	status = await_end(service, (pid_t)document.shards[1].pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK);
	lc_status_document_free(&document);
}

static void even_a_hung_worker_ends_when_its_supervisor_was_killed(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;
	int status;

	setenv("LOG_COURIER_TEST_SHARD_0", "hang", 1);
	service->settings.supervisor_heartbeat_timeout_seconds = 3600;
	start(service);
	document = await(service, all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	await_end(service, service->pid);
	service->pid = 0;
	await_end(service, (pid_t)document.shards[1].pid);
	status = await_end(service, (pid_t)document.shards[0].pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGALRM);
	lc_status_document_free(&document);
}

static void a_second_service_on_a_state_directory_is_refused(void **state)
{
	struct service *service = *state;
	struct service second = *service;
	char socket[128];

	start(service);
	await_ready(service);
	snprintf(socket, sizeof(socket), "%s/run/second.sock", service->directory);
	second.settings.supervisor_socket = socket;
	start(&second);
	await_exit(&second, LC_EXIT_FAILURE);
	assert_true(log_tells(service, "belongs to another log-courier that is running"));
	stop(service);
}

static void a_socket_that_is_served_is_not_taken_away(void **state)
{
	struct service *service = *state;
	struct service second = *service;
	char directory[128];

	start(service);
	await_ready(service);
	snprintf(directory, sizeof(directory), "%s/state2", service->directory);
	second.settings.state_directory = directory;
	start(&second);
	await_exit(&second, LC_EXIT_FAILURE);
	assert_true(log_tells(service, "another service answers there"));
	await_ready(service);
	stop(service);
}

static void a_socket_left_by_a_dead_service_is_replaced(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	start(service);
	document = await(service, all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	await_end(service, service->pid);
	await_end(service, (pid_t)document.shards[0].pid);
	await_end(service, (pid_t)document.shards[1].pid);
	lc_status_document_free(&document);
	assert_int_equal(access(service->settings.supervisor_socket, F_OK), 0);
	start(service);
	await_ready(service);
	stop(service);
}

static bool has_file(const struct service *service, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", service->settings.state_directory, name);
	return access(path, F_OK) == 0;
}

static void another_number_of_shards_takes_the_ledgers_along(void **state)
{
	struct service *service = *state;

	start(service);
	await_ready(service);
	assert_true(has_file(service, "shard-1-of-2.db"));
	stop(service);
	service->settings.supervisor_shards = 3;
	start(service);
	await_ready(service);
	assert_true(log_tells(service, "the ledgers have been moved"));
	assert_false(has_file(service, "shard-1-of-2.db"));
	assert_true(has_file(service, "shard-2-of-3.db"));
	stop(service);
}

static void a_missing_ledger_has_an_exit_code_of_its_own(void **state)
{
	struct service *service = *state;
	char path[512];

	start(service);
	await_ready(service);
	stop(service);
	snprintf(path, sizeof(path), "%s/shard-1-of-2.db", service->settings.state_directory);
	assert_int_equal(unlink(path), 0);
	service->settings.supervisor_shards = 3;
	start(service);
	await_exit(service, LC_EXIT_LEDGER);
	assert_true(log_tells(service, "shard-1-of-2.db is missing"));
	assert_true(has_file(service, "shard-0-of-2.db"));
	service->settings.supervisor_shards = 2;
	start(service);
	await_ready(service);
	stop(service);
}

static void only_owned_shards_get_a_worker(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;

	service->settings.supervisor_shards = 3;
	replace(&service->settings.supervisor_owned_shards, "1-2");
	start(service);
	document = await(service, all_ready);
	assert_int_equal(document.shard_count, 3);
	assert_int_equal(document.shards_size, 2);
	assert_int_equal(document.shards[0].shard, 1);
	assert_int_equal(document.shards[1].shard, 2);
	lc_status_document_free(&document);
	stop(service);
}

static void name_of(int fd, char *name, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, size - 1);
	assert_true(length > 0);
	name[length] = '\0';
}

/* Every descriptor of a process as what /proc says of it, each on a line; to be freed. */
static char *descriptors_of(pid_t pid, unsigned *count)
{
	char path[64];
	char *text = lc_memory_zero(1, BODY_MAX);
	const struct dirent *entry;
	size_t used = 0;
	DIR *directory;

	*count = 0;
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		char link[320];
		char target[256];
		ssize_t size;

		snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		size = readlink(link, target, sizeof(target));
		if (size < 0)
			continue; /* . and .. */
		used += (size_t)snprintf(text + used, BODY_MAX - used, "%s %.*s\n", entry->d_name,
					 (int)size, target);
		++*count;
	}
	closedir(directory);
	return text;
}

/* The same once the process holds `count` of them: sanitizers open a pipe for moments. */
static char *settled_descriptors_of(pid_t pid, unsigned count)
{
	uint64_t deadline = lc_clock_monotonic_ms() + DEADLINE_MS;
	unsigned found;
	char *text = descriptors_of(pid, &found);

	while (found != count && lc_clock_monotonic_ms() < deadline) {
		free(text);
		usleep(PAUSE_US);
		text = descriptors_of(pid, &found);
	}
	if (found != count)
		print_error("%s", text);
	assert_int_equal(found, count);
	return text;
}

static unsigned count_lines_with(const char *text, const char *words)
{
	unsigned count = 0;

	for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
		count++;
	return count;
}

/* Shared anonymous memory of a process: its pages. */
static unsigned shared_mappings_of(pid_t pid)
{
	char line[512];
	unsigned count = 0;
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%ld/maps", (long)pid);
	maps = fopen(line, "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		count += strstr(line, "rw-s") != NULL;
	fclose(maps);
	return count;
}

static void a_worker_inherits_its_channel_its_page_and_the_lock_alone(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;
	char stray_name[64];
	int stray[2];

	assert_int_equal(pipe(stray), 0);
	name_of(stray[0], stray_name, sizeof(stray_name));
	start(service);
	document = await(service, all_ready);
	for (size_t i = 0; i < 2; i++) {
		/* stdin, stdout, stderr, channel, lock, and the event loop's own three */
		char *text = settled_descriptors_of((pid_t)document.shards[i].pid, 8);

		assert_int_equal(count_lines_with(text, "socket:"), 1);
		assert_int_equal(count_lines_with(text, "/state/lock\n"), 1);
		assert_int_equal(count_lines_with(text, "[eventpoll]"), 1);
		assert_int_equal(count_lines_with(text, "pipe:"), 2);
		assert_int_equal(count_lines_with(text, stray_name), 0);
		assert_int_equal(shared_mappings_of((pid_t)document.shards[i].pid), 1);
		free(text);
	}
	close(stray[0]);
	close(stray[1]);
	lc_status_document_free(&document);
	stop(service);
}

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

/* One GET by hand; the whole answer, to be freed. */
static char *get(int64_t port, const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
				      .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *answer = lc_memory_zero(1, BODY_MAX);
	size_t used = 0;
	ssize_t size;
	char request[128];

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while ((size = read(fd, answer + used, BODY_MAX - 1 - used)) > 0)
		used += (size_t)size;
	close(fd);
	return answer;
}

static void metrics_and_health_are_served(void **state)
{
	struct service *service = *state;
	struct lc_status_document document;
	char *answer;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	service->settings.metrics_server_enabled = true;
	service->settings.metrics_server_listen_port = free_port();
	start(service);
	document = await(service, first_failed);
	lc_status_document_free(&document);
	answer = get(service->settings.metrics_server_listen_port, "/metrics");
	assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(answer, "\nlog_courier_records_delivered_total{shard=\"1\"} 1\n"));
	assert_non_null(strstr(answer, "\nlog_courier_shard_up{shard=\"0\"} 0\n"));
	assert_non_null(strstr(answer, "\nlog_courier_shard_up{shard=\"1\"} 1\n"));
	assert_non_null(strstr(answer, "\nlog_courier_shard_restarts_total{shard=\"1\"} 0\n"));
	assert_non_null(strstr(answer, "\nlog_courier_healthy 0\n"));
	free(answer);
	answer = get(service->settings.metrics_server_listen_port, "/healthz");
	assert_non_null(strstr(answer, "HTTP/1.1 503 Service Unavailable\r\n"));
	assert_non_null(strstr(answer, "shard 0: the worker can not work with its settings"));
	free(answer);
	stop(service);
}

static void a_port_that_is_taken_is_told_at_once(void **state)
{
	struct service *service = *state;
	struct service second = *service;
	char path[2][128];

	service->settings.metrics_server_enabled = true;
	service->settings.metrics_server_listen_port = free_port();
	start(service);
	await_ready(service);
	second.settings = service->settings;
	snprintf(path[0], sizeof(path[0]), "%s/state2", service->directory);
	snprintf(path[1], sizeof(path[1]), "%s/run/second.sock", service->directory);
	second.settings.state_directory = path[0];
	second.settings.supervisor_socket = path[1];
	start(&second);
	await_exit(&second, LC_EXIT_FAILURE);
	assert_true(log_tells(service, "metrics-server.listen-port"));
	stop(service);
}

/* ---- asking shards ---- */

/* Asks and decodes; the document is to be freed. The status is 200 or 503. */
static struct lc_inspection inspect(const struct service *service, const char *method,
				    const char *target)
{
	struct lc_inspection document;
	struct lc_buffer body;
	struct lc_error error;

	lc_buffer_init(&body, BODY_MAX);
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
	struct service *service = *state;
	struct lc_inspection document;

	start(service);
	await_ready(service);
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
	stop(service);
}

static void a_source_is_asked_of_its_shard_alone(void **state)
{
	struct service *service = *state;
	struct lc_inspection document;

	service->settings.supervisor_shards = 3;
	replace(&service->settings.supervisor_owned_shards, "1-2");
	start(service);
	await_ready(service);
	document = inspect(service, "GET", "/v1/source?source=5/photos");
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(source_of(&document, 0)->shard, 2);
	lc_inspection_free(&document);
	document = inspect(service, "GET", "/v1/source?source=6/photos");
	expect_problem(&document, 0, "another machine delivers");
	lc_inspection_free(&document);
	stop(service);
}

static void a_shard_that_does_not_answer_holds_up_nobody_for_long(void **state)
{
	struct service *service = *state;
	struct lc_status_document status = {.healthy = false};
	struct lc_inspection document;
	uint64_t begin;

	setenv("LOG_COURIER_TEST_SHARD_0", "silent", 1);
	start(service);
	await_ready(service);
	begin = lc_clock_monotonic_ms();
	document = inspect(service, "GET", "/v1/sources");
	assert_true(lc_clock_monotonic_ms() - begin < 9000);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
	expect_problem(&document, 0, "shard 0 has not answered within 5 s");
	lc_inspection_free(&document);
	assert_true(get_status(service, &status));
	assert_true(status.healthy);
	lc_status_document_free(&status);
	stop(service);
}

static void a_worker_that_dies_while_it_is_asked_is_told(void **state)
{
	struct service *service = *state;
	struct lc_inspection document;

	setenv("LOG_COURIER_TEST_SHARD_1", "die-when-asked", 1);
	service->settings.supervisor_restart_initial_backoff_milliseconds = 60000;
	start(service);
	await_ready(service);
	for (unsigned i = 0; i < 2; i++) { /* dying, and dead */
		document = inspect(service, "GET", "/v1/sources");
		assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 1);
		expect_problem(&document, 1, "shard 1 is not running");
		lc_inspection_free(&document);
	}
	stop(service);
}

static void an_answer_that_is_too_long_is_cut(void **state)
{
	struct service *service = *state;
	struct lc_inspection document;

	setenv("LOG_COURIER_TEST_SHARD_0", "talkative", 1);
	start(service);
	await_ready(service);
	document = inspect(service, "GET", "/v1/sources?limit=1000");
	assert_int_equal(document.lists[LC_INSPECTION_PROBLEMS].count, 0);
	assert_true(document.lists[LC_INSPECTION_SOURCES].count > 100);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count + document.more, 2002);
	lc_inspection_free(&document);
	stop(service);
}

static void many_ask_at_the_same_time(void **state)
{
	enum { CLIENTS = 24 };
	struct service *service = *state;
	pid_t clients[CLIENTS];

	setenv("LOG_COURIER_TEST_SHARD_0", "talkative", 1);
	start(service);
	await_ready(service);
	for (unsigned i = 0; i < CLIENTS; i++) {
		fflush(stdout);
		clients[i] = fork();
		assert_true(clients[i] >= 0);
		if (clients[i] == 0) {
			struct lc_buffer body;

			lc_buffer_init(&body, BODY_MAX);
			_exit(!lc_client_ask(service->settings.supervisor_socket, "GET",
					     "/v1/sources?limit=1000", &body, NULL));
		}
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(await_end(service, clients[i]), 0);
	stop(service);
	assert_false(log_tells(service, "did not take"));
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
	    {"GET", "/v1/flush?all=1", "another method"},
	    {"POST", "/v1/sources", "another method"},
	    {"POST", "/v1/flush", "flush needs SESSION/BUCKET or --all"},
	    {"GET", "/v1/nothing", "status 404"},
	    {"POST", "/", "status 404"},
	};
	struct service *service = *state;

	start(service);
	await_ready(service);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct lc_buffer body;
		struct lc_error error;

		lc_buffer_init(&body, BODY_MAX);
		assert_false(lc_client_ask(service->settings.supervisor_socket, requests[i].method,
					   requests[i].target, &body, &error));
		if (strstr(error.message, requests[i].word) == NULL)
			fail_msg("%s: told instead: %s", requests[i].target, error.message);
		lc_buffer_free(&body);
	}
	stop(service);
}

/* Asks as a user who is neither root nor the service's; the exit code tells what came of it. */
_Noreturn static void ask_as_nobody(const struct service *service)
{
	const char *socket = service->settings.supervisor_socket;
	struct lc_buffer body;
	struct lc_error error;

	lc_buffer_init(&body, BODY_MAX);
	if (setgid(65534) < 0 || setuid(65534) < 0)
		_exit(1);
	if (!lc_client_ask(socket, "GET", "/v1/sources", &body, &error))
		_exit(2);
	lc_buffer_clear(&body);
	if (lc_client_ask(socket, "POST", "/v1/flush?all=1", &body, &error))
		_exit(3);
	_exit(error.kind == LC_ERROR_USAGE && strstr(error.message, "for root") != NULL ? 0 : 4);
}

static void only_root_and_the_services_user_may_change_something(void **state)
{
	struct service *service = *state;
	char path[128];
	pid_t nobody;

	if (geteuid() != 0)
		skip();
	start(service);
	await_ready(service);
	snprintf(path, sizeof(path), "%s/run", service->directory);
	assert_int_equal(chmod(service->directory, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(service->settings.supervisor_socket, 0666), 0);
	fflush(stdout);
	nobody = fork();
	assert_true(nobody >= 0);
	if (nobody == 0)
		ask_as_nobody(service);
	assert_int_equal(await_end(service, nobody), 0);
	stop(service);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    STORY(shards_become_ready_and_end_when_told),
	    STORY(a_worker_that_died_is_replaced_and_its_counters_stay),
	    STORY(a_failed_assertion_stands_in_the_obituary),
	    STORY(a_fault_stands_in_the_obituary),
	    STORY(a_worker_that_hangs_is_aborted_and_replaced),
	    STORY(a_worker_with_wrong_settings_is_not_started_anew),
	    STORY(a_service_without_a_working_shard_ends),
	    STORY(a_slow_drain_is_abandoned_before_the_deadline),
	    STORY(a_worker_that_does_not_drain_is_killed_at_the_deadline),
	    STORY(a_second_signal_hurries),
	    STORY(a_stop_does_not_wait_for_a_backoff),
	    STORY(signals_to_a_worker_are_left_to_the_supervisor),
	    STORY(workers_end_when_their_supervisor_was_killed),
	    STORY(even_a_hung_worker_ends_when_its_supervisor_was_killed),
	    STORY(a_second_service_on_a_state_directory_is_refused),
	    STORY(a_socket_that_is_served_is_not_taken_away),
	    STORY(a_socket_left_by_a_dead_service_is_replaced),
	    STORY(another_number_of_shards_takes_the_ledgers_along),
	    STORY(a_missing_ledger_has_an_exit_code_of_its_own),
	    STORY(only_owned_shards_get_a_worker),
	    STORY(a_worker_inherits_its_channel_its_page_and_the_lock_alone),
	    STORY(metrics_and_health_are_served),
	    STORY(a_port_that_is_taken_is_told_at_once),
	    STORY(all_shards_are_asked_and_their_answers_are_one),
	    STORY(a_source_is_asked_of_its_shard_alone),
	    STORY(a_shard_that_does_not_answer_holds_up_nobody_for_long),
	    STORY(a_worker_that_dies_while_it_is_asked_is_told),
	    STORY(an_answer_that_is_too_long_is_cut),
	    STORY(many_ask_at_the_same_time),
	    STORY(wrong_requests_are_refused_with_a_word),
	    STORY(only_root_and_the_services_user_may_change_something),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	/* What runs the test may have given it a pipe, which the story of descriptors would count.
	 */
	if (freopen("/dev/null", "r", stdin) == NULL)
		return 1;
	/* Workers whose supervisor was killed become ours, so that their end can be awaited. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
