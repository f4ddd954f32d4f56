/* The outcome of an order that takes its time: a reload, or a drain. */
#ifndef LC_CTL_OUTCOME_H
#define LC_CTL_OUTCOME_H

#include "base/error.h"
#include "ctl/arguments.h"
#include "formats/status_document.h"

#include <stdbool.h>

/* True for commands whose outcome is to be awaited once the service has taken them. */
bool lc_outcome_is_awaited(enum lc_control_request_command command);

/* What a status tells of the outcome. */
enum lc_outcome {
	LC_OUTCOME_OPEN,
	LC_OUTCOME_GOOD,
	LC_OUTCOME_BAD,
};

/* Judges a status. `words`: what is going on, or has come out; valid as long as the document. A
 * pure rule. */
enum lc_outcome lc_outcome_of(enum lc_control_request_command command,
			      const struct lc_status_document *document,
			      char words[LC_STATUS_DOCUMENT_TEXT_SIZE]);

/* Asks for the status, twice a second, until there is an outcome, and tells of the progress on
 * stderr when that is a terminal. Ends at the outcome, which is printed; the exit code says what it
 * was. */
int lc_outcome_await(const struct lc_arguments *arguments, const char *socket);

#endif
