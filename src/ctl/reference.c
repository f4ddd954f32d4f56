#include "ctl/reference.h"

#include "formats/control_request.h"
#include "formats/document.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

#include <string.h>

static const char HEAD[] = "# What log-courier-ctl writes with --json\n"
			   "\n"
			   "Each command that asks the service or looks after ledgers writes one "
			   "JSON object in one line; with `--watch` one\n"
			   "line after another. An error is an object too. The exit codes are the "
			   "same as without `--json`.\n"
			   "\n"
			   "Numbers are whole and exact. Times are UTC: texts as "
			   "`2026-02-06T00:00:38.123Z`, or seconds since 1970 where it\n"
			   "says so. Within one major version no member goes away or changes its "
			   "meaning; members may be added, and a reader\n"
			   "ignores what it does not know. Texts from elsewhere that are not UTF-8 "
			   "have `?` for bytes that are not ASCII; what\n"
			   "could steer a terminal is escaped by JSON itself.\n"
			   "\n"
			   "This file is made by `log-courier-ctl help json`.\n";

static const char *type_text(enum lc_document_type type)
{
	switch (type) {
	case LC_DOCUMENT_COUNT:
	case LC_DOCUMENT_NUMBER:
		return "number";
	case LC_DOCUMENT_PID:
	case LC_DOCUMENT_OWNER:
	case LC_DOCUMENT_AGE:
		return "number or null";
	case LC_DOCUMENT_SECOND:
		return "seconds since 1970 or null";
	case LC_DOCUMENT_FLAG:
		return "true or false";
	case LC_DOCUMENT_STATE:
	case LC_DOCUMENT_SEVERITY:
		return "word";
	case LC_DOCUMENT_TEXT:
		return "text";
	case LC_DOCUMENT_LABEL:
	case LC_DOCUMENT_STRING:
		break;
	}
	return "text or null";
}

static void append_head(const char *title, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "\n%s\n\n| member | type | meaning |\n|---|---|---|\n",
				title);
}

/* A cell ends at a bar. */
static void append_row(const char *member, const char *type, const char *help,
		       struct lc_buffer *text)
{
	lc_buffer_append_format(text, "| `%s` | %s | ", member, type);
	for (; *help != '\0'; help++)
		lc_buffer_append_format(text, "%s%c", *help == '|' ? "\\" : "", *help);
	lc_buffer_append_text(text, " |\n");
}

static void append_layout(const struct lc_document_layout *layout, struct lc_buffer *text)
{
	struct lc_buffer title;

	lc_buffer_init(&title, SIZE_MAX / 2);
	if (layout->name == NULL)
		lc_buffer_append_text(&title, "The object itself:");
	else
		lc_buffer_append_format(&title, "Each of `%s`:", layout->name);
	append_head(lc_buffer_text(&title), text);
	lc_buffer_free(&title);
	for (size_t i = 0; i < layout->field_count; i++)
		append_row(layout->fields[i].name, type_text(layout->fields[i].type),
			   layout->fields[i].help, text);
}

/* "`status`, `health`": the commands that are answered so. */
static void append_commands(enum lc_control_request_answers answers, struct lc_buffer *text)
{
	const char *between = "";

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		if (LC_CONTROL_REQUEST_COMMANDS[i].answers != answers ||
		    i == LC_CONTROL_REQUEST_EXPLAIN)
			continue;
		lc_buffer_append_format(text, "%s`%s`", between,
					LC_CONTROL_REQUEST_COMMANDS[i].words);
		between = ", ";
	}
	lc_buffer_append_text(text, ".\n");
}

static void append_status(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\n## The status document\n\nWritten by ");
	append_commands(LC_CONTROL_REQUEST_BY_SUPERVISOR, text);
	lc_buffer_append_text(text, "`health` leaves `shards` out.\n");
	append_layout(&LC_STATUS_DOCUMENT_SERVICE_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_FINDING_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_SHARD_LAYOUT, text);
	lc_buffer_append_text(text, "\nThe words of `state`:\n\n| word | meaning |\n|---|---|\n");
#define LC_SHARD_STATE(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/shard_states.h"
	lc_buffer_append_text(text,
			      "\nThe words of `severity`:\n\n| word | meaning |\n|---|---|\n");
#define LC_SEVERITY(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/severities.h"
	lc_buffer_append_text(text, "\nThe words of `clickhouse_fault` and `s3_fault`:\n\n"
				    "| word | meaning | what to do |\n|---|---|---|\n");
#define LC_FAULT(name, word, reach, patience, what, advice) \
	lc_buffer_append_format(text, "| `%s` | %s | %s |\n", (word), (what), (advice));
#include "tbl/faults.h"
}

static void append_inspection(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\n## The inspection document\n\nWritten by ");
	append_commands(LC_CONTROL_REQUEST_BY_SHARDS, text);
	append_head("All of its lists are always there, empty where a command does not fill them:",
		    text);
	append_row("affected", "number", "what the command has reached: sources, targets", text);
	append_row("more", "number", "rows of its lists that were left out, see --limit", text);
	for (unsigned kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++)
		append_layout(&LC_INSPECTION_LAYOUTS[kind], text);
}

void lc_reference_append(struct lc_buffer *text)
{
	const char *last = "";

	lc_buffer_append_text(text, HEAD);
	append_status(text);
	append_inspection(text);
	lc_buffer_append_text(text, "\n## What log-courier-ctl itself writes\n");
#define LC_CTL_JSON(document, member, type, help)       \
	if (strcmp(last, (document)) != 0)              \
		append_head("For " document ":", text); \
	last = (document);                              \
	append_row((member), (type), (help), text);
#include "tbl/ctl_json_fields.h"
	lc_buffer_append_text(text,
			      "\nThe words of `situation`:\n\n| word | meaning |\n|---|---|\n");
#define LC_EXPLAIN_SITUATION(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/explain_situations.h"
}
