/* HTTP statuses by name: LC_HTTP_OK, LC_HTTP_NOT_FOUND, ... as include/tbl/http_statuses.h lists
 * them. Servers answer with others, too. */
#ifndef LC_FORMATS_HTTP_STATUS_H
#define LC_FORMATS_HTTP_STATUS_H

#include <stdbool.h>

enum lc_http_status {
#define LC_HTTP_STATUS(name, number, reason) LC_HTTP_##name = (number),
#include "tbl/http_statuses.h"
};

/* 2xx: it has happened. */
static inline bool lc_http_status_is_success(long status)
{
	return status / 100 == 2;
}

/* 3xx: it is to be had elsewhere, or is there already. */
static inline bool lc_http_status_is_redirect(long status)
{
	return status / 100 == 3;
}

/* 4xx: the request is refused. */
static inline bool lc_http_status_is_client_error(long status)
{
	return status / 100 == 4;
}

/* 5xx: the server could not. */
static inline bool lc_http_status_is_server_error(long status)
{
	return status / 100 == 5;
}

#endif
