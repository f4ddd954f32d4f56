#include "machines/peers.h"

#include "support/story.h"

#include <inttypes.h>
#include <stdio.h>

enum { OWN_BOOT = 50, SILENT_AFTER = 3, ROWS = 4 };

/* A look: rows are added, then taken. */
struct table {
	struct lc_peers peers;
	char texts[ROWS][256];
	struct lc_register_row rows[ROWS];
	size_t count;
	uint64_t sent;
};

static struct table table;

static int set_up(void **state)
{
	(void)state;
	table = (struct table){.count = 0};
	lc_peers_init(&table.peers, "me", OWN_BOOT, SILENT_AFTER);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lc_peers_free(&table.peers);
	return 0;
}

static void add(const char *name, uint64_t boot, uint64_t counter)
{
	char *text = table.texts[table.count];

	snprintf(text, sizeof table.texts[0],
		 "1 boot=%016" PRIx64 " counter=%" PRIu64 " capacity=1 settings=%016x software=1 "
		 "state=fit shards= reason=",
		 boot, counter, 1);
	table.rows[table.count++] =
	    (struct lc_register_row){.name = lc_view_of(name), .value = lc_view_of(text)};
}

static void look(void)
{
	lc_peers_look(&table.peers, table.rows, table.count, table.sent);
	table.count = 0;
	table.sent++;
}

static void look_with_own(void)
{
	add("me", OWN_BOOT, table.sent);
	look();
}

static enum lc_peer_verdict verdict(const char *name)
{
	const struct lc_peer *peer = lc_peers_find(&table.peers, name);

	assert_non_null(peer);
	return peer->verdict;
}

static void begin_to_beat(void)
{
	table.sent = 1;
	look_with_own();
	assert_true(table.peers.counts);
}

static void a_machine_is_alive_once_its_beat_moves(void **state)
{
	(void)state;
	begin_to_beat();
	add("peer", 1, 100);
	look_with_own();
	assert_int_equal(verdict("peer"), LC_PEER_NEW);
	add("peer", 1, 101);
	look_with_own();
	assert_int_equal(verdict("peer"), LC_PEER_ALIVE);
	assert_null(lc_peers_find(&table.peers, "me"));
	assert_null(lc_peers_find(&table.peers, "nobody"));
}

static void a_machine_whose_beat_stands_still_is_silent(void **state)
{
	(void)state;
	begin_to_beat();
	for (unsigned i = 0; i <= SILENT_AFTER; i++) {
		add("peer", 1, 100);
		look_with_own();
		assert_int_equal(verdict("peer"), i < SILENT_AFTER ? LC_PEER_NEW : LC_PEER_SILENT);
	}
	add("peer", 1, 101);
	look_with_own();
	assert_int_equal(verdict("peer"), LC_PEER_ALIVE);
	/* A row that is gone stands still, too. */
	for (unsigned i = 1; i <= SILENT_AFTER; i++) {
		look_with_own();
		assert_int_equal(verdict("peer"),
				 i < SILENT_AFTER ? LC_PEER_ALIVE : LC_PEER_SILENT);
	}
}

static void a_machine_that_was_restarted_moves(void **state)
{
	(void)state;
	begin_to_beat();
	add("peer", 1, 100);
	look_with_own();
	add("peer", 2, 1);
	look_with_own();
	assert_int_equal(verdict("peer"), LC_PEER_ALIVE);
}

static void looks_without_an_own_beat_do_not_count(void **state)
{
	(void)state;
	begin_to_beat();
	add("peer", 1, 100);
	look_with_own();
	for (unsigned i = 0; i < 10; i++) {
		/* Not there, an old one, the table away: none shows that beats are written. */
		add("peer", 1, 100);
		look();
		add("me", OWN_BOOT, 1);
		add("peer", 1, 100);
		look();
		lc_peers_miss(&table.peers);
		assert_false(table.peers.counts);
	}
	assert_int_equal(verdict("peer"), LC_PEER_NEW);
	for (unsigned i = 1; i <= SILENT_AFTER; i++) {
		assert_int_equal(verdict("peer"), LC_PEER_NEW);
		look_with_own();
	}
	assert_int_equal(verdict("peer"), LC_PEER_SILENT);
}

static void a_look_that_does_not_count_begins_the_count_again(void **state)
{
	(void)state;
	begin_to_beat();
	add("peer", 1, 100);
	look_with_own();
	add("peer", 1, 101);
	look_with_own();
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned k = 1; k < SILENT_AFTER; k++)
			look_with_own();
		lc_peers_miss(&table.peers);
	}
	assert_int_equal(verdict("peer"), LC_PEER_ALIVE);
}

static void beats_of_another_release_move_with_their_text(void **state)
{
	static const char *const texts[] = {"2 one", "2 two", "2 two"};

	(void)state;
	begin_to_beat();
	for (unsigned i = 0; i < 3; i++) {
		table.rows[table.count++] = (struct lc_register_row){.name = lc_view_of("peer"),
								     .value = lc_view_of(texts[i])};
		look_with_own();
		assert_int_equal(verdict("peer"), i == 0 ? LC_PEER_NEW : LC_PEER_ALIVE);
	}
	assert_false(lc_peers_find(&table.peers, "peer")->readable);
	assert_int_equal(lc_peers_find(&table.peers, "peer")->missed, 1);
}

static void rows_that_cannot_be_machines_are_left_out(void **state)
{
	(void)state;
	begin_to_beat();
	add("two words", 1, 1);
	add("", 1, 1);
	look_with_own();
	assert_int_equal(table.peers.count, 0);
}

static void an_owner_without_a_row_becomes_silent(void **state)
{
	(void)state;
	begin_to_beat();
	lc_peers_watch(&table.peers, "gone");
	lc_peers_watch(&table.peers, "gone");
	assert_int_equal(table.peers.count, 1);
	for (unsigned i = 0; i < SILENT_AFTER; i++)
		look_with_own();
	assert_int_equal(verdict("gone"), LC_PEER_SILENT);
}

static void the_beat_of_a_former_life_is_no_rival(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		add("me", 1, 100);
		look();
	}
	assert_false(lc_peers_has_rival(&table.peers));
	/* A copy that lags shows it move once or twice. */
	add("me", 1, 102);
	look();
	look_with_own();
	add("me", 1, 103);
	look();
	assert_false(lc_peers_has_rival(&table.peers));
	assert_false(table.peers.is_clone);
}

static void of_two_machines_of_one_name_the_later_one_stops(void **state)
{
	(void)state;
	begin_to_beat();
	for (unsigned i = 0; i < 5; i++) {
		add("me", 1, 100 + i);
		look();
	}
	assert_true(lc_peers_has_rival(&table.peers));
	assert_true(table.peers.is_clone);
	look_with_own();
	assert_true(table.peers.is_clone);
}

static void of_two_machines_of_one_name_the_earlier_one_goes_on(void **state)
{
	(void)state;
	table.sent = 100;
	look_with_own();
	for (unsigned i = 0; i < 5; i++) {
		add("me", 1, 1 + i);
		look();
	}
	assert_true(lc_peers_has_rival(&table.peers));
	assert_false(table.peers.is_clone);
	look_with_own();
	assert_false(lc_peers_has_rival(&table.peers));
}

static void a_copy_of_this_very_process_is_seen_by_its_count(void **state)
{
	(void)state;
	begin_to_beat();
	add("me", OWN_BOOT, table.sent + 1);
	look();
	assert_true(table.peers.is_clone);
}

static void there_is_a_bound_of_machines(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < LC_PEERS_MAX + 10; i++) {
		snprintf(name, sizeof name, "m%u", i);
		lc_peers_watch(&table.peers, name);
	}
	assert_int_equal(table.peers.count, LC_PEERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_machine_is_alive_once_its_beat_moves),
	    STORY(a_machine_whose_beat_stands_still_is_silent),
	    STORY(a_machine_that_was_restarted_moves),
	    STORY(looks_without_an_own_beat_do_not_count),
	    STORY(a_look_that_does_not_count_begins_the_count_again),
	    STORY(beats_of_another_release_move_with_their_text),
	    STORY(rows_that_cannot_be_machines_are_left_out),
	    STORY(an_owner_without_a_row_becomes_silent),
	    STORY(the_beat_of_a_former_life_is_no_rival),
	    STORY(of_two_machines_of_one_name_the_later_one_stops),
	    STORY(of_two_machines_of_one_name_the_earlier_one_goes_on),
	    STORY(a_copy_of_this_very_process_is_seen_by_its_count),
	    STORY(there_is_a_bound_of_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
