/*
 * The model of S3 under clients/s3.h: objects by bucket and key. A PUT arrives some time after it
 * was sent, even if its sender has died; whether it is stored, and whether its sender is told, are
 * decided apart from each other. An upload in parts arrives with the request that completes it; if it
 * fails before that, nothing is stored for certain, and the next attempt must look for what it left.
 */
#include "sim/s3.h"

#include "clients/s3_headers.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

/* By bucket, '/' and key. */
struct sim_object {
	UT_hash_handle hh;
	struct lc_buffer body;
	struct lc_buffer headers; /* that went with it */
	size_t name_size;
	char name[];
};

/* Of the same name. */
struct sim_leftover {
	UT_hash_handle hh;
	size_t name_size;
	char name[];
};

/* No line is longer. */
enum { SIZE_LIMIT = 2500 };

struct lc_s3 *lc_s3_new(struct lc_loop *loop, struct lc_http *http,
			const struct lc_s3_options *options, struct lc_error *error)
{
	struct lc_s3 *s3 = lc_memory_zero(1, sizeof(*s3));

	(void)http;
	(void)error;
	s3->loop = loop;
	s3->conditional = options->conditional;
	TAILQ_INIT(&s3->puts);
	return s3;
}

void lc_s3_free(struct lc_s3 *s3)
{
	struct lc_s3_put *put;

	if (s3 == NULL)
		return;
	while ((put = TAILQ_FIRST(&s3->puts)) != NULL)
		lc_s3_cancel(put);
	free(s3);
}

static void release(struct lc_s3_put *put)
{
	if (put->s3 != NULL)
		TAILQ_REMOVE(&put->s3->puts, put, link);
	lc_loop_timer_free(put->timer);
	lc_buffer_free(&put->key);
	lc_buffer_free(&put->body);
	lc_buffer_free(&put->headers);
	free(put->bucket);
	free(put);
}

void sim_objects_free(void)
{
	struct sim_leftover *leftover;
	struct sim_leftover *next_leftover;
	struct sim_object *object;
	struct sim_object *next;

	HASH_ITER(hh, sim->objects, object, next)
	{
		HASH_DEL(sim->objects, object);
		lc_buffer_free(&object->body);
		lc_buffer_free(&object->headers);
		free(object);
	}
	HASH_ITER(hh, sim->leftovers, leftover, next_leftover)
	{
		HASH_DEL(sim->leftovers, leftover);
		free(leftover);
	}
}

/* Bucket, '/' and key, terminated; its size without that. To be freed. */
static char *name_of(const struct lc_s3_put *put, size_t *size)
{
	char *name;

	*size = strlen(put->bucket) + 1 + put->key.size;
	name = lc_memory_zero(*size + 1, 1);
	memcpy(name, put->bucket, strlen(put->bucket));
	name[strlen(put->bucket)] = '/';
	memcpy(name + strlen(put->bucket) + 1, put->key.data, put->key.size);
	return name;
}

static void leave_parts(const struct lc_s3_put *put)
{
	struct sim_leftover *leftover;
	size_t size;
	char *name = name_of(put, &size);

	HASH_FIND(hh, sim->leftovers, name, size, leftover);
	if (leftover == NULL) {
		leftover = lc_memory_zero(1, sizeof(*leftover) + size + 1);
		memcpy(leftover->name, name, size + 1);
		HASH_ADD_KEYPTR(hh, sim->leftovers, leftover->name, size, leftover);
	}
	free(name);
}

/* Who sends parts of an object looks for those that are left of it. */
static void clean_parts(const struct lc_s3_put *put, bool looks)
{
	struct sim_leftover *leftover;
	size_t size;
	char *name = name_of(put, &size);

	HASH_FIND(hh, sim->leftovers, name, size, leftover);
	if (leftover != NULL && !looks && !sim->state_lost)
		sim_fail("parts of %s are left and not looked for", name);
	if (leftover != NULL) {
		HASH_DEL(sim->leftovers, leftover);
		free(leftover);
	}
	free(name);
}

/* Writes the object; false if the condition forbids it. Nothing may ever replace other bytes. */
static bool store(struct lc_s3_put *put)
{
	struct sim_object *object;
	size_t size;
	char *name = name_of(put, &size);

	HASH_FIND(hh, sim->objects, name, size, object);
	if (object != NULL) {
		bool same =
		    lc_view_equal(lc_buffer_view(&object->body), lc_buffer_view(&put->body));

		if (!same)
			sim_fail("the object %s was overwritten by other bytes", name);
		if (!lc_view_equal(lc_buffer_view(&object->headers), lc_buffer_view(&put->headers)))
			sim_fail("the object %s was PUT again with other headers", name);
		free(name);
		return !put->conditional;
	}
	object = lc_memory_zero(1, sizeof(*object) + size + 1);
	memcpy(object->name, name, size + 1);
	object->name_size = size;
	object->body = put->body;
	lc_buffer_init(&put->body, SIZE_MAX / 2);
	object->headers = put->headers;
	lc_buffer_init(&put->headers, SIZE_MAX / 2);
	HASH_ADD_KEYPTR(hh, sim->objects, object->name, size, object);
	free(name);
	sim_check_object(put->bucket, lc_buffer_view(&put->key), lc_buffer_view(&object->body));
	sim_crash_point("an object is stored");
	return true;
}

static unsigned target_number(const char *bucket)
{
	for (unsigned i = 0; i < sim->target_count; i++) {
		if (strcmp(sim->targets[i].bucket, bucket) == 0)
			return i;
	}
	sim_fail("a PUT into a bucket that no row names: %s", bucket);
}

/* The target whose prefix the key begins with: of two, the one with the longer prefix. */
static unsigned target_of_key(const struct lc_s3_put *put)
{
	unsigned found = target_number(put->bucket);
	size_t longest = 0;

	for (unsigned i = 0; i < sim->target_count; i++) {
		size_t size = strlen(sim->targets[i].prefix);

		if (strcmp(sim->targets[i].bucket, put->bucket) == 0 && size > longest &&
		    put->key.size >= size &&
		    memcmp(put->key.data, sim->targets[i].prefix, size) == 0) {
			found = i;
			longest = size;
		}
	}
	return found;
}

/* It may have failed before it was to be completed. */
static void break_parts(struct lc_s3_put *put)
{
	put->broken = put->parts && lc_random_next(&sim->parts) % 2 == 0;
	if (put->broken)
		leave_parts(put);
}

/* What S3 answers, and whether it stores the object. */
static void decide(struct lc_s3_put *put)
{
	static const unsigned troubles[] = {0, 500, 503, 408};
	unsigned target = target_number(put->bucket);

	put->code = "";
	if (sim_in_period(SIM_PERIOD_TARGET_REFUSES, target)) {
		bool denied = sim_chance(0.5);

		put->status = denied ? 403 : 404;
		put->code = denied ? "AccessDenied" : "NoSuchBucket";
		return;
	}
	if (sim_in_period(SIM_PERIOD_PREFIX_REFUSES, target_of_key(put))) {
		put->status = 403;
		put->code = "AccessDenied";
		return;
	}
	if (sim_in_period(SIM_PERIOD_SIZE_LIMITED, target) && put->body.size > SIZE_LIMIT) {
		sim->size_refused = true;
		put->status = 413;
		return;
	}
	if (sim_in_period(SIM_PERIOD_TARGET_FAILS, target) || sim_fault(sim->plan.put_fails)) {
		put->status = troubles[sim_below(4)];
		/* An answer in the 4xx is certain: the object is not there. */
		if (put->status != 408 && sim_chance(0.3))
			store(put);
		else
			break_parts(put);
		return;
	}
	put->status = store(put) ? 200 : 412;
	if (sim_fault(sim->plan.put_lost))
		put->status = 0;
}

static void tell(struct lc_s3_put *put)
{
	struct lc_s3_answer answer = {
	    .status = put->status, .code = put->code, .elapsed_ms = sim_now_ms() - put->started_ms};

	answer.retry_class = put->status == 412
				 ? LC_RETRY_DONE
				 : lc_retry_classify_s3(put->status, put->code, &answer.certain);
	answer.scope = lc_retry_scope_s3(put->status, put->code);
	answer.was_there = put->status == 412;
	answer.certain |= put->broken;
	answer.leftover = put->broken;
	if (answer.retry_class != LC_RETRY_DONE)
		lc_error_set(&answer.error, LC_ERROR_REFUSED, "%s: status %u %s", put->bucket,
			     put->status, put->code);
	sim_trace("PUT %s/%.*s: %u %s", put->bucket, (int)put->key.size, put->key.data, put->status,
		  put->code);
	put->callback(put->context, &answer);
	release(put);
}

static void on_step(void *context)
{
	struct lc_s3_put *put = context;

	if (put->arrived) {
		tell(put);
		return;
	}
	put->arrived = true;
	decide(put);
	if (put->s3 == NULL)
		release(put);
	else
		lc_loop_timer_start(put->timer, sim_delay(50, 5000));
}

uint64_t lc_s3_put_sent(const struct lc_s3_put *put)
{
	return put->arrived ? put->body.size : 0;
}

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put;
	const struct lc_s3_body *body = spec->body;
	uint64_t delay_ms;

	if (lc_view_equal(spec->bucket, lc_view_of(SIM_LEDGERS_BUCKET)))
		return sim_piece_put(s3, spec, callback, context);
	put = lc_memory_zero(1, sizeof(*put));
	delay_ms = sim_delay(100, 20000);
	/* `look_first` is below this: it is answered as a PUT with the condition is. */
	put->s3 = s3;
	put->callback = callback;
	put->context = context;
	put->bucket = lc_memory_copy_bytes(spec->bucket.data, spec->bucket.size);
	lc_buffer_init(&put->key, SIZE_MAX / 2);
	lc_buffer_append_view(&put->key, spec->key);
	lc_buffer_init(&put->body, SIZE_MAX / 2);
	for (size_t i = 0; i < body->piece_count; i++)
		lc_buffer_append_view(&put->body, body->pieces[i]);
	if (put->body.size != body->size)
		sim_fail("a body is said to have %llu bytes, its pieces have %zu",
			 (unsigned long long)body->size, put->body.size);
	lc_buffer_init(&put->headers, SIZE_MAX / 2);
	lc_buffer_append_view(&put->headers, lc_buffer_view(&spec->headers->text));
	put->started_ms = sim_now_ms();
	put->conditional = s3->conditional != LC_S3_CONDITIONAL_OFF;
	put->parts = spec->part_size > 0;
	if (put->parts)
		clean_parts(put, spec->look_first);
	if (sim_in_period(SIM_PERIOD_TARGET_SLOW, target_number(put->bucket)))
		delay_ms += sim_below(60000);
	TAILQ_INSERT_TAIL(&s3->puts, put, link);
	put->timer = lc_loop_timer_new(s3->loop, on_step, put);
	lc_loop_timer_start(put->timer, delay_ms);
	sim->puts++;
	if (sim_dies(sim->plan.put_crashes)) {
		sim_trace("crash after the PUT of %s/%.*s", put->bucket, (int)spec->key.size,
			  spec->key.data);
		put->survives = true;
		sim->crash_wanted = true;
	}
	return put;
}

/* Parts are below this: an upload that is completed arrives as a PUT does. */
bool lc_s3_aborting(const struct lc_s3 *s3)
{
	(void)s3;
	return false;
}

/* What was sent may still arrive, and much later. */
void lc_s3_cancel(struct lc_s3_put *put)
{
	if (put->piece != NULL) {
		sim_piece_cancel(put);
		return;
	}
	TAILQ_REMOVE(&put->s3->puts, put, link);
	put->s3 = NULL;
	if (put->survives)
		return;
	if (put->arrived || sim_chance(0.5)) {
		if (!put->arrived && put->parts)
			leave_parts(put);
		release(put);
		return;
	}
	if (sim_chance(0.3))
		lc_loop_timer_start(put->timer, sim_below(120000));
}
