#include "supervisor/control.h"

#include "base/log.h"
#include "base/memory.h"
#include "formats/control_request.h"
#include "formats/document.h"
#include "formats/http_status.h"
#include "formats/inspection.h"
#include "supervisor/http_server.h"
#include "supervisor/listen.h"
#include "supervisor/shard_answers.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct lc_control {
	struct lc_loop *loop;
	const struct lc_report *report;
	struct lc_orders orders;
	struct lc_http_server *server;
};

static const char JSON[] = "application/json";

/* `why` may repeat what was sent, or what stands in a file. */
static void refuse(struct lc_http_server_answer *answer, int status, const char *why)
{
	answer->status = status;
	lc_document_append_error(why, &answer->body);
}

/* ---- what the supervisor answers itself ---- */

static void answer_status(const struct lc_report *report, enum lc_control_request_command command,
			  struct lc_http_server_answer *answer)
{
	bool health = command == LC_CONTROL_REQUEST_HEALTH;
	struct lc_status_document document;

	lc_report_status(report, &document);
	answer->status = health && !document.healthy ? LC_HTTP_SERVICE_UNAVAILABLE : LC_HTTP_OK;
	lc_status_document_encode(&document, !health, &answer->body);
	lc_status_document_free(&document);
}

/* ---- who may ---- */

/* Who asks, as the kernel vouches for it; nobody when it does not. */
static struct ucred peer_of(int connection)
{
	struct ucred peer = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t size = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.uid = (uid_t)-1;
	return peer;
}

static bool may_change(const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

static bool permit(const struct lc_http_request *request,
		   const struct lc_control_request_description *command, int connection,
		   struct lc_http_server_answer *answer)
{
	struct ucred peer = peer_of(connection);
	bool changes = strcmp(command->method, "POST") == 0;

	lc_log(changes ? LC_LOG_INFO : LC_LOG_DEBUG, "asked on the control socket",
	       LC_LOG_VIEW("request", request->target), LC_LOG_UINT("peer_uid", peer.uid),
	       LC_LOG_INT("peer_pid", peer.pid));
	if (!lc_view_equal(request->method, lc_view_of(command->method))) {
		answer->allow = command->method;
		refuse(answer, LC_HTTP_METHOD_NOT_ALLOWED, "the path takes another method");
		return false;
	}
	if (changes && !may_change(&peer)) {
		refuse(answer, LC_HTTP_FORBIDDEN, "this is for root and the service's user alone");
		return false;
	}
	return true;
}

/* ---- what the supervisor does ---- */

static void answer_order(const struct lc_control *control, const struct lc_control_request *request,
			 struct lc_http_server_answer *answer)
{
	struct lc_inspection document;
	struct lc_error error;
	size_t affected = 0;

	if (!lc_orders_obey(&control->orders, request, &affected, &error)) {
		refuse(answer,
		       error.kind == LC_ERROR_CONFLICT ? LC_HTTP_CONFLICT : LC_HTTP_BAD_REQUEST,
		       error.message);
		return;
	}
	lc_inspection_init(&document);
	document.affected = affected;
	answer->status = LC_HTTP_OK;
	lc_inspection_encode(&document, &answer->body);
	lc_inspection_free(&document);
}

static void on_request(const struct lc_http_request *http, int connection,
		       struct lc_http_server_answer *answer, void *context)
{
	struct lc_control *control = context;
	const struct lc_control_request_description *description;
	enum lc_control_request_command command;
	struct lc_control_request request;
	struct lc_error error;

	if (!lc_control_request_find(http->path, &command))
		return;
	answer->content_type = JSON;
	description = &LC_CONTROL_REQUEST_COMMANDS[command];
	if (!permit(http, description, connection, answer))
		return;
	if (!lc_control_request_decode(http->target, &request, &error))
		refuse(answer, LC_HTTP_BAD_REQUEST, error.message);
	else if (description->answers == LC_CONTROL_REQUEST_BY_SUPERVISOR)
		answer_status(control->report, command, answer);
	else if (description->answers == LC_CONTROL_REQUEST_BY_ORDER)
		answer_order(control, &request, answer);
	else
		lc_shard_answers_begin(control->loop, control->report, control->server, &request,
				       answer);
}

struct lc_control *lc_control_new(struct lc_loop *loop, const struct lc_report *report,
				  const struct lc_orders *orders, struct lc_error *error)
{
	int listening = lc_listen_unix(report->settings->supervisor_socket, error);
	struct lc_control *control;

	if (listening < 0)
		return NULL;
	control = lc_memory_zero(1, sizeof(*control));
	control->loop = loop;
	control->report = report;
	control->orders = *orders;
	control->server = lc_http_server_new(loop, listening, "control socket", LC_REPORT_SIZE_MAX,
					     on_request, control);
	return control;
}

void lc_control_free(struct lc_control *control)
{
	if (control == NULL)
		return;
	/* One that has vanished already is as good as removed. */
	(void)unlink(control->report->settings->supervisor_socket);
	lc_http_server_free(control->server);
	free(control);
}
