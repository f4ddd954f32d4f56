/*
 * The servers that the settings name: a client for ClickHouse and one for S3, each with connections
 * and trusted authorities of its own.
 */
#ifndef LC_DELIVERY_SERVERS_H
#define LC_DELIVERY_SERVERS_H

#include "base/error.h"

#include <stdbool.h>

struct lc_clickhouse;
struct lc_http;
struct lc_loop;
struct lc_s3;
struct lc_settings;

/* All zero: none. */
struct lc_servers {
	struct lc_http *clickhouse_http;
	struct lc_clickhouse *clickhouse;
	struct lc_http *s3_http;
	struct lc_s3 *s3;
};

/* Makes the clients; nothing is sent. False with `error`, as when a file of authorities cannot be
 * read. In either case to be released with lc_servers_close. */
bool lc_servers_open(struct lc_servers *servers, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error);

/* Cancels what is under way. Not from within a callback. */
void lc_servers_close(struct lc_servers *servers);

#endif
