/* The supervisor and its workers as real processes, with a shard that behaves as the test tells it
 * (tests/support/fake_shard.c). */
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/memory.h"
#include "ctl/client.h"
#include "formats/inspection.h"
#include "formats/status_document.h"
#include "support/patience.h"
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

static void shards_become_ready_and_end_when_told(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_true(document.healthy);
	assert_int_equal(document.shards_size, 2);
	assert_int_equal(document.shard_count, 2);
	assert_true(document.shards[0].pid > 0);
	assert_int_not_equal(document.shards[0].pid, document.shards[1].pid);
	assert_int_equal(document.shards[1].restarts, 0);
	assert_string_equal(document.shards[1].obituary, "");
	service_world_stop(service);
	assert_int_equal(kill((pid_t)document.shards[0].pid, 0), -1);
	assert_int_equal(access(service->settings.supervisor_socket, F_OK), -1);
	lc_status_document_free(&document);
}

enum { MEMORY_LIMIT = 192 << 20 };

static bool first_restarted(const struct lc_status_document *document)
{
	return document->shards[0].restarts >= 1 && service_world_all_ready(document);
}

static void a_worker_that_died_is_replaced_and_its_counters_stay(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "die-once", 1);
	service_world_start(service);
	document = service_world_await(service, first_restarted);
	assert_int_equal(document.shards[0].restarts, 1);
	assert_int_equal(document.shards[0].records_delivered, 2);
	assert_int_equal(document.shards[1].restarts, 0);
	assert_int_equal(document.shards[1].records_delivered, 1);
	assert_non_null(strstr(document.shards[0].obituary, "was ended by SIGKILL"));
	assert_true(document.healthy);
	lc_status_document_free(&document);
	assert_true(service_world_log_tells(service, "\"message\":\"worker died\""));
	service_world_stop(service);
}

static bool first_away(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_AWAY &&
	       document->shards[1].state == LC_SHARD_STATE_READY;
}

static void a_shard_that_another_machine_has_is_no_fault(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "taken-over", 1);
	service_world_start(service);
	document = service_world_await(service, first_away);
	assert_true(document.healthy);
	assert_string_equal(document.shards[0].obituary, "");
	assert_int_equal(document.shards[0].restarts, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static bool first_died_twice(const struct lc_status_document *document)
{
	return document->shards[0].restarts >= 2 && document->shards[0].obituary[0] != '\0';
}

static void a_failed_assertion_stands_in_the_obituary(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "assert", 1);
	service_world_start(service);
	document = service_world_await(service, first_died_twice);
	assert_non_null(strstr(document.shards[0].obituary, "SIGABRT"));
	assert_non_null(strstr(document.shards[0].obituary, "assertion failed: "));
	assert_non_null(strstr(document.shards[0].obituary, "while starting"));
	assert_false(document.healthy);
	assert_int_equal(document.findings[0].shard, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_fault_stands_in_the_obituary(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "fault", 1);
	service_world_start(service);
	document = service_world_await(service, first_died_twice);
	assert_non_null(
	    strstr(document.shards[0].obituary, "fault: invalid memory reference (SIGSEGV)"));
	assert_non_null(strstr(document.shards[0].obituary, "; at test_supervisor_processes+0x"));
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_worker_that_hangs_is_aborted_and_replaced(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "hang-once", 1);
	service->settings.supervisor_heartbeat_timeout_seconds = 2;
	service_world_start(service);
	document = service_world_await(service, first_restarted);
	assert_non_null(strstr(document.shards[0].obituary, "was ended by SIGABRT"));
	assert_non_null(strstr(document.shards[0].obituary, "while ready"));
	assert_non_null(strstr(document.shards[0].obituary, "it showed no sign of life for 2 s"));
	assert_int_equal(document.shards[1].restarts, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_worker_that_takes_too_much_memory_is_aborted_and_replaced(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "grow-once", 1);
	service->settings.limits_worker_memory_bytes = MEMORY_LIMIT;
	service_world_start(service);
	document = service_world_await(service, first_restarted);
	assert_non_null(strstr(document.shards[0].obituary, "was ended by SIGABRT"));
	assert_non_null(strstr(document.shards[0].obituary,
			       "bytes of memory, more than limits.worker-memory-bytes"));
	assert_int_equal(document.shards[1].restarts, 0);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_worker_with_wrong_settings_is_not_started_anew(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	service_world_start(service);
	document = service_world_await(service, service_world_first_failed);
	assert_int_equal(document.shards[0].restarts, 0);
	assert_int_equal(document.shards[0].pid, 0);
	assert_false(document.healthy);
	assert_non_null(strstr(document.findings[0].text, "s3.tls-ca-file does not load"));
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void a_service_without_a_working_shard_ends(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_0", "config", 1);
	setenv("LOG_COURIER_TEST_SHARD_1", "config", 1);
	service_world_start(service);
	service_world_await_exit(service, LC_EXIT_CONFIG);
}

static void a_service_whose_shards_have_damaged_ledgers_says_so(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_0", "damaged", 1);
	setenv("LOG_COURIER_TEST_SHARD_1", "damaged", 1);
	service_world_start(service);
	service_world_await_exit(service, LC_EXIT_LEDGER);
}

static void a_service_whose_shards_fail_for_different_causes_names_none(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_0", "damaged", 1);
	setenv("LOG_COURIER_TEST_SHARD_1", "config", 1);
	service_world_start(service);
	service_world_await_exit(service, LC_EXIT_FAILURE);
	assert_true(service_world_log_tells(service, "the ledger is damaged"));
	assert_true(service_world_log_tells(service, "s3.tls-ca-file does not load"));
}

static void shards_that_another_courier_has_delivered_stop(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_0", "outdated", 1);
	setenv("LOG_COURIER_TEST_SHARD_1", "outdated", 1);
	service_world_start(service);
	service_world_await_exit(service, LC_EXIT_CONFLICT);
}

static void a_shard_goes_on_from_another_couriers_offsets_if_it_may(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "outdated", 1);
	service->settings.ledger_when_behind = LC_LEDGER_WHEN_BEHIND_ADOPT;
	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(document.shards[0].records_delivered, 2);
	assert_int_equal(document.shards[0].restarts, 0);
	lc_status_document_free(&document);
	assert_true(service_world_log_tells(service, "\"rows_at_most\":42"));
	service_world_stop(service);
}

static void a_slow_drain_is_abandoned_before_the_deadline(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	service->settings.shutdown_timeout_seconds = 2;
	service_world_start(service);
	service_world_await_ready(service);
	service_world_stop(service);
	assert_true(service_world_log_tells(service, "\"abandoned\":true"));
	assert_false(service_world_log_tells(service, "killing a worker"));
}

static void a_worker_that_does_not_drain_is_killed_at_the_deadline(void **state)
{
	struct service_world *service = *state;

	setenv("LOG_COURIER_TEST_SHARD_1", "stubborn", 1);
	service->settings.shutdown_timeout_seconds = 1;
	service_world_start(service);
	service_world_await_ready(service);
	service_world_stop(service);
	assert_true(service_world_log_tells(service, "killing a worker"));
}

static bool draining(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_STOPPED &&
	       document->shards[1].state == LC_SHARD_STATE_DRAINING;
}

static void a_second_signal_hurries(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	service->settings.shutdown_timeout_seconds = 3600;
	service_world_start(service);
	service_world_await_ready(service);
	assert_int_equal(kill(service->pid, SIGINT), 0);
	document = service_world_await(service, draining);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static bool first_backs_off(const struct lc_status_document *document)
{
	return document->shards[0].state == LC_SHARD_STATE_BACKING_OFF;
}

static void a_stop_does_not_wait_for_a_backoff(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	setenv("LOG_COURIER_TEST_SHARD_0", "assert", 1);
	service->settings.supervisor_restart_initial_backoff_milliseconds = 60000;
	service_world_start(service);
	document = service_world_await(service, first_backs_off);
	assert_true(document.shards[0].next_start_seconds > 30);
	lc_status_document_free(&document);
	service_world_stop(service);
}

static void signals_to_a_worker_are_left_to_the_supervisor(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGTERM), 0);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGINT), 0);
	assert_int_equal(kill((pid_t)document.shards[0].pid, SIGHUP), 0);
	assert_int_equal(kill(service->pid, SIGHUP), 0);
	service_world_stop(service);
	assert_false(service_world_log_tells(service, "worker died"));
	lc_status_document_free(&document);
}

static void workers_end_when_their_supervisor_was_killed(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	int status;

	setenv("LOG_COURIER_TEST_SHARD_1", "slow-drain", 1);
	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	service_world_await_end(service, service->pid);
	service->pid = 0;
	status = service_world_await_end(service, (pid_t)document.shards[0].pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK);
	status = service_world_await_end(service, (pid_t)document.shards[1].pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK);
	lc_status_document_free(&document);
}

static void even_a_hung_worker_ends_when_its_supervisor_was_killed(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;
	int status;

	setenv("LOG_COURIER_TEST_SHARD_0", "hang", 1);
	service->settings.supervisor_heartbeat_timeout_seconds = 3600;
	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	service_world_await_end(service, service->pid);
	service->pid = 0;
	service_world_await_end(service, (pid_t)document.shards[1].pid);
	status = service_world_await_end(service, (pid_t)document.shards[0].pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGALRM);
	lc_status_document_free(&document);
}

static void a_second_service_on_a_state_directory_is_refused(void **state)
{
	struct service_world *service = *state;
	struct service_world second = *service;
	char socket[128];

	service_world_start(service);
	service_world_await_ready(service);
	snprintf(socket, sizeof(socket), "%s/run/second.sock", service->directory);
	second.settings.supervisor_socket = socket;
	service_world_start(&second);
	service_world_await_exit(&second, LC_EXIT_FAILURE);
	assert_true(
	    service_world_log_tells(service, "belongs to another log-courier that is running"));
	service_world_stop(service);
}

static void a_socket_that_is_served_is_not_taken_away(void **state)
{
	struct service_world *service = *state;
	struct service_world second = *service;
	char directory[128];

	service_world_start(service);
	service_world_await_ready(service);
	snprintf(directory, sizeof(directory), "%s/state2", service->directory);
	second.settings.state_directory = directory;
	service_world_start(&second);
	service_world_await_exit(&second, LC_EXIT_FAILURE);
	assert_true(service_world_log_tells(service, "another service answers there"));
	service_world_await_ready(service);
	service_world_stop(service);
}

static void a_socket_left_by_a_dead_service_is_replaced(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(kill(service->pid, SIGKILL), 0);
	service_world_await_end(service, service->pid);
	service_world_await_end(service, (pid_t)document.shards[0].pid);
	service_world_await_end(service, (pid_t)document.shards[1].pid);
	lc_status_document_free(&document);
	assert_int_equal(access(service->settings.supervisor_socket, F_OK), 0);
	service_world_start(service);
	service_world_await_ready(service);
	service_world_stop(service);
}

static void another_number_of_shards_takes_the_ledgers_along(void **state)
{
	struct service_world *service = *state;

	service_world_start(service);
	service_world_await_ready(service);
	assert_true(service_world_has_file(service, "shard-1-of-2.db"));
	service_world_stop(service);
	service->settings.supervisor_shards = 3;
	service_world_start(service);
	service_world_await_ready(service);
	assert_true(service_world_log_tells(service, "the ledgers have been moved"));
	assert_false(service_world_has_file(service, "shard-1-of-2.db"));
	assert_true(service_world_has_file(service, "shard-2-of-3.db"));
	service_world_stop(service);
}

static void a_missing_ledger_has_an_exit_code_of_its_own(void **state)
{
	struct service_world *service = *state;
	char path[512];

	service_world_start(service);
	service_world_await_ready(service);
	service_world_stop(service);
	snprintf(path, sizeof(path), "%s/shard-1-of-2.db", service->settings.state_directory);
	assert_int_equal(unlink(path), 0);
	service->settings.supervisor_shards = 3;
	service_world_start(service);
	service_world_await_exit(service, LC_EXIT_LEDGER);
	assert_true(service_world_log_tells(service, "shard-1-of-2.db is missing"));
	assert_true(service_world_has_file(service, "shard-0-of-2.db"));
	service->settings.supervisor_shards = 2;
	service_world_start(service);
	service_world_await_ready(service);
	service_world_stop(service);
}

static void only_owned_shards_get_a_worker(void **state)
{
	struct service_world *service = *state;
	struct lc_status_document document;

	service->settings.supervisor_shards = 3;
	service_world_replace(&service->settings.supervisor_owned_shards, "1-2");
	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
	assert_int_equal(document.shard_count, 3);
	assert_int_equal(document.shards_size, 2);
	assert_int_equal(document.shards[0].shard, 1);
	assert_int_equal(document.shards[1].shard, 2);
	lc_status_document_free(&document);
	service_world_stop(service);
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
	char *text = lc_memory_zero(1, SERVICE_WORLD_BODY_MAX);
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
		used += (size_t)snprintf(text + used, SERVICE_WORLD_BODY_MAX - used, "%s %.*s\n",
					 entry->d_name, (int)size, target);
		++*count;
	}
	closedir(directory);
	return text;
}

/* The same once the process holds `count` of them: sanitizers open a pipe for moments. */
static char *settled_descriptors_of(pid_t pid, unsigned count)
{
	struct patience patience = patience_for(SERVICE_WORLD_DEADLINE_MS);
	unsigned found;
	char *text = descriptors_of(pid, &found);

	while (found != count && patience_lasts(&patience)) {
		free(text);
		usleep(SERVICE_WORLD_PAUSE_US);
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
	struct service_world *service = *state;
	struct lc_status_document document;
	char stray_name[64];
	int stray[2];

	assert_int_equal(pipe(stray), 0);
	name_of(stray[0], stray_name, sizeof(stray_name));
	service_world_start(service);
	document = service_world_await(service, service_world_all_ready);
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
	service_world_stop(service);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SERVICE_STORY(shards_become_ready_and_end_when_told),
	    SERVICE_STORY(a_worker_that_died_is_replaced_and_its_counters_stay),
	    SERVICE_STORY(a_shard_that_another_machine_has_is_no_fault),
	    SERVICE_STORY(a_failed_assertion_stands_in_the_obituary),
	    SERVICE_STORY(a_fault_stands_in_the_obituary),
	    SERVICE_STORY(a_worker_that_hangs_is_aborted_and_replaced),
	    SERVICE_STORY(a_worker_that_takes_too_much_memory_is_aborted_and_replaced),
	    SERVICE_STORY(a_worker_with_wrong_settings_is_not_started_anew),
	    SERVICE_STORY(a_service_without_a_working_shard_ends),
	    SERVICE_STORY(a_service_whose_shards_have_damaged_ledgers_says_so),
	    SERVICE_STORY(a_service_whose_shards_fail_for_different_causes_names_none),
	    SERVICE_STORY(shards_that_another_courier_has_delivered_stop),
	    SERVICE_STORY(a_shard_goes_on_from_another_couriers_offsets_if_it_may),
	    SERVICE_STORY(a_slow_drain_is_abandoned_before_the_deadline),
	    SERVICE_STORY(a_worker_that_does_not_drain_is_killed_at_the_deadline),
	    SERVICE_STORY(a_second_signal_hurries),
	    SERVICE_STORY(a_stop_does_not_wait_for_a_backoff),
	    SERVICE_STORY(signals_to_a_worker_are_left_to_the_supervisor),
	    SERVICE_STORY(workers_end_when_their_supervisor_was_killed),
	    SERVICE_STORY(even_a_hung_worker_ends_when_its_supervisor_was_killed),
	    SERVICE_STORY(a_second_service_on_a_state_directory_is_refused),
	    SERVICE_STORY(a_socket_that_is_served_is_not_taken_away),
	    SERVICE_STORY(a_socket_left_by_a_dead_service_is_replaced),
	    SERVICE_STORY(another_number_of_shards_takes_the_ledgers_along),
	    SERVICE_STORY(a_missing_ledger_has_an_exit_code_of_its_own),
	    SERVICE_STORY(only_owned_shards_get_a_worker),
	    SERVICE_STORY(a_worker_inherits_its_channel_its_page_and_the_lock_alone),
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
