#include "machines/machine_rule.h"

#include "base/assert.h"
#include "base/memory.h"
#include "machines/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Looks that showed an own beat, until shards that the heads call one's own are taken back: if
	   another machine of the same name were alive, it would have written over it. */
	LOOKS_TO_RETURN = 1,
	/* So often the head has to call a shard one's own while it has no worker, since a look may have
	   begun before the worker ended. */
	LOOKS_IDLE = 2,
	/* A machine gives up a shard for balance when it was to do so at two looks one after the other:
	   what was seen half done is done by then. */
	LOOKS_TO_RELEASE = 2,
	RELEASES_AT_ONCE = 4, /* of a machine that gives up all */
	/* So many times the looks until a machine is silent, and a word that was not kept is not waited
	   for any more. */
	PATIENCE = 8,
	/* So many times the looks until a machine is silent others have to be fit before one that is
	   unfit gives them its shards: after an outage that all have seen, some recover first. */
	RECOVERY = 4,
	NOBODY = -1,
};

/* A machine that takes part in the sharing, in the order of their names. */
struct member {
	const char *name;
	const struct lc_peer *peer; /* NULL: this machine */
};

/* Whose a shard is, for the plan. */
enum standing {
	OUT,    /* nobody's to share out: no head, or a machine has it that takes no part */
	HELD,   /* a member has it, or has said that it takes it */
	COMING, /* a machine that is alive is giving it up */
	OPEN,   /* may be taken */
};

struct place {
	struct lc_machine_head head; /* the newest that was seen */
	enum standing standing;
	int member;                  /* HELD */
	int barred;                  /* OPEN: the member that has not kept its word, or NOBODY */
	int planned;                 /* OPEN: the member that is to take it, or NOBODY */
	bool unowned;                /* no living machine has it, by its head */
	enum lc_machine_cause cause; /* why it was OPEN last */
	bool mine;                   /* the head names this machine */
	unsigned looks_idle;         /* mine, and no worker for it */
	/* Who has said it would take or give up the shard, and in how many looks that was seen. */
	char promiser[LC_MACHINE_NAME_MAX + 1];
	unsigned promised;
};

struct lc_machine_rule {
	struct lc_machine_rule_options options;
	struct lc_peers peers;
	struct place *places;
	unsigned looks_with_surplus;
	unsigned looks_beside_fit; /* in a row, at which another machine was fit */
	/* of the last look */
	const struct lc_machine_view *view;
	bool others_are_fit;
	bool somebody_starts;
	unsigned taken[LC_MACHINE_CAUSE_COUNT];
	struct member members[LC_PEERS_MAX + 1];
	struct lc_share shares[LC_PEERS_MAX + 1];
	size_t member_count;
	int own; /* this machine among the members, or NOBODY */
};

struct lc_machine_rule *lc_machine_rule_new(const struct lc_machine_rule_options *options)
{
	struct lc_machine_rule *rule = lc_memory_zero(1, sizeof *rule);

	LC_ASSERT(options->shards > 0 && options->shards <= LC_MACHINE_SHARDS_MAX);
	LC_ASSERT(options->capacity > 0 && options->capacity <= LC_MACHINE_CAPACITY_MAX);
	rule->options = *options;
	rule->places = lc_memory_zero(options->shards, sizeof *rule->places);
	lc_peers_init(&rule->peers, options->name, options->boot, options->silent_after);
	return rule;
}

void lc_machine_rule_free(struct lc_machine_rule *rule)
{
	if (rule == NULL)
		return;
	lc_peers_free(&rule->peers);
	free(rule->places);
	free(rule);
}

const struct lc_peers *lc_machine_rule_peers(const struct lc_machine_rule *rule)
{
	return &rule->peers;
}

const struct lc_machine_head *lc_machine_rule_head(const struct lc_machine_rule *rule,
						   unsigned shard)
{
	LC_ASSERT(shard < rule->options.shards);
	return &rule->places[shard].head;
}

bool lc_machine_rule_is_unowned(const struct lc_machine_rule *rule, unsigned shard)
{
	LC_ASSERT(shard < rule->options.shards);
	return rule->places[shard].unowned;
}

bool lc_machine_rule_differs(const struct lc_machine_rule *rule, const struct lc_peer *peer)
{
	return !peer->readable || peer->beat.settings != rule->options.settings;
}

/* ---- who takes part ---- */

/* It knows who is alive: whoever is has moved meanwhile, whoever is not is silent. */
static bool is_settled(const struct lc_machine_rule *rule)
{
	return rule->peers.seen_looks >= rule->options.silent_after;
}

static bool takes_part(const struct lc_machine_rule *rule, const struct lc_peer *peer)
{
	return peer->verdict == LC_PEER_ALIVE && !lc_machine_rule_differs(rule, peer);
}

static bool is_willing(enum lc_machine_state state)
{
	return state == LC_MACHINE_STATE_FIT || state == LC_MACHINE_STATE_STARTING;
}

static void add_member(struct lc_machine_rule *rule, const struct lc_peer *peer)
{
	rule->members[rule->member_count] = (struct member){
	    .name = peer == NULL ? rule->options.name : peer->name,
	    .peer = peer,
	};
	rule->shares[rule->member_count] = (struct lc_share){
	    .capacity = peer == NULL ? rule->options.capacity : peer->beat.capacity,
	};
	if (peer == NULL)
		rule->own = (int)rule->member_count;
	rule->member_count++;
}

/* While no machine is fit, those that do not leave share the shards among them. */
static bool is_member(const struct lc_machine_rule *rule, const struct lc_peer *peer, bool any_fit)
{
	enum lc_machine_state state = peer->beat.state;

	return takes_part(rule, peer) &&
	       (any_fit ? is_willing(state) : state != LC_MACHINE_STATE_LEAVING);
}

static void find_members(struct lc_machine_rule *rule)
{
	const struct lc_peers *peers = &rule->peers;
	enum lc_machine_ability ability = rule->view->ability;
	bool any_fit;
	bool with_me;

	rule->others_are_fit = false;
	rule->somebody_starts = false;
	for (size_t i = 0; i < peers->count; i++) {
		if (!takes_part(rule, &peers->all[i]))
			continue;
		rule->others_are_fit |= is_willing(peers->all[i].beat.state);
		rule->somebody_starts |= peers->all[i].beat.state == LC_MACHINE_STATE_STARTING;
	}
	if (!rule->others_are_fit)
		rule->looks_beside_fit = 0;
	else if (peers->counts)
		rule->looks_beside_fit++;
	any_fit = rule->others_are_fit || ability == LC_MACHINE_ABLE;
	with_me = any_fit ? ability == LC_MACHINE_ABLE : ability != LC_MACHINE_LEAVING;
	rule->member_count = 0;
	rule->own = NOBODY;
	for (size_t i = 0; i < peers->count; i++) {
		if (with_me && rule->own == NOBODY &&
		    strcmp(rule->options.name, peers->all[i].name) < 0)
			add_member(rule, NULL);
		if (is_member(rule, &peers->all[i], any_fit))
			add_member(rule, &peers->all[i]);
	}
	if (with_me && rule->own == NOBODY)
		add_member(rule, NULL);
}

static int member_of(const struct lc_machine_rule *rule, const struct lc_peer *peer)
{
	for (size_t i = 0; i < rule->member_count; i++) {
		if (rule->members[i].peer == peer)
			return (int)i;
	}
	return NOBODY;
}

/* ---- whose each shard is ---- */

/* What its beat says of the shard. */
static const struct lc_machine_shard *said_of(const struct lc_peer *peer, unsigned shard)
{
	static const struct lc_machine_shard NOTHING = {.hold = LC_MACHINE_AWAY,
							.refusal = LC_MACHINE_NO_REFUSAL};

	for (size_t i = 0; i < peer->beat.shard_count; i++) {
		if (peer->beat.shards[i].shard == shard)
			return &peer->beat.shards[i];
	}
	return &NOTHING;
}

static enum lc_machine_refusal refusal_of_member(const struct lc_machine_rule *rule, int member,
						 unsigned shard)
{
	const struct lc_peer *peer = rule->members[member].peer;

	return peer == NULL ? rule->view->shards[shard].refusal : said_of(peer, shard)->refusal;
}

/* Whether this machine refuses the shard, or avoids it and another one does not. */
static bool is_to_yield(const struct lc_machine_rule *rule, unsigned shard)
{
	enum lc_machine_refusal own = rule->view->shards[shard].refusal;

	if (own != LC_MACHINE_AVOIDS)
		return own == LC_MACHINE_REFUSES;
	for (int i = 0; i < (int)rule->member_count; i++) {
		if (refusal_of_member(rule, i, shard) == LC_MACHINE_NO_REFUSAL)
			return true;
	}
	return false;
}

/* The living machine that says it is about to take the shard, or that it has it, as when its worker
 * is being replaced: the first by name, of several. */
static const struct lc_peer *find_taker(const struct lc_machine_rule *rule, unsigned shard)
{
	for (size_t i = 0; i < rule->peers.count; i++) {
		const struct lc_peer *peer = &rule->peers.all[i];
		enum lc_machine_hold hold =
		    takes_part(rule, peer) ? said_of(peer, shard)->hold : LC_MACHINE_AWAY;

		if (hold == LC_MACHINE_TAKING || hold == LC_MACHINE_HAS)
			return peer;
	}
	return NULL;
}

/* Whether the machine has been promising something of this shard for too long. */
static bool is_overdue(const struct lc_machine_rule *rule, struct place *place,
		       const struct lc_peer *promiser)
{
	if (promiser == NULL || strcmp(place->promiser, promiser->name) != 0) {
		snprintf(place->promiser, sizeof place->promiser, "%s",
			 promiser == NULL ? "" : promiser->name);
		place->promised = 0;
	}
	if (promiser != NULL && rule->peers.counts)
		place->promised++;
	return place->promised > PATIENCE * rule->options.silent_after;
}

/* No living machine has it. */
static void place_open(struct lc_machine_rule *rule, unsigned shard, enum lc_machine_cause cause)
{
	struct place *place = &rule->places[shard];
	const struct lc_peer *taker = find_taker(rule, shard);
	bool promises = taker != NULL && said_of(taker, shard)->hold == LC_MACHINE_TAKING;
	bool overdue = is_overdue(rule, place, promises ? taker : NULL);
	int member = taker == NULL ? NOBODY : member_of(rule, taker);

	place->standing = OPEN;
	place->unowned = true;
	place->cause = cause;
	if (rule->own != NOBODY && (rule->view->shards[shard].hold == LC_MACHINE_TAKING ||
				    rule->view->shards[shard].hold == LC_MACHINE_HAS)) {
		place->standing = HELD;
		place->member = rule->own;
	} else if (overdue) {
		place->barred = member;
	} else if (member != NOBODY) {
		place->standing = HELD;
		place->member = member;
	}
}

static void place_mine(struct lc_machine_rule *rule, unsigned shard)
{
	enum lc_machine_hold hold = rule->view->shards[shard].hold;
	struct place *place = &rule->places[shard];

	place->mine = true;
	place->looks_idle = hold == LC_MACHINE_AWAY ? place->looks_idle + 1 : 0;
	if (hold == LC_MACHINE_AWAY && rule->view->shards[shard].refusal != LC_MACHINE_NO_REFUSAL) {
		place_open(rule, shard, LC_MACHINE_CAUSE_RELEASED);
		return;
	}
	(void)is_overdue(rule, place, NULL);
	place->member = rule->own;
	if (rule->own == NOBODY || hold == LC_MACHINE_RELEASING || is_to_yield(rule, shard) ||
	    (hold == LC_MACHINE_AWAY && place->looks_idle < LOOKS_IDLE))
		place->standing = COMING;
	else
		place->standing = HELD;
}

static void place_of_peer(struct lc_machine_rule *rule, unsigned shard, const struct lc_peer *owner)
{
	struct place *place = &rule->places[shard];
	const struct lc_machine_shard *said = said_of(owner, shard);
	bool counts = takes_part(rule, owner);
	bool releasing = counts && said->hold == LC_MACHINE_RELEASING;
	bool overdue;

	if (counts && said->hold == LC_MACHINE_AWAY && said->refusal != LC_MACHINE_NO_REFUSAL) {
		place_open(rule, shard, LC_MACHINE_CAUSE_RELEASED);
		return;
	}
	overdue = is_overdue(rule, place, releasing ? owner : NULL);
	place->member = member_of(rule, owner);
	if (owner->verdict == LC_PEER_NEW || !counts) {
		place->standing = OUT;
	} else if (overdue) {
		place->standing = OPEN;
		place->cause = LC_MACHINE_CAUSE_OVERDUE;
		place->barred = place->member;
	} else {
		place->standing = releasing || place->member == NOBODY ? COMING : HELD;
	}
}

static bool names_me(const struct lc_machine_rule *rule, const struct lc_machine_head *head)
{
	return head->state == LC_MACHINE_HEAD_OWNED && strcmp(head->owner, rule->options.name) == 0;
}

/* An epoch that goes back is that of an old copy of the row. */
static void take_head(struct lc_machine_rule *rule, struct place *place,
		      const struct lc_machine_head *head)
{
	if (head->epoch < place->head.epoch)
		return;
	rule->taken[place->cause] += place->head.state != LC_MACHINE_HEAD_UNKNOWN &&
				     !names_me(rule, &place->head) && names_me(rule, head);
	place->head = *head;
}

static void find_standing(struct lc_machine_rule *rule, unsigned shard)
{
	const struct lc_machine_head *head = &rule->view->heads[shard];
	struct place *place = &rule->places[shard];
	const struct lc_peer *owner;

	place->mine = false;
	place->unowned = false;
	place->barred = NOBODY;
	place->planned = NOBODY;
	place->member = NOBODY;
	place->standing = OUT;
	if (head->state == LC_MACHINE_HEAD_UNKNOWN)
		return;
	take_head(rule, place, head);
	head = &place->head;
	if (head->state == LC_MACHINE_HEAD_FREE) {
		place_open(rule, shard, LC_MACHINE_CAUSE_RELEASED);
	} else if (names_me(rule, head)) {
		place_mine(rule, shard);
	} else {
		owner = lc_peers_find(&rule->peers, head->owner);
		if (owner == NULL)
			return; /* one machine too many to be watched */
		if (owner->verdict == LC_PEER_SILENT)
			place_open(rule, shard, LC_MACHINE_CAUSE_SILENT);
		else
			place_of_peer(rule, shard, owner);
	}
}

static void place_shard(struct lc_machine_rule *rule, unsigned shard)
{
	find_standing(rule, shard);
	if (!rule->places[shard].mine)
		rule->places[shard].looks_idle = 0;
}

/* ---- the plan ---- */

static void divide(struct lc_machine_rule *rule)
{
	unsigned shards = 0;

	for (unsigned i = 0; i < rule->options.shards; i++) {
		const struct place *place = &rule->places[i];

		shards += place->standing != OUT;
		if (place->standing == HELD)
			rule->shares[place->member].has++;
	}
	if (rule->member_count > 0)
		lc_shares_divide(rule->shares, rule->member_count, shards);
}

/* How well a shard would be placed with a member. */
struct fitting {
	bool works; /* the member does not avoid it */
	bool lacks; /* the member has less than its target */
	uint64_t preference;
};

static bool fits_better(const struct fitting *a, const struct fitting *b)
{
	if (a->works != b->works)
		return a->works;
	if (a->lacks != b->lacks)
		return a->lacks;
	return a->preference > b->preference;
}

static int choose_taker(const struct lc_machine_rule *rule, unsigned shard)
{
	struct fitting best = {.works = false};
	int chosen = NOBODY;

	for (int i = 0; i < (int)rule->member_count; i++) {
		enum lc_machine_refusal refusal = refusal_of_member(rule, i, shard);
		const struct fitting fitting = {
		    .works = refusal == LC_MACHINE_NO_REFUSAL,
		    .lacks = rule->shares[i].has < rule->shares[i].target,
		    .preference = lc_shares_preference(rule->members[i].name, shard),
		};

		if (i == rule->places[shard].barred || refusal == LC_MACHINE_REFUSES ||
		    (chosen != NOBODY && !fits_better(&fitting, &best)))
			continue;
		best = fitting;
		chosen = i;
	}
	return chosen;
}

static void hand_out(struct lc_machine_rule *rule)
{
	for (unsigned i = 0; i < rule->options.shards; i++) {
		struct place *place = &rule->places[i];

		if (place->standing != OPEN)
			continue;
		place->planned = choose_taker(rule, i);
		if (place->planned != NOBODY)
			rule->shares[place->planned].has++;
	}
}

/* ---- orders ---- */

static void give(struct lc_machine_orders *orders, const struct lc_machine_order *order)
{
	LC_ASSERT(orders->count < LC_MACHINE_SHARDS_MAX);
	orders->all[orders->count++] = *order;
}

static void order_release(struct lc_machine_orders *orders, unsigned shard)
{
	give(orders, &(struct lc_machine_order){.type = LC_MACHINE_RELEASE, .shard = shard});
}

/* Of a machine that takes no part, as it leaves, or is unfit while others are fit. */
static bool is_to_give_up(const struct lc_machine_rule *rule)
{
	return rule->view->ability == LC_MACHINE_LEAVING ||
	       rule->looks_beside_fit > RECOVERY * rule->options.silent_after;
}

static void order_to_take(struct lc_machine_rule *rule, struct lc_machine_orders *orders)
{
	bool returns = rule->peers.seen_looks >= LOOKS_TO_RETURN;
	bool takes = is_settled(rule) && rule->peers.counts;

	for (unsigned i = 0; i < rule->options.shards; i++) {
		const struct place *place = &rule->places[i];
		bool planned = place->standing == OPEN && place->planned == rule->own;

		if (rule->view->shards[i].hold != LC_MACHINE_AWAY)
			continue;
		if (place->mine ? place->looks_idle >= LOOKS_IDLE && returns &&
				      (planned || place->standing != OPEN)
				: planned && takes)
			give(orders, &(struct lc_machine_order){.type = LC_MACHINE_TAKE,
								.shard = i,
								.epoch = place->head.epoch});
	}
}

/* The shard that some machine that lacks one prefers most. */
static int choose_to_release(const struct lc_machine_rule *rule)
{
	uint64_t highest = 0;
	int chosen = NOBODY;

	for (unsigned i = 0; i < rule->options.shards; i++) {
		if (rule->places[i].standing != HELD || rule->places[i].member != rule->own ||
		    rule->view->shards[i].hold != LC_MACHINE_HAS || is_to_yield(rule, i))
			continue;
		for (size_t k = 0; k < rule->member_count; k++) {
			uint64_t preference = lc_shares_preference(rule->members[k].name, i);

			if (rule->shares[k].has >= rule->shares[k].target ||
			    refusal_of_member(rule, (int)k, i) != LC_MACHINE_NO_REFUSAL)
				continue;
			if (chosen == NOBODY || preference > highest) {
				chosen = (int)i;
				highest = preference;
			}
		}
	}
	return chosen;
}

static void order_to_balance(struct lc_machine_rule *rule, struct lc_machine_orders *orders)
{
	const struct lc_share *share = &rule->shares[rule->own];
	bool surplus = share->has > share->target && !rule->somebody_starts && is_settled(rule) &&
		       rule->peers.counts;
	int shard;

	rule->looks_with_surplus = surplus ? rule->looks_with_surplus + 1 : 0;
	if (rule->looks_with_surplus < LOOKS_TO_RELEASE)
		return;
	shard = choose_to_release(rule);
	if (shard != NOBODY)
		order_release(orders, (unsigned)shard);
}

static void order_to_give_up(const struct lc_machine_rule *rule, struct lc_machine_orders *orders)
{
	for (unsigned i = 0; i < rule->options.shards && orders->count < RELEASES_AT_ONCE; i++) {
		enum lc_machine_hold hold = rule->view->shards[i].hold;

		if (hold == LC_MACHINE_TAKING || hold == LC_MACHINE_HAS)
			order_release(orders, i);
	}
}

static void order_to_yield(const struct lc_machine_rule *rule, struct lc_machine_orders *orders)
{
	for (unsigned i = 0; i < rule->options.shards; i++) {
		enum lc_machine_hold hold = rule->view->shards[i].hold;

		if ((hold == LC_MACHINE_TAKING || hold == LC_MACHINE_HAS) && is_to_yield(rule, i))
			order_release(orders, i);
	}
}

static void watch_owners(struct lc_machine_rule *rule)
{
	for (unsigned i = 0; i < rule->options.shards; i++) {
		const struct lc_machine_head *head = &rule->view->heads[i];

		if (head->state == LC_MACHINE_HEAD_OWNED &&
		    strcmp(head->owner, rule->options.name) != 0)
			lc_peers_watch(&rule->peers, head->owner);
	}
}

static void count_findings(const struct lc_machine_rule *rule, struct lc_machine_orders *orders)
{
	for (unsigned i = 0; i < rule->options.shards; i++)
		orders->headless += rule->view->heads[i].state == LC_MACHINE_HEAD_UNKNOWN;
	memcpy(orders->taken, rule->taken, sizeof orders->taken);
}

void lc_machine_rule_look(struct lc_machine_rule *rule, const struct lc_machine_view *view,
			  struct lc_machine_orders *orders)
{
	orders->count = 0;
	orders->headless = 0;
	lc_peers_look(&rule->peers, view->rows, view->row_count, view->sent);
	rule->view = view;
	memset(rule->taken, 0, sizeof rule->taken);
	watch_owners(rule);
	find_members(rule);
	for (unsigned i = 0; i < rule->options.shards; i++)
		place_shard(rule, i);
	divide(rule);
	hand_out(rule);
	count_findings(rule, orders);
	if (rule->peers.is_clone)
		return;
	if (rule->own != NOBODY) {
		order_to_take(rule, orders);
		order_to_yield(rule, orders);
		order_to_balance(rule, orders);
	} else if (is_to_give_up(rule)) {
		order_to_give_up(rule, orders);
	}
}

void lc_machine_rule_miss(struct lc_machine_rule *rule)
{
	lc_peers_miss(&rule->peers);
	rule->looks_with_surplus = 0;
}

/* ---- the beat ---- */

static enum lc_machine_state state_of(const struct lc_machine_rule *rule,
				      enum lc_machine_ability ability)
{
	if (ability == LC_MACHINE_LEAVING)
		return LC_MACHINE_STATE_LEAVING;
	if (ability == LC_MACHINE_UNABLE)
		return LC_MACHINE_STATE_UNFIT;
	return is_settled(rule) ? LC_MACHINE_STATE_FIT : LC_MACHINE_STATE_STARTING;
}

void lc_machine_rule_beat(const struct lc_machine_rule *rule, const struct lc_machine_view *view,
			  struct lc_machine_beat *beat)
{
	*beat = (struct lc_machine_beat){
	    .boot = rule->options.boot,
	    .counter = view->sent + 1,
	    .capacity = rule->options.capacity,
	    .settings = rule->options.settings,
	    .state = state_of(rule, view->ability),
	};
	snprintf(beat->software, sizeof beat->software, "%s", rule->options.software);
	for (unsigned i = 0; i < rule->options.shards; i++) {
		struct lc_machine_shard shard = view->shards[i];

		/* Nobody here could release it. */
		if (shard.hold == LC_MACHINE_AWAY && rule->places[i].mine &&
		    view->ability != LC_MACHINE_ABLE) {
			shard.hold = LC_MACHINE_RELEASING;
			shard.epoch = rule->places[i].head.epoch;
		}
		shard.shard = i;
		if (shard.hold != LC_MACHINE_AWAY || shard.refusal != LC_MACHINE_NO_REFUSAL)
			beat->shards[beat->shard_count++] = shard;
	}
}
