#include "ctl/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
static char WRONG_OPTION[] = "--jsno";
static char WRONG_COMMAND[] = "reboot";

static void a_command_with_options_on_either_side(void **state)
{
	struct lc_arguments arguments;
	struct lc_error error;

	(void)state;
	assert_true(READ(&arguments, &error, PROGRAM, JSON, STATUS, SOCKET, PATH));
	assert_int_equal(arguments.command, LC_ARGUMENTS_STATUS);
	assert_true(arguments.json);
	assert_false(arguments.help);
	assert_string_equal(arguments.socket, "/run/b.sock");
	assert_true(READ(&arguments, &error, PROGRAM, HEALTH, SOCKET_WITH_PATH));
	assert_int_equal(arguments.command, LC_ARGUMENTS_HEALTH);
	assert_string_equal(arguments.socket, "/run/a.sock");
	assert_string_equal(lc_arguments_path(arguments.command), "/v1/health");
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
	assert_string_equal(error.message, "there is no option \"--jsno\"");
	assert_false(READ(&arguments, &error, PROGRAM, WRONG_COMMAND));
	assert_string_equal(error.message, "there is no command \"reboot\"");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, HEALTH));
	assert_string_equal(error.message, "\"health\" is one command too many");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, SOCKET));
	assert_string_equal(error.message, "--socket needs a path");
	assert_false(READ(&arguments, &error, PROGRAM, STATUS, EMPTY_SOCKET));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
}

static void help_lists_commands_and_exit_codes(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 8192);
	lc_arguments_append_help("/run/x.sock", &text);
	assert_non_null(strstr(lc_buffer_text(&text), "\n  status "));
	assert_non_null(strstr(lc_buffer_text(&text), "\n  health "));
	assert_non_null(strstr(lc_buffer_text(&text), "/run/x.sock"));
	assert_non_null(strstr(lc_buffer_text(&text), "\n  3 "));
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_command_with_options_on_either_side),
	    cmocka_unit_test(help_needs_no_command),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(help_lists_commands_and_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
