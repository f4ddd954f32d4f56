/*
 * Text for people, in messages and in help: what came from outside in quotes, the known name that
 * is most like a mistyped one, and prose laid out in lines.
 */
#ifndef LC_CONFIG_TEXT_H
#define LC_CONFIG_TEXT_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	LC_TEXT_QUOTE_SIZE = 64 * 4 + 8, /* 64 bytes, each escaped, quotes, dots, terminator */
	LC_TEXT_PATH_MAX = 128,
};

/* Writes the text in double quotes into `out` of LC_TEXT_QUOTE_SIZE bytes and returns it. Quotes,
 * backslashes and bytes that are not printable ASCII are escaped; after 64 bytes "..." follows. */
const char *lc_text_quote(char *out, struct lc_view text);

/* As lc_text_quote, but ends with "..." at the first byte that no name holds: what follows a name
 * may be a secret that was written in the wrong place. */
const char *lc_text_quote_name(char *out, struct lc_view name);

/* The end of a path that is too long for a message, else all of it: at most LC_TEXT_PATH_MAX bytes
 * of `path`, so that what follows it in the message is not cut off. */
const char *lc_text_quote_path(const char *path);

/* The search for the known name that a mistyped one was probably meant to be. To begin with,
 * `typed` and `bound` are set: UINT_MAX if any name is to be found, less if only a near one is. */
struct lc_text_guess {
	struct lc_view typed;
	unsigned bound;      /* only a name at a smaller distance is taken */
	const char *nearest; /* of the names so far; NULL while none is near enough */
};

/* The search for a name that is near in view of the length of the typed one: what has little in
 * common with it was not meant. */
struct lc_text_guess lc_text_guess_of(struct lc_view typed);

/* Takes the known name, which must stay valid, if it is nearer than the bound and all names before;
 * says whether it did. The distance is the number of letters to insert, delete, replace or swap
 * with their neighbour; case and punctuation do not count. A typed name that ends like the known
 * one, as "count-threshold" for "consumer.count-threshold", is at distance 1. Only the first 96
 * bytes count. */
bool lc_text_guess(struct lc_text_guess *guess, const char *known);

/* Appends the prose, broken at blanks into lines of at most `width` characters, each beginning with
 * `prefix` and ending with a newline. A word that is longer gets a line of its own. */
void lc_text_wrap(struct lc_buffer *buffer, const char *prefix, const char *text, size_t width);

#endif
