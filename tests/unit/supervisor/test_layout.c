#include "supervisor/layout.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/memory.h"
#include "base/random.h"
#include "ledger/file_name.h"
#include "supervisor/state_directory.h"
#include "support/move_world.h"
#include "support/story.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OBJECTS = 6,
	KILLS = 25,
	TURNS_MAX = 400,
	LOCK_WAIT_MS = 10000,
	EXIT_REFUSED = 70, /* plus the kind of the error */
};

struct place {
	char directory[LC_MOVE_WORLD_PATH_SIZE];
	struct lc_settings settings;
	sigset_t before; /* the signal mask of the test */
};

static int set_up(void **state)
{
	struct place *place = lc_memory_zero(1, sizeof *place);
	sigset_t ours;

	lc_move_world_begin(place->directory);
	lc_settings_default(&place->settings);
	free(place->settings.state_directory);
	place->settings.state_directory = lc_memory_copy_text(place->directory);
	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigprocmask(SIG_BLOCK, &ours, &place->before);
	unsetenv("LOG_COURIER_TEST_CRASH_AT");
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	sigprocmask(SIG_SETMASK, &place->before, NULL);
	lc_move_world_end(place->directory);
	lc_settings_free(&place->settings);
	free(place);
	return 0;
}

static bool enforce(struct place *place, unsigned shards, struct lc_error *error)
{
	int lock = lc_state_directory_lock(place->directory, error);
	bool done;

	if (lock < 0)
		return false;
	fflush(stdout);
	fflush(stderr);
	place->settings.supervisor_shards = shards;
	done = lc_layout_enforce(&place->settings, lock, &place->before, error);
	close(lock);
	return done;
}

static void must_enforce(struct place *place, unsigned shards)
{
	struct lc_error error;

	if (!enforce(place, shards, &error))
		fail_msg("%s", error.message);
}

static void write_file(const struct place *place, const char *name, const char *content)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", place->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	fclose(file);
}

/* The number of shards in force, by what the layout file says. */
static unsigned read_layout(const struct place *place)
{
	char path[PATH_MAX];
	char content[64];
	struct lc_error error;
	unsigned shards;
	size_t size;
	FILE *file;

	snprintf(path, sizeof path, "%s/layout", place->directory);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(content, 1, sizeof content, file);
	fclose(file);
	if (!lc_layout_parse((struct lc_view){content, size}, &shards, &error))
		fail_msg("%s", error.message);
	return shards;
}

static void expect_content(const struct place *place, const char *expected)
{
	char *found = lc_move_world_dump(place->directory, read_layout(place));

	assert_string_equal(found, expected);
	free(found);
}

/* Only the layout in force is there. */
static void expect_tidy(const struct place *place, unsigned shards)
{
	char number[32];

	assert_int_equal(read_layout(place), shards);
	snprintf(number, sizeof number, "-of-%u.db", shards);
	assert_int_equal(lc_move_world_count_files(place->directory, "shard-"),
			 lc_move_world_count_files(place->directory, number));
	assert_int_equal(lc_move_world_count_files(place->directory, ".part"), 0);
	assert_int_equal(lc_move_world_count_files(place->directory, ".new"), 0);
}

/* ---- the layout file ---- */

static void a_layout_is_read_to_the_letter(void **state)
{
	static const struct {
		const char *text;
		int shards; /* -1: it is none */
	} CASES[] = {
	    {"log-courier 1\nshards 4\n", 4},
	    {"log-courier 1\nshards 0\n", 0},
	    {"log-courier 1\nshards 65536\n", 65536},
	    {"", -1},
	    {"\n", -1},
	    {"log-courier 1\n", -1},
	    {"log-courier 1\nshards ", -1},
	    {"log-courier 1\nshards \n", -1},
	    {"log-courier 1\nshards 4", -1},
	    {"log-courier 1\nshards 4\n\n", -1},
	    {"log-courier 1\nshards 4\nshards 5\n", -1},
	    {"log-courier 1\nshards -4\n", -1},
	    {"log-courier 1\nshards +4\n", -1},
	    {"log-courier 1\nshards 4 \n", -1},
	    {"log-courier 1\nshards 0x4\n", -1},
	    {"log-courier 1\nshards 65537\n", -1},
	    {"log-courier 1\nshards 4294967300\n", -1},
	    {"log-courier 1\nshards 99999999999999999999999999999999\n", -1},
	    {"log-courier 2\nshards 4\n", -1},
	    {"log-courier 1\r\nshards 4\r\n", -1},
	    {" log-courier 1\nshards 4\n", -1},
	    {"\xff\xfe\x00", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		/* On the heap, without a terminator, so that no byte after it can be read. */
		size_t size = strlen(CASES[i].text);
		char *text = malloc(size + 1);
		char *exact = realloc(text, size > 0 ? size : 1);
		struct lc_error error;
		unsigned shards;
		bool read;

		assert_non_null(exact);
		memcpy(exact, CASES[i].text, size);
		read = lc_layout_parse((struct lc_view){exact, size}, &shards, &error);
		assert_int_equal(read, CASES[i].shards >= 0);
		if (read)
			assert_int_equal(shards, CASES[i].shards);
		else
			assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		free(exact);
	}
}

static void any_cut_of_a_layout_is_none(void **state)
{
	static const char WHOLE[] = "log-courier 1\nshards 16\n";

	(void)state;
	for (size_t size = 0; size < sizeof WHOLE - 1; size++) {
		unsigned shards;

		assert_false(lc_layout_parse((struct lc_view){WHOLE, size}, &shards, NULL));
	}
}

/* ---- without a change ---- */

static void a_first_start_makes_layout_and_ledgers(void **state)
{
	struct place *place = *state;

	must_enforce(place, 3);
	expect_tidy(place, 3);
	expect_content(place, "");
	must_enforce(place, 3);
	expect_tidy(place, 3);
}

static void an_interrupted_first_start_begins_anew(void **state)
{
	struct place *place = *state;

	write_file(place, "layout", "log-courier 1\nshards 0\n");
	write_file(place, "shard-0-of-3.db", "half");
	write_file(place, "shard-1-of-3.db.part", "half");
	must_enforce(place, 2);
	expect_tidy(place, 2);
	expect_content(place, "");
}

static void ledgers_of_the_right_number_are_taken_on_without_a_layout(void **state)
{
	struct place *place = *state;
	char *before;

	lc_move_world_fill(place->directory, 3, 1, OBJECTS);
	before = lc_move_world_dump(place->directory, 3);
	must_enforce(place, 3);
	expect_tidy(place, 3);
	expect_content(place, before);
	free(before);
}

static void ledgers_of_another_number_are_not_touched_without_a_layout(void **state)
{
	struct place *place = *state;
	struct lc_error error;
	uint64_t before;

	lc_move_world_fill(place->directory, 3, 1, OBJECTS);
	write_file(place, "lock", "");
	before = lc_move_world_fingerprint(place->directory);
	assert_false(enforce(place, 4, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, "layout is missing"));
	assert_true(lc_move_world_fingerprint(place->directory) == before);
}

static void a_damaged_layout_is_refused(void **state)
{
	struct place *place = *state;
	struct lc_error error;
	uint64_t before;

	must_enforce(place, 3);
	write_file(place, "layout", "log-courier 7\nmerged yes\n");
	before = lc_move_world_fingerprint(place->directory);
	assert_false(enforce(place, 3, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, "/layout: "));
	assert_true(lc_move_world_fingerprint(place->directory) == before);
}

static void files_that_are_not_ours_stay(void **state)
{
	static const char *const NAMES[] = {
	    "shard-0-of-9.db.bak", "shard-0-of-9.dbx",     "shard-01-of-9.db",   "shard-9-of-9.db",
	    "shard-0-of-9",        "copy-shard-0-of-9.db", "shard-0-of-99999.db"};
	struct place *place = *state;

	must_enforce(place, 2);
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		write_file(place, NAMES[i], "kept");
	must_enforce(place, 3);
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		assert_true(lc_move_world_count_files(place->directory, NAMES[i]) > 0);
	assert_int_equal(lc_move_world_count_files(place->directory, "-of-2.db"), 0);
}

/* ---- changes ---- */

/* A directory with ledgers of `shards` shards; their content, to be freed. */
static char *begin_with(struct place *place, unsigned shards)
{
	char layout[64];

	lc_move_world_fill(place->directory, shards, 11, OBJECTS);
	snprintf(layout, sizeof layout, "log-courier 1\nshards %u\n", shards);
	write_file(place, "layout", layout);
	return lc_move_world_dump(place->directory, shards);
}

static void the_ledgers_follow_the_settings(void **state)
{
	static const unsigned COUNTS[] = {4, 1, 3, 5, 5, 4};
	struct place *place = *state;
	char *before = begin_with(place, 4);

	for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
		must_enforce(place, COUNTS[i]);
		expect_tidy(place, COUNTS[i]);
		expect_content(place, before);
	}
	free(before);
}

/* The new ledgers are in force by then: it cannot be taken back. */
static void a_former_ledger_that_can_not_be_removed_takes_nothing_back(void **state)
{
	struct place *place = *state;
	char *before;
	char path[PATH_MAX];

	must_enforce(place, 2);
	before = lc_move_world_dump(place->directory, 2);
	snprintf(path, sizeof path, "%s/shard-1-of-2.db-shm", place->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	must_enforce(place, 3);
	assert_int_equal(read_layout(place), 3);
	expect_content(place, before);
	assert_int_equal(rmdir(path), 0);
	must_enforce(place, 3);
	expect_tidy(place, 3);
	free(before);
}

static void a_missing_ledger_leaves_all_as_it_was(void **state)
{
	struct place *place = *state;
	char *before = begin_with(place, 4);
	struct lc_error error;
	char path[PATH_MAX];
	uint64_t print;

	write_file(place, "lock", "");
	assert_true(lc_file_name_path(path, place->directory, 2, 4, "", &error));
	assert_true(lc_file_name_remove_all(path, &error));
	print = lc_move_world_fingerprint(place->directory);
	assert_false(enforce(place, 3, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, "shard-2-of-4.db is missing"));
	assert_true(lc_move_world_fingerprint(place->directory) == print);
	free(before);
}

static void what_other_machines_need_stays(void **state)
{
	struct place *place = *state;
	char *before = begin_with(place, 4);

	free(place->settings.supervisor_owned_shards);
	place->settings.supervisor_owned_shards = lc_memory_copy_text("0");
	must_enforce(place, 2);
	assert_int_equal(read_layout(place), 2);
	assert_int_equal(lc_move_world_count_files(place->directory, "shard-0-of-2.db"), 1);
	assert_int_equal(lc_move_world_count_files(place->directory, "shard-1-of-2.db"), 0);
	assert_int_equal(lc_move_world_count_files(place->directory, "shard-0-of-4.db"), 0);
	assert_true(lc_move_world_count_files(place->directory, "shard-1-of-4.db") > 0);
	assert_int_equal(lc_move_world_count_files(place->directory, "shard-2-of-4.db"), 0);
	assert_true(lc_move_world_count_files(place->directory, "shard-3-of-4.db") > 0);
	free(before);
}

static void a_signal_ends_the_change_and_the_next_start_does_it(void **state)
{
	struct place *place = *state;
	char *before = begin_with(place, 4);
	struct lc_error error;

	kill(getpid(), SIGTERM); /* blocked: it is taken while the child works */
	assert_false(enforce(place, 3, &error));
	if (error.kind != LC_ERROR_CANCELLED)
		fail_msg("%s", error.message);
	expect_content(place, before);
	assert_int_equal(read_layout(place), 4);
	must_enforce(place, 3);
	expect_tidy(place, 3);
	expect_content(place, before);
	free(before);
}

/* ---- a service that dies ---- */

/* The last process that has the lock is gone. */
static void await_lock(const struct place *place)
{
	uint64_t end = lc_clock_monotonic_ms() + LOCK_WAIT_MS;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%s/lock", place->directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		assert_int_equal(errno, EWOULDBLOCK);
		assert_true(lc_clock_monotonic_ms() < end);
		usleep(1000);
	}
	close(fd);
}

/* Starts what stands for the service. It ends with 0 when the layout is in force. */
static pid_t start(struct place *place, unsigned shards)
{
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct lc_error error;

		_exit(enforce(place, shards, &error) ? 0 : EXIT_REFUSED + (int)error.kind);
	}
	return pid;
}

static int await_end(struct place *place, pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	await_lock(place);
	return status;
}

static void killed_at_any_moment_the_change_is_done_in_the_end(void **state)
{
	static const unsigned COUNTS[] = {3, 5, 1, 4};
	struct place *place = *state;
	char *before = begin_with(place, 4);
	struct lc_random random;
	uint64_t begun;
	uint64_t longest_us;
	unsigned kills = 0;
	unsigned done = 0;

	lc_random_seed(&random, 4711);
	begun = lc_clock_monotonic_ms();
	assert_int_equal(await_end(place, start(place, 6)), 0);
	longest_us = (lc_clock_monotonic_ms() - begun + 1) * 1000;
	for (unsigned turn = 0; kills < KILLS && turn < TURNS_MAX; turn++) {
		unsigned wanted = COUNTS[done % 4];
		pid_t pid = start(place, wanted);
		int status;

		usleep((useconds_t)(lc_random_next(&random) % (longest_us)));
		kill(pid, SIGKILL);
		status = await_end(place, pid);
		expect_content(place, before);
		if (WIFSIGNALED(status)) {
			kills++;
			continue;
		}
		assert_int_equal(WEXITSTATUS(status), 0);
		expect_tidy(place, wanted);
		done++;
	}
	print_message("killed %u times, %u changes were done meanwhile\n", kills, done);
	assert_int_equal(kills, KILLS);
	must_enforce(place, 2);
	expect_tidy(place, 2);
	expect_content(place, before);
	free(before);
}

/* At each of the points, the first and the second time that it is reached. */
static void killed_at_each_named_point_the_change_is_done_in_the_end(void **state)
{
#ifdef LC_CRASH_POINTS
	struct place *place = *state;
	char *before = begin_with(place, 4);
	unsigned wanted = 3;

	for (int point = LC_CRASH_POINT_MOVE_COPIED; point <= LC_CRASH_POINT_LAYOUT_REMOVED;
	     point++) {
		for (int times = 1; times <= 2; times++) {
			const char *text = lc_crash_point_text((enum lc_crash_point_name)point);
			char named[64];
			int status;

			snprintf(named, sizeof named, "%s:%d", text, times);
			setenv("LOG_COURIER_TEST_CRASH_AT", named, 1);
			status = await_end(place, start(place, wanted));
			unsetenv("LOG_COURIER_TEST_CRASH_AT");
			expect_content(place, before);
			/* Some are reached once. The child's death is the service's error. */
			if (times == 1 && !WIFSIGNALED(status) &&
			    WEXITSTATUS(status) != EXIT_REFUSED + LC_ERROR_SYSTEM)
				fail_msg("%s was not reached", named);
			assert_int_equal(await_end(place, start(place, wanted)), 0);
			expect_tidy(place, wanted);
			expect_content(place, before);
			wanted = wanted == 3 ? 4 : 3;
		}
	}
	free(before);
#else
	(void)state;
	skip();
#endif
}

static void a_full_disk_changes_nothing(void **state)
{
	static const rlim_t LIMITS[] = {1, 5000, 40000, 100000};
	struct place *place = *state;
	char *before = begin_with(place, 4);

	for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct rlimit limit = {.rlim_cur = LIMITS[i], .rlim_max = LIMITS[i]};
			struct lc_error error;

			signal(SIGXFSZ, SIG_IGN);
			if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
				_exit(1);
			_exit(enforce(place, 1, &error) ? 0 : EXIT_REFUSED + (int)error.kind);
		}
		assert_int_equal(WEXITSTATUS(await_end(place, pid)),
				 EXIT_REFUSED + LC_ERROR_SYSTEM);
		assert_int_equal(read_layout(place), 4);
		expect_content(place, before);
	}
	must_enforce(place, 1);
	expect_tidy(place, 1);
	expect_content(place, before);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_layout_is_read_to_the_letter),
	    cmocka_unit_test(any_cut_of_a_layout_is_none),
	    STORY(a_first_start_makes_layout_and_ledgers),
	    STORY(an_interrupted_first_start_begins_anew),
	    STORY(ledgers_of_the_right_number_are_taken_on_without_a_layout),
	    STORY(ledgers_of_another_number_are_not_touched_without_a_layout),
	    STORY(a_damaged_layout_is_refused),
	    STORY(files_that_are_not_ours_stay),
	    STORY(the_ledgers_follow_the_settings),
	    STORY(a_former_ledger_that_can_not_be_removed_takes_nothing_back),
	    STORY(a_missing_ledger_leaves_all_as_it_was),
	    STORY(what_other_machines_need_stays),
	    STORY(a_signal_ends_the_change_and_the_next_start_does_it),
	    STORY(killed_at_any_moment_the_change_is_done_in_the_end),
	    STORY(killed_at_each_named_point_the_change_is_done_in_the_end),
	    STORY(a_full_disk_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
