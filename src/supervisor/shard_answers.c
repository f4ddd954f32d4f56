#include "supervisor/shard_answers.h"

#include "base/memory.h"
#include "formats/http_status.h"
#include "formats/inspection.h"
#include "supervisor/inquiry.h"

#include <stdlib.h>

/* A connection that waits. */
struct session {
	const struct lc_http_server *server;
	struct lc_http_server_later *later;
	struct lc_inquiry *inquiry;
};

static void session_free(struct session *session)
{
	lc_inquiry_free(session->inquiry);
	free(session);
}

static void on_gone(void *context)
{
	session_free(context);
}

static void on_answers(void *context, const struct lc_inspection *document, bool answered)
{
	struct session *session = context;
	struct lc_http_server_answer answer;

	lc_http_server_answer_init(session->server, &answer);
	answer.status = answered ? LC_HTTP_OK : LC_HTTP_SERVICE_UNAVAILABLE;
	answer.content_type = "application/json";
	lc_inspection_encode(document, &answer.body);
	lc_http_server_finish(session->later, &answer);
	session_free(session);
}

void lc_shard_answers_begin(struct lc_loop *loop, const struct lc_report *report,
			    const struct lc_http_server *server,
			    const struct lc_control_request *request,
			    struct lc_http_server_answer *answer)
{
	struct session *session = lc_memory_zero(1, sizeof(*session));

	session->server = server;
	session->later = lc_http_server_answer_later(answer, on_gone, session);
	session->inquiry = lc_inquiry_new(loop, report, request, on_answers, session);
}
