#include "ctl/render_status.h"

#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void append_coloured(const char *colour, struct lc_terminal_style style, const char *words,
			    struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%s%s%s", style.colour ? colour : "", words,
				style.colour ? LC_TERMINAL_PLAIN : "");
}

static const char *colour_of(enum lc_shard_state state)
{
	switch (state) {
	case LC_SHARD_STATE_READY:
		return LC_TERMINAL_GREEN;
	case LC_SHARD_STATE_STARTING:
	case LC_SHARD_STATE_DRAINING:
	case LC_SHARD_STATE_STOPPED:
	case LC_SHARD_STATE_PAUSED:
		return LC_TERMINAL_YELLOW;
	case LC_SHARD_STATE_BACKING_OFF:
	case LC_SHARD_STATE_KILLING:
	case LC_SHARD_STATE_FAILED:
	case LC_SHARD_STATE_COUNT:
		break;
	}
	return LC_TERMINAL_RED;
}

static void append_findings(const struct lc_status_document *document,
			    struct lc_terminal_style style, struct lc_buffer *text)
{
	for (size_t i = 0; i < document->findings_size; i++) {
		const struct lc_status_document_finding *finding = &document->findings[i];
		bool critical = finding->severity == LC_SEVERITY_CRITICAL;
		char whose[32] = "service";
		char head[64];

		if (finding->shard >= 0)
			snprintf(whose, sizeof(whose), "shard %d", finding->shard);
		snprintf(head, sizeof(head), "%s%s%s:", whose, critical ? "" : ", ",
			 critical ? "" : lc_severity_text(finding->severity));
		append_coloured(critical ? LC_TERMINAL_BOLD : LC_TERMINAL_YELLOW, style, head,
				text);
		lc_buffer_append_char(text, '\n');
		lc_terminal_append_wrapped(finding->text, style.width, text);
	}
}

static void append_health(const struct lc_status_document *document, struct lc_terminal_style style,
			  struct lc_buffer *text)
{
	size_t warnings = lc_status_document_count(document, LC_SEVERITY_WARNING);
	char words[64];

	if (document->healthy)
		append_coloured(LC_TERMINAL_GREEN, style, "healthy", text);
	else
		append_coloured(LC_TERMINAL_RED, style, "unhealthy", text);
	if (warnings == 0)
		return;
	lc_buffer_append_text(text, ", ");
	snprintf(words, sizeof(words), "%zu warning%s", warnings, warnings == 1 ? "" : "s");
	append_coloured(LC_TERMINAL_YELLOW, style, words, text);
}

/* Rows delivered by the shards of both looks. */
static int64_t rows_between(const struct lc_status_document *document,
			    const struct lc_status_document *before)
{
	int64_t rows = 0;

	for (size_t i = 0; i < document->shards_size; i++)
		rows += (int64_t)document->shards[i].records_delivered;
	for (size_t i = 0; i < before->shards_size; i++)
		rows -= (int64_t)before->shards[i].records_delivered;
	return rows;
}

static void append_headline(const struct lc_status_document *document,
			    const struct lc_status_document *before, uint64_t milliseconds,
			    struct lc_terminal_style style, struct lc_buffer *text)
{
	char age[LC_UNITS_SIZE];
	char pace[LC_UNITS_SIZE];

	lc_units_age(document->uptime_seconds, age);
	lc_buffer_append_text(text, "log-courier ");
	lc_terminal_append(document->version, strlen(document->version), text);
	lc_buffer_append_format(text, ", up %s, %u of %zu shards ready, ", age,
				document->ready_shards, document->shards_size);
	if (document->shard_count != document->shards_size)
		lc_buffer_append_format(text, "%u in the whole deployment, ",
					document->shard_count);
	append_health(document, style, text);
	if (before != NULL && rows_between(document, before) >= 0) {
		lc_units_pace(rows_between(document, before), milliseconds, pace);
		lc_buffer_append_format(text, ", %s rows", pace);
	}
	lc_buffer_append_text(text, "\n\n");
}

/* The columns of the table: how a shard's cell is written, and how soon the column is left out. */

struct look {
	const struct lc_status_document_shard *shard;
	const struct lc_status_document_shard *before; /* NULL when there is no earlier look */
	uint64_t milliseconds;                         /* between the two */
};

typedef void write_cell(const struct look *look, char cell[LC_UNITS_SIZE]);

#define CELL(name, statement)                                                       \
	static void write_##name(const struct look *look, char cell[LC_UNITS_SIZE]) \
	{                                                                           \
		const struct lc_status_document_shard *shard = look->shard;         \
                                                                                    \
		statement;                                                          \
	}

CELL(shard, snprintf(cell, LC_UNITS_SIZE, "%u", shard->shard))
CELL(state, snprintf(cell, LC_UNITS_SIZE, "%s", lc_shard_state_text(shard->state)))
CELL(up, lc_units_age(shard->uptime_seconds, cell))
CELL(restarts, lc_units_count(shard->restarts, cell))
CELL(rows, lc_units_count(shard->records_delivered, cell))
CELL(objects, lc_units_count(shard->objects_delivered, cell))
CELL(bytes, lc_units_bytes(shard->bytes_delivered, cell))
CELL(pending, lc_units_count(shard->pending_records, cell))
CELL(inflight, lc_units_bytes(shard->inflight_bytes, cell))
CELL(oldest, lc_units_age(shard->oldest_undelivered_seconds, cell))

static void write_pid(const struct look *look, char cell[LC_UNITS_SIZE])
{
	if (look->shard->pid == 0)
		snprintf(cell, LC_UNITS_SIZE, "-");
	else
		snprintf(cell, LC_UNITS_SIZE, "%" PRId64, look->shard->pid);
}

/* Of the worker; 0 until it was measured. */
static void write_memory(const struct look *look, char cell[LC_UNITS_SIZE])
{
	if (look->shard->resident_bytes == 0)
		snprintf(cell, LC_UNITS_SIZE, "-");
	else
		lc_units_bytes(look->shard->resident_bytes, cell);
}

static void write_blocked(const struct look *look, char cell[LC_UNITS_SIZE])
{
	uint64_t targets = look->shard->targets_blocked;
	uint64_t sources = look->shard->sources_blocked;

	if (targets == 0 && sources == 0)
		snprintf(cell, LC_UNITS_SIZE, "-");
	else
		snprintf(cell, LC_UNITS_SIZE, "%" PRIu64 " target%s, %" PRIu64 " source%s", targets,
			 targets == 1 ? "" : "s", sources, sources == 1 ? "" : "s");
}

/* Counters begin again when the service does. */
static void write_pace(const struct look *look, char cell[LC_UNITS_SIZE])
{
	uint64_t rows = look->shard->records_delivered;

	if (look->before == NULL || look->before->records_delivered > rows)
		snprintf(cell, LC_UNITS_SIZE, "-");
	else
		lc_units_pace((int64_t)(rows - look->before->records_delivered), look->milliseconds,
			      cell);
}

typedef const char *choose_colour(const struct lc_status_document_shard *shard);

static const char *state_colour(const struct lc_status_document_shard *shard)
{
	return colour_of(shard->state);
}

static const char *blocked_colour(const struct lc_status_document_shard *shard)
{
	return shard->targets_blocked > 0 ? LC_TERMINAL_RED : NULL;
}

static const struct column {
	struct lc_table_column column;
	write_cell *write;
	bool of_two_looks;
	choose_colour *colour;
} COLUMNS[] = {
    {{.title = "SHARD", .sacrifice = 0}, write_shard, false, NULL},
    {{.title = "STATE", .sacrifice = 0, .left = true}, write_state, false, state_colour},
    {{.title = "PID", .sacrifice = 10}, write_pid, false, NULL},
    {{.title = "UP", .sacrifice = 6}, write_up, false, NULL},
    {{.title = "RESTARTS", .sacrifice = 4}, write_restarts, false, NULL},
    {{.title = "ROWS", .sacrifice = 1}, write_rows, false, NULL},
    {{.title = "PACE", .sacrifice = 1}, write_pace, true, NULL},
    {{.title = "OBJECTS", .sacrifice = 9}, write_objects, false, NULL},
    {{.title = "BYTES", .sacrifice = 8}, write_bytes, false, NULL},
    {{.title = "PENDING", .sacrifice = 2}, write_pending, false, NULL},
    {{.title = "OLDEST", .sacrifice = 1}, write_oldest, false, NULL},
    {{.title = "IN FLIGHT", .sacrifice = 9}, write_inflight, false, NULL},
    {{.title = "MEMORY", .sacrifice = 7}, write_memory, false, NULL},
    {{.title = "BLOCKED", .sacrifice = 3, .left = true}, write_blocked, false, blocked_colour},
};

enum { COLUMN_COUNT = sizeof(COLUMNS) / sizeof(COLUMNS[0]) };

static const struct lc_status_document_shard *find_shard(const struct lc_status_document *document,
							 unsigned shard)
{
	for (size_t i = 0; document != NULL && i < document->shards_size; i++) {
		if (document->shards[i].shard == shard)
			return &document->shards[i];
	}
	return NULL;
}

static void write_row(struct lc_table *table, size_t row, const struct look *look, bool colour)
{
	size_t at = 0;

	for (size_t column = 0; column < COLUMN_COUNT; column++) {
		char cell[LC_UNITS_SIZE];

		if (COLUMNS[column].of_two_looks && look->milliseconds == 0)
			continue;
		COLUMNS[column].write(look, cell);
		lc_table_set(table, row, at, lc_view_of(cell));
		if (colour && COLUMNS[column].colour != NULL)
			lc_table_colour(table, row, at, COLUMNS[column].colour(look->shard));
		at++;
	}
}

void lc_render_status(const struct lc_status_document *document,
		      const struct lc_status_document *before, uint64_t milliseconds,
		      struct lc_terminal_style style, struct lc_buffer *text)
{
	struct lc_table table;

	append_headline(document, before, milliseconds, style, text);
	lc_table_init(&table, document->shards_size);
	for (size_t column = 0; column < COLUMN_COUNT; column++) {
		if (!COLUMNS[column].of_two_looks || milliseconds > 0)
			lc_table_add_column(&table, &COLUMNS[column].column);
	}
	for (size_t row = 0; row < document->shards_size; row++) {
		struct look look = {.shard = &document->shards[row],
				    .before = find_shard(before, document->shards[row].shard),
				    .milliseconds = milliseconds};

		write_row(&table, row, &look, style.colour);
	}
	lc_table_append(&table, style, text);
	lc_table_free(&table);
	if (document->findings_size > 0)
		lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}

void lc_render_status_health(const struct lc_status_document *document,
			     struct lc_terminal_style style, struct lc_buffer *text)
{
	append_health(document, style, text);
	lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}
