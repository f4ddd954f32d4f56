#include "ctl/arguments.h"

#include "config/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct lc_arguments_verb_description LC_ARGUMENTS_VERBS[LC_ARGUMENTS_VERB_COUNT] = {
#define LC_CTL_VERB(name, verb, word, help) [LC_ARGUMENTS_VERB_##name] = {(verb), (word), (help)},
#include "tbl/ctl_verbs.h"
};

const struct lc_arguments_option_description LC_ARGUMENTS_OPTIONS[LC_ARGUMENTS_OPTION_COUNT] = {
#define LC_CTL_OPTION(name, option, kind, word, help) \
	[LC_ARGUMENTS_OPTION_##name] = {(option), LC_ARGUMENTS_##kind, (word), (help)},
#include "tbl/ctl_options.h"
};

/* An option as it stands in argv. */
struct option {
	const char *name; /* without dashes; up to '=' */
	size_t name_size;
	const char *value; /* after '=' or in the next argument; NULL for none */
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

/* The option of all commands that is named; COUNT if there is none. */
static enum lc_arguments_option common_of(const struct option *option)
{
	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++) {
		if (named(option, LC_ARGUMENTS_OPTIONS[i].option))
			return (enum lc_arguments_option)i;
	}
	return named(option, "h") ? LC_ARGUMENTS_OPTION_HELP : LC_ARGUMENTS_OPTION_COUNT;
}

static enum lc_arguments_kind kind_of(const struct option *option)
{
	enum lc_control_request_argument argument = argument_of(option);
	enum lc_arguments_option common = common_of(option);

	if (common != LC_ARGUMENTS_OPTION_COUNT)
		return LC_ARGUMENTS_OPTIONS[common].kind;
	return argument != LC_CONTROL_REQUEST_ARGUMENT_COUNT &&
		       LC_CONTROL_REQUEST_ARGUMENTS[argument].kind == LC_CONTROL_REQUEST_VALUE
		   ? LC_ARGUMENTS_VALUE
		   : LC_ARGUMENTS_FLAG;
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Takes the option that `next` points to, and its value. */
static struct option take_option(char *const **next)
{
	const char *text = *(*next)++;
	const char *equals = strchr(text, '=');
	struct option option = {.name = text};
	enum lc_arguments_kind kind;

	while (*option.name == '-' && option.name < text + 2)
		option.name++;
	option.name_size = equals == NULL ? strlen(option.name) : (size_t)(equals - option.name);
	kind = kind_of(&option);
	if (equals != NULL)
		option.value = equals + 1;
	else if (**next != NULL &&
		 (kind == LC_ARGUMENTS_VALUE || (kind == LC_ARGUMENTS_PACE && is_number(**next))))
		option.value = *(*next)++;
	return option;
}

/* ---- what was probably meant ---- */

static bool no_command(const char *words, struct lc_error *error)
{
	struct lc_text_guess guess = lc_text_guess_of(lc_view_of(words));

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++)
		(void)lc_text_guess(&guess, LC_CONTROL_REQUEST_COMMANDS[i].words);
	for (unsigned i = 0; i < LC_ARGUMENTS_VERB_COUNT; i++)
		(void)lc_text_guess(&guess, LC_ARGUMENTS_VERBS[i].verb);
	if (guess.nearest == NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "there is no command \"%.200s\"", words);
	return lc_error_set(error, LC_ERROR_USAGE,
			    "there is no command \"%.200s\"; did you mean \"%s\"?", words,
			    guess.nearest);
}

static bool no_option(const struct option *option, const struct lc_control_request *request,
		      struct lc_error *error)
{
	struct lc_text_guess guess =
	    lc_text_guess_of((struct lc_view){option->name, option->name_size});
	int size = option->name_size < 200 ? (int)option->name_size : 200;

	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++)
		(void)lc_text_guess(&guess, LC_ARGUMENTS_OPTIONS[i].option);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (LC_CONTROL_REQUEST_ARGUMENTS[i].kind != LC_CONTROL_REQUEST_WORD &&
		    request->command != LC_CONTROL_REQUEST_COMMAND_COUNT &&
		    (LC_CONTROL_REQUEST_COMMANDS[request->command].takes & 1U << i) != 0)
			(void)lc_text_guess(&guess, LC_CONTROL_REQUEST_ARGUMENTS[i].parameter);
	}
	if (guess.nearest == NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "there is no option \"--%.*s\"", size,
				    option->name);
	return lc_error_set(error, LC_ERROR_USAGE,
			    "there is no option \"--%.*s\"; did you mean \"--%s\"?", size,
			    option->name, guess.nearest);
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

static enum lc_control_request_command command_of(const char *words)
{
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		if (strcmp(words, LC_CONTROL_REQUEST_COMMANDS[i].words) == 0)
			return (enum lc_control_request_command)i;
	}
	return LC_CONTROL_REQUEST_COMMAND_COUNT;
}

static bool set_command(struct lc_arguments *arguments, const char *words, struct lc_error *error)
{
	enum lc_control_request_command command = command_of(words);

	if (command == LC_CONTROL_REQUEST_COMMAND_COUNT)
		return no_command(words, error);
	lc_control_request_init(&arguments->request, command);
	return true;
}

/* `first` is a command, the beginning of commands of two words, or both. */
static bool set_command_of_two(struct lc_arguments *arguments, const char *first,
			       const char *second, struct lc_error *error)
{
	char words[256];

	snprintf(words, sizeof(words), "%s %.200s", first, second);
	if (command_of(words) == LC_CONTROL_REQUEST_COMMAND_COUNT &&
	    command_of(first) != LC_CONTROL_REQUEST_COMMAND_COUNT)
		return set_command(arguments, first, error);
	return set_command(arguments, words, error);
}

/* The verb that the word is; COUNT if it is none. */
static enum lc_arguments_verb verb_of(const char *word)
{
	for (unsigned i = 0; i < LC_ARGUMENTS_VERB_COUNT; i++) {
		if (strcmp(word, LC_ARGUMENTS_VERBS[i].verb) == 0)
			return (enum lc_arguments_verb)i;
	}
	return LC_ARGUMENTS_VERB_COUNT;
}

/* What follows a verb. */
static bool set_word(struct lc_arguments *arguments, const char *word, bool *taken,
		     struct lc_error *error)
{
	*taken = true;
	arguments->word = word;
	if (arguments->verb == LC_ARGUMENTS_VERB_COMPLETION) {
		if (strcmp(word, "bash") == 0 || strcmp(word, "zsh") == 0 ||
		    strcmp(word, "fish") == 0)
			return true;
		return lc_error_set(error, LC_ERROR_USAGE,
				    "completion is for bash, zsh and fish, not \"%.200s\"", word);
	}
	if (strcmp(word, "json") == 0 || strcmp(word, "metrics") == 0)
		return true;
	arguments->word = NULL;
	*taken = false; /* help about a command */
	return true;
}

/* Finds the command among what is no option. */
static bool find_command(struct lc_arguments *arguments, char *const *next, struct lc_error *error)
{
	const char *first = NULL;

	while (*next != NULL) {
		bool taken = false;

		if (is_option(*next)) {
			take_option(&next);
			continue;
		}
		if (first == NULL && arguments->verb == LC_ARGUMENTS_VERB_COUNT &&
		    verb_of(*next) != LC_ARGUMENTS_VERB_COUNT) {
			arguments->verb = verb_of(*next++);
			continue;
		}
		if (first == NULL && arguments->verb != LC_ARGUMENTS_VERB_COUNT &&
		    !set_word(arguments, *next, &taken, error))
			return false;
		if (taken)
			return true;
		if (first != NULL)
			return set_command_of_two(arguments, first, *next, error);
		if (!begins_command(*next))
			return set_command(arguments, *next, error);
		first = *next++;
	}
	if (first != NULL && command_of(first) != LC_CONTROL_REQUEST_COMMAND_COUNT)
		return set_command(arguments, first, error);
	return first == NULL ||
	       lc_error_set(error, LC_ERROR_USAGE, "\"%s\" needs another word after it", first);
}

/* ---- its arguments ---- */

static bool read_pace(struct lc_arguments *arguments, const char *value, struct lc_error *error)
{
	unsigned long seconds = LC_ARGUMENTS_WATCH_DEFAULT;

	if (value != NULL) {
		seconds = is_number(value) && strlen(value) <= 5 ? strtoul(value, NULL, 10) : 0;
		if (seconds == 0 || seconds > LC_ARGUMENTS_WATCH_MAX)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "--watch takes seconds, 1 to %d, not \"%.200s\"",
					    LC_ARGUMENTS_WATCH_MAX, value);
	}
	arguments->watch_seconds = (unsigned)seconds;
	return true;
}

static bool read_common(struct lc_arguments *arguments, enum lc_arguments_option option,
			const char *value, struct lc_error *error)
{
	switch (option) {
	case LC_ARGUMENTS_OPTION_SOCKET:
		arguments->socket = value;
		return true;
	case LC_ARGUMENTS_OPTION_JSON:
		arguments->json = true;
		return true;
	case LC_ARGUMENTS_OPTION_HELP:
		arguments->help = true;
		return true;
	case LC_ARGUMENTS_OPTION_WATCH:
	case LC_ARGUMENTS_OPTION_COUNT:
		break;
	}
	return read_pace(arguments, value, error);
}

static bool read_option(struct lc_arguments *arguments, const struct option *option,
			struct lc_error *error)
{
	enum lc_control_request_argument argument = argument_of(option);
	enum lc_arguments_option common = common_of(option);
	enum lc_arguments_kind kind = kind_of(option);

	if (kind == LC_ARGUMENTS_VALUE && (option->value == NULL || option->value[0] == '\0'))
		return lc_error_set(error, LC_ERROR_USAGE, "--%.*s needs a value",
				    (int)option->name_size, option->name);
	if (common != LC_ARGUMENTS_OPTION_COUNT && kind == LC_ARGUMENTS_FLAG &&
	    option->value != NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "--%.*s takes no value",
				    (int)option->name_size, option->name);
	if (common != LC_ARGUMENTS_OPTION_COUNT)
		return read_common(arguments, common, option->value, error);
	if (argument == LC_CONTROL_REQUEST_ARGUMENT_COUNT)
		return no_option(option, &arguments->request, error);
	if (arguments->request.command != LC_CONTROL_REQUEST_COMMAND_COUNT)
		return lc_control_request_set(
		    &arguments->request, argument,
		    lc_view_of(option->value == NULL ? "" : option->value), error);
	return true;
}

static bool read_word(struct lc_arguments *arguments, const char *word, struct lc_error *error)
{
	bool found = arguments->request.command != LC_CONTROL_REQUEST_COMMAND_COUNT;
	unsigned takes = found ? LC_CONTROL_REQUEST_COMMANDS[arguments->request.command].takes : 0;

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		enum lc_control_request_argument argument = (enum lc_control_request_argument)i;

		if (LC_CONTROL_REQUEST_ARGUMENTS[i].kind == LC_CONTROL_REQUEST_WORD &&
		    (takes & 1U << i) != 0 &&
		    !lc_control_request_has(&arguments->request, argument))
			return lc_control_request_set(&arguments->request, argument,
						      lc_view_of(word), error);
	}
	return lc_error_set(error, LC_ERROR_USAGE, "unexpected argument \"%.200s\"", word);
}

/* Words in argv that are the verb and the command. */
static size_t words_before(const struct lc_arguments *arguments)
{
	size_t words = arguments->verb == LC_ARGUMENTS_VERB_COUNT ? 0 : 1;

	words += arguments->word != NULL;
	if (arguments->request.command == LC_CONTROL_REQUEST_COMMAND_COUNT)
		return words;
	return words +
	       (strchr(LC_CONTROL_REQUEST_COMMANDS[arguments->request.command].words, ' ') == NULL
		    ? 1
		    : 2);
}

static bool take_arguments(struct lc_arguments *arguments, char *const *next,
			   struct lc_error *error)
{
	size_t left = words_before(arguments);

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
	return true;
}

static bool check_verb(const struct lc_arguments *arguments, struct lc_error *error)
{
	const char *verb = LC_ARGUMENTS_VERBS[arguments->verb].verb;

	if (arguments->json)
		return lc_error_set(error, LC_ERROR_USAGE, "%s prints only text, never JSON", verb);
	if (arguments->watch_seconds > 0)
		return lc_error_set(error, LC_ERROR_USAGE, "%s cannot be used with --watch", verb);
	if (arguments->verb == LC_ARGUMENTS_VERB_COMPLETION && arguments->word == NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "%s needs %s", verb,
				    LC_ARGUMENTS_VERBS[arguments->verb].word);
	return true;
}

bool lc_arguments_only_looks(enum lc_control_request_command command)
{
	return strcmp(LC_CONTROL_REQUEST_COMMANDS[command].method, "GET") == 0;
}

/* What can be tried is tried first, unless that was agreed to beforehand. */
static void try_first(struct lc_arguments *arguments)
{
	const unsigned yes = 1U << LC_CONTROL_REQUEST_ARGUMENT_YES;
	const unsigned dry_run = 1U << LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN;
	struct lc_control_request *request = &arguments->request;

	if ((LC_CONTROL_REQUEST_COMMANDS[request->command].takes & dry_run) == 0)
		return;
	if ((request->given & dry_run) != 0) {
		request->given &= ~yes;
	} else if ((request->given & yes) == 0) {
		request->given |= dry_run;
		arguments->asks = true;
	}
}

static bool check(struct lc_arguments *arguments, struct lc_error *error)
{
	enum lc_control_request_command command = arguments->request.command;

	if (arguments->help)
		return true;
	if (arguments->verb != LC_ARGUMENTS_VERB_COUNT)
		return check_verb(arguments, error);
	if (command == LC_CONTROL_REQUEST_COMMAND_COUNT)
		return lc_error_set(error, LC_ERROR_USAGE, "a command is missing");
	if (arguments->watch_seconds > 0 && !lc_arguments_only_looks(command))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "%s changes something, and --watch would repeat that; use "
				    "--watch only with commands that change nothing",
				    LC_CONTROL_REQUEST_COMMANDS[command].words);
	try_first(arguments);
	return lc_control_request_check(&arguments->request, error);
}

/* Whether errors are to be JSON is known before anything else is. */
static bool asks_for_json(char *const *next)
{
	while (*next != NULL) {
		struct option option = {.name = NULL};

		if (!is_option(*next)) {
			next++;
			continue;
		}
		option = take_option(&next);
		if (common_of(&option) == LC_ARGUMENTS_OPTION_JSON)
			return true;
	}
	return false;
}

bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error)
{
	char *const *first = argc > 0 ? argv + 1 : argv;

	*arguments = (struct lc_arguments){.verb = LC_ARGUMENTS_VERB_COUNT};
	lc_control_request_init(&arguments->request, LC_CONTROL_REQUEST_COMMAND_COUNT);
	arguments->json = asks_for_json(first);
	if (!find_command(arguments, first, error) || !take_arguments(arguments, first, error))
		return false;
	return check(arguments, error);
}
