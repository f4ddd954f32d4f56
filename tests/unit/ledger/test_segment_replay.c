/*
 * A ledger executes commands, group after group; a copy of it gets the same as segments. However the
 * first is disturbed - by reads, by transactions that are rolled back, to be tried again or never to
 * come back, by restarts - both have the same content, table by table.
 */
#include "base/memory.h"
#include "ledger/segment.h"
#include "support/command_maker.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 120, GROUP_MOST = 25, COMPARED_EACH = 10 };

struct machine {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_store *store;
};

struct world {
	struct lc_command_maker maker;
	struct machine first;
	struct machine copy;
	struct lc_ledger_command_list going_on; /* of the first: the next step of an expiry */
	struct lc_segment_header header;        /* of the last segment */
	struct lc_chain_hash hash;              /* and its own */
	size_t writes;
	size_t steps;  /* of expiries that went on */
	size_t undone; /* groups that were rolled back */
};

/* ---- the ledgers ---- */

static void open_machine(struct machine *machine)
{
	struct lc_ledger_state state = {.on_source = NULL};

	machine->store = lc_ledger_case_open_store(machine->path, &state);
}

static void reopen(struct machine *machine)
{
	lc_store_close(machine->store);
	open_machine(machine);
}

/* As if sessions had come from ledgers of another number of shards. */
static void add_origins(struct machine *machine, uint32_t until)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "INSERT INTO origin VALUES (8, 5, %u, %u), (12, 1, %u, 0), (1, 0, 0, %u)", until,
		 until, until / 2, until - 100);
	assert_int_equal(sqlite3_exec(machine->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void make_machine(struct machine *machine, uint32_t until)
{
	lc_ledger_case_make_path(machine->path);
	open_machine(machine);
	add_origins(machine, until);
	reopen(machine);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_command_maker_init(&world->maker, 1);
	STAILQ_INIT(&world->going_on);
	make_machine(&world->first, world->maker.now + 1000);
	make_machine(&world->copy, world->maker.now + 1000);
	world->header = (struct lc_segment_header){.shard = 1, .shard_count = 4};
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_command_free_all(&world->going_on);
	lc_store_close(world->first.store);
	lc_store_close(world->copy.store);
	lc_ledger_case_remove(world->first.path);
	lc_ledger_case_remove(world->copy.path);
	free(world);
	return 0;
}

/* ---- what is in them ---- */

static void dump_value(sqlite3_stmt *row, int column, struct lc_buffer *text)
{
	const unsigned char *bytes = sqlite3_column_blob(row, column);

	lc_buffer_append_format(text, " %d:", sqlite3_column_type(row, column));
	for (int i = 0; i < sqlite3_column_bytes(row, column); i++)
		lc_buffer_append_format(
		    text, sqlite3_column_type(row, column) == SQLITE_BLOB ? "%02x" : "%c",
		    bytes[i]);
}

static void dump_rows(struct machine *machine, const char *sql, struct lc_buffer *text)
{
	sqlite3_stmt *rows = NULL;

	assert_int_equal(sqlite3_prepare_v2(machine->store->db, sql, -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		for (int column = 0; column < sqlite3_column_count(rows); column++)
			dump_value(rows, column, text);
		lc_buffer_append_char(text, '\n');
	}
	assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
}

/* The rows of a table, in the order of their columns. */
static void dump_table(struct machine *machine, const char *name, struct lc_buffer *text)
{
	sqlite3_stmt *columns = NULL;
	char sql[256];
	size_t used;

	snprintf(sql, sizeof sql, "SELECT * FROM %.64s", name);
	assert_int_equal(sqlite3_prepare_v2(machine->store->db, sql, -1, &columns, NULL),
			 SQLITE_OK);
	used = strlen(sql);
	for (int i = 0; i < sqlite3_column_count(columns); i++)
		used += (size_t)snprintf(sql + used, sizeof sql - used, "%s%d",
					 i == 0 ? " ORDER BY " : ", ", i + 1);
	sqlite3_finalize(columns);
	lc_buffer_append_format(text, "== %s\n", name);
	dump_rows(machine, sql, text);
}

static void dump(struct machine *machine, struct lc_buffer *text)
{
	sqlite3_stmt *tables = NULL;

	lc_buffer_init(text, SIZE_MAX);
	dump_rows(machine, "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2", text);
	assert_int_equal(
	    sqlite3_prepare_v2(machine->store->db,
			       "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1", -1,
			       &tables, NULL),
	    SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW)
		dump_table(machine, (const char *)sqlite3_column_text(tables, 0), text);
	assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
}

static void check_equal(struct world *world)
{
	struct lc_buffer first;
	struct lc_buffer copy;
	size_t at = 0;

	dump(&world->first, &first);
	dump(&world->copy, &copy);
	while (at < first.size && at < copy.size && first.data[at] == copy.data[at])
		at++;
	if (at < first.size || at < copy.size) {
		size_t from = at < 200 ? 0 : at - 200;

		fail_msg("after %zu commands, at byte %zu:\n%.400s\n---- the copy:\n%.400s",
			 world->writes, at, lc_buffer_text(&first) + from,
			 lc_buffer_text(&copy) + from);
	}
	lc_buffer_free(&first);
	lc_buffer_free(&copy);
}

/* ---- a group ---- */

static bool chance(struct world *world, uint64_t one_in)
{
	return lc_command_maker_below(&world->maker, one_in) == 0;
}

static void make_group(struct world *world, struct lc_ledger_command_list *group)
{
	uint64_t count = 1 + lc_command_maker_below(&world->maker, GROUP_MOST);

	STAILQ_INIT(group);
	STAILQ_CONCAT(group, &world->going_on);
	while (count-- > 0) {
		struct lc_ledger_command *command = chance(world, 5)
							? lc_command_maker_read(&world->maker)
							: lc_command_maker_next(&world->maker);

		STAILQ_INSERT_TAIL(group, command, next);
	}
}

/* Executes some of the commands, or all, and takes that back. */
static void execute_in_vain(struct world *world, const struct lc_ledger_command_list *group)
{
	struct lc_ledger_command *command;
	struct lc_error error;

	assert_true(lc_store_begin(world->first.store, &error));
	STAILQ_FOREACH(command, group, next)
	{
		if (chance(world, 10))
			break;
		if (!lc_ledger_command_execute(command, world->first.store, &error))
			fail_msg("%s", error.message);
	}
	lc_store_roll_back(world->first.store);
	world->undone++;
}

/* A group that is rolled back, and is not heard of again. */
static void lose_group(struct world *world)
{
	struct lc_command_maker before = world->maker;
	struct lc_ledger_command_list kept = STAILQ_HEAD_INITIALIZER(kept);
	struct lc_ledger_command_list lost;

	STAILQ_CONCAT(&kept, &world->going_on);
	make_group(world, &lost);
	execute_in_vain(world, &lost);
	lc_ledger_command_free_all(&lost);
	STAILQ_CONCAT(&world->going_on, &kept);
	before.random = world->maker.random;
	world->maker = before;
}

static void execute(struct machine *machine, const struct lc_ledger_command_list *group)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (!lc_ledger_command_begin_all(group, machine->store, &error) ||
	    !lc_store_commit(machine->store, &error))
		fail_msg("%s", error.message);
}

/* What a ledger does with them once they are committed. */
static void hand_back(struct world *world, struct lc_ledger_command_list *group)
{
	struct lc_ledger_command *command;

	while ((command = STAILQ_FIRST(group)) != NULL) {
		STAILQ_REMOVE_HEAD(group, next);
		world->writes += lc_ledger_command_writes(command) ? 1 : 0;
		if (lc_ledger_command_goes_on(command)) {
			STAILQ_INSERT_TAIL(&world->going_on, command, next);
			world->steps++;
		} else {
			lc_ledger_command_free(command);
		}
	}
}

static void encode(struct world *world, const struct lc_ledger_command_list *group,
		   struct lc_buffer *bytes)
{
	struct lc_segment_header *header = &world->header;

	header->previous = (struct lc_chain_position){
	    .epoch = header->epoch, .seq = header->seq, .hash = world->hash};
	if (header->seq > 0)
		lc_chain_name_format(LC_CHAIN_SEGMENT, header->epoch, header->seq,
				     "0123456789abcdef", header->previous_name);
	header->seq++;
	lc_segment_encode(header, group, bytes, &world->hash);
}

static void replay(struct world *world, struct lc_view bytes)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_ledger_command *command;

	if (!lc_segment_decode(bytes, &header, &commands, &error))
		fail_msg("%s", error.message);
	execute(&world->copy, &commands);
	STAILQ_FOREACH(command, &commands, next)
	{
		assert_false(lc_ledger_command_goes_on(command));
		assert_false(lc_ledger_command_has_callback(command));
	}
	lc_ledger_command_free_all(&commands);
}

static void run_group(struct world *world)
{
	struct lc_ledger_command_list group;
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, SIZE_MAX);
	make_group(world, &group);
	while (chance(world, 4))
		execute_in_vain(world, &group);
	execute(&world->first, &group);
	encode(world, &group, &bytes);
	replay(world, lc_buffer_view(&bytes));
	hand_back(world, &group);
	lc_buffer_free(&bytes);
}

/* A restart forgets the rest of an expiry. */
static void restart_first(struct world *world)
{
	lc_ledger_command_free_all(&world->going_on);
	reopen(&world->first);
}

static void run(struct world *world, uint64_t seed, bool restart)
{
	lc_random_seed(&world->maker.random, seed);
	for (int i = 1; i <= GROUPS; i++) {
		if (chance(world, 5))
			lose_group(world);
		run_group(world);
		if (restart && chance(world, 15))
			restart_first(world);
		if (chance(world, 10))
			reopen(&world->copy);
		if (i % COMPARED_EACH == 0)
			check_equal(world);
	}
	assert_true(world->writes > GROUPS * 8 && world->undone > 20 && world->steps > 20);
}

/* ---- the stories ---- */

static void a_copy_that_gets_the_segments_has_the_same_content(void **state)
{
	run(*state, 1, false);
}

static void so_it_is_with_other_commands(void **state)
{
	run(*state, 2, false);
}

static void so_it_is_when_the_first_is_restarted(void **state)
{
	run(*state, 3, true);
}

/* Each step is in the group in which it was done, with what else was done meanwhile. */
static void an_expiry_is_done_in_the_steps_that_were_done(void **state)
{
	struct world *world = *state;
	struct lc_ledger_command_list group = STAILQ_HEAD_INITIALIZER(group);
	struct lc_ledger_command *command;
	size_t groups = 0;

	for (int i = 0; i < 50; i++) {
		command = lc_command_maker_one(&world->maker, LC_LEDGER_COMMAND_ADD_INTENT);
		STAILQ_INSERT_TAIL(&group, command, next);
		command = lc_command_maker_one(&world->maker, LC_LEDGER_COMMAND_SET_DELIVERED);
		STAILQ_INSERT_TAIL(&group, command, next);
	}
	command = lc_ledger_command_new(LC_LEDGER_COMMAND_EXPIRE, 0);
	command->as.expire.bound = world->maker.now;
	STAILQ_INSERT_TAIL(&group, command, next);
	while (!STAILQ_EMPTY(&group)) {
		struct lc_buffer bytes;

		lc_buffer_init(&bytes, SIZE_MAX);
		execute(&world->first, &group);
		encode(world, &group, &bytes);
		replay(world, lc_buffer_view(&bytes));
		check_equal(world);
		hand_back(world, &group);
		STAILQ_CONCAT(&group, &world->going_on);
		lc_buffer_free(&bytes);
		groups++;
	}
	assert_true(groups > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_copy_that_gets_the_segments_has_the_same_content),
	    STORY(so_it_is_with_other_commands),
	    STORY(so_it_is_when_the_first_is_restarted),
	    STORY(an_expiry_is_done_in_the_steps_that_were_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
