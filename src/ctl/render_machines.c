#include "ctl/render_machines.h"

#include "ctl/table.h"

#include <string.h>

#define CELL(name, statement)                                                             \
	static void name(const void *record, const void *context, struct lc_buffer *cell) \
	{                                                                                 \
		const struct lc_status_document_machine *machine = record;                \
                                                                                          \
		(void)context;                                                            \
		statement;                                                                \
	}

CELL(write_name,
     lc_buffer_append_format(cell, "%s%s", machine->name, machine->own ? " (this one)" : ""))
CELL(write_state, lc_buffer_append_text(cell, machine->state))
CELL(write_shards, lc_buffer_append_format(cell, "%u", machine->shards))
CELL(write_capacity, lc_buffer_append_format(cell, "%u", machine->capacity))
CELL(write_missed, lc_buffer_append_format(cell, "%u", machine->missed_beats))
CELL(write_release, lc_buffer_append_text(cell, machine->software))
CELL(write_refuses, lc_buffer_append_text(cell, machine->refuses))
CELL(write_reason, lc_buffer_append_text(cell, machine->reason))

static const char *state_colour(const void *record)
{
	const struct lc_status_document_machine *machine = record;

	if (strcmp(machine->state, "fit") == 0)
		return LC_TERMINAL_GREEN;
	return strcmp(machine->state, "silent") == 0 ? LC_TERMINAL_RED : LC_TERMINAL_YELLOW;
}

static const struct lc_table_column COLUMNS[] = {
    {.title = "MACHINE", .left = true, .shrinks_to = 12, .write = write_name},
    {.title = "STATE", .left = true, .write = write_state, .colour = state_colour},
    {.title = "SHARDS", .write = write_shards},
    {.title = "CAPACITY", .sacrifice = 3, .write = write_capacity},
    {.title = "MISSED", .sacrifice = 2, .write = write_missed},
    {.title = "RELEASE", .sacrifice = 4, .left = true, .write = write_release},
    {.title = "REFUSES", .sacrifice = 2, .left = true, .shrinks_to = 10, .write = write_refuses},
    {.title = "REASON", .sacrifice = 1, .left = true, .shrinks_to = 20, .write = write_reason},
};

void lc_render_machines(const struct lc_status_document *document, struct lc_terminal_style style,
			struct lc_buffer *text)
{
	const struct lc_table table = {
	    .columns = COLUMNS,
	    .column_count = sizeof(COLUMNS) / sizeof(COLUMNS[0]),
	    .rows = document->machines,
	    .row_size = sizeof(document->machines[0]),
	    .row_count = document->machines_size,
	};

	if (document->machines_size == 0)
		lc_buffer_append_text(text,
				      "no machines are known: failover.enabled is not set, or "
				      "the service has just started\n");
	else
		lc_table_append(&table, style, text);
}
