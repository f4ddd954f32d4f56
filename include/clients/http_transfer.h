/*
 * One transfer as curl's callbacks see it: the request's body going out, the answer's head and body
 * coming in, and whether bytes are wanted at all right now. Knows nothing of the event loop; the
 * fields belong to http.c, which reads and sets them between the callbacks.
 */
#ifndef LC_CLIENTS_HTTP_TRANSFER_H
#define LC_CLIENTS_HTTP_TRANSFER_H

#include "base/error.h"
#include "clients/http.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_http_transfer {
	const struct lc_http_callbacks *callbacks;
	void *context;
	CURL *easy;
	bool silent; /* cancelled: no callback runs any more, and curl is told to give up */

	char *body; /* the copied body; NULL when it comes from the callback */
	uint64_t body_size;
	uint64_t body_read;

	bool paused; /* the caller wants no bytes */
	bool held;   /* curl holds bytes that were not taken, and waits to be unpaused */

	unsigned status; /* 0 until the final answer's status line */
	unsigned sends;
	bool in_head; /* the answer's head has begun, and its end has not come */
	bool framed;
	size_t header_bytes;
	uint64_t moved_ms;     /* when a byte moved last, monotonic */
	struct lc_error fault; /* why a callback made curl give up */
};

/* Sets curl's callbacks on transfer->easy; `transfer` must stay in its place until that is gone. */
void lc_http_transfer_attach(struct lc_http_transfer *transfer);

#endif
