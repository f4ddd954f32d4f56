/* Names that completion offers, asked for at the running service. */
#ifndef LC_CTL_NAMES_H
#define LC_CTL_NAMES_H

#include "ctl/completion.h"

/* An lc_completion_ask; the context points to the path of the service's socket, a const char *. */
void lc_names_ask(void *context, enum lc_completion_names names,
		  void (*take)(void *taker, struct lc_view name), void *taker);

#endif
