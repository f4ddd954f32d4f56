#include "preflight/table_checks.h"

#include "clients/clickhouse_sql.h"
#include "config/settings.h"
#include "preflight/table_engine.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum { LIST_MAX = 1024, SHOWN_MAX = 200 };

/* ---- tables ---- */

static void append_where_table(struct lc_buffer *sql, const char *named, const char *database,
			       const char *table)
{
	lc_buffer_append_text(sql, " WHERE database = ");
	lc_clickhouse_sql_append_literal(sql, lc_view_of(database));
	lc_buffer_append_format(sql, " AND %s = ", named);
	lc_clickhouse_sql_append_literal(sql, lc_view_of(table));
	lc_buffer_append_text(sql, LC_REPLY_FORMAT);
}

static void append_table(struct lc_buffer *sql, const char *database, const char *table)
{
	lc_buffer_append_text(sql, "SELECT engine, engine_full FROM system.tables");
	append_where_table(sql, "name", database, table);
}

void lc_table_checks_append_logs_table(struct lc_buffer *sql,
				       const struct lc_preflight_facts *facts)
{
	append_table(sql, facts->delivery.settings->clickhouse_database,
		     facts->delivery.settings->clickhouse_logs_table);
}

void lc_table_checks_append_offsets_table(struct lc_buffer *sql,
					  const struct lc_preflight_facts *facts)
{
	append_table(sql, facts->delivery.settings->clickhouse_database,
		     facts->delivery.settings->clickhouse_offsets_table);
}

/* `argument`: the engine's first one that names a table, its database. */
static void note_stands_before(struct lc_preflight_table *table, struct lc_view full,
			       unsigned argument)
{
	struct lc_view database = lc_table_engine_argument(full, argument);
	struct lc_view name = lc_table_engine_argument(full, argument + 1);

	if (name.size == 0)
		return;
	if (database.size > 0)
		lc_reply_copy_name(table->database, database);
	lc_reply_copy_name(table->table, name);
}

/* True for a table that can be worked with; else that is the verdict. */
static bool read_table(const struct lc_clickhouse_reply *reply,
		       const struct lc_preflight_facts *facts, const char *name,
		       const char *setting, struct lc_preflight_table *table,
		       struct lc_verdict *verdict)
{
	const char *database = facts->delivery.settings->clickhouse_database;
	struct lc_view rest = reply->answer;
	struct lc_view engine;
	struct lc_view full;

	if (!lc_reply_answered(reply, facts, verdict))
		return false;
	if (!lc_reply_next_pair(&rest, &engine, &full)) {
		lc_verdict_set(
		    verdict, LC_VERDICT_FAIL,
		    "there is no table %s.%s, or the user %s has no right on it. Correct "
		    "clickhouse.database and %s, create the table, or grant the user "
		    "SELECT on it.",
		    database, name, facts->delivery.settings->clickhouse_username, setting);
		return false;
	}
	lc_reply_copy_name(table->engine, engine);
	lc_reply_copy_name(table->database, lc_view_of(database));
	lc_reply_copy_name(table->table, lc_view_of(name));
	table->cluster[0] = '\0';
	if (strcmp(table->engine, "Distributed") == 0) {
		lc_reply_copy_name(table->cluster, lc_table_engine_argument(full, 0));
		note_stands_before(table, full, 1);
	} else if (strcmp(table->engine, "Buffer") == 0) {
		note_stands_before(table, full, 0);
	} else if (strcmp(table->engine, "Null") == 0) {
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "its engine is Null, which keeps no rows. Name the table that keeps "
			       "them in %s.",
			       setting);
		return false;
	}
	return true;
}

void lc_table_checks_judge_logs_table(const struct lc_clickhouse_reply *reply,
				      struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	struct lc_preflight_table *logs = &facts->logs;

	if (!read_table(reply, facts, facts->delivery.settings->clickhouse_logs_table,
			"clickhouse.logs-table", logs, verdict))
		return;
	if (strcmp(logs->engine, "Buffer") == 0)
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "its engine is Buffer: rows that wait in a buffer are lost when the "
			       "server dies, and are seen on one server only. Let the producer "
			       "write into %s.%s, and name that, or the Distributed table over it, "
			       "in clickhouse.logs-table.",
			       logs->database, logs->table);
	else if (logs->cluster[0] != '\0')
		lc_verdict_set(verdict, LC_VERDICT_OK,
			       "engine Distributed, over %s.%s of cluster %s", logs->database,
			       logs->table, logs->cluster);
	else
		lc_verdict_set(verdict, LC_VERDICT_OK, "engine %s", logs->engine);
}

void lc_table_checks_judge_offsets_table(const struct lc_clickhouse_reply *reply,
					 struct lc_preflight_facts *facts,
					 struct lc_verdict *verdict)
{
	struct lc_preflight_table offsets;

	if (!read_table(reply, facts, facts->delivery.settings->clickhouse_offsets_table,
			"clickhouse.offsets-table", &offsets, verdict))
		return;
	if (strcmp(offsets.engine, "Buffer") == 0)
		lc_verdict_set(
		    verdict, LC_VERDICT_WARN,
		    "its engine is Buffer: offsets that wait in a buffer are lost when the "
		    "server dies. Name %s.%s, or the Distributed table over it, in "
		    "clickhouse.offsets-table.",
		    offsets.database, offsets.table);
	else
		lc_verdict_set(verdict, LC_VERDICT_OK, "engine %s", offsets.engine);
}

/* ---- columns ---- */

/* A column whose type matters to our statements or to the bytes that we insert. All others are cast
 * to what we read, so that the statement of a scan tells whether they can be. */
struct column {
	const char *name;
	const char *type; /* the beginning of its name; NULL: any */
	bool any_integer;
};

static const struct column LOGS_TYPES[] = {
    {"raftSessionID", "UInt16", true}, {"bucketName", "String", false},
    {"insertedAt", "DateTime", false}, {"startTime", "DateTime64(3", false},
    {"req_id", "String", false},
};

static const struct column OFFSETS_COLUMNS[] = {
    {"bucketName", "String", false},
    {"raftSessionID", "UInt16", false},
    {"lastProcessedInsertedAt", "DateTime", false},
    {"lastProcessedStartTime", "DateTime64(3", false},
    {"lastProcessedReqId", "String", false},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The expressions of a scan; each names one column of the table. */
static const char *const LOGS_EXPRESSIONS[] = {
#define LC_FIELD_NUMBER(name, expression) (expression),
#define LC_FIELD_TIME(name, expression) (expression),
#define LC_FIELD_TEXT(name, expression) (expression),
#define LC_FIELD_UINT(name, expression) (expression),
#define LC_FIELD_FLOAT(name, expression) (expression),
#include "tbl/record_fields.h"
};

/* "CAST(bucketName, 'Nullable(String)')" -> bucketName */
static struct lc_view column_of(const char *expression)
{
	const char *begin = strchr(expression, '(') + 1;

	return (struct lc_view){.data = begin, .size = strcspn(begin, ",)")};
}

/* The type without LowCardinality, which is as its inner type in what is sent and received. */
static struct lc_view plain_type(struct lc_view type)
{
	static const char LOW[] = "LowCardinality(";
	size_t size = strlen(LOW);

	if (type.size <= size || !lc_view_begins_with(type, lc_view_of(LOW)))
		return type;
	return (struct lc_view){.data = type.data + size, .size = type.size - size - 1};
}

static bool has_type(struct lc_view type, const struct column *column)
{
	struct lc_view plain = plain_type(type);
	size_t size = strlen(column->type);

	if (column->any_integer && (lc_view_begins_with(plain, lc_view_of("UInt")) ||
				    lc_view_begins_with(plain, lc_view_of("Int"))))
		return true;
	/* A time zone may follow. */
	return lc_view_begins_with(plain, lc_view_of(column->type)) &&
	       (plain.size == size || !isalnum((unsigned char)plain.data[size]));
}

/* The column's type in an answer of names and types; false if it is not there. */
static bool find_column(struct lc_view answer, struct lc_view name, struct lc_view *type)
{
	struct lc_view found;

	while (lc_reply_next_pair(&answer, &found, type)) {
		if (lc_view_equal(found, name))
			return true;
	}
	return false;
}

void lc_table_checks_append_logs_columns(struct lc_buffer *sql,
					 const struct lc_preflight_facts *facts)
{
	lc_buffer_append_text(sql, "SELECT name, type FROM system.columns");
	append_where_table(sql, "table", facts->delivery.settings->clickhouse_database,
			   facts->delivery.settings->clickhouse_logs_table);
}

void lc_table_checks_append_offsets_columns(struct lc_buffer *sql,
					    const struct lc_preflight_facts *facts)
{
	lc_buffer_append_text(sql, "SELECT name, type FROM system.columns");
	append_where_table(sql, "table", facts->delivery.settings->clickhouse_database,
			   facts->delivery.settings->clickhouse_offsets_table);
}

static void append_to_list(struct lc_buffer *list, struct lc_view name)
{
	if (list->size > 0)
		lc_buffer_append_text(list, ", ");
	lc_buffer_append_view(list, name);
}

/* Lists what is missing and what has another type, and judges. */
static void judge_types(struct lc_view answer, const struct column *columns, size_t count,
			struct lc_buffer *missing, struct lc_verdict *verdict)
{
	struct lc_buffer wrong;
	struct lc_view type;

	lc_buffer_init(&wrong, LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!find_column(answer, lc_view_of(columns[i].name), &type) ||
		    has_type(type, &columns[i]))
			continue;
		lc_buffer_append_format(&wrong, "%s%s is %.*s, not %s%s",
					wrong.size > 0 ? ", " : "", columns[i].name,
					lc_view_shown(type, SHOWN_MAX), type.data, columns[i].type,
					strchr(columns[i].type, '(') == NULL ? "" : ")");
	}
	if (missing->size > 0)
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "missing, or the user may not see them: %s. Create them, grant the "
			       "user SELECT on the whole table, or name another table.",
			       lc_buffer_text(missing));
	else if (wrong.size > 0)
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "%s. Change the type, or make a view with the right one and name "
			       "it.",
			       lc_buffer_text(&wrong));
	else
		lc_verdict_set(verdict, LC_VERDICT_OK, "all there");
	lc_buffer_free(&wrong);
}

void lc_table_checks_judge_logs_columns(const struct lc_clickhouse_reply *reply,
					struct lc_preflight_facts *facts,
					struct lc_verdict *verdict)
{
	struct lc_buffer missing;
	struct lc_view type;

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	lc_buffer_init(&missing, LIST_MAX);
	for (size_t i = 0; i < COUNT_OF(LOGS_EXPRESSIONS); i++) {
		struct lc_view name = column_of(LOGS_EXPRESSIONS[i]);

		if (!find_column(reply->answer, name, &type))
			append_to_list(&missing, name);
	}
	judge_types(reply->answer, LOGS_TYPES, COUNT_OF(LOGS_TYPES), &missing, verdict);
	lc_buffer_free(&missing);
}

void lc_table_checks_judge_offsets_columns(const struct lc_clickhouse_reply *reply,
					   struct lc_preflight_facts *facts,
					   struct lc_verdict *verdict)
{
	struct lc_buffer missing;
	struct lc_view type;

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	lc_buffer_init(&missing, LIST_MAX);
	for (size_t i = 0; i < COUNT_OF(OFFSETS_COLUMNS); i++) {
		struct lc_view name = lc_view_of(OFFSETS_COLUMNS[i].name);

		if (!find_column(reply->answer, name, &type))
			append_to_list(&missing, name);
	}
	judge_types(reply->answer, OFFSETS_COLUMNS, COUNT_OF(OFFSETS_COLUMNS), &missing, verdict);
	lc_buffer_free(&missing);
}

/* ---- shards ---- */

/* Clusters of several shards. Older configurations of ClickHouse bring examples, test_*. */
void lc_table_checks_append_shards(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	(void)facts;
	lc_buffer_append_text(
	    sql, "SELECT cluster, uniqExact(shard_num) AS shards FROM "
		 "system.clusters WHERE NOT startsWith(cluster, 'test_') "
		 "GROUP BY cluster HAVING shards > 1 ORDER BY cluster" LC_REPLY_FORMAT);
}

void lc_table_checks_judge_shards(const struct lc_clickhouse_reply *reply,
				  struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	const char *cluster = facts->logs.cluster;
	struct lc_view rest = reply->answer;
	struct lc_view name;
	struct lc_view shards;

	if (reply->error.kind != LC_ERROR_NONE && cluster[0] != '\0') {
		lc_verdict_set(verdict, LC_VERDICT_OK,
			       "system.clusters cannot be read, but a Distributed table reads all "
			       "shards of its cluster");
		return;
	}
	if (reply->error.kind != LC_ERROR_NONE) {
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "system.clusters cannot be read, so it is unknown whether there are "
			       "several shards. If there are, make sure that clickhouse.logs-table "
			       "is a Distributed table. (%s)",
			       reply->error.message);
		return;
	}
	lc_verdict_set(verdict, LC_VERDICT_OK, "%s",
		       cluster[0] == '\0' ? "no cluster of several shards is known" : "one shard");
	while (lc_reply_next_pair(&rest, &name, &shards)) {
		if (lc_view_equal(name, lc_view_of(cluster))) {
			lc_verdict_set(verdict, LC_VERDICT_OK, "%.*s shards in cluster %s",
				       lc_view_shown(shards, SHOWN_MAX), shards.data, cluster);
			return;
		}
		if (cluster[0] == '\0') {
			lc_verdict_set(verdict, LC_VERDICT_WARN,
				       "cluster %.*s has %.*s shards, but the logs table is not "
				       "Distributed: rows of the other shards would never be read. "
				       "Name the Distributed table in clickhouse.logs-table.",
				       lc_view_shown(name, SHOWN_MAX), name.data,
				       lc_view_shown(shards, SHOWN_MAX), shards.data);
			return;
		}
	}
}

/* ---- retention ---- */

void lc_table_checks_append_retention(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	append_table(sql, facts->logs.database, facts->logs.table);
}

static void judge_ttl(struct lc_table_engine_ttl ttl, const struct lc_preflight_facts *facts,
		      struct lc_verdict *verdict)
{
	uint64_t retention = (uint64_t)facts->delivery.settings->consumer_retention_seconds;
	int shown = lc_view_shown(ttl.text, SHOWN_MAX);

	if (ttl.keeps == LC_TABLE_ENGINE_KEEPS_ALL)
		lc_verdict_set(verdict, LC_VERDICT_OK, "%s.%s has no TTL that deletes rows",
			       facts->logs.database, facts->logs.table);
	else if (ttl.keeps == LC_TABLE_ENGINE_KEEPS_UNKNOWN)
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "the TTL of %s.%s is not understood: %.*s. Make sure that rows are "
			       "kept for consumer.retention-seconds (%" PRIu64 ") at least.",
			       facts->logs.database, facts->logs.table, shown, ttl.text.data,
			       retention);
	else if (ttl.seconds < retention)
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "%s.%s keeps rows for %" PRIu64 " s (TTL %.*s), but "
			       "consumer.retention-seconds is %" PRIu64
			       ": rows that expire undelivered would be noticed too late. Set "
			       "consumer.retention-seconds to %" PRIu64 ", or make the TTL longer.",
			       facts->logs.database, facts->logs.table, ttl.seconds, shown,
			       ttl.text.data, retention, ttl.seconds);
	else
		lc_verdict_set(verdict, LC_VERDICT_OK,
			       "%s.%s keeps rows for %" PRIu64
			       " s, consumer.retention-seconds is %" PRIu64,
			       facts->logs.database, facts->logs.table, ttl.seconds, retention);
}

void lc_table_checks_judge_retention(const struct lc_clickhouse_reply *reply,
				     struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	struct lc_view rest = reply->answer;
	struct lc_view engine;
	struct lc_view full;

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	if (!lc_reply_next_pair(&rest, &engine, &full) || full.size == 0) {
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "how long %s.%s keeps rows cannot be seen. Make sure that it is "
			       "consumer.retention-seconds (%" PRId64 ") at least, or, if it is a "
			       "table of its own, grant the user SHOW TABLES on it.",
			       facts->logs.database, facts->logs.table,
			       (int64_t)facts->delivery.settings->consumer_retention_seconds);
		return;
	}
	judge_ttl(lc_table_engine_ttl_of(full), facts, verdict);
}
