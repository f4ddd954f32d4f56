/*
 * What curl is told of a request: the options of a curl easy handle. A handle is used for one
 * request after the other; what all requests of a client have in common is set once. Knows nothing
 * of how requests run.
 */
#ifndef LC_CLIENTS_HTTP_EASY_H
#define LC_CLIENTS_HTTP_EASY_H

#include "base/buffer.h"
#include "base/error.h"
#include "clients/http_spec.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* The headers of a request as curl reads them, a list of lines. The memory is kept for the next
 * request. */
struct lc_http_lines {
	struct lc_buffer text;
	struct curl_slist *list; /* an array, in order */
	size_t capacity;
};

/* An option that is ours to choose: it cannot fail. */
#define LC_HTTP_EASY_SET(easy, option, value) \
	LC_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK)

void lc_http_lines_init(struct lc_http_lines *lines);
void lc_http_lines_free(struct lc_http_lines *lines);

/* Sets what does not change from request to request. The texts of `options` are copied by curl. */
void lc_http_easy_set_client(CURL *easy, const struct lc_http_options *options);

/* Sets all else but the callbacks, whatever the last request was. `body`: spec->body, or what
 * spec->read_body gives, if it is in one piece; it is sent together with the head. NULL: the body
 * comes from the read callback, or there is none. `body` and `lines`, which is filled, must stay
 * until the transfer has ended. False, with an error, when the request cannot be expressed: a header
 * with a line break, a URL that is too long. */
bool lc_http_easy_set_request(CURL *easy, const struct lc_http_spec *spec, const char *body,
			      struct lc_http_lines *lines, struct lc_error *error);

/* The size of the request's body, wherever it comes from. */
uint64_t lc_http_easy_body_size(const struct lc_http_spec *spec);

#endif
