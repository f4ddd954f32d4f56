/*
 * log-courier: reads its configuration, then is the service (supervisor/supervisor.h).
 */
#include "base/assert.h"
#include "base/buffer.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "config/command_line.h"
#include "config/settings.h"
#include "config/settings_load.h"
#include "config/settings_print.h"
#include "preflight/preflight.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	TEXT_CAP = 1024 * 1024, /* far more than any text we print */
	WIDTH = 80,             /* when stdout is no terminal */
	WIDTH_LEAST = 40,
	WIDTH_MOST = 120,
};

/* The message may repeat a path from the command line: what could move a terminal's cursor is
 * replaced. Journals get a line as all others are. */
static int complain(struct lc_error *error)
{
	if (lc_log_to_journal()) {
		lc_log(LC_LOG_ERROR, "the service cannot start with this configuration",
		       LC_LOG_FAULT(error));
		return LC_EXIT_USAGE;
	}
	for (char *c = error->message; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	}
	fprintf(stderr, "log-courier: %s\n", error->message);
	return LC_EXIT_USAGE;
}

/* Writes the text to stdout and releases it. */
static int print(struct lc_buffer *text)
{
	const char *content = lc_buffer_text(text);
	bool written;

	LC_ASSERT(content != NULL);
	written = fputs(content, stdout) != EOF && fflush(stdout) == 0;
	if (!written)
		perror("log-courier: standard output");
	lc_buffer_free(text);
	return written ? LC_EXIT_OK : LC_EXIT_FAILURE;
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH;
	if (size.ws_col < WIDTH_LEAST)
		return WIDTH_LEAST;
	return size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}

/* What needs no settings. */
static int inform(enum lc_command_line_action action)
{
	struct lc_buffer text;

	lc_buffer_init(&text, TEXT_CAP);
	if (action == LC_COMMAND_LINE_HELP)
		lc_settings_print_help(&text, terminal_width());
	else if (action == LC_COMMAND_LINE_VERSION)
		lc_buffer_append_text(&text, "log-courier " PACKAGE_VERSION "\n");
	else
		lc_settings_print_sample(&text);
	return print(&text);
}

/* Where the configuration comes from; it is read again at a reload. */
struct arguments {
	int argc;
	char *const *argv;
};

static bool load(void *context, struct lc_settings *settings, struct lc_error *error)
{
	const struct arguments *arguments = context;

	return lc_settings_load(settings, arguments->argc, arguments->argv, environ, error);
}

static int act(const struct lc_command_line *line, struct lc_settings *settings,
	       struct arguments *arguments)
{
	struct lc_supervisor_configuration configuration = {
	    .settings = settings, .load = load, .context = arguments};
	struct lc_buffer text;

	if (line->action == LC_COMMAND_LINE_RUN) {
		lc_log_set_form(settings->log_destination, settings->log_keys);
		lc_log_never_wait();
		return lc_supervisor_run(&configuration);
	}
	if (line->action == LC_COMMAND_LINE_PREFLIGHT)
		return lc_preflight_run(settings, line->preflight_bucket, stdout);
	lc_buffer_init(&text, TEXT_CAP);
	if (line->action == LC_COMMAND_LINE_PRINT_CONFIG)
		lc_settings_print_config(&text, settings);
	else
		lc_buffer_append_text(&text, "The configuration is valid.\n");
	return print(&text);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.argc = argc, .argv = argv};
	struct lc_command_line line;
	struct lc_settings settings;
	struct lc_error error = {0};
	int code;

	lc_log_look_for_journal();
	if (!lc_command_line_read(&line, argc, argv, &error))
		return complain(&error);
	if (line.action == LC_COMMAND_LINE_HELP || line.action == LC_COMMAND_LINE_VERSION ||
	    line.action == LC_COMMAND_LINE_PRINT_SAMPLE_CONFIG)
		return inform(line.action);
	if (!load(&arguments, &settings, &error))
		return complain(&error);
	code = act(&line, &settings, &arguments);
	lc_settings_free(&settings);
	return code;
}
