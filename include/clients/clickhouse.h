/*
 * Queries to ClickHouse over HTTP. Several URLs serve as replicas of one another: queries that
 * belong together go to one of them (a "seat"), the next cycle may take the next; one that fails is
 * left aside for a while.
 *
 * Callbacks run from the loop, never from within lc_clickhouse_start.
 */
#ifndef LC_CLIENTS_CLICKHOUSE_H
#define LC_CLIENTS_CLICKHOUSE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "clients/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_clickhouse;
struct lc_clickhouse_query;

enum { LC_CLICKHOUSE_URLS_MAX = 64 };

struct lc_clickhouse_options {
	const char *urls; /* "http://a:8123,https://b:8443": comma-separated, checked by the
			     configuration */
	const char *database;
	const char *username;
	const char *password;
	uint64_t timeout_ms; /* to the first byte, and between bytes while not paused */
};

/* A typed parameter: {name:Type} in the query. */
struct lc_clickhouse_parameter {
	const char *name;
	struct lc_view value; /* raw bytes: escaped as ClickHouse reads parameters (TSV escaping) */
};

struct lc_clickhouse_spec {
	struct lc_view sql;  /* copied. For an INSERT, rows go in `data` and the sql into the URL */
	struct lc_view data; /* copied; empty unless an INSERT */
	const struct lc_clickhouse_parameter *parameters;
	size_t parameter_count;
	bool writes;         /* without data: the sql brings its rows itself */
	unsigned seat;       /* which URL: from lc_clickhouse_take_seat */
	uint64_t timeout_ms; /* of the whole query, paused time included; 0: none */
	/* A piece of the result, valid until return; never called for an answer whose status is not
	 * 200. May pause and cancel. Return false (and set `error`) when the bytes make no sense:
	 * no further piece comes, and the query ends with that error once what follows has been
	 * searched for the exception that may explain it. May be NULL. */
	bool (*on_data)(void *context, struct lc_view piece, struct lc_error *error);
	/* It is over: `error` has kind NONE only if the whole result has arrived and no exception
	 * was told in the headers, in the status or in the body's tail. Its code is that of
	 * ClickHouse's exception, 0 when there was none or it cannot be told for certain. */
	void (*on_done)(void *context, const struct lc_error *error);
	void *context;
};

/* Strings of the options are copied. `http` must outlive it. */
struct lc_clickhouse *lc_clickhouse_new(struct lc_loop *loop, struct lc_http *http,
					const struct lc_clickhouse_options *options);
/* Cancels what is still under way. Not from within a callback. */
void lc_clickhouse_free(struct lc_clickhouse *clickhouse);

/* The URL for the next cycle: round robin over the healthy ones; when none is, the one that has
 * been left aside longest. A URL is left aside after a failed connection or answer, with
 * exponential backoff of 1 s to 60 s. */
unsigned lc_clickhouse_take_seat(struct lc_clickhouse *clickhouse);

/* The URL of a seat, for messages; without user information. */
const char *lc_clickhouse_seat_url(const struct lc_clickhouse *clickhouse, unsigned seat);

/* Leaves a URL aside because what it says makes no sense (clock, stale data). */
void lc_clickhouse_distrust_seat(struct lc_clickhouse *clickhouse, unsigned seat);

/* Starts a query. Valid until on_done returns or it is cancelled. Every query gets the settings
 * that make ClickHouse fail rather than answer less than asked (see clickhouse.c). */
struct lc_clickhouse_query *lc_clickhouse_start(struct lc_clickhouse *clickhouse,
						const struct lc_clickhouse_spec *spec);
void lc_clickhouse_cancel(struct lc_clickhouse_query *query);

/* Holds the result back and lets it go on. While paused no byte is read and no time-out of ours
 * counts. ClickHouse itself gives up a stream that it cannot send for the http_send_timeout of its
 * default profile (30 s since 21.x): a longer pause ends in an error. */
void lc_clickhouse_pause(struct lc_clickhouse_query *query);
void lc_clickhouse_resume(struct lc_clickhouse_query *query);

/* ClickHouse refuses longer ones (its http_max_uri_size). */
enum { LC_CLICKHOUSE_URL_MAX = 1024 * 1024 };

/* Appends the URL of a query: database, settings and typed parameters as URL parameters. Pure.
 * `base` is one URL of the configuration; the sql is part of the query's only when `spec` has data,
 * for then the body is taken. Settings that every query gets come first, except those that `spec`
 * names itself. */
void lc_clickhouse_url_append(struct lc_buffer *url, struct lc_view base, const char *database,
			      const struct lc_clickhouse_spec *spec);

#endif
