#include "delivery/servers.h"

#include "clients/clickhouse.h"
#include "clients/http.h"
#include "clients/s3.h"
#include "config/settings.h"

#include <stdint.h>

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

static bool open_clickhouse(struct lc_servers *servers, struct lc_loop *loop,
			    const struct lc_settings *settings, struct lc_error *error)
{
	struct lc_clickhouse_options options = {
	    .urls = settings->clickhouse_url,
	    .database = settings->clickhouse_database,
	    .username = settings->clickhouse_username,
	    .password = settings->clickhouse_password,
	    .timeout_ms = (uint64_t)settings->clickhouse_timeout_seconds * 1000,
	};

	servers->clickhouse_http = open_http(loop, settings->clickhouse_tls_ca_file,
					     settings->clickhouse_tls_skip_verify, error);
	if (servers->clickhouse_http == NULL)
		return false;
	servers->clickhouse = lc_clickhouse_new(loop, servers->clickhouse_http, &options);
	return true;
}

static bool open_s3(struct lc_servers *servers, struct lc_loop *loop,
		    const struct lc_settings *settings, struct lc_error *error)
{
	struct lc_s3_options options = {
	    .endpoint = settings->s3_endpoint,
	    .region = settings->s3_region,
	    .access_key_id = settings->s3_access_key_id,
	    .secret_access_key = settings->s3_secret_access_key,
	    .addressing = settings->s3_addressing_style,
	    .conditional = settings->s3_conditional_put,
	    .timeout_ms = (uint64_t)settings->timeout_upload_operation_seconds * 1000,
	    .stall_timeout_ms = (uint64_t)settings->timeout_upload_stall_seconds * 1000,
	};

	servers->s3_http =
	    open_http(loop, settings->s3_tls_ca_file, settings->s3_tls_skip_verify, error);
	if (servers->s3_http == NULL)
		return false;
	servers->s3 = lc_s3_new(loop, servers->s3_http, &options, error);
	return servers->s3 != NULL;
}

bool lc_servers_open(struct lc_servers *servers, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error)
{
	*servers = (struct lc_servers){.s3 = NULL};
	return open_clickhouse(servers, loop, settings, error) &&
	       open_s3(servers, loop, settings, error);
}

void lc_servers_close(struct lc_servers *servers)
{
	lc_s3_free(servers->s3);
	lc_http_free(servers->s3_http);
	lc_clickhouse_free(servers->clickhouse);
	lc_http_free(servers->clickhouse_http);
}
