/*
 * Uploads: log objects wait per target bucket and are PUT with limits for the worker and for each
 * target. A target that fails is probed with backoff; nothing is ever dropped.
 */
#ifndef LC_DELIVERY_UPLOAD_H
#define LC_DELIVERY_UPLOAD_H

#include "base/counters.h"
#include "base/loop.h"
#include "clients/s3.h"
#include "config/settings.h"
#include "delivery/object.h"
#include "delivery/target.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_upload;

struct lc_upload_callbacks {
	/* S3 has confirmed an object of this source; the object is released. */
	void (*on_delivered)(void *context, struct lc_source *source);
	/* After an object was released, or a target works again: there is more room than before. */
	void (*on_room)(void *context);
};

/* Callbacks run from the loop, never from lc_upload_submit. */
struct lc_upload *lc_upload_new(struct lc_loop *loop, struct lc_s3 *s3,
				const struct lc_settings *settings, struct lc_counters *counters,
				const struct lc_upload_callbacks *callbacks, void *context);
/* Cancels uploads and releases everything, waiting objects too. */
void lc_upload_free(struct lc_upload *upload);

/* The target of a bucket, new if it was not known; it stays valid as long as the upload. */
struct lc_target *lc_upload_target(struct lc_upload *upload, struct lc_view bucket);

/* What to do with further rows for this target. */
enum lc_target_room lc_upload_room(const struct lc_upload *upload, const struct lc_target *target);

/* Tells how much memory objects that are being built have gained (or, negative, lost). */
void lc_upload_account(struct lc_upload *upload, struct lc_target *target, ptrdiff_t bytes);

/* Bytes in flight: all objects being built, waiting or uploading. */
size_t lc_upload_bytes(const struct lc_upload *upload);

/* Takes a sealed object, whose memory has been accounted; it starts when limits allow. */
void lc_upload_submit(struct lc_upload *upload, struct lc_object *object);

/* True if an upload is under way or may start without waiting for a target to recover. */
bool lc_upload_moving(const struct lc_upload *upload);

/* True if an upload is under way or waits for a target that has not stepped aside: waiting for it
 * makes sense at the end of a process. */
bool lc_upload_hopeful(const struct lc_upload *upload);

/* Cancels all uploads and releases all objects: their rows stay undelivered. */
void lc_upload_abandon(struct lc_upload *upload);

/* Brings the gauges of blocked targets up to date. */
void lc_upload_update_gauges(const struct lc_upload *upload);

#endif
