#include "ctl/render_inspection.h"

#include "base/clock.h"
#include "ctl/clean.h"
#include "ctl/humane.h"
#include "ctl/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- cells ---- */

/* Text that is too long for a cell loses its beginning: keys differ at their ends. */
static void write_text(struct lc_view words, char cell[LC_TABLE_CELL])
{
	static const char dots[] = "...";
	bool cut = words.size >= LC_TABLE_CELL;
	struct lc_buffer clean;

	if (cut) {
		size_t kept = LC_TABLE_CELL - sizeof(dots);

		words.data += words.size - kept;
		words.size = kept;
	}
	lc_buffer_init(&clean, LC_TABLE_CELL);
	lc_clean_append(words.data, words.size, &clean);
	snprintf(cell, LC_TABLE_CELL, "%s%.*s", cut ? dots : "", (int)clean.size,
		 clean.size == 0 ? "" : clean.data);
	lc_buffer_free(&clean);
	if (cell[0] == '\0')
		snprintf(cell, LC_TABLE_CELL, "-");
}

static void write_source(uint64_t session, struct lc_view bucket, char cell[LC_TABLE_CELL])
{
	struct lc_buffer name;

	lc_buffer_init(&name, SIZE_MAX / 2);
	lc_buffer_append_format(&name, "%" PRIu64 "/", session);
	lc_buffer_append_view(&name, bucket);
	write_text(lc_buffer_view(&name), cell);
	lc_buffer_free(&name);
}

/* UTC, without the zone. */
static void write_second(uint32_t second, char cell[LC_TABLE_CELL])
{
	struct lc_clock_date date = lc_clock_date_of(second);

	if (second == 0)
		snprintf(cell, LC_TABLE_CELL, "-");
	else
		snprintf(cell, LC_TABLE_CELL, "%04d-%02d-%02d %02d:%02d:%02d", date.year,
			 date.month, date.day, date.hour, date.minute, date.second);
}

static void write_flag(bool flag, const char *word, char cell[LC_TABLE_CELL])
{
	snprintf(cell, LC_TABLE_CELL, "%s", flag ? word : "-");
}

/* ---- columns ---- */

typedef void write_cell(const void *row, char cell[LC_TABLE_CELL]);

struct column {
	struct lc_table_column column;
	write_cell *write;
};

#define CELL(record, name, statement)                               \
	static void name(const void *row, char cell[LC_TABLE_CELL]) \
	{                                                           \
		const struct lc_inspection_##record *it = row;      \
                                                                    \
		statement;                                          \
	}

CELL(source, source_name, write_source(it->raft_session_id, it->bucket, cell))
CELL(source, source_pending, lc_humane_count(it->pending_rows, cell))
CELL(source, source_lag, lc_humane_age(it->lag_seconds, cell))
CELL(source, source_oldest, write_second(it->oldest_undelivered, cell))
CELL(source, source_blocked, write_flag(it->blocked, "blocked", cell))
CELL(source, source_open, lc_humane_count(it->open_rows, cell))
CELL(source, source_objects, lc_humane_count(it->objects, cell))
CELL(source, source_intents, lc_humane_count(it->intents_without_body, cell))
CELL(source, source_shard, lc_humane_count(it->shard, cell))

static const struct column SOURCE_COLUMNS[] = {
    {{.title = "SOURCE", .sacrifice = 0, .left = true}, source_name},
    {{.title = "PENDING", .sacrifice = 1}, source_pending},
    {{.title = "LAG", .sacrifice = 0}, source_lag},
    {{.title = "OLDEST (UTC)", .sacrifice = 3, .left = true}, source_oldest},
    {{.title = "BLOCKED", .sacrifice = 2, .left = true}, source_blocked},
    {{.title = "UNREAD", .sacrifice = 4}, source_open},
    {{.title = "OBJECTS", .sacrifice = 6}, source_objects},
    {{.title = "TO REBUILD", .sacrifice = 5}, source_intents},
    {{.title = "SHARD", .sacrifice = 7}, source_shard},
};

CELL(range, range_from, write_second(it->from, cell))
CELL(range, range_to, write_second(it->to, cell))
CELL(range, range_since, write_second(it->since, cell))
CELL(range, range_doubtful, write_flag(it->doubtful, "in part", cell))
CELL(range, range_read, write_flag(it->being_read, "now", cell))

static const struct column RANGE_COLUMNS[] = {
    {{.title = "FROM (UTC)", .sacrifice = 0, .left = true}, range_from},
    {{.title = "TO", .sacrifice = 0, .left = true}, range_to},
    {{.title = "OPEN SINCE", .sacrifice = 3, .left = true}, range_since},
    {{.title = "TAKEN", .sacrifice = 1, .left = true}, range_doubtful},
    {{.title = "READ", .sacrifice = 2, .left = true}, range_read},
};

CELL(object, object_source, write_source(it->raft_session_id, it->bucket, cell))
CELL(object, object_state, write_text(it->state, cell))
CELL(object, object_first, write_second(it->first_second, cell))
CELL(object, object_last, write_second(it->last_second, cell))
CELL(object, object_rows, lc_humane_count(it->rows, cell))
CELL(object, object_bytes, lc_humane_bytes(it->bytes, cell))
CELL(object, object_target, write_text(it->target_bucket, cell))
CELL(object, object_key, write_text(it->key, cell))

static const struct column OBJECT_COLUMNS[] = {
    {{.title = "STATE", .sacrifice = 0, .left = true}, object_state},
    {{.title = "SOURCE", .sacrifice = 4, .left = true}, object_source},
    {{.title = "FROM (UTC)", .sacrifice = 5, .left = true}, object_first},
    {{.title = "TO", .sacrifice = 2, .left = true}, object_last},
    {{.title = "ROWS", .sacrifice = 1}, object_rows},
    {{.title = "BYTES", .sacrifice = 6}, object_bytes},
    {{.title = "TARGET", .sacrifice = 3, .left = true}, object_target},
    {{.title = "KEY", .sacrifice = 0, .left = true}, object_key},
};

CELL(target, target_bucket, write_text(it->bucket, cell))
CELL(target, target_state,
     it->refused ? (void)snprintf(cell, LC_TABLE_CELL, "refuses") : write_text(it->state, cell))
CELL(target, target_failures, lc_humane_count(it->failures, cell))
CELL(target, target_probe, lc_humane_age(it->next_probe_seconds, cell))
CELL(target, target_rows, lc_humane_count(it->rows, cell))
CELL(target, target_waiting, lc_humane_count(it->waiting_objects, cell))
CELL(target, target_uploads, lc_humane_count(it->uploads, cell))
CELL(target, target_intents, lc_humane_count(it->intents_without_body, cell))
CELL(target, target_bytes, lc_humane_bytes(it->bytes, cell))
CELL(target, target_shard, lc_humane_count(it->shard, cell))

static const struct column TARGET_COLUMNS[] = {
    {{.title = "TARGET", .sacrifice = 0, .left = true}, target_bucket},
    {{.title = "STATE", .sacrifice = 0, .left = true}, target_state},
    {{.title = "FAILURES", .sacrifice = 3}, target_failures},
    {{.title = "NEXT TRY", .sacrifice = 2}, target_probe},
    {{.title = "ROWS", .sacrifice = 1}, target_rows},
    {{.title = "UPLOADS", .sacrifice = 7}, target_uploads},
    {{.title = "WAITING", .sacrifice = 6}, target_waiting},
    {{.title = "TO REBUILD", .sacrifice = 4}, target_intents},
    {{.title = "MEMORY", .sacrifice = 8}, target_bytes},
    {{.title = "SHARD", .sacrifice = 5}, target_shard},
};

#define COUNT_OF(columns) (sizeof(columns) / sizeof((columns)[0]))

static void append_table(const struct lc_inspection *document, enum lc_inspection_kind kind,
			 const struct column *columns, size_t count, struct lc_render_style style,
			 struct lc_buffer *text)
{
	struct lc_table table;

	lc_table_init(&table, document->lists[kind].count);
	for (size_t column = 0; column < count; column++)
		lc_table_add_column(&table, &columns[column].column);
	for (size_t row = 0; row < document->lists[kind].count; row++) {
		for (size_t column = 0; column < count; column++)
			columns[column].write(lc_inspection_row(document, kind, row),
					      lc_table_cell(&table, row, column));
	}
	lc_table_append(&table, style.width, text);
	lc_table_free(&table);
}

/* ---- commands ---- */

static void append_more(const struct lc_inspection *document, struct lc_buffer *text)
{
	if (document->more > 0)
		lc_buffer_append_format(text, "%" PRIu64 " more; --limit shows up to %d\n",
					document->more, LC_CONTROL_REQUEST_LIMIT_MAX);
}

/* Each problem with a target once: shards see the same one. */
static void append_errors(const struct lc_inspection *document, struct lc_render_style style,
			  struct lc_buffer *text)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);
		struct lc_buffer words;

		if (target->last_error.size == 0)
			continue;
		lc_buffer_init(&words, target->last_error.size);
		lc_buffer_append_view(&words, target->last_error);
		lc_buffer_append_char(text, '\n');
		lc_clean_append(target->bucket.data, target->bucket.size, text);
		lc_buffer_append_format(text, ", as shard %" PRIu64 " sees it:\n", target->shard);
		lc_clean_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

static void append_source_name(const struct lc_control_request *request, struct lc_buffer *text)
{
	struct lc_view bucket = lc_control_request_bucket(request);

	lc_buffer_append_format(text, "source %" PRIu32 "/", request->raft_session_id);
	lc_clean_append(bucket.data, bucket.size, text);
}

static void append_committed(const struct lc_inspection_source *source, struct lc_buffer *text)
{
	char start[LC_CLOCK_TEXT_SIZE];
	char second[LC_TABLE_CELL];

	if (source->committed_inserted_at == 0)
		return;
	write_second(source->committed_inserted_at, second);
	lc_clock_format((int64_t)source->committed_start_time_ms, start);
	lc_buffer_append_format(
	    text, "committed to ClickHouse: insertedAt %s, startTime %s, req_id ", second, start);
	lc_clean_append(source->committed_req_id.data, source->committed_req_id.size, text);
	lc_buffer_append_char(text, '\n');
}

static void render_source(const struct lc_control_request *request,
			  const struct lc_inspection *document, struct lc_render_style style,
			  struct lc_buffer *text)
{
	append_source_name(request, text);
	if (document->lists[LC_INSPECTION_SOURCES].count == 0) {
		lc_buffer_append_text(text, " has no undelivered rows\n");
	} else {
		lc_buffer_append_text(text, "\n\n");
		append_table(document, LC_INSPECTION_SOURCES, SOURCE_COLUMNS,
			     COUNT_OF(SOURCE_COLUMNS), style, text);
		append_committed(lc_inspection_row(document, LC_INSPECTION_SOURCES, 0), text);
	}
	if (document->lists[LC_INSPECTION_RANGES].count > 0) {
		lc_buffer_append_text(text, "\nopen ranges, not read yet or not whole:\n");
		append_table(document, LC_INSPECTION_RANGES, RANGE_COLUMNS, COUNT_OF(RANGE_COLUMNS),
			     style, text);
	}
	if (document->lists[LC_INSPECTION_OBJECTS].count > 0) {
		lc_buffer_append_text(text, "\nlast log objects:\n");
		append_table(document, LC_INSPECTION_OBJECTS, OBJECT_COLUMNS,
			     COUNT_OF(OBJECT_COLUMNS), style, text);
	} else {
		lc_buffer_append_text(text, "the ledger has no log object of it\n");
	}
}

static void render_list(const struct lc_inspection *document, enum lc_inspection_kind kind,
			const struct column *columns, size_t count, const char *nothing,
			struct lc_render_style style, struct lc_buffer *text)
{
	if (document->lists[kind].count == 0)
		lc_buffer_append_format(text, "%s\n", nothing);
	else
		append_table(document, kind, columns, count, style, text);
	append_more(document, text);
}

static void render_flush(const struct lc_control_request *request,
			 const struct lc_inspection *document, struct lc_buffer *text)
{
	if (document->affected == 0 && document->lists[LC_INSPECTION_PROBLEMS].count > 0)
		return;
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL)) {
		lc_buffer_append_format(text,
					"%" PRIu64 " sources are read now, and those with rows "
					"that are new since the last look\n",
					document->affected);
		return;
	}
	append_source_name(request, text);
	lc_buffer_append_text(text, " is read now\n");
}

static void render_retry(const struct lc_inspection *document, struct lc_buffer *text)
{
	if (document->affected == 0)
		lc_buffer_append_text(text, "no shard has anything to try again there\n");
	else
		lc_buffer_append_format(
		    text, "tried again now by %" PRIu64 "%s\n", document->affected,
		    document->affected == 1 ? " shard's target" : " shards' targets");
}

static void append_problems(const struct lc_inspection *document, struct lc_render_style style,
			    struct lc_buffer *text)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_PROBLEMS].count; i++) {
		const struct lc_inspection_problem *problem =
		    lc_inspection_row(document, LC_INSPECTION_PROBLEMS, i);
		struct lc_buffer words;

		lc_buffer_init(&words, problem->text.size);
		lc_buffer_append_view(&words, problem->text);
		lc_buffer_append_format(text, "%sno answer of shard %" PRIu64 ":%s\n",
					style.colour ? "\033[1m" : "", problem->shard,
					style.colour ? "\033[0m" : "");
		lc_clean_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

static void render_answer(const struct lc_control_request *request,
			  const struct lc_inspection *document, struct lc_render_style style,
			  struct lc_buffer *text)
{
	switch (request->command) {
	case LC_CONTROL_REQUEST_SOURCES:
		render_list(document, LC_INSPECTION_SOURCES, SOURCE_COLUMNS,
			    COUNT_OF(SOURCE_COLUMNS), "no such source has undelivered rows", style,
			    text);
		break;
	case LC_CONTROL_REQUEST_SOURCE:
		render_source(request, document, style, text);
		break;
	case LC_CONTROL_REQUEST_TARGETS:
		render_list(document, LC_INSPECTION_TARGETS, TARGET_COLUMNS,
			    COUNT_OF(TARGET_COLUMNS), "no such target is known", style, text);
		append_errors(document, style, text);
		break;
	case LC_CONTROL_REQUEST_DELIVERIES:
		render_list(
		    document, LC_INSPECTION_OBJECTS, OBJECT_COLUMNS, COUNT_OF(OBJECT_COLUMNS),
		    "the ledgers have no log object of this bucket, or for it", style, text);
		break;
	case LC_CONTROL_REQUEST_FLUSH:
		render_flush(request, document, text);
		break;
	case LC_CONTROL_REQUEST_RETRY:
		render_retry(document, text);
		break;
	case LC_CONTROL_REQUEST_STATUS:
	case LC_CONTROL_REQUEST_HEALTH:
	case LC_CONTROL_REQUEST_LEDGER_CHECK:
	case LC_CONTROL_REQUEST_LEDGER_RESET:
	case LC_CONTROL_REQUEST_COMMAND_COUNT:
		break;
	}
}

void lc_render_inspection(const struct lc_control_request *request,
			  const struct lc_inspection *document, struct lc_render_style style,
			  struct lc_buffer *text)
{
	render_answer(request, document, style, text);
	append_problems(document, style, text);
}
