/* The supervisor and its workers as real processes: see service_world.h. */
#include "support/service_world.h"

#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/memory.h"
#include "config/settings_yaml.h"
#include "ctl/client.h"
#include "supervisor/supervisor.h"
#include "support/config_case.h"
#include "support/patience.h"
#include "support/story.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void service_world_replace(char **text, const char *value)
{
	free(*text);
	*text = lc_memory_copy_text(value);
}

int service_world_set_up(void **state)
{
	struct service_world *service = lc_memory_zero(1, sizeof(*service));
	char path[128];

	snprintf(service->directory, sizeof(service->directory), "/tmp/lc-supervisor-XXXXXX");
	assert_non_null(mkdtemp(service->directory));
	lc_settings_default(&service->settings);
	snprintf(path, sizeof(path), "%s/state", service->directory);
	service_world_replace(&service->settings.state_directory, path);
	snprintf(path, sizeof(path), "%s/run/control.sock", service->directory);
	service_world_replace(&service->settings.supervisor_socket, path);
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

/* What a reload finds: the settings of the service_world_start, and over them those of the file
 * "next", if there is one. */
static bool load(void *context, struct lc_settings *settings, struct lc_error *error)
{
	const struct service_world *service = context;
	struct lc_errors errors = {0};
	char path[128];

	config_case_copy(settings, &service->settings);
	snprintf(path, sizeof(path), "%s/next", service->directory);
	if (access(path, R_OK) != 0 || lc_settings_yaml_read(settings, path, &errors))
		return true;
	lc_errors_summarize(&errors, error);
	lc_errors_free(&errors);
	lc_settings_free(settings);
	return false;
}

void service_world_start(struct service_world *service)
{
	struct lc_supervisor_configuration configuration = {
	    .settings = &service->settings, .load = load, .context = service};
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
		_exit(lc_supervisor_run(&configuration));
	}
}

/* The whole log as text; to be freed. */
char *service_world_read_log(const struct service_world *service)
{
	char path[128];
	char *text = lc_memory_zero(1, SERVICE_WORLD_BODY_MAX);
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", service->directory);
	file = fopen(path, "r");
	if (file != NULL) {
		assert_true(fread(text, 1, SERVICE_WORLD_BODY_MAX - 1, file) <
			    SERVICE_WORLD_BODY_MAX);
		fclose(file);
	}
	return text;
}

bool service_world_log_tells(const struct service_world *service, const char *words)
{
	char *text = service_world_read_log(service);
	bool told = strstr(text, words) != NULL;

	free(text);
	return told;
}

void service_world_show_log(const struct service_world *service)
{
	char *text = service_world_read_log(service);

	print_error("%s", text);
	free(text);
}

bool service_world_get_status(const struct service_world *service,
			      struct lc_status_document *document)
{
	struct lc_buffer body;
	bool got;

	lc_buffer_init(&body, SERVICE_WORLD_BODY_MAX);
	got =
	    lc_client_ask(service->settings.supervisor_socket, "GET", "/v1/status", &body, NULL) &&
	    lc_status_document_decode(lc_buffer_view(&body), document, NULL);
	lc_buffer_free(&body);
	return got;
}

/* Asks until the condition holds. The document is to be freed. */
struct lc_status_document service_world_await(const struct service_world *service,
					      service_world_condition *holds)
{
	struct patience patience = patience_for(SERVICE_WORLD_DEADLINE_MS);
	struct lc_status_document document = {.shards = NULL};

	while (patience_lasts(&patience)) {
		if (service_world_get_status(service, &document)) {
			if (holds(&document))
				return document;
			lc_status_document_free(&document);
		}
		usleep(SERVICE_WORLD_PAUSE_US);
	}
	service_world_show_log(service);
	fail_msg("the awaited state did not come");
	return document;
}

bool service_world_all_ready(const struct lc_status_document *document)
{
	return document->ready_shards == document->shards_size;
}

void service_world_await_ready(const struct service_world *service)
{
	struct lc_status_document document = service_world_await(service, service_world_all_ready);

	lc_status_document_free(&document);
}

/* Waits for a child (or adopted grandchild) to end; its wait status. */
int service_world_await_end(const struct service_world *service, pid_t pid)
{
	struct patience patience = patience_for(SERVICE_WORLD_DEADLINE_MS);
	int status;

	while (patience_lasts(&patience)) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(SERVICE_WORLD_PAUSE_US);
	}
	service_world_show_log(service);
	fail_msg("process %ld did not end", (long)pid);
	return -1;
}

void service_world_await_exit(struct service_world *service, int code)
{
	int status = service_world_await_end(service, service->pid);

	service->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		service_world_show_log(service);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

void service_world_stop(struct service_world *service)
{
	assert_int_equal(kill(service->pid, SIGTERM), 0);
	service_world_await_exit(service, LC_EXIT_OK);
}

int service_world_tear_down(void **state)
{
	struct service_world *service = *state;

	if (service->pid > 0) {
		kill(service->pid, SIGKILL);
		service_world_await_end(service, service->pid);
	}
	remove_directory(service->directory);
	lc_settings_free(&service->settings);
	free(service);
	return 0;
}

bool service_world_has_file(const struct service_world *service, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", service->settings.state_directory, name);
	return access(path, F_OK) == 0;
}

bool service_world_first_failed(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_FAILED &&
	       document->shards[1].state == LC_SHARD_STATE_READY;
}
