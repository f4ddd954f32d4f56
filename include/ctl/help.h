/* The texts of --help, made from the tables of commands, arguments, options and exit codes. */
#ifndef LC_CTL_HELP_H
#define LC_CTL_HELP_H

#include "base/buffer.h"
#include "formats/control_request.h"

/* Appends the overview: every command in a line. */
void lc_help_append(const char *default_socket, struct lc_buffer *text);

/* Appends all about one command: purpose, arguments, examples, exit codes. */
void lc_help_append_command(enum lc_control_request_command command, const char *default_socket,
			    struct lc_buffer *text);

/* The command with its words, "flush SESSION/BUCKET|--all", and, if wanted, its options. */
void lc_help_append_usage(enum lc_control_request_command command, bool with_options,
			  struct lc_buffer *text);

#endif
