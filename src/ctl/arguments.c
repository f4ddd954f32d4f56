#include "ctl/arguments.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 18 };

/* An option as it stands in argv. */
struct option {
	const char *name; /* without dashes; up to '=' */
	size_t name_size;
	const char *value; /* behind '=' or in the next argument; NULL for none */
};

static bool is_option(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0';
}

static bool named(const struct option *option, const char *name)
{
	return option->name_size == strlen(name) &&
	       memcmp(option->name, name, option->name_size) == 0;
}

/* The argument of commands that the option names; COUNT if there is none. */
static enum lc_control_request_argument argument_of(const struct option *option)
{
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *description =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if (description->kind != LC_CONTROL_REQUEST_WORD &&
		    named(option, description->parameter))
			return (enum lc_control_request_argument)i;
	}
	return LC_CONTROL_REQUEST_ARGUMENT_COUNT;
}

static bool takes_value(const struct option *option)
{
	enum lc_control_request_argument argument = argument_of(option);

	if (named(option, "socket"))
		return true;
	return argument != LC_CONTROL_REQUEST_ARGUMENT_COUNT &&
	       LC_CONTROL_REQUEST_ARGUMENTS[argument].kind == LC_CONTROL_REQUEST_VALUE;
}

/* Takes the option that `next` points to, and its value. */
static struct option take_option(char *const **next)
{
	const char *text = *(*next)++;
	const char *equals = strchr(text, '=');
	struct option option = {.name = text};

	while (*option.name == '-' && option.name < text + 2)
		option.name++;
	option.name_size = equals == NULL ? strlen(option.name) : (size_t)(equals - option.name);
	if (equals != NULL)
		option.value = equals + 1;
	else if (takes_value(&option) && **next != NULL)
		option.value = *(*next)++;
	return option;
}

/* ---- the command ---- */

/* A command of two words begins with this one. */
static bool begins_command(const char *word)
{
	size_t size = strlen(word);

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const char *words = LC_CONTROL_REQUEST_COMMANDS[i].words;

		if (strncmp(words, word, size) == 0 && words[size] == ' ')
			return true;
	}
	return false;
}

static bool set_command(struct lc_arguments *arguments, const char *words, struct lc_error *error)
{
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		if (strcmp(words, LC_CONTROL_REQUEST_COMMANDS[i].words) == 0) {
			lc_control_request_init(&arguments->request,
						(enum lc_control_request_command)i);
			return true;
		}
	}
	return lc_error_set(error, LC_ERROR_USAGE, "there is no command \"%.200s\"", words);
}

/* Finds the command among what is no option. */
static bool find_command(struct lc_arguments *arguments, char *const *next, struct lc_error *error)
{
	const char *first = NULL;
	char words[256];

	while (*next != NULL) {
		if (is_option(*next)) {
			take_option(&next);
			continue;
		}
		if (first != NULL) {
			snprintf(words, sizeof(words), "%s %.200s", first, *next);
			return set_command(arguments, words, error);
		}
		if (!begins_command(*next))
			return set_command(arguments, *next, error);
		first = *next++;
	}
	return first == NULL ||
	       lc_error_set(error, LC_ERROR_USAGE, "\"%s\" needs another word behind it", first);
}

/* ---- its arguments ---- */

static bool read_option(struct lc_arguments *arguments, const struct option *option,
			struct lc_error *error)
{
	enum lc_control_request_argument argument = argument_of(option);
	struct lc_view value = lc_view_of(option->value == NULL ? "" : option->value);

	if (takes_value(option) && value.size == 0)
		return lc_error_set(error, LC_ERROR_USAGE, "--%.*s needs a value",
				    (int)option->name_size, option->name);
	if (named(option, "socket"))
		arguments->socket = option->value;
	else if (named(option, "json"))
		arguments->json = true;
	else if (named(option, "help") || named(option, "h"))
		arguments->help = true;
	else if (argument == LC_CONTROL_REQUEST_ARGUMENT_COUNT)
		return lc_error_set(error, LC_ERROR_USAGE, "there is no option \"--%.*s\"",
				    option->name_size < 200 ? (int)option->name_size : 200,
				    option->name);
	else if (arguments->request.command != LC_CONTROL_REQUEST_COMMAND_COUNT)
		return lc_control_request_set(&arguments->request, argument, value, error);
	return true;
}

static bool read_word(struct lc_arguments *arguments, const char *word, struct lc_error *error)
{
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[arguments->request.command];

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		enum lc_control_request_argument argument = (enum lc_control_request_argument)i;

		if (LC_CONTROL_REQUEST_ARGUMENTS[i].kind == LC_CONTROL_REQUEST_WORD &&
		    (command->takes & 1U << i) != 0 &&
		    !lc_control_request_has(&arguments->request, argument))
			return lc_control_request_set(&arguments->request, argument,
						      lc_view_of(word), error);
	}
	return lc_error_set(error, LC_ERROR_USAGE, "\"%.200s\" is one word too many", word);
}

static size_t words_in(const char *text)
{
	return strchr(text, ' ') == NULL ? 1 : 2;
}

static bool read_arguments(struct lc_arguments *arguments, char *const *next,
			   struct lc_error *error)
{
	bool found = arguments->request.command != LC_CONTROL_REQUEST_COMMAND_COUNT;
	size_t left =
	    found ? words_in(LC_CONTROL_REQUEST_COMMANDS[arguments->request.command].words) : 0;

	while (*next != NULL) {
		if (is_option(*next)) {
			struct option option = take_option(&next);

			if (!read_option(arguments, &option, error))
				return false;
		} else if (left > 0) {
			left--;
			next++;
		} else if (!read_word(arguments, *next++, error)) {
			return false;
		}
	}
	if (arguments->help)
		return true;
	if (!found)
		return lc_error_set(error, LC_ERROR_USAGE, "a command is missing");
	return lc_control_request_check(&arguments->request, error);
}

bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error)
{
	char *const *first = argc > 0 ? argv + 1 : argv;

	*arguments = (struct lc_arguments){.help = false};
	lc_control_request_init(&arguments->request, LC_CONTROL_REQUEST_COMMAND_COUNT);
	return find_command(arguments, first, error) && read_arguments(arguments, first, error);
}

/* ---- help ---- */

static void append_entry(struct lc_buffer *text, const char *what, const char *help)
{
	if (strlen(what) > HELP_COLUMN)
		lc_buffer_append_format(text, "  %s\n  %*s %s\n", what, HELP_COLUMN, "", help);
	else
		lc_buffer_append_format(text, "  %-*s %s\n", HELP_COLUMN, what, help);
}

/* The command with its words, "flush SESSION/BUCKET|--all". Its options stand in their own list. */
static void append_command(struct lc_buffer *text,
			   const struct lc_control_request_description *command)
{
	bool all = (command->takes & 1U << LC_CONTROL_REQUEST_ARGUMENT_ALL) != 0;
	struct lc_buffer what;

	lc_buffer_init(&what, 256);
	lc_buffer_append_text(&what, command->words);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *argument =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if ((command->takes & 1U << i) == 0 || argument->kind != LC_CONTROL_REQUEST_WORD)
			continue;
		lc_buffer_append_format(&what, " %s%s", argument->word, all ? "|--all" : "");
	}
	append_entry(text, lc_buffer_text(&what), command->help);
	lc_buffer_free(&what);
}

static void append_option(struct lc_buffer *text,
			  const struct lc_control_request_argument_description *argument)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s%s%s", argument->parameter,
		 argument->word[0] == '\0' ? "" : " ", argument->word);
	append_entry(text, what, argument->help);
}

/* An option is explained where the commands that take it are named. */
static void append_takers(struct lc_buffer *text, unsigned argument)
{
	const char *between = "";

	lc_buffer_append_format(text, "  %*s (", HELP_COLUMN, "");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		if ((LC_CONTROL_REQUEST_COMMANDS[i].takes & 1U << argument) == 0)
			continue;
		lc_buffer_append_format(text, "%s%s", between,
					LC_CONTROL_REQUEST_COMMANDS[i].words);
		between = ", ";
	}
	lc_buffer_append_text(text, ")\n");
}

void lc_arguments_append_help(const char *default_socket, struct lc_buffer *text)
{
	lc_buffer_append_text(text, "Usage: log-courier-ctl [OPTION]... COMMAND\n"
				    "Asks a running log-courier, and looks after its ledgers.\n"
				    "\nCommands:\n");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++)
		append_command(text, &LC_CONTROL_REQUEST_COMMANDS[i]);
	lc_buffer_append_text(text, "\nOptions of commands:\n");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (LC_CONTROL_REQUEST_ARGUMENTS[i].kind == LC_CONTROL_REQUEST_WORD)
			continue;
		append_option(text, &LC_CONTROL_REQUEST_ARGUMENTS[i]);
		append_takers(text, i);
	}
	lc_buffer_append_text(text, "\nOptions:\n");
	lc_buffer_append_format(text,
				"  --socket PATH      the service's control socket; default:\n"
				"                     LOG_COURIER_SUPERVISOR_SOCKET or else\n"
				"                     %s\n",
				default_socket);
	append_entry(text, "--json", "the answer as JSON, for scripts");
	append_entry(text, "--help", "this text");
	lc_buffer_append_text(text, "\nExit codes:\n");
#define LC_CTL_EXIT(name, number, help) append_entry(text, #number, help);
#include "tbl/ctl_exit_codes.h"
}
