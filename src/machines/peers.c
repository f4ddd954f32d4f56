#include "machines/peers.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { RIVAL_MOVES = 3 }; /* a copy of the table that lags may show some beats of a former life */

void lc_peers_init(struct lc_peers *peers, const char *name, uint64_t boot, unsigned silent_after)
{
	LC_ASSERT(silent_after > 0 && lc_machine_name_is_good(lc_view_of(name)));
	*peers = (struct lc_peers){.boot = boot, .silent_after = silent_after};
	snprintf(peers->name, sizeof peers->name, "%s", name);
}

void lc_peers_free(struct lc_peers *peers)
{
	free(peers->all);
	peers->all = NULL;
	peers->count = 0;
	peers->capacity = 0;
}

/* Where the name is, or would be. */
static size_t place_of(const struct lc_peers *peers, const char *name)
{
	size_t place = 0;

	while (place < peers->count && strcmp(peers->all[place].name, name) < 0)
		place++;
	return place;
}

static bool stands_at(const struct lc_peers *peers, size_t place, const char *name)
{
	return place < peers->count && strcmp(peers->all[place].name, name) == 0;
}

const struct lc_peer *lc_peers_find(const struct lc_peers *peers, const char *name)
{
	size_t place = place_of(peers, name);

	return stands_at(peers, place, name) ? &peers->all[place] : NULL;
}

/* NULL when there are too many. */
static struct lc_peer *find_or_add(struct lc_peers *peers, const char *name)
{
	size_t place = place_of(peers, name);

	if (stands_at(peers, place, name))
		return &peers->all[place];
	if (peers->count == LC_PEERS_MAX)
		return NULL;
	peers->all =
	    lc_memory_grow(peers->all, &peers->capacity, peers->count + 1, sizeof *peers->all);
	memmove(&peers->all[place + 1], &peers->all[place],
		(peers->count - place) * sizeof *peers->all);
	peers->count++;
	peers->all[place] = (struct lc_peer){.verdict = LC_PEER_NEW};
	snprintf(peers->all[place].name, sizeof peers->all[place].name, "%s", name);
	return &peers->all[place];
}

void lc_peers_watch(struct lc_peers *peers, const char *name)
{
	(void)find_or_add(peers, name);
}

/* A beat that cannot be read moves when its text changes. */
static bool read_beat(struct lc_view text, struct lc_machine_beat *beat)
{
	if (lc_machine_beat_read(text, beat, NULL))
		return true;
	beat->boot = text.size == 0 ? 0 : XXH3_64bits(text.data, text.size);
	beat->counter = 0;
	return false;
}

static void take_own(struct lc_peers *peers, const struct lc_machine_beat *beat, uint64_t sent)
{
	if (beat->boot == peers->boot) {
		/* Ahead of what was sent: a copy of this very process beats too. */
		peers->is_clone = peers->is_clone || beat->counter > sent;
		peers->counts = beat->counter > peers->seen;
		peers->seen = beat->counter > peers->seen ? beat->counter : peers->seen;
		return;
	}
	if (beat->boot != peers->rival_boot)
		peers->rival_moves = 0;
	else if (beat->counter > peers->rival_counter)
		peers->rival_moves++;
	peers->rival_boot = beat->boot;
	peers->rival_counter = beat->counter;
	if (lc_peers_has_rival(peers) &&
	    (beat->counter > sent || (beat->counter == sent && beat->boot > peers->boot)))
		peers->is_clone = true;
}

bool lc_peers_has_rival(const struct lc_peers *peers)
{
	return peers->rival_moves >= RIVAL_MOVES;
}

static void take_row(struct lc_peer *peer, const struct lc_machine_beat *beat, bool readable)
{
	bool begins = peer->verdict == LC_PEER_NEW && peer->missed == 0 && peer->boot == 0;
	bool moves = beat->boot != peer->boot || beat->counter > peer->counter;

	if (!moves)
		return;
	peer->boot = beat->boot;
	peer->counter = beat->counter;
	peer->readable = readable;
	if (readable)
		peer->beat = *beat;
	if (begins)
		return; /* the row may be old */
	peer->missed = 0;
	peer->verdict = LC_PEER_ALIVE;
}

static void take_rows(struct lc_peers *peers, const struct lc_register_row *rows, size_t row_count,
		      uint64_t sent)
{
	struct lc_machine_beat beat;
	char name[LC_MACHINE_NAME_MAX + 1];

	for (size_t i = 0; i < row_count; i++) {
		struct lc_peer *peer;
		bool readable;

		if (!lc_machine_name_is_good(rows[i].name))
			continue;
		memcpy(name, rows[i].name.data, rows[i].name.size);
		name[rows[i].name.size] = '\0';
		readable = read_beat(rows[i].value, &beat);
		if (strcmp(name, peers->name) == 0) {
			take_own(peers, &beat, sent);
			continue;
		}
		peer = find_or_add(peers, name);
		if (peer != NULL)
			take_row(peer, &beat, readable);
	}
}

void lc_peers_look(struct lc_peers *peers, const struct lc_register_row *rows, size_t row_count,
		   uint64_t sent)
{
	for (size_t i = 0; i < peers->count; i++)
		peers->all[i].missed++;
	peers->counts = false;
	take_rows(peers, rows, row_count, sent);
	if (!peers->counts) {
		lc_peers_miss(peers);
		return;
	}
	peers->seen_looks++;
	peers->rival_moves = 0;
	for (size_t i = 0; i < peers->count; i++) {
		if (peers->all[i].missed >= peers->silent_after)
			peers->all[i].verdict = LC_PEER_SILENT;
	}
}

void lc_peers_miss(struct lc_peers *peers)
{
	peers->counts = false;
	for (size_t i = 0; i < peers->count; i++) {
		if (peers->all[i].verdict != LC_PEER_SILENT)
			peers->all[i].missed = 0;
	}
}
