#include "ctl/help.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP = 1 << 20, WIDTH = 80 };

static void expect(struct lc_buffer *text, const char *words)
{
	if (strstr(lc_buffer_text(text), words) == NULL)
		fail_msg("not there: %s\nin:\n%s", words, lc_buffer_text(text));
}

static void assert_fits(struct lc_buffer *text)
{
	for (const char *line = lc_buffer_text(text); *line != '\0';) {
		size_t size = strcspn(line, "\n");

		if (size > WIDTH || (size > 0 && line[size - 1] == ' '))
			fail_msg("too long, or ends with a blank: %.*s", (int)size, line);
		line += size + 1;
	}
}

static void the_overview_names_each_command(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, CAP);
	lc_help_append("/run/x.sock", &text);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		char words[64];

		snprintf(words, sizeof(words), "\n  %s", LC_CONTROL_REQUEST_COMMANDS[i].words);
		expect(&text, words);
	}
	expect(&text, "\n  flush SESSION/BUCKET|--all\n");
	expect(&text, "\n  completion ");
	expect(&text, "/run/x.sock");
	expect(&text, "\n  3 ");
	assert_fits(&text);
	lc_buffer_free(&text);
}

static void each_command_is_explained_with_a_purpose_and_an_example(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const char *words = LC_CONTROL_REQUEST_COMMANDS[i].words;
		struct lc_buffer text;
		char example[96];

		lc_buffer_init(&text, CAP);
		lc_help_append_command((enum lc_control_request_command)i, "/run/x.sock", &text);
		if (strstr(lc_buffer_text(&text), "\nExamples:\n") == NULL)
			fail_msg("%s has no example in include/tbl/control_manual.h", words);
		snprintf(example, sizeof(example), "\n  log-courier-ctl %s", words);
		expect(&text, example);
		expect(&text, "\nExit codes:\n");
		if (strstr(lc_buffer_text(&text), ".\n\nArguments:\n") == NULL)
			fail_msg("%s has no manual in include/tbl/control_manual.h", words);
		lc_buffer_free(&text);
	}
}

static void options_stand_where_they_are_taken(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, CAP);
	lc_help_append_command(LC_CONTROL_REQUEST_SOURCES, "/run/x.sock", &text);
	expect(&text, "Usage: log-courier-ctl sources [--lagging] [--blocked] [--limit N]\n");
	expect(&text, "\n  --watch [SECONDS] ");
	assert_fits(&text);
	lc_buffer_clear(&text);
	lc_help_append_command(LC_CONTROL_REQUEST_FLUSH, "/run/x.sock", &text);
	assert_null(strstr(lc_buffer_text(&text), "--watch"));
	assert_null(strstr(lc_buffer_text(&text), "--limit"));
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_overview_names_each_command),
	    cmocka_unit_test(each_command_is_explained_with_a_purpose_and_an_example),
	    cmocka_unit_test(options_stand_where_they_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
