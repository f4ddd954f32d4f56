#include "ctl/render_status.h"

#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/units.h"
#include "formats/check_line.h"
#include "formats/credentials.h"

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
	case LC_SHARD_STATE_AWAY:
		return LC_TERMINAL_PLAIN;
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
			 critical ? "" : lc_severity_name(finding->severity));
		append_coloured(critical ? LC_TERMINAL_BOLD : LC_TERMINAL_YELLOW, style, head,
				text);
		lc_buffer_append_char(text, '\n');
		lc_terminal_append_wrapped(finding->text, style.width, text);
	}
}

/* A line of parts with commas between them. What does not fit the terminal goes on in the next
 * line. */
struct parts {
	struct lc_terminal_style style;
	struct lc_buffer *text;
	size_t width; /* of the line so far; 0 before the first part */
};

/* colour: "" for none */
static void append_part(struct parts *parts, const char *colour, const char *words)
{
	size_t width = lc_terminal_width(words, strlen(words));
	/* with the comma that may follow */
	bool fits = parts->style.width == 0 ||
		    parts->width + strlen(", ") + width + strlen(",") <= parts->style.width;

	if (parts->width > 0) {
		lc_buffer_append_text(parts->text, fits ? ", " : ",\n");
		parts->width = fits ? parts->width + strlen(", ") : 0;
	}
	append_coloured(colour, parts->style, words, parts->text);
	parts->width += width;
}

static void append_health(const struct lc_status_document *document, struct parts *parts)
{
	size_t warnings = lc_status_document_count(document, LC_SEVERITY_WARNING);
	char words[64];

	append_part(parts, document->healthy ? LC_TERMINAL_GREEN : LC_TERMINAL_RED,
		    document->healthy ? "healthy" : "unhealthy");
	if (warnings == 0)
		return;
	snprintf(words, sizeof(words), "%zu warning%s", warnings, warnings == 1 ? "" : "s");
	append_part(parts, LC_TERMINAL_YELLOW, words);
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
	struct parts parts = {.style = style, .text = text};
	char words[128];

	lc_buffer_append_text(text, "log-courier ");
	lc_terminal_append(document->version, strlen(document->version), text);
	parts.width = strlen("log-courier ") +
		      lc_terminal_width(document->version, strlen(document->version));
	snprintf(words, sizeof(words), "up %s", lc_units_age(document->uptime_seconds).text);
	append_part(&parts, "", words);
	snprintf(words, sizeof(words), "%u of %zu shards ready", document->ready_shards,
		 document->shards_size);
	append_part(&parts, "", words);
	if (document->shard_count != document->shards_size) {
		snprintf(words, sizeof(words), "%u in the whole deployment", document->shard_count);
		append_part(&parts, "", words);
	}
	append_health(document, &parts);
	if (before != NULL && rows_between(document, before) >= 0) {
		snprintf(words, sizeof(words), "%s rows",
			 lc_units_pace(rows_between(document, before), milliseconds).text);
		append_part(&parts, "", words);
	}
	lc_buffer_append_text(text, "\n\n");
}

/* ---- the table of shards ---- */

/* What is compared with an earlier look. */
struct looks {
	const struct lc_status_document *before; /* NULL when there is none */
	uint64_t milliseconds;                   /* between the two */
};

static const struct lc_status_document_shard *find_shard(const struct lc_status_document *document,
							 unsigned shard)
{
	for (size_t i = 0; document != NULL && i < document->shards_size; i++) {
		if (document->shards[i].shard == shard)
			return &document->shards[i];
	}
	return NULL;
}

#define CELL(name, statement)                                                             \
	static void name(const void *record, const void *context, struct lc_buffer *cell) \
	{                                                                                 \
		const struct lc_status_document_shard *shard = record;                    \
                                                                                          \
		(void)context;                                                            \
		statement;                                                                \
	}

#define UNITS(name, units) CELL(name, lc_buffer_append_text(cell, (units).text))

CELL(write_shard, lc_buffer_append_format(cell, "%u", shard->shard))
CELL(write_state, lc_buffer_append_text(cell, lc_shard_state_name(shard->state)))
CELL(write_owner, lc_buffer_append_text(cell, shard->unowned_seconds < 0 ? shard->owner : ""))
CELL(write_epoch, lc_buffer_append_format(cell, "%" PRIu64, shard->epoch))
UNITS(write_up, lc_units_age(shard->uptime_seconds))
UNITS(write_restarts, lc_units_count(shard->restarts))
UNITS(write_rows, lc_units_count(shard->records_delivered))
UNITS(write_objects, lc_units_count(shard->objects_delivered))
UNITS(write_bytes, lc_units_bytes(shard->bytes_delivered))
UNITS(write_pending, lc_units_count(shard->pending_records))
UNITS(write_inflight, lc_units_bytes(shard->inflight_bytes))
UNITS(write_oldest, lc_units_age(shard->oldest_undelivered_seconds))

static void write_pid(const void *record, const void *context, struct lc_buffer *cell)
{
	const struct lc_status_document_shard *shard = record;

	(void)context;
	if (shard->pid != 0)
		lc_buffer_append_format(cell, "%" PRId64, shard->pid);
}

/* Of the worker; 0 until it was measured. */
static void write_memory(const void *record, const void *context, struct lc_buffer *cell)
{
	const struct lc_status_document_shard *shard = record;

	(void)context;
	if (shard->resident_bytes != 0)
		lc_buffer_append_text(cell, lc_units_bytes(shard->resident_bytes).text);
}

static void write_blocked(const void *record, const void *context, struct lc_buffer *cell)
{
	const struct lc_status_document_shard *shard = record;
	uint64_t targets = shard->targets_blocked;
	uint64_t sources = shard->sources_blocked;

	(void)context;
	if (targets > 0 || sources > 0)
		lc_buffer_append_format(cell, "%" PRIu64 " target%s, %" PRIu64 " source%s", targets,
					targets == 1 ? "" : "s", sources, sources == 1 ? "" : "s");
}

/* Counters begin again when the service does. */
static void write_pace(const void *record, const void *context, struct lc_buffer *cell)
{
	const struct lc_status_document_shard *shard = record;
	const struct looks *looks = context;
	const struct lc_status_document_shard *before = find_shard(looks->before, shard->shard);
	uint64_t rows = shard->records_delivered;

	if (before != NULL && before->records_delivered <= rows)
		lc_buffer_append_text(
		    cell,
		    lc_units_pace((int64_t)(rows - before->records_delivered), looks->milliseconds)
			.text);
}

static const char *state_colour(const void *record)
{
	return colour_of(((const struct lc_status_document_shard *)record)->state);
}

static const char *owner_colour(const void *record)
{
	const struct lc_status_document_shard *shard = record;

	return shard->unowned_seconds < 0 ? NULL : LC_TERMINAL_YELLOW;
}

static const char *blocked_colour(const void *record)
{
	const struct lc_status_document_shard *shard = record;

	return shard->targets_blocked > 0 ? LC_TERMINAL_RED : NULL;
}

static const struct lc_table_column COLUMNS[] = {
    {.title = "SHARD", .write = write_shard},
    {.title = "STATE", .left = true, .write = write_state, .colour = state_colour},
    {.title = "OWNER",
     .sacrifice = 2,
     .left = true,
     .of_machines = true,
     .shrinks_to = 12,
     .write = write_owner,
     .colour = owner_colour},
    {.title = "EPOCH", .sacrifice = 8, .of_machines = true, .write = write_epoch},
    {.title = "PID", .sacrifice = 10, .write = write_pid},
    {.title = "UP", .sacrifice = 6, .write = write_up},
    {.title = "RESTARTS", .sacrifice = 4, .write = write_restarts},
    {.title = "ROWS", .sacrifice = 1, .write = write_rows},
    {.title = "PACE", .sacrifice = 1, .write = write_pace, .of_two_looks = true},
    {.title = "OBJECTS", .sacrifice = 9, .write = write_objects},
    {.title = "BYTES", .sacrifice = 8, .write = write_bytes},
    {.title = "PENDING", .sacrifice = 2, .write = write_pending},
    {.title = "OLDEST", .sacrifice = 1, .write = write_oldest},
    {.title = "IN FLIGHT", .sacrifice = 9, .write = write_inflight},
    {.title = "MEMORY", .sacrifice = 7, .write = write_memory},
    {.title = "BLOCKED",
     .sacrifice = 3,
     .left = true,
     .write = write_blocked,
     .colour = blocked_colour},
};

static bool has_same_source(const struct lc_status_document_shard *a,
			    const struct lc_status_document_shard *b)
{
	return strcmp(a->credentials_source, b->credentials_source) == 0;
}

/* Where credentials come from, unless from the settings: once for all shards that say the same. */
static void append_credentials(const struct lc_status_document *document,
			       struct lc_terminal_style style, struct lc_buffer *text)
{
	const struct lc_status_document_shard *former = NULL;

	for (size_t i = 0; i < document->shards_size; i++) {
		const struct lc_status_document_shard *shard = &document->shards[i];
		int64_t left = shard->credentials_expire_seconds;
		char words[LC_STATUS_DOCUMENT_TEXT_SIZE + 128];

		if (shard->credentials_source[0] == '\0' ||
		    strcmp(shard->credentials_source, LC_CREDENTIALS_FROM_SETTINGS) == 0 ||
		    (former != NULL && has_same_source(former, shard)))
			continue;
		former = shard;
		snprintf(words, sizeof(words), "from %s%s%s", shard->credentials_source,
			 left < 0 ? "" : "; they expire in ",
			 left < 0 ? "" : lc_units_age(left).text);
		lc_buffer_append_text(text, "\ncredentials for S3:\n");
		lc_terminal_append_wrapped(words, style.width, text);
	}
}

static void append_catch_up(const struct lc_status_document_shard *shard,
			    struct lc_terminal_style style, struct lc_buffer *text)
{
	char words[512];
	char head[64];
	int64_t left = (int64_t)shard->catch_up_left_seconds;

	snprintf(head, sizeof(head), "shard %u catches up:", shard->shard);
	append_coloured(LC_TERMINAL_YELLOW, style, head, text);
	lc_buffer_append_char(text, '\n');
	snprintf(words, sizeof(words),
		 "read up to %s, %s to go; %s rows read, about %s to come%s%s",
		 shard->catch_up_read_until, lc_units_age(left).text,
		 lc_units_count(shard->catch_up_records_read).text,
		 lc_units_count(shard->catch_up_records_to_come).text,
		 shard->catch_up_estimate_seconds < 0 ? "" : ", in about ",
		 shard->catch_up_estimate_seconds < 0
		     ? ""
		     : lc_units_age(shard->catch_up_estimate_seconds).text);
	lc_terminal_append_wrapped(words, style.width, text);
}

static void append_catch_ups(const struct lc_status_document *document,
			     struct lc_terminal_style style, struct lc_buffer *text)
{
	bool first = true;

	for (size_t i = 0; i < document->shards_size; i++) {
		if (document->shards[i].catch_up_read_until[0] == '\0')
			continue;
		if (first)
			lc_buffer_append_char(text, '\n');
		first = false;
		append_catch_up(&document->shards[i], style, text);
	}
}

static void append_replays(const struct lc_status_document *document, struct lc_buffer *text)
{
	uint64_t replays = 0;
	uint64_t rows = 0;

	for (size_t i = 0; i < document->shards_size; i++) {
		replays += document->shards[i].replays;
		rows += document->shards[i].replay_records_to_come;
	}
	if (replays > 0)
		lc_buffer_append_format(text,
					"\n%s replay%s under way, %s rows to come: see "
					"log-courier-ctl replays\n",
					lc_units_count(replays).text, replays == 1 ? "" : "s",
					lc_units_count(rows).text);
}

void lc_render_status(const struct lc_status_document *document,
		      const struct lc_status_document *before, uint64_t milliseconds,
		      struct lc_terminal_style style, struct lc_buffer *text)
{
	const struct looks looks = {.before = before, .milliseconds = milliseconds};
	const struct lc_table table = {
	    .columns = COLUMNS,
	    .column_count = sizeof(COLUMNS) / sizeof(COLUMNS[0]),
	    .rows = document->shards,
	    .row_size = sizeof(document->shards[0]),
	    .row_count = document->shards_size,
	    .context = &looks,
	    .two_looks = milliseconds > 0,
	    .machines = document->machines_size > 0,
	};

	append_headline(document, before, milliseconds, style, text);
	lc_table_append(&table, style, text);
	append_credentials(document, style, text);
	append_catch_ups(document, style, text);
	append_replays(document, text);
	if (document->findings_size > 0)
		lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}

void lc_render_status_health(const struct lc_status_document *document,
			     struct lc_terminal_style style, struct lc_buffer *text)
{
	struct parts parts = {.style = style, .text = text};

	append_health(document, &parts);
	lc_buffer_append_char(text, '\n');
	append_findings(document, style, text);
}

void lc_render_status_checks(const struct lc_status_document *document, struct lc_buffer *text)
{
	for (size_t i = 0; i < document->checks_size; i++) {
		const struct lc_status_document_check *check = &document->checks[i];
		struct lc_buffer line;

		lc_buffer_init(&line, SIZE_MAX / 2);
		lc_check_line_append(&line, check->grade, check->subject, check->text);
		lc_terminal_append(line.data, line.size - 1, text);
		lc_buffer_append_char(text, '\n');
		lc_buffer_free(&line);
	}
	lc_buffer_append_char(text, '\n');
}
