/* The texts of --help, made from the tables of commands, arguments, options and exit codes, and the
 * references in docs, made from the tables of the documents and of the metrics. */
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

/* Appends the reference of what --json writes in Markdown, for those who write scripts:
 * docs/ctl-json.md. */
void lc_help_append_json(struct lc_buffer *text);

/* Appends the reference of the metrics in Markdown, for those who chart them and write alert rules:
 * docs/metrics.md. */
void lc_help_append_metrics(struct lc_buffer *text);

#endif
