/*
 * --watch: looks again and again. On a terminal each look takes the place of the one before, on a
 * screen of its own that is left as the terminal was found, whatever ends the watch: the key q, or
 * a signal. Elsewhere one look follows the other.
 */
#ifndef LC_CTL_WATCH_H
#define LC_CTL_WATCH_H

#include "ctl/arguments.h"

/* Looks every arguments->watch_seconds until it is ended. Returns the exit code of the last look; a
 * signal ends the process as it would have otherwise. */
int lc_watch(const struct lc_arguments *arguments, const char *socket);

#endif
