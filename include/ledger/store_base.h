/*
 * The open ledger as all files of the store share it: its database, the statements that are
 * prepared once (include/tbl/ledger_statements.h), and its named numbers (the table meta).
 *
 * Every function of the store that returns false has set `error`: LC_ERROR_CORRUPT when the file is
 * damaged, LC_ERROR_SYSTEM when it cannot be read or written now. After either the transaction must
 * be rolled back; what it did is undone and may be done again in another one.
 *
 * One thread at a time.
 */
#ifndef LC_LEDGER_STORE_BASE_H
#define LC_LEDGER_STORE_BASE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_store_statement {
#define LC_STATEMENT(name, sql) LC_STORE_##name,
#include "tbl/ledger_statements.h"
	LC_STORE_STATEMENT_COUNT
};

struct lc_store {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *statements[LC_STORE_STATEMENT_COUNT];
	struct lc_store_hour *hours; /* ascending; the table `hour` is the truth */
	size_t hour_count;
	size_t hour_capacity;
	bool hours_stale;          /* a rollback may have undone changes of them */
	struct lc_origin *origins; /* as read at the opening, never changed */
	size_t origin_count;
	struct lc_buffer floor_req_id; /* of the source found last */
	char *log_path;                /* of the write-ahead log */
	struct lc_file_identity file;  /* at the opening */
	struct lc_file_identity log;
	int frozen_fd; /* of the file; -1 until it was frozen first */
	bool frozen;
};

/* The statement, reset and ready to be bound; NULL with `error`. */
sqlite3_stmt *lc_store_take(struct lc_store *store, enum lc_store_statement name,
			    struct lc_error *error);

/* Runs a statement that has no parameters and gives no rows. */
bool lc_store_run(struct lc_store *store, enum lc_store_statement name, struct lc_error *error);

/* The number of this name in the table meta; LC_ERROR_CORRUPT when there is none. */
bool lc_store_read_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error);

/* The same for one that an older ledger may lack: then *value stays as it is. */
bool lc_store_find_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error);

/* `how`: LC_STORE_SET_META, of a number that is there; LC_STORE_RAISE_META, unless it is greater
 * already; LC_STORE_PUT_META, of one that may not be there. */
bool lc_store_set_meta(struct lc_store *store, enum lc_store_statement how, const char *name,
		       uint64_t value, struct lc_error *error);

#endif
