#include "ctl/render_inspection.h"

#include "base/clock.h"
#include "ctl/table.h"
#include "ctl/units.h"

#include <inttypes.h>

/* What is made of a document, and what goes with it. */
struct page {
	const struct lc_control_request *request;
	const struct lc_inspection *document;
	const struct lc_inspection *before; /* NULL when there is no earlier look */
	uint64_t milliseconds;              /* between the two */
	struct lc_terminal_style style;
	struct lc_buffer *text;
};

/* ---- cells ---- */

static void append_source(uint64_t session, struct lc_view bucket, struct lc_buffer *cell)
{
	lc_buffer_append_format(cell, "%" PRIu64 "/", session);
	lc_buffer_append_view(cell, bucket);
}

static void append_flag(bool flag, const char *word, struct lc_buffer *cell)
{
	if (flag)
		lc_buffer_append_text(cell, word);
}

/* ---- columns ---- */

#define CELL(record, name, statement)                                                  \
	static void name(const void *row, const void *context, struct lc_buffer *cell) \
	{                                                                              \
		const struct lc_inspection_##record *it = row;                         \
                                                                                       \
		(void)context;                                                         \
		statement;                                                             \
	}

#define UNITS(record, name, units) CELL(record, name, lc_buffer_append_text(cell, (units).text))

enum { NAME_LEAST = 20, KEY_LEAST = 24 };

static void source_pace(const void *row, const void *context, struct lc_buffer *cell)
{
	const struct page *page = context;
	const struct lc_inspection_source *now = row;

	for (size_t i = 0; i < page->before->lists[LC_INSPECTION_SOURCES].count; i++) {
		const struct lc_inspection_source *before =
		    lc_inspection_row(page->before, LC_INSPECTION_SOURCES, i);

		if (before->raft_session_id == now->raft_session_id &&
		    lc_view_equal(before->bucket, now->bucket)) {
			lc_buffer_append_text(cell, lc_units_pace((int64_t)now->pending_rows -
								      (int64_t)before->pending_rows,
								  page->milliseconds)
							.text);
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
UNITS(source, source_pending, lc_units_count(it->pending_rows))
UNITS(source, source_lag, lc_units_age(it->lag_seconds))
UNITS(source, source_oldest, lc_units_second(it->oldest_undelivered))
CELL(source, source_blocked, append_flag(it->blocked, "blocked", cell))
UNITS(source, source_open, lc_units_count(it->open_rows))
UNITS(source, source_objects, lc_units_count(it->objects))
UNITS(source, source_intents, lc_units_count(it->intents_without_body))
UNITS(source, source_shard, lc_units_count(it->shard))

static const struct lc_table_column SOURCE_COLUMNS[] = {
    {.title = "SOURCE", .left = true, .shrinks_to = NAME_LEAST, .write = source_name},
    {.title = "PENDING", .sacrifice = 1, .write = source_pending},
    {.title = "PACE", .sacrifice = 2, .write = source_pace, .of_two_looks = true},
    {.title = "LAG", .write = source_lag},
    {.title = "OLDEST (UTC)", .sacrifice = 4, .left = true, .write = source_oldest},
    {.title = "BLOCKED",
     .sacrifice = 3,
     .left = true,
     .write = source_blocked,
     .colour = source_colour},
    {.title = "UNREAD", .sacrifice = 5, .write = source_open},
    {.title = "OBJECTS", .sacrifice = 7, .write = source_objects},
    {.title = "TO REBUILD", .sacrifice = 6, .write = source_intents},
    {.title = "SHARD", .sacrifice = 8, .write = source_shard},
};

UNITS(range, range_from, lc_units_second(it->from))
UNITS(range, range_to, lc_units_second(it->to))
UNITS(range, range_since, lc_units_second(it->since))
CELL(range, range_doubtful, append_flag(it->doubtful, "in part", cell))
CELL(range, range_read, append_flag(it->being_read, "now", cell))

static const struct lc_table_column RANGE_COLUMNS[] = {
    {.title = "FROM (UTC)", .left = true, .write = range_from},
    {.title = "TO", .left = true, .write = range_to},
    {.title = "OPEN SINCE", .sacrifice = 3, .left = true, .write = range_since},
    {.title = "TAKEN", .sacrifice = 1, .left = true, .write = range_doubtful},
    {.title = "READ", .sacrifice = 2, .left = true, .write = range_read},
};

static const char *object_colour(const void *row)
{
	const struct lc_inspection_object *object = row;

	switch (object->state) {
	case LC_DELIVERY_DELIVERED:
		return LC_TERMINAL_GREEN;
	case LC_DELIVERY_EXPIRED:
		return LC_TERMINAL_RED;
	case LC_DELIVERY_OPEN:
	case LC_DELIVERY_DISCARDED:
	case LC_DELIVERY_STATE_COUNT:
		break;
	}
	return LC_TERMINAL_YELLOW;
}

CELL(object, object_source, append_source(it->raft_session_id, it->bucket, cell))
CELL(object, object_state, lc_buffer_append_text(cell, lc_delivery_state_name(it->state)))
UNITS(object, object_first, lc_units_second(it->first_second))
UNITS(object, object_last, lc_units_second(it->last_second))
UNITS(object, object_rows, lc_units_count(it->rows))
UNITS(object, object_bytes, lc_units_bytes(it->bytes))
CELL(object, object_target, lc_buffer_append_view(cell, it->target_bucket))
CELL(object, object_key, lc_buffer_append_view(cell, it->key))

static const struct lc_table_column OBJECT_COLUMNS[] = {
    {.title = "STATE", .left = true, .write = object_state, .colour = object_colour},
    {.title = "SOURCE",
     .sacrifice = 4,
     .left = true,
     .shrinks_to = NAME_LEAST,
     .write = object_source},
    {.title = "FROM (UTC)", .sacrifice = 6, .left = true, .write = object_first},
    {.title = "TO", .sacrifice = 2, .left = true, .write = object_last},
    {.title = "ROWS", .sacrifice = 1, .write = object_rows},
    {.title = "BYTES", .sacrifice = 5, .write = object_bytes},
    {.title = "TARGET",
     .sacrifice = 3,
     .left = true,
     .shrinks_to = NAME_LEAST,
     .write = object_target},
    {.title = "KEY", .left = true, .shrinks_to = KEY_LEAST, .write = object_key},
};

static void target_pace(const void *row, const void *context, struct lc_buffer *cell)
{
	const struct page *page = context;
	const struct lc_inspection_target *now = row;

	for (size_t i = 0; i < page->before->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *before =
		    lc_inspection_row(page->before, LC_INSPECTION_TARGETS, i);

		if (before->shard == now->shard && lc_view_equal(before->bucket, now->bucket) &&
		    lc_view_equal(before->prefix, now->prefix)) {
			lc_buffer_append_text(
			    cell, lc_units_pace((int64_t)now->rows - (int64_t)before->rows,
						page->milliseconds)
				      .text);
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
	if (target->slow && target->state == LC_TARGET_HEALTHY)
		return lc_view_of("slow");
	return lc_view_of(lc_target_state_name(target->state));
}

/* A target that refuses needs somebody; one that is shaky or aside may mend by itself. */
static const char *target_colour(const void *row)
{
	const struct lc_inspection_target *target = row;

	if (target->given_up.size > 0)
		return NULL;

	if (target->refused || target->state == LC_TARGET_ASIDE)
		return LC_TERMINAL_RED;
	return target->failures > 0 ? LC_TERMINAL_YELLOW : LC_TERMINAL_GREEN;
}

CELL(target, target_bucket, lc_buffer_append_view(cell, it->bucket))
CELL(target, target_prefix, lc_buffer_append_view(cell, it->prefix))
CELL(target, target_state, lc_buffer_append_view(cell, target_word(it)))
UNITS(target, target_failures, lc_units_count(it->failures))
UNITS(target, target_probe, lc_units_due(it->next_probe_seconds))
UNITS(target, target_rows, lc_units_count(it->rows))
UNITS(target, target_waiting, lc_units_count(it->waiting_objects))
UNITS(target, target_uploads, lc_units_count(it->uploads))
UNITS(target, target_intents, lc_units_count(it->intents_without_body))
UNITS(target, target_bytes, lc_units_bytes(it->bytes))
UNITS(target, target_shard, lc_units_count(it->shard))

static const struct lc_table_column TARGET_COLUMNS[] = {
    {.title = "TARGET", .left = true, .shrinks_to = NAME_LEAST, .write = target_bucket},
    {.title = "PREFIX",
     .sacrifice = 10,
     .left = true,
     .shrinks_to = NAME_LEAST,
     .write = target_prefix},
    {.title = "STATE", .left = true, .write = target_state, .colour = target_colour},
    {.title = "FAILURES", .sacrifice = 4, .write = target_failures},
    {.title = "NEXT TRY", .sacrifice = 2, .write = target_probe},
    {.title = "ROWS", .sacrifice = 1, .write = target_rows},
    {.title = "PACE", .sacrifice = 3, .write = target_pace, .of_two_looks = true},
    {.title = "UPLOADS", .sacrifice = 8, .write = target_uploads},
    {.title = "WAITING", .sacrifice = 7, .write = target_waiting},
    {.title = "TO REBUILD", .sacrifice = 5, .write = target_intents},
    {.title = "MEMORY", .sacrifice = 9, .write = target_bytes},
    {.title = "SHARD", .sacrifice = 6, .write = target_shard},
};

static const char *replay_colour(const void *row)
{
	const struct lc_inspection_replay *replay = row;

	if (lc_view_equal(replay->state, lc_view_of("done")))
		return LC_TERMINAL_GREEN;
	return lc_view_equal(replay->state, lc_view_of("failed")) ? LC_TERMINAL_RED
								  : LC_TERMINAL_YELLOW;
}

static void append_subject(const struct lc_inspection_replay *replay, struct lc_buffer *cell)
{
	if (!replay->of_target) {
		append_source(replay->raft_session_id, replay->bucket, cell);
		return;
	}
	lc_buffer_append_text(cell, "to ");
	lc_buffer_append_view(cell, replay->bucket);
	if (!replay->whole_bucket)
		lc_buffer_append_char(cell, '/');
	lc_buffer_append_view(cell, replay->prefix);
}

CELL(replay, replay_name, lc_buffer_append_view(cell, it->replay))
CELL(replay, replay_subject, append_subject(it, cell))
UNITS(replay, replay_from, lc_units_second(it->from))
UNITS(replay, replay_to, lc_units_second(it->to))
CELL(replay, replay_state, lc_buffer_append_view(cell, it->state))
UNITS(replay, replay_delivered, lc_units_count(it->rows_delivered))
UNITS(replay, replay_rows, lc_units_count(it->rows))
UNITS(replay, replay_ended, lc_units_second(it->ended_at))
UNITS(replay, replay_shard, lc_units_count(it->shard))

static const struct lc_table_column REPLAY_COLUMNS[] = {
    {.title = "REPLAY", .left = true, .write = replay_name},
    {.title = "ROWS OF", .left = true, .shrinks_to = NAME_LEAST, .write = replay_subject},
    {.title = "FROM (UTC)", .sacrifice = 3, .left = true, .write = replay_from},
    {.title = "TO", .sacrifice = 4, .left = true, .write = replay_to},
    {.title = "STATE", .left = true, .write = replay_state, .colour = replay_colour},
    {.title = "DELIVERED", .write = replay_delivered},
    {.title = "OF", .sacrifice = 1, .write = replay_rows},
    {.title = "ENDED", .sacrifice = 2, .left = true, .write = replay_ended},
    {.title = "SHARD", .sacrifice = 5, .write = replay_shard},
};

#define TABLE(columns)                                            \
	{                                                         \
		(columns), sizeof(columns) / sizeof((columns)[0]) \
	}

static const struct {
	const struct lc_table_column *columns;
	size_t count;
} TABLES[LC_INSPECTION_KIND_COUNT] = {
    [LC_INSPECTION_SOURCES] = TABLE(SOURCE_COLUMNS),
    [LC_INSPECTION_RANGES] = TABLE(RANGE_COLUMNS),
    [LC_INSPECTION_OBJECTS] = TABLE(OBJECT_COLUMNS),
    [LC_INSPECTION_TARGETS] = TABLE(TARGET_COLUMNS),
    [LC_INSPECTION_REPLAYS] = TABLE(REPLAY_COLUMNS),
};

/* Appends the table of the document's list: sources, ranges, log objects, targets or replays. */
static void append_table(const struct page *page, enum lc_inspection_kind kind)
{
	const struct lc_table table = {
	    .columns = TABLES[kind].columns,
	    .column_count = TABLES[kind].count,
	    .rows = page->document->lists[kind].rows,
	    .row_size = LC_INSPECTION_LAYOUTS[kind].row_size,
	    .row_count = page->document->lists[kind].count,
	    .context = page,
	    .two_looks = page->before != NULL,
	};

	lc_table_append(&table, page->style, page->text);
}

/* ---- commands ---- */

static void append_more(const struct page *page)
{
	const struct lc_inspection *document = page->document;

	if (document->more > 0)
		lc_buffer_append_format(page->text, "%" PRIu64 " more; --limit shows up to %d\n",
					document->more, LC_CONTROL_REQUEST_LIMIT_MAX);
}

/* Each problem with a target once: shards see the same one. */
static void append_errors(const struct lc_inspection *document, struct lc_terminal_style style,
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
		lc_terminal_append(target->bucket.data, target->bucket.size, text);
		if (!target->whole_bucket) {
			lc_buffer_append_char(text, '/');
			lc_terminal_append(target->prefix.data, target->prefix.size, text);
		}
		lc_buffer_append_format(text, ", as shard %" PRIu64 " sees it:\n", target->shard);
		lc_terminal_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

static void append_source_name(const struct lc_control_request *request, struct lc_buffer *text)
{
	struct lc_view bucket = lc_control_request_bucket(request);

	lc_buffer_append_format(text, "source %" PRIu32 "/", request->raft_session_id);
	lc_terminal_append(bucket.data, bucket.size, text);
}

static void append_committed(const struct lc_inspection_source *source, struct lc_buffer *text)
{
	char start[LC_CLOCK_TEXT_SIZE];

	if (source->committed_inserted_at == 0)
		return;
	lc_clock_format((int64_t)source->committed_start_time_ms, start);
	lc_buffer_append_format(text,
				"committed to ClickHouse: insertedAt %s, startTime %s, req_id ",
				lc_units_second(source->committed_inserted_at).text, start);
	lc_terminal_append(source->committed_req_id.data, source->committed_req_id.size, text);
	lc_buffer_append_char(text, '\n');
}

static void render_source(const struct page *page)
{
	const struct lc_inspection *document = page->document;
	struct lc_buffer *text = page->text;

	append_source_name(page->request, text);
	if (document->lists[LC_INSPECTION_SOURCES].count == 0) {
		lc_buffer_append_text(text, " has no undelivered rows\n");
	} else {
		lc_buffer_append_text(text, "\n\n");
		append_table(page, LC_INSPECTION_SOURCES);
		append_committed(lc_inspection_row(document, LC_INSPECTION_SOURCES, 0), text);
	}
	if (document->lists[LC_INSPECTION_RANGES].count > 0) {
		lc_buffer_append_text(text, "\nopen ranges, not yet read or not complete:\n");
		append_table(page, LC_INSPECTION_RANGES);
	}
	if (document->lists[LC_INSPECTION_OBJECTS].count > 0) {
		lc_buffer_append_text(text, "\nlast log objects:\n");
		append_table(page, LC_INSPECTION_OBJECTS);
	} else {
		lc_buffer_append_text(text, "the ledger has no log object of it\n");
	}
}

static void render_list(const struct page *page, enum lc_inspection_kind kind, const char *nothing)
{
	if (page->document->lists[kind].count == 0)
		lc_buffer_append_format(page->text, "%s\n", nothing);
	else
		append_table(page, kind);
	append_more(page);
}

static void render_sources(const struct page *page)
{
	render_list(page, LC_INSPECTION_SOURCES, "no such source has undelivered rows");
}

static void render_targets(const struct page *page)
{
	render_list(page, LC_INSPECTION_TARGETS, "no such target is known");
	append_errors(page->document, page->style, page->text);
}

static void render_deliveries(const struct page *page)
{
	render_list(
	    page, LC_INSPECTION_OBJECTS,
	    "the ledgers have no log object made from this bucket's rows or delivered into it");
}

static void render_flush(const struct page *page)
{
	const struct lc_inspection *document = page->document;

	if (document->affected == 0 && document->lists[LC_INSPECTION_PROBLEMS].count > 0)
		return;
	if (lc_control_request_has(page->request, LC_CONTROL_REQUEST_ARGUMENT_ALL)) {
		lc_buffer_append_format(page->text,
					"%" PRIu64 " sources will be read now, and so will those "
					"whose rows are not discovered yet\n",
					document->affected);
		return;
	}
	append_source_name(page->request, page->text);
	lc_buffer_append_text(page->text, " will be read now\n");
}

static void render_retry(const struct page *page)
{
	uint64_t affected = page->document->affected;

	if (affected == 0)
		lc_buffer_append_text(page->text, "no shard has anything to try again there\n");
	else
		lc_buffer_append_format(page->text, "tried again now by %" PRIu64 "%s\n", affected,
					affected == 1 ? " shard's target" : " shards' targets");
}

static void append_decision(const struct page *page, const char *decision)
{
	struct lc_view bucket = lc_control_request_bucket(page->request);
	struct lc_view prefix = lc_control_request_prefix(page->request);
	uint64_t affected = page->document->affected;

	if (affected == 0)
		return;
	lc_terminal_append(bucket.data, bucket.size, page->text);
	if (!page->request->whole_bucket)
		lc_buffer_append_char(page->text, '/');
	lc_terminal_append(prefix.data, prefix.size, page->text);
	lc_buffer_append_format(page->text, " %s (%" PRIu64 " shard%s)\n", decision, affected,
				affected == 1 ? "" : "s");
}

static void render_ignore(const struct page *page)
{
	append_decision(page, "is ignored: its rows wait, and health leaves them out");
}

static void render_discard(const struct page *page)
{
	append_decision(
	    page, "is discarded: its rows, and those still to come, are closed without delivery");
}

static void render_keep(const struct page *page)
{
	append_decision(page, "is neither ignored nor discarded");
}

/* ---- replays ---- */

/* What the rows of a question or an order are together. */
static struct lc_inspection_replay sum_replays(const struct lc_inspection *document)
{
	struct lc_inspection_replay sum = {.shard = 0};

	for (size_t i = 0; i < document->lists[LC_INSPECTION_REPLAYS].count; i++) {
		const struct lc_inspection_replay *replay =
		    lc_inspection_row(document, LC_INSPECTION_REPLAYS, i);

		sum.rows += replay->rows;
		sum.sources += replay->sources;
		sum.objects += replay->objects;
		sum.from = replay->from;
		if (replay->retained_from > sum.retained_from)
			sum.retained_from = replay->retained_from;
	}
	return sum;
}

static void render_replay(const struct page *page)
{
	const struct lc_inspection *document = page->document;
	struct lc_inspection_replay sum = sum_replays(document);
	size_t count = document->lists[LC_INSPECTION_REPLAYS].count;

	if (count == 0) {
		if (document->lists[LC_INSPECTION_PROBLEMS].count == 0)
			lc_buffer_append_text(page->text, "ClickHouse has no such rows\n");
		return;
	}
	lc_buffer_append_format(page->text, "%s row%s of %s source%s, about %s log object%s\n",
				lc_units_count(sum.rows).text, sum.rows == 1 ? "" : "s",
				lc_units_count(sum.sources).text, sum.sources == 1 ? "" : "s",
				lc_units_count(sum.objects).text, sum.objects == 1 ? "" : "s");
	if (sum.from < sum.retained_from)
		lc_buffer_append_format(page->text,
					"ClickHouse may have no rows any more that were inserted "
					"before %s UTC\n",
					lc_units_second(sum.retained_from).text);
	for (size_t i = 0; i < count && document->affected > 0; i++) {
		const struct lc_inspection_replay *replay =
		    lc_inspection_row(document, LC_INSPECTION_REPLAYS, i);

		lc_buffer_append_text(page->text, "ordered: replay ");
		lc_terminal_append(replay->replay.data, replay->replay.size, page->text);
		lc_buffer_append_char(page->text, '\n');
	}
}

static void render_replays(const struct page *page)
{
	const struct lc_inspection *document = page->document;

	render_list(page, LC_INSPECTION_REPLAYS, "no replay was ordered lately");
	for (size_t i = 0; i < document->lists[LC_INSPECTION_REPLAYS].count; i++) {
		const struct lc_inspection_replay *replay =
		    lc_inspection_row(document, LC_INSPECTION_REPLAYS, i);
		struct lc_buffer words;

		if (replay->trouble.size == 0)
			continue;
		lc_buffer_init(&words, replay->trouble.size);
		lc_buffer_append_view(&words, replay->trouble);
		lc_buffer_append_char(page->text, '\n');
		lc_terminal_append(replay->replay.data, replay->replay.size, page->text);
		lc_buffer_append_text(page->text, ":\n");
		lc_terminal_append_wrapped(lc_buffer_text(&words), page->style.width, page->text);
		lc_buffer_free(&words);
	}
}

static void render_cancel(const struct page *page)
{
	if (page->document->affected > 0)
		lc_buffer_append_format(page->text, "replay %s is cancelled\n",
					page->request->replay);
	else if (page->document->lists[LC_INSPECTION_PROBLEMS].count == 0)
		lc_buffer_append_format(page->text, "there is no such replay under way\n");
}

/* ---- orders ---- */

static void append_order(const struct page *page, const char *what)
{
	uint64_t affected = page->document->affected;

	lc_buffer_append_format(page->text, "%s %" PRIu64 " shard%s\n", what, affected,
				affected == 1 ? "" : "s");
}

static void render_reload(const struct page *page)
{
	append_order(page, "the configuration is valid and affects");
}

/* Its checks come from the status, once it has ended. */
static void render_preflight(const struct page *page)
{
	(void)page;
}

static void render_restart(const struct page *page)
{
	append_order(page, "a new worker takes over for");
}

/* A drain is the pause of all shards. */
static void render_pause(const struct page *page)
{
	append_order(page, "told to finish and to pause:");
}

static void render_resume(const struct page *page)
{
	append_order(page, "told to go on:");
}

static void render_release(const struct page *page)
{
	append_order(page, "told to finish, for other machines to take them over:");
}

/* No shard is concerned by itself. */
static void render_rejoin(const struct page *page)
{
	if (lc_control_request_has(page->request, LC_CONTROL_REQUEST_ARGUMENT_SHARD))
		lc_buffer_append_format(page->text,
					"this machine may take shard %" PRIu32 " again\n",
					page->request->shard);
	else
		lc_buffer_append_text(page->text, "this machine takes shards again\n");
}

static void render_log_level(const struct page *page)
{
	append_order(page, "log level set for");
}

/* NULL for what is shown by others. */
static void (*const RENDERERS[LC_CONTROL_REQUEST_COMMAND_COUNT])(const struct page *page) = {
#define SHOW(handler) NULL
#define RENDER(renderer) renderer
#define ASK(renderer) renderer
#define AWAIT(renderer, outcome, lines) renderer
#define FILES(handler) NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

static void append_problems(const struct lc_inspection *document, struct lc_terminal_style style,
			    struct lc_buffer *text)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_PROBLEMS].count; i++) {
		const struct lc_inspection_problem *problem =
		    lc_inspection_row(document, LC_INSPECTION_PROBLEMS, i);
		struct lc_buffer words;

		lc_buffer_init(&words, problem->text.size);
		lc_buffer_append_view(&words, problem->text);
		lc_buffer_append_format(text, "%sno answer from shard %" PRIu64 ":%s\n",
					style.colour ? LC_TERMINAL_BOLD : "", problem->shard,
					style.colour ? LC_TERMINAL_PLAIN : "");
		lc_terminal_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

void lc_render_inspection(const struct lc_control_request *request,
			  const struct lc_inspection *document, const struct lc_inspection *before,
			  uint64_t milliseconds, struct lc_terminal_style style,
			  struct lc_buffer *text)
{
	struct page page = {.request = request,
			    .document = document,
			    .before = before,
			    .milliseconds = milliseconds,
			    .style = style,
			    .text = text};

	if (RENDERERS[request->command] != NULL)
		RENDERERS[request->command](&page);
	append_problems(document, style, text);
}
