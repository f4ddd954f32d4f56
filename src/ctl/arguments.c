#include "ctl/arguments.h"

#include "base/assert.h"

#include <string.h>

struct command {
	const char *text;
	const char *path;
	const char *help;
};

static const struct command COMMANDS[LC_ARGUMENTS_COMMAND_COUNT] = {
#define LC_CONTROL_COMMAND(name, text_, path_, help_) \
	[LC_ARGUMENTS_##name] = {.text = (text_), .path = (path_), .help = (help_)},
#include "tbl/control_commands.h"
};

static bool read_command(struct lc_arguments *arguments, const char *text, struct lc_error *error)
{
	if (arguments->command != LC_ARGUMENTS_COMMAND_COUNT)
		return lc_error_set(error, LC_ERROR_USAGE, "\"%s\" is one command too many", text);
	for (unsigned i = 0; i < LC_ARGUMENTS_COMMAND_COUNT; i++) {
		if (strcmp(text, COMMANDS[i].text) == 0) {
			arguments->command = (enum lc_arguments_command)i;
			return true;
		}
	}
	return lc_error_set(error, LC_ERROR_USAGE, "there is no command \"%s\"", text);
}

static bool read_option(struct lc_arguments *arguments, char *const **next, struct lc_error *error)
{
	static const char socket_with_value[] = "--socket=";
	const char *option = *(*next)++;

	if (strcmp(option, "--json") == 0) {
		arguments->json = true;
	} else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
		arguments->help = true;
	} else if (strncmp(option, socket_with_value, sizeof(socket_with_value) - 1) == 0) {
		arguments->socket = option + sizeof(socket_with_value) - 1;
	} else if (strcmp(option, "--socket") == 0) {
		if (**next == NULL)
			return lc_error_set(error, LC_ERROR_USAGE, "--socket needs a path");
		arguments->socket = *(*next)++;
	} else {
		return lc_error_set(error, LC_ERROR_USAGE, "there is no option \"%s\"", option);
	}
	return true;
}

bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error)
{
	char *const *next = argc > 0 ? argv + 1 : argv;

	*arguments = (struct lc_arguments){.command = LC_ARGUMENTS_COMMAND_COUNT};
	while (*next != NULL) {
		if ((*next)[0] == '-') {
			if (!read_option(arguments, &next, error))
				return false;
		} else if (!read_command(arguments, *next++, error)) {
			return false;
		}
	}
	if (arguments->socket != NULL && arguments->socket[0] == '\0')
		return lc_error_set(error, LC_ERROR_USAGE, "--socket needs a path");
	if (arguments->command == LC_ARGUMENTS_COMMAND_COUNT && !arguments->help)
		return lc_error_set(error, LC_ERROR_USAGE, "a command is missing");
	return true;
}

const char *lc_arguments_path(enum lc_arguments_command command)
{
	LC_ASSERT((unsigned)command < LC_ARGUMENTS_COMMAND_COUNT);
	return COMMANDS[command].path;
}

void lc_arguments_append_help(const char *default_socket, struct lc_buffer *text)
{
	lc_buffer_append_text(text, "Usage: log-courier-ctl [OPTION]... COMMAND\n"
				    "Asks a running log-courier.\n"
				    "\nCommands:\n");
	for (unsigned i = 0; i < LC_ARGUMENTS_COMMAND_COUNT; i++)
		lc_buffer_append_format(text, "  %-15s %s\n", COMMANDS[i].text, COMMANDS[i].help);
	lc_buffer_append_format(text,
				"\nOptions:\n"
				"  --socket PATH   the service's control socket; default:\n"
				"                  LOG_COURIER_SUPERVISOR_SOCKET or else\n"
				"                  %s\n"
				"  --json          the service's answer as JSON, for scripts\n"
				"  --help          this text\n"
				"\nExit codes:\n",
				default_socket);
#define LC_CTL_EXIT(name, number, help) lc_buffer_append_format(text, "  %-15d %s\n", number, help);
#include "tbl/ctl_exit_codes.h"
}
