/*
 * Machines that share the ledger of a shard: whoever takes it over has what the one before has
 * committed, all of it and nothing else, and whoever was replaced commits nothing more.
 */
#include "base/memory.h"
#include "ledger/segment.h"
#include "ledger/share.h"
#include "support/command_maker.h"
#include "support/fake_loop.h"
#include "support/fake_register.h"
#include "support/ledger_case.h"
#include "support/ledger_dump.h"
#include "support/object_store.h"
#include "support/story.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 120 * 1000 };

static const char HEAD[] = "shard-1-of-4";
static const char SEGMENTS[] = "p/g0/s1-of-4/segment/";

struct machine {
	struct world *world;
	const char *name;
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_random random;
	struct lc_share *share;
	struct lc_store *store;
	bool ready;
	bool appended;
	bool released;
	unsigned troubles;
	bool troubled;
	struct lc_error failed; /* kind NONE: it has not */
};

struct world {
	struct lc_loop *loop;
	struct lc_register *heads;
	struct lc_s3 *s3;
	struct lc_command_maker maker;
	struct machine a;
	struct machine b;
	struct lc_buffer segment;
};

static void on_ready(void *context)
{
	struct machine *machine = context;

	machine->ready = true;
}

static void on_failed(void *context, const struct lc_error *error)
{
	struct machine *machine = context;

	machine->failed = *error;
}

static void on_trouble(void *context, const struct lc_error *error)
{
	struct machine *machine = context;

	machine->troubled = error != NULL;
	machine->troubles += error != NULL;
}

static const struct lc_share_callbacks CALLBACKS = {
    .on_ready = on_ready, .on_failed = on_failed, .on_trouble = on_trouble};

static void on_appended(void *context)
{
	struct machine *machine = context;

	machine->appended = true;
}

static void on_released(void *context)
{
	struct machine *machine = context;

	machine->released = true;
}

/* ---- what the tests do ---- */

/* It dies: nothing that it has sent is lost by that, and nobody is told. */
static void stop(struct machine *machine)
{
	lc_share_free(machine->share);
	machine->share = NULL;
	lc_store_close(machine->store);
	machine->store = NULL;
}

static void start_at(struct machine *machine, uint64_t epoch)
{
	struct lc_share_options options = {
	    .heads = machine->world->heads,
	    .s3 = machine->world->s3,
	    .bucket = "ledgers",
	    .prefix = "p",
	    .path = machine->path,
	    .shard = 1,
	    .shard_count = 4,
	    .machine = machine->name,
	    .random = &machine->random,
	};

	stop(machine);
	machine->ready = false;
	machine->appended = false;
	machine->released = false;
	machine->troubles = 0;
	machine->failed = (struct lc_error){.kind = LC_ERROR_NONE};
	machine->share = lc_share_new(machine->world->loop, &options, &CALLBACKS, machine);
	lc_share_claim(machine->share, epoch);
}

static void start(struct machine *machine)
{
	start_at(machine, UINT64_MAX);
}

static void run(struct world *world)
{
	fake_loop_advance(world->loop, LONG_MS);
}

static void open_store(struct machine *machine)
{
	struct lc_ledger_state state = {.on_source = NULL};

	machine->store = lc_ledger_case_open_store(machine->path, &state);
}

/* Claims the shard, and opens its ledger. */
static void take(struct machine *machine)
{
	start(machine);
	run(machine->world);
	if (!machine->ready)
		fail_msg("%s: %s", machine->name, machine->failed.message);
	open_store(machine);
}

static void make_group(struct world *world, struct lc_ledger_command_list *group)
{
	STAILQ_INIT(group);
	for (int i = 0; i < 12; i++) {
		struct lc_ledger_command *command = lc_command_maker_next(&world->maker);

		STAILQ_INSERT_TAIL(group, command, next);
	}
}

/* Begins a group commit: its segment is on its way. */
static void begin_append(struct machine *machine, struct lc_ledger_command_list *group,
			 struct lc_chain_position *position)
{
	const struct lc_segment_header *next = lc_share_next(machine->share);

	*position = (struct lc_chain_position){.epoch = next->epoch, .seq = next->seq};
	lc_segment_encode(next, group, &machine->world->segment, &position->hash);
	machine->appended = false;
	lc_share_append(machine->share, lc_buffer_view(&machine->world->segment), &position->hash,
			on_appended, machine);
}

static void commit_locally(struct machine *machine, const struct lc_ledger_command_list *group,
			   const struct lc_chain_position *position)
{
	struct lc_error error;

	assert_true(lc_ledger_command_begin_all(group, machine->store, &error));
	assert_true(lc_store_set_position(machine->store, position, &error));
	assert_true(lc_store_commit(machine->store, &error));
}

/* A whole group commit; false if it could not be. */
static bool commit(struct machine *machine)
{
	struct lc_command_maker before = machine->world->maker;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	make_group(machine->world, &group);
	begin_append(machine, &group, &position);
	run(machine->world);
	if (machine->appended)
		commit_locally(machine, &group, &position);
	else
		machine->world->maker = before;
	lc_ledger_command_free_all(&group);
	return machine->appended;
}

static void assert_same_content(struct world *world)
{
	struct lc_buffer a;
	struct lc_buffer b;

	lc_store_close(world->a.store);
	lc_store_close(world->b.store);
	ledger_dump(world->a.path, &a);
	ledger_dump(world->b.path, &b);
	open_store(&world->a);
	open_store(&world->b);
	assert_true(ledger_dumps_equal(&a, &b));
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	world->loop = fake_loop_new(1000);
	world->heads = fake_register_new(world->loop);
	world->s3 = object_store_new(world->loop);
	lc_command_maker_init(&world->maker, 7);
	lc_buffer_init(&world->segment, SIZE_MAX);
	world->a = (struct machine){.world = world, .name = "a"};
	world->b = (struct machine){.world = world, .name = "b"};
	lc_random_seed(&world->a.random, 1);
	lc_random_seed(&world->b.random, 2);
	lc_ledger_case_make_path(world->a.path);
	lc_ledger_case_make_path(world->b.path);
	fake_register_publish(world->heads, HEAD);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	stop(&world->a);
	stop(&world->b);
	lc_ledger_case_remove(world->a.path);
	lc_ledger_case_remove(world->b.path);
	fake_register_free(world->heads);
	object_store_free(world->s3);
	lc_loop_free(world->loop);
	lc_buffer_free(&world->segment);
	free(world);
	return 0;
}

/* A takes the shard and commits; its next append meets this at the swap. */
static void append_into(struct world *world, enum fake_register_fault fault,
			struct lc_ledger_command_list *group, struct lc_chain_position *position)
{
	take(&world->a);
	assert_true(commit(&world->a));
	make_group(world, group);
	fake_register_fail_swaps(world->heads, fault, 1);
	begin_append(&world->a, group, position);
}

/* ---- the good way ---- */

static void a_shard_that_begins_is_claimed(void **state)
{
	struct world *world = *state;

	start(&world->a);
	run(world);
	assert_true(world->a.ready);
	assert_int_equal(lc_share_head(world->a.share)->epoch, 1);
	assert_string_equal(lc_share_head(world->a.share)->owner, "a");
	assert_non_null(strstr(fake_register_value(world->heads, HEAD), "state=owned owner=a"));
}

static void another_machine_has_what_was_committed(void **state)
{
	struct world *world = *state;

	take(&world->a);
	for (int i = 0; i < 20; i++)
		assert_true(commit(&world->a));
	take(&world->b);
	assert_same_content(world);
	assert_int_equal(lc_share_head(world->b.share)->epoch, 2);
	assert_int_equal(lc_share_next(world->b.share)->seq, 21);
}

/* What was seen of the head is out of date: only a machine that has nobody's or its own is let go on. */
static void a_shard_that_another_machine_has_taken_since_is_left_alone(void **state)
{
	struct world *world = *state;

	take(&world->a);
	take(&world->b);
	assert_true(commit(&world->b));
	start_at(&world->a, 1);
	run(world);
	assert_false(world->a.ready);
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_non_null(strstr(world->a.failed.message, "machine b"));
	assert_true(commit(&world->b));
	start_at(&world->b, 1);
	run(world);
	assert_true(world->b.ready);
	lc_share_release(world->b.share, on_released, &world->b);
	run(world);
	start_at(&world->a, 1);
	run(world);
	assert_true(world->a.ready);
}

static void whoever_was_replaced_commits_nothing(void **state)
{
	struct world *world = *state;

	take(&world->a);
	assert_true(commit(&world->a));
	take(&world->b);
	assert_false(commit(&world->a));
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_non_null(strstr(world->a.failed.message, "machine b"));
	assert_true(commit(&world->b));
}

/* With nothing to write. */
static void whoever_was_replaced_is_told_when_it_looks(void **state)
{
	struct world *world = *state;

	take(&world->a);
	assert_false(lc_share_is_current(world->a.share));
	run(world);
	assert_int_equal(world->a.failed.kind, LC_ERROR_NONE);
	take(&world->b);
	assert_false(lc_share_is_current(world->a.share));
	run(world);
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_int_equal(world->b.failed.kind, LC_ERROR_NONE);
}

static void a_file_that_stands_on_the_chain_needs_the_rest_alone(void **state)
{
	struct world *world = *state;
	size_t fetched;

	take(&world->a);
	for (int i = 0; i < 5; i++)
		assert_true(commit(&world->a));
	take(&world->b);
	stop(&world->b);
	take(&world->a);
	for (int i = 0; i < 3; i++)
		assert_true(commit(&world->a));
	fetched = object_store_counts(world->s3)->gets;
	take(&world->b);
	assert_int_equal(object_store_counts(world->s3)->gets - fetched, 3);
	assert_same_content(world);
}

static void a_release_lets_the_next_one_in(void **state)
{
	struct world *world = *state;

	take(&world->a);
	assert_true(commit(&world->a));
	lc_share_release(world->a.share, on_released, &world->a);
	run(world);
	assert_true(world->a.released);
	assert_non_null(strstr(fake_register_value(world->heads, HEAD), "state=released owner=-"));
	assert_false(commit(&world->a));
	take(&world->b);
	assert_same_content(world);
}

/* Nothing can be stored, and the head can be moved: the next one has what was committed. */
static void a_release_gives_up_a_segment_that_cannot_be_stored(void **state)
{
	struct world *world = *state;
	struct lc_command_maker before;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	take(&world->a);
	assert_true(commit(&world->a));
	before = world->maker;
	make_group(world, &group);
	object_store_fail(world->s3, 0, SIZE_MAX / 2, 503, "SlowDown", false);
	begin_append(&world->a, &group, &position);
	world->maker = before;
	run(world);
	assert_true(world->a.troubled);
	lc_share_release(world->a.share, on_released, &world->a);
	run(world);
	assert_true(world->a.released);
	assert_false(world->a.appended);
	object_store_fail(world->s3, 0, 0, 0, "", false);
	take(&world->b);
	assert_int_equal(lc_share_next(world->b.share)->seq, 2);
	assert_same_content(world);
	lc_ledger_command_free_all(&group);
}

/* Whether a head that is on its way has been moved is not known: it is waited for. */
static void a_release_waits_for_a_head_that_is_being_moved(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	append_into(world, FAKE_REGISTER_HELD, &group, &position);
	fake_loop_advance(world->loop, 100);
	lc_share_release(world->a.share, on_released, &world->a);
	run(world);
	assert_false(world->a.released);
	fake_register_let_go(world->heads);
	run(world);
	assert_true(world->a.released);
	assert_false(world->a.appended);
	take(&world->b);
	assert_int_equal(lc_share_next(world->b.share)->seq, 3);
	commit_locally(&world->a, &group, &position);
	lc_ledger_command_free_all(&group);
	assert_same_content(world);
}

static void a_shard_that_cannot_be_restored_is_released(void **state)
{
	struct world *world = *state;

	object_store_fail(world->s3, 0, SIZE_MAX / 2, 503, "SlowDown", false);
	start(&world->a);
	assert_false(lc_share_is_claimed(world->a.share));
	run(world);
	assert_false(world->a.ready);
	assert_true(lc_share_is_claimed(world->a.share));
	lc_share_release(world->a.share, on_released, &world->a);
	run(world);
	assert_true(world->a.released);
	object_store_fail(world->s3, 0, 0, 0, "", false);
	take(&world->b);
	assert_true(commit(&world->b));
}

/* ---- requests that go wrong ---- */

static void what_goes_wrong_is_done_again(void **state)
{
	struct world *world = *state;

	take(&world->a);
	for (unsigned i = 0; i < 4; i++) {
		if (i < 2)
			object_store_fail(world->s3, 0, 3, 0, "", i == 1);
		else
			fake_register_fail_swaps(
			    world->heads, i == 2 ? FAKE_REGISTER_REFUSED : FAKE_REGISTER_REPLY_LOST,
			    3);
		assert_true(commit(&world->a));
		assert_int_equal(world->a.troubles, (i + 1) * 3);
		assert_false(world->a.troubled);
	}
	assert_int_equal(object_store_count(world->s3, SEGMENTS), 4);
	take(&world->b);
	assert_same_content(world);
}

static void an_answer_that_does_not_come_is_told_before_it_times_out(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	take(&world->a);
	make_group(world, &group);
	fake_register_fail_swaps(world->heads, FAKE_REGISTER_HELD, 1);
	begin_append(&world->a, &group, &position);
	fake_loop_advance(world->loop, 9000);
	assert_false(world->a.troubled);
	fake_loop_advance(world->loop, 2000);
	assert_true(world->a.troubled);
	assert_int_equal(world->a.troubles, 1);
	fake_register_let_go(world->heads);
	run(world);
	assert_true(world->a.appended);
	assert_false(world->a.troubled);
	commit_locally(&world->a, &group, &position);
	lc_ledger_command_free_all(&group);
}

static void a_claim_outlives_lost_replies(void **state)
{
	struct world *world = *state;

	take(&world->a);
	assert_true(commit(&world->a));
	fake_register_fail_reads(world->heads, FAKE_REGISTER_REFUSED, 2);
	fake_register_fail_swaps(world->heads, FAKE_REGISTER_REPLY_LOST, 2);
	object_store_fail(world->s3, 1, 2, 503, "SlowDown", false);
	take(&world->b);
	assert_int_equal(lc_share_head(world->b.share)->epoch, 2);
	assert_same_content(world);
}

/* A dies after its swap, before it commits: the head names its segment, so that is history. */
static void a_swap_whose_sender_died_counts(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	append_into(world, FAKE_REGISTER_REPLY_LOST, &group, &position);
	fake_loop_advance(world->loop, 10);
	assert_false(world->a.appended);
	lc_share_cancel(world->a.share);
	take(&world->b);
	assert_int_equal(lc_share_next(world->b.share)->seq, 3);
	commit_locally(&world->a, &group, &position);
	lc_ledger_command_free_all(&group);
	assert_same_content(world);
}

/* A's swap is on the wire while B takes the shard: whenever it arrives, it changes nothing. */
static void a_swap_that_arrives_late_changes_nothing(void **state)
{
	struct world *world = *state;
	struct lc_command_maker before;
	struct lc_ledger_command_list group;
	struct lc_chain_position position;

	take(&world->a);
	assert_true(commit(&world->a));
	before = world->maker;
	make_group(world, &group);
	fake_register_fail_swaps(world->heads, FAKE_REGISTER_HELD, 1);
	begin_append(&world->a, &group, &position);
	world->maker = before;
	run(world);
	take(&world->b);
	assert_int_equal(lc_share_next(world->b.share)->seq, 2);
	assert_same_content(world);
	fake_register_let_go(world->heads);
	run(world);
	assert_false(world->a.appended);
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_true(commit(&world->b));
	lc_ledger_command_free_all(&group);
}

/* A file that went beyond the chain, as of a machine that was rolled back, is made again. */
static void a_file_beside_the_chain_is_replaced(void **state)
{
	struct world *world = *state;
	struct lc_command_maker before;
	struct lc_ledger_command_list group;
	struct lc_chain_position elsewhere = {.epoch = 1, .seq = 9, .hash = {1, 2}};

	take(&world->a);
	assert_true(commit(&world->a));
	before = world->maker;
	make_group(world, &group);
	commit_locally(&world->a, &group, &elsewhere);
	world->maker = before;
	lc_ledger_command_free_all(&group);
	stop(&world->a);
	take(&world->b);
	assert_true(commit(&world->b));
	stop(&world->b);
	take(&world->a);
	open_store(&world->b);
	assert_same_content(world);
}

/* It stands where the chain has a segment of the same epoch and number. */
static void a_file_with_another_segment_of_that_number_is_replaced(void **state)
{
	struct world *world = *state;
	struct lc_chain_position other = {.epoch = 1, .seq = 2, .hash = {.high = 1, .low = 2}};
	struct lc_command_maker before;
	struct lc_ledger_command_list group;

	take(&world->a);
	for (int i = 0; i < 3; i++)
		assert_true(commit(&world->a));
	open_store(&world->b);
	before = world->maker;
	make_group(world, &group);
	commit_locally(&world->b, &group, &other);
	world->maker = before;
	lc_ledger_command_free_all(&group);
	stop(&world->b);
	take(&world->b);
	assert_same_content(world);
}

static void a_clone_of_a_machine_is_another_owner(void **state)
{
	struct world *world = *state;

	world->b.name = world->a.name;
	fake_register_fail_swaps(world->heads, FAKE_REGISTER_HELD, 1);
	start(&world->a);
	run(world);
	take(&world->b);
	fake_register_let_go(world->heads);
	run(world);
	assert_false(world->a.ready);
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_true(commit(&world->b));
}

/* ---- what must stop a machine ---- */

static void assert_stops(struct machine *machine, enum lc_error_kind kind, const char *why)
{
	start(machine);
	run(machine->world);
	assert_false(machine->ready);
	assert_int_equal(machine->failed.kind, kind);
	if (strstr(machine->failed.message, why) == NULL)
		fail_msg("not \"%s\": %s", why, machine->failed.message);
}

static void a_shard_without_a_head_is_nobodys(void **state)
{
	struct world *world = *state;

	fake_register_set(world->heads, HEAD, "version=1 what=ever");
	assert_stops(&world->a, LC_ERROR_CORRUPT, "the head of shard 1");
	stop(&world->a);
	fake_register_free(world->heads);
	world->heads = fake_register_new(world->loop);
	assert_stops(&world->a, LC_ERROR_USAGE, "shard-1-of-4");
}

static void a_segment_that_is_gone_or_changed_is_told(void **state)
{
	struct world *world = *state;
	struct lc_buffer *bytes;

	take(&world->a);
	for (int i = 0; i < 3; i++)
		assert_true(commit(&world->a));
	bytes = object_store_body(world->s3, object_store_key(world->s3, SEGMENTS, 1));
	bytes->data[bytes->size / 2] ^= 1;
	assert_stops(&world->b, LC_ERROR_CORRUPT, "is not what was written there");
	object_store_remove(world->s3, object_store_key(world->s3, SEGMENTS, 1));
	assert_stops(&world->b, LC_ERROR_CORRUPT, "is not there");
}

static void a_head_that_went_back_stops_its_owner_and_the_next_one(void **state)
{
	struct world *world = *state;
	char *before;

	take(&world->a);
	assert_true(commit(&world->a));
	before = lc_memory_copy_text(fake_register_value(world->heads, HEAD));
	take(&world->b);
	assert_true(commit(&world->b));
	fake_register_set(world->heads, HEAD, before);
	assert_false(commit(&world->b));
	assert_int_equal(world->b.failed.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->b.failed.message, "went back"));
	assert_stops(&world->a, LC_ERROR_CORRUPT, "went back");
	free(before);
}

/* It has the shard from here on, with a segment of its own. */
static void let_another_machine_go_on(struct world *world)
{
	fake_register_set(world->heads, HEAD,
			  "version=1 generation=0 epoch=2 state=owned owner=b "
			  "nonce=00000000000000bb change=1 "
			  "last=2:1:0000000000000000000000000000000b "
			  "segment=segment/0000000000000002-0000000000000001-00000000000000bb "
			  "checkpointed=0:0:00000000000000000000000000000000 checkpoint=-");
	object_store_put(world->s3,
			 "p/g0/s1-of-4/segment/0000000000000002-0000000000000001-00000000000000bb",
			 lc_view_of("b's"));
}

static void whoever_is_replaced_before_it_lists_finds_no_head_that_went_back(void **state)
{
	struct world *world = *state;

	start(&world->a);
	while (strstr(fake_register_value(world->heads, HEAD), "owner=a") == NULL)
		fake_loop_step(world->loop, UINT64_MAX - 1);
	let_another_machine_go_on(world);
	fake_register_fail_reads(world->heads, FAKE_REGISTER_REFUSED, 1);
	run(world);
	assert_false(world->a.ready);
	assert_int_equal(world->a.failed.kind, LC_ERROR_TAKEN_OVER);
	assert_non_null(strstr(world->a.failed.message, "machine b"));
}

static void segments_of_a_later_epoch_tell_of_a_head_that_went_back(void **state)
{
	struct world *world = *state;
	char *before = lc_memory_copy_text(fake_register_value(world->heads, HEAD));

	let_another_machine_go_on(world);
	fake_register_set(world->heads, HEAD, before);
	start(&world->a);
	run(world);
	assert_int_equal(world->a.failed.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->a.failed.message, "went back"));
	/* It was never said that all is well again. */
	assert_true(world->a.troubled);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_shard_that_begins_is_claimed),
	    STORY(another_machine_has_what_was_committed),
	    STORY(a_shard_that_another_machine_has_taken_since_is_left_alone),
	    STORY(whoever_was_replaced_commits_nothing),
	    STORY(whoever_was_replaced_is_told_when_it_looks),
	    STORY(a_file_that_stands_on_the_chain_needs_the_rest_alone),
	    STORY(a_release_lets_the_next_one_in),
	    STORY(a_release_gives_up_a_segment_that_cannot_be_stored),
	    STORY(a_release_waits_for_a_head_that_is_being_moved),
	    STORY(a_shard_that_cannot_be_restored_is_released),
	    STORY(an_answer_that_does_not_come_is_told_before_it_times_out),
	    STORY(what_goes_wrong_is_done_again),
	    STORY(a_claim_outlives_lost_replies),
	    STORY(a_swap_whose_sender_died_counts),
	    STORY(a_swap_that_arrives_late_changes_nothing),
	    STORY(a_file_beside_the_chain_is_replaced),
	    STORY(a_shard_without_a_head_is_nobodys),
	    STORY(a_segment_that_is_gone_or_changed_is_told),
	    STORY(a_file_with_another_segment_of_that_number_is_replaced),
	    STORY(a_clone_of_a_machine_is_another_owner),
	    STORY(a_head_that_went_back_stops_its_owner_and_the_next_one),
	    STORY(whoever_is_replaced_before_it_lists_finds_no_head_that_went_back),
	    STORY(segments_of_a_later_epoch_tell_of_a_head_that_went_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
