/* What log-courier-ctl writes, and how it complains. */
#ifndef LC_CTL_OUTPUT_H
#define LC_CTL_OUTPUT_H

#include "base/buffer.h"
#include "base/error.h"
#include "ctl/arguments.h"

#include <stdbool.h>

/* Writes the text to stdout. False with `error` set when it could not be written, or the buffer has
 * failed: output that nobody could read is no success. */
bool lc_output_print(const struct lc_buffer *text, struct lc_error *error);

/* Says what is wrong: with `json` as a document on stdout,
 *
 *	{"error": "...", "exit_code": 3}
 *
 * otherwise as a sentence on stderr, cleaned. Returns the code. */
int lc_output_error(const struct lc_error *error, enum lc_arguments_exit code, bool json);

/* Writes the text as the last thing to be done, and returns the code; when it could not be written,
 * says so and returns LC_ARGUMENTS_EXIT_UNREACHABLE. */
int lc_output_text(const struct lc_buffer *text, enum lc_arguments_exit code, bool json);

#endif
