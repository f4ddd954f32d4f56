#include "support/object_store.h"

#include "base/assert.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PAGE = 1000, CODE_SIZE = 64 };

struct object {
	char *key;
	struct lc_buffer body;
	uint32_t modified;
};

enum asked { PUT, GET, LIST, DELETE };

struct lc_s3_put {
	struct lc_s3 *s3;
	TAILQ_ENTRY(lc_s3_put) link;
	struct lc_loop_timer *timer;
	enum asked asked;
	char *key;
	char *after;           /* of a list */
	struct lc_buffer body; /* of a PUT */
	uint64_t from;
	uint64_t length;
	size_t max_bytes;
	union {
		lc_s3_callback *on_answer;
		lc_s3_get_callback *on_got;
		lc_s3_list_callback *on_listed;
	} as;
	void *context;
};

struct lc_s3 {
	struct lc_loop *loop;
	TAILQ_HEAD(, lc_s3_put) requests;
	struct object *objects; /* by key */
	size_t count;
	size_t capacity;
	struct object_store_counts counts;
	uint32_t clock;
	size_t page;
	size_t until_fault;
	size_t faults;
	unsigned status;
	char code[CODE_SIZE];
	bool happens;
	bool holds;
};

struct lc_s3 *object_store_new(struct lc_loop *loop)
{
	struct lc_s3 *s3 = lc_memory_zero(1, sizeof(*s3));

	s3->loop = loop;
	s3->clock = 1000000000;
	s3->page = PAGE;
	TAILQ_INIT(&s3->requests);
	return s3;
}

static void release(struct lc_s3_put *request)
{
	TAILQ_REMOVE(&request->s3->requests, request, link);
	lc_loop_timer_free(request->timer);
	lc_buffer_free(&request->body);
	free(request->key);
	free(request->after);
	free(request);
}

void object_store_free(struct lc_s3 *s3)
{
	struct lc_s3_put *request;

	while ((request = TAILQ_FIRST(&s3->requests)) != NULL) {
		release(request);
		LC_ASSERT(TAILQ_FIRST(&s3->requests) != request);
	}
	while (s3->count > 0)
		object_store_remove(s3, s3->objects[0].key);
	free(s3->objects);
	free(s3);
}

struct object_store_counts *object_store_counts(struct lc_s3 *s3)
{
	return &s3->counts;
}

void object_store_fail(struct lc_s3 *s3, size_t after, size_t count, unsigned status,
		       const char *code, bool happens)
{
	s3->until_fault = after;
	s3->faults = count;
	s3->status = status;
	s3->happens = happens;
	snprintf(s3->code, sizeof(s3->code), "%s", code);
}

void object_store_hold(struct lc_s3 *s3, bool holds)
{
	struct lc_s3_put *request;

	s3->holds = holds;
	if (holds)
		return;
	TAILQ_FOREACH(request, &s3->requests, link)
	lc_loop_timer_start(request->timer, 1);
}

void object_store_set_clock(struct lc_s3 *s3, uint32_t seconds)
{
	s3->clock = seconds;
}

void object_store_set_page(struct lc_s3 *s3, size_t keys)
{
	s3->page = keys;
}

bool object_store_busy(const struct lc_s3 *s3)
{
	return !TAILQ_EMPTY(&s3->requests);
}

/* ---- objects ---- */

/* The first whose key is not before this one. */
static size_t place_of(const struct lc_s3 *s3, const char *key)
{
	size_t place = 0;

	while (place < s3->count && strcmp(s3->objects[place].key, key) < 0)
		place++;
	return place;
}

static struct object *find(const struct lc_s3 *s3, const char *key)
{
	size_t place = place_of(s3, key);

	return place < s3->count && strcmp(s3->objects[place].key, key) == 0 ? &s3->objects[place]
									     : NULL;
}

static bool begins_with(const char *key, const char *prefix)
{
	return strncmp(key, prefix, strlen(prefix)) == 0;
}

size_t object_store_count(const struct lc_s3 *s3, const char *prefix)
{
	size_t count = 0;

	for (size_t i = 0; i < s3->count; i++)
		count += begins_with(s3->objects[i].key, prefix);
	return count;
}

const char *object_store_key(const struct lc_s3 *s3, const char *prefix, size_t index)
{
	for (size_t i = 0; i < s3->count; i++) {
		if (begins_with(s3->objects[i].key, prefix) && index-- == 0)
			return s3->objects[i].key;
	}
	return NULL;
}

struct lc_buffer *object_store_body(struct lc_s3 *s3, const char *key)
{
	struct object *object = find(s3, key);

	return object == NULL ? NULL : &object->body;
}

/* A PUT of what is there already stores the same bytes again: nothing is ever overwritten. */
void object_store_put(struct lc_s3 *s3, const char *key, struct lc_view body)
{
	struct object *object = find(s3, key);
	size_t place = place_of(s3, key);

	if (object != NULL) {
		LC_ASSERT(lc_view_equal(lc_buffer_view(&object->body), body));
		return;
	}
	s3->objects =
	    lc_memory_grow(s3->objects, &s3->capacity, s3->count + 1, sizeof(s3->objects[0]));
	memmove(&s3->objects[place + 1], &s3->objects[place],
		(s3->count - place) * sizeof(s3->objects[0]));
	s3->count++;
	object = &s3->objects[place];
	object->key = lc_memory_copy_text(key);
	object->modified = s3->clock;
	lc_buffer_init(&object->body, SIZE_MAX / 2);
	lc_buffer_append_view(&object->body, body);
	s3->counts.put_bytes += body.size;
}

void object_store_remove(struct lc_s3 *s3, const char *key)
{
	struct object *object = find(s3, key);
	size_t place = place_of(s3, key);

	if (object == NULL)
		return;
	free(object->key);
	lc_buffer_free(&object->body);
	s3->count--;
	memmove(&s3->objects[place], &s3->objects[place + 1],
		(s3->count - place) * sizeof(s3->objects[0]));
}

/* ---- answers ---- */

static struct lc_s3_answer answer_of(unsigned status, const char *code, const char *key)
{
	struct lc_s3_answer answer = {.status = status, .code = code};

	answer.retry_class = lc_retry_classify_s3(status, code, &answer.certain);
	answer.scope = lc_retry_scope_s3(status, code);
	if (answer.retry_class != LC_RETRY_DONE)
		lc_error_set(&answer.error, status == 0 ? LC_ERROR_UNREACHABLE : LC_ERROR_REFUSED,
			     "%s: HTTP %u %s", key, status, code);
	return answer;
}

static void answer_get(struct lc_s3_put *request, struct lc_s3_answer *answer)
{
	struct object *object = find(request->s3, request->key);
	struct lc_buffer body;
	struct lc_view all;

	lc_buffer_init(&body, SIZE_MAX / 2);
	if (answer->retry_class == LC_RETRY_DONE && object == NULL) {
		*answer = answer_of(404, "NoSuchKey", request->key);
	} else if (answer->retry_class == LC_RETRY_DONE) {
		uint64_t length = request->length > 0 ? request->length : object->body.size;

		all = lc_buffer_view(&object->body);
		if (request->from + length > all.size || length > request->max_bytes) {
			answer->retry_class = LC_RETRY_WAIT;
			lc_error_set(&answer->error, LC_ERROR_CORRUPT, "%s: not of this size",
				     request->key);
		} else {
			lc_buffer_append(&body, all.data + request->from, (size_t)length);
			request->s3->counts.got_bytes += length;
		}
	}
	request->as.on_got(request->context, answer,
			   answer->retry_class == LC_RETRY_DONE ? &body : NULL);
	lc_buffer_free(&body);
}

static void answer_list(struct lc_s3_put *request, const struct lc_s3_answer *answer)
{
	const struct lc_s3 *s3 = request->s3;
	struct lc_s3_listing listing;

	lc_s3_listing_init(&listing);
	for (size_t i = 0; i < s3->count; i++) {
		const struct object *object = &s3->objects[i];

		if (!begins_with(object->key, request->key) ||
		    strcmp(object->key, request->after) <= 0)
			continue;
		if (listing.count == s3->page) {
			listing.truncated = true;
			break;
		}
		listing.objects = lc_memory_grow(listing.objects, &listing.capacity,
						 listing.count + 1, sizeof(listing.objects[0]));
		listing.objects[listing.count++] = (struct lc_s3_listed){
		    .key = lc_arena_copy(&listing.keys, lc_view_of(object->key)),
		    .size = object->body.size,
		    .modified = object->modified,
		};
	}
	request->as.on_listed(request->context, answer,
			      answer->retry_class == LC_RETRY_DONE ? &listing : NULL, s3->clock);
	lc_s3_listing_free(&listing);
}

static void happen(struct lc_s3_put *request)
{
	if (request->asked == PUT)
		object_store_put(request->s3, request->key, lc_buffer_view(&request->body));
	else if (request->asked == DELETE)
		object_store_remove(request->s3, request->key);
}

static struct lc_s3_answer decide(struct lc_s3_put *request)
{
	struct lc_s3 *s3 = request->s3;

	if (s3->faults > 0 && s3->until_fault-- == 0) {
		s3->until_fault = 0;
		s3->faults--;
		if (s3->happens)
			happen(request);
		return answer_of(s3->status, s3->code, request->key);
	}
	happen(request);
	return answer_of(request->asked == DELETE ? 204 : 200, "", request->key);
}

static void on_timer(void *context)
{
	struct lc_s3_put *request = context;
	struct lc_s3_answer answer = decide(request);

	if (request->asked == GET)
		answer_get(request, &answer);
	else if (request->asked == LIST)
		answer_list(request, &answer);
	else
		request->as.on_answer(request->context, &answer);
	release(request);
}

/* ---- requests ---- */

static struct lc_s3_put *ask(struct lc_s3 *s3, enum asked asked, struct lc_view key, void *context)
{
	struct lc_s3_put *request = lc_memory_zero(1, sizeof(*request));

	request->s3 = s3;
	request->asked = asked;
	request->key = lc_memory_copy_bytes(key.data, key.size);
	request->context = context;
	lc_buffer_init(&request->body, SIZE_MAX / 2);
	TAILQ_INSERT_TAIL(&s3->requests, request, link);
	request->timer = lc_loop_timer_new(s3->loop, on_timer, request);
	if (!s3->holds)
		lc_loop_timer_start(request->timer, 1);
	return request;
}

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *request = ask(s3, PUT, spec->key, context);

	for (size_t i = 0; i < spec->body->piece_count; i++)
		lc_buffer_append_view(&request->body, spec->body->pieces[i]);
	request->as.on_answer = callback;
	s3->counts.puts++;
	return request;
}

struct lc_s3_put *lc_s3_get(struct lc_s3 *s3, const struct lc_s3_get_spec *spec,
			    lc_s3_get_callback *callback, void *context)
{
	struct lc_s3_put *request = ask(s3, GET, spec->key, context);

	request->from = spec->from;
	request->length = spec->length;
	request->max_bytes = spec->length > 0 ? (size_t)spec->length : spec->max_bytes;
	request->as.on_got = callback;
	s3->counts.gets++;
	return request;
}

struct lc_s3_put *lc_s3_list(struct lc_s3 *s3, struct lc_view bucket, struct lc_view prefix,
			     struct lc_view start_after, lc_s3_list_callback *callback,
			     void *context)
{
	struct lc_s3_put *request = ask(s3, LIST, prefix, context);

	(void)bucket;
	request->after = lc_memory_copy_bytes(start_after.data, start_after.size);
	request->as.on_listed = callback;
	s3->counts.lists++;
	return request;
}

struct lc_s3_put *lc_s3_delete(struct lc_s3 *s3, struct lc_view bucket, struct lc_view key,
			       lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *request = ask(s3, DELETE, key, context);

	(void)bucket;
	request->as.on_answer = callback;
	s3->counts.deletes++;
	return request;
}

void lc_s3_cancel(struct lc_s3_put *put)
{
	release(put);
}
