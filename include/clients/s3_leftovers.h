/*
 * What former attempts at an object have left of it in parts, in this life or one before: uploads of
 * its very key. Those that lack parts are aborted. One that has all of them, as many bytes as the
 * object, S3 may be about to complete, if the answer to that was lost; that it is safe to abort it
 * then is not known of every service. It is the caller's, to be completed: a second time does no
 * harm.
 *
 * What may not be listed is left alone. The callback runs from the loop, never from within
 * lc_s3_leftovers_start.
 */
#ifndef LC_CLIENTS_S3_LEFTOVERS_H
#define LC_CLIENTS_S3_LEFTOVERS_H

#include "clients/s3_exchange.h"
#include "formats/multipart.h"

struct lc_s3_leftovers;

/* All that it points to must stay until the callback ran or it was released. */
struct lc_s3_leftovers_spec {
	struct lc_s3_service *service;
	struct lc_view bucket;
	struct lc_view key;
	uint64_t size;                /* of the object */
	enum lc_s3_checksum checksum; /* that its parts have */
	const char *content_type;
	uint64_t deadline_ms; /* monotonic: it is given up then */
	bool *told;           /* set once the log says that leftovers cannot be looked for */
};

/* They are gone, as far as they may be: NULL; or the passing failure that prevents it. */
typedef void lc_s3_leftovers_callback(void *context, const struct lc_s3_answer *failure);

/* Begins. `whole`, which has no id yet, becomes the upload that has all of its parts, if there is one;
 * it must outlive this. */
struct lc_s3_leftovers *lc_s3_leftovers_start(const struct lc_s3_leftovers_spec *spec,
					      struct lc_multipart *whole,
					      lc_s3_leftovers_callback *callback, void *context);

/* Ends what is under way, without callback. Not from within the callback. NULL is allowed. */
void lc_s3_leftovers_free(struct lc_s3_leftovers *leftovers);

#endif
