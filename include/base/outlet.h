/*
 * Lines for a reader that may have stopped reading, on a descriptor that others may share: a
 * terminal, a pipe, a socket of systemd's journal, a file. Never waits: what does not fit now is
 * dropped and counted.
 *
 * A line of up to PIPE_BUF bytes goes to a pipe whole or not at all. Of a longer one, or on a
 * terminal, a part may go; it counts as dropped, and the next line begins with a line end.
 */
#ifndef LC_BASE_OUTLET_H
#define LC_BASE_OUTLET_H

#include "base/view.h"

#include <stdbool.h>

enum lc_outlet_way {
	LC_OUTLET_WRITE, /* never waits by itself, or may */
	LC_OUTLET_SEND,  /* a socket */
	LC_OUTLET_POLL,  /* may wait: asked before each piece whether it would */
};

struct lc_outlet {
	int fd;
	enum lc_outlet_way way;
	bool torn; /* a part of the last line was written */
};

/* Makes sure that writing to the outlet's fd never waits. O_NONBLOCK belongs to the open file,
 * which a shell and its other children may share: a pipe or terminal is opened once more and takes
 * the descriptor's place; where that is not allowed, each write is preceded by poll(2), and only
 * somebody else's write in between can make it wait. */
void lc_outlet_open(struct lc_outlet *outlet);

/* Writes the line, which ends with a line end. False if it was dropped. */
bool lc_outlet_write(struct lc_outlet *outlet, struct lc_view line);

#endif
