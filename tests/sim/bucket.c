/*
 * The model of the ledgers' bucket, under clients/s3.h and clients/s3_read.h. A PUT that was sent
 * may be stored minutes later, whatever has become of its sender; what was confirmed can be read,
 * soon. A list may leave out what is new. Nothing is ever overwritten by other bytes.
 */
#include "sim/s3.h"

#include "base/memory.h"
#include "formats/s3_listing.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { USUAL_MS = 30, HIDDEN_MS = 1000, UNLISTED_MS = 60 * 1000, PAGE = 50 };

struct sim_piece {
	UT_hash_handle hh;
	struct lc_buffer body;
	uint64_t stored_ms; /* and confirmed, or not */
	char key[];
};

enum asked { PUT, GET, LIST, DELETE };

/* What is done in the bucket, and what is told of it. */
struct sim_piece_request {
	struct lc_s3_put *handle; /* NULL: nobody waits for an answer */
	enum asked asked;
	char *key;
	char *after;           /* of a list */
	struct lc_buffer body; /* of a PUT; what a GET has found */
	struct lc_s3_listing listing;
	uint64_t from;
	uint64_t length;
	struct lc_loop_timer *doing;   /* a model's */
	struct lc_loop_timer *telling; /* the sender's */
	unsigned status;
	const char *code;
	union {
		lc_s3_callback *on_answer;
		lc_s3_get_callback *on_got;
		lc_s3_list_callback *on_listed;
	} as;
	void *context;
};

/* ---- objects ---- */

static struct sim_piece *find(const char *key)
{
	struct sim_piece *piece;

	HASH_FIND_STR(sim->pieces, key, piece);
	return piece;
}

const struct lc_buffer *sim_pieces_find(const char *key)
{
	struct sim_piece *piece = find(key);

	return piece == NULL ? NULL : &piece->body;
}

static void store(const char *key, struct lc_view body)
{
	size_t size = strlen(key) + 1;
	struct sim_piece *piece = find(key);

	if (piece != NULL) {
		if (!lc_view_equal(lc_buffer_view(&piece->body), body))
			sim_fail("the object %s of the ledgers was overwritten by other bytes",
				 key);
		return;
	}
	piece = lc_memory_zero(1, sizeof(*piece) + size);
	memcpy(piece->key, key, size);
	lc_buffer_init(&piece->body, SIZE_MAX / 2);
	lc_buffer_append_view(&piece->body, body);
	piece->stored_ms = sim_now_ms();
	HASH_ADD_STR(sim->pieces, key, piece);
}

static void remove_piece(struct sim_piece *piece)
{
	HASH_DEL(sim->pieces, piece);
	lc_buffer_free(&piece->body);
	free(piece);
}

void sim_pieces_free(void)
{
	struct sim_piece *piece;
	struct sim_piece *next;

	HASH_ITER(hh, sim->pieces, piece, next)
	{
		remove_piece(piece);
	}
}

/* ---- what is done ---- */

static void get(struct sim_piece_request *request)
{
	const struct sim_piece *piece = find(request->key);
	struct lc_view found;

	request->status = 404;
	request->code = "NoSuchKey";
	if (piece == NULL || (piece->stored_ms + HIDDEN_MS > sim_now_ms() && sim_shares_fault(0.2)))
		return;
	found = lc_buffer_view(&piece->body);
	if (request->length > 0) {
		if (request->from + request->length > found.size)
			sim_fail("a part of %s is asked for that it does not have", request->key);
		found.data += request->from;
		found.size = (size_t)request->length;
	}
	lc_buffer_append_view(&request->body, found);
	request->status = 200;
	request->code = "";
}

static int compare_listed(const void *a, const void *b)
{
	const struct lc_s3_listed *left = a;
	const struct lc_s3_listed *right = b;

	return lc_view_compare(left->key, right->key);
}

static bool is_listed(const struct sim_piece_request *request, const struct sim_piece *piece,
		      bool lags)
{
	return strncmp(piece->key, request->key, strlen(request->key)) == 0 &&
	       strcmp(piece->key, request->after) > 0 &&
	       !(lags && piece->stored_ms + UNLISTED_MS > sim_now_ms());
}

static void list(struct sim_piece_request *request)
{
	struct lc_s3_listing *listing = &request->listing;
	bool lags = sim_shares_fault(0.2);
	struct sim_piece *piece;
	struct sim_piece *next;

	HASH_ITER(hh, sim->pieces, piece, next)
	{
		if (!is_listed(request, piece, lags))
			continue;
		listing->objects = lc_memory_grow(listing->objects, &listing->capacity,
						  listing->count + 1, sizeof(listing->objects[0]));
		listing->objects[listing->count++] = (struct lc_s3_listed){
		    .key = lc_arena_copy(&listing->keys, lc_view_of(piece->key)),
		    .size = piece->body.size,
		    .modified = sim->plan.epoch + (uint32_t)(piece->stored_ms / 1000),
		};
	}
	if (listing->count > 1)
		qsort(listing->objects, listing->count, sizeof(listing->objects[0]),
		      compare_listed);
	listing->truncated = listing->count > PAGE;
	if (listing->truncated)
		listing->count = PAGE;
}

static void happen(struct sim_piece_request *request)
{
	struct sim_piece *piece;

	request->status = 200;
	request->code = "";
	switch (request->asked) {
	case PUT:
		store(request->key, lc_buffer_view(&request->body));
		break;
	case GET:
		get(request);
		break;
	case LIST:
		list(request);
		break;
	case DELETE:
		piece = find(request->key);
		if (piece != NULL)
			remove_piece(piece);
		request->status = 204;
		break;
	}
}

static void release(struct sim_piece_request *request)
{
	lc_loop_timer_free(request->doing);
	lc_loop_timer_free(request->telling);
	lc_buffer_free(&request->body);
	lc_s3_listing_free(&request->listing);
	free(request->key);
	free(request->after);
	free(request);
}

/* S3 may refuse, with or without having done it, and its answer may be lost. */
static void on_doing(void *context)
{
	static const unsigned troubles[] = {0, 500, 503, 408};
	struct sim_piece_request *request = context;
	bool fails = sim_shares_fault(0.05);

	if (!fails || sim_shares_fault(0.3))
		happen(request);
	if (fails) {
		request->status = troubles[sim_shares_below(4)];
		request->code = "";
	}
	if (request->handle == NULL)
		release(request);
	else
		lc_loop_timer_start(request->telling, sim_shares_delay(USUAL_MS));
}

/* ---- what is told ---- */

static struct lc_s3_answer make_answer(const struct sim_piece_request *request)
{
	struct lc_s3_answer answer = {.status = request->status, .code = request->code};

	answer.retry_class =
	    request->status == 204
		? LC_RETRY_DONE
		: lc_retry_classify_s3(request->status, request->code, &answer.certain);
	answer.scope = lc_retry_scope_s3(request->status, request->code);
	if (answer.retry_class != LC_RETRY_DONE)
		lc_error_set(&answer.error, LC_ERROR_REFUSED, "%s: status %u %s", request->key,
			     request->status, request->code);
	return answer;
}

/* Takes the handle away from its client. */
static void let_go(struct lc_s3_put *handle)
{
	TAILQ_REMOVE(&handle->s3->puts, handle, link);
	free(handle);
}

static void on_telling(void *context)
{
	struct sim_piece_request *request = context;
	struct lc_s3_answer answer = make_answer(request);
	bool done = answer.retry_class == LC_RETRY_DONE;

	if (request->asked == GET)
		request->as.on_got(request->context, &answer, done ? &request->body : NULL);
	else if (request->asked == LIST)
		request->as.on_listed(request->context, &answer, done ? &request->listing : NULL,
				      (int64_t)(sim->plan.epoch + sim_now_ms() / 1000));
	else
		request->as.on_answer(request->context, &answer);
	let_go(request->handle);
	release(request);
}

/* ---- requests ---- */

static struct sim_piece_request *ask(struct lc_s3 *s3, enum asked asked, struct lc_view key,
				     void *context)
{
	struct sim_piece_request *request = lc_memory_zero(1, sizeof(*request));
	struct lc_s3_put *handle = lc_memory_zero(1, sizeof(*handle));

	handle->piece = request;
	handle->s3 = s3;
	TAILQ_INSERT_TAIL(&s3->puts, handle, link);
	request->handle = handle;
	request->asked = asked;
	request->key = lc_memory_copy_bytes(key.data, key.size);
	request->context = context;
	lc_buffer_init(&request->body, SIZE_MAX / 2);
	lc_s3_listing_init(&request->listing);
	request->doing = lc_loop_timer_new(sim->loop, on_doing, request);
	request->telling = lc_loop_timer_new(s3->loop, on_telling, request);
	lc_loop_timer_start(request->doing, sim_shares_delay(USUAL_MS));
	return request;
}

struct lc_s3_put *sim_piece_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
				lc_s3_callback *callback, void *context)
{
	struct sim_piece_request *request = ask(s3, PUT, spec->key, context);

	for (size_t i = 0; i < spec->body->piece_count; i++)
		lc_buffer_append_view(&request->body, spec->body->pieces[i]);
	request->as.on_answer = callback;
	return request->handle;
}

struct lc_s3_put *lc_s3_get(struct lc_s3 *s3, const struct lc_s3_get_spec *spec,
			    lc_s3_get_callback *callback, void *context)
{
	struct sim_piece_request *request = ask(s3, GET, spec->key, context);

	request->from = spec->from;
	request->length = spec->length;
	request->as.on_got = callback;
	return request->handle;
}

struct lc_s3_put *lc_s3_list(struct lc_s3 *s3, struct lc_view bucket, struct lc_view prefix,
			     struct lc_view start_after, lc_s3_list_callback *callback,
			     void *context)
{
	struct sim_piece_request *request = ask(s3, LIST, prefix, context);

	(void)bucket;
	request->after = lc_memory_copy_bytes(start_after.data, start_after.size);
	request->as.on_listed = callback;
	return request->handle;
}

struct lc_s3_put *lc_s3_delete(struct lc_s3 *s3, struct lc_view bucket, struct lc_view key,
			       lc_s3_callback *callback, void *context)
{
	struct sim_piece_request *request = ask(s3, DELETE, key, context);

	(void)bucket;
	request->as.on_answer = callback;
	return request->handle;
}

/* What was sent is carried out all the same. */
void sim_piece_cancel(struct lc_s3_put *handle)
{
	struct sim_piece_request *request = handle->piece;

	let_go(handle);
	request->handle = NULL;
	lc_loop_timer_stop(request->telling);
	if (!lc_loop_timer_running(request->doing)) {
		release(request);
		return;
	}
	/* The sender's loop may end before this is done. */
	lc_loop_timer_free(request->telling);
	request->telling = NULL;
}
