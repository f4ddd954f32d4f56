#include "supervisor/metrics_server.h"

#include "base/memory.h"
#include "formats/control_request.h"
#include "formats/document.h"
#include "formats/http_status.h"
#include "supervisor/control_shards.h"
#include "supervisor/http_server.h"
#include "supervisor/status_page.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Load balancers and monitors ask by HEAD or OPTIONS, too; the server leaves out HEAD's body. */
static const char METHODS[] = "GET, HEAD, OPTIONS";

struct lc_metrics_server {
	struct lc_loop *loop;
	const struct lc_control_status *service;
	struct lc_http_server *server;
	struct lc_loop_timer *lagging_timer;
	struct lc_control_shards *lagging_request; /* NULL: none is under way */
	struct lc_buffer lagging_samples;          /* as they were told last */
};

enum {
	BACKLOG = 128,
	LAGGING_MS = 15000,
	LAGGING_SOURCES_MAX = 10,
	/* Bytes: a bucket's name may be long, and escapes double it. */
	LAGGING_SAMPLES_MAX = LAGGING_SOURCES_MAX * 16384,
};

/* ---- the sources that lag most ----
 *
 * Workers are asked for them now and then, because a metric with a label for each source would have
 * no bound. */

static const char LAGGING_FAMILY[] =
#define LC_SOURCE_METRIC(family, type, labels, help) family
#include "tbl/service_metrics.h"
    ;

static void append_lagging_sample(struct lc_buffer *text, const struct lc_inspection_source *source)
{
	lc_buffer_append_format(text, "%s{shard=\"%" PRIu64 "\",source=\"%" PRIu64 "/",
				LAGGING_FAMILY, source->shard, source->raft_session_id);
	lc_metrics_text_append_label(text, source->bucket);
	lc_buffer_append_format(text, "\"} %" PRIu32 "\n", source->oldest_undelivered);
}

/* A shard that did not answer has no sources in it: rather none than old ones. */
static void on_lagging_sources(void *context, const struct lc_inspection *document, bool answered)
{
	struct lc_metrics_server *server = context;
	struct lc_buffer *samples = &server->lagging_samples;

	(void)answered;
	lc_buffer_clear(samples);
	for (size_t i = 0; i < document->lists[LC_INSPECTION_SOURCES].count; i++)
		append_lagging_sample(samples,
				      lc_inspection_row(document, LC_INSPECTION_SOURCES, i));
	if (lc_buffer_failed(samples))
		lc_buffer_clear(samples);
	lc_control_shards_free(server->lagging_request);
	server->lagging_request = NULL;
	lc_loop_timer_start(server->lagging_timer, LAGGING_MS);
}

static void on_lagging_timer(void *context)
{
	struct lc_metrics_server *server = context;
	struct lc_control_request request;

	lc_control_request_init(&request, LC_CONTROL_REQUEST_SOURCES);
	request.given =
	    1U << LC_CONTROL_REQUEST_ARGUMENT_LAGGING | 1U << LC_CONTROL_REQUEST_ARGUMENT_LIMIT;
	request.limit = LAGGING_SOURCES_MAX;
	server->lagging_request = lc_control_shards_ask(server->loop, server->service, &request,
							on_lagging_sources, server);
}

static void append_lagging(const struct lc_metrics_server *server,
			   enum lc_metrics_text_format format, struct lc_buffer *text)
{
#define LC_SOURCE_METRIC(family, type, labels, help) \
	lc_metrics_text_append_family(text, format, (family), (type), (help));
#include "tbl/service_metrics.h"
	lc_buffer_append(text, server->lagging_samples.data, server->lagging_samples.size);
}

/* ---- answers ---- */

static void answer_metrics(const struct lc_metrics_server *server,
			   const struct lc_http_request *request,
			   struct lc_http_server_answer *answer)
{
	bool open = lc_http_request_prefers(request, "application/openmetrics-text");
	enum lc_metrics_text_format format =
	    open ? LC_METRICS_TEXT_OPENMETRICS : LC_METRICS_TEXT_PROMETHEUS;

	answer->status = LC_HTTP_OK;
	answer->content_type = lc_metrics_text_content_type(format);
	lc_control_status_append_metrics(server->service, format, &answer->body);
	append_lagging(server, format, &answer->body);
	lc_metrics_text_append_end(&answer->body, format);
}

static void answer_health(const struct lc_control_status *service,
			  struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_control_status_describe(service, &document);
	answer->status = document.healthy ? LC_HTTP_OK : LC_HTTP_SERVICE_UNAVAILABLE;
	lc_buffer_append_text(&answer->body, document.healthy ? "healthy\n" : "unhealthy\n");
	for (size_t i = 0; i < document.findings_size; i++) {
		const struct lc_status_document_finding *finding = &document.findings[i];

		if (finding->severity != LC_SEVERITY_CRITICAL)
			lc_buffer_append_format(&answer->body,
						"%s: ", lc_severity_name(finding->severity));
		if (finding->shard >= 0)
			lc_buffer_append_format(&answer->body, "shard %d: ", finding->shard);
		lc_buffer_append_format(&answer->body, "%s\n", finding->text);
	}
	lc_status_document_free(&document);
}

/* Not whether rows arrive, but whether this start is over: each shard has its worker, or none is
 * wanted. */
static void answer_readiness(const struct lc_control_status *service,
			     struct lc_http_server_answer *answer)
{
	struct lc_status_document document;
	size_t waiting = 0;

	lc_control_status_describe(service, &document);
	for (size_t i = 0; i < document.shards_size; i++)
		waiting += document.shards[i].state != LC_SHARD_STATE_READY &&
			   document.shards[i].state != LC_SHARD_STATE_PAUSED &&
			   document.shards[i].state != LC_SHARD_STATE_AWAY;
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
		lc_control_status_answer(server->service, false, answer);
	} else {
		lc_control_shards_answer(server->loop, server->service, server->server, &request,
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
	} else if (lc_view_equal(request->path, lc_view_of("/healthz")) ||
		   lc_view_equal(request->path, lc_view_of("/healthcheck"))) {
		answer_health(server->service, answer);
	} else if (lc_view_equal(request->path, lc_view_of("/readyz"))) {
		answer_readiness(server->service, answer);
	} else if (lc_control_request_find(request->path, &command) &&
		   (command == LC_CONTROL_REQUEST_STATUS ||
		    command == LC_CONTROL_REQUEST_TARGETS)) {
		answer_document(server, request, answer);
	}
}

/* ---- the port ---- */

/* Listens on one resolved address; -1 with errno set. */
static int listen_on(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
			info->ai_protocol);
	int fault;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
	    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fault = errno;
	close(fd);
	errno = fault;
	return -1;
}

/* A listening TCP socket on the address (or host name, resolved once) and port, not blocking and
 * closed on exec. -1 with `error` set. */
static int listen_at(const char *address, uint16_t port, struct lc_error *error)
{
	struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	char service[8];
	int result;
	int fd = -1;

	snprintf(service, sizeof(service), "%u", port);
	result = getaddrinfo(address, service, &hints, &found);
	if (result != 0) {
		lc_error_set(error, LC_ERROR_USAGE,
			     "metrics-server.listen-address %s cannot be resolved: %s", address,
			     gai_strerror(result));
		return -1;
	}
	for (struct addrinfo *info = found; info != NULL && fd < 0; info = info->ai_next)
		fd = listen_on(info);
	if (fd < 0)
		lc_error_set_errno(error, errno,
				   "metrics endpoint %s port %u cannot be opened (see "
				   "metrics-server.listen-address and metrics-server.listen-port)",
				   address, port);
	freeaddrinfo(found);
	return fd;
}

struct lc_metrics_server *lc_metrics_server_new(struct lc_loop *loop,
						const struct lc_control_status *service,
						struct lc_error *error)
{
	const struct lc_settings *settings = service->settings;
	int listening = listen_at(settings->metrics_server_listen_address,
				  (uint16_t)settings->metrics_server_listen_port, error);
	struct lc_metrics_server *server;

	if (listening < 0)
		return NULL;
	server = lc_memory_zero(1, sizeof(*server));
	server->loop = loop;
	server->service = service;
	lc_buffer_init(&server->lagging_samples, LAGGING_SAMPLES_MAX);
	server->lagging_timer = lc_loop_timer_new(loop, on_lagging_timer, server);
	lc_loop_timer_start(server->lagging_timer, 0);
	server->server = lc_http_server_new(loop, listening, "metrics endpoint",
					    LC_CONTROL_STATUS_SIZE_MAX, on_request, server);
	return server;
}

void lc_metrics_server_free(struct lc_metrics_server *server)
{
	if (server == NULL)
		return;
	lc_http_server_free(server->server);
	lc_control_shards_free(server->lagging_request);
	lc_loop_timer_free(server->lagging_timer);
	lc_buffer_free(&server->lagging_samples);
	free(server);
}
