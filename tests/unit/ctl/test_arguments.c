#include "ctl/arguments.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define READ(arguments, error, ...)                                                      \
	lc_arguments_read((arguments),                                                   \
			  (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
			  (char *const[]){__VA_ARGS__, NULL}, (error))

static char PROGRAM[] = "log-courier-ctl";
static char STATUS[] = "status";
static char HEALTH[] = "health";
static char JSON[] = "--json";
static char HELP[] = "--help";
static char SOCKET[] = "--socket";
static char SOCKET_WITH_PATH[] = "--socket=/run/a.sock";
static char EMPTY_SOCKET[] = "--socket=";
static char PATH[] = "/run/b.sock";
static char SOURCES[] = "sources";
static char SOURCE[] = "source";
static char FLUSH[] = "flush";
static char LEDGER[] = "ledger";
static char CHECK[] = "check";
static char RESET[] = "reset";
static char PHOTOS[] = "7/photos";
static char LAGGING[] = "--lagging";
static char ALL[] = "--all";
static char YES[] = "--yes";
static char LIMIT[] = "--limit";
static char LIMIT_OF_5[] = "--limit=5";
static char FIVE[] = "5";
static char MANY[] = "5000";
static char STATE_DIRECTORY[] = "--state-directory";
static char SHARD_OF_3[] = "--shard=3";
static char WATCH[] = "--watch";
static char WATCH_OF_7[] = "--watch=7";
static char COMPLETION[] = "completion";
static char HELP_VERB[] = "help";
static char JSON_WORD[] = "json";
static char ZSH[] = "zsh";
static char WRONG_OPTION[] = "--jsno";
static char WRONG_COMMAND[] = "reboot";
static char TYPO[] = "statsu";
static char REPLAY[] = "replay";
static char FROM[] = "--from=2026-11-29";
static char TO[] = "--to=2026-11-30";
static char DRY_RUN[] = "--dry-run";

static void a_command_with_options_on_either_side(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, JSON, STATUS, SOCKET, PATH));
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_STATUS);
	assert_true(arguments.json);
	assert_false(arguments.help);
	assert_string_equal(arguments.socket, "/run/b.sock");
	assert_true(READ(&arguments, &error, PROGRAM, HEALTH, SOCKET_WITH_PATH));
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_HEALTH);
	assert_string_equal(arguments.socket, "/run/a.sock");
}

static void help_needs_no_command(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, HELP));
	assert_true(arguments.help);
	assert_null(arguments.socket);
}

static void mistakes_are_named(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_false(READ(&arguments, &error, PROGRAM));
	assert_string_equal(error.message, "a command is missing");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, WRONG_OPTION));
	assert_string_equal(error.message,
			    "there is no option \"--jsno\"; did you mean \"--json\"?");
	assert_false(READ(&arguments, &error, PROGRAM, WRONG_COMMAND));
	assert_string_equal(error.message, "there is no command \"reboot\"");
	assert_false(READ(&arguments, &error, PROGRAM, TYPO));
	assert_string_equal(error.message,
			    "there is no command \"statsu\"; did you mean \"status\"?");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, HEALTH));
	assert_string_equal(error.message, "unexpected argument \"health\"");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, SOCKET));
	assert_string_equal(error.message, "--socket needs a value");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, EMPTY_SOCKET));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
}

static void commands_take_their_own_arguments(void **state)
{
	struct lc_arguments arguments;
	struct lc_control_request *request = &arguments.request;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, LIMIT, FIVE, SOURCES, LAGGING));
	assert_int_equal(request->command, LC_CONTROL_REQUEST_SOURCES);
	assert_true(lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_LAGGING));
	assert_false(lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_BLOCKED));
	assert_int_equal(request->limit, 5);
	assert_true(READ(&arguments, &error, PROGRAM, SOURCE, LIMIT_OF_5, PHOTOS));
	assert_int_equal(request->raft_session_id, 7);
	assert_true(lc_view_equal(lc_control_request_bucket(request), lc_view_of("photos")));
	assert_int_equal(request->limit, 5);
	assert_true(READ(&arguments, &error, PROGRAM, FLUSH, ALL));
	assert_true(lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL));
}

static void a_command_may_have_two_words(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, LEDGER, CHECK));
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_LEDGER_CHECK);
	assert_true(READ(&arguments, &error, PROGRAM, LEDGER, YES, RESET, STATE_DIRECTORY, PATH,
			 SHARD_OF_3));
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_LEDGER_RESET);
	assert_string_equal(arguments.request.state_directory, "/run/b.sock");
	assert_int_equal(arguments.request.shard, 3);
	assert_false(READ(&arguments, &error, PROGRAM, LEDGER));
	assert_string_equal(error.message, "\"ledger\" needs another word after it");
	assert_false(READ(&arguments, &error, PROGRAM, LEDGER, STATUS));
	assert_string_equal(error.message, "there is no command \"ledger status\"");
}

static void what_a_command_does_not_take_is_named(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, LAGGING));
	assert_string_equal(error.message, "status does not take \"lagging\"");
	assert_false(READ(&arguments, &error, PROGRAM, FLUSH));
	assert_string_equal(error.message, "flush needs SESSION/BUCKET or --all");
	assert_false(READ(&arguments, &error, PROGRAM, FLUSH, PHOTOS, ALL));
	assert_string_equal(error.message, "flush takes either SESSION/BUCKET or --all");
	assert_false(READ(&arguments, &error, PROGRAM, SOURCE, FIVE));
	assert_non_null(strstr(error.message, "for instance 7/photos"));
	assert_false(READ(&arguments, &error, PROGRAM, SOURCE));
	assert_string_equal(error.message, "source needs SESSION/BUCKET");
	assert_false(READ(&arguments, &error, PROGRAM, SOURCES, LIMIT, MANY));
	assert_string_equal(error.message, "limit is a number from 1 to 1000");
	assert_false(READ(&arguments, &error, PROGRAM, SOURCES, LIMIT));
	assert_string_equal(error.message, "--limit needs a value");
}

static void a_command_that_only_looks_can_be_watched(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, WATCH, STATUS));
	assert_int_equal(arguments.watch_seconds, LC_ARGUMENTS_WATCH_DEFAULT);
	assert_true(READ(&arguments, &error, PROGRAM, WATCH, FIVE, STATUS));
	assert_int_equal(arguments.watch_seconds, 5);
	assert_true(READ(&arguments, &error, PROGRAM, SOURCES, WATCH_OF_7));
	assert_int_equal(arguments.watch_seconds, 7);
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, WATCH, MANY));
	assert_string_equal(error.message, "--watch takes seconds, 1 to 3600, not \"5000\"");
	assert_false(READ(&arguments, &error, PROGRAM, FLUSH, ALL, WATCH));
	assert_non_null(strstr(error.message, "commands that change nothing"));
	assert_false(READ(&arguments, &error, PROGRAM, LEDGER, CHECK, WATCH));
}

static void verbs_need_no_service(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, COMPLETION, ZSH));
	assert_int_equal(arguments.verb, LC_ARGUMENTS_VERB_COMPLETION);
	assert_string_equal(arguments.word, "zsh");
	assert_true(READ(&arguments, &error, PROGRAM, HELP_VERB, LEDGER, RESET));
	assert_int_equal(arguments.verb, LC_ARGUMENTS_VERB_HELP);
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_LEDGER_RESET);
	assert_true(READ(&arguments, &error, PROGRAM, HELP_VERB, JSON_WORD));
	assert_string_equal(arguments.word, "json");
	assert_false(READ(&arguments, &error, PROGRAM, COMPLETION));
	assert_string_equal(error.message, "completion needs bash|zsh|fish");
	assert_false(READ(&arguments, &error, PROGRAM, COMPLETION, STATUS));
	assert_false(READ(&arguments, &error, PROGRAM, COMPLETION, ZSH, JSON));
	assert_string_equal(error.message, "completion prints only text, never JSON");
	assert_true(READ(&arguments, &error, PROGRAM, STATUS, HELP));
	assert_int_equal(arguments.request.command, LC_CONTROL_REQUEST_STATUS);
	assert_true(arguments.help);
}

static void the_form_of_errors_is_known_in_any_case(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_false(READ(&arguments, &error, PROGRAM, WRONG_COMMAND, JSON));
	assert_true(arguments.json);
	assert_false(READ(&arguments, &error, PROGRAM, WRONG_COMMAND));
	assert_false(arguments.json);
	/* here it is the name of a socket */
	assert_false(READ(&arguments, &error, PROGRAM, SOCKET, JSON, WRONG_COMMAND));
	assert_false(arguments.json);
}

static void a_replay_is_tried_before_somebody_is_asked(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, REPLAY, SOURCE, PHOTOS, FROM, TO));
	assert_true(arguments.asks);
	assert_true(
	    lc_control_request_has(&arguments.request, LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN));
	assert_true(READ(&arguments, &error, PROGRAM, REPLAY, SOURCE, PHOTOS, FROM, TO, YES));
	assert_false(arguments.asks);
	assert_false(
	    lc_control_request_has(&arguments.request, LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN));
	/* What is only tried is never done. */
	assert_true(
	    READ(&arguments, &error, PROGRAM, REPLAY, SOURCE, PHOTOS, FROM, TO, YES, DRY_RUN));
	assert_false(arguments.asks);
	assert_false(lc_control_request_has(&arguments.request, LC_CONTROL_REQUEST_ARGUMENT_YES));
	assert_false(READ(&arguments, &error, PROGRAM, REPLAY, SOURCE, PHOTOS, FROM));
	assert_non_null(strstr(error.message, "needs --from TIME and --to TIME"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_command_with_options_on_either_side),
	    cmocka_unit_test(help_needs_no_command),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(commands_take_their_own_arguments),
	    cmocka_unit_test(a_command_may_have_two_words),
	    cmocka_unit_test(what_a_command_does_not_take_is_named),
	    cmocka_unit_test(a_command_that_only_looks_can_be_watched),
	    cmocka_unit_test(verbs_need_no_service),
	    cmocka_unit_test(the_form_of_errors_is_known_in_any_case),
	    cmocka_unit_test(a_replay_is_tried_before_somebody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
