/*
 * Prose laid out in lines.
 */
#ifndef LC_CONFIG_WRAP_H
#define LC_CONFIG_WRAP_H

#include "base/buffer.h"

/* Appends the text, broken at blanks into lines of at most `width` characters, each beginning with
 * `prefix` and ending with a newline. A word that is longer gets a line of its own. */
void lc_wrap_append(struct lc_buffer *buffer, const char *prefix, const char *text, size_t width);

#endif
