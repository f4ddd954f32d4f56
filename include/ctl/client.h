/* The way to the service: HTTP over its Unix socket. */
#ifndef LC_CTL_CLIENT_H
#define LC_CTL_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* GETs `path` on the socket and appends the answer's body; blocks, 10 seconds at most. False with
 * `error` set, naming the socket and what to do: LC_ERROR_UNREACHABLE when nobody answers,
 * LC_ERROR_REFUSED when the answer's status is neither 200 nor 503, LC_ERROR_LIMIT when the body is
 * larger than the buffer's cap. */
bool lc_client_get(const char *socket, const char *path, struct lc_buffer *body,
		   struct lc_error *error);

#endif
