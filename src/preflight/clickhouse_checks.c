#include "preflight/clickhouse_checks.h"

#include "clients/diagnose.h"
#include "delivery/query.h"
#include "delivery/rows.h"
#include "delivery/server_clock.h"
#include "formats/discovery_row.h"
#include "formats/offset.h"
#include "preflight/table_engine.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Releases that were tried: see docs/installing.md. */
	FIRST_YEAR = 23,
	FIRST_MONTH = 10,
	LAST_YEAR = 26,
	LAST_MONTH = 9,
	LIST_MAX = 1024,
	SHOWN_MAX = 200,
};

#define RAW " FORMAT TabSeparatedRaw"

/* ---- answers in TabSeparatedRaw ---- */

/* Takes what stands before the next separator off the front of *rest. False at the end. */
static bool next_field(struct lc_view *rest, char separator, struct lc_view *field)
{
	const char *end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	size_t skip = end == NULL ? size : size + 1;

	if (rest->size == 0)
		return false;
	*field = (struct lc_view){.data = rest->data, .size = size};
	*rest = (struct lc_view){.data = rest->data + skip, .size = rest->size - skip};
	return true;
}

/* The next line of two fields. */
static bool next_pair(struct lc_view *rest, struct lc_view *first, struct lc_view *second)
{
	struct lc_view line;

	if (!next_field(rest, '\n', &line) || !next_field(&line, '\t', first))
		return false;
	*second = line.size == 0 ? lc_view_of("") : line;
	return true;
}

static void copy(char to[LC_PREFLIGHT_NAME_SIZE], struct lc_view from)
{
	snprintf(to, LC_PREFLIGHT_NAME_SIZE, "%.*s",
		 lc_view_shown(from, LC_PREFLIGHT_NAME_SIZE - 1), from.data);
}

/* True if there is an answer; else that is the verdict. */
static bool answered(const struct lc_clickhouse_reply *reply,
		     const struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	if (reply->error.kind == LC_ERROR_NONE)
		return true;
	lc_verdict_set_fault(verdict, &reply->error, lc_diagnose_clickhouse(&reply->error),
			     facts->url);
	return false;
}

/* ---- the server ---- */

static void append_version(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	(void)facts;
	lc_buffer_append_text(sql, "SELECT version()" RAW);
}

/* "26.5.1.1" -> 26 and 5 */
static bool read_version(const char *text, unsigned long *year, unsigned long *month)
{
	char *end;

	*year = strtoul(text, &end, 10);
	if (end == text || *end != '.')
		return false;
	text = end + 1;
	*month = strtoul(text, &end, 10);
	return end != text;
}

static void judge_version(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
			  struct lc_verdict *verdict)
{
	struct lc_view version = reply->answer;
	struct lc_view line = lc_view_of("");
	char text[LC_PREFLIGHT_NAME_SIZE];
	unsigned long year;
	unsigned long month;

	if (!answered(reply, facts, verdict))
		return;
	next_field(&version, '\n', &line);
	copy(text, line);
	if (!read_version(text, &year, &month))
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "reachable, but its version, \"%s\", is none of ClickHouse's. Check "
			       "any proxy in front of it.",
			       text);
	else if (year < FIRST_YEAR || (year == FIRST_YEAR && month < FIRST_MONTH))
		lc_verdict_set(
		    verdict, LC_VERDICT_WARN,
		    "reachable, version %s, older than any that log-courier was tried "
		    "with (%d.%d to %d.%d). Upgrade ClickHouse, or try it with test data "
		    "first.",
		    text, FIRST_YEAR, FIRST_MONTH, LAST_YEAR, LAST_MONTH);
	else if (year > LAST_YEAR || (year == LAST_YEAR && month > LAST_MONTH))
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "reachable, version %s, newer than any that log-courier was tried "
			       "with (%d.%d to %d.%d). Try it with test data first.",
			       text, FIRST_YEAR, FIRST_MONTH, LAST_YEAR, LAST_MONTH);
	else
		lc_verdict_set(verdict, LC_VERDICT_OK, "reachable, version %s", text);
}

static void append_clock(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_clock(sql, facts->marker);
}

static void judge_clock(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
			struct lc_verdict *verdict)
{
	int64_t most = facts->delivery.settings->health_max_clock_difference_seconds;
	struct lc_error error = {0};
	uint32_t now = 0;
	int64_t apart;
	bool first = !facts->clock_known;

	if (!answered(reply, facts, verdict))
		return;
	if (!lc_discovery_row_read_clock(reply->answer, facts->marker, &now, &error)) {
		lc_verdict_set_fault(verdict, &error,
				     error.kind == LC_ERROR_REFUSED ? LC_FAULT_CLICKHOUSE_PROFILE
								    : LC_FAULT_CLICKHOUSE_NONSENSE,
				     facts->url);
		return;
	}
	apart = (int64_t)now - facts->wall_seconds;
	if (first) {
		facts->clock_known = true;
		facts->clock_apart = apart;
	}
	if (!first && llabs(apart - facts->clock_apart) > LC_SERVER_CLOCK_TOLERANCE)
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "%" PRId64 " s apart from the first server's clock; more than %d s "
			       "is not believed at once. Make sure that NTP works on ClickHouse's "
			       "servers.",
			       (int64_t)llabs(apart - facts->clock_apart),
			       LC_SERVER_CLOCK_TOLERANCE);
	else if (llabs(apart) > most)
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "%" PRId64 " s apart from this machine's clock, and "
			       "health.max-clock-difference-seconds is %" PRId64
			       ". Make sure that NTP works on both.",
			       (int64_t)llabs(apart), most);
	else
		lc_verdict_set(verdict, LC_VERDICT_OK,
			       "agrees with this machine's clock within %" PRId64 " s",
			       (int64_t)llabs(apart) + 1);
}

/* ---- tables ---- */

static void append_where_table(struct lc_buffer *sql, const char *named, const char *database,
			       const char *table)
{
	lc_buffer_append_text(sql, " WHERE database = ");
	lc_query_append_literal(sql, lc_view_of(database));
	lc_buffer_append_format(sql, " AND %s = ", named);
	lc_query_append_literal(sql, lc_view_of(table));
	lc_buffer_append_text(sql, RAW);
}

static void append_table(struct lc_buffer *sql, const char *database, const char *table)
{
	lc_buffer_append_text(sql, "SELECT engine, engine_full FROM system.tables");
	append_where_table(sql, "name", database, table);
}

static void append_logs_table(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	append_table(sql, facts->delivery.settings->clickhouse_database,
		     facts->delivery.settings->clickhouse_logs_table);
}

static void append_offsets_table(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
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
		copy(table->database, database);
	copy(table->table, name);
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

	if (!answered(reply, facts, verdict))
		return false;
	if (!next_pair(&rest, &engine, &full)) {
		lc_verdict_set(
		    verdict, LC_VERDICT_FAIL,
		    "there is no table %s.%s, or the user %s has no right on it. Correct "
		    "clickhouse.database and %s, create the table, or grant the user "
		    "SELECT on it.",
		    database, name, facts->delivery.settings->clickhouse_username, setting);
		return false;
	}
	copy(table->engine, engine);
	copy(table->database, lc_view_of(database));
	copy(table->table, lc_view_of(name));
	table->cluster[0] = '\0';
	if (strcmp(table->engine, "Distributed") == 0) {
		copy(table->cluster, lc_table_engine_argument(full, 0));
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

static void judge_logs_table(const struct lc_clickhouse_reply *reply,
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

static void judge_offsets_table(const struct lc_clickhouse_reply *reply,
				struct lc_preflight_facts *facts, struct lc_verdict *verdict)
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

	while (next_pair(&answer, &found, type)) {
		if (lc_view_equal(found, name))
			return true;
	}
	return false;
}

static void append_logs_columns(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_buffer_append_text(sql, "SELECT name, type FROM system.columns");
	append_where_table(sql, "table", facts->delivery.settings->clickhouse_database,
			   facts->delivery.settings->clickhouse_logs_table);
}

static void append_offsets_columns(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
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

static void judge_logs_columns(const struct lc_clickhouse_reply *reply,
			       struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	struct lc_buffer missing;
	struct lc_view type;

	if (!answered(reply, facts, verdict))
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

static void judge_offsets_columns(const struct lc_clickhouse_reply *reply,
				  struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	struct lc_buffer missing;
	struct lc_view type;

	if (!answered(reply, facts, verdict))
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
static void append_shards(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	(void)facts;
	lc_buffer_append_text(sql, "SELECT cluster, uniqExact(shard_num) AS shards FROM "
				   "system.clusters WHERE NOT startsWith(cluster, 'test_') "
				   "GROUP BY cluster HAVING shards > 1 ORDER BY cluster" RAW);
}

static void judge_shards(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
			 struct lc_verdict *verdict)
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
	while (next_pair(&rest, &name, &shards)) {
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

static void append_retention(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
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

static void judge_retention(const struct lc_clickhouse_reply *reply,
			    struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	struct lc_view rest = reply->answer;
	struct lc_view engine;
	struct lc_view full;

	if (!answered(reply, facts, verdict))
		return;
	if (!next_pair(&rest, &engine, &full) || full.size == 0) {
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

/* ---- what a shard asks ---- */

/* No row, so that only the right and the table's state are asked for. */
static void append_insert(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_buffer_append_format(sql,
				"INSERT INTO `%s`.`%s` %s SELECT '', 0, toDateTime(0), "
				"toDateTime64(0, 3), '' WHERE 0",
				facts->delivery.settings->clickhouse_database,
				facts->delivery.settings->clickhouse_offsets_table,
				lc_offset_columns());
}

static void judge_insert(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
			 struct lc_verdict *verdict)
{
	if (reply->error.kind == LC_ERROR_NONE)
		lc_verdict_set(verdict, LC_VERDICT_OK, "allowed");
	else if (lc_diagnose_clickhouse(&reply->error) == LC_FAULT_CLICKHOUSE_USER)
		lc_verdict_set_failure(verdict, &reply->error, facts->url,
				       "Grant the user INSERT on the offsets table.");
	else
		(void)answered(reply, facts, verdict);
}

static void append_window(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_window(sql, &facts->delivery, facts->marker, 0, 0);
}

static void append_offsets(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_offsets(sql, &facts->delivery, facts->marker);
}

static void append_doubtful_window(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_doubtful_window(sql, &facts->delivery, facts->marker, 0, 0);
}

static void append_oldest(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_oldest(sql, &facts->delivery, facts->marker);
}

static void append_slots(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	lc_query_append_slots(sql, &facts->delivery, facts->marker, 0, 0);
}

static void append_seconds(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	const struct lc_ledger_count slot = {.source.bucket = lc_view_of("preflight")};

	lc_query_append_seconds(sql, &facts->delivery, facts->marker, 0, 0, &slot, 1);
}

static void append_scan(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	struct lc_source source = {.bucket = lc_view_of("preflight")};
	struct lc_source *const sources[] = {&source};
	const struct lc_query_rows rows = {.sources = sources, .count = 1};

	lc_query_append_scan(sql, &facts->delivery, facts->marker, &rows);
}

static void append_rest(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	struct lc_source source = {.bucket = lc_view_of("preflight")};
	struct lc_source *const sources[] = {&source};
	const struct lc_query_rows rows = {.sources = sources, .count = 1};

	lc_query_append_rest(sql, &facts->delivery, facts->marker, &rows, &source, 0);
}

static void pass_over(void *context, const struct lc_discovery_row *row)
{
	(void)context;
	(void)row;
}

/* An answer that proves itself whole: see formats/discovery_row.h. */
static void judge_numbers(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
			  struct lc_verdict *verdict)
{
	struct lc_discovery_answer answer = {0};
	struct lc_error error = {0};

	if (!answered(reply, facts, verdict))
		return;
	lc_discovery_answer_begin(&answer, facts->marker);
	if (lc_discovery_answer_feed(&answer, reply->answer, pass_over, NULL, &error) &&
	    lc_discovery_answer_end(&answer, &error))
		lc_verdict_set(verdict, LC_VERDICT_OK, "answered");
	else
		lc_verdict_set_fault(verdict, &error, LC_FAULT_CLICKHOUSE_NONSENSE, facts->url);
	lc_discovery_answer_free(&answer);
}

static void judge_scan(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
		       struct lc_verdict *verdict)
{
	struct lc_error error = {0};

	if (!answered(reply, facts, verdict))
		return;
	if (reply->answer.size == 0) {
		lc_verdict_set(verdict, LC_VERDICT_OK, "answered");
		return;
	}
	lc_error_set(&error, LC_ERROR_CORRUPT, "the answer holds what was not asked for");
	lc_verdict_set_fault(verdict, &error, LC_FAULT_CLICKHOUSE_NONSENSE, facts->url);
}

/* ---- the table ---- */

#define NEEDS(id) (1U << LC_CLICKHOUSE_CHECK_##id)
#define NEEDS_LOGS NEEDS(LOGS_TABLE)

/* clang-format off */
const struct lc_clickhouse_check LC_CLICKHOUSE_CHECK_TABLE[LC_CLICKHOUSE_CHECKS] = {
	[LC_CLICKHOUSE_CHECK_SERVER] = {
		"ClickHouse", true, 0,
		append_version, judge_version, NULL},
	[LC_CLICKHOUSE_CHECK_CLOCK] = {
		"clock of ClickHouse", true, NEEDS(SERVER),
		append_clock, judge_clock, NULL},
	[LC_CLICKHOUSE_CHECK_LOGS_TABLE] = {
		"logs table", false, NEEDS(SERVER),
		append_logs_table, judge_logs_table, NULL},
	[LC_CLICKHOUSE_CHECK_LOGS_COLUMNS] = {
		"columns of the logs table", false, NEEDS_LOGS,
		append_logs_columns, judge_logs_columns, NULL},
	[LC_CLICKHOUSE_CHECK_SHARDS] = {
		"shards of ClickHouse", false, NEEDS_LOGS,
		append_shards, judge_shards, NULL},
	[LC_CLICKHOUSE_CHECK_RETENTION] = {
		"retention", false, NEEDS_LOGS,
		append_retention, judge_retention, NULL},
	[LC_CLICKHOUSE_CHECK_OFFSETS_TABLE] = {
		"offsets table", false, NEEDS(SERVER),
		append_offsets_table, judge_offsets_table, NULL},
	[LC_CLICKHOUSE_CHECK_OFFSETS_COLUMNS] = {
		"columns of the offsets table", false, NEEDS(OFFSETS_TABLE),
		append_offsets_columns, judge_offsets_columns, NULL},
	[LC_CLICKHOUSE_CHECK_OFFSETS_INSERT] = {
		"inserting offsets", false, NEEDS(OFFSETS_COLUMNS),
		append_insert, judge_insert, NULL},
	[LC_CLICKHOUSE_CHECK_WINDOW] = {
		"query for new rows", false, NEEDS_LOGS,
		append_window, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_OFFSETS] = {
		"query for offsets", false, NEEDS(OFFSETS_COLUMNS),
		append_offsets, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_DOUBTFUL_WINDOW] = {
		"query for rows after offsets", false,
		NEEDS(WINDOW) | NEEDS(OFFSETS) | NEEDS(LOGS_COLUMNS),
		append_doubtful_window, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_OLDEST] = {
		"query for the oldest row", false, NEEDS(WINDOW),
		append_oldest, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_SLOTS] = {
		"query for late rows", false, NEEDS(WINDOW),
		append_slots, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_SECONDS] = {
		"query for seconds of late rows", false, NEEDS(WINDOW),
		append_seconds, judge_numbers, NULL},
	[LC_CLICKHOUSE_CHECK_SCAN] = {
		"query for rows", false, NEEDS(WINDOW) | NEEDS(LOGS_COLUMNS),
		append_scan, judge_scan, &LC_ROWS_SETTING},
	[LC_CLICKHOUSE_CHECK_REST] = {
		"query for the end of rows", false, NEEDS(WINDOW),
		append_rest, judge_numbers, NULL},
};
/* clang-format on */
