/* The command line of log-courier-ctl. */
#ifndef LC_CTL_ARGUMENTS_H
#define LC_CTL_ARGUMENTS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

enum lc_arguments_command {
#define LC_CONTROL_COMMAND(name, text, path, help) LC_ARGUMENTS_##name,
#include "tbl/control_commands.h"
	LC_ARGUMENTS_COMMAND_COUNT
};

enum lc_arguments_exit {
#define LC_CTL_EXIT(name, number, help) LC_ARGUMENTS_EXIT_##name = (number),
#include "tbl/ctl_exit_codes.h"
};

struct lc_arguments {
	enum lc_arguments_command command;
	const char *socket; /* from argv; NULL when not given */
	bool json;
	bool help;
};

/* Reads argv. False with `error` set (LC_ERROR_USAGE) when it is not understood. Options may stand
 * before and behind the command; without --help there has to be a command. */
bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error);

/* The path to GET for a command. */
const char *lc_arguments_path(enum lc_arguments_command command);

/* Appends the text of --help. */
void lc_arguments_append_help(const char *default_socket, struct lc_buffer *text);

#endif
