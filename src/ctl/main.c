/*
 * log-courier-ctl: asks a running log-courier over its control socket, and looks after its ledgers.
 * Reads the command line, gets a document, shows it; the exit code tells scripts what came of it.
 */
#include "config/settings.h"
#include "ctl/arguments.h"
#include "ctl/completion.h"
#include "ctl/help.h"
#include "ctl/ledger_files.h"
#include "ctl/outcome.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/terminal.h"
#include "formats/status_document.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A setting's value from the environment, or else its default. */
static const char *setting(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value == NULL || value[0] == '\0' ? fallback : value;
}

static const char *socket_of(const struct lc_arguments *arguments,
			     const struct lc_settings *defaults)
{
	if (arguments->socket != NULL)
		return arguments->socket;
	return setting("LOG_COURIER_SUPERVISOR_SOCKET", defaults->supervisor_socket);
}

/* ---- what is asked of the service ---- */

static int look(const struct lc_arguments *arguments, const struct lc_settings *defaults,
		struct lc_buffer *text)
{
	const char *socket = socket_of(arguments, defaults);
	enum lc_arguments_exit code;
	struct lc_error error;

	if (arguments->watch_seconds > 0)
		return lc_show_watch(arguments, socket);
	code = lc_show_once(arguments, socket, text, &error);
	if (error.kind != LC_ERROR_NONE)
		return lc_output_error(&error, code, arguments->json);
	return lc_output_text(text, code, arguments->json);
}

/* What was tried is done once somebody says so. */
static int ask(const struct lc_arguments *arguments, const struct lc_settings *defaults,
	       struct lc_buffer *text)
{
	const char *words = LC_CONTROL_REQUEST_COMMANDS[arguments->request.command].words;
	struct lc_arguments agreed = *arguments;
	enum lc_arguments_exit code;
	struct lc_error error;

	if (!arguments->asks)
		return look(arguments, defaults, text);
	if (arguments->json || isatty(STDIN_FILENO) == 0) {
		lc_error_set(&error, LC_ERROR_USAGE,
			     "%s asks for confirmation on a terminal; in a script, use --yes, or "
			     "--dry-run to see how much it would be",
			     words);
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_USAGE, arguments->json);
	}
	code = lc_show_once(arguments, socket_of(arguments, defaults), text, &error);
	if (error.kind != LC_ERROR_NONE)
		return lc_output_error(&error, code, false);
	if (code != LC_ARGUMENTS_EXIT_DONE)
		return lc_output_text(text, code, false);
	lc_buffer_append_text(text, "Deliver them again? Type yes: ");
	if (!lc_terminal_confirm(text)) {
		lc_error_set(&error, LC_ERROR_CANCELLED, "nothing was ordered");
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNHEALTHY, false);
	}
	agreed.request.given &= ~(1U << LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN);
	agreed.request.given |= 1U << LC_CONTROL_REQUEST_ARGUMENT_YES;
	lc_buffer_clear(text);
	return look(&agreed, defaults, text);
}

/* An order that takes its time: what comes of it is the answer. */
static int order(const struct lc_arguments *arguments, const struct lc_settings *defaults,
		 struct lc_buffer *text)
{
	const char *socket = socket_of(arguments, defaults);
	struct lc_error error;
	enum lc_arguments_exit code = lc_show_once(arguments, socket, text, &error);

	if (error.kind != LC_ERROR_NONE)
		return lc_output_error(&error, code, arguments->json);
	if (!arguments->json && lc_output_text(text, code, arguments->json) != (int)code)
		return LC_ARGUMENTS_EXIT_UNREACHABLE;
	return lc_outcome_await(arguments, socket);
}

/* ---- the state directory ---- */

static struct lc_ledger_files files_of(const struct lc_arguments *arguments,
				       const struct lc_settings *defaults)
{
	const struct lc_control_request *request = &arguments->request;
	const char *directory = request->state_directory;

	if (directory[0] == '\0')
		directory = setting("LOG_COURIER_STATE_DIRECTORY", defaults->state_directory);
	return (struct lc_ledger_files){
	    .directory = directory,
	    .one = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD),
	    .shard = request->shard,
	};
}

static int check_ledgers(const struct lc_arguments *arguments, const struct lc_settings *defaults,
			 struct lc_buffer *text)
{
	struct lc_ledger_files files = files_of(arguments, defaults);
	struct lc_error error;
	bool sound;

	if (!lc_ledger_files_check(&files, arguments->json, text, &sound, &error))
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNHEALTHY, arguments->json);
	return lc_output_text(text, sound ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY,
			      arguments->json);
}

static int reset_ledgers(const struct lc_arguments *arguments, const struct lc_settings *defaults,
			 struct lc_buffer *text)
{
	struct lc_ledger_files files = files_of(arguments, defaults);
	bool yes = lc_control_request_has(&arguments->request, LC_CONTROL_REQUEST_ARGUMENT_YES);
	struct lc_error error;

	if (!lc_ledger_files_reset(&files, yes, arguments->json, text, &error))
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNHEALTHY, arguments->json);
	return lc_output_text(text, LC_ARGUMENTS_EXIT_DONE, arguments->json);
}

/* ---- all commands ---- */

static int (*const HANDLERS[LC_CONTROL_REQUEST_COMMAND_COUNT])(const struct lc_arguments *arguments,
							       const struct lc_settings *defaults,
							       struct lc_buffer *text) = {
#define SHOW(handler) look
#define RENDER(renderer) look
#define ASK(renderer) ask
#define AWAIT(renderer, outcome, lines) order
#define FILES(handler) handler
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

static int act(const struct lc_arguments *arguments, const struct lc_settings *defaults)
{
	struct lc_buffer text;
	int code;

	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	code = HANDLERS[arguments->request.command](arguments, defaults, &text);
	lc_buffer_free(&text);
	return code;
}

/* The verbs, and --help. */
static int run_verb(const struct lc_arguments *arguments, const struct lc_settings *defaults)
{
	struct lc_buffer text;
	int code;

	lc_buffer_init(&text, SIZE_MAX / 2);
	if (arguments->verb == LC_ARGUMENTS_VERB_COMPLETION && !arguments->help)
		lc_completion_append_script(arguments->word, &text);
	else if (arguments->verb == LC_ARGUMENTS_VERB_HELP && arguments->word != NULL)
		(strcmp(arguments->word, "json") == 0 ? lc_help_append_json
						      : lc_help_append_metrics)(&text);
	else if (arguments->request.command != LC_CONTROL_REQUEST_COMMAND_COUNT)
		lc_help_append_command(arguments->request.command, defaults->supervisor_socket,
				       &text);
	else
		lc_help_append(defaults->supervisor_socket, &text);
	code = lc_output_text(&text, LC_ARGUMENTS_EXIT_DONE, arguments->json);
	lc_buffer_free(&text);
	return code;
}

static int run(const struct lc_arguments *arguments, const struct lc_settings *defaults)
{
	struct lc_error error;
	int code;

	if (arguments->help || arguments->verb != LC_ARGUMENTS_VERB_COUNT)
		return run_verb(arguments, defaults);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		lc_error_set(&error, LC_ERROR_SYSTEM, "libcurl could not be set up");
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNREACHABLE, arguments->json);
	}
	code = act(arguments, defaults);
	curl_global_cleanup();
	return code;
}

/* For the scripts of shells: "completion candidates -- WORD...". What is typed need not be a whole
 * command line, so it is not read as one. */
static int complete(char *const *words, size_t count, const struct lc_settings *defaults)
{
	struct lc_arguments arguments = {.json = false};
	const char *socket;
	struct lc_buffer text;
	int code;

	for (size_t i = 0; i + 1 < count; i++) {
		if (strcmp(words[i], "--socket") == 0)
			arguments.socket = words[i + 1];
	}
	socket = socket_of(&arguments, defaults);
	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_completion_append_candidates((const char *const *)words, count,
					lc_completion_ask_service, &socket, &text);
	code = lc_output_text(&text, LC_ARGUMENTS_EXIT_DONE, false);
	lc_buffer_free(&text);
	return code;
}

int main(int argc, char **argv)
{
	struct lc_settings defaults;
	struct lc_arguments arguments;
	struct lc_error error;
	int code;

	lc_settings_default(&defaults);
	if (argc > 3 && strcmp(argv[1], "completion") == 0 && strcmp(argv[2], "candidates") == 0)
		code = complete(argv + 4, (size_t)(argc - 4), &defaults);
	else if (!lc_arguments_read(&arguments, argc, argv, &error))
		code = lc_output_error(&error, LC_ARGUMENTS_EXIT_USAGE, arguments.json);
	else
		code = run(&arguments, &defaults);
	lc_settings_free(&defaults);
	return code;
}
