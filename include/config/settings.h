/*
 * The settings of the service, one field each, as include/tbl/settings.h lists them:
 * config/settings_load.h fills it, config/setting.h deals with a setting as a row of the table, and
 * config/settings_targets.h tells which are in force for a target bucket.
 */
#ifndef LC_CONFIG_SETTINGS_H
#define LC_CONFIG_SETTINGS_H

#include "base/error.h"
#include "base/log.h"
#include "formats/compression.h"
#include "formats/ledger_choices.h"
#include "formats/machine_beat.h"
#include "formats/object_key.h"
#include "formats/s3_choices.h"
#include "formats/tls_version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The settings' numbers, in the table's order: LC_SETTINGS_clickhouse_url is 0. */
enum lc_settings_index {
#define LC_SETTING_INTEGER(field, ...) LC_SETTINGS_##field,
#define LC_SETTING_NUMBER(field, ...) LC_SETTINGS_##field,
#define LC_SETTING_BOOLEAN(field, ...) LC_SETTINGS_##field,
#define LC_SETTING_TEXT(field, ...) LC_SETTINGS_##field,
#define LC_SETTING_SECRET(field, ...) LC_SETTINGS_##field,
#define LC_SETTING_CHOICE(field, ...) LC_SETTINGS_##field,
#include "tbl/settings.h"
	LC_SETTINGS_COUNT
};

/* Where a value comes from, in rising precedence. */
enum lc_settings_source {
	LC_SETTINGS_DEFAULT,
	LC_SETTINGS_FILE,
	LC_SETTINGS_ENVIRONMENT,
	LC_SETTINGS_FLAG,
};

struct lc_settings_origin {
	enum lc_settings_source source;
	unsigned line; /* in the YAML file, from 1; 0 for the other sources */
};

/* Texts are never NULL and belong to the struct. Units stand in the table. */
struct lc_settings {
#define LC_SETTING_INTEGER(field, ...) int64_t field;
#define LC_SETTING_NUMBER(field, ...) double field;
#define LC_SETTING_BOOLEAN(field, ...) bool field;
#define LC_SETTING_TEXT(field, ...) char *field;
#define LC_SETTING_SECRET(field, ...) char *field;
#define LC_SETTING_CHOICE(field, name, scope, default_value, type, ...) type field;
#include "tbl/settings.h"
	char *config_file; /* the YAML file they were read from; NULL when there was none */
	struct lc_settings_origin origins[LC_SETTINGS_COUNT];

	/* The entries of `targets`, in the file's order. */
	struct lc_settings_target *targets;
	size_t target_count;
	size_t entry; /* 0: these are the service's; n: those of targets[n - 1] */
};

/* An entry: what is different for some target buckets. */
struct lc_settings_target {
	char *buckets; /* patterns, comma-separated; "" while the entry is being read */
	unsigned line; /* of the YAML file, where it begins */
	bool given[LC_SETTINGS_COUNT]; /* by the entry itself */
	bool faulty; /* something in it was refused: no further error about it is worth a word */
	/* All that is in force for these buckets: what the entry gives and, once the configuration
	 * is loaded, the service's for all else. Has no entries of its own. */
	struct lc_settings settings;
};

/* Fills `settings` with the defaults. To be released with lc_settings_free. The defaults alone do
 * not pass the checks: the S3 keys have none. */
void lc_settings_default(struct lc_settings *settings);

/* Releases the texts, wiping secrets. The struct itself is the caller's. */
void lc_settings_free(struct lc_settings *settings);

/* Number of shards of the whole deployment: supervisor.shards, or the number of processors that
 * this process may run on when that is 0. At least 1. */
unsigned lc_settings_shard_count(const struct lc_settings *settings);

/* Memory that one worker may use for log objects, and the size at which one is closed:
 * limits.max-inflight-bytes and consumer.max-object-bytes, or what they stand for when they are 0.
 * Bytes. */
int64_t lc_settings_inflight_bytes(const struct lc_settings *settings);
int64_t lc_settings_object_bytes(const struct lc_settings *settings);

/* The region of the source buckets, for keys: consumer.source-region, or s3.region if that is empty. */
const char *lc_settings_source_region(const struct lc_settings *settings);

/* The name of this machine among those that stand in for each other: failover.machine-name, or its
 * host name. */
enum { LC_SETTINGS_MACHINE_NAME_SIZE = LC_MACHINE_NAME_MAX + 1 };
bool lc_settings_machine_name(const struct lc_settings *settings,
			      char name[LC_SETTINGS_MACHINE_NAME_SIZE], struct lc_error *error);

/* The weight of this machine when shards are shared out: failover.capacity, or the number of
 * processors. */
unsigned lc_settings_capacity(const struct lc_settings *settings);

/* True if this machine delivers the shard: supervisor.owned-shards names it or is empty. */
bool lc_settings_owns_shard(const struct lc_settings *settings, unsigned shard);

#endif
