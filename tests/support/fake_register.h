/*
 * A register in memory, in place of clients/register.h. Each request takes a millisecond of its
 * loop, and may go wrong as real ones do: it is refused, or done without its sender being told, or
 * done later than its sender has given up.
 */
#ifndef LC_TESTS_SUPPORT_FAKE_REGISTER_H
#define LC_TESTS_SUPPORT_FAKE_REGISTER_H

#include "base/loop.h"
#include "clients/register.h"

#include <stdbool.h>

enum fake_register_fault {
	FAKE_REGISTER_REFUSED,    /* nothing happens, and the sender is told that it is unknown */
	FAKE_REGISTER_REPLY_LOST, /* it is done, and the sender is told that it is unknown */
	FAKE_REGISTER_HELD,       /* nothing happens until fake_register_let_go */
};

struct lc_register *fake_register_new(struct lc_loop *loop);
void fake_register_free(struct lc_register *heads);

/* The value of a name, "" if there is none; and sets it. */
const char *fake_register_value(struct lc_register *heads, const char *name);
void fake_register_set(struct lc_register *heads, const char *name, const char *value);

/* Makes the head of a shard whose ledger has yet to begin, and which nobody has. */
void fake_register_publish(struct lc_register *heads, const char *name);

/* The next `count` reads, or swaps, go wrong in this way. */
void fake_register_fail_reads(struct lc_register *heads, enum fake_register_fault fault,
			      unsigned count);
void fake_register_fail_swaps(struct lc_register *heads, enum fake_register_fault fault,
			      unsigned count);

/* Requests that are held are carried out; their senders, if they still wait, are told. */
void fake_register_let_go(struct lc_register *heads);

#endif
