/* Ledgers of a service that does not run: checked, listed, removed. */
#include "ctl/ledger_files.h"

#include "ledger/ledger.h"
#include "support/former_ledger.h"
#include "support/story.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static char DIRECTORY[64];

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", DIRECTORY, name);
}

static void make_file(const char *name)
{
	char path[128];
	FILE *file;

	path_of(name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("not a ledger\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
	char path[128];

	path_of(name, path);
	return access(path, F_OK) == 0;
}

static void make_ledger(unsigned shard)
{
	char path[128];
	struct lc_ledger_options options = {.path = path,
					    .shard = shard,
					    .shard_count = 2,
					    .retry_ms = 10,
					    .gather_ms = LC_LEDGER_GATHER_MS};
	struct lc_ledger_state state = {.fresh = false};
	struct lc_loop *loop = lc_loop_new(NULL);
	struct lc_ledger *ledger;
	struct lc_error error;
	char name[32];

	snprintf(name, sizeof(name), "shard-%u-of-2.db", shard);
	path_of(name, path);
	ledger = lc_ledger_open(loop, &options, NULL, &state, NULL, NULL, &error);
	if (ledger == NULL)
		fail_msg("%s", error.message);
	lc_ledger_close(ledger);
	lc_loop_free(loop);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(DIRECTORY, sizeof(DIRECTORY), "/tmp/lc-ledgers-XXXXXX");
	assert_non_null(mkdtemp(DIRECTORY));
	make_file("lock");
	make_file("layout");
	make_ledger(0);
	make_ledger(1);
	return 0;
}

static int tear_down(void **state)
{
	DIR *directory = opendir(DIRECTORY);
	const struct dirent *entry;

	(void)state;
	while ((entry = readdir(directory)) != NULL) {
		char path[sizeof(DIRECTORY) + sizeof(entry->d_name)];

		snprintf(path, sizeof(path), "%s/%s", DIRECTORY, entry->d_name);
		(void)unlink(path);
	}
	closedir(directory);
	return rmdir(DIRECTORY);
}

static struct lc_ledger_files all(void)
{
	return (struct lc_ledger_files){.directory = DIRECTORY};
}

static struct lc_ledger_files only(unsigned shard)
{
	return (struct lc_ledger_files){.directory = DIRECTORY, .one = true, .shard = shard};
}

static bool check(const struct lc_ledger_files *files, bool json, bool *sound, char *text)
{
	struct lc_buffer said;
	struct lc_error error;
	bool done;

	lc_buffer_init(&said, 1 << 16);
	done = lc_ledger_files_check(files, json, &said, sound, &error);
	snprintf(text, 4096, "%s", done ? lc_buffer_text(&said) : error.message);
	lc_buffer_free(&said);
	return done;
}

static void sound_ledgers_are_told_in_their_order(void **state)
{
	struct lc_ledger_files files = all();
	char expected[512];
	char text[4096];
	bool sound;

	(void)state;
	assert_true(check(&files, false, &sound, text));
	assert_true(sound);
	snprintf(expected, sizeof(expected),
		 "%s/shard-0-of-2.db: sound\n%s/shard-1-of-2.db: sound\n", DIRECTORY, DIRECTORY);
	assert_string_equal(text, expected);
	files = only(1);
	assert_true(check(&files, true, &sound, text));
	snprintf(expected, sizeof(expected),
		 "{\"sound\":true,\"ledgers\":[{\"path\":\"%s/shard-1-of-2.db\",\"faults\":[]}]}\n",
		 DIRECTORY);
	assert_string_equal(text, expected);
}

static void a_damaged_ledger_does_not_hide_the_others(void **state)
{
	struct lc_ledger_files files = all();
	char text[4096];
	bool sound;

	(void)state;
	make_file("shard-0-of-2.db");
	assert_true(check(&files, false, &sound, text));
	assert_false(sound);
	assert_null(strstr(text, "shard-0-of-2.db: sound"));
	assert_non_null(strstr(text, "shard-1-of-2.db: sound"));
	assert_true(check(&files, true, &sound, text));
	assert_non_null(strstr(text, "{\"sound\":false,"));
}

/* A package was replaced, and the service has not been started since. */
static void a_ledger_of_an_earlier_release_is_not_called_damaged(void **state)
{
	struct lc_ledger_files files = all();
	char path[128];
	char text[4096];
	bool sound;

	(void)state;
	path_of("shard-0-of-2.db", path);
	assert_int_equal(unlink(path), 0);
	lc_former_ledger_make(path, 0, 2, LC_FORMER_LEDGER_CLOSED);
	assert_true(check(&files, false, &sound, text));
	assert_false(sound);
	assert_non_null(strstr(text, "shard-0-of-2.db: not checked: "));
	assert_non_null(strstr(text, "the service upgrades it to version 2"));
	assert_null(strstr(text, "damage"));
	assert_non_null(strstr(text, "shard-1-of-2.db: sound"));
	make_ledger(0);
	assert_true(check(&files, false, &sound, text));
	assert_true(sound);
}

static void no_ledger_at_all_is_an_error(void **state)
{
	struct lc_ledger_files files = only(7);
	char text[4096];
	bool sound;

	(void)state;
	assert_false(check(&files, false, &sound, text));
	assert_non_null(strstr(text, "--state-directory"));
	files.directory = "/nonexistent";
	assert_false(check(&files, false, &sound, text));
	assert_non_null(strstr(text, "/nonexistent"));
}

static bool reset(const struct lc_ledger_files *files, struct lc_error *error)
{
	struct lc_buffer said;
	bool done;

	lc_buffer_init(&said, 1 << 16);
	done = lc_ledger_files_reset(files, true, false, &said, error);
	if (done)
		assert_non_null(strstr(lc_buffer_text(&said), "delivered again"));
	lc_buffer_free(&said);
	return done;
}

static void a_reset_removes_the_ledgers_and_what_belongs_to_them(void **state)
{
	struct lc_ledger_files files = all();
	struct lc_error error;

	(void)state;
	make_file("shard-0-of-2.db-wal");
	make_file("shard-1-of-2.db.new");
	make_file("shard-0-of-4.db");
	make_file("shard-0-of-2.db.mine");
	assert_true(reset(&files, &error));
	assert_false(is_there("shard-0-of-2.db"));
	assert_false(is_there("shard-1-of-2.db"));
	assert_false(is_there("shard-0-of-2.db-wal"));
	assert_false(is_there("shard-1-of-2.db.new"));
	assert_false(is_there("shard-0-of-4.db"));
	assert_false(is_there("layout"));
	assert_true(is_there("lock"));
	assert_true(is_there("shard-0-of-2.db.mine"));
}

static void a_reset_of_one_shard_leaves_the_others(void **state)
{
	struct lc_ledger_files files = only(1);
	struct lc_error error;

	(void)state;
	assert_true(reset(&files, &error));
	assert_true(is_there("shard-0-of-2.db"));
	assert_false(is_there("shard-1-of-2.db"));
	assert_true(is_there("layout"));
}

static void a_running_service_keeps_its_ledgers(void **state)
{
	struct lc_ledger_files files = all();
	struct lc_error error;
	char path[128];
	int lock;

	(void)state;
	path_of("lock", path);
	lock = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_false(reset(&files, &error));
	assert_int_equal(error.kind, LC_ERROR_CONFLICT);
	assert_true(is_there("shard-0-of-2.db"));
	close(lock);
	assert_true(reset(&files, &error));
}

static void a_directory_of_no_service_is_left_alone(void **state)
{
	struct lc_ledger_files files = all();
	struct lc_error error;
	char path[128];

	(void)state;
	path_of("lock", path);
	assert_int_equal(unlink(path), 0);
	assert_false(reset(&files, &error));
	assert_non_null(strstr(error.message, "--state-directory"));
	assert_true(is_there("shard-0-of-2.db"));
}

static void a_script_has_to_agree(void **state)
{
	struct lc_ledger_files files = all();
	int input = dup(STDIN_FILENO);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct lc_buffer said;
	struct lc_error error;

	(void)state;
	dup2(null, STDIN_FILENO);
	lc_buffer_init(&said, 1 << 16);
	assert_false(lc_ledger_files_reset(&files, false, false, &said, &error));
	assert_non_null(strstr(error.message, "--yes"));
	assert_true(is_there("shard-0-of-2.db"));
	lc_buffer_free(&said);
	if (input >= 0) {
		dup2(input, STDIN_FILENO);
		close(input);
	}
	close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(sound_ledgers_are_told_in_their_order),
	    STORY(a_damaged_ledger_does_not_hide_the_others),
	    STORY(a_ledger_of_an_earlier_release_is_not_called_damaged),
	    STORY(no_ledger_at_all_is_an_error),
	    STORY(a_reset_removes_the_ledgers_and_what_belongs_to_them),
	    STORY(a_reset_of_one_shard_leaves_the_others),
	    STORY(a_running_service_keeps_its_ledgers),
	    STORY(a_directory_of_no_service_is_left_alone),
	    STORY(a_script_has_to_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
