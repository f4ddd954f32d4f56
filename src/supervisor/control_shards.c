#include "supervisor/control_shards.h"

#include "base/memory.h"
#include "formats/http_status.h"
#include "supervisor/shard_process.h"

#include <stdlib.h>

/* One shard's part. */
struct part {
	struct lc_control_shards *shards;
	unsigned shard;
	struct lc_shard_process_request *request; /* NULL: not asked, or answered */
};

struct lc_control_shards {
	size_t limit;
	unsigned patience; /* seconds that a shard may take */
	struct lc_inspection document;
	struct part *parts;
	size_t part_count;
	size_t waiting; /* parts that have not answered yet */
	size_t asked;   /* parts that there were */
	size_t answered;
	struct lc_loop_timer *end; /* runs the callback from the loop */
	lc_control_shards_callback *callback;
	void *context;
};

static void on_end(void *context)
{
	struct lc_control_shards *shards = context;

	lc_inspection_sort(&shards->document);
	lc_inspection_cut(&shards->document, shards->limit);
	shards->callback(shards->context, &shards->document,
			 shards->answered > 0 || shards->asked == 0);
}

static void end_if_done(struct lc_control_shards *shards)
{
	if (shards->waiting == 0)
		lc_loop_timer_start(shards->end, 0);
}

static void take_document(struct part *part, unsigned status, struct lc_view json)
{
	struct lc_control_shards *shards = part->shards;
	struct lc_inspection document;
	struct lc_error error;

	if (!lc_inspection_decode(json, &document, &error)) {
		lc_error_prefix(&error, "shard %u gave an answer that cannot be understood",
				part->shard);
		lc_inspection_complain(&shards->document, part->shard, error.message);
		return;
	}
	lc_inspection_merge(&shards->document, &document);
	lc_inspection_free(&document);
	shards->answered += status == LC_HTTP_OK;
}

static void on_answer(void *context, unsigned status, struct lc_view json,
		      const struct lc_error *error)
{
	struct part *part = context;
	struct lc_control_shards *shards = part->shards;

	part->request = NULL;
	shards->waiting--;
	if (error->kind == LC_ERROR_NONE)
		take_document(part, status, json);
	else
		lc_inspection_complain(&shards->document, part->shard, error->message);
	end_if_done(shards);
}

static void ask(struct lc_control_shards *shards, struct lc_shard_process *process,
		struct lc_view text)
{
	struct part *part = &shards->parts[shards->part_count++];
	struct lc_error error;

	part->shards = shards;
	part->shard = lc_shard_process_shard(process);
	part->request =
	    lc_shard_process_ask(process, text, shards->patience, on_answer, part, &error);
	shards->asked++;
	if (part->request != NULL)
		shards->waiting++;
	else
		lc_inspection_complain(&shards->document, part->shard, error.message);
}

/* A source belongs to one shard. */
static void ask_owner(struct lc_control_shards *shards, const struct lc_control_status *service,
		      uint32_t raft_session_id, struct lc_view text)
{
	unsigned shard = raft_session_id % service->fleet->context->shard_count;
	struct lc_shard_process *process = lc_fleet_find(service->fleet, shard);
	struct lc_error error;

	if (process != NULL) {
		ask(shards, process, text);
		return;
	}
	shards->asked++;
	lc_error_set(&error, LC_ERROR_USAGE,
		     "raft session %u belongs to shard %u, which another machine delivers; ask "
		     "log-courier-ctl there",
		     (unsigned)raft_session_id, shard);
	lc_inspection_complain(&shards->document, shard, error.message);
}

struct lc_control_shards *lc_control_shards_ask(struct lc_loop *loop,
						const struct lc_control_status *service,
						const struct lc_control_request *request,
						lc_control_shards_callback *callback, void *context)
{
	struct lc_control_shards *shards = lc_memory_zero(1, sizeof(*shards));
	struct lc_buffer text;

	shards->limit = request->limit;
	shards->patience = lc_control_request_patience(request->command);
	shards->callback = callback;
	shards->context = context;
	shards->parts = lc_memory_zero(service->fleet->count, sizeof(shards->parts[0]));
	shards->end = lc_loop_timer_new(loop, on_end, shards);
	lc_inspection_init(&shards->document);
	lc_buffer_init(&text, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_control_request_append(request, &text);
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SOURCE)) {
		ask_owner(shards, service, request->raft_session_id, lc_buffer_view(&text));
	} else {
		for (size_t i = 0; i < service->fleet->count; i++)
			ask(shards, service->fleet->processes[i], lc_buffer_view(&text));
	}
	lc_buffer_free(&text);
	end_if_done(shards);
	return shards;
}

void lc_control_shards_free(struct lc_control_shards *shards)
{
	if (shards == NULL)
		return;
	for (size_t i = 0; i < shards->part_count; i++) {
		if (shards->parts[i].request != NULL)
			lc_shard_process_cancel(shards->parts[i].request);
	}
	lc_loop_timer_free(shards->end);
	lc_inspection_free(&shards->document);
	free(shards->parts);
	free(shards);
}

/* ---- over HTTP ---- */

/* A connection that waits. */
struct waiting_connection {
	const struct lc_http_server *server;
	struct lc_http_server_later *later;
	struct lc_control_shards *shards;
};

static void connection_free(struct waiting_connection *connection)
{
	lc_control_shards_free(connection->shards);
	free(connection);
}

static void on_gone(void *context)
{
	connection_free(context);
}

static void on_answers(void *context, const struct lc_inspection *document, bool answered)
{
	struct waiting_connection *connection = context;
	struct lc_http_server_answer answer;

	lc_http_server_answer_init(connection->server, &answer);
	answer.status = answered ? LC_HTTP_OK : LC_HTTP_SERVICE_UNAVAILABLE;
	answer.content_type = "application/json";
	lc_inspection_encode(document, &answer.body);
	lc_http_server_finish(connection->later, &answer);
	connection_free(connection);
}

void lc_control_shards_answer(struct lc_loop *loop, const struct lc_control_status *service,
			      const struct lc_http_server *server,
			      const struct lc_control_request *request,
			      struct lc_http_server_answer *answer)
{
	struct waiting_connection *connection = lc_memory_zero(1, sizeof(*connection));

	connection->server = server;
	connection->later = lc_http_server_answer_later(answer, on_gone, connection);
	lc_http_server_extend(connection->later, lc_control_request_patience(request->command));
	connection->shards = lc_control_shards_ask(loop, service, request, on_answers, connection);
}
