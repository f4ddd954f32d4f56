/*
 * Exit codes: LC_EXIT_OK, LC_EXIT_FAILURE, ... as include/tbl/exit_codes.h lists them.
 */
#ifndef LC_BASE_EXIT_CODES_H
#define LC_BASE_EXIT_CODES_H

#include <stdbool.h>

enum lc_exit_code {
#define LC_EXIT(name, number, help) LC_EXIT_##name = (number),
#include "tbl/exit_codes.h"
};

/* True for what another start would only meet again: the process is not started again. */
static inline bool lc_exit_is_final(int exit_code)
{
	return exit_code == LC_EXIT_CONFIG || exit_code == LC_EXIT_LEDGER ||
	       exit_code == LC_EXIT_CONFLICT || exit_code == LC_EXIT_TAKEN_OVER;
}

#endif
