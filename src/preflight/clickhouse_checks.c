#include "preflight/clickhouse_checks.h"

#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/query.h"
#include "delivery/server_clock.h"
#include "delivery/source.h"
#include "formats/discovery_row.h"
#include "formats/offset.h"
#include "formats/record_stream.h"
#include "preflight/table_checks.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	/* Releases that were tried: see docs/installing.md. */
	FIRST_YEAR = 23,
	FIRST_MONTH = 10,
	LAST_YEAR = 26,
	LAST_MONTH = 9,
};

/* ---- the server ---- */

static void append_version(struct lc_buffer *sql, const struct lc_preflight_facts *facts)
{
	(void)facts;
	lc_buffer_append_text(sql, "SELECT version()" LC_REPLY_FORMAT);
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

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	lc_reply_next_line(&version, &line);
	lc_reply_copy_name(text, line);
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

	if (!lc_reply_answered(reply, facts, verdict))
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
		(void)lc_reply_answered(reply, facts, verdict);
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

	lc_query_append_scan(sql, &facts->delivery, facts->marker, &rows, LC_QUERY_BLOCK_ROWS);
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

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	lc_discovery_answer_begin(&answer, facts->marker);
	if (lc_discovery_answer_feed(&answer, reply->answer, pass_over, NULL, &error) &&
	    lc_discovery_answer_end(&answer, &error))
		lc_verdict_set(verdict, LC_VERDICT_OK, "answered");
	else
		lc_verdict_set_fault(verdict, &error, LC_FAULT_CLICKHOUSE_NONSENSE, facts->url);
	lc_discovery_answer_free(&answer);
}

static bool refuse_row(void *context, const struct lc_record *record)
{
	bool *came = context;

	(void)record;
	*came = true;
	return false;
}

/* Blocks without rows may come, where nothing is found. */
static void judge_scan(const struct lc_clickhouse_reply *reply, struct lc_preflight_facts *facts,
		       struct lc_verdict *verdict)
{
	struct lc_record_stream *stream;
	struct lc_error error = {0};
	bool came = false;

	if (!lc_reply_answered(reply, facts, verdict))
		return;
	stream =
	    lc_record_stream_new(facts->marker, LC_RECORD_STREAM_ROW_BYTES_MIN, refuse_row, &came);
	if (lc_record_stream_feed(stream, reply->answer, &error) &&
	    lc_record_stream_end(stream, &error))
		lc_verdict_set(verdict, LC_VERDICT_OK, "answered");
	else if (came)
		lc_error_set(&error, LC_ERROR_CORRUPT, "the answer holds what was not asked for");
	if (error.kind != LC_ERROR_NONE)
		lc_verdict_set_fault(verdict, &error, LC_FAULT_CLICKHOUSE_NONSENSE, facts->url);
	lc_record_stream_free(stream);
}

/* ---- the table ---- */

#define NEEDS(id) (1U << LC_CLICKHOUSE_CHECK_##id)
#define NEEDS_LOGS NEEDS(LOGS_TABLE)

/* clang-format off */
const struct lc_clickhouse_check LC_CLICKHOUSE_CHECK_TABLE[LC_CLICKHOUSE_CHECKS] = {
	[LC_CLICKHOUSE_CHECK_SERVER] = {
		"ClickHouse", true, 0,
		append_version, judge_version},
	[LC_CLICKHOUSE_CHECK_CLOCK] = {
		"clock of ClickHouse", true, NEEDS(SERVER),
		append_clock, judge_clock},
	[LC_CLICKHOUSE_CHECK_LOGS_TABLE] = {
		"logs table", false, NEEDS(SERVER),
		lc_table_checks_append_logs_table, lc_table_checks_judge_logs_table},
	[LC_CLICKHOUSE_CHECK_LOGS_COLUMNS] = {
		"columns of the logs table", false, NEEDS_LOGS,
		lc_table_checks_append_logs_columns, lc_table_checks_judge_logs_columns},
	[LC_CLICKHOUSE_CHECK_SHARDS] = {
		"shards of ClickHouse", false, NEEDS_LOGS,
		lc_table_checks_append_shards, lc_table_checks_judge_shards},
	[LC_CLICKHOUSE_CHECK_RETENTION] = {
		"retention", false, NEEDS_LOGS,
		lc_table_checks_append_retention, lc_table_checks_judge_retention},
	[LC_CLICKHOUSE_CHECK_OFFSETS_TABLE] = {
		"offsets table", false, NEEDS(SERVER),
		lc_table_checks_append_offsets_table, lc_table_checks_judge_offsets_table},
	[LC_CLICKHOUSE_CHECK_OFFSETS_COLUMNS] = {
		"columns of the offsets table", false, NEEDS(OFFSETS_TABLE),
		lc_table_checks_append_offsets_columns, lc_table_checks_judge_offsets_columns},
	[LC_CLICKHOUSE_CHECK_OFFSETS_INSERT] = {
		"inserting offsets", false, NEEDS(OFFSETS_COLUMNS),
		append_insert, judge_insert},
	[LC_CLICKHOUSE_CHECK_WINDOW] = {
		"query for new rows", false, NEEDS_LOGS,
		append_window, judge_numbers},
	[LC_CLICKHOUSE_CHECK_OFFSETS] = {
		"query for offsets", false, NEEDS(OFFSETS_COLUMNS),
		append_offsets, judge_numbers},
	[LC_CLICKHOUSE_CHECK_DOUBTFUL_WINDOW] = {
		"query for rows after offsets", false,
		NEEDS(WINDOW) | NEEDS(OFFSETS) | NEEDS(LOGS_COLUMNS),
		append_doubtful_window, judge_numbers},
	[LC_CLICKHOUSE_CHECK_OLDEST] = {
		"query for the oldest row", false, NEEDS(WINDOW),
		append_oldest, judge_numbers},
	[LC_CLICKHOUSE_CHECK_SLOTS] = {
		"query for late rows", false, NEEDS(WINDOW),
		append_slots, judge_numbers},
	[LC_CLICKHOUSE_CHECK_SECONDS] = {
		"query for seconds of late rows", false, NEEDS(WINDOW),
		append_seconds, judge_numbers},
	[LC_CLICKHOUSE_CHECK_SCAN] = {
		"query for rows", false, NEEDS(WINDOW) | NEEDS(LOGS_COLUMNS),
		append_scan, judge_scan},
	[LC_CLICKHOUSE_CHECK_REST] = {
		"query for the end of rows", false, NEEDS(WINDOW),
		append_rest, judge_numbers},
};
/* clang-format on */
