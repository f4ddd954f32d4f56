/* What the files of the store share; nobody else includes it. */
#ifndef LC_LEDGER_STORE_PARTS_H
#define LC_LEDGER_STORE_PARTS_H

#include "base/buffer.h"
#include "base/file_identity.h"
#include "ledger/origin.h"
#include "ledger/sql.h"
#include "ledger/store.h"

enum lc_store_statement {
#define LC_STATEMENT(name, sql) LC_STORE_##name,
#include "tbl/ledger_statements.h"
	LC_STORE_STATEMENT_COUNT
};

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
};

/* The statement, reset and ready to be bound; NULL with `error`. */
sqlite3_stmt *lc_store_take(struct lc_store *store, enum lc_store_statement name,
			    struct lc_error *error);
sqlite3_stmt *lc_store_take_of_hour(struct lc_store *store, struct lc_store_hour *hour,
				    enum lc_store_hour_statement name, struct lc_error *error);

bool lc_store_read_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error);
/* The same for what an older ledger may lack: then *value stays as it is. */
bool lc_store_find_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error);
bool lc_store_set_meta(struct lc_store *store, enum lc_store_statement how, const char *name,
		       uint64_t value, struct lc_error *error);

/* ---- hours ---- */

bool lc_store_load_hours(struct lc_store *store, struct lc_error *error);
void lc_store_forget_hours(struct lc_store *store);
/* The hour, or NULL if it has no table. */
struct lc_store_hour *lc_store_find_hour(struct lc_store *store, uint32_t hour);
/* The table for objects of this hour with rows from `first_second` on, made if need be. */
struct lc_store_hour *lc_store_get_hour(struct lc_store *store, uint32_t hour,
					uint32_t first_second, struct lc_error *error);
/* The first hour from *hour on that has a table; false: there is none. */
bool lc_store_next_hour(const struct lc_store *store, uint32_t *hour);
/* Drops the hour's table; where an open intent or an open range needs objects of the hour, those
 * stay and the others go. */
bool lc_store_expire_hour(struct lc_store *store, uint32_t hour, struct lc_error *error);

/* ---- origins ---- */

bool lc_store_load_origins(struct lc_store *store, struct lc_error *error);
/* Behind this second nothing is known of the session, and nothing is looked for; 0: see the
 * horizon. */
uint32_t lc_store_kept_from(const struct lc_store *store, uint32_t raft_session_id);
/* Drops those that the ledger's own numbers have reached. */
bool lc_store_expire_origins(struct lc_store *store, struct lc_error *error);

/* ---- sources ---- */

struct lc_store_source {
	int64_t id; /* 0: not known */
	bool has_floor;
	struct lc_offset floor; /* valid until the next source is looked for */
	uint32_t committed;     /* 0: none */
};
bool lc_store_find_source(struct lc_store *store, const struct lc_ledger_source *source,
			  struct lc_store_source *found, struct lc_error *error);
/* Its id, given now if it was not known. */
bool lc_store_get_source(struct lc_store *store, const struct lc_ledger_source *source, int64_t *id,
			 struct lc_error *error);

/* ---- log objects ---- */

/* Sets the error: an open intent has no object. Returns false. */
bool lc_store_miss_object(const struct lc_store *store, uint64_t intent_id, struct lc_error *error);

/* ---- blobs ---- */

/* Calls `visit` with each blob of the source that may hold rows with from <= second < to. False,
 * with `error`, as soon as one can not be read or `visit` returns false. */
bool lc_store_each_blob(struct lc_store *store, int64_t source_id, uint32_t from, uint32_t to,
			bool (*visit)(void *context, struct lc_view blob, struct lc_error *error),
			void *context, struct lc_error *error);

/* ---- opening ---- */

/* Fills `state` and calls its callbacks. */
bool lc_store_read_state(struct lc_store *store, struct lc_ledger_state *state,
			 struct lc_error *error);

#endif
