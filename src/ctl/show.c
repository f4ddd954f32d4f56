#include "ctl/show.h"

#include "base/clock.h"
#include "base/memory.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/render_inspection.h"
#include "ctl/render_status.h"
#include "formats/status_document.h"

#include <stdlib.h>

struct lc_show {
	const struct lc_arguments *arguments;
	const char *socket;
	uint64_t last_ms; /* when the last look was; 0: there was none that succeeded */
	struct lc_status_document status;
	struct lc_inspection inspection; /* one of the two is of the last look, the other empty */
};

struct lc_show *lc_show_new(const struct lc_arguments *arguments, const char *socket)
{
	struct lc_show *show = lc_memory_zero(1, sizeof(*show));

	show->arguments = arguments;
	show->socket = socket;
	lc_status_document_init(&show->status, 0);
	lc_inspection_init(&show->inspection);
	return show;
}

void lc_show_free(struct lc_show *show)
{
	lc_status_document_free(&show->status);
	lc_inspection_free(&show->inspection);
	free(show);
}

static enum lc_arguments_exit misunderstood(struct lc_error *error)
{
	lc_error_prefix(error,
			"the service's answer is not understood; if it is of another version "
			"than log-courier-ctl, restart it");
	return LC_ARGUMENTS_EXIT_UNREACHABLE;
}

/* Milliseconds since the last look; 0 when there was none. */
static uint64_t since_last(const struct lc_show *show, uint64_t now_ms)
{
	return show->last_ms == 0 ? 0 : now_ms - show->last_ms;
}

static enum lc_arguments_exit show_status(struct lc_show *show, const struct lc_buffer *json,
					  struct lc_terminal_style style, struct lc_buffer *text,
					  struct lc_error *error)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t since_ms = since_last(show, now_ms);
	struct lc_status_document document;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_status(&document, since_ms == 0 ? NULL : &show->status, since_ms, style,
				 text);
	lc_status_document_free(&show->status);
	show->status = document;
	show->last_ms = now_ms;
	return LC_ARGUMENTS_EXIT_DONE;
}

static enum lc_arguments_exit show_health(struct lc_show *show, const struct lc_buffer *json,
					  struct lc_terminal_style style, struct lc_buffer *text,
					  struct lc_error *error)
{
	struct lc_status_document document;
	bool healthy;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_status_health(&document, style, text);
	healthy = document.healthy;
	lc_status_document_free(&document);
	return healthy ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

/* What the supervisor knows; without it an explanation says less. */
static bool ask_status(const char *socket, struct lc_status_document *document)
{
	struct lc_error error;
	struct lc_buffer json;
	bool known;

	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	known = lc_client_ask(socket, "GET",
			      LC_CONTROL_REQUEST_COMMANDS[LC_CONTROL_REQUEST_STATUS].path, &json,
			      &error) &&
		lc_status_document_decode(lc_buffer_view(&json), document, &error);
	lc_buffer_free(&json);
	return known;
}

static enum lc_arguments_exit show_explanation(struct lc_show *show, const struct lc_buffer *json,
					       struct lc_terminal_style style,
					       struct lc_buffer *text, struct lc_error *error)
{
	struct lc_explain_facts facts = {
	    .raft_session_id = show->arguments->request.raft_session_id,
	    .bucket = lc_control_request_bucket(&show->arguments->request),
	};
	struct lc_explanation explanation;
	struct lc_status_document service;
	struct lc_inspection document;
	bool whole;

	if (!lc_inspection_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	whole = document.lists[LC_INSPECTION_PROBLEMS].count == 0;
	facts.document = &document;
	if (ask_status(show->socket, &service))
		facts.service = &service;
	lc_explain(&facts, &explanation);
	if (show->arguments->json)
		lc_explain_append_json(&facts, &explanation, text);
	else
		lc_explain_append(&facts, &explanation, style, text);
	lc_explain_free(&explanation);
	if (facts.service != NULL)
		lc_status_document_free(&service);
	lc_inspection_free(&document);
	return whole ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

static enum lc_arguments_exit show_inspection(struct lc_show *show, const struct lc_buffer *json,
					      struct lc_terminal_style style,
					      struct lc_buffer *text, struct lc_error *error)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t since_ms = since_last(show, now_ms);
	struct lc_inspection document;

	if (!lc_inspection_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_inspection(&show->arguments->request, &document,
				     since_ms == 0 ? NULL : &show->inspection, since_ms, style,
				     text);
	lc_inspection_free(&show->inspection);
	show->inspection = document;
	show->last_ms = now_ms;
	return document.lists[LC_INSPECTION_PROBLEMS].count == 0 ? LC_ARGUMENTS_EXIT_DONE
								 : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

typedef enum lc_arguments_exit show_function(struct lc_show *show, const struct lc_buffer *json,
					     struct lc_terminal_style style, struct lc_buffer *text,
					     struct lc_error *error);

static show_function *const SHOWS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define SHOW(handler) handler
#define RENDER(renderer) show_inspection
#define AWAIT(renderer, outcome) show_inspection
#define FILES(handler) NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

enum lc_arguments_exit lc_show_look(struct lc_show *show, struct lc_terminal_style style,
				    struct lc_buffer *text, struct lc_error *error)
{
	const struct lc_control_request *request = &show->arguments->request;
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];
	enum lc_arguments_exit code;
	struct lc_buffer target;
	struct lc_buffer json;

	*error = (struct lc_error){.kind = LC_ERROR_NONE};
	lc_buffer_init(&target, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_control_request_append(request, &target);
	if (!lc_client_ask(show->socket, command->method, lc_buffer_text(&target), &json, error))
		code = error->kind == LC_ERROR_USAGE ? LC_ARGUMENTS_EXIT_UNHEALTHY
						     : LC_ARGUMENTS_EXIT_UNREACHABLE;
	else
		code = SHOWS[request->command](show, &json, style, text, error);
	lc_buffer_free(&target);
	lc_buffer_free(&json);
	return code;
}
