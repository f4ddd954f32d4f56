#include "delivery/servers.h"

#include "base/counters.h"
#include "base/memory.h"
#include "clients/clickhouse.h"
#include "clients/credentials_provider.h"
#include "clients/http.h"
#include "clients/register.h"
#include "clients/s3.h"
#include "config/setting.h"
#include "config/settings.h"
#include "config/settings_targets.h"
#include "formats/checksum.h"
#include "formats/document_names.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT_MS = 10 * 1000 };

static const char *if_given(const char *path)
{
	return path[0] == '\0' ? NULL : path;
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
	const struct lc_http_options http_options = {
	    .ca_file = if_given(settings->clickhouse_tls_ca_file),
	    .certificate_file = if_given(settings->clickhouse_tls_certificate_file),
	    .key_file = if_given(settings->clickhouse_tls_key_file),
	    .tls_minimum = settings->clickhouse_tls_minimum_version,
	    .tls_skip_verify = settings->clickhouse_tls_skip_verify,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	};

	servers->clickhouse_http = lc_http_new(loop, &http_options, error);
	if (servers->clickhouse_http == NULL)
		return false;
	servers->clickhouse = lc_clickhouse_new(loop, servers->clickhouse_http, &options);
	return true;
}

/* True if one client can serve the buckets of both. */
static bool share_client(const struct lc_settings *a, const struct lc_settings *b)
{
	/* What open_client() takes from them and may differ by target bucket. */
	static const enum lc_settings_index OF_CLIENT[] = {
	    LC_SETTINGS_s3_endpoint,
	    LC_SETTINGS_s3_region,
	    LC_SETTINGS_s3_access_key_id,
	    LC_SETTINGS_s3_secret_access_key,
	    LC_SETTINGS_s3_addressing_style,
	    LC_SETTINGS_s3_conditional_put,
	    LC_SETTINGS_s3_tls_ca_file,
	    LC_SETTINGS_s3_tls_certificate_file,
	    LC_SETTINGS_s3_tls_key_file,
	    LC_SETTINGS_s3_tls_minimum_version,
	    LC_SETTINGS_s3_tls_skip_verify,
	    LC_SETTINGS_s3_secret_access_key_file,
	    LC_SETTINGS_s3_session_token,
	    LC_SETTINGS_s3_session_token_file,
	    LC_SETTINGS_s3_credentials,
	    LC_SETTINGS_s3_shared_credentials_file,
	    LC_SETTINGS_s3_profile,
	    LC_SETTINGS_s3_role_arn,
	    LC_SETTINGS_s3_web_identity_token_file,
	    LC_SETTINGS_s3_sts_endpoint,
	};

	for (size_t i = 0; i < sizeof(OF_CLIENT) / sizeof(OF_CLIENT[0]); i++) {
		if (!lc_setting_equal(a, b, lc_setting_at(OF_CLIENT[i])))
			return false;
	}
	return true;
}

static struct lc_credentials_provider *open_credentials(struct lc_loop *loop, struct lc_http *http,
							const struct lc_settings *settings)
{
	const struct lc_credentials_options options = {
	    .source = settings->s3_credentials,
	    .access_key_id = settings->s3_access_key_id,
	    .secret_access_key = settings->s3_secret_access_key,
	    .secret_access_key_file = settings->s3_secret_access_key_file,
	    .session_token = settings->s3_session_token,
	    .session_token_file = settings->s3_session_token_file,
	    .shared_file = settings->s3_shared_credentials_file,
	    .profile = settings->s3_profile,
	    .role_arn = settings->s3_role_arn,
	    .web_identity_token_file = settings->s3_web_identity_token_file,
	    .sts_endpoint = settings->s3_sts_endpoint,
	    .s3_endpoint = settings->s3_endpoint,
	    .environment = (const char *const *)environ,
	};

	return lc_credentials_provider_new(loop, http, &options);
}

static bool open_client(struct lc_servers_s3 *s3, struct lc_loop *loop,
			const struct lc_settings *service, struct lc_error *error)
{
	const struct lc_settings *settings = s3->settings;
	struct lc_s3_options options = {
	    .endpoint = settings->s3_endpoint,
	    .region = settings->s3_region,
	    .addressing = settings->s3_addressing_style,
	    .conditional = settings->s3_conditional_put,
	    .timeout_ms = (uint64_t)service->timeout_upload_operation_seconds * 1000,
	    .stall_timeout_ms = (uint64_t)service->timeout_upload_stall_seconds * 1000,
	};
	const struct lc_http_options http_options = {
	    .ca_file = if_given(settings->s3_tls_ca_file),
	    .certificate_file = if_given(settings->s3_tls_certificate_file),
	    .key_file = if_given(settings->s3_tls_key_file),
	    .tls_minimum = settings->s3_tls_minimum_version,
	    .tls_skip_verify = settings->s3_tls_skip_verify,
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	};

	s3->http = lc_http_new(loop, &http_options, error);
	if (s3->http == NULL)
		return false;
	s3->credentials = open_credentials(loop, s3->http, settings);
	options.credentials = s3->credentials;
	s3->client = lc_s3_new(loop, s3->http, &options, error);
	return s3->client != NULL;
}

static bool check_checksum(const struct lc_settings *settings, struct lc_error *error)
{
	return lc_checksum_offered(settings->s3_checksum) ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "s3.checksum: this machine's OpenSSL does not offer MD5, perhaps "
			    "because it is in FIPS mode; choose another one");
}

/* The client for these settings: one that is there, or a new one. NULL with `error`. */
static struct lc_s3 *find_client(struct lc_servers *servers, struct lc_loop *loop,
				 const struct lc_settings *service,
				 const struct lc_settings *settings, struct lc_error *error)
{
	struct lc_servers_s3 *s3;

	for (size_t i = 0; i < servers->s3_count; i++) {
		if (share_client(servers->s3[i].settings, settings))
			return servers->s3[i].client;
	}
	s3 = &servers->s3[servers->s3_count++];
	s3->settings = settings;
	return open_client(s3, loop, service, error) ? s3->client : NULL;
}

/* Those for all buckets, or, with `only`, the one for the buckets with these settings. */
static bool open_s3(struct lc_servers *servers, struct lc_loop *loop,
		    const struct lc_settings *service, const struct lc_settings *only,
		    struct lc_error *error)
{
	size_t count = service->target_count + 1;

	servers->s3 = lc_memory_zero(count, sizeof(servers->s3[0]));
	servers->s3_of = lc_memory_zero(count, sizeof(void *));
	for (size_t i = 0; i < count; i++) {
		const struct lc_settings *settings =
		    i == 0 ? service : &service->targets[i - 1].settings;

		if (only != NULL && settings != only)
			continue;
		if (!check_checksum(settings, error))
			return false;
		servers->s3_of[i] = find_client(servers, loop, service, settings, error);
		if (servers->s3_of[i] == NULL)
			return false;
	}
	return true;
}

bool lc_servers_open_clickhouse(struct lc_servers *servers, struct lc_loop *loop,
				const struct lc_settings *settings, struct lc_error *error)
{
	*servers = (struct lc_servers){.s3 = NULL};
	return open_clickhouse(servers, loop, settings, error);
}

bool lc_servers_open(struct lc_servers *servers, struct lc_loop *loop,
		     const struct lc_settings *settings, struct lc_error *error)
{
	return lc_servers_open_clickhouse(servers, loop, settings, error) &&
	       open_s3(servers, loop, settings, NULL, error);
}

bool lc_servers_open_for(struct lc_servers *servers, struct lc_loop *loop,
			 const struct lc_settings *settings, const char *bucket,
			 struct lc_error *error)
{
	return lc_servers_open_clickhouse(servers, loop, settings, error) &&
	       open_s3(servers, loop, settings, lc_settings_of_bucket(settings, lc_view_of(bucket)),
		       error);
}

struct lc_s3 *lc_servers_s3(const struct lc_servers *servers, const struct lc_settings *settings,
			    const char *bucket)
{
	return servers->s3_of[lc_settings_of_bucket(settings, lc_view_of(bucket))->entry];
}

struct lc_register *lc_servers_make_register(const struct lc_servers *servers, struct lc_loop *loop,
					     const struct lc_settings *settings, const char *table,
					     uint64_t timeout_ms)
{
	const struct lc_register_options options = {
	    .database = settings->clickhouse_database,
	    .table = table,
	    .timeout_ms = timeout_ms,
	};

	return lc_register_new(loop, servers->clickhouse, &options);
}

/* ---- credentials ---- */

void lc_servers_tell(struct lc_servers *servers, lc_loop_callback *on_credentials, void *context)
{
	for (size_t i = 0; i < servers->s3_count; i++)
		lc_credentials_provider_tell(servers->s3[i].credentials, on_credentials, context);
}

/* The more, the worse. */
static int trouble_of(const struct lc_credentials_status *status)
{
	return !status->usable ? 2 : status->failing_since != 0;
}

void lc_servers_show(const struct lc_servers *servers, struct lc_counters *counters)
{
	struct lc_credentials_status worst =
	    lc_credentials_provider_status(servers->s3[0].credentials);
	uint64_t missing = 0;

	for (size_t i = 0; i < servers->s3_count; i++) {
		struct lc_credentials_status status =
		    lc_credentials_provider_status(servers->s3[i].credentials);

		missing += !status.usable;
		if (trouble_of(&status) > trouble_of(&worst))
			worst = status;
	}
	lc_counters_set(counters, LC_COUNTERS_CREDENTIALS_SETS, servers->s3_count);
	lc_counters_set(counters, LC_COUNTERS_CREDENTIALS_MISSING, missing);
	lc_counters_set(counters, LC_COUNTERS_CREDENTIALS_FAILING_SINCE,
			(uint64_t)worst.failing_since);
	lc_counters_set(counters, LC_COUNTERS_CREDENTIALS_EXPIRE_AT, (uint64_t)worst.expires);
	lc_counters_complain(counters, LC_COUNTERS_COMPLAINT_CREDENTIALS,
			     worst.failing_since == 0 ? LC_FAULT_NONE : LC_FAULT_S3_CREDENTIALS,
			     worst.failing_since == 0 ? "" : worst.error->message);
	lc_counters_complain(counters, LC_COUNTERS_COMPLAINT_SOURCE, LC_FAULT_NONE, worst.from);
}

bool lc_servers_aborting(const struct lc_servers *servers)
{
	for (size_t i = 0; i < servers->s3_count; i++) {
		if (lc_s3_aborting(servers->s3[i].client))
			return true;
	}
	return false;
}

void lc_servers_close(struct lc_servers *servers)
{
	for (size_t i = 0; i < servers->s3_count; i++) {
		lc_s3_free(servers->s3[i].client);
		lc_credentials_provider_free(servers->s3[i].credentials);
		lc_http_free(servers->s3[i].http);
	}
	free(servers->s3);
	free(servers->s3_of);
	lc_clickhouse_free(servers->clickhouse);
	lc_http_free(servers->clickhouse_http);
}
