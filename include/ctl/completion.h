/*
 * Completion of the command line in shells. The scripts for them are short: they ask
 *
 *	log-courier-ctl completion candidates -- WORD...
 *
 * with the words after log-courier-ctl, the last of which is being typed and may be empty, and
 * offer what that prints: a candidate a line, a tab and what it means after it; or ":files" where
 * a path is to be named.
 */
#ifndef LC_CTL_COMPLETION_H
#define LC_CTL_COMPLETION_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* What only the running service knows. */
enum lc_completion_names {
	LC_COMPLETION_SHARDS,
	LC_COMPLETION_SOURCES,
	LC_COMPLETION_TARGETS,
	LC_COMPLETION_REPLAYS,
};

/* Calls `take` with each name; with none when the service does not answer. */
typedef void lc_completion_ask(void *context, enum lc_completion_names names,
			       void (*take)(void *taker, struct lc_view name), void *taker);

/* Appends the script; false if there is none for the shell. */
bool lc_completion_append_script(const char *shell, struct lc_buffer *text);

/* Appends the candidates for the last of the words. Names that a shell would not take as they stand
 * are left out. */
void lc_completion_append_candidates(const char *const *words, size_t count, lc_completion_ask *ask,
				     void *context, struct lc_buffer *text);

/* An lc_completion_ask that asks the running service; the context points to the path of its socket,
 * a const char *. */
void lc_completion_ask_service(void *context, enum lc_completion_names names,
			       void (*take)(void *taker, struct lc_view name), void *taker);

#endif
