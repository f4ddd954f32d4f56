#include "supervisor/asks.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "formats/inspection.h"

#include <stdlib.h>
#include <sys/queue.h>

struct lc_ask {
	TAILQ_ENTRY(lc_ask) link;
	struct lc_asks *asks;
	uint32_t id;
	struct lc_buffer document; /* what has come of it */
	struct lc_loop_timer *deadline;
	lc_asks_callback *callback;
	void *context;
};

TAILQ_HEAD(ask_list, lc_ask);

struct lc_asks {
	struct lc_loop *loop;
	unsigned shard;
	uint32_t last_id;
	struct ask_list waiting;
};

struct lc_asks *lc_asks_new(struct lc_loop *loop, unsigned shard)
{
	struct lc_asks *asks = lc_memory_zero(1, sizeof(*asks));

	asks->loop = loop;
	asks->shard = shard;
	TAILQ_INIT(&asks->waiting);
	return asks;
}

void lc_asks_free(struct lc_asks *asks)
{
	if (asks == NULL)
		return;
	LC_ASSERT(TAILQ_EMPTY(&asks->waiting));
	free(asks);
}

void lc_asks_cancel(struct lc_ask *ask)
{
	TAILQ_REMOVE(&ask->asks->waiting, ask, link);
	lc_loop_timer_free(ask->deadline);
	lc_buffer_free(&ask->document);
	free(ask);
}

/* Ends the ask; it is in no list when its callback runs, so that this may end others. */
static void finish(struct lc_ask *ask, unsigned status, const struct lc_error *error)
{
	lc_asks_callback *callback = ask->callback;
	struct lc_buffer document = ask->document;
	void *context = ask->context;

	lc_buffer_init(&ask->document, 0);
	lc_asks_cancel(ask);
	callback(context, status, lc_buffer_view(&document), error);
	lc_buffer_free(&document);
}

static void on_deadline(void *context)
{
	struct lc_ask *ask = context;
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_UNREACHABLE, "shard %u has not answered within %d s",
		     ask->asks->shard, LC_ASKS_SECONDS);
	finish(ask, 0, &error);
}

struct lc_ask *lc_asks_start(struct lc_asks *asks, struct lc_channel *channel, struct lc_view text,
			     lc_asks_callback *callback, void *context, struct lc_error *error)
{
	struct lc_frame frame = {.type = LC_FRAME_REQUEST, .id = ++asks->last_id, .body = text};
	struct lc_ask *ask;

	if (channel == NULL) {
		lc_error_set(error, LC_ERROR_UNREACHABLE, "shard %u is not running", asks->shard);
		return NULL;
	}
	if (!lc_channel_send(channel, &frame)) {
		lc_error_set(error, LC_ERROR_UNREACHABLE, "shard %u takes no requests",
			     asks->shard);
		return NULL;
	}
	ask = lc_memory_zero(1, sizeof(*ask));
	ask->asks = asks;
	ask->id = frame.id;
	ask->callback = callback;
	ask->context = context;
	lc_buffer_init(&ask->document, LC_INSPECTION_SHARD_BYTES_MAX);
	ask->deadline = lc_loop_timer_new(asks->loop, on_deadline, ask);
	lc_loop_timer_start(ask->deadline, (uint64_t)LC_ASKS_SECONDS * 1000);
	TAILQ_INSERT_TAIL(&asks->waiting, ask, link);
	return ask;
}

static struct lc_ask *find(const struct lc_asks *asks, uint32_t id)
{
	struct lc_ask *ask;

	TAILQ_FOREACH(ask, &asks->waiting, link)
	{
		if (ask->id == id)
			return ask;
	}
	return NULL;
}

void lc_asks_take(struct lc_asks *asks, const struct lc_frame *reply)
{
	struct lc_ask *ask = find(asks, reply->id);
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (ask == NULL)
		return; /* given up meanwhile */
	lc_buffer_append_view(&ask->document, reply->body);
	if (lc_buffer_failed(&ask->document))
		lc_error_set(&error, LC_ERROR_LIMIT, "shard %u answered with more than %d bytes",
			     asks->shard, LC_INSPECTION_SHARD_BYTES_MAX);
	else if (!reply->last)
		return;
	finish(ask, reply->status, &error);
}

void lc_asks_fail(struct lc_asks *asks)
{
	struct lc_error error;
	struct lc_ask *ask;

	lc_error_set(&error, LC_ERROR_UNREACHABLE, "shard %u is not running", asks->shard);
	while ((ask = TAILQ_FIRST(&asks->waiting)) != NULL) {
		/* The analyser does not see that finish takes the ask out of the list.
		 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		finish(ask, 0, &error);
	}
}
