/*
 * log-courier: reads its configuration, then is the service (supervisor/supervisor.h).
 */
#include "base/assert.h"
#include "base/buffer.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "config/command_line.h"
#include "config/errors.h"
#include "config/settings.h"
#include "config/settings_load.h"
#include "config/settings_print.h"
#include "preflight/report.h"
#include "supervisor/state_directory.h"
#include "supervisor/supervisor.h"
#include "worker/chain_check.h"
#include "worker/fetch.h"
#include "worker/publish.h"

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

static void log_errors(const struct lc_errors *errors, const char *message)
{
	for (size_t i = 0; i < errors->count; i++)
		lc_log(LC_LOG_ERROR, message, LC_LOG_FAULT(&errors->list[i]));
	if (errors->left_out > 0)
		lc_log(LC_LOG_ERROR,
		       "further errors of the configuration are not shown; there may be more",
		       LC_LOG_UINT("count", errors->left_out));
}

/* A message may repeat a path from the command line: what could move a terminal's cursor is
 * replaced. */
static void print_error(struct lc_error *error)
{
	for (char *c = error->message; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	}
	fprintf(stderr, "log-courier: %s\n", error->message);
}

/* One line for each error. Journals get lines as all others are. Releases the errors. */
static int complain(struct lc_errors *errors)
{
	if (lc_log_to_journal()) {
		log_errors(errors, "the service cannot start with this configuration");
	} else {
		for (size_t i = 0; i < errors->count; i++)
			print_error(&errors->list[i]);
		if (errors->left_out > 0)
			fprintf(stderr, "log-courier: %zu or more further errors are not shown\n",
				errors->left_out);
	}
	lc_errors_free(errors);
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
static bool is_information(enum lc_command_line_action action)
{
	return action == LC_COMMAND_LINE_HELP || action == LC_COMMAND_LINE_VERSION ||
	       action == LC_COMMAND_LINE_PRINT_SAMPLE_CONFIG;
}

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

/* Of several errors the log has each, and `error` a summary. */
static bool load_again(void *context, struct lc_settings *settings, struct lc_error *error)
{
	const struct arguments *arguments = context;
	struct lc_errors errors = {0};

	if (lc_settings_load(settings, arguments->argc, arguments->argv, environ, &errors))
		return true;
	if (lc_errors_count(&errors) > 1)
		log_errors(&errors, "the configuration is not valid");
	lc_errors_summarize(&errors, error);
	lc_errors_free(&errors);
	return false;
}

/* What is done with the ledgers while no service uses them. */
static int move_ledgers(const struct lc_settings *settings, enum lc_command_line_action action)
{
	struct lc_error error;
	int lock = lc_state_directory_lock(settings->state_directory, &error);
	int code;

	if (lock < 0) {
		print_error(&error);
		return LC_EXIT_FAILURE;
	}
	code = action == LC_COMMAND_LINE_FETCH_LEDGERS
		   ? lc_fetch(settings, stdout)
		   : lc_publish(settings, action == LC_COMMAND_LINE_PUBLISH_FRESH_LEDGERS, stdout);
	close(lock);
	return code;
}

static bool moves_ledgers(enum lc_command_line_action action)
{
	return action == LC_COMMAND_LINE_PUBLISH_LEDGERS ||
	       action == LC_COMMAND_LINE_PUBLISH_FRESH_LEDGERS ||
	       action == LC_COMMAND_LINE_FETCH_LEDGERS;
}

static int act(const struct lc_command_line *line, struct lc_settings *settings,
	       struct arguments *arguments)
{
	struct lc_supervisor_configuration configuration = {
	    .settings = settings, .load = load_again, .context = arguments};
	struct lc_buffer text;

	if (line->action == LC_COMMAND_LINE_RUN) {
		lc_log_set_form(settings->log_destination, settings->log_keys);
		lc_log_never_wait();
		return lc_supervisor_run(&configuration);
	}
	if (line->action == LC_COMMAND_LINE_PREFLIGHT)
		return lc_preflight_report(settings, line->preflight_bucket, stdout);
	if (line->action == LC_COMMAND_LINE_CHECK_SHARED_LEDGERS)
		return lc_chain_check(settings, stdout);
	if (moves_ledgers(line->action))
		return move_ledgers(settings, line->action);
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
	struct lc_errors errors = {0};
	int code;

	lc_log_look_for_journal();
	if (lc_command_line_read(&line, argc, argv, &errors) && is_information(line.action))
		return inform(line.action);
	/* Reads the command line, too, and finds the same errors in it, and others. */
	lc_errors_free(&errors);
	if (!lc_settings_load(&settings, argc, argv, environ, &errors))
		return complain(&errors);
	code = act(&line, &settings, &arguments);
	lc_settings_free(&settings);
	return code;
}
