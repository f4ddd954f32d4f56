/* Discovery in a delivery_world, and what ClickHouse answers to it. */
#ifndef LC_TESTS_SUPPORT_DISCOVERY_STORY_H
#define LC_TESTS_SUPPORT_DISCOVERY_STORY_H

#include "delivery/discovery.h"
#include "support/delivery_world.h"
#include "support/story.h"

enum {
	DISCOVERY_STORY_SHARD = 3,
	DISCOVERY_STORY_SHARD_COUNT = 4,
	DISCOVERY_STORY_DELAY = 10,     /* processing delay, seconds */
	DISCOVERY_STORY_UNTIL = 100000, /* end of the last window, as the ledger has it */
};

struct discovery_story {
	struct delivery_world world;
	struct lc_discovery *discovery;
	unsigned ends;         /* how often a discovery was over */
	struct lc_error error; /* of the last one */
};

/* A story in such a world. */
#define DISCOVERY_STORY(name) \
	cmocka_unit_test_setup_teardown(name, discovery_story_set_up, discovery_story_tear_down)
int discovery_story_set_up(void **state);
int discovery_story_tear_down(void **state);

/* A process that begins with this state of the ledger. */
void discovery_story_start_process(struct discovery_story *story,
				   const struct lc_ledger_state *ledger_state);

/* Starts a discovery. */
void discovery_story_start(struct discovery_story *story);

/* Starts a discovery and answers that it is `now`. */
void discovery_story_tell_time(struct discovery_story *story, uint32_t now);

/* ClickHouse tells of the source's offset. */
void discovery_story_send_offset(struct discovery_story *story, uint32_t session,
				 const char *bucket, uint32_t second);

/* The first discovery of a process up to the question for its window: offsets are not ahead. */
void discovery_story_pass_offsets(struct discovery_story *story, uint32_t now);

/* The first window: where it begins. */
void discovery_story_answer_oldest_of(struct discovery_story *story, uint64_t rows,
				      uint32_t second);

/* The same of a thousand rows. */
void discovery_story_answer_oldest(struct discovery_story *story, uint32_t second);

/* So many discoveries have ended, the last one with this error. */
void discovery_story_expect_end(const struct discovery_story *story, unsigned ends,
				enum lc_error_kind kind);

#endif
