/*
 * log-courier-ctl: asks a running log-courier over its control socket. Reads the command line, gets
 * the status document, shows it; the exit code tells scripts what came of it.
 */
#include "config/settings.h"
#include "ctl/arguments.h"
#include "ctl/client.h"
#include "ctl/render.h"
#include "formats/status_document.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HELP_MAX = 16 * 1024 };

static int complain(const struct lc_error *error, enum lc_arguments_exit code)
{
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

static int show(const struct lc_arguments *arguments, struct lc_buffer *json)
{
	struct lc_status_document document;
	enum lc_arguments_exit code = LC_ARGUMENTS_EXIT_DONE;
	struct lc_buffer text;
	struct lc_error error;
	int result;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, &error)) {
		lc_error_prefix(&error, "the service's answer is not understood");
		return complain(&error, LC_ARGUMENTS_EXIT_UNREACHABLE);
	}
	if (arguments->command == LC_ARGUMENTS_HEALTH && !document.healthy)
		code = LC_ARGUMENTS_EXIT_UNHEALTHY;
	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (arguments->json)
		lc_buffer_append_view(&text, lc_buffer_view(json));
	else if (arguments->command == LC_ARGUMENTS_HEALTH)
		lc_render_health(&document, style_of_stdout(), &text);
	else
		lc_render_status(&document, style_of_stdout(), &text);
	result = print(&text, code);
	lc_buffer_free(&text);
	lc_status_document_free(&document);
	return result;
}

static int ask(const struct lc_arguments *arguments, const char *socket)
{
	struct lc_buffer json;
	struct lc_error error;
	int code;

	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (lc_client_get(socket, lc_arguments_path(arguments->command), &json, &error))
		code = show(arguments, &json);
	else
		code = complain(&error, LC_ARGUMENTS_EXIT_UNREACHABLE);
	lc_buffer_free(&json);
	return code;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("LOG_COURIER_SUPERVISOR_SOCKET");
	struct lc_settings defaults;
	struct lc_arguments arguments;
	struct lc_error error;
	int code;

	if (!lc_arguments_read(&arguments, argc, argv, &error))
		return complain(&error, LC_ARGUMENTS_EXIT_USAGE);
	lc_settings_default(&defaults);
	if (socket == NULL || socket[0] == '\0')
		socket = defaults.supervisor_socket;
	if (arguments.socket != NULL)
		socket = arguments.socket;
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		lc_error_set(&error, LC_ERROR_SYSTEM, "libcurl could not be set up");
		code = complain(&error, LC_ARGUMENTS_EXIT_UNREACHABLE);
	} else if (arguments.help) {
		code = print_help(defaults.supervisor_socket);
	} else {
		code = ask(&arguments, socket);
	}
	curl_global_cleanup();
	lc_settings_free(&defaults);
	return code;
}
