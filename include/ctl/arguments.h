/* The command line of log-courier-ctl. */
#ifndef LC_CTL_ARGUMENTS_H
#define LC_CTL_ARGUMENTS_H

#include "base/buffer.h"
#include "base/error.h"
#include "formats/control_request.h"

#include <stdbool.h>

enum lc_arguments_exit {
#define LC_CTL_EXIT(name, number, help) LC_ARGUMENTS_EXIT_##name = (number),
#include "tbl/ctl_exit_codes.h"
};

struct lc_arguments {
	struct lc_control_request request; /* the command is COMMAND_COUNT when there is none */
	const char *socket;                /* from argv; NULL when not given */
	bool json;
	bool help;
};

/* Reads argv. False with `error` set (LC_ERROR_USAGE) when it is not understood. Options may stand
 * before and behind the command; without --help there has to be a command. */
bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error);

/* Appends the text of --help. */
void lc_arguments_append_help(const char *default_socket, struct lc_buffer *text);

#endif
