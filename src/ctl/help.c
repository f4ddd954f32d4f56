#include "ctl/help.h"

#include "base/counters.h"
#include "config/text.h"
#include "ctl/arguments.h"
#include "formats/document.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- --help ---- */

enum { COLUMN = 20, WIDTH = 78 };

/* "  what   help", the help in lines of its own column. */
static void append_entry(struct lc_buffer *text, const char *what, const char *help)
{
	struct lc_buffer lines;
	char indent[COLUMN + 4];

	snprintf(indent, sizeof(indent), "%*s", COLUMN + 3, "");
	lc_buffer_init(&lines, SIZE_MAX / 2);
	lc_text_wrap(&lines, indent, help, WIDTH);
	if (strlen(what) > COLUMN)
		lc_buffer_append_format(text, "  %s\n%s", what, indent);
	else
		lc_buffer_append_format(text, "  %-*s ", COLUMN, what);
	lc_buffer_append_text(text, lc_buffer_text(&lines) + strlen(indent));
	lc_buffer_free(&lines);
}

static bool takes(enum lc_control_request_command command, unsigned argument)
{
	return (LC_CONTROL_REQUEST_COMMANDS[command].takes & 1U << argument) != 0;
}

static void append_flag(const char *name, const char *word, struct lc_buffer *what)
{
	lc_buffer_append_format(what, "--%s%s%s", name, word[0] == '\0' ? "" : " ", word);
}

void lc_help_append_usage(enum lc_control_request_command command, bool with_options,
			  struct lc_buffer *text)
{
	bool all = takes(command, LC_CONTROL_REQUEST_ARGUMENT_ALL);

	lc_buffer_append_text(text, LC_CONTROL_REQUEST_COMMANDS[command].words);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (takes(command, i) &&
		    LC_CONTROL_REQUEST_ARGUMENTS[i].kind == LC_CONTROL_REQUEST_WORD)
			lc_buffer_append_format(text, " %s%s", LC_CONTROL_REQUEST_ARGUMENTS[i].word,
						all ? "|--all" : "");
	}
	for (unsigned i = 0; with_options && i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *argument =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if (!takes(command, i) || argument->kind == LC_CONTROL_REQUEST_WORD ||
		    i == LC_CONTROL_REQUEST_ARGUMENT_ALL)
			continue;
		lc_buffer_append_text(text, " [");
		append_flag(argument->parameter, argument->word, text);
		lc_buffer_append_char(text, ']');
	}
}

static void append_option(const char *name, const char *word, const char *help,
			  struct lc_buffer *text)
{
	struct lc_buffer what;

	lc_buffer_init(&what, SIZE_MAX / 2);
	append_flag(name, word, &what);
	append_entry(text, lc_buffer_text(&what), help);
	lc_buffer_free(&what);
}

static void append_common_options(const char *default_socket, bool looks, struct lc_buffer *text)
{
	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++) {
		const struct lc_arguments_option_description *option = &LC_ARGUMENTS_OPTIONS[i];
		struct lc_buffer help;

		if (i == LC_ARGUMENTS_OPTION_WATCH && !looks)
			continue;
		lc_buffer_init(&help, SIZE_MAX / 2);
		lc_buffer_append_text(&help, option->help);
		if (i == LC_ARGUMENTS_OPTION_SOCKET)
			lc_buffer_append_format(
			    &help, "; default: LOG_COURIER_SUPERVISOR_SOCKET, or else %s",
			    default_socket);
		append_option(option->option, option->word, lc_buffer_text(&help), text);
		lc_buffer_free(&help);
	}
}

static void append_exit_codes(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\nExit codes:\n");
#define LC_CTL_EXIT(name, number, help) append_entry(text, #number, help);
#include "tbl/ctl_exit_codes.h"
}

void lc_help_append(const char *default_socket, struct lc_buffer *text)
{
	lc_buffer_append_text(
	    text, "Usage: log-courier-ctl [OPTION]... COMMAND\n"
		  "Shows and controls a running log-courier, and checks or resets its ledgers.\n"
		  "\nCommands:\n");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		struct lc_buffer what;

		lc_buffer_init(&what, SIZE_MAX / 2);
		lc_help_append_usage((enum lc_control_request_command)i, false, &what);
		append_entry(text, lc_buffer_text(&what), LC_CONTROL_REQUEST_COMMANDS[i].help);
		lc_buffer_free(&what);
	}
	for (unsigned i = 0; i < LC_ARGUMENTS_VERB_COUNT; i++) {
		const struct lc_arguments_verb_description *verb = &LC_ARGUMENTS_VERBS[i];
		char what[64];

		snprintf(what, sizeof(what), "%s %s", verb->verb, verb->word);
		append_entry(text, what, verb->help);
	}
	lc_buffer_append_text(text, "\nOptions of all commands:\n");
	append_common_options(default_socket, true, text);
	append_exit_codes(text);
	lc_buffer_append_text(text, "\nlog-courier-ctl COMMAND --help explains a command and gives "
				    "examples.\nStart with: log-courier-ctl status\n");
}

static const char *const MANUALS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define LC_CONTROL_MANUAL(name, text) [LC_CONTROL_REQUEST_##name] = (text),
#include "tbl/control_manual.h"
};

static void append_examples(enum lc_control_request_command command, struct lc_buffer *text)
{
	static const struct {
		enum lc_control_request_command command;
		const char *arguments;
		const char *what;
	} examples[] = {
#define LC_CONTROL_EXAMPLE(name, arguments, what) {LC_CONTROL_REQUEST_##name, (arguments), (what)},
#include "tbl/control_manual.h"
	};
	const char *title = "\nExamples:\n";

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (examples[i].command != command)
			continue;
		lc_buffer_append_format(text, "%s  log-courier-ctl %s\n      %s\n", title,
					examples[i].arguments, examples[i].what);
		title = "";
	}
}

void lc_help_append_command(enum lc_control_request_command command, const char *default_socket,
			    struct lc_buffer *text)
{
	const struct lc_control_request_description *description =
	    &LC_CONTROL_REQUEST_COMMANDS[command];
	const char *manual = MANUALS[command];

	lc_buffer_append_text(text, "Usage: log-courier-ctl ");
	lc_help_append_usage(command, true, text);
	lc_buffer_append_format(text, "\n\n%c%s.\n", toupper((unsigned char)description->help[0]),
				description->help + 1);
	if (manual != NULL) {
		lc_buffer_append_char(text, '\n');
		lc_text_wrap(text, "", manual, WIDTH);
	}
	lc_buffer_append_text(text, "\nArguments:\n");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *argument =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if (!takes(command, i))
			continue;
		if (argument->kind == LC_CONTROL_REQUEST_WORD)
			append_entry(text, argument->word, argument->help);
		else
			append_option(argument->parameter, argument->word, argument->help, text);
	}
	append_common_options(default_socket, lc_arguments_only_looks(command), text);
	append_examples(command, text);
	append_exit_codes(text);
}

/* ---- what --json writes ---- */

static const char JSON_HEAD[] =
    "# What log-courier-ctl writes with --json\n"
    "\n"
    "Each command that queries the service or works on ledgers writes one JSON object on one\n"
    "line; with `--watch`, one line after another. An error is an object, too. The exit\n"
    "codes are the same as without `--json`.\n"
    "\n"
    "Numbers are whole and exact. Times are in UTC: text such as `2026-02-06T00:00:38.123Z`,\n"
    "or seconds since 1970 where it says so. Within one major version no member is removed\n"
    "or changes its meaning; members may be added, and a reader must ignore those that it\n"
    "does not know. In text from elsewhere that is not UTF-8, `?` stands for bytes that are\n"
    "not ASCII; JSON itself escapes what could control a terminal.\n"
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
	case LC_DOCUMENT_STEP:
	case LC_DOCUMENT_TARGET_STATE:
	case LC_DOCUMENT_DELIVERY_STATE:
	case LC_DOCUMENT_VERDICT_GRADE:
		return "word";
	case LC_DOCUMENT_RELOAD_STATE:
	case LC_DOCUMENT_FAULT:
		return "word or null";
	case LC_DOCUMENT_TEXT:
		return "text";
	case LC_DOCUMENT_LABEL:
	case LC_DOCUMENT_STRING:
		break;
	}
	return "text or null";
}

static void append_member_head(const char *title, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "\n%s\n\n| member | type | meaning |\n|---|---|---|\n",
				title);
}

/* A cell ends at a bar. */
static void append_member(const char *member, const char *type, const char *help,
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
	append_member_head(lc_buffer_text(&title), text);
	lc_buffer_free(&title);
	for (size_t i = 0; i < layout->field_count; i++)
		append_member(layout->fields[i].name, type_text(layout->fields[i].type),
			      layout->fields[i].help, text);
}

/* "Written by `status`, `health`.": the commands that are answered so. */
static void append_commands(enum lc_control_request_answers answers, struct lc_buffer *text)
{
	const char *between = "Written by ";
	struct lc_buffer sentence;

	lc_buffer_init(&sentence, SIZE_MAX / 2);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		if (LC_CONTROL_REQUEST_COMMANDS[i].answers != answers ||
		    i == LC_CONTROL_REQUEST_EXPLAIN)
			continue;
		lc_buffer_append_format(&sentence, "%s`%s`", between,
					LC_CONTROL_REQUEST_COMMANDS[i].words);
		between = ", ";
	}
	lc_buffer_append_char(&sentence, '.');
	lc_text_wrap(text, "", lc_buffer_text(&sentence), WIDTH);
	lc_buffer_free(&sentence);
}

static void append_status(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\n## The status document\n\n");
	append_commands(LC_CONTROL_REQUEST_BY_SUPERVISOR, text);
	lc_buffer_append_text(text, "`health` omits `shards`, `checks` and `machines`.\n"
				    "`reload`, `preflight` and `drain` write it when they end.\n");
	append_layout(&LC_STATUS_DOCUMENT_SERVICE_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_FINDING_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_SHARD_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_CHECK_LAYOUT, text);
	append_layout(&LC_STATUS_DOCUMENT_MACHINE_LAYOUT, text);
	lc_buffer_append_text(text, "\nThe words of `state`:\n\n| word | meaning |\n|---|---|\n");
#define LC_SHARD_STATE(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/shard_states.h"
	lc_buffer_append_text(text,
			      "\nThe words of `severity`:\n\n| word | meaning |\n|---|---|\n");
#define LC_SEVERITY(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/severities.h"
	lc_buffer_append_text(text, "\nThe words of `grade`:\n\n| word | meaning |\n|---|---|\n");
#define LC_VERDICT_GRADE(name, word, shown, counted, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/verdict_grades.h"
	lc_buffer_append_text(text, "\nThe words of `clickhouse_fault` and `s3_fault`:\n\n"
				    "| word | meaning | what to do |\n|---|---|---|\n");
#define LC_FAULT(name, word, reach, patience, what, advice) \
	lc_buffer_append_format(text, "| `%s` | %s | %s |\n", (word), (what), (advice));
#include "tbl/faults.h"
}

static void append_inspection(struct lc_buffer *text)
{
	lc_buffer_append_text(text, "\n## The inspection document\n\n");
	append_commands(LC_CONTROL_REQUEST_BY_SHARDS, text);
	append_member_head(
	    "All of its lists are always present, and empty where a command does not fill them:",
	    text);
	append_member("affected", "number", "how many sources or targets the command reached",
		      text);
	append_member("more", "number", "rows that were left out of its lists, see --limit", text);
	for (unsigned kind = 0; kind < LC_INSPECTION_KIND_COUNT; kind++)
		append_layout(&LC_INSPECTION_LAYOUTS[kind], text);
}

void lc_help_append_json(struct lc_buffer *text)
{
	const char *last = "";

	lc_buffer_append_text(text, JSON_HEAD);
	append_status(text);
	append_inspection(text);
	lc_buffer_append_text(text, "\n## What log-courier-ctl itself writes\n");
#define LC_CTL_JSON(document, member, type, help)              \
	if (strcmp(last, (document)) != 0)                     \
		append_member_head("For " document ":", text); \
	last = (document);                                     \
	append_member((member), (type), (help), text);
#include "tbl/ctl_json_fields.h"
	lc_buffer_append_text(text,
			      "\nThe words of `situation`:\n\n| word | meaning |\n|---|---|\n");
#define LC_EXPLAIN_SITUATION(name, word, help) \
	lc_buffer_append_format(text, "| `%s` | %s |\n", (word), (help));
#include "tbl/explain_situations.h"
}

/* ---- the metrics ---- */

static const char METRICS_HEAD[] =
    "# The metrics of log-courier\n"
    "\n"
    "Served at `/metrics` on the metrics port (`metrics-server.listen-port`) in Prometheus'\n"
    "text format. Every metric of a shard has the label `shard`, its number. No metric has a\n"
    "label for buckets, whose number is unbounded, except the one for the sources that lag\n"
    "most. A worker's counters start from zero when the supervisor is restarted, but not\n"
    "when the worker is. Alert rules that use them are in contrib/prometheus, a dashboard is\n"
    "in contrib/grafana.\n"
    "\n"
    "This file is made by `log-courier-ctl help metrics`.\n";

static void append_metric_head(const char *title, const char *intro, struct lc_buffer *text)
{
	lc_buffer_append_format(
	    text, "\n## %s\n\n%s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n",
	    title, intro);
}

/* The label's name of name="value". */
static int name_size(const char *label)
{
	return (int)strcspn(label, "=");
}

static void append_metric(const char *family, const char *type, const char *label, const char *help,
			  struct lc_buffer *text)
{
	lc_buffer_append_format(text, "| `%s` | %s | %s%.*s%s | %s |\n", family, type,
				label[0] == '\0' ? "" : "`", name_size(label), label,
				label[0] == '\0' ? "" : "`", help);
}

/* What the label may say, taken from the family's rows. */
static void append_values(size_t row, struct lc_buffer *cell)
{
	const struct lc_counters_description *rows = LC_COUNTERS_DESCRIPTIONS;
	const char *between = ": ";

	for (size_t i = row; i < LC_COUNTERS_COUNT &&
			     (i == row || !lc_counters_begins_family((enum lc_counters_name)i));
	     i++) {
		const char *value = rows[i].labels + name_size(rows[i].labels) + strlen("=\"");

		lc_buffer_append_format(cell, "%s%.*s", between, (int)strcspn(value, "\""), value);
		between = ", ";
	}
}

static void append_counters(struct lc_buffer *text)
{
	append_metric_head("Counters and gauges of each shard", "They have the label `shard`, too.",
			   text);
	for (size_t i = 0; i < LC_COUNTERS_COUNT; i++) {
		const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[i];
		struct lc_buffer cell;

		if (!lc_counters_begins_family((enum lc_counters_name)i))
			continue;
		lc_buffer_init(&cell, SIZE_MAX / 2);
		if (row->labels[0] != '\0') {
			lc_buffer_append_format(&cell, "`%.*s`", name_size(row->labels),
						row->labels);
			append_values(i, &cell);
		}
		lc_buffer_append_format(text, "| `%s` | %s | %s | %s |\n", row->family,
					lc_counters_type((enum lc_counters_name)i),
					cell.size == 0 ? "" : lc_buffer_text(&cell), row->help);
		lc_buffer_free(&cell);
	}
}

static void append_histograms(struct lc_buffer *text)
{
	lc_buffer_append_text(text,
			      "\n## Histograms of each shard\n\nAs Prometheus has them: "
			      "`_bucket`, `_sum` and `_count`.\n\n"
			      "| metric | labels | buckets up to | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < LC_COUNTERS_HISTOGRAM_COUNT; i++) {
		const struct lc_counters_histogram_description *row =
		    &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[i];

		if (row->help[0] == '\0')
			continue;
		lc_buffer_append_format(text, "| `%s` | ", row->family);
		if (row->labels[0] != '\0')
			lc_buffer_append_format(text, "`%.*s`", name_size(row->labels),
						row->labels);
		lc_buffer_append_text(text, " | ");
		for (size_t bound = 0; bound < row->bound_count; bound++)
			lc_buffer_append_format(text, "%s%.15g", bound == 0 ? "" : ", ",
						row->bounds[bound]);
		lc_buffer_append_format(text, " | %s |\n", row->help);
	}
}

void lc_help_append_metrics(struct lc_buffer *text)
{
	lc_buffer_append_text(text, METRICS_HEAD);
	append_metric_head("The service as a whole", "One sample each, or one for each label.",
			   text);
#define LC_SERVICE_METRIC(family, type, labels, value, help) \
	if ((help)[0] != '\0')                               \
		append_metric((family), (type), (labels), (help), text);
#include "tbl/service_metrics.h"
	append_metric_head("The processes of the service",
			   "By Prometheus' convention; one sample each.", text);
#define LC_PROCESS_METRIC(family, type, value, help) \
	append_metric((family), (type), "", (help), text);
#include "tbl/service_metrics.h"
	append_metric_head("What the supervisor knows about each shard",
			   "They are present even if the shard has no worker.", text);
#define LC_SHARD_METRIC(family, type, value, help) \
	append_metric((family), (type), "shard", (help), text);
#define LC_OWNER_METRIC(family, type, value, help) \
	append_metric((family), (type), "shard, owner", (help), text);
#include "tbl/service_metrics.h"
	append_metric_head("The sources that lag most", "They have the label `shard`, too.", text);
#define LC_SOURCE_METRIC(family, type, labels, help) \
	append_metric((family), (type), (labels), (help), text);
#include "tbl/service_metrics.h"
	append_counters(text);
	append_histograms(text);
}
