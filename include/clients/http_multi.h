/*
 * A curl multi handle on the event loop: curl tells which sockets and which time it waits for,
 * libevent wakes it. Knows nothing of requests.
 *
 * Curl must not be entered again from its own callbacks. While one runs, lc_http_multi_inside is
 * true, and only then; add, remove and unpause are not allowed until `settle` is called.
 */
#ifndef LC_CLIENTS_HTTP_MULTI_H
#define LC_CLIENTS_HTTP_MULTI_H

#include "base/error.h"
#include "base/loop.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

struct lc_http_multi;

struct lc_http_multi_callbacks {
	/* A transfer has ended; it is still part of the multi handle. Runs outside of curl: it may
	 * add and remove transfers. */
	void (*on_ended)(void *context, CURL *easy, CURLcode result);
	/* Curl has been left: the time to do what could not be done inside. */
	void (*settle)(void *context);
};

/* `callbacks` and `context` must outlive it. */
struct lc_http_multi *lc_http_multi_new(struct lc_loop *loop, size_t max_connections_per_host,
					const struct lc_http_multi_callbacks *callbacks,
					void *context, struct lc_error *error);
/* After all transfers have been removed. */
void lc_http_multi_free(struct lc_http_multi *multi);

/* Starts a transfer; its callbacks run from the loop. False when curl refuses the handle. */
bool lc_http_multi_add(struct lc_http_multi *multi, CURL *easy);

/* Takes a transfer away, running or ended. Its connection is closed if it was in use. */
void lc_http_multi_remove(struct lc_http_multi *multi, CURL *easy);

/* Lets a transfer go on whose write callback returned CURL_WRITEFUNC_PAUSE. The held bytes are
 * written from within this call; the result is that of writing them. */
CURLcode lc_http_multi_unpause(struct lc_http_multi *multi, CURL *easy);

/* True while curl is on the stack. */
bool lc_http_multi_inside(const struct lc_http_multi *multi);

#endif
