#include "supervisor/metrics_server.h"

#include "base/memory.h"
#include "formats/control_request.h"
#include "formats/document.h"
#include "formats/http_status.h"
#include "supervisor/http_server.h"
#include "supervisor/lagging.h"
#include "supervisor/listen.h"
#include "supervisor/shard_answers.h"
#include "supervisor/status_page.h"

#include <stdlib.h>

/* Load balancers and monitors ask by HEAD or OPTIONS, too; the server leaves out HEAD's body. */
static const char METHODS[] = "GET, HEAD, OPTIONS";

struct lc_metrics_server {
	struct lc_loop *loop;
	const struct lc_report *report;
	struct lc_http_server *server;
	struct lc_lagging *lagging;
};

static void answer_metrics(const struct lc_metrics_server *server,
			   const struct lc_http_request *request,
			   struct lc_http_server_answer *answer)
{
	bool open = lc_http_request_prefers(request, "application/openmetrics-text");
	enum lc_metrics_text_format format =
	    open ? LC_METRICS_TEXT_OPENMETRICS : LC_METRICS_TEXT_PROMETHEUS;

	answer->status = LC_HTTP_OK;
	answer->content_type = lc_metrics_text_content_type(format);
	lc_report_metrics(server->report, format, &answer->body);
	lc_lagging_append(server->lagging, format, &answer->body);
	lc_metrics_text_append_end(&answer->body, format);
}

static void answer_health(const struct lc_report *report, struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_report_status(report, &document);
	answer->status = document.healthy ? LC_HTTP_OK : LC_HTTP_SERVICE_UNAVAILABLE;
	lc_buffer_append_text(&answer->body, document.healthy ? "healthy\n" : "unhealthy\n");
	for (size_t i = 0; i < document.findings_size; i++) {
		const struct lc_status_document_finding *finding = &document.findings[i];

		if (finding->severity != LC_SEVERITY_CRITICAL)
			lc_buffer_append_format(&answer->body,
						"%s: ", lc_severity_text(finding->severity));
		if (finding->shard >= 0)
			lc_buffer_append_format(&answer->body, "shard %d: ", finding->shard);
		lc_buffer_append_format(&answer->body, "%s\n", finding->text);
	}
	lc_status_document_free(&document);
}

/* Not whether rows arrive, but whether this start is over: each shard has its worker, or none is
 * wanted. */
static void answer_readiness(const struct lc_report *report, struct lc_http_server_answer *answer)
{
	struct lc_status_document document;
	size_t waiting = 0;

	lc_report_status(report, &document);
	for (size_t i = 0; i < document.shards_size; i++)
		waiting += document.shards[i].state != LC_SHARD_STATE_READY &&
			   document.shards[i].state != LC_SHARD_STATE_PAUSED;
	answer->status = waiting == 0 ? LC_HTTP_OK : LC_HTTP_SERVICE_UNAVAILABLE;
	if (waiting == 0)
		lc_buffer_append_text(&answer->body, "ready\n");
	else
		lc_buffer_append_format(
		    &answer->body, "not ready: %zu of %zu shards have no worker that delivers\n",
		    waiting, document.shards_size);
	lc_status_document_free(&document);
}

static void answer_page(struct lc_http_server_answer *answer)
{
	answer->status = LC_HTTP_OK;
	answer->content_type = "text/html; charset=utf-8";
	lc_buffer_append(&answer->body, LC_STATUS_PAGE, LC_STATUS_PAGE_SIZE);
}

static void answer_status(const struct lc_report *report, struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_report_status(report, &document);
	answer->status = LC_HTTP_OK;
	answer->content_type = "application/json";
	lc_status_document_encode(&document, true, &answer->body);
	lc_status_document_free(&document);
}

/* What the page asks for: the same documents as on the control socket, of these two commands. */
static void answer_document(const struct lc_metrics_server *server,
			    const struct lc_http_request *http,
			    struct lc_http_server_answer *answer)
{
	struct lc_control_request request;
	struct lc_error error;

	if (!lc_control_request_decode(http->target, &request, &error)) {
		answer->status = LC_HTTP_BAD_REQUEST;
		lc_document_append_error(error.message, &answer->body);
	} else if (request.command == LC_CONTROL_REQUEST_STATUS) {
		answer_status(server->report, answer);
	} else {
		lc_shard_answers_begin(server->loop, server->report, server->server, &request,
				       answer);
	}
}

static void on_request(const struct lc_http_request *request, int connection,
		       struct lc_http_server_answer *answer, void *context)
{
	const struct lc_metrics_server *server = context;
	enum lc_control_request_command command;

	(void)connection;
	if (lc_view_equal(request->method, lc_view_of("OPTIONS"))) {
		answer->status = LC_HTTP_OK;
		answer->allow = METHODS;
	} else if (!lc_view_equal(request->method, lc_view_of("GET")) &&
		   !lc_view_equal(request->method, lc_view_of("HEAD"))) {
		answer->status = LC_HTTP_METHOD_NOT_ALLOWED;
		answer->allow = METHODS;
	} else if (lc_view_equal(request->path, lc_view_of("/"))) {
		answer_page(answer);
	} else if (lc_view_equal(request->path, lc_view_of("/metrics"))) {
		answer_metrics(server, request, answer);
	} else if (lc_view_equal(request->path, lc_view_of("/healthz"))) {
		answer_health(server->report, answer);
	} else if (lc_view_equal(request->path, lc_view_of("/readyz"))) {
		answer_readiness(server->report, answer);
	} else if (lc_control_request_find(request->path, &command) &&
		   (command == LC_CONTROL_REQUEST_STATUS ||
		    command == LC_CONTROL_REQUEST_TARGETS)) {
		answer_document(server, request, answer);
	}
}

struct lc_metrics_server *
lc_metrics_server_new(struct lc_loop *loop, const struct lc_report *report, struct lc_error *error)
{
	const struct lc_settings *settings = report->settings;
	int listening = lc_listen_tcp(settings->metrics_server_listen_address,
				      (uint16_t)settings->metrics_server_listen_port, error);
	struct lc_metrics_server *server;

	if (listening < 0)
		return NULL;
	server = lc_memory_zero(1, sizeof(*server));
	server->loop = loop;
	server->report = report;
	server->lagging = lc_lagging_new(loop, report);
	server->server = lc_http_server_new(loop, listening, "metrics endpoint", LC_REPORT_SIZE_MAX,
					    on_request, server);
	return server;
}

void lc_metrics_server_free(struct lc_metrics_server *server)
{
	if (server == NULL)
		return;
	lc_http_server_free(server->server);
	lc_lagging_free(server->lagging);
	free(server);
}
