/* Reads the few shapes of queries that the delivery asks. Any other text fails the history. */
#include "sim/sim.h"

#include "base/assert.h"
#include "delivery/query.h"
#include "formats/discovery_row.h"
#include "formats/record.h"

#include <inttypes.h>

/* '#' stands for a number, '~' for a text up to what follows. */
#define FLOOR                                           \
	"max(tuple(toUInt32(lastProcessedInsertedAt), " \
	"toUnixTimestamp64Milli(lastProcessedStartTime), lastProcessedReqId)) AS floor"
#define NO_FLOOR "toUInt32(0), toInt64(0), ''"
#define FROM_LOGS "FROM `logs`.`logs` WHERE "
#define BOUNDS "insertedAt >= toDateTime(#) AND insertedAt < toDateTime(#)"
#define SHARD "raftSessionID % # = #"
#define FROM_OFFSETS " FROM `logs`.`offsets` WHERE " SHARD
#define OF_SOURCES "raftSessionID IN (~) AND " BOUNDS " AND (raftSessionID, bucketName) IN (~)"
#define BY_SOURCE " GROUP BY raftSessionID, bucketName)"
#define BY_SECOND " GROUP BY raftSessionID, bucketName, second)"

/* An answer of numbers, of which the last element says how many there are before it. */
#define NUMBERS(sort, floor, end)                                                                \
	"SELECT arrayJoin(arrayPushBack(" sort "groupArray(tuple(toUInt64(#), session, bucket, " \
	"found, second, " floor ", toUInt64(#)))" end                                            \
	", tuple(toUInt64(#), toUInt32(0), '', count(), toUInt32(0), " NO_FLOOR                  \
	", toUInt64(#)))) FROM ("
#define COUNTS NUMBERS("", NO_FLOOR, "")
#define SORTED_COUNTS NUMBERS("arraySort(r -> (r.2, r.3, r.5), ", NO_FLOOR, ")")
#define SELECT                                                                        \
	"SELECT toUInt32(raftSessionID) AS session, toString(bucketName) AS bucket, " \
	"count() AS found, "

#define MATCHES                                                                     \
	NUMBERS("", "latest, toInt64(0), ''", "")                                   \
	SELECT "toUInt32(max(insertedAt)) AS latest, toUInt32(min(insertedAt)) AS " \
	       "second " FROM_LOGS

/* The target that a replay is about. */
#define ANY_TARGET " AND loggingTargetBucket != ''"
#define BUCKET_OF_TARGET " AND loggingTargetBucket = '"
#define PREFIX_OF_TARGET " AND ifNull(toString(loggingTargetPrefix), '') = '"

enum { NUMBERS_MAX = 12 };

struct shape {
	enum sim_query_kind kind;
	const char *text;
};

static const struct shape SHAPES[] = {
    {SIM_QUERY_CLOCK,
     "SELECT toUInt64(#), toUInt32(now()), ifNull((SELECT arrayStringConcat("
     "groupArray(concat(name, '=', value)), ', ') FROM system.settings WHERE (name, value) IN (~"
     ")), ''), toUInt64(#)"},
    {SIM_QUERY_OFFSETS, NUMBERS("", "floor.1, floor.2, floor.3", "") SELECT
     "toUInt32(0) AS second, " FLOOR FROM_OFFSETS " AND bucketName != '/log-courier'" BY_SOURCE},
    {SIM_QUERY_PRESENCE, NUMBERS("", "floor.1, floor.2, floor.3", "") SELECT
     "toUInt32(0) AS second, " FLOOR FROM_OFFSETS
     " AND bucketName = '/log-courier' GROUP BY raftSessionID, bucketName, "
     "substring(lastProcessedReqId, 1, 16))"},
    {SIM_QUERY_OLDEST, COUNTS "SELECT toUInt32(0) AS session, '' AS bucket, count() AS found, "
			      "toUInt32(min(insertedAt)) AS second FROM `logs`.`logs`)"},
    {SIM_QUERY_DOUBTFUL_WINDOW,
     NUMBERS(
	 "", "known.1, known.2, known.3",
	 "") "SELECT toUInt32(l.raftSessionID) AS session, toString(l.bucketName) AS bucket, "
	     "count() AS found, toUInt32(min(l.insertedAt)) AS second, "
	     "tuple(any(o.floor.1), any(o.floor.2), any(o.floor.3)) AS known "
	     "FROM `logs`.`logs` AS l GLOBAL ANY LEFT JOIN (SELECT raftSessionID, "
	     "bucketName, " FLOOR FROM_OFFSETS " AND bucketName != '/log-courier'" BY_SOURCE
	     " AS o ON "
	     "l.raftSessionID = o.raftSessionID AND l.bucketName = o.bucketName WHERE l." SHARD
	     " AND l.insertedAt >= toDateTime(#) AND l.insertedAt < toDateTime(#) AND "
	     "tuple(toUInt32(l.insertedAt), "
	     "toUnixTimestamp64Milli(l.startTime), l.req_id) > o.floor GROUP BY l.raftSessionID, "
	     "l.bucketName)"},
    {SIM_QUERY_WINDOW,
     COUNTS SELECT "toUInt32(min(insertedAt)) AS second " FROM_LOGS SHARD " AND " BOUNDS BY_SOURCE},
    {SIM_QUERY_SLOTS, SORTED_COUNTS SELECT
     "toUInt32(intDiv(toUInt32(insertedAt), 300) * 300) AS second " FROM_LOGS SHARD
     " AND " BOUNDS BY_SECOND},
    {SIM_QUERY_SECONDS, SORTED_COUNTS SELECT
     "toUInt32(insertedAt) AS second " FROM_LOGS BOUNDS
     " AND (raftSessionID, bucketName, toUInt32(intDiv(toUInt32(insertedAt), 300) * "
     "300)) IN (~)" BY_SECOND},
    /* Before the shorter one, whose list would end after this. */
    {SIM_QUERY_REST_OF_SOURCE, COUNTS SELECT
     "toUInt32(min(insertedAt)) AS second " FROM_LOGS OF_SOURCES
     " AND NOT (raftSessionID = # AND bucketName = ~ AND insertedAt < toDateTime(#))" BY_SOURCE},
    {SIM_QUERY_REST,
     COUNTS SELECT "toUInt32(min(insertedAt)) AS second " FROM_LOGS OF_SOURCES BY_SOURCE},
    {SIM_QUERY_MATCHES, MATCHES SHARD " AND " BOUNDS BY_SOURCE},
    {SIM_QUERY_MATCHES_OF_SOURCE,
     MATCHES "raftSessionID = # AND bucketName = ~ AND " BOUNDS BY_SOURCE},
    {SIM_QUERY_INSERT,
     "INSERT INTO `logs`.`offsets` (bucketName, raftSessionID, lastProcessedInsertedAt, "
     "lastProcessedStartTime, lastProcessedReqId)"},
};

/* The scan's columns come from the records' own table. */
#define SCAN_END                                                                     \
	" " FROM_LOGS OF_SOURCES " ORDER BY raftSessionID, bucketName, insertedAt, " \
	"startTime, req_id"

struct found {
	uint64_t numbers[NUMBERS_MAX];
	size_t number_count;
	struct lc_view texts[3];
	size_t text_count;
};

static bool take_number(struct lc_view *text, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9')
		*number = *number * 10 + (uint64_t)(text->data[digits++] - '0');
	text->data += digits;
	text->size -= digits;
	return digits > 0;
}

/* Up to where the literal part of the shape that follows begins. */
static bool take_text(struct lc_view *text, const char *shape, struct lc_view *taken)
{
	size_t literal = strcspn(shape, "#~");
	const char *at = memmem(text->data, text->size, shape, literal);

	if (at == NULL)
		return false;
	*taken = (struct lc_view){.data = text->data, .size = (size_t)(at - text->data)};
	text->size -= taken->size;
	text->data = at;
	return true;
}

static bool match(struct lc_view text, const char *shape, struct found *found)
{
	*found = (struct found){.number_count = 0};
	for (; *shape != '\0'; shape++) {
		if (*shape == '#') {
			LC_ASSERT(found->number_count < NUMBERS_MAX);
			if (!take_number(&text, &found->numbers[found->number_count++]))
				return false;
		} else if (*shape == '~') {
			LC_ASSERT(found->text_count < 3);
			if (!take_text(&text, shape + 1, &found->texts[found->text_count++]))
				return false;
		} else if (text.size == 0 || *text.data != *shape) {
			return false;
		} else {
			text.data++;
			text.size--;
		}
	}
	return text.size == 0;
}

static bool match_scan(struct lc_view sql, struct sim_query *query)
{
	static const char begin[] = "SELECT toUInt64(";
	struct lc_buffer columns;
	struct found found;
	bool matches = false;

	if (sql.size < sizeof(begin) || memcmp(sql.data, begin, sizeof(begin) - 1) != 0)
		return false;
	lc_buffer_init(&columns, 65536);
	lc_buffer_append_text(&columns, "SELECT ");
	lc_record_append_columns(&columns, query->marker);
	if (sql.size > columns.size && memcmp(sql.data, columns.data, columns.size) == 0) {
		sql.data += columns.size;
		sql.size -= columns.size;
		matches = match(sql, SCAN_END, &found);
	}
	lc_buffer_free(&columns);
	if (!matches)
		return false;
	query->kind = SIM_QUERY_SCAN;
	query->from = (uint32_t)found.numbers[0];
	query->until = (uint32_t)found.numbers[1];
	query->list = found.texts[1];
	return true;
}

/* The first number that is marked as one. */
static uint64_t marker_of(struct lc_view sql)
{
	static const char begin[] = "toUInt64(";
	const char *at = memmem(sql.data, sql.size, begin, sizeof(begin) - 1);
	uint64_t marker = 0;

	if (at != NULL) {
		at += sizeof(begin) - 1;
		sql.size -= (size_t)(at - sql.data);
		sql.data = at;
		take_number(&sql, &marker);
	}
	return marker;
}

static bool take_literal_text(struct lc_view *text, const char *literal)
{
	size_t size = strlen(literal);

	if (text->size < size || memcmp(text->data, literal, size) != 0)
		return false;
	text->data += size;
	text->size -= size;
	return true;
}

static struct lc_view take_to_quote(struct lc_view *text)
{
	const char *end = memchr(text->data, '\'', text->size);
	struct lc_view taken = {.data = text->data};

	if (end == NULL)
		sim_fail("a name of a target that cannot be read");
	taken.size = (size_t)(end - text->data);
	text->data += taken.size + 1;
	text->size -= taken.size + 1;
	return taken;
}

/* No name of a target needs to be escaped. */
static void take_target(struct lc_view *text, struct sim_query *query)
{
	struct lc_view bucket;
	struct lc_view prefix = {.data = ""};

	query->target = -1;
	if (take_literal_text(text, ANY_TARGET))
		return;
	if (!take_literal_text(text, BUCKET_OF_TARGET))
		sim_fail("a filter of no known shape");
	bucket = take_to_quote(text);
	query->whole_bucket = !take_literal_text(text, PREFIX_OF_TARGET);
	if (!query->whole_bucket)
		prefix = take_to_quote(text);
	for (size_t i = 0; i < sim->target_count; i++) {
		if (lc_view_equal(bucket, lc_view_of(sim->targets[i].bucket)) &&
		    (query->whole_bucket ||
		     lc_view_equal(prefix, lc_view_of(sim->targets[i].prefix))))
			query->target = (int)i;
	}
	if (query->target < 0)
		sim_fail("a filter for a target that there is not");
}

/* Takes what a replay is about out of the statement; the rest, in `plain`, has one of the shapes. */
static struct lc_view take_filter(struct lc_view sql, struct sim_query *query,
				  struct lc_buffer *plain)
{
	static const char begin[] = " AND startTime >= ";
	static const char middle[] = "fromUnixTimestamp64Milli(toInt64(";
	const char *at = memmem(sql.data, sql.size, begin, sizeof(begin) - 1);
	struct lc_view rest = sql;
	uint64_t from_ms = 0;
	uint64_t to_ms = 0;

	if (at == NULL)
		return sql;
	rest.data = at;
	rest.size -= (size_t)(at - sql.data);
	if (!take_literal_text(&rest, begin) || !take_literal_text(&rest, middle) ||
	    !take_number(&rest, &from_ms) || !take_literal_text(&rest, ")) AND startTime < ") ||
	    !take_literal_text(&rest, middle) || !take_number(&rest, &to_ms) ||
	    !take_literal_text(&rest, "))"))
		sim_fail("a filter of no known shape");
	query->filtered = true;
	query->from_ms = (int64_t)from_ms;
	query->to_ms = (int64_t)to_ms;
	take_target(&rest, query);
	lc_buffer_append(plain, sql.data, (size_t)(at - sql.data));
	lc_buffer_append_view(plain, rest);
	return lc_buffer_view(plain);
}

static void check_markers(const struct sim_query *query, const uint64_t *n)
{
	bool numbers = query->kind != SIM_QUERY_CLOCK;

	if (query->kind == SIM_QUERY_INSERT)
		return;
	if (n[1] != n[0] ||
	    (numbers && (n[2] != n[0] || n[3] != lc_discovery_row_last_marker(n[0]))))
		sim_fail("a query has two different markers");
}

static void fill_shard(struct sim_query *query, const uint64_t *numbers)
{
	query->shard_count = (unsigned)numbers[0];
	query->shard = (unsigned)numbers[1];
}

static void fill_bounds(struct sim_query *query, const uint64_t *numbers)
{
	query->from = (uint32_t)numbers[0];
	query->until = (uint32_t)numbers[1];
}

static void fill(struct sim_query *query, const struct found *found)
{
	const uint64_t *n = found->numbers + 4; /* after the markers */

	check_markers(query, found->numbers);
	switch (query->kind) {
	case SIM_QUERY_DOUBTFUL_WINDOW:
		fill_bounds(query, n + 4);
		fill_shard(query, n);
		if (n[2] != n[0] || n[3] != n[1])
			sim_fail("a window asks for two different shards");
		break;
	case SIM_QUERY_WINDOW:
	case SIM_QUERY_SLOTS:
		fill_shard(query, n);
		fill_bounds(query, n + 2);
		break;
	case SIM_QUERY_OFFSETS:
	case SIM_QUERY_PRESENCE:
		fill_shard(query, n);
		break;
	case SIM_QUERY_MATCHES:
		fill_shard(query, n);
		fill_bounds(query, n + 2);
		break;
	case SIM_QUERY_MATCHES_OF_SOURCE:
		query->session = (uint32_t)n[0];
		query->bucket = found->texts[0];
		fill_bounds(query, n + 1);
		break;
	case SIM_QUERY_SECONDS:
		fill_bounds(query, n);
		query->list = found->texts[0];
		break;
	case SIM_QUERY_REST_OF_SOURCE:
		query->kind = SIM_QUERY_REST;
		query->rest_from = (uint32_t)n[3];
		/* fallthrough */
	case SIM_QUERY_REST:
		fill_bounds(query, n);
		query->list = found->texts[1];
		break;
	case SIM_QUERY_CLOCK:
	case SIM_QUERY_OLDEST:
	case SIM_QUERY_INSERT:
	case SIM_QUERY_SCAN:
		break;
	}
}

/* What every statement ends in; false if this one does not. */
static bool take_end(struct lc_view *sql, bool of_scan)
{
	struct lc_buffer end;
	bool there;

	lc_buffer_init(&end, 65536);
	if (of_scan)
		lc_query_append_scan_end(&end, LC_QUERY_BLOCK_ROWS);
	else
		lc_query_append_end(&end);
	there = sql->size >= end.size &&
		memcmp(sql->data + sql->size - end.size, end.data, end.size) == 0;
	if (there)
		sql->size -= end.size;
	lc_buffer_free(&end);
	return there;
}

/* Views of the query point into `plain`, or else into `sql`. */
struct sim_query sim_query_parse(struct lc_view sql, struct lc_buffer *plain)
{
	struct sim_query query = {.marker = marker_of(sql), .shard_count = 1};
	struct found found;

	if (!take_end(&sql, false) && !take_end(&sql, true))
		sim_fail("a statement without its settings: %.*s",
			 (int)(sql.size < 2000 ? sql.size : 2000), sql.data);
	sql = take_filter(sql, &query, plain);
	if (match_scan(sql, &query))
		return query;
	for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++) {
		if (!match(sql, SHAPES[i].text, &found))
			continue;
		query.kind = SHAPES[i].kind;
		fill(&query, &found);
		return query;
	}
	sim_fail("a query of no known shape: %.*s", (int)(sql.size < 2000 ? sql.size : 2000),
		 sql.data);
}

static bool take_char(struct lc_view *list, char c)
{
	if (list->size == 0 || *list->data != c)
		return false;
	list->data++;
	list->size--;
	return true;
}

static bool take_literal(struct lc_view *list, struct lc_buffer *text)
{
	lc_buffer_clear(text);
	if (!take_char(list, '\''))
		return false;
	while (list->size > 0 && *list->data != '\'') {
		if (*list->data == '\\' && list->size > 1)
			take_char(list, '\\');
		lc_buffer_append_char(text, *list->data);
		take_char(list, *list->data);
	}
	return take_char(list, '\'');
}

bool sim_query_next_source(struct lc_view *list, uint32_t *session, struct lc_buffer *bucket,
			   uint32_t *slot)
{
	uint64_t number = 0;
	uint64_t second = 0;

	take_char(list, ',');
	if (list->size == 0)
		return false;
	if (!take_char(list, '(') || !take_number(list, &number) || !take_char(list, ',') ||
	    !take_literal(list, bucket) ||
	    (slot != NULL && (!take_char(list, ',') || !take_number(list, &second))) ||
	    !take_char(list, ')'))
		sim_fail("a list of sources that cannot be read");
	*session = (uint32_t)number;
	if (slot != NULL)
		*slot = (uint32_t)second;
	return true;
}
