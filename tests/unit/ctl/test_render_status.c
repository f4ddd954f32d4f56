#include "ctl/render_status.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CAP = 1 << 20 };

static struct lc_status_document document_of_two(void)
{
	struct lc_status_document document;
	struct lc_status_document_shard *shard;

	lc_status_document_init(&document, 2);
	snprintf(document.version, sizeof(document.version), "1.2.3");
	document.uptime_seconds = 3 * 3600 + 12 * 60;
	document.shard_count = 2;
	document.ready_shards = 1;
	shard = &document.shards[0];
	shard->state = LC_SHARD_STATE_READY;
	shard->pid = 4711;
	shard->uptime_seconds = 61;
	shard->records_delivered = 1234567;
	shard->objects_delivered = 321;
	shard->bytes_delivered = 1536;
	shard->inflight_bytes = 2048;
	shard->resident_bytes = (9 << 20) + (1 << 19);
	shard->oldest_undelivered_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	shard = &document.shards[1];
	shard->shard = 1;
	shard->state = LC_SHARD_STATE_BACKING_OFF;
	shard->restarts = 4;
	shard->uptime_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	shard->pending_records = 99;
	shard->oldest_undelivered_seconds = 5000;
	shard->targets_blocked = 1;
	shard->sources_blocked = 12;
	return document;
}

static void render_status(const struct lc_status_document *document, struct lc_terminal_style style,
			  struct lc_buffer *text)
{
	lc_render_status(document, NULL, 0, style, text);
}

typedef void render(const struct lc_status_document *document, struct lc_terminal_style style,
		    struct lc_buffer *text);

static void expect(render *show, const struct lc_status_document *document,
		   struct lc_terminal_style style, const char *expected)
{
	struct lc_buffer text;

	lc_buffer_init(&text, CAP);
	show(document, style, &text);
	assert_string_equal(lc_buffer_text(&text), expected);
	lc_buffer_free(&text);
}

static void status_is_a_headline_and_a_table(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	expect(render_status, &document, (struct lc_terminal_style){0},
	       "log-courier 1.2.3, up 3 h 12 min, 1 of 2 shards ready, healthy\n"
	       "\n"
	       "SHARD  STATE         PID         UP  RESTARTS    ROWS  OBJECTS    BYTES  PENDING"
	       "      OLDEST  IN FLIGHT   MEMORY  BLOCKED\n"
	       "    0  ready        4711  1 min 1 s         0  1.23 M      321  1.5 KiB        0"
	       "           -    2.0 KiB  9.5 MiB  -\n"
	       "    1  backing-off     -          -         4       0        0      0 B       99"
	       "  1 h 23 min        0 B        -  1 target, 12 sources\n");
	lc_status_document_free(&document);
}

static void a_narrow_terminal_gets_fewer_columns(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	expect(render_status, &document, (struct lc_terminal_style){.width = 52},
	       "log-courier 1.2.3, up 3 h 12 min,\n"
	       "1 of 2 shards ready, healthy\n"
	       "\n"
	       "SHARD  STATE          ROWS  PENDING      OLDEST\n"
	       "    0  ready        1.23 M        0           -\n"
	       "    1  backing-off       0       99  1 h 23 min\n");
	expect(render_status, &document, (struct lc_terminal_style){.width = 1},
	       "log-courier 1.2.3,\n"
	       "up 3 h 12 min,\n"
	       "1 of 2 shards ready,\n"
	       "healthy\n"
	       "\n"
	       "SHARD  STATE\n"
	       "    0  ready\n"
	       "    1  backing-off\n");
	lc_status_document_free(&document);
}

static void of_machines_that_stand_in_for_each_other_owners_are_told(void **state)
{
	struct lc_status_document document = document_of_two();
	const struct lc_status_document_machine machine = {.name = "courier-1", .own = true};

	(void)state;
	lc_status_document_add_machine(&document, &machine);
	snprintf(document.shards[0].owner, sizeof(document.shards[0].owner), "courier-1");
	document.shards[0].epoch = 17;
	document.shards[0].unowned_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	/* What had the shard last does not have it. */
	document.shards[1].state = LC_SHARD_STATE_AWAY;
	snprintf(document.shards[1].owner, sizeof(document.shards[1].owner), "courier-2");
	document.shards[1].epoch = 4;
	document.shards[1].unowned_seconds = 3;
	expect(render_status, &document, (struct lc_terminal_style){.width = 52},
	       "log-courier 1.2.3, up 3 h 12 min,\n"
	       "1 of 2 shards ready, healthy\n"
	       "\n"
	       "SHARD  STATE  OWNER        ROWS  PENDING      OLDEST\n"
	       "    0  ready  courier-1  1.23 M        0           -\n"
	       "    1  away   -               0       99  1 h 23 min\n");
	expect(render_status, &document, (struct lc_terminal_style){0},
	       "log-courier 1.2.3, up 3 h 12 min, 1 of 2 shards ready, healthy\n"
	       "\n"
	       "SHARD  STATE  OWNER      EPOCH   PID         UP  RESTARTS    ROWS  OBJECTS    "
	       "BYTES  PENDING      OLDEST  IN FLIGHT   MEMORY  BLOCKED\n"
	       "    0  ready  courier-1     17  4711  1 min 1 s         0  1.23 M      321  1.5 "
	       "KiB        0           -    2.0 KiB  9.5 MiB  -\n"
	       "    1  away   -              4     -          -         4       0        0      0 "
	       "B       99  1 h 23 min        0 B        -  1 target, 12 sources\n");
	lc_status_document_free(&document);
}

static void replays_under_way_are_told_in_a_line(void **state)
{
	struct lc_status_document document = document_of_two();
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, CAP);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_null(strstr(lc_buffer_text(&text), "replay"));
	document.shards[0].replays = 1;
	document.shards[1].replays = 1;
	document.shards[1].replay_records_to_come = 700;
	lc_buffer_clear(&text);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(
	    strstr(lc_buffer_text(&text),
		   "\n2 replays under way, 700 rows to come: see log-courier-ctl replays\n"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

static void a_shard_that_catches_up_says_how_far_it_is(void **state)
{
	struct lc_status_document document = document_of_two();
	struct lc_status_document_shard *shard = &document.shards[0];
	struct lc_buffer text;

	(void)state;
	snprintf(shard->catch_up_read_until, sizeof(shard->catch_up_read_until),
		 "2026-02-06T12:00:00.000Z");
	shard->catch_up_left_seconds = 111600;
	shard->catch_up_records_read = 12345678;
	shard->catch_up_records_to_come = 45000000;
	shard->catch_up_estimate_seconds = 240;
	lc_buffer_init(&text, CAP);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text),
			       "\n\nshard 0 catches up:\n"
			       "  read up to 2026-02-06T12:00:00.000Z, 1 d 7 h to go; 12.3 M rows "
			       "read, about 45.0 M to come, in about 4 min\n"));
	assert_null(strstr(lc_buffer_text(&text), "shard 1 catches up"));
	lc_buffer_clear(&text);
	shard->catch_up_estimate_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "about 45.0 M to come\n"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

static void credentials_from_elsewhere_are_told_once_with_their_place(void **state)
{
	struct lc_status_document document = document_of_two();
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, CAP);
	for (size_t i = 0; i < 2; i++)
		snprintf(document.shards[i].credentials_source, LC_STATUS_DOCUMENT_TEXT_SIZE,
			 "the settings");
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_null(strstr(lc_buffer_text(&text), "credentials"));
	for (size_t i = 0; i < 2; i++) {
		snprintf(document.shards[i].credentials_source, LC_STATUS_DOCUMENT_TEXT_SIZE,
			 "profile logs of /x");
		document.shards[i].credentials_expire_seconds = 600;
	}
	lc_buffer_clear(&text);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text),
			       "\n\ncredentials for S3:\n  from profile logs of /x; "
			       "they expire in 10 min\n"));
	assert_ptr_equal(strstr(lc_buffer_text(&text), "credentials"),
			 strstr(lc_buffer_text(&text), "credentials for S3"));
	document.shards[0].credentials_expire_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	lc_buffer_clear(&text);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "  from profile logs of /x\n"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

static void two_looks_tell_rows_per_second(void **state)
{
	struct lc_status_document before = document_of_two();
	struct lc_status_document document = document_of_two();
	struct lc_buffer text;

	(void)state;
	document.shards[0].records_delivered += 4000;
	lc_buffer_init(&text, CAP);
	lc_render_status(&document, &before, 2000, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "healthy, 2000/s rows\n"));
	assert_non_null(strstr(lc_buffer_text(&text), "  ROWS    PACE  OBJECTS"));
	assert_non_null(strstr(lc_buffer_text(&text), "1.24 M  2000/s      321"));
	lc_buffer_clear(&text);
	/* a service that was restarted counts from nothing */
	lc_render_status(&before, &document, 2000, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "healthy\n"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
	lc_status_document_free(&before);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	lc_status_document_find(
	    &document, LC_SEVERITY_CRITICAL, 1, "%s",
	    "the worker died (worker 7 exited with code 1 after 0.2 s) and "
	    "is restarted in 8 s; if this happens again, report it with the log");
	for (unsigned width = 60; width < 140; width++) {
		struct lc_buffer text;
		const char *line;

		lc_buffer_init(&text, CAP);
		render_status(&document, (struct lc_terminal_style){.width = width}, &text);
		line = lc_buffer_text(&text);
		while (*line != '\0') {
			size_t size = strcspn(line, "\n");

			assert_in_range(size, 0, width);
			line += size + 1;
		}
		lc_buffer_free(&text);
	}
	lc_status_document_free(&document);
}

static void findings_stand_below_wrapped(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, 1,
				"one two three four five six seven");
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, -1,
				"aVeryLongWordThatFitsOnNoLineOfThatWidth");
	expect(lc_render_status_health, &document, (struct lc_terminal_style){.width = 22},
	       "unhealthy\n"
	       "shard 1:\n"
	       "  one two three four\n"
	       "  five six seven\n"
	       "service:\n"
	       "  aVeryLongWordThatFitsOnNoLineOfThatWidth\n");
	lc_status_document_free(&document);
}

/* In a terminal by colour, too. */
static void warnings_are_told_apart(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	lc_status_document_find(&document, LC_SEVERITY_WARNING, 1, "look here");
	expect(lc_render_status_health, &document, (struct lc_terminal_style){0},
	       "healthy, 1 warning\n"
	       "shard 1, warning:\n"
	       "  look here\n");
	lc_status_document_find(&document, LC_SEVERITY_WARNING, -1, "and here");
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, 0, "help");
	expect(lc_render_status_health, &document, (struct lc_terminal_style){.colour = true},
	       "\033[31munhealthy\033[0m, \033[33m2 warnings\033[0m\n"
	       "\033[1mshard 0:\033[0m\n"
	       "  help\n"
	       "\033[33mshard 1, warning:\033[0m\n"
	       "  look here\n"
	       "\033[33mservice, warning:\033[0m\n"
	       "  and here\n");
	lc_status_document_free(&document);
}

static void health_is_one_word_when_all_is_well(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	expect(lc_render_status_health, &document, (struct lc_terminal_style){0}, "healthy\n");
	lc_status_document_free(&document);
}

static void colour_marks_states_and_health(void **state)
{
	struct lc_status_document document = document_of_two();
	struct lc_buffer text;

	(void)state;
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, 1, "x");
	lc_buffer_init(&text, CAP);
	render_status(&document, (struct lc_terminal_style){.colour = true}, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "\033[31munhealthy\033[0m"));
	assert_non_null(strstr(lc_buffer_text(&text), "\033[32mready\033[0m      "));
	assert_non_null(strstr(lc_buffer_text(&text), "\033[31mbacking-off\033[0m"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

static void text_can_not_steer_the_terminal(void **state)
{
	struct lc_status_document document = document_of_two();

	(void)state;
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, 1,
				"a\033[2Jb\x9bm \xC2\x9B"
				"c\n\x7F\xC3\xA9");
	expect(lc_render_status_health, &document, (struct lc_terminal_style){0},
	       "unhealthy\nshard 1:\n  a?[2Jb?m ?c??\xC3\xA9\n");
	lc_status_document_free(&document);
}

static void a_part_of_a_deployment_says_so(void **state)
{
	struct lc_status_document document = document_of_two();
	struct lc_buffer text;

	(void)state;
	document.shard_count = 8;
	lc_buffer_init(&text, CAP);
	render_status(&document, (struct lc_terminal_style){0}, &text);
	assert_non_null(strstr(lc_buffer_text(&text),
			       "1 of 2 shards ready, 8 in the whole deployment, healthy"));
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

static void checks_are_lines_that_cannot_steer_the_terminal(void **state)
{
	const struct lc_status_document_check checks[] = {
	    {.grade = LC_VERDICT_OK, .subject = "ClickHouse http://a", .text = "reachable"},
	    {.grade = LC_VERDICT_FAIL, .subject = "reten\ttion", .text = "red \x1B[2J"},
	};
	struct lc_status_document document;
	struct lc_buffer text;

	(void)state;
	lc_status_document_init(&document, 0);
	lc_status_document_add_checks(&document, checks, 2);
	lc_buffer_init(&text, CAP);
	lc_render_status_checks(&document, &text);
	assert_string_equal(lc_buffer_text(&text), "ok    ClickHouse http://a: reachable\n"
						   "FAIL  reten?tion: red ?[2J\n\n");
	lc_buffer_free(&text);
	lc_status_document_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_is_a_headline_and_a_table),
	    cmocka_unit_test(a_narrow_terminal_gets_fewer_columns),
	    cmocka_unit_test(a_shard_that_catches_up_says_how_far_it_is),
	    cmocka_unit_test(credentials_from_elsewhere_are_told_once_with_their_place),
	    cmocka_unit_test(two_looks_tell_rows_per_second),
	    cmocka_unit_test(no_line_is_wider_than_the_terminal),
	    cmocka_unit_test(findings_stand_below_wrapped),
	    cmocka_unit_test(warnings_are_told_apart),
	    cmocka_unit_test(health_is_one_word_when_all_is_well),
	    cmocka_unit_test(colour_marks_states_and_health),
	    cmocka_unit_test(text_can_not_steer_the_terminal),
	    cmocka_unit_test(checks_are_lines_that_cannot_steer_the_terminal),
	    cmocka_unit_test(a_part_of_a_deployment_says_so),
	    cmocka_unit_test(of_machines_that_stand_in_for_each_other_owners_are_told),
	    cmocka_unit_test(replays_under_way_are_told_in_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
