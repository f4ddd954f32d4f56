#include "supervisor/control.h"

#include "base/log.h"
#include "base/memory.h"
#include "supervisor/http_server.h"
#include "supervisor/listen.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct lc_control {
	const struct lc_report *report;
	struct lc_http_server *server;
};

typedef void answer_command(const struct lc_report *report, struct lc_http_server_answer *answer);

enum { STATUS_OK = 200, STATUS_UNAVAILABLE = 503 };

static void answer_status(const struct lc_report *report, struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_report_status(report, &document);
	answer->status = STATUS_OK;
	lc_status_document_encode(&document, true, &answer->body);
	lc_status_document_free(&document);
}

static void answer_health(const struct lc_report *report, struct lc_http_server_answer *answer)
{
	struct lc_status_document document;

	lc_report_status(report, &document);
	answer->status = document.healthy ? STATUS_OK : STATUS_UNAVAILABLE;
	lc_status_document_encode(&document, false, &answer->body);
	lc_status_document_free(&document);
}

enum command {
#define LC_CONTROL_COMMAND(name, text, path, help) COMMAND_##name,
#include "tbl/control_commands.h"
	COMMAND_COUNT
};

static const char *const PATHS[COMMAND_COUNT] = {
#define LC_CONTROL_COMMAND(name, text, path, help) [COMMAND_##name] = (path),
#include "tbl/control_commands.h"
};

static answer_command *const ANSWERS[COMMAND_COUNT] = {
    [COMMAND_STATUS] = answer_status,
    [COMMAND_HEALTH] = answer_health,
};

/* Who asks, as the kernel vouches for it. */
static void log_peer(int connection, struct lc_view path)
{
	struct ucred peer = {.pid = 0};
	socklen_t size = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		lc_log(LC_LOG_DEBUG, "asked on the control socket", LC_LOG_VIEW("path", path),
		       LC_LOG_UINT("peer_uid", peer.uid), LC_LOG_INT("peer_pid", peer.pid));
}

static void on_request(struct lc_view path, int connection, struct lc_http_server_answer *answer,
		       void *context)
{
	struct lc_control *control = context;

	log_peer(connection, path);
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		if (lc_view_equal(path, lc_view_of(PATHS[i]))) {
			answer->content_type = "application/json";
			ANSWERS[i](control->report, answer);
			return;
		}
	}
}

struct lc_control *lc_control_new(struct lc_loop *loop, const struct lc_report *report,
				  struct lc_error *error)
{
	int listening = lc_listen_unix(report->settings->supervisor_socket, error);
	struct lc_control *control;

	if (listening < 0)
		return NULL;
	control = lc_memory_zero(1, sizeof(*control));
	control->report = report;
	control->server = lc_http_server_new(loop, listening, "control socket",
					     lc_report_size_max(report), on_request, control);
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
