#include "ctl/inspection_tables.h"

#include "base/clock.h"
#include "ctl/table.h"
#include "ctl/units.h"

#include <inttypes.h>

/* ---- cells ---- */

static void append_count(uint64_t count, struct lc_buffer *cell)
{
	char text[LC_UNITS_SIZE];

	lc_units_count(count, text);
	lc_buffer_append_text(cell, text);
}

static void append_bytes(uint64_t bytes, struct lc_buffer *cell)
{
	char text[LC_UNITS_SIZE];

	lc_units_bytes(bytes, text);
	lc_buffer_append_text(cell, text);
}

static void append_age(int64_t seconds, struct lc_buffer *cell)
{
	char text[LC_UNITS_SIZE];

	lc_units_age(seconds, text);
	lc_buffer_append_text(cell, text);
}

static void append_due(int64_t seconds, struct lc_buffer *cell)
{
	char text[LC_UNITS_SIZE];

	lc_units_due(seconds, text);
	lc_buffer_append_text(cell, text);
}

static void append_source(uint64_t session, struct lc_view bucket, struct lc_buffer *cell)
{
	lc_buffer_append_format(cell, "%" PRIu64 "/", session);
	lc_buffer_append_view(cell, bucket);
}

void lc_inspection_tables_append_second(uint32_t second, struct lc_buffer *cell)
{
	struct lc_clock_date date = lc_clock_date_of(second);

	if (second != 0)
		lc_buffer_append_format(cell, "%04d-%02d-%02d %02d:%02d:%02d", date.year,
					date.month, date.day, date.hour, date.minute, date.second);
}

static void append_flag(bool flag, const char *word, struct lc_buffer *cell)
{
	if (flag)
		lc_buffer_append_text(cell, word);
}

/* ---- columns ---- */

/* Appends a row's cell, any bytes; nothing stands for none. */
typedef void write_cell(const void *row, const struct lc_inspection_tables_page *page,
			struct lc_buffer *cell);

/* Green, yellow or red; NULL for none. */
typedef const char *choose_colour(const void *row);

struct column {
	struct lc_table_column column;
	write_cell *write;
	choose_colour *colour;
	bool of_two_looks;
};

#define CELL(record, name, statement)                                                   \
	static void name(const void *row, const struct lc_inspection_tables_page *page, \
			 struct lc_buffer *cell)                                        \
	{                                                                               \
		const struct lc_inspection_##record *it = row;                          \
                                                                                        \
		(void)page;                                                             \
		statement;                                                              \
	}

enum { NAME_LEAST = 20, KEY_LEAST = 24 };

static void append_pace(int64_t now, int64_t before, const struct lc_inspection_tables_page *page,
			struct lc_buffer *cell)
{
	char text[LC_UNITS_SIZE];

	lc_units_pace(now - before, page->milliseconds, text);
	lc_buffer_append_text(cell, text);
}

static void source_pace(const void *row, const struct lc_inspection_tables_page *page,
			struct lc_buffer *cell)
{
	const struct lc_inspection_source *now = row;

	for (size_t i = 0; i < page->before->lists[LC_INSPECTION_SOURCES].count; i++) {
		const struct lc_inspection_source *before =
		    lc_inspection_row(page->before, LC_INSPECTION_SOURCES, i);

		if (before->raft_session_id == now->raft_session_id &&
		    lc_view_equal(before->bucket, now->bucket)) {
			append_pace((int64_t)now->pending_rows, (int64_t)before->pending_rows, page,
				    cell);
			return;
		}
	}
}

static const char *source_colour(const void *row)
{
	const struct lc_inspection_source *source = row;

	return source->blocked ? LC_TERMINAL_RED : NULL;
}

CELL(source, source_name, append_source(it->raft_session_id, it->bucket, cell))
CELL(source, source_pending, append_count(it->pending_rows, cell))
CELL(source, source_lag, append_age(it->lag_seconds, cell))
CELL(source, source_oldest, lc_inspection_tables_append_second(it->oldest_undelivered, cell))
CELL(source, source_blocked, append_flag(it->blocked, "blocked", cell))
CELL(source, source_open, append_count(it->open_rows, cell))
CELL(source, source_objects, append_count(it->objects, cell))
CELL(source, source_intents, append_count(it->intents_without_body, cell))
CELL(source, source_shard, append_count(it->shard, cell))

static const struct column SOURCE_COLUMNS[] = {
    {{.title = "SOURCE", .left = true, .shrinks_to = NAME_LEAST}, .write = source_name},
    {{.title = "PENDING", .sacrifice = 1}, .write = source_pending},
    {{.title = "PACE", .sacrifice = 2}, .write = source_pace, .of_two_looks = true},
    {{.title = "LAG"}, .write = source_lag},
    {{.title = "OLDEST (UTC)", .sacrifice = 4, .left = true}, .write = source_oldest},
    {{.title = "BLOCKED", .sacrifice = 3, .left = true},
     .write = source_blocked,
     .colour = source_colour},
    {{.title = "UNREAD", .sacrifice = 5}, .write = source_open},
    {{.title = "OBJECTS", .sacrifice = 7}, .write = source_objects},
    {{.title = "TO REBUILD", .sacrifice = 6}, .write = source_intents},
    {{.title = "SHARD", .sacrifice = 8}, .write = source_shard},
};

CELL(range, range_from, lc_inspection_tables_append_second(it->from, cell))
CELL(range, range_to, lc_inspection_tables_append_second(it->to, cell))
CELL(range, range_since, lc_inspection_tables_append_second(it->since, cell))
CELL(range, range_doubtful, append_flag(it->doubtful, "in part", cell))
CELL(range, range_read, append_flag(it->being_read, "now", cell))

static const struct column RANGE_COLUMNS[] = {
    {{.title = "FROM (UTC)", .left = true}, .write = range_from},
    {{.title = "TO", .left = true}, .write = range_to},
    {{.title = "OPEN SINCE", .sacrifice = 3, .left = true}, .write = range_since},
    {{.title = "TAKEN", .sacrifice = 1, .left = true}, .write = range_doubtful},
    {{.title = "READ", .sacrifice = 2, .left = true}, .write = range_read},
};

static const char *object_colour(const void *row)
{
	const struct lc_inspection_object *object = row;

	if (lc_view_equal(object->state, lc_view_of("delivered")))
		return LC_TERMINAL_GREEN;
	return lc_view_equal(object->state, lc_view_of("expired")) ? LC_TERMINAL_RED
								   : LC_TERMINAL_YELLOW;
}

CELL(object, object_source, append_source(it->raft_session_id, it->bucket, cell))
CELL(object, object_state, lc_buffer_append_view(cell, it->state))
CELL(object, object_first, lc_inspection_tables_append_second(it->first_second, cell))
CELL(object, object_last, lc_inspection_tables_append_second(it->last_second, cell))
CELL(object, object_rows, append_count(it->rows, cell))
CELL(object, object_bytes, append_bytes(it->bytes, cell))
CELL(object, object_target, lc_buffer_append_view(cell, it->target_bucket))
CELL(object, object_key, lc_buffer_append_view(cell, it->key))

static const struct column OBJECT_COLUMNS[] = {
    {{.title = "STATE", .left = true}, .write = object_state, .colour = object_colour},
    {{.title = "SOURCE", .sacrifice = 4, .left = true, .shrinks_to = NAME_LEAST},
     .write = object_source},
    {{.title = "FROM (UTC)", .sacrifice = 6, .left = true}, .write = object_first},
    {{.title = "TO", .sacrifice = 2, .left = true}, .write = object_last},
    {{.title = "ROWS", .sacrifice = 1}, .write = object_rows},
    {{.title = "BYTES", .sacrifice = 5}, .write = object_bytes},
    {{.title = "TARGET", .sacrifice = 3, .left = true, .shrinks_to = NAME_LEAST},
     .write = object_target},
    {{.title = "KEY", .left = true, .shrinks_to = KEY_LEAST}, .write = object_key},
};

static void target_pace(const void *row, const struct lc_inspection_tables_page *page,
			struct lc_buffer *cell)
{
	const struct lc_inspection_target *now = row;

	for (size_t i = 0; i < page->before->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *before =
		    lc_inspection_row(page->before, LC_INSPECTION_TARGETS, i);

		if (before->shard == now->shard && lc_view_equal(before->bucket, now->bucket) &&
		    lc_view_equal(before->prefix, now->prefix)) {
			append_pace((int64_t)now->rows, (int64_t)before->rows, page, cell);
			return;
		}
	}
}

/* What is to be known of it first. */
static struct lc_view target_word(const struct lc_inspection_target *target)
{
	if (target->given_up.size > 0)
		return target->given_up;
	if (target->refused)
		return lc_view_of("refuses");
	if (target->slow && lc_view_equal(target->state, lc_view_of("healthy")))
		return lc_view_of("slow");
	return target->state;
}

/* A target that refuses needs somebody; one that is shaky or aside may mend by itself. */
static const char *target_colour(const void *row)
{
	const struct lc_inspection_target *target = row;

	if (target->given_up.size > 0)
		return NULL;

	if (target->refused || lc_view_equal(target->state, lc_view_of("aside")))
		return LC_TERMINAL_RED;
	return target->failures > 0 ? LC_TERMINAL_YELLOW : LC_TERMINAL_GREEN;
}

CELL(target, target_bucket, lc_buffer_append_view(cell, it->bucket))
CELL(target, target_prefix, lc_buffer_append_view(cell, it->prefix))
CELL(target, target_state, lc_buffer_append_view(cell, target_word(it)))
CELL(target, target_failures, append_count(it->failures, cell))
CELL(target, target_probe, append_due(it->next_probe_seconds, cell))
CELL(target, target_rows, append_count(it->rows, cell))
CELL(target, target_waiting, append_count(it->waiting_objects, cell))
CELL(target, target_uploads, append_count(it->uploads, cell))
CELL(target, target_intents, append_count(it->intents_without_body, cell))
CELL(target, target_bytes, append_bytes(it->bytes, cell))
CELL(target, target_shard, append_count(it->shard, cell))

static const struct column TARGET_COLUMNS[] = {
    {{.title = "TARGET", .left = true, .shrinks_to = NAME_LEAST}, .write = target_bucket},
    {{.title = "PREFIX", .sacrifice = 10, .left = true, .shrinks_to = NAME_LEAST},
     .write = target_prefix},
    {{.title = "STATE", .left = true}, .write = target_state, .colour = target_colour},
    {{.title = "FAILURES", .sacrifice = 4}, .write = target_failures},
    {{.title = "NEXT TRY", .sacrifice = 2}, .write = target_probe},
    {{.title = "ROWS", .sacrifice = 1}, .write = target_rows},
    {{.title = "PACE", .sacrifice = 3}, .write = target_pace, .of_two_looks = true},
    {{.title = "UPLOADS", .sacrifice = 8}, .write = target_uploads},
    {{.title = "WAITING", .sacrifice = 7}, .write = target_waiting},
    {{.title = "TO REBUILD", .sacrifice = 5}, .write = target_intents},
    {{.title = "MEMORY", .sacrifice = 9}, .write = target_bytes},
    {{.title = "SHARD", .sacrifice = 6}, .write = target_shard},
};

static void write_row(struct lc_table *table, size_t at,
		      const struct lc_inspection_tables_page *page, const void *row,
		      const struct column *columns, size_t count)
{
	size_t place = 0;

	for (size_t i = 0; i < count; i++) {
		struct lc_buffer cell;

		if (columns[i].of_two_looks && page->before == NULL)
			continue;
		lc_buffer_init(&cell, SIZE_MAX / 2);
		columns[i].write(row, page, &cell);
		lc_table_set(table, at, place, lc_buffer_view(&cell));
		lc_buffer_free(&cell);
		if (page->style.colour && columns[i].colour != NULL)
			lc_table_colour(table, at, place, columns[i].colour(row));
		place++;
	}
}

#define TABLE(columns)                                            \
	{                                                         \
		(columns), sizeof(columns) / sizeof((columns)[0]) \
	}

static const struct {
	const struct column *columns;
	size_t count;
} TABLES[LC_INSPECTION_KIND_COUNT] = {
    [LC_INSPECTION_SOURCES] = TABLE(SOURCE_COLUMNS),
    [LC_INSPECTION_RANGES] = TABLE(RANGE_COLUMNS),
    [LC_INSPECTION_OBJECTS] = TABLE(OBJECT_COLUMNS),
    [LC_INSPECTION_TARGETS] = TABLE(TARGET_COLUMNS),
};

void lc_inspection_tables_append(const struct lc_inspection_tables_page *page,
				 enum lc_inspection_kind kind)
{
	const struct column *columns = TABLES[kind].columns;
	size_t count = TABLES[kind].count;
	size_t rows = page->document->lists[kind].count;
	struct lc_table table;

	lc_table_init(&table, rows);
	for (size_t i = 0; i < count; i++) {
		if (!columns[i].of_two_looks || page->before != NULL)
			lc_table_add_column(&table, &columns[i].column);
	}
	for (size_t row = 0; row < rows; row++)
		write_row(&table, row, page, lc_inspection_row(page->document, kind, row), columns,
			  count);
	lc_table_append(&table, page->style, page->text);
	lc_table_free(&table);
}
