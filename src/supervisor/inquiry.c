#include "supervisor/inquiry.h"

#include "base/memory.h"
#include "formats/http_status.h"
#include "supervisor/asks.h"
#include "supervisor/keeper.h"

#include <stdlib.h>

/* One shard's part. */
struct part {
	struct lc_inquiry *inquiry;
	unsigned shard;
	struct lc_ask *ask; /* NULL: not asked, or over */
};

struct lc_inquiry {
	size_t limit;
	struct lc_inspection document;
	struct part *parts;
	size_t part_count;
	size_t waiting; /* parts that have not answered yet */
	size_t asked;   /* parts that there were */
	size_t answered;
	struct lc_loop_timer *end; /* runs the callback from the loop */
	lc_inquiry_callback *callback;
	void *context;
};

static void on_end(void *context)
{
	struct lc_inquiry *inquiry = context;

	lc_inspection_sort(&inquiry->document);
	lc_inspection_cut(&inquiry->document, inquiry->limit);
	inquiry->callback(inquiry->context, &inquiry->document,
			  inquiry->answered > 0 || inquiry->asked == 0);
}

static void end_if_done(struct lc_inquiry *inquiry)
{
	if (inquiry->waiting == 0)
		lc_loop_timer_start(inquiry->end, 0);
}

static void take_document(struct part *part, unsigned status, struct lc_view json)
{
	struct lc_inquiry *inquiry = part->inquiry;
	struct lc_inspection document;
	struct lc_error error;

	if (!lc_inspection_decode(json, &document, &error)) {
		lc_error_prefix(&error, "shard %u answered with nonsense", part->shard);
		lc_inspection_complain(&inquiry->document, part->shard, error.message);
		return;
	}
	lc_inspection_merge(&inquiry->document, &document);
	lc_inspection_free(&document);
	inquiry->answered += status == LC_HTTP_OK;
}

static void on_answer(void *context, unsigned status, struct lc_view json,
		      const struct lc_error *error)
{
	struct part *part = context;
	struct lc_inquiry *inquiry = part->inquiry;

	part->ask = NULL;
	inquiry->waiting--;
	if (error->kind == LC_ERROR_NONE)
		take_document(part, status, json);
	else
		lc_inspection_complain(&inquiry->document, part->shard, error->message);
	end_if_done(inquiry);
}

static void ask(struct lc_inquiry *inquiry, struct lc_keeper *keeper, struct lc_view text)
{
	struct part *part = &inquiry->parts[inquiry->part_count++];
	struct lc_error error;

	part->inquiry = inquiry;
	part->shard = lc_keeper_shard(keeper);
	part->ask = lc_keeper_ask(keeper, text, on_answer, part, &error);
	inquiry->asked++;
	if (part->ask != NULL)
		inquiry->waiting++;
	else
		lc_inspection_complain(&inquiry->document, part->shard, error.message);
}

/* A source belongs to one shard. */
static void ask_owner(struct lc_inquiry *inquiry, const struct lc_report *report,
		      uint32_t raft_session_id, struct lc_view text)
{
	unsigned shard = raft_session_id % report->fleet->house->shard_count;
	struct lc_keeper *keeper = lc_fleet_find(report->fleet, shard);
	struct lc_error error;

	if (keeper != NULL) {
		ask(inquiry, keeper, text);
		return;
	}
	inquiry->asked++;
	lc_error_set(&error, LC_ERROR_USAGE,
		     "raft session %u belongs to shard %u, which another machine delivers; ask "
		     "there",
		     (unsigned)raft_session_id, shard);
	lc_inspection_complain(&inquiry->document, shard, error.message);
}

struct lc_inquiry *lc_inquiry_new(struct lc_loop *loop, const struct lc_report *report,
				  const struct lc_control_request *request,
				  lc_inquiry_callback *callback, void *context)
{
	struct lc_inquiry *inquiry = lc_memory_zero(1, sizeof(*inquiry));
	struct lc_buffer text;

	inquiry->limit = request->limit;
	inquiry->callback = callback;
	inquiry->context = context;
	inquiry->parts = lc_memory_zero(report->fleet->count, sizeof(inquiry->parts[0]));
	inquiry->end = lc_loop_timer_new(loop, on_end, inquiry);
	lc_inspection_init(&inquiry->document);
	lc_buffer_init(&text, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_control_request_append(request, &text);
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_SOURCE)) {
		ask_owner(inquiry, report, request->raft_session_id, lc_buffer_view(&text));
	} else {
		for (size_t i = 0; i < report->fleet->count; i++)
			ask(inquiry, report->fleet->keepers[i], lc_buffer_view(&text));
	}
	lc_buffer_free(&text);
	end_if_done(inquiry);
	return inquiry;
}

void lc_inquiry_free(struct lc_inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	for (size_t i = 0; i < inquiry->part_count; i++) {
		if (inquiry->parts[i].ask != NULL)
			lc_asks_cancel(inquiry->parts[i].ask);
	}
	lc_loop_timer_free(inquiry->end);
	lc_inspection_free(&inquiry->document);
	free(inquiry->parts);
	free(inquiry);
}
