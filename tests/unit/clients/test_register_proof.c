#include "clients/register_proof.h"

#include "support/register_world.h"
#include "support/story.h"

#include <string.h>

#define STEPS(...) ((const struct register_step[]){__VA_ARGS__, {.kind = REGISTER_END}})
#define DESCRIBE "FROM system.tables WHERE database = 'logs' AND name = 'courier_heads'"
#define INSERT "INSERT INTO `logs`.`courier_heads`"
#define UPDATE "ALTER TABLE `logs`.`courier_heads`"
#define SELECT "FROM `logs`.`courier_heads` WHERE name = '/proof'"
#define TABLE(engine, key)                                                           \
	{                                                                            \
		.expect = DESCRIBE, .kind = REGISTER_ROWS, .rows = { {engine, key} } \
	}
#define ROW(content)                                                                     \
	{                                                                                \
		.expect = SELECT, .kind = REGISTER_ROWS, .rows = { {"/proof", content} } \
	}
#define ECHO                                                                          \
	{                                                                             \
		.expect = SELECT, .kind = REGISTER_ECHO, .rows = { {"/proof", NULL} } \
	}
#define REFUSED(text)                                                \
	{                                                            \
		.expect = (text), .kind = REGISTER_CODE, .code = 999 \
	}

static void take(void *context, const struct lc_error *error)
{
	struct register_world *world = context;

	world->done++;
	world->error = *error;
	lc_loop_stop(world->loop);
}

static void prove(struct register_world *world, bool swaps, const struct register_step *steps)
{
	(void)lc_register_proof_start(world->reg, swaps, take, world);
	register_world_finish(world, steps);
}

static void assert_refused(const struct register_world *world, enum lc_error_kind kind,
			   const char *words)
{
	assert_int_equal(world->error.kind, kind);
	assert_non_null(strstr(world->error.message, "logs.courier_heads"));
	if (strstr(world->error.message, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, world->error.message);
}

static void a_register_is_proven(void **state)
{
	struct register_world *world = *state;

	prove(world, true,
	      STEPS(TABLE("KeeperMap", "name"), REFUSED(INSERT), ROW("theirs"), REFUSED(INSERT),
		    ROW("theirs"), {.expect = UPDATE, .kind = REGISTER_OK}, ROW("another's")));
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_non_null(strstr(world->sql[5], "AND value = 'theirs'"));
	prove(world, false,
	      STEPS(TABLE("KeeperMap", "name"), {.expect = INSERT, .kind = REGISTER_OK}, ECHO,
		    REFUSED(INSERT), ROW("ours")));
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
}

static void a_table_of_another_kind_is_refused(void **state)
{
	struct register_world *world = *state;

	prove(world, true, STEPS(TABLE("MergeTree", "name")));
	assert_refused(world, LC_ERROR_USAGE, "its engine is MergeTree and must be KeeperMap");
	prove(world, true, STEPS(TABLE("KeeperMap", "value")));
	assert_refused(world, LC_ERROR_USAGE, "its primary key is value and must be name");
	prove(world, true, STEPS({.expect = DESCRIBE, .kind = REGISTER_ROWS}));
	assert_refused(world, LC_ERROR_USAGE, "there is no table logs.courier_heads, or");
}

static void what_cannot_be_found_out_is_told(void **state)
{
	struct register_world *world = *state;

	prove(world, true, STEPS({.expect = DESCRIBE, .kind = REGISTER_CODE, .code = 497}));
	assert_refused(world, LC_ERROR_REFUSED, "; grant the user");
	prove(world, true,
	      STEPS(TABLE("KeeperMap", "name"), REFUSED(INSERT), ROW("theirs"), REFUSED(INSERT),
		    ROW("theirs"), {.expect = UPDATE, .kind = REGISTER_OK},
		    {.expect = SELECT, .kind = REGISTER_ROWS}));
	assert_refused(world, LC_ERROR_CONFLICT, "nobody may delete rows");
}

static void a_table_whose_rows_are_replaced_is_refused(void **state)
{
	struct register_world *world = *state;

	prove(world, true,
	      STEPS(TABLE("KeeperMap", "name"), {.expect = INSERT, .kind = REGISTER_OK}, ECHO,
		    {.expect = INSERT, .kind = REGISTER_OK}, ECHO));
	assert_refused(world, LC_ERROR_USAGE, "was replaced by an INSERT");
}

static void a_proof_can_be_cancelled(void **state)
{
	struct register_world *world = *state;

	world->steps = STEPS({.expect = DESCRIBE, .kind = REGISTER_NOTHING});
	lc_register_proof_cancel(lc_register_proof_start(world->reg, true, take, world));
	assert_int_equal(world->done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REGISTER_STORY(a_register_is_proven),
	    REGISTER_STORY(a_table_of_another_kind_is_refused),
	    REGISTER_STORY(a_table_whose_rows_are_replaced_is_refused),
	    REGISTER_STORY(what_cannot_be_found_out_is_told),
	    REGISTER_STORY(a_proof_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
