#include "support/fake_s3.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { BYTES_MAX = 64 * 1024 * 1024 };

struct lc_s3_put {
	struct lc_s3 *s3;
	char *bucket;
	bool look_first;
	uint64_t part_size;
	uint64_t sent;
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

struct lc_s3_put *lc_s3_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
			    lc_s3_callback *callback, void *context)
{
	struct lc_s3_put *put = lc_memory_zero(1, sizeof(*put));
	const struct lc_s3_body *body = spec->body;

	put->s3 = s3;
	put->look_first = spec->look_first;
	put->part_size = spec->part_size;
	put->bucket = lc_memory_copy_bytes(spec->bucket.data, spec->bucket.size);
	lc_buffer_init(&put->key, BYTES_MAX);
	lc_buffer_append_view(&put->key, spec->key);
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

uint64_t lc_s3_put_sent(const struct lc_s3_put *put)
{
	return put->sent;
}

bool lc_s3_aborting(const struct lc_s3 *s3)
{
	(void)s3;
	return false;
}

void fake_s3_send(struct lc_s3 *s3, const char *bucket, uint64_t bytes)
{
	struct lc_s3_put *put;

	TAILQ_FOREACH(put, &s3->puts, link)
	{
		if (strcmp(put->bucket, bucket) == 0)
			put->sent += bytes;
	}
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

bool fake_s3_looks_first(const struct lc_s3 *s3)
{
	return oldest(s3)->look_first;
}

uint64_t fake_s3_part_size(const struct lc_s3 *s3)
{
	return oldest(s3)->part_size;
}

const char *fake_s3_body(const struct lc_s3 *s3)
{
	return lc_buffer_text(&oldest(s3)->body);
}

static void answer(struct lc_s3 *s3, struct lc_s3_put *put, const struct lc_s3_answer *told)
{
	TAILQ_REMOVE(&s3->puts, put, link);
	s3->active--;
	put->callback(put->context, told);
	TAILQ_INSERT_TAIL(&s3->puts, put, link);
	s3->active++;
	lc_s3_cancel(put);
}

void fake_s3_answer(struct lc_s3 *s3, enum lc_retry_class retry_class)
{
	static const unsigned statuses[] = {[LC_RETRY_DONE] = 200,
					    [LC_RETRY_AGAIN] = 503,
					    [LC_RETRY_CLOCK] = 403,
					    [LC_RETRY_WAIT] = 404};
	static const char *const codes[] = {[LC_RETRY_DONE] = "",
					    [LC_RETRY_AGAIN] = "SlowDown",
					    [LC_RETRY_CLOCK] = "RequestTimeTooSkewed",
					    [LC_RETRY_WAIT] = "NoSuchBucket"};

	fake_s3_answer_as(s3, fake_s3_bucket(s3), statuses[retry_class], codes[retry_class]);
}

void fake_s3_answer_unsigned(struct lc_s3 *s3)
{
	struct lc_s3_answer told = {.retry_class = LC_RETRY_CREDENTIALS,
				    .scope = LC_RETRY_SCOPE_BUCKET,
				    .certain = true,
				    .code = ""};

	lc_error_set(&told.error, LC_ERROR_UNREACHABLE, "no credentials to sign with");
	answer(s3, TAILQ_FIRST(&s3->puts), &told);
}

void fake_s3_answer_leftover(struct lc_s3 *s3)
{
	struct lc_s3_answer told = {.retry_class = LC_RETRY_AGAIN,
				    .scope = LC_RETRY_SCOPE_BUCKET,
				    .certain = true,
				    .leftover = true,
				    .code = ""};

	lc_error_set(&told.error, LC_ERROR_UNREACHABLE, "the connection broke");
	answer(s3, TAILQ_FIRST(&s3->puts), &told);
}

void fake_s3_answer_as(struct lc_s3 *s3, const char *bucket, unsigned status, const char *code)
{
	struct lc_s3_answer told = {.status = status,
				    .code = code,
				    .scope = lc_retry_scope_s3(status, code),
				    .elapsed_ms = 5};
	struct lc_s3_put *put;

	TAILQ_FOREACH(put, &s3->puts, link)
	{
		if (strcmp(put->bucket, bucket) == 0)
			break;
	}
	LC_ASSERT(put != NULL);
	told.retry_class = lc_retry_classify_s3(status, code, &told.certain);
	if (told.retry_class != LC_RETRY_DONE)
		lc_error_set(&told.error, LC_ERROR_REFUSED, "not stored");
	answer(s3, put, &told);
}
