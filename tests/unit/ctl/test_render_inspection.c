/* What shards tell, as people see it. */
#include "ctl/render_inspection.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CAP = 1 << 20 };

static char SHOWN[CAP];

/* The look before, or NULL. */
static const struct lc_inspection *BEFORE;

/* The request's answer as text of static storage. */
static const char *show(const char *target, const struct lc_inspection *document, unsigned width)
{
	struct lc_control_request request;
	struct lc_error error;
	struct lc_buffer text;

	assert_true(lc_control_request_decode(lc_view_of(target), &request, &error));
	lc_buffer_init(&text, CAP - 1);
	lc_render_inspection(&request, document, BEFORE, BEFORE == NULL ? 0 : 2000,
			     (struct lc_terminal_style){.width = width}, &text);
	assert_false(lc_buffer_failed(&text));
	memcpy(SHOWN, lc_buffer_text(&text), text.size + 1);
	lc_buffer_free(&text);
	return SHOWN;
}

static void holds(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("not shown: %s\nin:\n%s", words, text);
}

static void add_source(struct lc_inspection *document, const char *bucket)
{
	struct lc_inspection_source source = {.shard = 3,
					      .raft_session_id = 7,
					      .bucket = lc_view_of(bucket),
					      .pending_rows = 1234,
					      .oldest_undelivered = 1700000000,
					      .lag_seconds = 3700,
					      .blocked = true,
					      .committed_inserted_at = 1699999999,
					      .committed_start_time_ms = 1699999998123,
					      .committed_req_id = lc_view_of("REQ1")};

	lc_inspection_add(document, LC_INSPECTION_SOURCES, &source);
}

static void sources_are_a_table(void **state)
{
	struct lc_inspection document;
	const char *text;

	(void)state;
	lc_inspection_init(&document);
	holds(show("/v1/sources", &document, 0), "no such source has undelivered rows\n");
	add_source(&document, "photos");
	document.more = 12;
	text = show("/v1/sources", &document, 0);
	holds(text, "SOURCE    PENDING        LAG  OLDEST (UTC)         BLOCKED");
	holds(text, "7/photos     1234  1 h 1 min  2023-11-14 22:13:20  blocked");
	holds(text, "12 more; --limit shows up to 1000\n");
	lc_inspection_free(&document);
}

static void a_table_fits_its_terminal(void **state)
{
	struct lc_inspection document;
	const char *line;

	(void)state;
	lc_inspection_init(&document);
	add_source(&document, "photos");
	for (line = show("/v1/sources", &document, 40); *line != '\0';) {
		size_t size = strcspn(line, "\n");

		assert_true(size <= 40);
		line += size + 1;
	}
	lc_inspection_free(&document);
}

static void long_names_lose_their_middle_on_a_terminal_alone(void **state)
{
	static const char name[] = "backups-of-the-accounting-department-in-frankfurt-2023";
	struct lc_inspection document;

	(void)state;
	lc_inspection_init(&document);
	add_source(&document, name);
	holds(show("/v1/sources", &document, 60), "7/backups-of-th\xE2\x80\xA6-frankfurt-2023 ");
	holds(show("/v1/sources", &document, 0), name);
	lc_inspection_free(&document);
}

static void two_looks_tell_how_a_backlog_moves(void **state)
{
	struct lc_inspection document;
	struct lc_inspection before;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_init(&before);
	add_source(&document, "photos");
	add_source(&document, "new");
	{
		struct lc_inspection_source source = {
		    .raft_session_id = 7, .bucket = lc_view_of("photos"), .pending_rows = 3234};

		lc_inspection_add(&before, LC_INSPECTION_SOURCES, &source);
	}
	BEFORE = &before;
	holds(show("/v1/sources", &document, 0), "7/photos     1234  -1000/s");
	holds(SHOWN, "7/new        1234        -");
	BEFORE = NULL;
	lc_inspection_free(&before);
	lc_inspection_free(&document);
}

static void one_source_is_told_in_full(void **state)
{
	struct lc_inspection_range range = {.from = 1700000000, .to = 1700000010, .doubtful = true};
	struct lc_inspection_object object = {.bucket = lc_view_of("photos"),
					      .target_bucket = lc_view_of("logs"),
					      .key = lc_view_of("a/2023-11-14-22-13-20-0123"),
					      .state = LC_DELIVERY_DELIVERED,
					      .rows = 3};
	struct lc_inspection document;
	const char *text;

	(void)state;
	lc_inspection_init(&document);
	text = show("/v1/source?source=7/photos", &document, 0);
	holds(text, "source 7/photos has no undelivered rows\n");
	holds(text, "the ledger has no log object of it\n");
	add_source(&document, "photos");
	lc_inspection_add(&document, LC_INSPECTION_RANGES, &range);
	lc_inspection_add(&document, LC_INSPECTION_OBJECTS, &object);
	text = show("/v1/source?source=7/photos", &document, 0);
	holds(text, "committed to ClickHouse: insertedAt 2023-11-14 22:13:19, startTime "
		    "2023-11-14T22:13:18.123Z, req_id REQ1\n");
	holds(text, "2023-11-14 22:13:20  2023-11-14 22:13:30");
	holds(text, "in part");
	holds(text, "a/2023-11-14-22-13-20-0123");
	lc_inspection_free(&document);
}

static void targets_come_with_what_is_wrong(void **state)
{
	struct lc_inspection_target target = {.shard = 2,
					      .bucket = lc_view_of("logs"),
					      .prefix = lc_view_of("team-a/"),
					      .state = LC_TARGET_ASIDE,
					      .refused = true,
					      .failures = 4,
					      .next_probe_seconds = 12,
					      .last_error = lc_view_of("HTTP 403 AccessDenied")};
	struct lc_inspection document;
	const char *text;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_add(&document, LC_INSPECTION_TARGETS, &target);
	text = show("/v1/targets", &document, 0);
	holds(text, "logs    team-a/  refuses         4   in 12 s");
	holds(text, "logs/team-a/, as shard 2 sees it:\n  HTTP 403 AccessDenied\n");
	lc_inspection_free(&document);
}

static void commands_tell_what_they_reached(void **state)
{
	struct lc_inspection document;

	(void)state;
	lc_inspection_init(&document);
	holds(show("/v1/retry?bucket=logs", &document, 0), "no shard has anything to try again");
	document.affected = 2;
	holds(show("/v1/retry?bucket=logs", &document, 0), "tried again now by 2 shards' targets");
	holds(show("/v1/flush?all=1", &document, 0), "2 sources will be read now");
	holds(show("/v1/flush?source=7/photos", &document, 0),
	      "source 7/photos will be read now\n");
	holds(show("/v1/targets/ignore?target=logs/a/", &document, 0),
	      "logs/a/ is ignored: its rows wait, and health leaves them out (2 shards)\n");
	holds(show("/v1/targets/discard?target=logs&yes=1", &document, 0),
	      "logs is discarded: its rows, and those still to come, are closed without delivery");
	holds(show("/v1/targets/keep?target=logs", &document, 0),
	      "logs is neither ignored nor discarded");
	lc_inspection_free(&document);
}

static void add_replay(struct lc_inspection *document, const char *name, const char *state_of,
		       uint64_t rows, const char *trouble)
{
	struct lc_inspection_replay replay = {.shard = 3,
					      .replay = lc_view_of(name),
					      .state = lc_view_of(state_of),
					      .of_target = true,
					      .bucket = lc_view_of("logs"),
					      .prefix = lc_view_of("a/"),
					      .from = 1700000000,
					      .to = 1700003600,
					      .sources = 2,
					      .rows = rows,
					      .objects = 1,
					      .rows_delivered = 5,
					      .retained_from = 1700000001,
					      .trouble = lc_view_of(trouble)};

	lc_inspection_add(document, LC_INSPECTION_REPLAYS, &replay);
}

static void a_replay_says_how_much_it_is_about(void **state)
{
	static const char request[] = "/v1/replay/target?target=logs/a/&from=2023-11-14T22:13:20Z&"
				      "to=2023-11-14T23:13:20Z&yes=1";
	struct lc_inspection document;

	(void)state;
	lc_inspection_init(&document);
	holds(show(request, &document, 0), "ClickHouse has no such rows\n");
	add_replay(&document, "", "counted", 30, "");
	add_replay(&document, "", "counted", 12, "");
	holds(show(request, &document, 0), "42 rows of 4 sources, about 2 log objects\n");
	holds(show(request, &document, 0), "inserted before 2023-11-14 22:13:21 UTC\n");
	assert_null(strstr(show(request, &document, 0), "ordered"));
	lc_inspection_free(&document);

	lc_inspection_init(&document);
	add_replay(&document, "20261130T081500Z-3", "waiting", 1, "");
	document.affected = 1;
	holds(show(request, &document, 0), "1 row of 2 sources");
	holds(show(request, &document, 0), "ordered: replay 20261130T081500Z-3\n");
	lc_inspection_free(&document);
}

static void replays_are_a_table_with_what_is_wrong(void **state)
{
	struct lc_inspection document;
	const char *text;

	(void)state;
	lc_inspection_init(&document);
	holds(show("/v1/replays", &document, 0), "no replay was ordered lately\n");
	add_replay(&document, "20261130T081500Z-3", "running", 30, "HTTP 403 AccessDenied");
	text = show("/v1/replays", &document, 0);
	holds(text, "REPLAY ");
	holds(text, "to logs/a/");
	holds(text, "2023-11-14 22:13:20");
	holds(text, "running");
	holds(text, "\n20261130T081500Z-3:\n  HTTP 403 AccessDenied\n");
	lc_inspection_free(&document);
}

static void a_cancelled_replay_is_told(void **state)
{
	struct lc_inspection document;

	(void)state;
	lc_inspection_init(&document);
	holds(show("/v1/replays/cancel?replay=20261130T081500Z-3", &document, 0),
	      "there is no such replay under way\n");
	document.affected = 1;
	holds(show("/v1/replays/cancel?replay=20261130T081500Z-3", &document, 0),
	      "replay 20261130T081500Z-3 is cancelled\n");
	lc_inspection_free(&document);
}

static void shards_that_do_not_answer_stand_at_the_end(void **state)
{
	struct lc_inspection document;
	const char *text;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_complain(&document, 4, "shard 4 is not running");
	text = show("/v1/flush?source=4/photos", &document, 0);
	assert_string_equal(text, "no answer from shard 4:\n  shard 4 is not running\n");
	holds(show("/v1/sources", &document, 0), "no answer from shard 4:\n");
	lc_inspection_free(&document);
}

static void no_text_steers_the_terminal(void **state)
{
	static const char end[] = {'\r', '\n', '\t', 'e', 'n', 'd'};
	static char key[300];
	struct lc_inspection_object object = {.key = {key, sizeof(key)},
					      .bucket = lc_view_of("a\033[31mb"),
					      .state = LC_DELIVERY_OPEN};
	struct lc_inspection document;

	(void)state;
	memset(key, 'k', sizeof(key));
	memcpy(key + sizeof(key) - sizeof(end), end, sizeof(end));
	lc_inspection_init(&document);
	lc_inspection_add(&document, LC_INSPECTION_OBJECTS, &object);
	lc_inspection_complain(&document, 1, "no\033[2Jway");
	for (const char *at = show("/v1/deliveries?bucket=x", &document, 0); *at != '\0'; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n');
	holds(SHOWN, "0/a?[31mb");
	holds(SHOWN, "kkk???end"); /* its end, which tells keys apart */
	lc_inspection_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sources_are_a_table),
	    cmocka_unit_test(a_table_fits_its_terminal),
	    cmocka_unit_test(long_names_lose_their_middle_on_a_terminal_alone),
	    cmocka_unit_test(two_looks_tell_how_a_backlog_moves),
	    cmocka_unit_test(one_source_is_told_in_full),
	    cmocka_unit_test(targets_come_with_what_is_wrong),
	    cmocka_unit_test(commands_tell_what_they_reached),
	    cmocka_unit_test(shards_that_do_not_answer_stand_at_the_end),
	    cmocka_unit_test(no_text_steers_the_terminal),
	    cmocka_unit_test(a_replay_says_how_much_it_is_about),
	    cmocka_unit_test(replays_are_a_table_with_what_is_wrong),
	    cmocka_unit_test(a_cancelled_replay_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
