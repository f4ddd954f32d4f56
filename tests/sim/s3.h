/* What the two halves of the model of S3 share: s3.c for log objects, bucket.c for ledgers. */
#ifndef LC_TESTS_SIM_S3_H
#define LC_TESTS_SIM_S3_H

#include "clients/s3.h"
#include "clients/s3_read.h"
#include "sim/sim.h"

#include <sys/queue.h>

struct sim_piece_request;

struct lc_s3 {
	struct lc_loop *loop;
	enum lc_s3_conditional conditional;
	TAILQ_HEAD(, lc_s3_put) puts;
};

struct lc_s3_put {
	struct sim_piece_request *piece; /* of the ledgers' bucket; else the rest is used */
	struct lc_s3 *s3;                /* NULL: nobody waits for an answer */
	TAILQ_ENTRY(lc_s3_put) link;
	lc_s3_callback *callback;
	void *context;
	char *bucket;
	struct lc_buffer key;
	struct lc_buffer body;
	struct lc_buffer headers;
	struct lc_loop_timer *timer;
	uint64_t started_ms;
	bool conditional;
	bool parts;
	bool broken;   /* before it was completed */
	bool survives; /* its sender */
	bool arrived;
	unsigned status;
	const char *code;
};

struct lc_s3_put *sim_piece_put(struct lc_s3 *s3, const struct lc_s3_put_spec *spec,
				lc_s3_callback *callback, void *context);
void sim_piece_cancel(struct lc_s3_put *put);

#endif
