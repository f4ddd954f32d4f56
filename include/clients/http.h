/*
 * HTTP requests on the event loop: libcurl's multi interface driven by libevent. One client per
 * process; connections are kept and reused.
 *
 * Callbacks run from the loop, never from within lc_http_start. on_done runs exactly once per
 * request, last of all, unless the request was cancelled: after lc_http_cancel no callback runs.
 */
#ifndef LC_CLIENTS_HTTP_H
#define LC_CLIENTS_HTTP_H

#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_http;
struct lc_http_request;

struct lc_http_options {
	const char *ca_file; /* PEM file of trusted authorities, NULL for the system's */
	bool tls_skip_verify;
	uint64_t connect_timeout_ms;
	size_t max_connections_per_host; /* 0: no limit */
};

struct lc_http_header {
	struct lc_view name;
	struct lc_view value;
};

struct lc_http_response {
	unsigned status; /* 0 when there was no answer */
	bool complete;   /* the answer ended as HTTP says it must */
	uint64_t elapsed_ms;
	struct lc_error error; /* kind NONE when complete, whatever the status says */
};

struct lc_http_callbacks {
	/* The answer's status is known. May be NULL. */
	void (*on_status)(void *context, unsigned status);
	/* One header of the answer; name in lower case. Views valid until return. May be NULL. */
	void (*on_header)(void *context, struct lc_view name, struct lc_view value);
	/* A piece of the answer's body, valid until return. May call lc_http_pause. */
	void (*on_body)(void *context, struct lc_view piece);
	/* Fills `room` bytes of the request's body; returns how many, 0 at its end. Called with
	 * rewind = true before the body is (again) read from its start. */
	size_t (*read_body)(void *context, char *place, size_t room);
	void (*rewind_body)(void *context);
	/* It is over; the request is released when this returns. */
	void (*on_done)(void *context, const struct lc_http_response *response);
};

struct lc_http_spec {
	const char *method; /* "GET", "PUT", "POST", "HEAD", "DELETE" */
	const char *url;
	const struct lc_http_header *headers; /* copied */
	size_t header_count;
	struct lc_view body;     /* small body, copied; or */
	bool body_from_callback; /* read_body, of body_size bytes */
	uint64_t body_size;
	uint64_t timeout_ms;       /* of the whole request; 0: none */
	uint64_t stall_timeout_ms; /* given up when no byte moves for so long while not paused; 0:
				      never */
	const struct lc_http_callbacks *callbacks; /* must outlive the request */
	void *context;
};

struct lc_http *lc_http_new(struct lc_loop *loop, const struct lc_http_options *options,
			    struct lc_error *error);
/* Cancels what is still under way. */
void lc_http_free(struct lc_http *http);

/* Starts a request. It belongs to the client and is valid until on_done returns or lc_http_cancel.
 * A URL that can not be used ends in on_done too. Redirects are not followed, proxies of the
 * environment are not used, "Expect:" is never sent. */
struct lc_http_request *lc_http_start(struct lc_http *http, const struct lc_http_spec *spec);

/* Ends a request without further callback. Not from within its own callbacks except on_body. */
void lc_http_cancel(struct lc_http_request *request);

/* Stops reading the answer; the peer is held back by its full window. At most one more piece may
 * still arrive. */
void lc_http_pause(struct lc_http_request *request);
void lc_http_resume(struct lc_http_request *request);

#endif
