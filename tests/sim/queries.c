/* Reads the few shapes of queries that the delivery asks. Any other text fails the history. */
#include "sim/sim.h"

#include "base/assert.h"
#include "formats/record.h"

#include <inttypes.h>

/* '#' stands for a number, '~' for a text up to what follows. */
#define SELECT_COUNTS "SELECT toUInt64(#), toUInt32(raftSessionID), toString(bucketName), count(), "
#define FLOOR                                           \
	"max(tuple(toUInt32(lastProcessedInsertedAt), " \
	"toUnixTimestamp64Milli(lastProcessedStartTime), lastProcessedReqId)) AS floor"
#define NO_FLOOR "toUInt32(0), toInt64(0), '', toUInt64(#) "
#define FROM_LOGS "FROM `logs`.`logs` WHERE "
#define BOUNDS "insertedAt >= toDateTime(#) AND insertedAt < toDateTime(#)"
#define SHARD "raftSessionID % # = #"

enum { NUMBERS_MAX = 12 };

struct shape {
	enum sim_query_kind kind;
	const char *text;
};

static const struct shape SHAPES[] = {
    {SIM_QUERY_CLOCK, "SELECT toUInt64(#), toUInt32(now()), toUInt64(#) FORMAT RowBinary"},
    {SIM_QUERY_OFFSETS,
     SELECT_COUNTS "toUInt32(0), " FLOOR ", toUInt64(#) FROM `logs`.`offsets` WHERE " SHARD
		   " GROUP BY raftSessionID, bucketName FORMAT RowBinary"},
    {SIM_QUERY_FIRST_WINDOW,
     "SELECT toUInt64(#), toUInt32(l.raftSessionID), toString(l.bucketName), count(), "
     "toUInt32(min(l.insertedAt)), any(o.floor.1), any(o.floor.2), any(o.floor.3), toUInt64(#) "
     "FROM `logs`.`logs` AS l GLOBAL ANY LEFT JOIN (SELECT raftSessionID, bucketName, " FLOOR
     " FROM `logs`.`offsets` WHERE " SHARD " GROUP BY raftSessionID, bucketName) AS o ON "
     "l.raftSessionID = o.raftSessionID AND l.bucketName = o.bucketName WHERE l." SHARD
     " AND l.insertedAt < toDateTime(#) AND tuple(toUInt32(l.insertedAt), "
     "toUnixTimestamp64Milli(l.startTime), l.req_id) > o.floor GROUP BY l.raftSessionID, "
     "l.bucketName FORMAT RowBinary"},
    {SIM_QUERY_WINDOW,
     SELECT_COUNTS "toUInt32(min(insertedAt)), " NO_FLOOR FROM_LOGS SHARD " AND " BOUNDS
		   " GROUP BY raftSessionID, bucketName FORMAT RowBinary"},
    {SIM_QUERY_SLOTS, SELECT_COUNTS
     "toUInt32(intDiv(toUInt32(insertedAt), 300) * 300) AS second, " NO_FLOOR FROM_LOGS SHARD
     " AND " BOUNDS " GROUP BY raftSessionID, bucketName, second ORDER BY raftSessionID, "
     "bucketName, second FORMAT RowBinary"},
    {SIM_QUERY_SECONDS,
     SELECT_COUNTS "toUInt32(insertedAt) AS second, " NO_FLOOR FROM_LOGS BOUNDS
		   " AND (raftSessionID, bucketName, toUInt32(intDiv(toUInt32(insertedAt), 300) * "
		   "300)) IN (~) GROUP BY raftSessionID, bucketName, second ORDER BY "
		   "raftSessionID, bucketName, second FORMAT RowBinary"},
    {SIM_QUERY_INSERT,
     "INSERT INTO `logs`.`offsets` (bucketName, raftSessionID, lastProcessedInsertedAt, "
     "lastProcessedStartTime, lastProcessedReqId) FORMAT RowBinary"},
};

/* The scan's columns come from the records' own table. */
#define SCAN_END                                                                       \
	" FROM `logs`.`logs` WHERE raftSessionID IN (~) AND " BOUNDS                   \
	" AND (raftSessionID, bucketName) IN (~) ORDER BY raftSessionID, bucketName, " \
	"insertedAt, startTime, req_id FORMAT RowBinary"

struct found {
	uint64_t numbers[NUMBERS_MAX];
	size_t number_count;
	struct lc_view texts[2];
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
			LC_ASSERT(found->text_count < 2);
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

static uint64_t marker_of(struct lc_view sql)
{
	static const char begin[] = "SELECT toUInt64(";
	uint64_t marker = 0;

	if (sql.size > sizeof(begin) && memcmp(sql.data, begin, sizeof(begin) - 1) == 0) {
		sql.data += sizeof(begin) - 1;
		sql.size -= sizeof(begin) - 1;
		take_number(&sql, &marker);
	}
	return marker;
}

static void fill(struct sim_query *query, const struct found *found)
{
	const uint64_t *n = found->numbers;

	switch (query->kind) {
	case SIM_QUERY_FIRST_WINDOW:
		query->until = (uint32_t)n[6];
		query->shard_count = (unsigned)n[2];
		query->shard = (unsigned)n[3];
		if (n[4] != n[2] || n[5] != n[3])
			sim_fail("a first window asks for two different shards");
		break;
	case SIM_QUERY_WINDOW:
	case SIM_QUERY_SLOTS:
		query->from = (uint32_t)n[4];
		query->until = (uint32_t)n[5];
		query->shard_count = (unsigned)n[2];
		query->shard = (unsigned)n[3];
		break;
	case SIM_QUERY_OFFSETS:
		query->shard_count = (unsigned)n[2];
		query->shard = (unsigned)n[3];
		break;
	case SIM_QUERY_SECONDS:
		query->from = (uint32_t)n[2];
		query->until = (uint32_t)n[3];
		query->list = found->texts[0];
		break;
	case SIM_QUERY_CLOCK:
	case SIM_QUERY_INSERT:
	case SIM_QUERY_SCAN:
		break;
	}
	if (query->kind != SIM_QUERY_INSERT && n[1] != n[0])
		sim_fail("a query has two different markers");
}

struct sim_query sim_query_parse(struct lc_view sql)
{
	struct sim_query query = {.marker = marker_of(sql), .shard_count = 1};
	struct found found;

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
		sim_fail("a list of sources that can not be read");
	*session = (uint32_t)number;
	if (slot != NULL)
		*slot = (uint32_t)second;
	return true;
}
