/*
 * Uploads: log objects, whose intents are in the ledger, wait per target bucket and are PUT with
 * limits for the worker and for each target. A target that keeps failing steps aside: one object of
 * it is kept for probing, the bodies of the others are freed; their intents stay (they are
 * "bodiless") and are built again by the rebuild. Nothing is ever dropped.
 */
#ifndef LC_DELIVERY_UPLOAD_H
#define LC_DELIVERY_UPLOAD_H

#include "base/counters.h"
#include "base/loop.h"
#include "clients/s3.h"
#include "config/settings.h"
#include "delivery/object.h"
#include "delivery/target_table.h"
#include "ledger/ledger.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_upload;

struct lc_upload_callbacks {
	/* An object of this source is delivered, and the ledger has it on disk; the object is
	 * released. */
	void (*on_delivered)(void *context, struct lc_source *source);
	/* There is more room than before, or a target works again. */
	void (*on_room)(void *context);
};

/* Callbacks run from the loop, never from lc_upload_submit. */
struct lc_upload *lc_upload_new(struct lc_loop *loop, struct lc_s3 *s3,
				const struct lc_settings *settings, struct lc_counters *counters,
				const struct lc_upload_callbacks *callbacks, void *context);
/* The ledger, which must be known before the first object is submitted: what it holds of targets is
 * restored while it is opened. */
void lc_upload_set_ledger(struct lc_upload *upload, struct lc_ledger *ledger);

/* Cancels uploads and releases everything, waiting objects too. */
void lc_upload_free(struct lc_upload *upload);

/* The targets that objects are submitted for. */
struct lc_target_table *lc_upload_targets(struct lc_upload *upload);

/* True when the target has its share of the bytes in flight, but works: read on when some is
 * uploaded. */
bool lc_upload_crowded(const struct lc_upload *upload, const struct lc_target *target);

/* Tells how much memory objects that are not submitted have gained (or, negative, lost). */
void lc_upload_account(struct lc_upload *upload, struct lc_target *target, ptrdiff_t bytes);

/* Bytes in flight: all objects being built, recorded, waiting or uploading. */
size_t lc_upload_bytes(const struct lc_upload *upload);

/* Takes a sealed object, whose memory is accounted and whose intent is on disk; it starts when
 * limits allow, or loses its body at once. */
void lc_upload_submit(struct lc_upload *upload, struct lc_object *object);

/* True if the body of this intent is in memory: waiting or uploading. */
bool lc_upload_has(const struct lc_upload *upload, const struct lc_target *target,
		   uint64_t intent_id);

/* A target whose bodiless intents may be built again now: it works, or it is time for a probe. NULL
 * if there is none. */
struct lc_target *lc_upload_next_bodiless(struct lc_upload *upload);

/* A bodiless intent of the target has its body again, or is closed. */
void lc_upload_bodiless_gone(struct lc_upload *upload, struct lc_target *target, uint64_t rows);

/* True if an upload is under way or may start without waiting for a target to recover. */
bool lc_upload_moving(const struct lc_upload *upload);

/* Cancels all uploads and releases all objects; their intents stay in the ledger. */
void lc_upload_abandon(struct lc_upload *upload);

/* True if no upload is under way and every confirmation is on disk. */
bool lc_upload_settled(const struct lc_upload *upload);

/* Lets all targets be tried at once, or the one given. */
void lc_upload_retry_now(struct lc_upload *upload, struct lc_target *target);

/* Brings the gauges of blocked targets up to date. */
void lc_upload_update_gauges(const struct lc_upload *upload);

#endif
