/*
 * The servers that the settings name: a client for ClickHouse and those for S3, each with
 * connections and trusted authorities of its own.
 */
#ifndef LC_DELIVERY_SERVERS_H
#define LC_DELIVERY_SERVERS_H

#include "base/error.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_clickhouse;
struct lc_counters;
struct lc_credentials_provider;
struct lc_http;
struct lc_register;
struct lc_s3;
struct lc_settings;

/* A client for S3, with what is its own: connections, the clock offset of its service, what is known
 * of it. */
struct lc_servers_s3 {
	const struct lc_settings *settings; /* the first that it was made for */
	struct lc_http *http;
	struct lc_credentials_provider *credentials; /* that the client signs with */
	struct lc_s3 *client;
};

/* All zero: none. */
struct lc_servers {
	struct lc_http *clickhouse_http;
	struct lc_clickhouse *clickhouse;
	/* One for each way to reach and to talk to S3 that differs, the service's own first. */
	struct lc_servers_s3 *s3;
	size_t s3_count;
	/* By lc_settings.entry: the client for the buckets with these settings. Several entries
	 * that differ in nothing that concerns a client share one. */
	struct lc_s3 **s3_of;
};

/* Makes the clients; to S3 and ClickHouse nothing is sent. `settings` must outlive them. False with
 * `error`, as when a file of authorities cannot be read. In either case to be released with
 * lc_servers_close. */
bool lc_servers_open(struct lc_servers *servers, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error);

/* As lc_servers_open, but of those for S3 the one for this bucket alone. */
bool lc_servers_open_for(struct lc_servers *servers, struct lc_loop *loop,
			 const struct lc_settings *settings, const char *bucket,
			 struct lc_error *error);

/* As lc_servers_open, ClickHouse's client alone. */
bool lc_servers_open_clickhouse(struct lc_servers *servers, struct lc_loop *loop,
				const struct lc_settings *settings, struct lc_error *error);

/* The client for a bucket, which was opened with these settings. */
struct lc_s3 *lc_servers_s3(const struct lc_servers *servers, const struct lc_settings *settings,
			    const char *bucket);

/* A register (clients/register.h) on a table of clickhouse.database; the caller's to free, before the
 * servers are closed. */
struct lc_register *lc_servers_make_register(const struct lc_servers *servers, struct lc_loop *loop,
					     const struct lc_settings *settings, const char *table,
					     uint64_t timeout_ms);

/* Sets who is called, from the loop, when there are credentials again in place of some that S3
 * refused, that had expired, or of none: uploads that wait for them may be tried. */
void lc_servers_tell(struct lc_servers *servers, lc_loop_callback *on_credentials, void *context);

/* Shows in the counters where credentials come from, and how that goes: of several sets, the one
 * that is in the most trouble, or the service's own. */
void lc_servers_show(const struct lc_servers *servers, struct lc_counters *counters);

/* True while parts of log objects that were given up are being deleted. */
bool lc_servers_aborting(const struct lc_servers *servers);

/* Cancels what is under way. Not from within a callback. */
void lc_servers_close(struct lc_servers *servers);

#endif
