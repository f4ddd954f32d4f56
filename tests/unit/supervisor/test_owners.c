/* Who has which shard, from one report to the next. */
#include "supervisor/owners.h"

#include "support/story.h"

#include <stdio.h>

static const struct lc_report_machine MACHINES[] = {
    {.name = "a", .is_own = true},
    {.name = "b", .verdict = LC_PEER_SILENT},
};

static struct lc_status_document describe(const struct lc_owners *owners, uint64_t now_ms)
{
	struct lc_status_document document;

	lc_status_document_init(&document, 2);
	for (unsigned i = 0; i < 2; i++) {
		document.shards[i].shard = i;
		document.shards[i].unowned_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	}
	lc_owners_describe(owners, now_ms, &document);
	return document;
}

static void take(struct lc_owners *owners, struct lc_report_shard first,
		 struct lc_report_shard second, uint64_t now_ms)
{
	const struct lc_report report = {
	    .machine_count = 2, .shard_count = 2, .taken = {[LC_MACHINE_CAUSE_RELEASED] = 1}};
	const struct lc_report_shard shards[] = {first, second};

	lc_owners_take(owners, &report, MACHINES, shards, now_ms);
}

static void a_shard_is_unowned_since_it_was_seen_so_and_has_its_last_owner(void **state)
{
	static struct lc_owners owners;
	struct lc_status_document document = describe(&owners, 5000);

	(void)state;
	assert_string_equal(document.shards[0].owner, "");
	assert_int_equal(document.shards[0].unowned_seconds, LC_STATUS_DOCUMENT_NO_AGE);
	lc_status_document_free(&document);
	take(&owners, (struct lc_report_shard){.epoch = 3, .owner = 1},
	     (struct lc_report_shard){.epoch = 1, .owner = LC_REPORT_NOBODY, .unowned = true},
	     5000);
	take(&owners,
	     (struct lc_report_shard){.epoch = 3, .owner = LC_REPORT_NOBODY, .unowned = true},
	     (struct lc_report_shard){.epoch = 1, .owner = LC_REPORT_NOBODY, .unowned = true},
	     8000);
	document = describe(&owners, 12000);
	assert_string_equal(document.shards[0].owner, "b");
	assert_int_equal(document.shards[0].epoch, 3);
	assert_int_equal(document.shards[0].unowned_seconds, 4);
	assert_string_equal(document.shards[1].owner, "");
	assert_int_equal(document.shards[1].unowned_seconds, 7);
	assert_int_equal(document.unowned_shards, 2);
	assert_int_equal(document.taken_when_released, 2);
	assert_int_equal(document.taken_from_silent, 0);
	lc_status_document_free(&document);
}

static void a_shard_that_is_taken_has_its_new_owner(void **state)
{
	static struct lc_owners owners;
	struct lc_status_document document;

	(void)state;
	take(&owners, (struct lc_report_shard){.epoch = 3, .owner = 1, .unowned = true},
	     (struct lc_report_shard){.epoch = 4, .owner = 1, .unowned = true}, 1000);
	/* The second one's owner is a machine too many to be told of. */
	take(&owners, (struct lc_report_shard){.epoch = 4, .owner = 0},
	     (struct lc_report_shard){.epoch = 5, .owner = LC_REPORT_NOBODY}, 2000);
	document = describe(&owners, 90000);
	assert_string_equal(document.shards[0].owner, "a");
	assert_int_equal(document.shards[0].epoch, 4);
	assert_int_equal(document.shards[0].unowned_seconds, LC_STATUS_DOCUMENT_NO_AGE);
	assert_string_equal(document.shards[1].owner, "");
	assert_int_equal(document.shards[1].epoch, 5);
	assert_int_equal(document.unowned_shards, 0);
	lc_status_document_free(&document);
}

/* Another machine may have it meanwhile. */
static void a_look_that_fails_tells_of_no_shard_that_it_is_unowned(void **state)
{
	static struct lc_owners owners;
	const struct lc_report failed = {.machine_count = 2, .trouble = "no answer"};
	struct lc_status_document document;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		take(&owners, (struct lc_report_shard){.epoch = 3, .owner = 1, .unowned = true},
		     (struct lc_report_shard){.epoch = 4, .owner = 0}, 1000 + i * 9000);
		document = describe(&owners, 20000);
		assert_int_equal(document.shards[0].unowned_seconds, 19);
		lc_status_document_free(&document);
		if (i == 0)
			lc_owners_take(&owners, &failed, MACHINES, NULL, 5000);
		else
			lc_owners_lose_sight(&owners);
		document = describe(&owners, 20000);
		assert_int_equal(document.unowned_shards, 0);
		assert_int_equal(document.shards[0].unowned_seconds, LC_STATUS_DOCUMENT_NO_AGE);
		lc_status_document_free(&document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shard_is_unowned_since_it_was_seen_so_and_has_its_last_owner),
	    cmocka_unit_test(a_shard_that_is_taken_has_its_new_owner),
	    cmocka_unit_test(a_look_that_fails_tells_of_no_shard_that_it_is_unowned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
