/*
 * The URL of a query to ClickHouse: database, settings and typed parameters as URL parameters.
 * Pure. Source: ClickHouse documentation, "HTTP interface", "Queries with parameters".
 */
#ifndef LC_CLIENTS_CLICKHOUSE_URL_H
#define LC_CLIENTS_CLICKHOUSE_URL_H

#include "base/buffer.h"
#include "base/view.h"
#include "clients/clickhouse.h"

/* ClickHouse refuses longer ones (its http_max_uri_size). */
enum { LC_CLICKHOUSE_URL_MAX = 1024 * 1024 };

/* Appends the whole URL. `base` is one URL of the configuration; the sql is part of it only when
 * `spec` has data, for then the body is taken. Settings that every query gets come first, except
 * those that `spec` names itself. */
void lc_clickhouse_url_append(struct lc_buffer *url, struct lc_view base, const char *database,
			      const struct lc_clickhouse_spec *spec);

/* Appends a parameter's value as ClickHouse reads it: TSV escaping, not yet URL-encoded. */
void lc_clickhouse_url_append_escaped(struct lc_buffer *out, struct lc_view value);

#endif
