/*
 * Uploads: log objects, whose intents are in the ledger, wait at their targets and are PUT, with
 * limits for the worker and for each bucket. Nothing is ever dropped, and no target harms another:
 *
 * - What cannot be uploaded soon loses its body; see delivery/inflight.h.
 * - A bucket whose uploads move slowly, or not at all, is slow. While others wait, slow and failing
 *   buckets get half of the upload slots, and the slowest of their uploads gives way.
 * - An object that is refused for its size is cut again, if no attempt at it can have been stored;
 *   else it is tried again now and then, alone.
 */
#ifndef LC_DELIVERY_UPLOAD_H
#define LC_DELIVERY_UPLOAD_H

#include "base/view.h"
#include "delivery/delivery.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_object;
struct lc_target;
struct lc_upload;

/* Tells `delivered` and `room`, never from lc_upload_submit. */
struct lc_upload *lc_upload_new(const struct lc_delivery *delivery);

/* Of seconds before the horizon it is not known any more which rows were taken: they are not read
 * again. */
void lc_upload_set_horizon(struct lc_upload *upload, uint32_t horizon);

/* Cancels uploads and releases everything, waiting objects too. */
void lc_upload_free(struct lc_upload *upload);

/* Takes a sealed object whose intent is on disk; it starts when limits allow, or loses its body at
 * once. */
void lc_upload_submit(struct lc_upload *upload, struct lc_object *object);

/* True if an upload is under way or may start without waiting for a target to recover. */
bool lc_upload_moving(const struct lc_upload *upload);

/* The same for uploads that are about to make room: not into buckets that are slow or fail. */
bool lc_upload_flowing(const struct lc_upload *upload);

/* Cancels all uploads and releases all objects; their intents stay in the ledger. */
void lc_upload_abandon(struct lc_upload *upload);

/* True if no upload is under way and every confirmation is on disk. */
bool lc_upload_settled(const struct lc_upload *upload);

/* Lets all targets be tried at once, or the one given. */
void lc_upload_retry_now(struct lc_upload *upload, struct lc_target *target);

/* An operator's decision about a target, or about a whole bucket: it is recorded. */
void lc_upload_give_up(struct lc_upload *upload, struct lc_view bucket, struct lc_view prefix,
		       bool whole, enum lc_ledger_given_up decision);

/* Once a second: finds out which buckets are slow, frees what they hold too much of, brings the
 * gauges up to date. `unused`: nobody holds a target now, so that idle ones may be forgotten. */
void lc_upload_tend(struct lc_upload *upload, bool unused);

#endif
