/* Files of replays: whole or not there, whoever dies; ended, they are small. */
#include "ledger/replay_file.h"

#include "base/file.h"
#include "ledger/file_name.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARD = 1, SHARD_COUNT = 3, FROM = 1000, UNTIL = 2000 };

static const char ID[] = "20261130T081500Z-1";

struct story {
	char directory[64];
	char path[PATH_MAX];
	struct lc_error error;
};

static int set_up(void **state)
{
	struct story *story = calloc(1, sizeof(*story));

	assert_non_null(story);
	snprintf(story->directory, sizeof(story->directory), "/tmp/replay-file-XXXXXX");
	assert_non_null(mkdtemp(story->directory));
	assert_true(lc_replay_file_path(story->path, story->directory, ID, &story->error));
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	/* Nothing else is left. */
	assert_true(lc_file_name_remove_all(story->path, &story->error));
	assert_int_equal(rmdir(story->directory), 0);
	free(story);
	return 0;
}

static struct lc_replay_record example(void)
{
	struct lc_replay_record record = {.of_target = true,
					  .prefix_size = 3,
					  .bucket_size = 4,
					  .from = FROM,
					  .to = UNTIL,
					  .ordered_at = 5000,
					  .sources = 2,
					  .rows = 30};

	snprintf(record.id, sizeof(record.id), "%s", ID);
	memcpy(record.bucket, "lo\0s", 4);
	memcpy(record.prefix, "a/'", 3);
	return record;
}

static void make(struct story *story, const struct lc_replay_record *record, size_t count)
{
	const struct lc_replay_source sources[] = {
	    {.name = lc_ledger_case_source("cats"), .from = FROM, .until = 1500},
	    {.name = lc_ledger_case_source("dogs"), .from = 1200, .until = UNTIL},
	};

	if (!lc_replay_file_make(story->path, record, SHARD, SHARD_COUNT, sources, count,
				 &story->error))
		fail_msg("%s", story->error.message);
}

static struct lc_replay_record read_back(struct story *story)
{
	struct lc_replay_record record;
	unsigned shard;
	unsigned shard_count;

	if (!lc_replay_file_read(story->path, &record, &shard, &shard_count, &story->error))
		fail_msg("%s", story->error.message);
	assert_int_equal(shard, SHARD);
	assert_int_equal(shard_count, SHARD_COUNT);
	return record;
}

static void a_replay_is_read_as_it_was_made(void **state)
{
	struct story *story = *state;
	struct lc_replay_record made = example();
	struct lc_replay_record record;

	make(story, &made, 2);
	record = read_back(story);
	assert_memory_equal(&record, &made, sizeof(record));
}

struct found {
	char text[256];
};

static void on_source(void *context, const struct lc_ledger_source *source,
		      const struct lc_ledger_range *ranges, size_t count)
{
	struct found *found = context;
	size_t size = strlen(found->text);

	assert_int_equal(count, 1);
	snprintf(found->text + size, sizeof(found->text) - size, "%u/%.*s %u-%u\n",
		 source->raft_session_id, (int)source->bucket.size, source->bucket.data,
		 ranges[0].from, ranges[0].to);
}

static struct lc_store *open_store(struct story *story, struct found *found)
{
	struct lc_ledger_options options = {
	    .path = story->path, .shard = SHARD, .shard_count = SHARD_COUNT};
	struct lc_ledger_state state = {.on_source = on_source, .context = found};
	struct lc_store *store = lc_store_open(&options, &state, &story->error);

	assert_non_null(store);
	assert_false(state.fresh);
	return store;
}

static void it_is_a_ledger_with_the_seconds_open(void **state)
{
	struct story *story = *state;
	struct lc_replay_record made = example();
	struct found found = {""};

	make(story, &made, 2);
	lc_store_close(open_store(story, &found));
	assert_string_equal(found.text, "7/cats 1000-1500\n7/dogs 1200-2000\n");
}

static void rows_taken_and_confirmed_are_counted_as_delivered(void **state)
{
	struct story *story = *state;
	struct lc_replay_record made = example();
	struct found found = {""};
	struct lc_store *store;

	make(story, &made, 2);
	store = open_store(story, &found);
	assert_true(lc_store_begin(store, &story->error));
	lc_ledger_case_store_intent(store, 1, "cats", 1000, 2, 5, 100);
	lc_ledger_case_store_intent(store, 2, "dogs", 1300, 1, 7, 200);
	assert_true(lc_store_set_delivered(store, 1, &story->error));
	assert_true(lc_store_commit(store, &story->error));
	lc_store_close(store);
	assert_int_equal(read_back(story).delivered, 10);
}

static void an_ended_replay_takes_the_place_of_its_ledger(void **state)
{
	struct story *story = *state;
	struct lc_replay_record made = example();
	struct lc_replay_record record;
	struct found found = {""};

	make(story, &made, 2);
	made.state = LC_REPLAY_FAILED;
	made.ended_at = 6000;
	made.delivered = 12;
	snprintf(made.reason, sizeof(made.reason), "its ledger is damaged");
	make(story, &made, 0);
	record = read_back(story);
	assert_memory_equal(&record, &made, sizeof(record));
	lc_store_close(open_store(story, &found));
	assert_string_equal(found.text, "");
}

static void a_draft_that_somebody_left_is_in_nobodys_way(void **state)
{
	struct story *story = *state;
	struct lc_replay_record made = example();
	char draft[PATH_MAX];

	assert_true(snprintf(draft, sizeof(draft), "%s.draft", story->path) < PATH_MAX);
	assert_true(lc_file_write(draft, lc_view_of("no ledger"), &story->error));
	make(story, &made, 2);
	assert_int_equal(access(draft, F_OK), -1);
	(void)read_back(story);
}

static void what_is_no_replay_is_refused(void **state)
{
	struct story *story = *state;
	struct lc_ledger_state ledger = {.fresh = false};
	struct lc_replay_record record;
	unsigned shard;
	unsigned count;

	assert_true(lc_file_write(story->path, lc_view_of("no ledger"), &story->error));
	assert_false(lc_replay_file_read(story->path, &record, &shard, &count, &story->error));
	assert_int_equal(story->error.kind, LC_ERROR_CORRUPT);
	assert_true(lc_file_name_remove_all(story->path, &story->error));

	/* A shard's ledger says nothing of a replay. */
	lc_store_close(lc_ledger_case_open_store(story->path, &ledger));
	assert_false(lc_replay_file_read(story->path, &record, &shard, &count, &story->error));
	assert_int_equal(story->error.kind, LC_ERROR_CORRUPT);
}

static void identities_tell_when_and_where(void **state)
{
	static const char *const OTHERS[] = {"",
					     "20261130T081500Z",
					     "20261130T081500Z-",
					     "20261130T081500Z-x",
					     "20261130T081500Z-123456",
					     "2026-11-30T08:15Z-1",
					     "20261130T08150AZ-1",
					     "20261130T081500Z-1/"};
	char id[LC_REPLAY_ID_SIZE];
	unsigned shard;

	(void)state;
	lc_replay_id_make(id, 1796026500, 65535);
	assert_string_equal(id, "20261130T081500Z-65535");
	assert_true(lc_replay_id_read(lc_view_of(id), &shard));
	assert_int_equal(shard, 65535);
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		if (lc_replay_id_read(lc_view_of(OTHERS[i]), &shard))
			fail_msg("%s passes for an identity", OTHERS[i]);
	}
}

static void names_of_files_are_known(void **state)
{
	char id[LC_REPLAY_ID_SIZE];
	bool whole;

	(void)state;
	assert_true(lc_replay_file_parse("replay-20261130T081500Z-1.db", id, &whole));
	assert_true(whole);
	assert_string_equal(id, ID);
	assert_true(lc_replay_file_parse("replay-20261130T081500Z-1.db-wal", id, &whole));
	assert_false(whole);
	assert_true(lc_replay_file_parse("replay-20261130T081500Z-1.db.draft.new", id, &whole));
	assert_false(whole);
	assert_false(lc_replay_file_parse("shard-0-of-1.db", id, &whole));
	assert_false(lc_replay_file_parse("replay-.db", id, &whole));
	assert_false(lc_replay_file_parse("replay-20261130T081500Z-1", id, &whole));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_replay_is_read_as_it_was_made),
	    STORY(it_is_a_ledger_with_the_seconds_open),
	    STORY(rows_taken_and_confirmed_are_counted_as_delivered),
	    STORY(an_ended_replay_takes_the_place_of_its_ledger),
	    STORY(a_draft_that_somebody_left_is_in_nobodys_way),
	    STORY(what_is_no_replay_is_refused),
	    STORY(identities_tell_when_and_where),
	    STORY(names_of_files_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
