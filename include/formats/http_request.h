/*
 * The head of an HTTP/1.1 request as our own small servers accept it (RFC 9112): a request line and
 * header fields. They serve people, scripts and Prometheus on a local socket, so that much of HTTP
 * is refused: bodies, transfer codings, and heads beyond LC_HTTP_REQUEST_HEAD_MAX.
 */
#ifndef LC_FORMATS_HTTP_REQUEST_H
#define LC_FORMATS_HTTP_REQUEST_H

#include "base/view.h"

#include <stdbool.h>

enum {
	LC_HTTP_REQUEST_HEAD_MAX = 8192, /* bytes, the empty line at the end included */
};

enum lc_http_request_result {
	LC_HTTP_REQUEST_WHOLE,
	LC_HTTP_REQUEST_INCOMPLETE, /* more bytes are needed */
	LC_HTTP_REQUEST_REFUSED,
};

/* Views into the received bytes. */
struct lc_http_request {
	struct lc_view method;
	struct lc_view target; /* begins with '/' */
	struct lc_view path;   /* the target up to its query */
	struct lc_view accept; /* the value of the field Accept; empty without one */
	int refusal;           /* when refused: the HTTP status to answer with */
};

/* Whether the request names the media type in its field Accept, not with the weight 0 (RFC 9110,
 * section 12.5.1). Ranges with an asterisk name none. */
bool lc_http_request_prefers(const struct lc_http_request *request, const char *media_type);

/* Reads the head at the start of `bytes`. */
enum lc_http_request_result lc_http_request_decode(struct lc_view bytes,
						   struct lc_http_request *request);

#endif
