#include "worker/control_worker.h"

#include "base/memory.h"
#include "delivery/inspect.h"
#include "formats/http_status.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>

struct request {
	struct lc_inspect inspect; /* first, so that it leads back here */
	LIST_ENTRY(request) link;
	struct lc_control_worker *control;
	uint32_t id;
};

LIST_HEAD(request_list, request);

struct lc_control_worker {
	struct lc_shard *shard;
	unsigned number;
	lc_control_worker_callback *callback;
	void *context;
	struct request_list waiting;
	unsigned waiting_count;
};

struct lc_control_worker *lc_control_worker_new(struct lc_shard *shard, unsigned number,
						lc_control_worker_callback *callback, void *context)
{
	struct lc_control_worker *control = lc_memory_zero(1, sizeof(*control));

	control->shard = shard;
	control->number = number;
	control->callback = callback;
	control->context = context;
	LIST_INIT(&control->waiting);
	return control;
}

static void request_free(struct request *request)
{
	lc_inspection_free(&request->inspect.document);
	free(request);
}

void lc_control_worker_free(struct lc_control_worker *control)
{
	struct request *request;
	struct request *next;

	if (control == NULL)
		return;
	for (request = LIST_FIRST(&control->waiting); request != NULL; request = next) {
		next = LIST_NEXT(request, link);
		request_free(request);
	}
	free(control);
}

static void answer(const struct lc_control_worker *control, uint32_t id, unsigned status,
		   struct lc_inspection *document)
{
	struct lc_buffer json;

	lc_buffer_init(&json, LC_INSPECTION_SHARD_BYTES_MAX);
	lc_inspection_encode_within(document, &json);
	control->callback(control->context, id, status, lc_buffer_view(&json));
	lc_buffer_free(&json);
}

static void turn_away(const struct lc_control_worker *control, uint32_t id, unsigned status,
		      const char *why)
{
	struct lc_inspection document;

	lc_inspection_init(&document);
	lc_inspection_complain(&document, control->number, why);
	answer(control, id, status, &document);
	lc_inspection_free(&document);
}

static void on_inspected(struct lc_inspect *inspect)
{
	struct request *request = (struct request *)(void *)inspect;

	answer(request->control, request->id, LC_HTTP_OK, &inspect->document);
	LIST_REMOVE(request, link);
	request->control->waiting_count--;
	request_free(request);
}

void lc_control_worker_take(struct lc_control_worker *control, uint32_t id, struct lc_view text)
{
	struct request *request;
	struct lc_error error;

	if (control->shard == NULL) {
		turn_away(control, id, LC_HTTP_SERVICE_UNAVAILABLE,
			  "the shard's ledger is being taken over from the machine that had it");
		return;
	}
	if (control->waiting_count == LC_CONTROL_WORKER_REQUESTS_MAX) {
		turn_away(control, id, LC_HTTP_SERVICE_UNAVAILABLE,
			  "the shard has too many requests to answer; its ledger may not be "
			  "writable");
		return;
	}
	request = lc_memory_zero(1, sizeof(*request));
	if (!lc_control_request_decode(text, &request->inspect.request, &error)) {
		free(request);
		turn_away(control, id, LC_HTTP_BAD_REQUEST, error.message);
		return;
	}
	request->control = control;
	request->id = id;
	LIST_INSERT_HEAD(&control->waiting, request, link);
	control->waiting_count++;
	request->inspect.shard = control->shard;
	request->inspect.number = control->number;
	request->inspect.done = on_inspected;
	lc_inspect_begin(&request->inspect);
}
