/* The little that we read of a URL ourselves: scheme://[user@]host[:port][/path][?query]. Pure. */
#ifndef LC_CLIENTS_HTTP_URL_H
#define LC_CLIENTS_HTTP_URL_H

#include "base/buffer.h"
#include "base/view.h"

#include <stddef.h>

/* Where the path begins (or, without one, the query); url.size when there is neither. */
size_t lc_http_url_path_of(struct lc_view url);

/* Appends a URL without user information and without query, for messages. */
void lc_http_url_append_shown(struct lc_buffer *out, struct lc_view url);

#endif
