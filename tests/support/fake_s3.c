#include "support/fake_s3.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"

#include <stdlib.h>
#include <sys/queue.h>

enum { BYTES_MAX = 64 * 1024 * 1024 };

struct lc_s3_put {
	struct lc_s3 *s3;
	char *bucket;
	struct lc_buffer key;
	struct lc_buffer body;
	lc_s3_callback *callback;
	void *context;
	TAILQ_ENTRY(lc_s3_put) link;
};

struct lc_s3 {
	TAILQ_HEAD(, lc_s3_put) puts; /* under way, oldest first */
	size_t active;
	size_t started;
};

struct lc_s3 *fake_s3_new(void)
{
	struct lc_s3 *s3 = lc_memory_zero(1, sizeof(*s3));

	TAILQ_INIT(&s3->puts);
	return s3;
}

void fake_s3_free(struct lc_s3 *s3)
{
	LC_ASSERT(TAILQ_EMPTY(&s3->puts));
	free(s3);
}

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const char *bucket, struct lc_view key,
			    const struct lc_s3_body *body, lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put = lc_memory_zero(1, sizeof(*put));

	put->s3 = s3;
	put->bucket = lc_memory_copy_text(bucket);
	lc_buffer_init(&put->key, BYTES_MAX);
	lc_buffer_append_view(&put->key, key);
	lc_buffer_init(&put->body, BYTES_MAX);
	for (size_t i = 0; i < body->piece_count; i++)
		lc_buffer_append_view(&put->body, body->pieces[i]);
	LC_ASSERT(put->body.size == body->size);
	put->callback = callback;
	put->context = context;
	TAILQ_INSERT_TAIL(&s3->puts, put, link);
	s3->active++;
	s3->started++;
	return put;
}

void lc_s3_cancel(struct lc_s3_put *put)
{
	TAILQ_REMOVE(&put->s3->puts, put, link);
	put->s3->active--;
	free(put->bucket);
	lc_buffer_free(&put->key);
	lc_buffer_free(&put->body);
	free(put);
}

size_t fake_s3_active(const struct lc_s3 *s3)
{
	return s3->active;
}

size_t fake_s3_started(const struct lc_s3 *s3)
{
	return s3->started;
}

static struct lc_s3_put *oldest(const struct lc_s3 *s3)
{
	LC_ASSERT(!TAILQ_EMPTY(&s3->puts));
	return TAILQ_FIRST(&s3->puts);
}

const char *fake_s3_bucket(const struct lc_s3 *s3)
{
	return oldest(s3)->bucket;
}

const char *fake_s3_key(const struct lc_s3 *s3)
{
	return lc_buffer_text(&oldest(s3)->key);
}

const char *fake_s3_body(const struct lc_s3 *s3)
{
	return lc_buffer_text(&oldest(s3)->body);
}

void fake_s3_answer(struct lc_s3 *s3, enum lc_retry_class answer)
{
	static const unsigned statuses[] = {[LC_RETRY_DONE] = 200,
					    [LC_RETRY_AGAIN] = 503,
					    [LC_RETRY_CLOCK] = 403,
					    [LC_RETRY_WAIT] = 403};
	struct lc_s3_put *put = oldest(s3);
	lc_s3_callback *callback = put->callback;
	void *context = put->context;
	struct lc_s3_answer told = {
	    .retry_class = answer, .status = statuses[answer], .code = "", .elapsed_ms = 5};

	if (answer != LC_RETRY_DONE)
		lc_error_set(&told.error, LC_ERROR_REFUSED, "not stored");
	lc_s3_cancel(put);
	callback(context, &told);
}
