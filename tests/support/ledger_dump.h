/* All that a ledger's file holds, as bytes that can be compared. */
#ifndef LC_TESTS_SUPPORT_LEDGER_DUMP_H
#define LC_TESTS_SUPPORT_LEDGER_DUMP_H

#include "base/buffer.h"

#include <stdbool.h>

/* All tables, row by row, of a ledger that is not open. `out` is the caller's to free. */
void ledger_dump(const char *path, struct lc_buffer *out);

/* Whether two of them are the same, and not empty; both are freed. */
bool ledger_dumps_equal(struct lc_buffer *one, struct lc_buffer *other);

#endif
