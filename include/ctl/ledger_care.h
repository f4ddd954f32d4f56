/* The commands `ledger check` and `ledger reset`. */
#ifndef LC_CTL_LEDGER_CARE_H
#define LC_CTL_LEDGER_CARE_H

#include "base/buffer.h"
#include "base/error.h"
#include "ctl/ledger_files.h"

#include <stdbool.h>

/* Appends what the check says, as text or as JSON:
 *
 *	{"sound": false, "ledgers": [{"path": "...", "faults": ["..."]}]}
 *
 * `sound` gets whether no ledger has a fault. False with `error` set when it could not be done. */
bool lc_ledger_care_check(const struct lc_ledger_files *files, bool json, struct lc_buffer *text,
			  bool *sound, struct lc_error *error);

/* Removes the ledgers once that was agreed to: `yes`, or the answer "yes" on a terminal. Appends
 * what was done, as text or as JSON: {"removed": ["..."]}. False with `error` set when it was not
 * done. */
bool lc_ledger_care_reset(const struct lc_ledger_files *files, bool yes, bool json,
			  struct lc_buffer *text, struct lc_error *error);

#endif
