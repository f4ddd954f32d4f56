#include "ctl/help.h"

#include "config/text.h"
#include "ctl/arguments.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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
	lc_buffer_append_text(text, "Usage: log-courier-ctl [OPTION]... COMMAND\n"
				    "Asks a running log-courier, and looks after its ledgers.\n"
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
	lc_buffer_append_text(text, "\nlog-courier-ctl COMMAND --help tells a command's arguments, "
				    "with examples.\n"
				    "Where to begin: log-courier-ctl status\n");
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
