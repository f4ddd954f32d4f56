/*
 * What a read of a register (clients/register.h) is answered with, in RowBinary: one row,
 *
 *	marker UInt64, Array(Tuple(name String, value String)), last marker UInt64
 *
 * which is its own proof: the array's length comes first, and nothing is missing or added between
 * the markers. Pure.
 */
#ifndef LC_FORMATS_REGISTER_ANSWER_H
#define LC_FORMATS_REGISTER_ANSWER_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_REGISTER_NAME_MAX = 256,        /* bytes */
	LC_REGISTER_VALUE_MAX = 64 * 1024, /* bytes */
	LC_REGISTER_ROWS_MAX = 65536,
};

struct lc_register_row {
	struct lc_view name;
	struct lc_view value;
};

struct lc_register_rows {
	struct lc_register_row *rows;
	size_t count;
};

/* What closes the answer. */
uint64_t lc_register_answer_last_marker(uint64_t marker);

/* Reads a whole answer. True: `rows` are all of it, views into `answer`, to be freed with
 * lc_register_rows_free. False with `error` (LC_ERROR_CORRUPT) if it is none, or has more or longer
 * rows than a register has; `rows` is empty then. */
bool lc_register_answer_read(struct lc_view answer, uint64_t marker, struct lc_register_rows *rows,
			     struct lc_error *error);
/* The row of this name; NULL if there is none. */
const struct lc_register_row *lc_register_rows_find(const struct lc_register_rows *rows,
						    const char *name);

void lc_register_rows_free(struct lc_register_rows *rows);

#endif
