/*
 * The ledger's file: how it is made, recognised and opened.
 *
 * A ledger is made under another name and renamed when it is whole, so that a file under its name
 * is either a ledger or damaged: an empty one never passes for a fresh start.
 *
 *	meta         named numbers: shard, shard_count, until, doubtful_until, horizon,
 *	             expired_until, next_intent_id; of a shared ledger also chain_epoch, chain_seq,
 *	             chain_hash_high, chain_hash_low
 *	source       id, session, bucket, floor, committed second, last second taken. Ids are never
 *	             given again, so that objects of a forgotten source belong to nobody.
 *	open_range   source, seconds [first_second, until), since
 *	open_intent  id, hour of its object, source, target, rows: intents not yet closed. An
 *	             object without one is delivered, unless `expired` says otherwise.
 *	hour         the tables objects_<hour> that there are, each with its rows' oldest second
 *	objects_<h>  log objects whose last second lies in hour h, blob included. The blob is the
 *	             last column, so that the others are read without it.
 *	slot         rows taken, by slot (300 s) and source
 *	target       targets, and whole target buckets, that failed or were given up
 *	origin       how far the ledgers were from which sessions were taken over (ledger/origin.h)
 */
#ifndef LC_LEDGER_SCHEMA_H
#define LC_LEDGER_SCHEMA_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	LC_SCHEMA_VERSION = 2,
	LC_SCHEMA_APPLICATION_ID = 0x4C434C47, /* "LCLG", in the file's header */
	LC_SCHEMA_HOUR_SECONDS = 3600,
	LC_SCHEMA_TABLE_NAME_SIZE = 32,
};

/* Opens the ledger at `path`, makes it first if there is no such file (*fresh tells), and locks it.
 * A ledger of an older version is brought up to this one; the older program cannot read it then.
 * ":memory:" makes one in memory. NULL with `error` as lc_ledger_open says. */
sqlite3 *lc_schema_open(const char *path, unsigned shard, unsigned shard_count, bool *fresh,
			struct lc_error *error);

/* Brings an existing ledger of any shard up to this version; one that is there already stays as it
 * is. */
bool lc_schema_upgrade(const char *path, struct lc_error *error);

/* Opens an existing ledger of any shard for reading; neither the file nor its write-ahead log is
 * changed. */
sqlite3 *lc_schema_open_for_check(const char *path, struct lc_error *error);

/* The name of an hour's table. */
void lc_schema_table_name(uint32_t hour, char name[LC_SCHEMA_TABLE_NAME_SIZE]);

/* Makes an hour's table, in the transaction that is open. */
bool lc_schema_add_hour(sqlite3 *db, const char *path, uint32_t hour, struct lc_error *error);

/* Drops it. */
bool lc_schema_drop_hour(sqlite3 *db, const char *path, uint32_t hour, struct lc_error *error);

#endif
