/*
 * Exit codes: LC_EXIT_OK, LC_EXIT_FAILURE, ... as include/tbl/exit_codes.h lists them.
 */
#ifndef LC_BASE_EXIT_CODES_H
#define LC_BASE_EXIT_CODES_H

enum lc_exit_code {
#define LC_EXIT(name, number, help) LC_EXIT_##name = (number),
#include "tbl/exit_codes.h"
};

#endif
