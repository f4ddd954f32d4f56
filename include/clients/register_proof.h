/*
 * Whether a table is a register (register.h): asked before anything is built on it.
 */
#ifndef LC_CLIENTS_REGISTER_PROOF_H
#define LC_CLIENTS_REGISTER_PROOF_H

#include "base/error.h"
#include "clients/register.h"

#include <stdbool.h>

struct lc_register_proof;

/* `error` has kind NONE if the table is one; it is valid until the callback returns. Else it names
 * the table, and says what to do:
 * LC_ERROR_USAGE: it is not there, or is none, and will not become one by waiting;
 * other kinds: it could not be found out, as by lc_register_answer.error. */
typedef void lc_register_proof_callback(void *context, const struct lc_error *error);

/* Looks that the table's engine is KeeperMap and its key the name; makes the row
 * LC_REGISTER_PROOF_NAME, which stays; makes it a second time, which must change nothing; and, if
 * `swaps`, changes it by a swap: whoever only puts and reads needs no right ALTER UPDATE. Several
 * may prove the same table at the same time. The proof ends with its callback, which runs from the
 * loop. `reg` must outlive it. */
struct lc_register_proof *lc_register_proof_start(struct lc_register *reg, bool swaps,
						  lc_register_proof_callback *callback,
						  void *context);

/* Ends it without callback. Not from within its callback. */
void lc_register_proof_cancel(struct lc_register_proof *proof);

/* The proof's first look alone, which writes nothing: judges what lc_register_describe has answered.
 * False with `error` (LC_ERROR_USAGE) if there is no such table, or its engine or key is another. */
bool lc_register_proof_judge(const struct lc_register *reg, const struct lc_register_rows *rows,
			     struct lc_error *error);

#endif
