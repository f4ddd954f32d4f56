/* Machines that share shards: what one event moves, and how soon. */
#include "machines/machine_rule.h"

#include "support/machine_world.h"
#include "support/story.h"

#include <stdio.h>
#include <string.h>

enum { SOON = 60 }; /* beats */

/* All machines run and have their shares. */
static struct world *balanced(unsigned machines, unsigned started, unsigned shards)
{
	struct world *world = world_new(machines * 1000 + shards, machines, shards);

	for (unsigned i = 0; i < started; i++)
		world_start(world, i);
	world_run_until_balanced(world, SOON);
	assert_true(world_is_balanced(world));
	world_run(world, 10);
	assert_true(world_is_balanced(world));
	world->takes = 0;
	world->moves = 0;
	for (unsigned cause = 0; cause < LC_MACHINE_CAUSE_COUNT; cause++)
		world->taken[cause] = 0;
	return world;
}

/* So many shards were taken for that cause, and none for another. */
static void expect_cause(const struct world *world, enum lc_machine_cause cause, unsigned count)
{
	for (unsigned i = 0; i < LC_MACHINE_CAUSE_COUNT; i++)
		assert_int_equal(world->taken[i], i == (unsigned)cause ? count : 0);
}

static void expect_quiet(struct world *world)
{
	unsigned takes = world->takes;

	world_run(world, 40);
	assert_true(world_is_balanced(world));
	assert_int_equal(world->takes, takes);
	assert_int_equal(world->steals, 0);
}

static void machines_that_begin_together_take_each_shard_once(void **state)
{
	(void)state;
	for (unsigned machines = 1; machines <= WORLD_MACHINES; machines++) {
		for (unsigned shards = 1; shards <= WORLD_SHARDS; shards += 5) {
			struct world *world = world_new(shards, machines, shards);
			unsigned beats;

			for (unsigned i = 0; i < machines; i++)
				world_start(world, i);
			beats = world_run_until_balanced(world, SOON);
			/* Five to know who is there, then all at once. */
			assert_in_range(beats, WORLD_SILENT_AFTER, WORLD_SILENT_AFTER + 5);
			assert_int_equal(world->takes, shards);
			expect_quiet(world);
			world_free(world);
		}
	}
}

static void a_machine_that_joins_moves_its_share_and_no_more(void **state)
{
	(void)state;
	for (unsigned machines = 2; machines <= WORLD_MACHINES; machines++) {
		for (unsigned shards = 1; shards <= WORLD_SHARDS; shards += 5) {
			struct world *world = balanced(machines, machines - 1, shards);

			world_start(world, machines - 1);
			world_run_until_balanced(world, SOON);
			expect_quiet(world);
			assert_int_equal(world->moves, world_shards_of(world, machines - 1));
			assert_int_equal(world->takes, world->moves);
			expect_cause(world, LC_MACHINE_CAUSE_RELEASED, world->moves);
			world_free(world);
		}
	}
}

static void of_a_machine_that_dies_only_its_shards_move_each_once_and_at_once(void **state)
{
	(void)state;
	for (unsigned machines = 2; machines <= WORLD_MACHINES; machines++) {
		for (unsigned shards = 1; shards <= WORLD_SHARDS; shards += 5) {
			struct world *world = balanced(machines, machines, shards);
			unsigned its = world_shards_of(world, 0);

			world_kill(world, 0);
			/* Until it is silent, a beat for each look, and the time of the bids. */
			world_run(world, WORLD_SILENT_AFTER + 4);
			assert_true(world_is_balanced(world));
			assert_int_equal(world->moves, its);
			assert_int_equal(world->takes, its);
			expect_quiet(world);
			expect_cause(world, LC_MACHINE_CAUSE_SILENT, its);
			world_free(world);
		}
	}
}

static void a_machine_that_is_restarted_keeps_its_shards(void **state)
{
	(void)state;
	for (unsigned shards = 1; shards <= WORLD_SHARDS; shards++) {
		struct world *world = balanced(3, 3, shards);
		unsigned its = world_shards_of(world, 1);

		world_kill(world, 1);
		world_run(world, 2);
		world_start(world, 1);
		/* At its second look: the first shows a beat of its own. */
		world_run(world, 4);
		assert_int_equal(world_shards_of(world, 1), its);
		assert_int_equal(world->moves, 0);
		assert_int_equal(world->takes, its);
		expect_quiet(world);
		expect_cause(world, LC_MACHINE_CAUSE_SILENT, 0);
		world_free(world);
	}
}

static void machines_that_all_lose_power_take_back_what_they_had(void **state)
{
	struct world *world = balanced(5, 5, 16);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		world_kill(world, i);
	world_run(world, 100);
	for (unsigned i = 0; i < 5; i++)
		world_start(world, i);
	world_run(world, 5);
	assert_true(world_is_balanced(world));
	assert_int_equal(world->moves, 0);
	expect_quiet(world);
	world_free(world);
}

static void a_machine_that_stood_still_takes_nothing_back_by_itself(void **state)
{
	struct world *world = balanced(3, 3, 12);
	unsigned moves;

	(void)state;
	world->machines[0].paused = true;
	world_run(world, 30);
	assert_int_equal(world->moves, 4);
	moves = world->moves;
	world->machines[0].paused = false;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	/* The others have given it its share again. */
	assert_int_equal(world->moves, moves + 4);
	assert_int_equal(world_shards_of(world, 0), 4);
	world_free(world);
}

static void a_short_stop_moves_nothing(void **state)
{
	struct world *world = balanced(3, 3, 12);

	(void)state;
	world->machines[0].paused = true;
	world_run(world, WORLD_SILENT_AFTER - 2);
	world->machines[0].paused = false;
	expect_quiet(world);
	assert_int_equal(world->takes, 0);
	world_free(world);
}

static void a_store_that_is_away_makes_nobody_silent(void **state)
{
	struct world *world = balanced(5, 5, 16);

	(void)state;
	for (unsigned beats = 1; beats < 100; beats += 7) {
		world->away = true;
		world_run(world, beats);
		world->away = false;
		world_run(world, 10);
		assert_int_equal(world->takes, 0);
	}
	expect_quiet(world);
	assert_int_equal(world->takes, 0);
	world_free(world);
}

static void a_machine_that_is_cut_off_loses_its_shards_and_gets_its_share_again(void **state)
{
	struct world *world = balanced(4, 4, 16);

	(void)state;
	world->machines[2].cut = true;
	world_run(world, WORLD_SILENT_AFTER + 4);
	assert_int_equal(world->moves, 4);
	world->machines[2].cut = false;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world->moves, 8);
	world_free(world);
}

static void an_old_view_moves_nothing(void **state)
{
	struct world *world = balanced(4, 4, 16);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		world->machines[i % 4].lag = world_number(world, WORLD_LAG_MAX + 1);
		world_run(world, 5);
	}
	assert_int_equal(world->takes, 0);
	world_free(world);
}

static void a_machine_that_leaves_gives_up_all_to_the_others(void **state)
{
	struct world *world = balanced(4, 4, 16);

	(void)state;
	world->machines[3].ability = LC_MACHINE_LEAVING;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world_shards_of(world, 3), 0);
	assert_int_equal(world->moves, 4);
	world->machines[3].ability = LC_MACHINE_ABLE;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world->moves, 8);
	world_free(world);
}

static void the_last_machine_that_leaves_gives_up_all_the_last_unfit_one_nothing(void **state)
{
	struct world *world = balanced(1, 1, 9);

	(void)state;
	world->machines[0].ability = LC_MACHINE_UNABLE;
	expect_quiet(world);
	assert_int_equal(world_shards_of(world, 0), 9);
	world->machines[0].ability = LC_MACHINE_LEAVING;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world_shards_of(world, 0), 0);
	world_free(world);
}

static void an_unfit_machine_gives_its_shards_to_fit_ones(void **state)
{
	struct world *world = balanced(3, 3, 12);

	(void)state;
	world->machines[1].ability = LC_MACHINE_UNABLE;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world->moves, 4);
	/* Now none is fit: nobody would be better off. */
	world->machines[0].ability = LC_MACHINE_UNABLE;
	world->machines[2].ability = LC_MACHINE_UNABLE;
	world->moves = 0;
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_in_range(world->moves, 0, 4);
	world_free(world);
}

/* As when S3 is away for all of them: the one that recovers first does not get everything. */
static void machines_that_recover_one_after_the_other_keep_their_shards(void **state)
{
	struct world *world = balanced(4, 3, 12);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		world->machines[i].ability = LC_MACHINE_UNABLE;
	world_run(world, 10 * WORLD_SILENT_AFTER);
	for (unsigned i = 0; i < 3; i++) {
		world->machines[i].ability = LC_MACHINE_ABLE;
		world_run(world, WORLD_SILENT_AFTER);
	}
	expect_quiet(world);
	assert_int_equal(world->moves, 0);
	/* One that does not recover. */
	world->machines[2].ability = LC_MACHINE_UNABLE;
	world_run_until_balanced(world, SOON);
	assert_int_equal(world_shards_of(world, 2), 0);
	world_free(world);
}

static int first_shard_of(const struct world *world, unsigned machine)
{
	for (unsigned i = 0; i < world->shard_count; i++) {
		if (strcmp(world->state.heads[i].owner, world->machines[machine].name) == 0)
			return (int)i;
	}
	return -1;
}

static void a_shard_that_is_refused_goes_to_another_machine_and_does_not_come_back(void **state)
{
	struct world *world = balanced(3, 3, 12);
	int shard = first_shard_of(world, 1);

	(void)state;
	world->machines[1].refusals[shard] = LC_MACHINE_REFUSES;
	world_run(world, 10);
	assert_string_not_equal(world->state.heads[shard].owner, world->machines[1].name);
	/* It has another one instead. */
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world->moves, 2);
	/* Nor when there is nobody else. */
	world_kill(world, 0);
	world_kill(world, 2);
	world_run(world, 40);
	assert_int_equal(world_shards_of(world, 1), 11);
	assert_true(lc_machine_rule_is_unowned(world->machines[1].rule, (unsigned)shard));
	world->machines[1].refusals[shard] = LC_MACHINE_NO_REFUSAL;
	world_run(world, 6);
	assert_int_equal(world_shards_of(world, 1), 12);
	world_free(world);
}

/* Nor do the others give it what it refuses, to have their share again. */
static void a_machine_may_refuse_what_it_would_get_first(void **state)
{
	for (unsigned shards = 6; shards <= WORLD_SHARDS; shards += 8) {
		struct world *world = balanced(3, 3, shards);
		unsigned its = world_shards_of(world, 1);

		(void)state;
		for (unsigned i = 0; i < its; i++) {
			int shard = first_shard_of(world, 1);

			world->machines[1].refusals[shard] =
			    i % 2 == 0 ? LC_MACHINE_REFUSES : LC_MACHINE_AVOIDS;
			world_run(world, 10);
			world_run_until_balanced(world, SOON);
			expect_quiet(world);
			assert_string_not_equal(world->state.heads[shard].owner,
						world->machines[1].name);
		}
		world_free(world);
	}
}

/* Its worker has died, once too often, and the head still names the machine. */
static void a_shard_that_is_avoided_goes_at_once_to_a_machine_that_does_not(void **state)
{
	struct world *world = balanced(2, 2, 6);
	unsigned shard = (unsigned)first_shard_of(world, 0);

	(void)state;
	world->machines[0].refusals[shard] = LC_MACHINE_AVOIDS;
	world->machines[0].workers[shard] = (struct world_worker){.due = 0};
	world_run(world, 5);
	assert_string_equal(world->state.heads[shard].owner, world->machines[1].name);
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	/* Where all avoid it, it stays, rather than go back and forth. */
	world->machines[1].refusals[shard] = LC_MACHINE_AVOIDS;
	world->takes = 0;
	expect_quiet(world);
	assert_string_equal(world->state.heads[shard].owner, world->machines[1].name);
	/* Better there than nowhere. */
	world_kill(world, 1);
	world_run(world, 10);
	assert_int_equal(world_shards_of(world, 0), 6);
	expect_quiet(world);
	world_free(world);
}

static void a_share_follows_the_capacity(void **state)
{
	struct world *world = world_new(1, 3, 16);

	(void)state;
	world->machines[0].capacity = 8;
	for (unsigned i = 0; i < 3; i++)
		world_start(world, i);
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_int_equal(world_shards_of(world, 0), 8);
	assert_int_equal(world_shards_of(world, 1), 4);
	world->moves = 0;
	/* Restarted with less. */
	world->machines[0].capacity = 4;
	world_kill(world, 0);
	world_start(world, 0);
	world_run_until_balanced(world, SOON);
	expect_quiet(world);
	assert_in_range(world_shards_of(world, 0), 5, 6);
	assert_int_equal(world->moves, 8 - world_shards_of(world, 0));
	world_free(world);
}

/* ---- a rule alone, of shards that nobody and of machines that others see ---- */

struct seat {
	struct lc_machine_rule *rule;
	struct lc_machine_head heads[2];
	struct lc_machine_shard shards[2];
	struct lc_machine_orders orders;
	uint64_t sent;
	const char *others; /* the text of machine "b", or NULL */
};

static struct seat *sit(void)
{
	static struct seat seat;
	struct lc_machine_rule_options options = {.name = "a",
						  .boot = 7,
						  .shards = 2,
						  .silent_after = 2,
						  .capacity = 1,
						  .settings = 1,
						  .software = "1"};

	seat = (struct seat){.rule = lc_machine_rule_new(&options)};
	return &seat;
}

static void look(struct seat *seat)
{
	char own[256];
	struct lc_machine_view view = {.heads = seat->heads, .shards = seat->shards};
	struct lc_register_row rows[2];
	struct lc_machine_beat beat;
	struct lc_buffer text;

	view.rows = rows;
	view.sent = seat->sent;
	view.ability = LC_MACHINE_ABLE;
	lc_buffer_init(&text, sizeof own);
	lc_machine_rule_beat(seat->rule, &view, &beat);
	beat.counter = ++seat->sent;
	lc_machine_beat_append(&text, &beat);
	view.sent = seat->sent;
	rows[view.row_count++] =
	    (struct lc_register_row){.name = lc_view_of("a"), .value = lc_buffer_view(&text)};
	if (seat->others != NULL)
		rows[view.row_count++] = (struct lc_register_row){
		    .name = lc_view_of("b"), .value = lc_view_of(seat->others)};
	lc_machine_rule_look(seat->rule, &view, &seat->orders);
	lc_buffer_free(&text);
}

static void a_shard_without_a_head_is_nobodys(void **state)
{
	struct seat *seat = sit();

	(void)state;
	seat->heads[1] = (struct lc_machine_head){.state = LC_MACHINE_HEAD_FREE, .epoch = 3};
	for (unsigned i = 0; i < 5; i++)
		look(seat);
	assert_int_equal(seat->orders.headless, 1);
	assert_int_equal(seat->orders.count, 1);
	assert_int_equal(seat->orders.all[0].type, LC_MACHINE_TAKE);
	assert_int_equal(seat->orders.all[0].shard, 1);
	assert_int_equal(seat->orders.all[0].epoch, 3);
	lc_machine_rule_free(seat->rule);
}

static void an_epoch_that_goes_back_is_not_believed(void **state)
{
	struct seat *seat = sit();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		seat->heads[i] =
		    (struct lc_machine_head){.state = LC_MACHINE_HEAD_FREE, .epoch = 3};
		seat->shards[i] = (struct lc_machine_shard){.hold = LC_MACHINE_HAS, .epoch = 3};
	}
	for (unsigned i = 0; i < 5; i++)
		look(seat);
	seat->shards[0].hold = LC_MACHINE_AWAY;
	seat->heads[0].epoch = 2;
	look(seat);
	assert_int_equal(seat->orders.count, 1);
	assert_int_equal(seat->orders.all[0].epoch, 3);
	lc_machine_rule_free(seat->rule);
}

static void a_machine_with_other_settings_keeps_what_it_has_and_gets_nothing(void **state)
{
	static const char *const texts[] = {
	    "1 boot=0000000000000001 counter=1 capacity=1 settings=0000000000000002 software=1 "
	    "state=fit shards=0:1 reason=",
	    "1 boot=0000000000000001 counter=2 capacity=1 settings=0000000000000002 software=1 "
	    "state=fit shards=0:1 reason=",
	    "2 a beat of a later release",
	    "2 another beat of a later release",
	};
	struct seat *seat = sit();

	(void)state;
	seat->heads[0] =
	    (struct lc_machine_head){.state = LC_MACHINE_HEAD_OWNED, .epoch = 1, .owner = "b"};
	seat->heads[1] = (struct lc_machine_head){.state = LC_MACHINE_HEAD_FREE, .epoch = 1};
	for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		seat->others = texts[i];
		look(seat);
	}
	assert_true(lc_machine_rule_differs(seat->rule,
					    lc_peers_find(lc_machine_rule_peers(seat->rule), "b")));
	assert_int_equal(seat->orders.count, 1);
	assert_int_equal(seat->orders.all[0].shard, 1);
	lc_machine_rule_free(seat->rule);
}

static void who_promises_for_too_long_is_not_waited_for(void **state)
{
	char text[256];
	struct seat *seat = sit();
	unsigned looks = 0;

	(void)state;
	seat->heads[0] =
	    (struct lc_machine_head){.state = LC_MACHINE_HEAD_OWNED, .epoch = 1, .owner = "b"};
	seat->heads[1] =
	    (struct lc_machine_head){.state = LC_MACHINE_HEAD_OWNED, .epoch = 1, .owner = "a"};
	seat->shards[1].hold = LC_MACHINE_HAS;
	seat->others = text;
	do {
		snprintf(text, sizeof text,
			 "1 boot=0000000000000001 counter=%u capacity=1 "
			 "settings=0000000000000001 software=1 state=leaving shards=0:1- reason=",
			 ++looks);
		look(seat);
	} while (seat->orders.count == 0 && looks < 100);
	assert_in_range(looks, 16, 20);
	assert_int_equal(seat->orders.all[0].type, LC_MACHINE_TAKE);
	assert_int_equal(seat->orders.all[0].shard, 0);
	assert_false(lc_machine_rule_is_unowned(seat->rule, 0));
	seat->heads[0] =
	    (struct lc_machine_head){.state = LC_MACHINE_HEAD_OWNED, .epoch = 2, .owner = "a"};
	seat->shards[0].hold = LC_MACHINE_HAS;
	look(seat);
	assert_int_equal(seat->orders.taken[LC_MACHINE_CAUSE_OVERDUE], 1);
	look(seat);
	assert_int_equal(seat->orders.taken[LC_MACHINE_CAUSE_OVERDUE], 0);
	lc_machine_rule_free(seat->rule);
}

static void a_shard_is_unowned_when_it_is_free_or_its_owner_is_silent(void **state)
{
	struct seat *seat = sit();

	(void)state;
	seat->heads[0] =
	    (struct lc_machine_head){.state = LC_MACHINE_HEAD_OWNED, .epoch = 1, .owner = "b"};
	seat->heads[1] = (struct lc_machine_head){.state = LC_MACHINE_HEAD_FREE, .epoch = 1};
	look(seat);
	/* Whether b lives is not known yet. */
	assert_false(lc_machine_rule_is_unowned(seat->rule, 0));
	assert_true(lc_machine_rule_is_unowned(seat->rule, 1));
	for (unsigned i = 0; i < 3; i++)
		look(seat);
	assert_true(lc_machine_rule_is_unowned(seat->rule, 0));
	assert_string_equal(lc_machine_rule_head(seat->rule, 0)->owner, "b");
	for (unsigned i = 0; i < 2; i++) {
		seat->heads[i] = (struct lc_machine_head){
		    .state = LC_MACHINE_HEAD_OWNED, .epoch = 2, .owner = "a"};
		seat->shards[i].hold = LC_MACHINE_HAS;
	}
	look(seat);
	for (unsigned i = 0; i < 2; i++)
		assert_false(lc_machine_rule_is_unowned(seat->rule, i));
	assert_int_equal(seat->orders.taken[LC_MACHINE_CAUSE_SILENT], 1);
	assert_int_equal(seat->orders.taken[LC_MACHINE_CAUSE_RELEASED], 1);
	lc_machine_rule_free(seat->rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(machines_that_begin_together_take_each_shard_once),
	    cmocka_unit_test(a_machine_that_joins_moves_its_share_and_no_more),
	    cmocka_unit_test(of_a_machine_that_dies_only_its_shards_move_each_once_and_at_once),
	    cmocka_unit_test(a_machine_that_is_restarted_keeps_its_shards),
	    cmocka_unit_test(machines_that_all_lose_power_take_back_what_they_had),
	    cmocka_unit_test(a_machine_that_stood_still_takes_nothing_back_by_itself),
	    cmocka_unit_test(a_short_stop_moves_nothing),
	    cmocka_unit_test(a_store_that_is_away_makes_nobody_silent),
	    cmocka_unit_test(a_machine_that_is_cut_off_loses_its_shards_and_gets_its_share_again),
	    cmocka_unit_test(an_old_view_moves_nothing),
	    cmocka_unit_test(a_machine_that_leaves_gives_up_all_to_the_others),
	    cmocka_unit_test(the_last_machine_that_leaves_gives_up_all_the_last_unfit_one_nothing),
	    cmocka_unit_test(an_unfit_machine_gives_its_shards_to_fit_ones),
	    cmocka_unit_test(machines_that_recover_one_after_the_other_keep_their_shards),
	    cmocka_unit_test(
		a_shard_that_is_refused_goes_to_another_machine_and_does_not_come_back),
	    cmocka_unit_test(a_machine_may_refuse_what_it_would_get_first),
	    cmocka_unit_test(a_shard_that_is_avoided_goes_at_once_to_a_machine_that_does_not),
	    cmocka_unit_test(a_share_follows_the_capacity),
	    cmocka_unit_test(a_shard_without_a_head_is_nobodys),
	    cmocka_unit_test(an_epoch_that_goes_back_is_not_believed),
	    cmocka_unit_test(a_machine_with_other_settings_keeps_what_it_has_and_gets_nothing),
	    cmocka_unit_test(who_promises_for_too_long_is_not_waited_for),
	    cmocka_unit_test(a_shard_is_unowned_when_it_is_free_or_its_owner_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
