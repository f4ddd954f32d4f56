/*
 * Looking into a shard, and the commands that reach into it: fills an inspection document with what
 * a control request asks for. Of many rows those are kept that matter most: the oldest sources, the
 * targets that fail.
 */
#ifndef LC_DELIVERY_INSPECT_H
#define LC_DELIVERY_INSPECT_H

#include "delivery/shard.h"
#include "formats/control_request.h"
#include "formats/inspection.h"

struct lc_inspect;

typedef void lc_inspect_callback(struct lc_inspect *inspect);

/* One look. The caller owns it and releases the document, which is whole once `done` was called. */
struct lc_inspect {
	struct lc_shard *shard;
	unsigned number; /* of the shard, for the rows */
	struct lc_control_request request;
	struct lc_inspection document;
	lc_inspect_callback *done;
};

/* Begins with shard, number, request and `done` filled in. `done` is called once, perhaps before
 * this returns; when the shard is freed first it never is. */
void lc_inspect_begin(struct lc_inspect *inspect);

#endif
