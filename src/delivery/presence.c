#include "delivery/presence.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "delivery/discovery.h"
#include "delivery/query.h"
#include "formats/discovery_row.h"
#include "formats/offset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BEAT_MS = 15 * 1000,
	SHARD_MS = 1000, /* between two beats, for each shard */
	LIVING_MOVES = 2,
	PEERS_MAX = 256, /* lives whose rows are not merged yet; more are not looked at */
	GONE_LOOKS = 8,  /* so many looks without its row: it was merged, and is forgotten */
	SQL_MAX = 8 * 1024,
	HOST_MAX = 64,
	NONCE_DIGITS = 16,
	BEAT_DIGITS = 10,
	NAME_AT = NONCE_DIGITS + 1 + BEAT_DIGITS + 1,
};

enum step {
	STEP_STOPPED,
	STEP_WAITING, /* for the next beat */
	STEP_LOOKING, /* the rows of others are read, */
	STEP_SHOWING, /* and the own one is written */
};

static const char *const STEP_NAMES[] = {"stopped", "waiting", "looking", "showing itself"};

/* What a row says of the life that writes it. */
struct life {
	uint64_t nonce;
	uint64_t since_ms; /* by ClickHouse's clock, when it began */
	uint64_t beat;
};

struct peer {
	struct life life;
	unsigned moves;
	uint64_t seen; /* the look that has shown its row last */
	bool told;
};

struct lc_presence {
	const struct lc_delivery *delivery;
	char host[HOST_MAX + 1];
	uint64_t beat_ms;
	struct lc_loop_timer *timer;
	struct life own;

	enum step step;
	bool failing; /* and the log has said so */
	struct lc_clickhouse_query *query;
	struct lc_buffer row;
	struct lc_discovery_answer answer;

	uint64_t looks; /* begun */
	struct peer *peers;
	size_t peer_count;
	size_t peer_capacity;
	struct lc_error rival; /* kind NONE: there is none that has begun earlier */
};

static void enter(struct lc_presence *presence, enum step step)
{
	if (presence->step != step)
		lc_log(LC_LOG_DEBUG, "presence", LC_LOG_TEXT("from", STEP_NAMES[presence->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	presence->step = step;
	presence->query = NULL;
	lc_buffer_free(&presence->row);
	lc_discovery_answer_free(&presence->answer);
}

/* ---- the row: "<nonce> <beat> <host>", so wide that text and number have the same order ---- */

static void append_own_row(struct lc_presence *presence)
{
	char name[NAME_AT + HOST_MAX + 1];
	struct lc_offset offset = {.start_time_ms = (int64_t)presence->own.since_ms};

	snprintf(name, sizeof(name), "%0*" PRIx64 " %0*" PRIu64 " %s", NONCE_DIGITS,
		 presence->own.nonce, BEAT_DIGITS, presence->own.beat, presence->host);
	offset.req_id = lc_view_of(name);
	lc_offset_append_row(&presence->row, lc_view_of(LC_QUERY_PRESENCE_BUCKET),
			     presence->delivery->shard, &offset);
	LC_ASSERT(!lc_buffer_failed(&presence->row));
}

/* A number of that many digits, and nothing else. */
static bool read_number(struct lc_view text, size_t from, size_t digits, int base, uint64_t *number)
{
	char copy[NONCE_DIGITS + 1];
	char *end;

	memcpy(copy, text.data + from, digits);
	copy[digits] = '\0';
	if (strspn(copy, base == 16 ? "0123456789abcdef" : "0123456789") != digits)
		return false;
	*number = strtoull(copy, &end, base);
	return true;
}

static bool read_life(const struct lc_offset *offset, struct life *life)
{
	struct lc_view name = offset->req_id;

	if (name.size < NAME_AT || name.data[NONCE_DIGITS] != ' ' || name.data[NAME_AT - 1] != ' ')
		return false;
	life->since_ms = (uint64_t)offset->start_time_ms;
	return read_number(name, 0, NONCE_DIGITS, 16, &life->nonce) &&
	       read_number(name, NONCE_DIGITS + 1, BEAT_DIGITS, 10, &life->beat);
}

/* ---- the others ---- */

static struct peer *find_peer(struct lc_presence *presence, const struct life *life)
{
	for (size_t i = 0; i < presence->peer_count; i++) {
		if (presence->peers[i].life.nonce == life->nonce)
			return &presence->peers[i];
	}
	if (presence->peer_count == PEERS_MAX)
		return NULL;
	presence->peers = lc_memory_grow(presence->peers, &presence->peer_capacity,
					 presence->peer_count + 1, sizeof(presence->peers[0]));
	presence->peers[presence->peer_count] = (struct peer){.life = *life};
	return &presence->peers[presence->peer_count++];
}

static bool began_earlier(const struct life *a, const struct life *b)
{
	return a->since_ms != b->since_ms ? a->since_ms < b->since_ms : a->nonce < b->nonce;
}

static void tell_of(struct lc_presence *presence, struct peer *peer, struct lc_view host)
{
	char since[LC_CLOCK_TEXT_SIZE];

	lc_clock_format((int64_t)peer->life.since_ms, since);
	if (began_earlier(&peer->life, &presence->own)) {
		lc_error_set(&presence->rival, LC_ERROR_CONFLICT,
			     "another courier, on %.*s and running since %s, delivers shard %u of "
			     "%u as well; this one, which began later, stops. Stop one of the two, "
			     "then start this one again",
			     lc_view_shown(host, HOST_MAX), host.data, since,
			     presence->delivery->shard, presence->delivery->shard_count);
	} else if (!peer->told) {
		peer->told = true;
		lc_log(LC_LOG_ERROR,
		       "another courier that began later delivers this shard as well; rows may be "
		       "delivered twice until it stops",
		       LC_LOG_VIEW("host", host), LC_LOG_TEXT("since", since));
	}
}

/* A row that is not ours counts even if the answer then breaks off. */
static void on_row(void *context, const struct lc_discovery_row *row)
{
	struct lc_presence *presence = context;
	struct lc_view name = row->floor.req_id;
	struct life life;
	struct peer *peer;

	if (!read_life(&row->floor, &life) || life.nonce == presence->own.nonce)
		return;
	peer = find_peer(presence, &life);
	if (peer == NULL)
		return;
	peer->seen = presence->looks;
	if (life.beat <= peer->life.beat)
		return;
	peer->life.beat = life.beat;
	peer->moves++;
	if (peer->moves >= LIVING_MOVES)
		tell_of(presence, peer,
			(struct lc_view){.data = name.data + NAME_AT, .size = name.size - NAME_AT});
}

/* ---- the beat ---- */

/* What fails here fails elsewhere as well, where health looks at it. */
static void note(struct lc_presence *presence, const struct lc_error *error)
{
	bool failed = error->kind != LC_ERROR_NONE;

	if (failed && !presence->failing)
		lc_log(LC_LOG_WARNING,
		       "it cannot be seen whether another courier delivers this shard; that is "
		       "tried again",
		       LC_LOG_FAULT(error));
	presence->failing = failed;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_presence *presence = context;

	return lc_discovery_answer_feed(&presence->answer, piece, on_row, presence, error);
}

static void on_shown(void *context, const struct lc_error *error)
{
	struct lc_presence *presence = context;

	note(presence, error);
	enter(presence, STEP_WAITING);
	lc_loop_timer_start(presence->timer, presence->beat_ms);
}

static void show(struct lc_presence *presence)
{
	struct lc_clickhouse_spec spec = {
	    .seat = lc_discovery_seat(presence->delivery->discovery),
	    .timeout_ms =
		(uint64_t)presence->delivery->settings->timeout_commit_operation_seconds * 1000,
	    .on_done = on_shown,
	    .context = presence,
	};
	struct lc_buffer sql;

	enter(presence, STEP_SHOWING);
	presence->own.beat++;
	append_own_row(presence);
	spec.data = lc_buffer_view(&presence->row);
	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_insert(&sql, presence->delivery->settings);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	presence->query = lc_clickhouse_start(presence->delivery->clickhouse, &spec);
	lc_buffer_free(&sql);
}

static void forget_gone(struct lc_presence *presence)
{
	size_t kept = 0;

	for (size_t i = 0; i < presence->peer_count; i++) {
		if (presence->looks - presence->peers[i].seen < GONE_LOOKS)
			presence->peers[kept++] = presence->peers[i];
	}
	presence->peer_count = kept;
}

static void on_looked(void *context, const struct lc_error *error)
{
	struct lc_presence *presence = context;

	note(presence, error);
	forget_gone(presence);
	if (presence->rival.kind == LC_ERROR_NONE) {
		show(presence);
		return;
	}
	enter(presence, STEP_STOPPED);
	presence->delivery->events->rivalled(presence->delivery->context, &presence->rival);
}

/* Before the own row is written, which replaces those of others once the table is merged: what
 * others have written since the last one is there. */
static void on_timer(void *context)
{
	struct lc_presence *presence = context;
	struct lc_clickhouse_spec spec = {
	    .seat = lc_discovery_seat(presence->delivery->discovery),
	    .on_data = on_data,
	    .on_done = on_looked,
	    .context = presence,
	};
	uint64_t marker = lc_random_next(presence->delivery->random);
	struct lc_buffer sql;

	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_presence(&sql, presence->delivery, marker);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	enter(presence, STEP_LOOKING);
	presence->looks++;
	lc_discovery_answer_begin(&presence->answer, marker);
	presence->query = lc_clickhouse_start(presence->delivery->clickhouse, &spec);
	lc_buffer_free(&sql);
}

struct lc_presence *lc_presence_new(const struct lc_delivery *delivery)
{
	struct lc_presence *presence = lc_memory_zero(1, sizeof(*presence));
	uint64_t all_ms = (uint64_t)delivery->shard_count * SHARD_MS;

	presence->delivery = delivery;
	presence->beat_ms = all_ms > BEAT_MS ? all_ms : BEAT_MS;
	if (gethostname(presence->host, HOST_MAX) != 0) /* for people to read, and nothing else */
		snprintf(presence->host, sizeof(presence->host), "(no name)");
	presence->own.nonce = lc_random_next(delivery->random);
	lc_buffer_init(&presence->row, SQL_MAX);
	presence->timer = lc_loop_timer_new(delivery->loop, on_timer, presence);
	return presence;
}

void lc_presence_begin(struct lc_presence *presence)
{
	if (presence->own.since_ms != 0)
		return;
	presence->own.since_ms =
	    (uint64_t)lc_discovery_clickhouse_now(presence->delivery->discovery) * 1000;
	enter(presence, STEP_WAITING);
	lc_loop_timer_start(presence->timer, 0);
}

void lc_presence_stop(struct lc_presence *presence)
{
	if (presence->query != NULL)
		lc_clickhouse_cancel(presence->query);
	lc_loop_timer_stop(presence->timer);
	enter(presence, STEP_STOPPED);
}

void lc_presence_free(struct lc_presence *presence)
{
	if (presence == NULL)
		return;
	lc_presence_stop(presence);
	lc_loop_timer_free(presence->timer);
	free(presence->peers);
	free(presence);
}
