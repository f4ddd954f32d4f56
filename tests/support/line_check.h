/* A reading of log lines of its own, as a strict reader in the wild would do it. */
#ifndef LC_TESTS_SUPPORT_LINE_CHECK_H
#define LC_TESTS_SUPPORT_LINE_CHECK_H

#include "base/view.h"

enum { LINE_CHECK_FIELDS_MAX = 27 };

/* Splits a line into its fields, quotes and brackets included. Returns how many there are; 0 if it
 * is not one line, well formed from its first byte to the LF at its end. */
size_t line_check_split(struct lc_view line, struct lc_view fields[LINE_CHECK_FIELDS_MAX]);

/* The text that percent-encoding stands for, written to `out`, which has room for text.size
 * bytes. */
size_t line_check_decode(struct lc_view text, char *out);

#endif
