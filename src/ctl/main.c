/*
 * log-courier-ctl: asks a running log-courier over its control socket, and looks after its ledgers.
 * Reads the command line, gets a document, shows it; the exit code tells scripts what came of it.
 */
#include "config/settings.h"
#include "ctl/arguments.h"
#include "ctl/client.h"
#include "ctl/ledger_care.h"
#include "ctl/render.h"
#include "ctl/render_inspection.h"
#include "formats/status_document.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HELP_MAX = 16 * 1024 };

static int complain(struct lc_error *error, enum lc_arguments_exit code)
{
	/* what could move a terminal's cursor is replaced */
	for (char *c = error->message; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	}
	fprintf(stderr, "log-courier-ctl: %s\n", error->message);
	if (code == LC_ARGUMENTS_EXIT_USAGE)
		fprintf(stderr, "Try: log-courier-ctl --help\n");
	return (int)code;
}

/* Output that nobody could read is no success. */
static int print(struct lc_buffer *text, enum lc_arguments_exit code)
{
	struct lc_error error;

	if (lc_buffer_failed(text))
		lc_error_set(&error, LC_ERROR_LIMIT, "the answer is too long to be shown");
	else if (fwrite(text->data, 1, text->size, stdout) != text->size || fflush(stdout) != 0)
		lc_error_set(&error, LC_ERROR_SYSTEM, "the answer could not be written");
	else
		return (int)code;
	return complain(&error, LC_ARGUMENTS_EXIT_UNREACHABLE);
}

static int print_help(const char *default_socket)
{
	struct lc_buffer text;
	int code;

	lc_buffer_init(&text, HELP_MAX);
	lc_arguments_append_help(default_socket, &text);
	code = print(&text, LC_ARGUMENTS_EXIT_DONE);
	lc_buffer_free(&text);
	return code;
}

static struct lc_render_style style_of_stdout(void)
{
	const char *no_colour = getenv("NO_COLOR");
	struct lc_render_style style = {.width = 0, .colour = false};
	struct winsize size;

	if (isatty(STDOUT_FILENO) == 0)
		return style;
	style.colour = no_colour == NULL || no_colour[0] == '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		style.width = size.ws_col;
	return style;
}

static int misunderstood(struct lc_error *error)
{
	lc_error_prefix(error, "the service's answer is not understood");
	return complain(error, LC_ARGUMENTS_EXIT_UNREACHABLE);
}

static int show_status(const struct lc_arguments *arguments, const struct lc_buffer *json,
		       struct lc_buffer *text)
{
	bool health = arguments->request.command == LC_CONTROL_REQUEST_HEALTH;
	struct lc_status_document document;
	struct lc_error error;
	bool unhealthy;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, &error))
		return misunderstood(&error);
	unhealthy = health && !document.healthy;
	if (arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else if (health)
		lc_render_health(&document, style_of_stdout(), text);
	else
		lc_render_status(&document, style_of_stdout(), text);
	lc_status_document_free(&document);
	return print(text, unhealthy ? LC_ARGUMENTS_EXIT_UNHEALTHY : LC_ARGUMENTS_EXIT_DONE);
}

static int show_inspection(const struct lc_arguments *arguments, const struct lc_buffer *json,
			   struct lc_buffer *text)
{
	struct lc_inspection document;
	struct lc_error error;
	bool whole;

	if (!lc_inspection_decode(lc_buffer_view(json), &document, &error))
		return misunderstood(&error);
	whole = document.lists[LC_INSPECTION_PROBLEMS].count == 0;
	if (arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_inspection(&arguments->request, &document, style_of_stdout(), text);
	lc_inspection_free(&document);
	return print(text, whole ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY);
}

static int ask(const struct lc_arguments *arguments, const char *socket, struct lc_buffer *text)
{
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[arguments->request.command];
	struct lc_buffer target;
	struct lc_buffer json;
	struct lc_error error;
	int code;

	lc_buffer_init(&target, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_control_request_append(&arguments->request, &target);
	if (!lc_client_ask(socket, command->method, lc_buffer_text(&target), &json, &error))
		code =
		    complain(&error, error.kind == LC_ERROR_USAGE ? LC_ARGUMENTS_EXIT_UNHEALTHY
								  : LC_ARGUMENTS_EXIT_UNREACHABLE);
	else if (command->answers == LC_CONTROL_REQUEST_BY_SUPERVISOR)
		code = show_status(arguments, &json, text);
	else
		code = show_inspection(arguments, &json, text);
	lc_buffer_free(&target);
	lc_buffer_free(&json);
	return code;
}

static int care(const struct lc_arguments *arguments, const char *state_directory,
		struct lc_buffer *text)
{
	const struct lc_control_request *request = &arguments->request;
	struct lc_ledger_files files = {
	    .directory = state_directory,
	    .one = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SHARD),
	    .shard = request->shard,
	};
	bool yes = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_YES);
	struct lc_error error;
	bool sound = true;
	bool done;

	if (request->command == LC_CONTROL_REQUEST_LEDGER_CHECK)
		done = lc_ledger_care_check(&files, arguments->json, text, &sound, &error);
	else
		done = lc_ledger_care_reset(&files, yes, arguments->json, text, &error);
	if (!done)
		return complain(&error, LC_ARGUMENTS_EXIT_UNHEALTHY);
	return print(text, sound ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY);
}

/* A setting's value from the environment, or else its default. */
static const char *setting(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value == NULL || value[0] == '\0' ? fallback : value;
}

static int act(const struct lc_arguments *arguments, const struct lc_settings *defaults)
{
	const struct lc_control_request *request = &arguments->request;
	const char *socket = arguments->socket;
	const char *directory = request->state_directory;
	struct lc_buffer text;
	int code;

	if (socket == NULL)
		socket = setting("LOG_COURIER_SUPERVISOR_SOCKET", defaults->supervisor_socket);
	if (directory[0] == '\0')
		directory = setting("LOG_COURIER_STATE_DIRECTORY", defaults->state_directory);
	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (LC_CONTROL_REQUEST_COMMANDS[request->command].answers == LC_CONTROL_REQUEST_BY_FILES)
		code = care(arguments, directory, &text);
	else
		code = ask(arguments, socket, &text);
	lc_buffer_free(&text);
	return code;
}

int main(int argc, char **argv)
{
	struct lc_settings defaults;
	struct lc_arguments arguments;
	struct lc_error error;
	int code;

	if (!lc_arguments_read(&arguments, argc, argv, &error))
		return complain(&error, LC_ARGUMENTS_EXIT_USAGE);
	lc_settings_default(&defaults);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		lc_error_set(&error, LC_ERROR_SYSTEM, "libcurl could not be set up");
		code = complain(&error, LC_ARGUMENTS_EXIT_UNREACHABLE);
	} else if (arguments.help) {
		code = print_help(defaults.supervisor_socket);
	} else {
		code = act(&arguments, &defaults);
	}
	curl_global_cleanup();
	lc_settings_free(&defaults);
	return code;
}
