/*
 * Looks at the running service: a document is asked for, and shown, once or again and again.
 */
#ifndef LC_CTL_SHOW_H
#define LC_CTL_SHOW_H

#include "base/buffer.h"
#include "base/error.h"
#include "ctl/arguments.h"

/* Asks the service at the socket, which blocks, and appends what it answers, in the style of
 * stdout. The exit code that says what came of it; `error` kind NONE, or why there is nothing to
 * show. */
enum lc_arguments_exit lc_show_once(const struct lc_arguments *arguments, const char *socket,
				    struct lc_buffer *text, struct lc_error *error);

/* --watch: looks every arguments->watch_seconds until it is ended. On a terminal each look takes
 * the place of the one before, on a screen of its own that is left as the terminal was found,
 * whatever ends the watch: the key q, or a signal. Elsewhere one look follows the other. Returns
 * the exit code of the last look; a signal ends the process as it would have otherwise. */
int lc_show_watch(const struct lc_arguments *arguments, const char *socket);

#endif
