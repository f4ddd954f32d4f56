/*
 * A table of names and values that ClickHouse keeps in ZooKeeper or Keeper (engine KeeperMap): read
 * whole, and one row written over, whatever stands there. One request at a time; the callback runs
 * from the loop, and may begin the next.
 */
#ifndef LC_MACHINES_TABLE_H
#define LC_MACHINES_TABLE_H

#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "machines/peers.h"

#include <stddef.h>
#include <stdint.h>

struct lc_clickhouse;
struct lc_table;

struct lc_table_options {
	struct lc_clickhouse *clickhouse; /* outlives the table, as do the texts */
	const char *database;
	const char *table;
	uint64_t timeout_ms; /* of a request */
};

/* `error` has kind NONE when it is done. The rows of a read stay valid until the table's next request. */
typedef void lc_table_callback(void *context, const struct lc_error *error);

struct lc_table *lc_table_new(const struct lc_table_options *options, lc_table_callback *callback,
			      void *context);
/* Cancels what is under way. NULL is allowed. */
void lc_table_free(struct lc_table *table);

/* Reads all rows, by the URL of `seat` (lc_clickhouse_take_seat). */
void lc_table_read(struct lc_table *table, unsigned seat);
const struct lc_peer_row *lc_table_rows(const struct lc_table *table, size_t *count);

/* Writes a row; name and value are copied. */
void lc_table_write(struct lc_table *table, unsigned seat, struct lc_view name,
		    struct lc_view value);

#endif
