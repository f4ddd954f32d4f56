/* The clients of a shard, made from the settings: ClickHouse and S3, each over connections of its
 * own, since each has its own authorities to trust. */
#ifndef LC_DELIVERY_CLIENTS_H
#define LC_DELIVERY_CLIENTS_H

#include "base/error.h"
#include "base/loop.h"
#include "clients/clickhouse.h"
#include "clients/http.h"
#include "clients/s3.h"
#include "config/settings.h"

#include <stdbool.h>

/* All NULL before they are opened. */
struct lc_clients {
	struct lc_http *clickhouse_http;
	struct lc_clickhouse *clickhouse;
	struct lc_http *s3_http;
	struct lc_s3 *s3;
};

/* Nothing is sent yet. False with `error` set (LC_ERROR_USAGE) when a setting can not be used;
 * those that were made until then are to be closed all the same. */
bool lc_clients_open(struct lc_clients *clients, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error);

/* Releases them; nothing may be under way. */
void lc_clients_close(struct lc_clients *clients);

#endif
