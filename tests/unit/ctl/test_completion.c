#include "ctl/completion.h"

#include "base/view.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP = 1 << 16 };

static char OFFERED[CAP];

/* A service with two shards, and names of which some are hostile. */
static void ask(void *context, enum lc_completion_names names,
		void (*take)(void *taker, struct lc_view name), void *taker)
{
	static const char *const known[][3] = {
	    [LC_COMPLETION_SHARDS] = {"0", "1", "10"},
	    [LC_COMPLETION_SOURCES] = {"7/photos", "7/$(reboot)", "8/films"},
	    [LC_COMPLETION_TARGETS] = {"logs", "two words", "--all"},
	};

	(void)context;
	for (size_t i = 0; i < 3; i++)
		take(taker, lc_view_of(known[names][i]));
}

static const char *offered(const char *const *words, size_t count)
{
	struct lc_buffer text;
	size_t at = 0;

	lc_buffer_init(&text, CAP - 1);
	lc_completion_append_candidates(words, count, ask, NULL, &text);
	/* the candidates alone, without their meaning */
	for (const char *line = lc_buffer_text(&text); *line != '\0';) {
		size_t size = strcspn(line, "\t\n");

		memcpy(OFFERED + at, line, size);
		at += size;
		OFFERED[at++] = ' ';
		line += strcspn(line, "\n") + 1;
	}
	OFFERED[at] = '\0';
	lc_buffer_free(&text);
	return OFFERED;
}

#define OFFERED(...)                                \
	offered((const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void commands_are_offered_word_by_word(void **state)
{
	(void)state;
	assert_string_equal(OFFERED("sta"), "status ");
	assert_string_equal(OFFERED("source"), "sources source ");
	assert_string_equal(OFFERED("led"), "ledger ");
	assert_string_equal(OFFERED("ledger", ""), "check reset ");
	assert_string_equal(OFFERED("ledger", "re"), "reset ");
	assert_string_equal(OFFERED("help", "fl"), "flush ");
	assert_string_equal(OFFERED("help", "js"), "json ");
	assert_string_equal(OFFERED("completion", ""), "bash zsh fish ");
	assert_non_null(strstr(OFFERED(""), "completion "));
}

static void options_are_those_of_the_command(void **state)
{
	(void)state;
	assert_string_equal(OFFERED("sources", "--l"), "--lagging --limit ");
	assert_string_equal(OFFERED("status", "--l"), "");
	assert_string_equal(OFFERED("status", "--w"), "--watch ");
	assert_string_equal(OFFERED("flush", "--w"), "");
	assert_string_equal(OFFERED("flush", "--a"), "--all ");
	assert_string_equal(OFFERED("--js"), "--json ");
}

static void names_come_from_the_service(void **state)
{
	(void)state;
	assert_string_equal(OFFERED("ledger", "check", "--shard", ""), "0 1 10 ");
	assert_string_equal(OFFERED("ledger", "check", "--shard", "1"), "1 10 ");
	assert_string_equal(OFFERED("ledger", "check", "--shard", "=", "1"), "1 10 ");
	assert_string_equal(OFFERED("ledger", "check", "--shard", "="), "0 1 10 ");
	assert_string_equal(OFFERED("source", "8"), "8/films ");
	assert_string_equal(OFFERED("--json", "flush", ""), "7/photos 8/films ");
	assert_string_equal(OFFERED("flush", "7/photos", ""), "");
	assert_string_equal(OFFERED("--socket", ""), ":files ");
	assert_string_equal(OFFERED("--socket", "/x", "sta"), "status ");
	assert_string_equal(OFFERED("ledger", "reset", "--state-directory", "/v"), ":files ");
}

static void names_that_a_shell_would_act_on_are_left_out(void **state)
{
	(void)state;
	assert_string_equal(OFFERED("source", "7"), "7/photos ");
	assert_string_equal(OFFERED("retry", ""), "logs ");
}

static void there_is_a_script_for_each_shell(void **state)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};
	struct lc_buffer text;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		lc_buffer_init(&text, CAP);
		assert_true(lc_completion_append_script(shells[i], &text));
		assert_non_null(strstr(lc_buffer_text(&text), "completion candidates -- "));
		lc_buffer_free(&text);
	}
	lc_buffer_init(&text, CAP);
	assert_false(lc_completion_append_script("sh", &text));
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands_are_offered_word_by_word),
	    cmocka_unit_test(options_are_those_of_the_command),
	    cmocka_unit_test(names_come_from_the_service),
	    cmocka_unit_test(names_that_a_shell_would_act_on_are_left_out),
	    cmocka_unit_test(there_is_a_script_for_each_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
