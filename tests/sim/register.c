/*
 * The model of the register under clients/register.h: the heads of the shards. A swap that was sent
 * is carried out at some time, or never: while its sender waits, minutes after he has given up, died
 * or was replaced. What is read after it may be an earlier value, and that may be lost on its way.
 */
#include "clients/register.h"
#include "sim/sim.h"

#include "base/memory.h"
#include "formats/shard_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { USUAL_MS = 20, LAG_MS = 3000 };

/* A shard's head, with all values that it has had. */
struct sim_head {
	char name[LC_SHARD_HEAD_ROW_SIZE];
	char (*values)[LC_SHARD_HEAD_TEXT_MAX];
	uint64_t *since_ms;
	size_t count;
	size_t capacity;
	size_t since_capacity;
};

/* An UPDATE under way: it knows nothing of who has sent it. */
struct update {
	struct sim_head *head;
	struct lc_loop_timer *timer;
	char expected[LC_SHARD_HEAD_TEXT_MAX];
	char value[LC_SHARD_HEAD_TEXT_MAX];
};

struct lc_register {
	struct lc_loop *loop;
	TAILQ_HEAD(, lc_register_request) requests;
};

struct lc_register_request {
	struct lc_register *reg;
	TAILQ_ENTRY(lc_register_request) link;
	struct sim_head *head;
	struct lc_loop_timer *reading; /* a model's */
	struct lc_loop_timer *telling; /* the sender's */
	char expected[LC_SHARD_HEAD_TEXT_MAX];
	char wanted[LC_SHARD_HEAD_TEXT_MAX]; /* empty: it reads alone */
	char seen[LC_SHARD_HEAD_TEXT_MAX];   /* empty: no answer came */
	lc_register_callback *callback;
	void *context;
};

/* ---- heads ---- */

static void set_value(struct sim_head *head, const char *value)
{
	for (size_t i = 0; i < head->count; i++) {
		if (strcmp(head->values[i], value) == 0)
			sim_fail("%s has a value for the second time: %s", head->name, value);
	}
	head->values =
	    lc_memory_grow(head->values, &head->capacity, head->count + 1, sizeof(head->values[0]));
	head->since_ms = lc_memory_grow(head->since_ms, &head->since_capacity, head->count + 1,
					sizeof(head->since_ms[0]));
	snprintf(head->values[head->count], sizeof(head->values[0]), "%s", value);
	head->since_ms[head->count++] = sim_now_ms();
	sim_trace("%s: %s", head->name, value);
}

void sim_heads_make(void)
{
	sim->heads = lc_memory_zero(SIM_SHARDS_MAX, sizeof(sim->heads[0]));
	for (unsigned i = 0; i < sim->plan.shard_count; i++) {
		lc_shard_head_row(i, sim->plan.shard_count, sim->heads[i].name);
		set_value(
		    &sim->heads[i],
		    "version=1 generation=0 epoch=0 state=released owner=- nonce=0000000000000000 "
		    "change=0 last=0:0:00000000000000000000000000000000 segment=- "
		    "checkpointed=0:0:00000000000000000000000000000000 checkpoint=-");
	}
}

void sim_heads_free(void)
{
	for (unsigned i = 0; sim->heads != NULL && i < SIM_SHARDS_MAX; i++) {
		free(sim->heads[i].values);
		free(sim->heads[i].since_ms);
	}
	free(sim->heads);
}

static struct sim_head *find_head(struct lc_view name)
{
	for (unsigned i = 0; i < sim->plan.shard_count; i++) {
		if (lc_view_equal(lc_view_of(sim->heads[i].name), name))
			return &sim->heads[i];
	}
	sim_fail("no head is called %.*s", (int)name.size, name.data);
}

const char *sim_head_value(unsigned shard)
{
	const struct sim_head *head = &sim->heads[shard];

	return head->values[head->count - 1];
}

void sim_check_named(unsigned shard, const struct lc_chain_position *position)
{
	const struct sim_head *head = &sim->heads[shard];
	struct lc_shard_head there;
	struct lc_error error;

	for (size_t i = head->count; i > 0; i--) {
		if (!lc_shard_head_parse(lc_view_of(head->values[i - 1]), &there, &error))
			sim_fail("the head of shard %u: %s", shard, error.message);
		if (lc_chain_position_equal(&there.last, position))
			return;
	}
	sim_fail("a commit of shard %u is called back, and no head has named its segment %llu of "
		 "epoch %llu",
		 shard, (unsigned long long)position->seq, (unsigned long long)position->epoch);
}

/* As a server shows it that lags. */
static const char *read_value(const struct sim_head *head)
{
	uint64_t lag_ms = sim_shares_fault(0.1) ? sim_shares_below(LAG_MS) : 0;
	size_t at = head->count - 1;

	while (at > 0 && head->since_ms[at] + lag_ms > sim_now_ms())
		at--;
	return head->values[at];
}

/* ---- updates ---- */

static void carry_out(void *context)
{
	struct update *update = context;
	struct sim_head *head = update->head;

	if (strcmp(head->values[head->count - 1], update->expected) == 0)
		set_value(head, update->value);
	lc_loop_timer_free(update->timer);
	free(update);
}

static void send_update(const struct lc_register_request *request)
{
	struct update *update;

	if (sim_shares_fault(0.05)) /* it is lost */
		return;
	update = lc_memory_zero(1, sizeof(*update));
	update->head = request->head;
	memcpy(update->expected, request->expected, sizeof(update->expected));
	memcpy(update->value, request->wanted, sizeof(update->value));
	update->timer = lc_loop_timer_new(sim->loop, carry_out, update);
	lc_loop_timer_start(update->timer, sim_shares_delay(USUAL_MS));
}

/* ---- requests ---- */

static void release(struct lc_register_request *request)
{
	TAILQ_REMOVE(&request->reg->requests, request, link);
	lc_loop_timer_free(request->reading);
	lc_loop_timer_free(request->telling);
	free(request);
}

static void tell(void *context)
{
	struct lc_register_request *request = context;
	struct lc_register_answer answer = {.outcome = LC_REGISTER_DONE};

	if (request->seen[0] == '\0' ||
	    (request->wanted[0] != '\0' && strcmp(request->seen, request->expected) == 0))
		answer.outcome = LC_REGISTER_UNKNOWN;
	else if (request->wanted[0] != '\0' && strcmp(request->seen, request->wanted) != 0)
		answer.outcome = LC_REGISTER_OTHER;
	if (answer.outcome == LC_REGISTER_UNKNOWN)
		lc_error_set(&answer.error, LC_ERROR_UNREACHABLE, "the register did not answer");
	else
		answer.value = lc_view_of(request->seen);
	request->callback(request->context, &answer);
	release(request);
}

static void look(void *context)
{
	struct lc_register_request *request = context;

	if (!sim_shares_fault(0.1))
		snprintf(request->seen, sizeof(request->seen), "%s", read_value(request->head));
	lc_loop_timer_start(request->telling, sim_shares_delay(USUAL_MS));
}

static struct lc_register_request *begin(struct lc_register *reg, struct lc_view name,
					 lc_register_callback *callback, void *context)
{
	struct lc_register_request *request = lc_memory_zero(1, sizeof(*request));

	request->reg = reg;
	request->head = find_head(name);
	request->callback = callback;
	request->context = context;
	request->reading = lc_loop_timer_new(sim->loop, look, request);
	request->telling = lc_loop_timer_new(reg->loop, tell, request);
	TAILQ_INSERT_TAIL(&reg->requests, request, link);
	return request;
}

struct lc_register_request *lc_register_read(struct lc_register *reg, struct lc_view name,
					     lc_register_callback *callback, void *context)
{
	struct lc_register_request *request = begin(reg, name, callback, context);

	lc_loop_timer_start(request->reading, sim_shares_delay(USUAL_MS));
	return request;
}

/* What is read after the UPDATE mostly shows what has come of it. */
struct lc_register_request *lc_register_swap(struct lc_register *reg, struct lc_view name,
					     struct lc_view expected, struct lc_view value,
					     lc_register_callback *callback, void *context)
{
	struct lc_register_request *request = begin(reg, name, callback, context);

	snprintf(request->expected, sizeof(request->expected), "%.*s", (int)expected.size,
		 expected.data);
	snprintf(request->wanted, sizeof(request->wanted), "%.*s", (int)value.size, value.data);
	send_update(request);
	lc_loop_timer_start(request->reading, USUAL_MS + sim_shares_delay(USUAL_MS));
	return request;
}

/* What was sent may be carried out all the same. */
void lc_register_cancel(struct lc_register_request *request)
{
	release(request);
}

/* ---- the client ---- */

struct lc_register *lc_register_new(struct lc_loop *loop, struct lc_clickhouse *clickhouse,
				    const struct lc_register_options *options)
{
	struct lc_register *reg = lc_memory_zero(1, sizeof(*reg));

	(void)clickhouse;
	(void)options;
	reg->loop = loop;
	TAILQ_INIT(&reg->requests);
	return reg;
}

const char *lc_register_name(const struct lc_register *reg)
{
	(void)reg;
	return "logs.courier_heads";
}

void lc_register_free(struct lc_register *reg)
{
	struct lc_register_request *request;

	while ((request = TAILQ_FIRST(&reg->requests)) != NULL)
		lc_register_cancel(request);
	free(reg);
}
