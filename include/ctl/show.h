/* Looks at the running service: a document asked for, and shown. */
#ifndef LC_CTL_SHOW_H
#define LC_CTL_SHOW_H

#include "base/buffer.h"
#include "base/error.h"
#include "ctl/arguments.h"
#include "ctl/terminal.h"

/* A series of looks with the same arguments. It remembers the last one, to tell how fast things
 * move. */
struct lc_show;

/* Both must stay valid. */
struct lc_show *lc_show_new(const struct lc_arguments *arguments, const char *socket);
void lc_show_free(struct lc_show *show);

/* Asks the service, which blocks, and appends what it tells. The exit code that says what came of
 * it; `error` kind NONE, or why there is nothing to show. */
enum lc_arguments_exit lc_show_look(struct lc_show *show, struct lc_terminal_style style,
				    struct lc_buffer *text, struct lc_error *error);

#endif
