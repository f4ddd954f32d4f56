/*
 * Text from outside, made fit to stand in a message.
 */
#ifndef LC_CONFIG_QUOTE_H
#define LC_CONFIG_QUOTE_H

#include "base/view.h"

/* Room for the longest quotation: 64 bytes, each escaped, quotes, dots, terminator. */
enum { LC_QUOTE_SIZE = 64 * 4 + 8 };

enum { LC_QUOTE_PATH_MAX = 128 };

/* Writes the text in double quotes into `out` of LC_QUOTE_SIZE bytes and returns it. Quotes,
 * backslashes and bytes that are not printable ASCII are escaped; after 64 bytes "..." follows. */
const char *lc_quote(char *out, struct lc_view text);

/* As lc_quote, but ends with "..." at the first byte that no name holds: what stands behind a name
 * may be a secret that was written in the wrong place. */
const char *lc_quote_name(char *out, struct lc_view name);

/* The end of a path that is too long for a message, else all of it: at most LC_QUOTE_PATH_MAX bytes
 * of `path`, so that what follows it in the message is not cut off. */
const char *lc_quote_path(const char *path);

#endif
