/*
 * The parts of an object on their way to S3: an upload is begun, and its parts are sent one after the
 * other. They become an object when the upload is completed, which is the caller's (clients/s3).
 *
 * The borders of the parts follow from the body's size and the size of a part alone: all parts are of
 * the same size, but for the last. They are only ever added to an upload that was begun for them.
 *
 * The callback runs from the loop, never from within lc_s3_multipart_start.
 */
#ifndef LC_CLIENTS_S3_MULTIPART_H
#define LC_CLIENTS_S3_MULTIPART_H

#include "clients/s3_exchange.h"
#include "formats/multipart.h"

struct lc_s3_multipart;

/* All that it points to must stay until the callback ran or it was released. */
struct lc_s3_multipart_spec {
	struct lc_s3_service *service;
	struct lc_view bucket;
	struct lc_view key;
	const struct lc_s3_body *body; /* not empty */
	/* Of a part; more where the body would have over LC_MULTIPART_PARTS_MAX of them. */
	uint64_t part_size;
	enum lc_s3_checksum checksum;        /* of each part */
	const struct lc_s3_headers *headers; /* of the object; NULL: none */
	const char *content_type;
	uint64_t deadline_ms; /* monotonic: it is given up then */
};

/* All parts are there: NULL; or why they are not. `failure->leftover`: an upload may have been begun;
 * where it is known by name, lc_s3_multipart_start's `upload` has it. */
typedef void lc_s3_multipart_callback(void *context, const struct lc_s3_answer *failure);

/* Begins. `upload`, which has no id yet, has it and the parts once there are some; it must outlive
 * this. */
struct lc_s3_multipart *lc_s3_multipart_start(const struct lc_s3_multipart_spec *spec,
					      struct lc_multipart *upload,
					      lc_s3_multipart_callback *callback, void *context);

/* Bytes of the body that have left for the connection. */
uint64_t lc_s3_multipart_sent(const struct lc_s3_multipart *multipart);

/* Ends what is under way, without callback. Not from within the callback. NULL is allowed. */
void lc_s3_multipart_free(struct lc_s3_multipart *multipart);

#endif
