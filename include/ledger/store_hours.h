/*
 * Time in the store: the tables of log objects, one for each hour of the objects' last seconds, the
 * horizon, and what is dropped when it has passed.
 */
#ifndef LC_LEDGER_STORE_HOURS_H
#define LC_LEDGER_STORE_HOURS_H

#include "base/error.h"
#include "ledger/store_base.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum lc_store_hour_statement {
#define LC_HOUR_STATEMENT(name, sql) LC_STORE_HOUR_##name,
#include "tbl/ledger_statements.h"
	LC_STORE_HOUR_STATEMENT_COUNT
};

/* A table of log objects. */
struct lc_store_hour {
	uint32_t hour;          /* last_second / 3600 of all its objects */
	uint32_t oldest_second; /* of all its rows */
	sqlite3_stmt *statements[LC_STORE_HOUR_STATEMENT_COUNT];
};

/* The statement for this hour's table, reset and ready to be bound; NULL with `error`. */
sqlite3_stmt *lc_store_take_of_hour(struct lc_store *store, struct lc_store_hour *hour,
				    enum lc_store_hour_statement name, struct lc_error *error);

/* Reads which hours there are: at the opening, and after a rollback. */
bool lc_store_load_hours(struct lc_store *store, struct lc_error *error);
void lc_store_forget_hours(struct lc_store *store);

/* The hour, or NULL if it has no table. */
struct lc_store_hour *lc_store_find_hour(struct lc_store *store, uint32_t hour);

/* The table for objects of this hour with rows from `first_second` on, made if need be; NULL with
 * `error`. */
struct lc_store_hour *lc_store_get_hour(struct lc_store *store, uint32_t hour,
					uint32_t first_second, struct lc_error *error);

/* ---- the horizon; see ledger/ledger.h ---- */

bool lc_store_set_horizon(struct lc_store *store, uint32_t horizon, struct lc_error *error);
bool lc_store_lower_horizon(struct lc_store *store, uint32_t bound, uint32_t *horizon,
			    struct lc_error *error);

/* A step of lc_ledger_expire: the first hour from *hour on; 0 in the first step. *hour becomes the
 * one to go on with, 0 after the last step. */
bool lc_store_expire(struct lc_store *store, uint32_t bound, uint32_t *hour,
		     struct lc_error *error);

#endif
