/* Segments as bytes: what goes in comes out, and what is none is refused. */
#include "base/memory.h"
#include "formats/row_hash.h"
#include "ledger/segment.h"
#include "ledger/store.h"
#include "support/command_maker.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONCE "0123456789abcdef"

enum { HASH_SIZE = 16, TIMES = 300, MOST = 40 };

struct world {
	struct lc_command_maker maker;
	struct lc_segment_header header;
	struct lc_ledger_command_list commands;
	struct lc_buffer bytes;
	struct lc_chain_hash hash;
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_command_maker_init(&world->maker, 1);
	STAILQ_INIT(&world->commands);
	lc_buffer_init(&world->bytes, SIZE_MAX);
	world->header = (struct lc_segment_header){
	    .shard = 1,
	    .shard_count = 4,
	    .generation = 3,
	    .previous = {.epoch = 5, .seq = 8, .hash = {.high = 1, .low = 2}},
	    .epoch = 6,
	    .seq = 9,
	};
	lc_chain_name_format(LC_CHAIN_SEGMENT, 5, 8, NONCE, world->header.previous_name);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_command_free_all(&world->commands);
	lc_buffer_free(&world->bytes);
	free(world);
	return 0;
}

static struct lc_ledger_command *push(struct world *world, enum lc_ledger_command_kind kind)
{
	struct lc_ledger_command *command = lc_command_maker_one(&world->maker, kind);

	STAILQ_INSERT_TAIL(&world->commands, command, next);
	return command;
}

/* Those that write, between some that do not. */
static void push_one_of_each(struct world *world)
{
	push(world, LC_LEDGER_COMMAND_READ_HASHES);
	lc_command_maker_each(&world->maker, &world->commands);
	push(world, LC_LEDGER_COMMAND_WHEN_DURABLE);
}

static void encode(struct world *world)
{
	lc_segment_encode(&world->header, &world->commands, &world->bytes, &world->hash);
}

/* ---- what goes in comes out ---- */

static size_t length(const struct lc_ledger_command_list *commands)
{
	const struct lc_ledger_command *command;
	size_t count = 0;

	STAILQ_FOREACH(command, commands, next)
	{
		count++;
	}
	return count;
}

/* Decodes what was encoded, and encodes that again: the same bytes. */
static void check_round_trip(struct world *world, size_t expected)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_chain_hash hash;
	struct lc_buffer again;

	lc_buffer_init(&again, SIZE_MAX);
	if (!lc_segment_decode(lc_buffer_view(&world->bytes), &header, &commands, &error))
		fail_msg("%s", error.message);
	assert_int_equal(length(&commands), expected);
	lc_segment_encode(&header, &commands, &again, &hash);
	assert_true(lc_view_equal(lc_buffer_view(&world->bytes), lc_buffer_view(&again)));
	assert_true(lc_chain_hash_equal(hash, world->hash));
	lc_ledger_command_free_all(&commands);
	lc_buffer_free(&again);
}

static void a_segment_is_what_its_format_says(void **state)
{
	static const char EXPECTED[] =
	    "LCledseg\1\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\3\0\0\0\0\0\0\0" /* to generation */
	    "\6\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0"                       /* epoch, seq */
	    "\5\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"                       /* previous */
	    "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\x3A\0\0\0"
	    "segment/0000000000000005-0000000000000008-0123456789abcdef"
	    "\2\0\0\0\1\4\3\2\1\x0B\7\0\0\0\x08\0\0\0";
	struct world *world = *state;
	struct lc_ledger_command *command;
	struct lc_view body;

	push(world, LC_LEDGER_COMMAND_SET_UNTIL)->as.second = 0x01020304;
	push(world, LC_LEDGER_COMMAND_WHEN_DURABLE);
	command = push(world, LC_LEDGER_COMMAND_EXPIRE);
	command->as.expire.bound = 7;
	command->as.expire.hour = 8;
	command->as.expire.next_hour = 9;
	encode(world);
	body = (struct lc_view){.data = world->bytes.data, .size = world->bytes.size - HASH_SIZE};
	assert_int_equal(body.size, sizeof EXPECTED - 1);
	assert_memory_equal(body.data, EXPECTED, body.size);
	assert_true(
	    lc_chain_hash_equal(world->hash, lc_chain_hash_of(lc_buffer_view(&world->bytes))));
}

static void every_kind_that_writes_comes_back(void **state)
{
	struct world *world = *state;
	const struct lc_ledger_command *command;
	size_t writes = 0;

	push_one_of_each(world);
	STAILQ_FOREACH(command, &world->commands, next)
	{
		writes += lc_ledger_command_writes(command) ? 1 : 0;
	}
	encode(world);
	check_round_trip(world, writes);
}

static void any_commands_come_back(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < TIMES; i++) {
		size_t count = lc_command_maker_below(&world->maker, MOST);

		for (size_t n = 0; n < count; n++) {
			struct lc_ledger_command *command = lc_command_maker_next(&world->maker);

			STAILQ_INSERT_TAIL(&world->commands, command, next);
		}
		encode(world);
		check_round_trip(world, count);
		lc_ledger_command_free_all(&world->commands);
	}
}

static void the_header_comes_back(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_error error;

	encode(world);
	assert_true(lc_segment_decode(lc_buffer_view(&world->bytes), &header, &commands, &error));
	assert_true(STAILQ_EMPTY(&commands));
	assert_int_equal(header.shard, 1);
	assert_int_equal(header.shard_count, 4);
	assert_int_equal(header.generation, 3);
	assert_int_equal(header.epoch, 6);
	assert_int_equal(header.seq, 9);
	assert_int_equal(lc_chain_position_compare(&header.previous, &world->header.previous), 0);
	assert_true(lc_chain_hash_equal(header.previous.hash, world->header.previous.hash));
	assert_string_equal(header.previous_name, world->header.previous_name);
}

static void the_first_segment_has_none_before_it(void **state)
{
	struct world *world = *state;

	world->header.previous = (struct lc_chain_position){.epoch = 0};
	world->header.previous_name[0] = '\0';
	world->header.seq = 1;
	push(world, LC_LEDGER_COMMAND_SET_UNTIL);
	encode(world);
	check_round_trip(world, 1);
}

static void only_what_writes_needs_a_segment(void **state)
{
	struct world *world = *state;

	assert_false(lc_segment_needed(&world->commands));
	push(world, LC_LEDGER_COMMAND_WHEN_DURABLE);
	push(world, LC_LEDGER_COMMAND_READ_HASHES);
	push(world, LC_LEDGER_COMMAND_FIND_AHEAD);
	assert_false(lc_segment_needed(&world->commands));
	push(world, LC_LEDGER_COMMAND_SET_COMMITTED);
	assert_true(lc_segment_needed(&world->commands));
}

static void decoded_commands_call_nobody_back_and_do_not_go_on(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_ledger_command *command;
	struct lc_error error;

	push_one_of_each(world);
	encode(world);
	assert_true(lc_segment_decode(lc_buffer_view(&world->bytes), &header, &commands, &error));
	memset(world->bytes.data, 0xFF, world->bytes.size);
	STAILQ_FOREACH(command, &commands, next)
	{
		assert_true(lc_ledger_command_writes(command));
		assert_false(lc_ledger_command_has_callback(command));
		if (command->kind == LC_LEDGER_COMMAND_EXPIRE)
			command->as.expire.next_hour = 5;
		assert_false(lc_ledger_command_goes_on(command));
	}
	lc_ledger_command_free_all(&commands);
}

/* ---- what is none ---- */

static void refuse(struct lc_view bytes, const char *message)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;

	assert_false(lc_segment_decode(bytes, &header, &commands, &error));
	assert_true(STAILQ_EMPTY(&commands));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
}

/* Gives the changed bytes their hash, as if they had been written so. */
static struct lc_view sealed(struct lc_buffer *bytes)
{
	struct lc_view body = {.data = bytes->data, .size = bytes->size - HASH_SIZE};
	struct lc_chain_hash hash = lc_chain_hash_of(body);

	for (size_t i = 0; i < 8; i++) {
		bytes->data[body.size + i] = (char)(hash.high >> 8 * i & 0xFF);
		bytes->data[body.size + 8 + i] = (char)(hash.low >> 8 * i & 0xFF);
	}
	return lc_buffer_view(bytes);
}

static void a_segment_cut_anywhere_is_refused(void **state)
{
	struct world *world = *state;

	push_one_of_each(world);
	encode(world);
	for (size_t size = 0; size < world->bytes.size; size++) {
		/* Exactly as large, so that a sanitizer sees what is read past the end. */
		char *copy = lc_memory_resize(NULL, size + 1, 1);

		memcpy(copy, world->bytes.data, size);
		refuse((struct lc_view){.data = copy, .size = size}, "the segment cannot be read");
		free(copy);
	}
}

/* Also where the hash says that it was meant so. */
static void a_body_cut_anywhere_is_refused(void **state)
{
	struct world *world = *state;
	size_t size;

	push_one_of_each(world);
	encode(world);
	size = world->bytes.size;
	while (--size >= 12 + HASH_SIZE) {
		world->bytes.size = size;
		refuse(sealed(&world->bytes), "it ");
	}
}

static void any_bit_that_flips_shows(void **state)
{
	struct world *world = *state;

	push_one_of_each(world);
	encode(world);
	for (size_t i = 0; i < world->bytes.size; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			world->bytes.data[i] ^= (char)(1U << bit);
			refuse(lc_buffer_view(&world->bytes),
			       i < 8 ? "it does not begin like one" : "it is damaged or cut");
			world->bytes.data[i] ^= (char)(1U << bit);
		}
	}
}

/* In any store: done, or refused by it. */
static void execute_in_vain(const struct lc_ledger_command_list *commands, struct lc_store *store)
{
	struct lc_ledger_command *command;
	struct lc_error error;

	assert_true(lc_store_begin(store, &error));
	STAILQ_FOREACH(command, commands, next)
	{
		if (!lc_ledger_command_execute(command, store, &error))
			break;
	}
	lc_store_roll_back(store);
}

/* Any change that comes with its hash: refused, or commands that can be written again and that a
 * store survives. */
static void no_byte_is_believed(void **state)
{
	const struct lc_ledger_options options = {.path = ":memory:", .shard_count = 1};
	struct lc_ledger_state ledger_state = {.on_source = NULL};
	struct world *world = *state;
	struct lc_store *store;
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_chain_hash hash;
	struct lc_buffer again;
	struct lc_error error;

	store = lc_store_open(&options, &ledger_state, &error);
	assert_non_null(store);
	lc_buffer_init(&again, SIZE_MAX);
	push_one_of_each(world);
	encode(world);
	for (size_t i = 0; i < world->bytes.size - HASH_SIZE; i++) {
		char former = world->bytes.data[i];

		for (unsigned change = 1; change < 256; change += 127) {
			world->bytes.data[i] = (char)(former ^ (char)change);
			if (!lc_segment_decode(sealed(&world->bytes), &header, &commands, &error))
				continue;
			lc_segment_encode(&header, &commands, &again, &hash);
			assert_true(
			    lc_view_equal(lc_buffer_view(&world->bytes), lc_buffer_view(&again)));
			execute_in_vain(&commands, store);
			lc_ledger_command_free_all(&commands);
		}
		world->bytes.data[i] = former;
	}
	lc_store_close(store);
	lc_buffer_free(&again);
}

static void what_comes_after_the_last_command_is_refused(void **state)
{
	struct world *world = *state;

	push(world, LC_LEDGER_COMMAND_SET_UNTIL);
	encode(world);
	lc_buffer_append_char(&world->bytes, 0);
	refuse(sealed(&world->bytes), "it goes on after its last command");
}

static void another_version_is_refused_with_what_to_do(void **state)
{
	struct world *world = *state;

	encode(world);
	world->bytes.data[8] = 2;
	refuse(sealed(&world->bytes), "its format is version 2, this release knows version 1 only; "
				      "waiting does not help: run the release that wrote it");
	world->bytes.data[8] = LC_SEGMENT_VERSION;
	world->bytes.data[12] = LC_ROW_HASH_VERSION + 1;
	refuse(sealed(&world->bytes), "the hash of its rows is version 2, this release knows "
				      "version 1 only; waiting does not help");
}

/* ---- headers and commands that contradict themselves ---- */

static void headers_that_cannot_be_are_refused(void **state)
{
	enum { SHARD = 16, EPOCH = 32, SEQ = 40, PREVIOUS_HASH = 64, NAME = 84 };
	static const struct {
		size_t at;
		char value;
		const char *message;
	} CASES[] = {
	    {SHARD, 4, "it is of shard 4 of 4"},
	    {SEQ, 0, "it is number 0 of epoch 6"},
	    {EPOCH, 4, "number 9 of epoch 4 and comes after number 8 of epoch 5"},
	    {SEQ + 16, 9, "which is not number 9 of epoch 5"},
	    {SEQ + 16, 0, "which is not number 0 of epoch 5"},
	    {NAME, 'x', "the one before is called \"xegment/"},
	    {NAME - 4, 64, "the name of the one before has 64 bytes"},
	    {NAME + 5, '\0', "has a byte 0"},
	};
	struct world *world = *state;

	push_one_of_each(world);
	encode(world);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char former = world->bytes.data[CASES[i].at];

		world->bytes.data[CASES[i].at] = CASES[i].value;
		refuse(sealed(&world->bytes), CASES[i].message);
		world->bytes.data[CASES[i].at] = former;
	}
}

/* A segment of one command, of which a byte is changed; counted from its kind's number. */
static void refuse_command(struct world *world, enum lc_ledger_command_kind kind, size_t at,
			   unsigned char value, const char *message)
{
	const size_t first = 84 + 58 + 4;
	char copy[256];

	if (kind == LC_LEDGER_COMMAND_SET_LOST && world->maker.open_count == 0) {
		world->maker.open_count = 1;
		world->maker.open[0].id = 1;
	}
	push(world, kind);
	encode(world);
	snprintf(copy, sizeof copy, "command 1 of 1: %s", message);
	world->bytes.data[first + at] = (char)value;
	refuse(sealed(&world->bytes), copy);
	lc_ledger_command_free_all(&world->commands);
}

static void commands_that_the_store_could_not_do_are_refused(void **state)
{
	struct world *world = *state;

	refuse_command(world, LC_LEDGER_COMMAND_SET_UNTIL, 0, 0, "it holds a command 0");
	refuse_command(world, LC_LEDGER_COMMAND_SET_UNTIL, 0, 14, "it holds a command 14");
	refuse_command(world, LC_LEDGER_COMMAND_SET_UNTIL, 0, 255, "it holds a command 255");
	refuse_command(world, LC_LEDGER_COMMAND_SET_STEADY_CLOCK, 8, 0x80,
		       "a clock is later than any");
	refuse_command(world, LC_LEDGER_COMMAND_SET_LOST, 13, 3,
		       "a log object is lost in an unknown way");
	refuse_command(world, LC_LEDGER_COMMAND_SET_LOST, 8, 0x80,
		       "an intent has a number that is none");
	refuse_command(world, LC_LEDGER_COMMAND_ADD_INTENT, 8, 0x80, "an intent has the number");
	refuse_command(world, LC_LEDGER_COMMAND_SET_COMMITTED, 4, 0xFF, "it names ");
	refuse_command(world, LC_LEDGER_COMMAND_SET_FLOOR, 8, 0xFF, "it names ");
}

static void an_intent_without_its_rows_is_refused(void **state)
{
	struct world *world = *state;

	push(world, LC_LEDGER_COMMAND_ADD_INTENT)->as.intent.rows++;
	encode(world);
	refuse(lc_buffer_view(&world->bytes), "command 1 of 1: intent 1: it names");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_segment_is_what_its_format_says),
	    STORY(every_kind_that_writes_comes_back),
	    STORY(any_commands_come_back),
	    STORY(the_header_comes_back),
	    STORY(the_first_segment_has_none_before_it),
	    STORY(only_what_writes_needs_a_segment),
	    STORY(decoded_commands_call_nobody_back_and_do_not_go_on),
	    STORY(a_segment_cut_anywhere_is_refused),
	    STORY(a_body_cut_anywhere_is_refused),
	    STORY(any_bit_that_flips_shows),
	    STORY(no_byte_is_believed),
	    STORY(what_comes_after_the_last_command_is_refused),
	    STORY(another_version_is_refused_with_what_to_do),
	    STORY(headers_that_cannot_be_are_refused),
	    STORY(commands_that_the_store_could_not_do_are_refused),
	    STORY(an_intent_without_its_rows_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
