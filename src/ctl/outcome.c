#include "ctl/outcome.h"

#include "base/buffer.h"
#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/render_status.h"
#include "ctl/terminal.h"
#include "formats/check_line.h"
#include "formats/status_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 500 };

/* What a status tells of the outcome. */
enum outcome { OPEN, GOOD, BAD };

static enum outcome outcome_of_reload(const struct lc_status_document *document,
				      char words[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	snprintf(words, LC_STATUS_DOCUMENT_TEXT_SIZE, "%s", document->reload_text);
	if (document->reload_state == LC_RELOAD_STATE_RUNNING)
		return OPEN;
	return document->reload_state == LC_RELOAD_STATE_DONE ? GOOD : BAD;
}

static enum outcome outcome_of_drain(const struct lc_status_document *document,
				     char words[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	size_t working = 0;

	for (size_t i = 0; i < document->shards_size; i++)
		working += document->shards[i].pid != 0;
	snprintf(words, LC_STATUS_DOCUMENT_TEXT_SIZE,
		 working == 0 ? "no worker is running any more; resume --all lets the shards go on"
			      : "%zu of %zu workers are still finishing",
		 working, document->shards_size);
	return working == 0 ? GOOD : OPEN;
}

static enum outcome outcome_of_preflight(const struct lc_status_document *document,
					 char words[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	size_t counts[LC_VERDICT_GRADES + 1] = {0};
	struct lc_buffer summary;

	for (size_t i = 0; i < document->checks_size; i++)
		counts[document->checks[i].grade]++;
	lc_buffer_init(&summary, LC_STATUS_DOCUMENT_TEXT_SIZE);
	lc_check_line_append_counts(&summary, counts);
	snprintf(words, LC_STATUS_DOCUMENT_TEXT_SIZE, "%s", lc_buffer_text(&summary));
	lc_buffer_free(&summary);
	if (document->preflight_running)
		return OPEN;
	return counts[LC_VERDICT_FAIL] + counts[LC_VERDICT_GRADES] > 0 || document->checks_size == 0
		   ? BAD
		   : GOOD;
}

/* Tells the outcome from a status. `words`: what is going on, or has come out. A pure rule. */
static enum outcome (*const JUDGES[LC_CONTROL_REQUEST_COMMAND_COUNT])(
    const struct lc_status_document *document, char words[LC_STATUS_DOCUMENT_TEXT_SIZE]) = {
#define SHOW(handler) NULL
#define RENDER(renderer) NULL
#define ASK(renderer) NULL
#define AWAIT(renderer, outcome, lines) outcome
#define FILES(handler) NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

/* What the status says beside the outcome; NULL: nothing. */
static void (*const LINES[LC_CONTROL_REQUEST_COMMAND_COUNT])(
    const struct lc_status_document *document, struct lc_buffer *text) = {
#define SHOW(handler) NULL
#define RENDER(renderer) NULL
#define ASK(renderer) NULL
#define AWAIT(renderer, outcome, lines) lines
#define FILES(handler) NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

static void tell_progress(const char *words, char told[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	struct lc_buffer text;

	if (isatty(STDERR_FILENO) == 0 || strcmp(words, told) == 0)
		return;
	snprintf(told, LC_STATUS_DOCUMENT_TEXT_SIZE, "%s", words);
	lc_buffer_init(&text, SIZE_MAX / 2);
	lc_terminal_append_wrapped(words, 0, &text);
	(void)fputs(lc_buffer_text(&text), stderr);
	lc_buffer_free(&text);
}

/* Without lines of its own a bad outcome is an error. */
static int tell_outcome(const struct lc_arguments *arguments, enum outcome outcome,
			const char *words, const struct lc_status_document *document,
			const struct lc_buffer *json)
{
	void (*lines)(const struct lc_status_document *document, struct lc_buffer *text) =
	    LINES[arguments->request.command];
	struct lc_error error;
	struct lc_buffer text;
	int code;

	if (outcome == BAD && lines == NULL) {
		lc_error_set(&error, LC_ERROR_REFUSED, "%s", words);
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNHEALTHY, arguments->json);
	}
	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (arguments->json) {
		lc_buffer_append_view(&text, lc_buffer_view(json));
	} else {
		if (lines != NULL)
			lines(document, &text);
		lc_terminal_append_wrapped(words, 0, &text);
	}
	code = lc_output_text(&text,
			      outcome == BAD ? LC_ARGUMENTS_EXIT_UNHEALTHY : LC_ARGUMENTS_EXIT_DONE,
			      arguments->json);
	lc_buffer_free(&text);
	return code;
}

/* One look; OPEN when there is to be another. `code` is set otherwise. */
static enum outcome look(const struct lc_arguments *arguments, const char *socket,
			 char told[LC_STATUS_DOCUMENT_TEXT_SIZE], int *code)
{
	char words[LC_STATUS_DOCUMENT_TEXT_SIZE];
	struct lc_status_document document;
	enum outcome outcome = BAD;
	struct lc_error error;
	struct lc_buffer json;

	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (!lc_client_ask(socket, "GET",
			   LC_CONTROL_REQUEST_COMMANDS[LC_CONTROL_REQUEST_STATUS].path, &json,
			   &error) ||
	    !lc_status_document_decode(lc_buffer_view(&json), &document, &error)) {
		*code = lc_output_error(&error, LC_ARGUMENTS_EXIT_UNREACHABLE, arguments->json);
	} else {
		outcome = JUDGES[arguments->request.command](&document, words);
		if (outcome == OPEN)
			tell_progress(words, told);
		else
			*code = tell_outcome(arguments, outcome, words, &document, &json);
		lc_status_document_free(&document);
	}
	lc_buffer_free(&json);
	return outcome;
}

int lc_outcome_await(const struct lc_arguments *arguments, const char *socket)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	char told[LC_STATUS_DOCUMENT_TEXT_SIZE] = "";
	int code = LC_ARGUMENTS_EXIT_DONE;

	while (look(arguments, socket, told, &code) == OPEN)
		(void)nanosleep(&pause, NULL);
	return code;
}
