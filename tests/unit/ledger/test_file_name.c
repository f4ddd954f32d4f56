#include "ledger/file_name.h"

#include "support/story.h"

#include <stdint.h>
#include <string.h>

static void names_of_ledgers_and_what_belongs_to_them_are_known(void **state)
{
	static const struct {
		const char *name;
		struct lc_file_name parsed;
	} CASES[] = {
	    {"shard-0-of-1.db", {0, 1, false, false}},
	    {"shard-10-of-65536.db", {10, 65536, false, false}},
	    {"shard-3-of-4.db-wal", {3, 4, false, true}},
	    {"shard-3-of-4.db-shm", {3, 4, false, true}},
	    {"shard-3-of-4.db-journal", {3, 4, false, true}},
	    {"shard-3-of-4.db.new", {3, 4, true, false}},
	    {"shard-3-of-4.db.part", {3, 4, true, false}},
	    {"shard-3-of-4.db.part-wal", {3, 4, true, true}},
	    {"shard-3-of-4.db.part.new", {3, 4, true, false}},
	    {"shard-3-of-4.db.part.new-journal", {3, 4, true, true}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct lc_file_name name;

		if (!lc_file_name_parse(CASES[i].name, &name))
			fail_msg("%s is not known", CASES[i].name);
		assert_int_equal(name.shard, CASES[i].parsed.shard);
		assert_int_equal(name.shard_count, CASES[i].parsed.shard_count);
		assert_int_equal(name.draft, CASES[i].parsed.draft);
		assert_int_equal(name.companion, CASES[i].parsed.companion);
	}
}

static void any_other_name_is_not_ours(void **state)
{
	static const char *const NAMES[] = {
	    "",
	    "shard",
	    "shard-",
	    "shard--of-4.db",
	    "shard-4-of-4.db",
	    "shard-0-of-0.db",
	    "shard-00-of-4.db",
	    "shard-0-of-04.db",
	    "shard--1-of-4.db",
	    "shard-+1-of-4.db",
	    "shard- 1-of-4.db",
	    "shard-1-of-65537.db",
	    "shard-4294967297-of-4294967298.db",
	    "shard-99999999999999999999-of-99999999999999999999.db",
	    "shard-1-of-4.dbx",
	    "shard-1-of-4.db.bak",
	    "shard-1-of-4.db-wal2",
	    "shard-1-of-4.db-",
	    "shard-1-of-4.db.new.part",
	    "Shard-1-of-4.db",
	    " shard-1-of-4.db",
	    "shard-1-of-4.db ",
	    "shard-1-of-4",
	    "lock",
	    "layout",
	};

	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct lc_file_name name;

		if (lc_file_name_parse(NAMES[i], &name))
			fail_msg("\"%s\" is taken for a ledger", NAMES[i]);
	}
}

static void a_path_is_what_is_parsed_again(void **state)
{
	char path[PATH_MAX];
	struct lc_file_name name;
	struct lc_error error;

	(void)state;
	assert_true(lc_file_name_path(path, "/state", 2, 7, ".part", &error));
	assert_string_equal(path, "/state/shard-2-of-7.db.part");
	assert_true(lc_file_name_parse(path + strlen("/state/"), &name));
	assert_int_equal(name.shard, 2);
	assert_int_equal(name.shard_count, 7);
}

static void a_path_that_is_too_long_is_told(void **state)
{
	char directory[PATH_MAX];
	char path[PATH_MAX];
	struct lc_error error;

	(void)state;
	memset(directory, 'd', sizeof directory - 1);
	directory[sizeof directory - 1] = '\0';
	assert_false(lc_file_name_path(path, directory, 2, 7, "", &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_ledgers_and_what_belongs_to_them_are_known),
	    cmocka_unit_test(any_other_name_is_not_ours),
	    cmocka_unit_test(a_path_is_what_is_parsed_again),
	    cmocka_unit_test(a_path_that_is_too_long_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
