/* What log-courier-ctl writes, and how it complains. */
#ifndef LC_CTL_SAY_H
#define LC_CTL_SAY_H

#include "base/buffer.h"
#include "base/error.h"
#include "ctl/arguments.h"

#include <stdbool.h>

/* Writes the text to stdout. False with `error` set when it could not be written, or the buffer has
 * failed: output that nobody could read is no success. */
bool lc_say_print(const struct lc_buffer *text, struct lc_error *error);

/* Says what is wrong: with `json` as a document on stdout,
 *
 *	{"error": "...", "exit_code": 3}
 *
 * otherwise as a sentence on stderr, cleaned. Returns the code. */
int lc_say_error(const struct lc_error *error, enum lc_arguments_exit code, bool json);

#endif
