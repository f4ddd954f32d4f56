/* What somebody who mistyped a word probably meant. */
#ifndef LC_CTL_GUESS_H
#define LC_CTL_GUESS_H

#include "base/view.h"

/* The best guess so far. */
struct lc_guess {
	struct lc_view typed;
	const char *nearest; /* NULL: nothing is like it */
	unsigned distance;
};

/* No guess yet for the word. The longer it is, the more mistakes may be in it. */
struct lc_guess lc_guess_for(struct lc_view typed);

/* Takes the known word, which must stay valid, if it is nearer than all before. */
void lc_guess_consider(struct lc_guess *guess, const char *known);

#endif
