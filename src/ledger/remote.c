#include "ledger/remote.h"

#include "base/assert.h"
#include "base/backoff.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { NAME_MAX_SIZE = 4096, COMPLAIN_MS = 60000 };

static const struct lc_backoff RETRY = {.initial_ms = 250, .maximum_ms = 10 * 1000, .jitter = 0.3};

struct lc_remote_call {
	struct lc_remote *remote;
	TAILQ_ENTRY(lc_remote_call) link;
	char *key;                   /* folder and name */
	struct lc_loop_timer *timer; /* the next attempt */
	struct lc_s3_put *attempt;   /* under way; NULL while the timer runs */
	unsigned attempts;           /* in vain */
	unsigned looks;              /* of these: answered, but not with the object */
	lc_remote_put_callback *on_put;
	lc_remote_get_callback *on_got; /* NULL: it is a PUT */
	void *context;
	struct lc_view piece; /* of a PUT */
	struct lc_s3_body body;
	uint64_t from; /* of a GET */
	uint64_t length;
	size_t max_bytes;
};

struct lc_remote {
	struct lc_loop *loop;
	struct lc_s3 *s3;
	char *bucket;
	char *folder;
	char *place; /* "bucket/folder", for people */
	struct lc_random *random;
	TAILQ_HEAD(, lc_remote_call) calls;
	uint64_t failing_since_ms; /* 0: it does not fail */
	uint64_t complained_ms;
};

static char *join(const char *first, const char *second, const char *third)
{
	struct lc_buffer text;
	char *copy;

	lc_buffer_init(&text, NAME_MAX_SIZE);
	lc_buffer_append_format(&text, "%s%s%s", first, second, third);
	LC_ASSERT(!lc_buffer_failed(&text));
	copy = lc_memory_copy_text(lc_buffer_text(&text));
	lc_buffer_free(&text);
	return copy;
}

struct lc_remote *lc_remote_new(const struct lc_remote_options *options)
{
	struct lc_remote *remote = lc_memory_zero(1, sizeof(*remote));

	remote->loop = options->loop;
	remote->s3 = options->s3;
	remote->bucket = lc_memory_copy_text(options->bucket);
	remote->folder = lc_memory_copy_text(options->folder);
	remote->place = join(options->bucket, "/", options->folder);
	remote->random = options->random;
	TAILQ_INIT(&remote->calls);
	return remote;
}

static void release(struct lc_remote_call *call)
{
	TAILQ_REMOVE(&call->remote->calls, call, link);
	lc_loop_timer_free(call->timer);
	free(call->key);
	free(call);
}

void lc_remote_free(struct lc_remote *remote)
{
	struct lc_remote_call *call;

	if (remote == NULL)
		return;
	while ((call = TAILQ_FIRST(&remote->calls)) != NULL) {
		lc_remote_cancel(call);
		LC_ASSERT(TAILQ_FIRST(&remote->calls) != call);
	}
	free(remote->place);
	free(remote->folder);
	free(remote->bucket);
	free(remote);
}

/* ---- what fails ---- */

static void note_failure(struct lc_remote *remote, const struct lc_error *error)
{
	uint64_t now_ms = lc_loop_now_ms(remote->loop);

	if (remote->failing_since_ms == 0)
		remote->failing_since_ms = now_ms > 0 ? now_ms : 1;
	else if (now_ms - remote->complained_ms < COMPLAIN_MS)
		return;
	remote->complained_ms = now_ms;
	lc_log(LC_LOG_WARNING,
	       "an object of the shared ledger cannot be written or read; it is tried again",
	       LC_LOG_TEXT("place", remote->place),
	       LC_LOG_UINT("seconds", (now_ms - remote->failing_since_ms) / 1000),
	       LC_LOG_FAULT(error));
}

static void note_success(struct lc_remote *remote)
{
	if (remote->failing_since_ms == 0)
		return;
	lc_log(LC_LOG_INFO, "objects of the shared ledger can be written and read again",
	       LC_LOG_TEXT("place", remote->place),
	       LC_LOG_UINT("seconds",
			   (lc_loop_now_ms(remote->loop) - remote->failing_since_ms) / 1000));
	remote->failing_since_ms = 0;
}

static void try_again(struct lc_remote_call *call, const struct lc_error *error)
{
	struct lc_remote *remote = call->remote;

	note_failure(remote, error);
	lc_loop_timer_start(call->timer,
			    lc_backoff_delay_ms(&RETRY, call->attempts, remote->random));
	call->attempts++;
}

/* ---- an attempt ---- */

static void on_stored(void *context, const struct lc_s3_answer *answer)
{
	struct lc_remote_call *call = context;
	lc_remote_put_callback *callback;
	void *for_callback = call->context;

	call->attempt = NULL;
	if (answer->retry_class != LC_RETRY_DONE) {
		try_again(call, &answer->error);
		return;
	}
	callback = call->on_put;
	note_success(call->remote);
	release(call);
	callback(for_callback);
}

/* The service has answered, and it is not there, or not what it must be. */
static bool is_not_the_object(const struct lc_s3_answer *answer)
{
	return lc_retry_is_absent_s3(answer->status, answer->code) ||
	       (answer->retry_class == LC_RETRY_WAIT &&
		(answer->error.kind == LC_ERROR_CORRUPT || answer->error.kind == LC_ERROR_LIMIT));
}

static void on_got(void *context, const struct lc_s3_answer *answer, struct lc_buffer *body)
{
	struct lc_remote_call *call = context;
	lc_remote_get_callback *callback = call->on_got;
	void *for_callback = call->context;
	struct lc_error error = answer->error;

	call->attempt = NULL;
	if (answer->retry_class != LC_RETRY_DONE &&
	    (!is_not_the_object(answer) || ++call->looks < LC_REMOTE_LOOKS)) {
		try_again(call, &answer->error);
		return;
	}
	if (body == NULL)
		lc_error_set(&error, LC_ERROR_CORRUPT,
			     "the object %s of the shared ledger is lost or damaged: %s", call->key,
			     answer->error.message);
	note_success(call->remote);
	release(call);
	callback(for_callback, body == NULL ? &error : NULL, body);
}

static void attempt(void *context)
{
	struct lc_remote_call *call = context;
	struct lc_remote *remote = call->remote;
	const struct lc_s3_put_spec put = {.bucket = lc_view_of(remote->bucket),
					   .key = lc_view_of(call->key),
					   .body = &call->body};
	const struct lc_s3_get_spec get = {.bucket = put.bucket,
					   .key = put.key,
					   .from = call->from,
					   .length = call->length,
					   .max_bytes = call->max_bytes};

	if (call->on_got == NULL)
		call->attempt = lc_s3_put(remote->s3, &put, on_stored, call);
	else
		call->attempt = lc_s3_get(remote->s3, &get, on_got, call);
}

static struct lc_remote_call *make(struct lc_remote *remote, const char *name, void *context)
{
	struct lc_remote_call *call = lc_memory_zero(1, sizeof(*call));

	call->remote = remote;
	call->key = join(remote->folder, name, "");
	call->timer = lc_loop_timer_new(remote->loop, attempt, call);
	call->context = context;
	TAILQ_INSERT_TAIL(&remote->calls, call, link);
	return call;
}

struct lc_remote_call *lc_remote_put(struct lc_remote *remote, const char *name,
				     struct lc_view body, lc_remote_put_callback *callback,
				     void *context)
{
	struct lc_remote_call *call = make(remote, name, context);

	call->on_put = callback;
	call->piece = body;
	call->body =
	    (struct lc_s3_body){.pieces = &call->piece, .piece_count = 1, .size = body.size};
	attempt(call);
	return call;
}

struct lc_remote_call *lc_remote_get(struct lc_remote *remote, const char *name, uint64_t from,
				     uint64_t length, size_t max_bytes,
				     lc_remote_get_callback *callback, void *context)
{
	struct lc_remote_call *call = make(remote, name, context);

	call->on_got = callback;
	call->from = from;
	call->length = length;
	call->max_bytes = max_bytes;
	attempt(call);
	return call;
}

void lc_remote_cancel(struct lc_remote_call *call)
{
	if (call == NULL)
		return;
	if (call->attempt != NULL)
		lc_s3_cancel(call->attempt);
	release(call);
}

/* ---- lists and deletions ---- */

struct lc_s3_put *lc_remote_list(struct lc_remote *remote, const char *prefix,
				 const char *start_after, lc_s3_list_callback *callback,
				 void *context)
{
	char *first = join(remote->folder, prefix, "");
	char *after =
	    start_after[0] == '\0' ? join("", "", "") : join(remote->folder, start_after, "");
	struct lc_s3_put *asked =
	    lc_s3_list(remote->s3, lc_view_of(remote->bucket), lc_view_of(first), lc_view_of(after),
		       callback, context);

	free(after);
	free(first);
	return asked;
}

struct lc_s3_put *lc_remote_delete(struct lc_remote *remote, const char *name,
				   lc_s3_callback *callback, void *context)
{
	char *key = join(remote->folder, name, "");
	struct lc_s3_put *asked = lc_s3_delete(remote->s3, lc_view_of(remote->bucket),
					       lc_view_of(key), callback, context);

	free(key);
	return asked;
}

struct lc_view lc_remote_name_of(const struct lc_remote *remote, struct lc_view key)
{
	size_t size = strlen(remote->folder);

	if (!lc_view_begins_with(key, lc_view_of(remote->folder)))
		return (struct lc_view){.data = "", .size = 0};
	return (struct lc_view){.data = key.data + size, .size = key.size - size};
}
