#include "clients/register.h"

#include "support/register_world.h"
#include "support/story.h"

#include <string.h>

#define STEPS(...) ((const struct register_step[]){__VA_ARGS__, {.kind = REGISTER_END}})
#define UPDATE                                                                                   \
	"ALTER TABLE `logs`.`courier_heads` UPDATE value = 'new' WHERE name = 's0' AND value = " \
	"'old'"
#define INSERT "INSERT INTO `logs`.`courier_heads` (name, value)"
#define SELECT "FROM `logs`.`courier_heads` WHERE name = 's0'"
#define ROW(content)                                                                 \
	{                                                                            \
		.expect = SELECT, .kind = REGISTER_ROWS, .rows = { {"s0", content} } \
	}
#define NO_ROW                                          \
	{                                               \
		.expect = SELECT, .kind = REGISTER_ROWS \
	}
#define OK(text)                                      \
	{                                             \
		.expect = (text), .kind = REGISTER_OK \
	}
#define CODE(text, number)                                                \
	{                                                                 \
		.expect = (text), .kind = REGISTER_CODE, .code = (number) \
	}
#define CUT(text)                                      \
	{                                              \
		.expect = (text), .kind = REGISTER_CUT \
	}
#define NOTHING(text)                                      \
	{                                                  \
		.expect = (text), .kind = REGISTER_NOTHING \
	}

static void assert_outcome(const struct register_world *world, enum lc_register_outcome outcome,
			   const char *value)
{
	assert_string_equal(world->error.message, "");
	assert_int_equal(world->outcome, outcome);
	assert_string_equal(world->value, value);
}

static void assert_unknown(const struct register_world *world, enum lc_error_kind kind,
			   const char *words)
{
	assert_int_equal(world->outcome, LC_REGISTER_UNKNOWN);
	assert_int_equal(world->error.kind, kind);
	assert_non_null(strstr(world->error.message, "logs.courier_heads: "));
	assert_non_null(strstr(world->error.message, "http://127.0.0.1:"));
	if (strstr(world->error.message, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, world->error.message);
}

/* ---- reads ---- */

static void read_s0(struct register_world *world, const struct register_step *steps)
{
	lc_register_read(world->reg, lc_view_of("s0"), register_world_take, world);
	register_world_finish(world, steps);
}

static void a_read_tells_value_or_absence(void **state)
{
	struct register_world *world = *state;

	read_s0(world, STEPS(ROW("V")));
	assert_outcome(world, LC_REGISTER_DONE, "V");
	read_s0(world, STEPS(ROW("")));
	assert_outcome(world, LC_REGISTER_DONE, "");
	read_s0(world, STEPS(NO_ROW));
	assert_outcome(world, LC_REGISTER_ABSENT, "");
}

static void a_read_that_fails_is_unknown_and_the_next_asks_another_server(void **state)
{
	struct register_world *world = *state;
	unsigned first;

	read_s0(world, STEPS(ROW("V")));
	first = world->last;
	read_s0(world, STEPS(ROW("V")));
	assert_int_equal(world->last, first);
	read_s0(world, STEPS(CODE(SELECT, 999)));
	assert_unknown(world, LC_ERROR_REFUSED, "; make sure that ClickHouse reaches its Keeper");
	assert_int_equal(world->error.code, 999);
	read_s0(world, STEPS(ROW("V")));
	assert_int_not_equal(world->last, first);
}

static void errors_say_what_to_do(void **state)
{
	struct register_world *world = *state;

	read_s0(world, STEPS(CODE(SELECT, 497)));
	assert_unknown(world, LC_ERROR_REFUSED,
		       "; grant the user SELECT, INSERT and ALTER UPDATE on the table");
	read_s0(world, STEPS(CODE(SELECT, 60)));
	assert_unknown(world, LC_ERROR_REFUSED, "; create the table with the engine KeeperMap");
	read_s0(world, STEPS(CUT(SELECT)));
	assert_unknown(world, LC_ERROR_UNREACHABLE, "; make sure that the server is running");
}

static void what_is_not_answered_in_time_is_unknown(void **state)
{
	struct register_world *world = *state;

	read_s0(world, STEPS(NOTHING(SELECT)));
	assert_unknown(world, LC_ERROR_UNREACHABLE, "; make sure that the server is running");
}

static void an_answer_that_is_none_is_unknown(void **state)
{
	struct register_world *world = *state;

	read_s0(world, STEPS({.expect = SELECT, .kind = REGISTER_OK}));
	assert_unknown(world, LC_ERROR_CORRUPT, "not what was asked for");
	read_s0(world, STEPS({.expect = SELECT,
			      .kind = REGISTER_RAW,
			      .raw = lc_view_of("<html>Please sign in</html>")}));
	assert_unknown(world, LC_ERROR_CORRUPT, "not what was asked for");
	read_s0(world, STEPS({.expect = SELECT, .kind = REGISTER_ROWS, .rows = {{"s1", "V"}}}));
	assert_unknown(world, LC_ERROR_CORRUPT, "other rows than asked for");
	read_s0(
	    world,
	    STEPS({.expect = SELECT, .kind = REGISTER_ROWS, .rows = {{"s0", "V"}, {"s0", "W"}}}));
	assert_unknown(world, LC_ERROR_CORRUPT, "other rows than asked for");
}

static void an_endless_answer_is_cut(void **state)
{
	struct register_world *world = *state;
	static char endless[4 * 1024 * 1024];

	read_s0(world, STEPS({.expect = SELECT,
			      .kind = REGISTER_RAW,
			      .raw = {.data = endless, .size = sizeof(endless)}}));
	assert_unknown(world, LC_ERROR_CORRUPT, "longer than any of ours");
}

static void all_rows_come_in_one_read(void **state)
{
	struct register_world *world = *state;

	lc_register_read_all(world->reg, lc_view_of("m'"), register_world_take, world);
	register_world_finish(world,
			      STEPS({.expect = "startsWith(name, 'm\\'') AND name != '/proof'",
				     .kind = REGISTER_ROWS,
				     .rows = {{"m'1", "a"}, {"m'2", "b"}}}));
	assert_outcome(world, LC_REGISTER_DONE, "");
	assert_string_equal(world->names, "m'1=a m'2=b ");
	lc_register_read_all(world->reg, lc_view_of(""), register_world_take, world);
	register_world_finish(world,
			      STEPS({.expect = "startsWith(name, '') AND", .kind = REGISTER_ROWS}));
	assert_outcome(world, LC_REGISTER_DONE, "");
	assert_int_equal(world->rows, 0);
}

/* ---- swaps ---- */

static void swap(struct register_world *world, const struct register_step *steps)
{
	lc_register_swap(world->reg, lc_view_of("s0"), lc_view_of("old"), lc_view_of("new"),
			 register_world_take, world);
	register_world_finish(world, steps);
}

static void a_swap_is_done_when_its_value_is_read(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(OK(UPDATE), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	assert_non_null(strstr(world->sql[0], "keeper_map_strict_mode=1"));
	assert_non_null(strstr(world->sql[0], "insert_keeper_max_retries=0"));
}

static void a_swap_whose_answer_was_lost_is_read_as_well(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(CUT(UPDATE), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	swap(world, STEPS(CODE(UPDATE, 999), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
}

static void a_swap_that_is_not_answered_in_time_is_read_as_well(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(NOTHING(UPDATE), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
}

static void an_answer_200_alone_proves_nothing(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(OK(UPDATE), ROW("another's")));
	assert_outcome(world, LC_REGISTER_OTHER, "another's");
	swap(world, STEPS(OK(UPDATE), NO_ROW));
	assert_outcome(world, LC_REGISTER_ABSENT, "");
	swap(world, STEPS(OK(UPDATE), ROW("old"), OK(UPDATE), ROW("old"), OK(UPDATE), ROW("old")));
	assert_unknown(world, LC_ERROR_CONFLICT, "what is read has not changed");
}

static void a_swap_that_has_changed_nothing_is_tried_again(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(CODE(UPDATE, 999), ROW("old"), OK(UPDATE), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	swap(world, STEPS(CODE(UPDATE, 999), ROW("old"), CODE(UPDATE, 999), ROW("old"),
			  CODE(UPDATE, 999), ROW("old")));
	assert_unknown(world, LC_ERROR_REFUSED, "; make sure that ClickHouse reaches its Keeper");
}

static void a_swap_moves_to_another_server_when_it_cannot_read(void **state)
{
	struct register_world *world = *state;

	swap(world, STEPS(CUT(UPDATE), CUT(SELECT), OK(UPDATE), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	assert_int_equal(world->served[0], 2);
	assert_int_equal(world->served[1], 2);
	swap(world,
	     STEPS(CUT(UPDATE), CUT(SELECT), CUT(UPDATE), CUT(SELECT), CUT(UPDATE), CUT(SELECT)));
	assert_unknown(world, LC_ERROR_UNREACHABLE, "; make sure that the server is running");
}

static void any_byte_may_stand_in_a_value(void **state)
{
	struct register_world *world = *state;

	lc_register_swap(world->reg, lc_view_of("s0"), lc_view_of("it's"),
			 (struct lc_view){.data = "a\\\0b'; DROP", .size = 11}, register_world_take,
			 world);
	register_world_finish(
	    world, STEPS({.expect = "value = 'a\\\\\\0b\\'; DROP' WHERE name = 's0' AND value = "
				    "'it\\'s' SETTINGS",
			  .kind = REGISTER_OK},
			 ROW("x")));
	assert_outcome(world, LC_REGISTER_OTHER, "x");
}

/* ---- making and putting ---- */

static void create(struct register_world *world, const struct register_step *steps)
{
	lc_register_create(world->reg, lc_view_of("s0"), lc_view_of("new"), register_world_take,
			   world);
	register_world_finish(world, steps);
}

static void a_row_is_made_once(void **state)
{
	struct register_world *world = *state;

	create(world, STEPS(OK(INSERT), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	assert_non_null(strstr(world->sql[0], "keeper_map_strict_mode=1"));
	assert_non_null(strstr(world->sql[0], " SELECT 's0', 'new'"));
	create(world, STEPS(CODE(INSERT, 999), ROW("old")));
	assert_outcome(world, LC_REGISTER_OTHER, "old");
	create(world, STEPS(CUT(INSERT), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	create(world, STEPS(CODE(INSERT, 999), NO_ROW, OK(INSERT), ROW("new")));
	assert_outcome(world, LC_REGISTER_DONE, "new");
	create(world, STEPS(CODE(INSERT, 497), NO_ROW, CODE(INSERT, 497), NO_ROW, CODE(INSERT, 497),
			    NO_ROW));
	assert_unknown(world, LC_ERROR_REFUSED, "; grant the user");
}

static void put(struct register_world *world, const struct register_step *steps)
{
	lc_register_put(world->reg, lc_view_of("s0"), lc_view_of("new"), register_world_take,
			world);
	register_world_finish(world, steps);
}

static void a_put_is_believed_and_tried_once(void **state)
{
	struct register_world *world = *state;
	unsigned first;

	put(world, STEPS(OK(INSERT)));
	assert_outcome(world, LC_REGISTER_DONE, "");
	assert_non_null(strstr(world->sql[0], "keeper_map_strict_mode=0"));
	first = world->last;
	put(world, STEPS(CUT(INSERT)));
	assert_unknown(world, LC_ERROR_UNREACHABLE, "");
	put(world, STEPS(OK(INSERT)));
	assert_int_not_equal(world->last, first);
}

/* ---- life ---- */

static void stop(void *context)
{
	struct register_world *world = context;

	lc_loop_stop(world->loop);
}

static void a_cancelled_request_calls_nobody(void **state)
{
	struct register_world *world = *state;
	struct lc_loop_timer *timer = lc_loop_timer_new(world->loop, stop, world);
	struct lc_register_request *request;

	/* in its pause after the first attempt, and in a statement */
	world->steps = STEPS(CODE(UPDATE, 999), ROW("old"));
	request = lc_register_swap(world->reg, lc_view_of("s0"), lc_view_of("old"),
				   lc_view_of("new"), register_world_take, world);
	while (world->asked < 2) {
		lc_loop_timer_start(timer, 10);
		lc_loop_run(world->loop);
	}
	lc_register_cancel(request);
	world->steps = STEPS(NOTHING(SELECT), NOTHING(SELECT));
	world->asked = 0;
	request = lc_register_read(world->reg, lc_view_of("s0"), register_world_take, world);
	while (world->asked < 1) {
		lc_loop_timer_start(timer, 10);
		lc_loop_run(world->loop);
	}
	lc_register_cancel(request);
	lc_loop_timer_free(timer);
	assert_int_equal(world->done, 0);
	/* one that is under way ends with the register */
	lc_register_read(world->reg, lc_view_of("s0"), register_world_take, world);
}

static void two(void *context, const struct lc_register_answer *answer)
{
	struct register_world *world = context;
	unsigned done = world->done;

	register_world_take(world, answer);
	assert_int_equal(answer->outcome, LC_REGISTER_DONE);
	if (done == 0) {
		world->done = 1;
		lc_register_read(world->reg, lc_view_of("s0"), register_world_take, world);
	}
}

static void a_callback_may_ask_for_more(void **state)
{
	struct register_world *world = *state;

	world->steps = STEPS(ROW("V"), ROW("W"));
	lc_register_read(world->reg, lc_view_of("s0"), two, world);
	assert_int_equal(world->done, 0);
	while (world->done < 2)
		lc_loop_run(world->loop);
	assert_string_equal(world->value, "W");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REGISTER_STORY(a_read_tells_value_or_absence),
	    REGISTER_STORY(a_read_that_fails_is_unknown_and_the_next_asks_another_server),
	    REGISTER_STORY(errors_say_what_to_do),
	    HURRIED_REGISTER_STORY(what_is_not_answered_in_time_is_unknown),
	    REGISTER_STORY(an_answer_that_is_none_is_unknown),
	    REGISTER_STORY(an_endless_answer_is_cut),
	    REGISTER_STORY(all_rows_come_in_one_read),
	    REGISTER_STORY(a_swap_is_done_when_its_value_is_read),
	    REGISTER_STORY(a_swap_whose_answer_was_lost_is_read_as_well),
	    HURRIED_REGISTER_STORY(a_swap_that_is_not_answered_in_time_is_read_as_well),
	    REGISTER_STORY(an_answer_200_alone_proves_nothing),
	    REGISTER_STORY(a_swap_that_has_changed_nothing_is_tried_again),
	    REGISTER_STORY(a_swap_moves_to_another_server_when_it_cannot_read),
	    REGISTER_STORY(any_byte_may_stand_in_a_value),
	    REGISTER_STORY(a_row_is_made_once),
	    REGISTER_STORY(a_put_is_believed_and_tried_once),
	    REGISTER_STORY(a_cancelled_request_calls_nobody),
	    REGISTER_STORY(a_callback_may_ask_for_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
