#include "ctl/render.h"

#include "ctl/clean.h"
#include "ctl/humane.h"
#include "ctl/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static void append_coloured(const char *colour, struct lc_render_style style, const char *words,
			    struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%s%s%s", style.colour ? colour : "", words,
				style.colour ? PLAIN : "");
}

static const char *colour_of(enum lc_shard_state state)
{
	switch (state) {
	case LC_SHARD_STATE_READY:
		return GREEN;
	case LC_SHARD_STATE_STARTING:
	case LC_SHARD_STATE_DRAINING:
	case LC_SHARD_STATE_STOPPED:
		return YELLOW;
	case LC_SHARD_STATE_BACKING_OFF:
	case LC_SHARD_STATE_KILLING:
	case LC_SHARD_STATE_FAILED:
	case LC_SHARD_STATE_COUNT:
		break;
	}
	return RED;
}

static void append_findings(const struct lc_status_document *document, struct lc_render_style style,
			    struct lc_buffer *text)
{
	for (size_t i = 0; i < document->findings_size; i++) {
		const struct lc_status_document_finding *finding = &document->findings[i];
		char head[32] = "service:";

		if (finding->shard >= 0)
			snprintf(head, sizeof(head), "shard %d:", finding->shard);
		append_coloured(BOLD, style, head, text);
		lc_buffer_append_char(text, '\n');
		lc_clean_append_wrapped(finding->text, style.width, text);
	}
}

static void append_health(const struct lc_status_document *document, struct lc_render_style style,
			  struct lc_buffer *text)
{
	if (document->healthy)
		append_coloured(GREEN, style, "healthy", text);
	else
		append_coloured(RED, style, "unhealthy", text);
}

static void append_headline(const struct lc_status_document *document, struct lc_render_style style,
			    struct lc_buffer *text)
{
	char age[LC_HUMANE_SIZE];

	lc_humane_age(document->uptime_seconds, age);
	lc_buffer_append_text(text, "log-courier ");
	lc_clean_append(document->version, strlen(document->version), text);
	lc_buffer_append_format(text, ", up %s, %u of %zu shards ready, ", age,
				document->ready_shards, document->shards_size);
	if (document->shard_count != document->shards_size)
		lc_buffer_append_format(text, "%u in the whole deployment, ",
					document->shard_count);
	append_health(document, style, text);
	lc_buffer_append_text(text, "\n\n");
}

/* The columns of the table: how a shard's cell is written, and how soon the column is left out. */

typedef void write_cell(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL]);

static void write_shard(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	snprintf(cell, LC_TABLE_CELL, "%u", shard->shard);
}

static void write_state(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	snprintf(cell, LC_TABLE_CELL, "%s", lc_shard_state_text(shard->state));
}

static void write_pid(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	if (shard->pid == 0)
		snprintf(cell, LC_TABLE_CELL, "-");
	else
		snprintf(cell, LC_TABLE_CELL, "%" PRId64, shard->pid);
}

static void write_uptime(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_age(shard->uptime_seconds, cell);
}

static void write_restarts(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_count(shard->restarts, cell);
}

static void write_rows(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_count(shard->records_delivered, cell);
}

static void write_objects(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_count(shard->objects_delivered, cell);
}

static void write_bytes(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_bytes(shard->bytes_delivered, cell);
}

static void write_pending(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_count(shard->pending_records, cell);
}

static void write_inflight(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_bytes(shard->inflight_bytes, cell);
}

static void write_blocked(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	char targets[LC_HUMANE_SIZE];
	char sources[LC_HUMANE_SIZE];

	lc_humane_count(shard->targets_blocked, targets);
	lc_humane_count(shard->sources_blocked, sources);
	snprintf(cell, LC_TABLE_CELL, "%s/%s", targets, sources);
}

static void write_oldest(const struct lc_status_document_shard *shard, char cell[LC_TABLE_CELL])
{
	lc_humane_age(shard->oldest_undelivered_seconds, cell);
}

static const struct {
	struct lc_table_column column;
	write_cell *write;
} COLUMNS[] = {
    {{.title = "SHARD", .sacrifice = 0}, write_shard},
    {{.title = "STATE", .sacrifice = 0, .left = true}, write_state},
    {{.title = "PID", .sacrifice = 8}, write_pid},
    {{.title = "UP", .sacrifice = 5}, write_uptime},
    {{.title = "RESTARTS", .sacrifice = 4}, write_restarts},
    {{.title = "ROWS", .sacrifice = 1}, write_rows},
    {{.title = "OBJECTS", .sacrifice = 7}, write_objects},
    {{.title = "BYTES", .sacrifice = 6}, write_bytes},
    {{.title = "PENDING", .sacrifice = 2}, write_pending},
    {{.title = "IN FLIGHT", .sacrifice = 9}, write_inflight},
    {{.title = "BLOCKED", .sacrifice = 3}, write_blocked},
    {{.title = "OLDEST", .sacrifice = 1}, write_oldest},
};

enum { COLUMN_COUNT = sizeof(COLUMNS) / sizeof(COLUMNS[0]), STATE_COLUMN = 1 };

void lc_render_status(const struct lc_status_document *document, struct lc_render_style style,
		      struct lc_buffer *text)
{
	struct lc_table table;

	append_headline(document, style, text);
	lc_table_init(&table, document->shards_size);
	for (size_t column = 0; column < COLUMN_COUNT; column++)
		lc_table_add_column(&table, &COLUMNS[column].column);
	for (size_t row = 0; row < document->shards_size; row++) {
		const struct lc_status_document_shard *shard = &document->shards[row];

		for (size_t column = 0; column < COLUMN_COUNT; column++)
			COLUMNS[column].write(shard, lc_table_cell(&table, row, column));
		if (style.colour)
			lc_table_colour(&table, row, STATE_COLUMN, colour_of(shard->state));
	}
	lc_table_append(&table, style.width, text);
	lc_table_free(&table);
	if (document->findings_size > 0)
		lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}

void lc_render_health(const struct lc_status_document *document, struct lc_render_style style,
		      struct lc_buffer *text)
{
	append_health(document, style, text);
	lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}
