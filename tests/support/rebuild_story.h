/* The rebuild in a delivery_world, with two log objects of a target that an earlier process has
 * recorded in the ledger. */
#ifndef LC_TESTS_SUPPORT_REBUILD_STORY_H
#define LC_TESTS_SUPPORT_REBUILD_STORY_H

#include "delivery/rebuild.h"
#include "support/delivery_world.h"
#include "support/story.h"

enum {
	REBUILD_STORY_FIRST = 1549411200, /* second of the first row of an intent */
	REBUILD_STORY_NOW = REBUILD_STORY_FIRST + 1000,
	REBUILD_STORY_RETENTION = 86400,
	REBUILD_STORY_ROWS = 4, /* of an intent, one a second */
	REBUILD_STORY_NEXT_ID = 100,
	REBUILD_STORY_MISSING_WAIT_MS = 60 * 1000,
	REBUILD_STORY_FAILURE_WAIT_MS = 5 * 1000,
	REBUILD_STORY_INTENTS_MAX = 256, /* of one pass */
	REBUILD_STORY_TEXT_MAX = 32,
};

/* An intent as the ledger has it, and what its object was. */
struct rebuild_story_recorded {
	struct lc_record rows[REBUILD_STORY_ROWS];
	char keys[REBUILD_STORY_ROWS][REBUILD_STORY_TEXT_MAX];
	struct lc_buffer blob;
	struct lc_buffer name;
	struct lc_buffer body;
	struct lc_ledger_intent intent;
};

struct rebuild_story {
	struct delivery_world world;
	struct lc_rebuild *rebuild;
	struct lc_target *target;
	struct rebuild_story_recorded one;
	struct rebuild_story_recorded two;
};

/* A story in such a world. */
#define REBUILD_STORY(name) \
	cmocka_unit_test_setup_teardown(name, rebuild_story_set_up, rebuild_story_tear_down)
int rebuild_story_set_up(void **state);
int rebuild_story_tear_down(void **state);

/* Makes up the object of REBUILD_STORY_ROWS rows that an earlier process has recorded. */
void rebuild_story_record(struct rebuild_story *story, struct rebuild_story_recorded *recorded,
			  uint64_t id, const char *bucket);

void rebuild_story_free_recorded(struct rebuild_story_recorded *recorded);

/* What the ledger has told when it was opened. */
void rebuild_story_restore(struct rebuild_story *story, const char *bucket, unsigned failures);

/* Intents of the target without a body. */
uint64_t rebuild_story_backlog(const struct rebuild_story *story);

/* Starts a pass if there is something to do. */
void rebuild_story_start_if_due(struct rebuild_story *story);

/* A pass over these intents, up to the question to ClickHouse. */
void rebuild_story_begin_pass(struct rebuild_story *story, const struct lc_ledger_intent *intents,
			      size_t count);

/* ClickHouse sends the rows of an object: number `from` to those before `to`. */
void rebuild_story_send_rows(struct rebuild_story *story,
			     const struct rebuild_story_recorded *recorded, size_t from, size_t to);

/* The oldest PUT is that of the recorded object, byte for byte. */
void rebuild_story_expect_put(const struct rebuild_story *story,
			      struct rebuild_story_recorded *recorded);

/* ClickHouse shows all rows of an object, and no more. */
void rebuild_story_show_rows(struct rebuild_story *story,
			     const struct rebuild_story_recorded *recorded);

#endif
