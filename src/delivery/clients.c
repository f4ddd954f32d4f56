#include "delivery/clients.h"

enum { CONNECT_TIMEOUT_MS = 10 * 1000 };

static struct lc_http *open_http(struct lc_loop *loop, const char *ca_file, bool skip_verify,
				 struct lc_error *error)
{
	struct lc_http_options options = {
	    .ca_file = ca_file[0] == '\0' ? NULL : ca_file,
	    .tls_skip_verify = skip_verify,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	};

	return lc_http_new(loop, &options, error);
}

bool lc_clients_open(struct lc_clients *clients, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error)
{
	struct lc_clickhouse_options clickhouse = {
	    .urls = settings->clickhouse_url,
	    .database = settings->clickhouse_database,
	    .username = settings->clickhouse_username,
	    .password = settings->clickhouse_password,
	    .timeout_ms = (uint64_t)settings->clickhouse_timeout_seconds * 1000,
	};
	struct lc_s3_options s3 = {
	    .endpoint = settings->s3_endpoint,
	    .region = settings->s3_region,
	    .access_key_id = settings->s3_access_key_id,
	    .secret_access_key = settings->s3_secret_access_key,
	    .addressing = settings->s3_addressing_style,
	    .conditional = settings->s3_conditional_put,
	    .timeout_ms = (uint64_t)settings->timeout_upload_operation_seconds * 1000,
	    .stall_timeout_ms = (uint64_t)settings->timeout_upload_stall_seconds * 1000,
	};

	clients->clickhouse_http = open_http(loop, settings->clickhouse_tls_ca_file,
					     settings->clickhouse_tls_skip_verify, error);
	if (clients->clickhouse_http == NULL)
		return false;
	clients->clickhouse = lc_clickhouse_new(loop, clients->clickhouse_http, &clickhouse);
	clients->s3_http =
	    open_http(loop, settings->s3_tls_ca_file, settings->s3_tls_skip_verify, error);
	if (clients->s3_http == NULL)
		return false;
	clients->s3 = lc_s3_new(loop, clients->s3_http, &s3, error);
	return clients->s3 != NULL;
}

void lc_clients_close(struct lc_clients *clients)
{
	lc_s3_free(clients->s3);
	lc_http_free(clients->s3_http);
	lc_clickhouse_free(clients->clickhouse);
	lc_http_free(clients->clickhouse_http);
}
