#include "ledger/store_base.h"

#include "base/assert.h"
#include "ledger/sql.h"

static const char *const SQL[LC_STORE_STATEMENT_COUNT] = {
#define LC_STATEMENT(name, sql) [LC_STORE_##name] = (sql),
#include "tbl/ledger_statements.h"
};

sqlite3_stmt *lc_store_take(struct lc_store *store, enum lc_store_statement name,
			    struct lc_error *error)
{
	sqlite3_stmt **statement = &store->statements[name];

	if (*statement == NULL)
		lc_sql_prepare(store->db, store->path, SQL[name], statement, error);
	else
		sqlite3_reset(*statement);
	return *statement;
}

bool lc_store_run(struct lc_store *store, enum lc_store_statement name, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, name, error);

	return statement != NULL && lc_sql_run(statement, store->path, error);
}

static enum lc_sql_step read_meta(struct lc_store *store, const char *name, uint64_t *value,
				  struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_META, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return LC_SQL_FAILED;
	LC_ASSERT(sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
	step = lc_sql_step(statement, store->path, error);
	if (step == LC_SQL_ROW) {
		*value = lc_sql_count(statement, 0);
		sqlite3_reset(statement);
	}
	return step;
}

bool lc_store_read_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error)
{
	enum lc_sql_step step = read_meta(store, name, value, error);

	if (step == LC_SQL_DONE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: %s is missing",
				    store->path, name);
	return step == LC_SQL_ROW;
}

bool lc_store_find_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error)
{
	return read_meta(store, name, value, error) != LC_SQL_FAILED;
}

bool lc_store_set_meta(struct lc_store *store, enum lc_store_statement how, const char *name,
		       uint64_t value, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, how, error);

	if (statement == NULL)
		return false;
	LC_ASSERT(sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
	lc_sql_bind_number(statement, 2, (int64_t)value);
	return lc_sql_run(statement, store->path, error);
}
