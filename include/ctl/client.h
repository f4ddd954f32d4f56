/* The way to the service: HTTP over its Unix socket. */
#ifndef LC_CTL_CLIENT_H
#define LC_CTL_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

enum { LC_CLIENT_SECONDS = 10 };

/* Sends a request without body ("GET" or "POST") for `target` (path and query) to the socket and
 * appends the answer's body; blocks, LC_CLIENT_SECONDS at most, or until a signal that is blocked
 * and would end the process is pending. False with `error` set, naming what to do:
 * LC_ERROR_UNREACHABLE when nobody answers, LC_ERROR_USAGE when the service refuses the request and
 * says why, LC_ERROR_REFUSED when the answer's status is something else than 200 and 503,
 * LC_ERROR_LIMIT when the body is larger than the buffer's cap. */
bool lc_client_ask(const char *socket, const char *method, const char *target,
		   struct lc_buffer *body, struct lc_error *error);

/* The same with another time to wait. */
bool lc_client_ask_within(const char *socket, unsigned seconds, const char *method,
			  const char *target, struct lc_buffer *body, struct lc_error *error);

#endif
