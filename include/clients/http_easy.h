/* What curl is told about one request, and what its errors mean to us. */
#ifndef LC_CLIENTS_HTTP_EASY_H
#define LC_CLIENTS_HTTP_EASY_H

#include "base/error.h"
#include "clients/http.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Sets everything but the callbacks on a new handle. `headers` receives the list that must stay
 * until the handle is gone (also when false is returned). False, with an error, when the request
 * can not be expressed: a header with a line break. */
bool lc_http_easy_set(CURL *easy, const struct lc_http_options *options,
		      const struct lc_http_spec *spec, struct curl_slist **headers,
		      struct lc_error *error);

/* The kind of our error for a result of curl's other than CURLE_OK. */
enum lc_error_kind lc_http_easy_kind_of(CURLcode result);

#endif
