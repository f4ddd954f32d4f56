#include "machines/report.h"

#include "formats/frame.h"
#include "support/story.h"

#include <stdio.h>
#include <string.h>

static struct lc_report_machine machines[LC_REPORT_MACHINES_MAX];
static struct lc_report_shard shards[LC_MACHINE_SHARDS_MAX];

static struct lc_report_machine machine_of(unsigned number)
{
	struct lc_report_machine machine = {.verdict = LC_PEER_SILENT, .shards = number};

	snprintf(machine.name, sizeof machine.name, "m%u", number);
	return machine;
}

static void a_report_comes_back_with_its_machines_and_shards(void **state)
{
	struct lc_report report = {.headless = 3,
				   .has_rival = true,
				   .machine_count = 77,
				   .shard_count = 5,
				   .taken = {[LC_MACHINE_CAUSE_OVERDUE] = 6}};
	struct lc_buffer body;
	struct lc_report again;

	(void)state;
	lc_buffer_init(&body, LC_FRAME_BODY_MAX);
	lc_report_begin(&body, &report);
	/* One more than are told of. */
	for (unsigned i = 0; i <= LC_REPORT_MACHINES_MAX; i++) {
		struct lc_report_machine machine = machine_of(i);

		lc_report_add_machine(&body, &machine);
	}
	for (unsigned i = 0; i < LC_MACHINE_SHARDS_MAX; i++) {
		struct lc_report_shard shard = {.epoch = i, .owner = i % 64, .unowned = i % 2 == 0};

		lc_report_add_shard(&body, &shard);
	}
	assert_false(lc_buffer_failed(&body));
	assert_true(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	assert_int_equal(again.machine_count, LC_REPORT_MACHINES_MAX);
	assert_int_equal(again.headless, 3);
	assert_true(again.has_rival);
	assert_string_equal(machines[63].name, "m63");
	assert_int_equal(machines[63].shards, 63);
	assert_int_equal(again.taken[LC_MACHINE_CAUSE_OVERDUE], 6);
	assert_int_equal(again.shard_count, LC_MACHINE_SHARDS_MAX);
	assert_int_equal(shards[1023].epoch, 1023);
	assert_int_equal(shards[1023].owner, 63);
	assert_false(shards[1023].unowned);
	lc_buffer_free(&body);
}

static void what_is_no_report_is_refused(void **state)
{
	struct lc_report report = {.headless = 3};
	struct lc_report_machine machine = machine_of(1);
	struct lc_report_shard shard = {.owner = LC_REPORT_NOBODY};
	struct lc_report again;
	struct lc_buffer body;

	(void)state;
	lc_buffer_init(&body, LC_FRAME_BODY_MAX);
	lc_report_begin(&body, &report);
	lc_report_add_machine(&body, &machine);
	lc_report_add_shard(&body, &shard);
	assert_true(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	for (size_t size = 0; size < body.size; size++)
		assert_false(lc_report_read((struct lc_view){.data = body.data, .size = size},
					    &again, machines, shards));
	lc_buffer_append_char(&body, 'x');
	assert_false(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	for (int32_t owner = -2; owner <= 1; owner += 3) {
		lc_report_begin(&body, &report);
		lc_report_add_machine(&body, &machine);
		shard.owner = owner;
		lc_report_add_shard(&body, &shard);
		assert_false(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	}
	lc_report_begin(&body, &report);
	machine.verdict = (enum lc_peer_verdict)17;
	lc_report_add_machine(&body, &machine);
	assert_false(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	lc_report_begin(&body, &report);
	memset(&machine, 'x', sizeof machine);
	machine.verdict = LC_PEER_NEW;
	machine.state = LC_MACHINE_STATE_FIT;
	lc_report_add_machine(&body, &machine);
	assert_true(lc_report_read(lc_buffer_view(&body), &again, machines, shards));
	assert_int_equal(strlen(machines[0].name), LC_MACHINE_NAME_MAX);
	lc_buffer_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_comes_back_with_its_machines_and_shards),
	    cmocka_unit_test(what_is_no_report_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
