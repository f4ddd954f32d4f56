/*
 * A register that several machines share: named texts that are changed by compare-and-swap. It is a
 * table of ClickHouse's engine KeeperMap (name String, value String, PRIMARY KEY name), whose rows
 * are nodes of ClickHouse Keeper or ZooKeeper. Nobody may delete rows.
 *
 * What makes a swap one: `ALTER TABLE .. UPDATE value = V' WHERE name = N AND value = V` with
 * keeper_map_strict_mode reads the node, and sets it only if its version is still the one that was
 * read. ClickHouse answers 200 as well when the WHERE held for no row, and an error, or nothing,
 * when the set was carried out and its reply was lost. So no answer to an UPDATE or an INSERT is
 * believed: the value is read after it, from the same server.
 *
 * What is promised, provided that no value is ever written twice (each holds a nonce or a number):
 *
 * - DONE: the value was in the register, and came there by a change from `expected` (swap), from
 *   nothing (create). Whoever swaps it away has seen it.
 * - OTHER: the register held another value when it was read. It may be one that has replaced ours:
 *   OTHER does not say that our value never was there. And it may be an older one, see below.
 * - UNKNOWN: our value may be there, may come later, or never. The same swap, with the same value,
 *   may be asked for again; another value from the same `expected` only by who takes the value that
 *   it had wanted first for its own when it meets it.
 *
 * A statement may be carried out after its time-out, after its cancellation, and after our death:
 * hours later, if Keeper was away that long. A late swap does nothing once `expected` has been
 * replaced, by whomever, since it never comes back. A late `put` does what it says.
 *
 * Reads may be stale. Keeper's followers answer without asking the leader, and ClickHouse has no
 * setting that makes a KeeperMap table wait for it (Keeper's own are quorum_reads and read_mode).
 * So a read may show an earlier value, or that a row is absent that was just made by another
 * server, but never one that was not there. A stale read that follows a swap shows `expected`, and
 * the swap is tried again, or an older value, which is OTHER: who can tell older from newer, by the
 * numbers in his values, asks again. All goes to one server as long as it answers, whose reads never
 * go back in time.
 *
 * Callbacks run from the loop, never from within the call that asked.
 *
 * Sources: ClickHouse documentation, "KeeperMap"; src/Storages/StorageKeeperMap.cpp of ClickHouse
 * (strict mode since 23.8); ZooKeeper documentation, "Consistency guarantees".
 */
#ifndef LC_CLIENTS_REGISTER_H
#define LC_CLIENTS_REGISTER_H

#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "clients/clickhouse.h"
#include "formats/register_answer.h"

#include <stddef.h>
#include <stdint.h>

struct lc_register;
struct lc_register_request;

struct lc_register_options {
	const char *database; /* copied, as the table */
	const char *table;
	uint64_t timeout_ms; /* of each statement; a request has up to six, and reads one */
};

enum lc_register_outcome {
	LC_REGISTER_DONE,
	LC_REGISTER_OTHER,  /* create, swap: another value is there */
	LC_REGISTER_ABSENT, /* read, swap: there is no such row */
	LC_REGISTER_UNKNOWN,
};

struct lc_register_answer {
	enum lc_register_outcome outcome;
	struct lc_view value;         /* of the row, as it was read; else empty */
	struct lc_register_rows rows; /* of lc_register_read_all and lc_register_describe, DONE */
	/* With UNKNOWN; else its kind is NONE. Names table and server, and says what to do where
	 * that is known. */
	struct lc_error error;
};

/* `answer` and its views are valid until it returns; the request ends with it. May ask for more;
 * must not free the register. */
typedef void lc_register_callback(void *context, const struct lc_register_answer *answer);

/* `clickhouse` must outlive it, and should be a client of its own: a swap that is refused leaves
 * its server aside as if it were ill. */
struct lc_register *lc_register_new(struct lc_loop *loop, struct lc_clickhouse *clickhouse,
				    const struct lc_register_options *options);
/* Cancels what is under way. Not from within a callback. */
void lc_register_free(struct lc_register *reg);

/* "logs.courier_heads", for messages. */
const char *lc_register_name(const struct lc_register *reg);

/* Names have 1 to LC_REGISTER_NAME_MAX bytes, values up to LC_REGISTER_VALUE_MAX, all of any kind;
 * they are copied. Any number of requests may be under way; each has one statement at a time. */

/* DONE with the value, ABSENT or UNKNOWN. */
struct lc_register_request *lc_register_read(struct lc_register *reg, struct lc_view name,
					     lc_register_callback *callback, void *context);

/* DONE with all rows whose name begins with `prefix`, in no order, without that of
 * LC_REGISTER_PROOF_NAME; or UNKNOWN. Each row is as it was at a time of its own. */
struct lc_register_request *lc_register_read_all(struct lc_register *reg, struct lc_view prefix,
						 lc_register_callback *callback, void *context);

/* Makes a row: DONE, OTHER if there is one, or UNKNOWN. */
struct lc_register_request *lc_register_create(struct lc_register *reg, struct lc_view name,
					       struct lc_view value, lc_register_callback *callback,
					       void *context);

/* Replaces `expected` by `value`, which differ: DONE, OTHER, ABSENT or UNKNOWN. Tried three times
 * while `expected` is what is read. */
struct lc_register_request *lc_register_swap(struct lc_register *reg, struct lc_view name,
					     struct lc_view expected, struct lc_view value,
					     lc_register_callback *callback, void *context);

/* Writes a row, be it there or not, once: DONE or UNKNOWN. For rows with a single writer. */
struct lc_register_request *lc_register_put(struct lc_register *reg, struct lc_view name,
					    struct lc_view value, lc_register_callback *callback,
					    void *context);

/* What ClickHouse tells of the table. DONE with one row, whose name is the table's engine and whose
 * value its primary key, or with none if there is no such table, or no right to see it; or UNKNOWN. */
struct lc_register_request *lc_register_describe(struct lc_register *reg,
						 lc_register_callback *callback, void *context);

/* Ends a request without callback. What it writes may or may not be carried out. */
void lc_register_cancel(struct lc_register_request *request);

/* The row by which a register is proven (register_proof.h). */
#define LC_REGISTER_PROOF_NAME "/proof"

#endif
