/* Replays of a shard: what is refused, what is counted, how one is carried out, and what of it
 * outlives the process. */
#include "delivery/replays.h"

#include "base/file.h"
#include "base/memory.h"
#include "delivery/cycle.h"
#include "delivery/discovery.h"
#include "delivery/rebuild.h"
#include "delivery/scan.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNTIL = 1549420000, FROM = 1549411000, TO = 1549412000, TEND_MS = 1000 };

struct story {
	struct delivery_world world;
	struct lc_replays *replays;
	struct lc_replays_answer answer;
	unsigned answers;
	char directory[64];
	char listing[1024]; /* one line for each replay: identity, state, rows delivered, of */
};

static void begin(struct story *story)
{
	struct lc_delivery *delivery = &story->world.delivery;

	delivery->state.until = UNTIL;
	delivery_world_begin(&story->world, 1);
	delivery->scan = lc_scan_new(delivery);
	delivery->discovery = lc_discovery_new(delivery);
	story->replays = lc_replays_new(delivery);
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	snprintf(story->directory, sizeof(story->directory), "/tmp/replays-XXXXXX");
	assert_non_null(mkdtemp(story->directory));
	free(story->world.settings.state_directory);
	story->world.settings.state_directory = lc_memory_copy_text(story->directory);
	begin(story);
	*state = story;
	return 0;
}

static void end(struct story *story)
{
	lc_replays_free(story->replays);
	lc_discovery_free(story->world.delivery.discovery);
	lc_scan_free(story->world.delivery.scan);
}

static void empty(const char *directory)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX];

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		unlink(path);
	}
	closedir(entries);
}

static int tear_down(void **state)
{
	struct story *story = *state;

	end(story);
	delivery_world_end(&story->world);
	empty(story->directory);
	assert_int_equal(rmdir(story->directory), 0);
	free(story);
	return 0;
}

/* Another process takes over. */
static void restart(struct story *story)
{
	end(story);
	story->replays = lc_replays_new(&story->world.delivery);
	story->world.delivery.scan = lc_scan_new(&story->world.delivery);
	story->world.delivery.discovery = lc_discovery_new(&story->world.delivery);
}

static void on_ordered(void *context, const struct lc_replays_answer *answer)
{
	struct story *story = context;

	story->answer = *answer;
	story->answers++;
}

static struct lc_replay_record of_photos(uint32_t from, uint32_t to)
{
	struct lc_replay_record record = {
	    .raft_session_id = 7, .bucket_size = 6, .from = from, .to = to};

	memcpy(record.bucket, "photos", 6);
	return record;
}

static void order(struct story *story, bool only_counted)
{
	struct lc_replay_record record = of_photos(FROM, TO);

	lc_replays_order(story->replays, &record, only_counted, on_ordered, story);
}

/* ClickHouse has counted so many rows, between these seconds of insertedAt. */
static void answer_count(struct story *story, uint64_t rows, uint32_t first, uint32_t last)
{
	struct lc_discovery_row row = {.raft_session_id = 7,
				       .bucket = lc_view_of("photos"),
				       .rows = rows,
				       .oldest = first,
				       .floor = {.inserted_at = last, .req_id = lc_view_of("")}};

	if (rows > 0)
		fake_clickhouse_send_found(story->world.clickhouse, &row);
	fake_clickhouse_end(story->world.clickhouse);
}

static void visit(void *context, const struct lc_replay_record *record, bool running,
		  const char *trouble)
{
	struct story *story = context;
	size_t size = strlen(story->listing);

	snprintf(story->listing + size, sizeof(story->listing) - size, "%d%s %llu of %llu %s\n",
		 record->state, running ? " running" : "", (unsigned long long)record->delivered,
		 (unsigned long long)record->rows, trouble);
}

static void expect_listing(struct story *story, const char *expected)
{
	story->listing[0] = '\0';
	lc_replays_each(story->replays, visit, story);
	assert_string_equal(story->listing, expected);
}

static void pass_a_second(struct story *story)
{
	fake_loop_advance(story->world.loop, TEND_MS);
	lc_replays_tend(story->replays);
	fake_loop_advance(story->world.loop, 0);
}

static void make_one(struct story *story)
{
	order(story, false);
	answer_count(story, 3, FROM + 10, FROM + 20);
	assert_int_equal(story->answer.error.kind, LC_ERROR_NONE);
	assert_true(story->answer.record.id[0] != '\0');
}

/* ---- orders ---- */

static void a_time_that_is_not_over_is_refused(void **state)
{
	struct story *story = *state;
	struct lc_replay_record record = of_photos(UNTIL - 10, UNTIL + 1);

	lc_replays_order(story->replays, &record, false, on_ordered, story);
	assert_int_equal(story->answers, 1);
	assert_int_equal(story->answer.error.kind, LC_ERROR_USAGE);
	assert_non_null(strstr(story->answer.error.message, "2019-02-06T02:26:40"));
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void what_is_only_counted_leaves_nothing_behind(void **state)
{
	struct story *story = *state;

	order(story, true);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "bucketName = 'photos'"));
	/* An hour before the time, for clocks that differ, up to all that is known. */
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "insertedAt >= toDateTime(1549407400) AND insertedAt < "
					    "toDateTime(1549420000)"));
	answer_count(story, 250000, FROM, TO);
	assert_int_equal(story->answers, 1);
	assert_int_equal(story->answer.error.kind, LC_ERROR_NONE);
	assert_int_equal(story->answer.record.rows, 250000);
	assert_int_equal(story->answer.record.sources, 1);
	assert_int_equal(story->answer.objects, 3);
	assert_string_equal(story->answer.record.id, "");
	expect_listing(story, "");
}

static void nothing_to_deliver_makes_no_replay(void **state)
{
	struct story *story = *state;

	order(story, false);
	answer_count(story, 0, 0, 0);
	assert_int_equal(story->answers, 1);
	assert_string_equal(story->answer.record.id, "");
	expect_listing(story, "");
}

static void one_order_is_counted_at_a_time(void **state)
{
	struct story *story = *state;

	order(story, false);
	order(story, true);
	assert_int_equal(story->answers, 1);
	assert_int_equal(story->answer.error.kind, LC_ERROR_CONFLICT);
	answer_count(story, 3, FROM, TO);
	assert_int_equal(story->answers, 2);
	expect_listing(story, "0 0 of 3 \n");
}

static void a_count_that_fails_makes_nothing(void **state)
{
	struct story *story = *state;

	order(story, false);
	fake_clickhouse_break(story->world.clickhouse);
	assert_int_equal(story->answers, 1);
	assert_int_equal(story->answer.error.kind, LC_ERROR_UNREACHABLE);
	expect_listing(story, "");
}

static void a_count_that_nobody_awaits_any_more_makes_nothing(void **state)
{
	struct story *story = *state;

	order(story, false);
	for (unsigned second = 0; second < 60; second++)
		pass_a_second(story);
	assert_int_equal(story->answers, 1);
	assert_int_equal(story->answer.error.kind, LC_ERROR_UNREACHABLE);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	expect_listing(story, "");
}

static void orders_of_the_same_second_have_names_of_their_own(void **state)
{
	struct story *story = *state;
	char first[LC_REPLAY_ID_SIZE];

	make_one(story);
	snprintf(first, sizeof(first), "%s", story->answer.record.id);
	make_one(story);
	assert_string_not_equal(first, story->answer.record.id);
	expect_listing(story, "0 0 of 3 \n0 0 of 3 \n");
}

static void there_is_a_bound_for_what_waits(void **state)
{
	struct story *story = *state;

	for (unsigned i = 0; i < LC_REPLAYS_UNFINISHED_MAX; i++)
		make_one(story);
	order(story, false);
	assert_int_equal(story->answer.error.kind, LC_ERROR_LIMIT);
	order(story, true);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	answer_count(story, 3, FROM, TO);
	assert_int_equal(story->answer.error.kind, LC_ERROR_NONE);
}

/* ---- carrying one out ---- */

static void send_row(struct story *story, uint32_t inserted_at, const char *req_id)
{
	struct lc_record record = record_rows_example();

	record.raft_session_id = 7;
	record.bucket = lc_view_of("photos");
	record.inserted_at = inserted_at;
	record.start_time_ms = (int64_t)inserted_at * 1000;
	record.req_id = lc_view_of(req_id);
	record.target_bucket = lc_view_of("logs");
	record.target_prefix = lc_view_of("a/");
	fake_clickhouse_send_row(story->world.clickhouse, &record);
}

/* All rows of the replay, whose log object is then being uploaded. */
static void read_all(struct story *story)
{
	send_row(story, FROM + 10, "R1");
	send_row(story, FROM + 12, "R2");
	send_row(story, FROM + 20, "R3");
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	fake_ledger_confirm(fake_ledger_opened());
	fake_loop_advance(story->world.loop, 0);
}

/* The replay's scan is under way. */
static void make_one_and_begin(struct story *story)
{
	const struct lc_ledger_source photos = {.raft_session_id = 7,
						.bucket = lc_view_of("photos")};
	const struct lc_ledger_range range = {
	    .from = FROM + 10, .to = FROM + 21, .since = FROM + 10};

	make_one(story);
	fake_ledger_will_hold(photos, range);
	pass_a_second(story);
	expect_listing(story, "0 running 0 of 3 \n");
	pass_a_second(story);
	fake_ledger_answer_hashes(fake_ledger_opened());
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void rows_are_delivered_once_more_under_a_key_that_says_so(void **state)
{
	struct story *story = *state;
	char expected[128];

	make_one_and_begin(story);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "startTime < fromUnixTimestamp64Milli(toInt64("
					    "1549412000000)) AND loggingTargetBucket != ''"));
	read_all(story);

	assert_int_equal(fake_s3_active(story->world.s3), 1);
	assert_string_equal(fake_s3_bucket(story->world.s3), "logs");
	snprintf(expected, sizeof(expected), "a/2019-02-05-23-56-50-replay-%s-",
		 story->answer.record.id);
	assert_int_equal(strncmp(fake_s3_key(story->world.s3), expected, strlen(expected)), 0);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(fake_ledger_opened());
	expect_listing(story, "0 running 3 of 3 \n");
	pass_a_second(story);
	assert_null(fake_ledger_opened());
	expect_listing(story, "1 3 of 3 \n");
	assert_int_equal(
	    lc_counters_get(&story->world.counters, LC_COUNTERS_REPLAY_RECORDS_DELIVERED), 3);

	/* Nothing of it is told as the shard's own delivery, nor to its ledger. */
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECORDS_DELIVERED), 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(story->world.delivered, 0);
	restart(story);
	expect_listing(story, "1 3 of 3 \n");
}

static void it_stands_back_while_the_shard_reads(void **state)
{
	struct story *story = *state;
	struct lc_source *source = lc_source_get(story->world.sources, 7, lc_view_of("cats"));
	const struct lc_ledger_source photos = {.raft_session_id = 7,
						.bucket = lc_view_of("photos")};
	const struct lc_ledger_range range = {.from = FROM, .to = TO, .since = FROM};

	make_one(story);
	fake_ledger_will_hold(photos, range);
	pass_a_second(story);
	/* The shard begins to read; nobody answers. */
	lc_source_open(source, (struct lc_source_range){.from = FROM, .to = TO, .since = FROM}, 1);
	lc_scan_start(story->world.delivery.scan, 0, &source, 1, NULL, NULL, NULL);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 0);
	for (unsigned second = 0; second < 5; second++)
		pass_a_second(story);
	assert_string_equal(fake_ledger_told(fake_ledger_opened()), "");
	/* After a while it reads a piece all the same. */
	for (unsigned second = 0; second < 10; second++)
		pass_a_second(story);
	assert_int_equal(strncmp(fake_ledger_told(fake_ledger_opened()), "hashes? 7/photos ", 17),
			 0);
}

/* Though nobody has looked since. */
static void what_is_delivered_before_a_stop_is_counted(void **state)
{
	struct story *story = *state;

	make_one_and_begin(story);
	read_all(story);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(fake_ledger_opened());
	lc_replays_stop(story->replays);
	expect_listing(story, "0 3 of 3 \n");
	assert_int_equal(
	    lc_counters_get(&story->world.counters, LC_COUNTERS_REPLAY_RECORDS_DELIVERED), 3);
}

static void a_replay_is_cancelled_under_way(void **state)
{
	struct story *story = *state;
	struct lc_error error;

	make_one_and_begin(story);
	assert_true(lc_replays_cancel(story->replays, lc_view_of(story->answer.record.id), &error));
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_null(fake_ledger_opened());
	expect_listing(story, "2 0 of 3 \n");
	/* Not twice. */
	assert_false(
	    lc_replays_cancel(story->replays, lc_view_of(story->answer.record.id), &error));
	assert_int_equal(error.kind, LC_ERROR_NONE);
	restart(story);
	expect_listing(story, "2 0 of 3 \n");
}

static void one_that_waits_is_cancelled_too(void **state)
{
	struct story *story = *state;
	struct lc_error error;

	make_one_and_begin(story);
	fake_clickhouse_break(story->world.clickhouse);
	make_one(story);
	assert_true(lc_replays_cancel(story->replays, lc_view_of(story->answer.record.id), &error));
	assert_non_null(fake_ledger_opened());
	assert_false(lc_replays_cancel(story->replays, lc_view_of("another"), &error));
}

/* ---- lives ---- */

static void an_order_outlives_the_process(void **state)
{
	struct story *story = *state;

	make_one(story);
	restart(story);
	expect_listing(story, "0 0 of 3 \n");
	lc_replays_stop(story->replays);
	pass_a_second(story);
	assert_null(fake_ledger_opened());
}

static void without_its_file_a_replay_has_failed(void **state)
{
	struct story *story = *state;

	make_one(story);
	empty(story->directory);
	pass_a_second(story);
	assert_null(fake_ledger_opened());
	story->listing[0] = '\0';
	lc_replays_each(story->replays, visit, story);
	assert_int_equal(strncmp(story->listing, "3 0 of 3 its file ", 18), 0);
}

static void replays_of_other_shards_and_what_is_none_are_left_alone(void **state)
{
	struct story *story = *state;
	struct lc_error error;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/replay-20190101T000000Z-0.db", story->directory);
	assert_true(lc_file_write(path, lc_view_of("damaged"), &error));
	make_one(story);
	restart(story);
	expect_listing(story, "0 0 of 3 \n");
	assert_int_equal(access(path, F_OK), 0);

	story->world.delivery.shard_count = 2;
	story->world.delivery.shard = 1;
	restart(story);
	expect_listing(story, "");
}

static void only_the_last_that_ended_are_remembered(void **state)
{
	struct story *story = *state;
	struct lc_error error;

	for (unsigned i = 0; i < LC_REPLAYS_ENDED_MAX + 3; i++) {
		make_one(story);
		assert_true(
		    lc_replays_cancel(story->replays, lc_view_of(story->answer.record.id), &error));
	}
	restart(story);
	story->listing[0] = '\0';
	lc_replays_each(story->replays, visit, story);
	assert_int_equal(strlen(story->listing), LC_REPLAYS_ENDED_MAX * strlen("2 0 of 3 \n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_time_that_is_not_over_is_refused),
	    STORY(what_is_only_counted_leaves_nothing_behind),
	    STORY(nothing_to_deliver_makes_no_replay),
	    STORY(one_order_is_counted_at_a_time),
	    STORY(a_count_that_fails_makes_nothing),
	    STORY(a_count_that_nobody_awaits_any_more_makes_nothing),
	    STORY(orders_of_the_same_second_have_names_of_their_own),
	    STORY(there_is_a_bound_for_what_waits),
	    STORY(rows_are_delivered_once_more_under_a_key_that_says_so),
	    STORY(it_stands_back_while_the_shard_reads),
	    STORY(what_is_delivered_before_a_stop_is_counted),
	    STORY(a_replay_is_cancelled_under_way),
	    STORY(one_that_waits_is_cancelled_too),
	    STORY(an_order_outlives_the_process),
	    STORY(without_its_file_a_replay_has_failed),
	    STORY(replays_of_other_shards_and_what_is_none_are_left_alone),
	    STORY(only_the_last_that_ended_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
