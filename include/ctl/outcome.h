/* The outcome of an order that takes its time: a reload, or a drain. */
#ifndef LC_CTL_OUTCOME_H
#define LC_CTL_OUTCOME_H

#include "ctl/arguments.h"

/* Asks for the status, twice a second, until there is an outcome, and tells of the progress on
 * stderr when that is a terminal. Ends at the outcome, which is printed; the exit code says what it
 * was. For the commands that AWAIT it (include/tbl/control_commands.h), once the service has taken
 * them. */
int lc_outcome_await(const struct lc_arguments *arguments, const char *socket);

#endif
