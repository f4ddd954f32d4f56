#include "support/fake_register.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "formats/shard_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { REQUEST_MS = 1, ROWS_MAX = 8, NAME_SIZE = 64, VALUE_SIZE = 2048 };

struct row {
	char name[NAME_SIZE];
	char value[VALUE_SIZE];
};

struct lc_register_request {
	TAILQ_ENTRY(lc_register_request) link;
	struct lc_register *heads;
	bool swaps;
	bool held;
	bool refused;
	bool reply_lost;
	bool deserted; /* by its sender */
	struct lc_loop_timer *timer;
	struct lc_buffer name;
	struct lc_buffer expected;
	struct lc_buffer value;
	lc_register_callback *callback;
	void *context;
};

struct plan {
	enum fake_register_fault fault;
	unsigned count;
};

struct lc_register {
	struct lc_loop *loop;
	struct row rows[ROWS_MAX];
	size_t row_count;
	struct plan reads;
	struct plan swaps;
	TAILQ_HEAD(, lc_register_request) requests;
};

/* ---- rows ---- */

static struct row *find(struct lc_register *heads, const char *name)
{
	for (size_t i = 0; i < heads->row_count; i++) {
		if (strcmp(heads->rows[i].name, name) == 0)
			return &heads->rows[i];
	}
	return NULL;
}

const char *fake_register_value(struct lc_register *heads, const char *name)
{
	const struct row *row = find(heads, name);

	return row == NULL ? "" : row->value;
}

void fake_register_set(struct lc_register *heads, const char *name, const char *value)
{
	struct row *row = find(heads, name);

	if (row == NULL) {
		LC_ASSERT(heads->row_count < ROWS_MAX);
		row = &heads->rows[heads->row_count++];
		snprintf(row->name, sizeof(row->name), "%s", name);
	}
	snprintf(row->value, sizeof(row->value), "%s", value);
}

void fake_register_publish(struct lc_register *heads, const char *name)
{
	const struct lc_shard_head head = {
	    .state = LC_SHARD_HEAD_RELEASED, .owner = "-", .nonce = "0000000000000000"};
	char text[LC_SHARD_HEAD_TEXT_MAX];

	lc_shard_head_format(&head, text);
	fake_register_set(heads, name, text);
}

/* ---- requests ---- */

static void release(struct lc_register_request *request)
{
	TAILQ_REMOVE(&request->heads->requests, request, link);
	lc_loop_timer_free(request->timer);
	lc_buffer_free(&request->name);
	lc_buffer_free(&request->expected);
	lc_buffer_free(&request->value);
	free(request);
}

static void carry_out(struct lc_register_request *request, struct lc_register_answer *answer)
{
	struct row *row = find(request->heads, lc_buffer_text(&request->name));

	if (row == NULL) {
		answer->outcome = LC_REGISTER_ABSENT;
		return;
	}
	answer->outcome = LC_REGISTER_DONE;
	answer->value = lc_view_of(row->value);
	if (!request->swaps)
		return;
	if (strcmp(row->value, lc_buffer_text(&request->expected)) == 0)
		snprintf(row->value, sizeof(row->value), "%s", lc_buffer_text(&request->value));
	answer->value = lc_view_of(row->value);
	if (strcmp(row->value, lc_buffer_text(&request->value)) != 0)
		answer->outcome = LC_REGISTER_OTHER;
}

static void on_timer(void *context)
{
	struct lc_register_request *request = context;
	struct lc_register_answer answer = {.outcome = LC_REGISTER_UNKNOWN};

	if (!request->refused)
		carry_out(request, &answer);
	if (request->refused || request->reply_lost) {
		answer = (struct lc_register_answer){.outcome = LC_REGISTER_UNKNOWN};
		lc_error_set(&answer.error, LC_ERROR_UNREACHABLE, "the register did not answer");
	}
	if (!request->deserted)
		request->callback(request->context, &answer);
	release(request);
}

static struct lc_register_request *begin(struct lc_register *heads, struct plan *plan,
					 struct lc_view name, lc_register_callback *callback,
					 void *context)
{
	struct lc_register_request *request = lc_memory_zero(1, sizeof(*request));

	request->heads = heads;
	request->callback = callback;
	request->context = context;
	lc_buffer_init(&request->name, SIZE_MAX);
	lc_buffer_init(&request->expected, SIZE_MAX);
	lc_buffer_init(&request->value, SIZE_MAX);
	lc_buffer_append_view(&request->name, name);
	request->timer = lc_loop_timer_new(heads->loop, on_timer, request);
	TAILQ_INSERT_TAIL(&heads->requests, request, link);
	if (plan->count > 0) {
		plan->count--;
		request->held = plan->fault == FAKE_REGISTER_HELD;
		request->refused = plan->fault == FAKE_REGISTER_REFUSED;
		request->reply_lost = plan->fault == FAKE_REGISTER_REPLY_LOST;
	}
	if (!request->held)
		lc_loop_timer_start(request->timer, REQUEST_MS);
	return request;
}

const char *lc_register_name(const struct lc_register *heads)
{
	(void)heads;
	return "logs.heads";
}

struct lc_register_request *lc_register_read(struct lc_register *heads, struct lc_view name,
					     lc_register_callback *callback, void *context)
{
	return begin(heads, &heads->reads, name, callback, context);
}

struct lc_register_request *lc_register_swap(struct lc_register *heads, struct lc_view name,
					     struct lc_view expected, struct lc_view value,
					     lc_register_callback *callback, void *context)
{
	struct lc_register_request *request = begin(heads, &heads->swaps, name, callback, context);

	request->swaps = true;
	lc_buffer_append_view(&request->expected, expected);
	lc_buffer_append_view(&request->value, value);
	return request;
}

/* What was sent may be carried out all the same. */
void lc_register_cancel(struct lc_register_request *request)
{
	request->deserted = true;
}

void fake_register_let_go(struct lc_register *heads)
{
	struct lc_register_request *request;

	TAILQ_FOREACH(request, &heads->requests, link)
	{
		if (!lc_loop_timer_running(request->timer))
			lc_loop_timer_start(request->timer, REQUEST_MS);
	}
}

/* ---- the register ---- */

void fake_register_fail_reads(struct lc_register *heads, enum fake_register_fault fault,
			      unsigned count)
{
	heads->reads = (struct plan){.fault = fault, .count = count};
}

void fake_register_fail_swaps(struct lc_register *heads, enum fake_register_fault fault,
			      unsigned count)
{
	heads->swaps = (struct plan){.fault = fault, .count = count};
}

struct lc_register *fake_register_new(struct lc_loop *loop)
{
	struct lc_register *heads = lc_memory_zero(1, sizeof(*heads));

	heads->loop = loop;
	TAILQ_INIT(&heads->requests);
	return heads;
}

void fake_register_free(struct lc_register *heads)
{
	struct lc_register_request *request;

	/* The analyser does not see that a request is taken off the list before it is freed.
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	while ((request = TAILQ_FIRST(&heads->requests)) != NULL)
		release(request);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	free(heads);
}
