/*
 * HTTP requests on the event loop: libcurl's multi interface driven by libevent. A client has its
 * own connections, which are kept and reused, and its own authorities to trust.
 *
 * Callbacks run from the loop, never from within lc_http_start (but for read_body). on_done runs exactly once per
 * request, last of all, unless the request was cancelled: after lc_http_cancel no callback runs.
 */
#ifndef LC_CLIENTS_HTTP_H
#define LC_CLIENTS_HTTP_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "clients/http_spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_http;
struct lc_http_request;

struct lc_http_response {
	unsigned status; /* 0 when there was no answer */
	bool complete;   /* the answer ended as HTTP says it must */
	bool framed;     /* its headers told where it ends: its end cannot be a broken connection */
	unsigned sends;  /* how often the request began to leave: 0 when there was no connection, 2
			   when a kept connection broke before an answer and it was sent again */
	uint64_t elapsed_ms;
	struct lc_error error; /* kind NONE when complete, whatever the status says */
};

struct lc_http_callbacks {
	/* The answer's status is known. May be NULL. */
	void (*on_status)(void *context, unsigned status);
	/* One header of the answer; name in lower case (names over 127 bytes are skipped). Views
	 * valid until return. May be NULL. */
	void (*on_header)(void *context, struct lc_view name, struct lc_view value);
	/* A piece of the answer's body, valid until return. May call lc_http_pause. May be NULL. */
	void (*on_body)(void *context, struct lc_view piece);
	/* Fills up to `room` bytes of the request's body and returns how many; 0 only after
	 * body_size bytes. A small body is read at once, from within lc_http_start, and only once.
	 * rewind_body runs before the body is read from its start once more. Both are needed with
	 * body_from_callback. */
	size_t (*read_body)(void *context, char *place, size_t room);
	void (*rewind_body)(void *context);
	/* It is over; the request is released when this returns. */
	void (*on_done)(void *context, const struct lc_http_response *response);
};

struct lc_http *lc_http_new(struct lc_loop *loop, const struct lc_http_options *options,
			    struct lc_error *error);
/* Cancels what is still under way. Not from within a callback. */
void lc_http_free(struct lc_http *http);

/* Starts a request. It belongs to the client and is valid until on_done returns or lc_http_cancel.
 * Everything in `spec` but the callbacks is copied. A URL that cannot be used ends in on_done too.
 * Redirects are not followed, proxies of the environment are not used, "Expect:" is never sent. */
struct lc_http_request *lc_http_start(struct lc_http *http, const struct lc_http_spec *spec);

/* Ends a request without further callback. Not from within its own on_done. */
void lc_http_cancel(struct lc_http_request *request);

/* Stops reading the answer: on_body runs no more until lc_http_resume, and the peer is held back by
 * its full window. The end may still come: a broken connection, or an answer that is over. */
void lc_http_pause(struct lc_http_request *request);
/* Goes on reading; the first piece comes from the loop. */
void lc_http_resume(struct lc_http_request *request);

/* The little that we read of a URL ourselves, scheme://[user@]host[:port][/path][?query]: where its
 * path begins (or, without one, the query); url.size when there is neither. */
size_t lc_http_url_path_of(struct lc_view url);

/* Appends a URL without user information and without query, for messages. */
void lc_http_url_append_shown(struct lc_buffer *out, struct lc_view url);

#endif
