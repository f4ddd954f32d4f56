/* Whether a ledger's file holds what its shard's chain says: all segments, from the first one, are
 * executed in a file of their own, and both files are compared. */
#include "sim/sim.h"

#include "base/memory.h"
#include "formats/shard_head.h"
#include "ledger/file_name.h"
#include "ledger/segment.h"
#include "ledger/share.h"
#include "ledger/store.h"
#include "support/ledger_dump.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Segments, the last one first. */
struct chain {
	const struct lc_buffer **segments;
	struct lc_chain_position *positions;
	size_t count;
	size_t capacity;
	size_t position_capacity;
};

static void add(struct chain *chain, const struct lc_buffer *segment,
		const struct lc_chain_position *position)
{
	chain->segments = lc_memory_grow(chain->segments, &chain->capacity, chain->count + 1,
					 sizeof(chain->segments[0]));
	chain->positions = lc_memory_grow(chain->positions, &chain->position_capacity,
					  chain->count + 1, sizeof(chain->positions[0]));
	chain->segments[chain->count] = segment;
	chain->positions[chain->count++] = *position;
}

static const struct lc_buffer *fetch(unsigned shard, const char *name)
{
	char folder[128];
	char key[256];
	const struct lc_buffer *segment;

	lc_share_format_folder("p", 0, shard, sim->plan.shard_count, folder, sizeof(folder));
	snprintf(key, sizeof(key), "%s%s", folder, name);
	segment = sim_pieces_find(key);
	if (segment == NULL)
		sim_fail("the chain needs %s, which is not there", key);
	return segment;
}

static void decode(const struct lc_buffer *segment, struct lc_segment_header *header,
		   struct lc_ledger_command_list *commands)
{
	struct lc_error error;

	STAILQ_INIT(commands);
	if (!lc_segment_decode(lc_buffer_view(segment), header, commands, &error))
		sim_fail("a segment cannot be read: %s", error.message);
}

/* The segments up to that place, by the head as it is. */
static void collect(struct chain *chain, unsigned shard, const struct lc_chain_position *until)
{
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_shard_head head;
	struct lc_error error;
	struct lc_chain_position at;
	char name[LC_CHAIN_NAME_SIZE];
	bool found = false;

	if (!lc_shard_head_parse(lc_view_of(sim_head_value(shard)), &head, &error))
		sim_fail("the head of shard %u: %s", shard, error.message);
	at = head.last;
	memcpy(name, head.segment, sizeof(name));
	while (at.seq > 0) {
		const struct lc_buffer *segment = fetch(shard, name);

		if (!lc_chain_hash_equal(lc_chain_hash_of(lc_buffer_view(segment)), at.hash))
			sim_fail("the segment %s has another hash than the chain says", name);
		found = found || lc_chain_position_equal(&at, until);
		if (found)
			add(chain, segment, &at);
		decode(segment, &header, &commands);
		lc_ledger_command_free_all(&commands);
		at = header.previous;
		memcpy(name, header.previous_name, sizeof(name));
	}
	if (!found)
		sim_fail("the ledger of shard %u stands at segment %llu of epoch %llu, which is "
			 "not of its chain",
			 shard, (unsigned long long)until->seq, (unsigned long long)until->epoch);
}

static void execute(struct lc_store *store, const struct lc_buffer *segment,
		    const struct lc_chain_position *position)
{
	struct lc_ledger_command_list commands;
	struct lc_segment_header header;
	struct lc_error error;

	decode(segment, &header, &commands);
	if (!lc_ledger_command_begin_all(&commands, store, &error) ||
	    !lc_store_set_position(store, position, &error) || !lc_store_commit(store, &error))
		sim_fail("a segment cannot be executed: %s", error.message);
	lc_ledger_command_free_all(&commands);
}

static void make_file(const struct chain *chain, const char *path, unsigned shard)
{
	const struct lc_ledger_options options = {
	    .path = path, .shard = shard, .shard_count = sim->plan.shard_count};
	struct lc_ledger_state state = {.fresh = false};
	struct lc_error error;
	struct lc_store *store = lc_store_open(&options, &state, &error);

	if (store == NULL)
		sim_fail("the file of a chain cannot be made: %s", error.message);
	for (size_t i = chain->count; i > 0; i--)
		execute(store, chain->segments[i - 1], &chain->positions[i - 1]);
	lc_store_close(store);
}

void sim_check_restored(const char *path, unsigned shard)
{
	struct chain chain = {.count = 0};
	struct lc_chain_position position;
	struct lc_buffer local;
	struct lc_buffer made;
	struct lc_error error;
	char other[PATH_MAX];

	if (!lc_store_find_position(path, &position, &error))
		sim_fail("a ledger does not say where it stands: %s", error.message);
	if (position.seq == 0)
		return;
	snprintf(other, sizeof(other), "%s/chain", sim->directory);
	collect(&chain, shard, &position);
	make_file(&chain, other, shard);
	ledger_dump(path, &local);
	ledger_dump(other, &made);
	if (!ledger_dumps_equal(&local, &made))
		sim_fail("the ledger of shard %u differs from its chain at segment %llu", shard,
			 (unsigned long long)position.seq);
	if (!lc_file_name_remove_all(other, &error))
		sim_fail("the file of a chain cannot be removed: %s", error.message);
	free(chain.segments);
	free(chain.positions);
}
