#include "config/settings_check.h"

#include "config/setting.h"
#include "config/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static bool refuse(const struct lc_settings *settings, enum lc_settings_index index,
		   struct lc_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "<setting> (<where it comes from>): <why>". */
static bool refuse(const struct lc_settings *settings, enum lc_settings_index index,
		   struct lc_error *error, const char *format, ...)
{
	const struct lc_setting *setting = lc_setting_at(index);
	char origin[LC_SETTING_ORIGIN_SIZE];
	char why[LC_ERROR_MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	lc_setting_origin(settings, setting, origin);
	return lc_error_set(error, LC_ERROR_USAGE, "%s (%s): %s", setting->name, origin, why);
}

/* high * high_factor >= low * low_factor, the factors bringing both to one unit. No product
 * overflows: the bounds of all integers lie far below 2^53, the factors below 2^10. */
struct order {
	enum lc_settings_index high;
	enum lc_settings_index low;
	int64_t high_factor;
	int64_t low_factor;
	const char *allowed;
};

static bool check_order(const struct lc_settings *settings, const struct order *order,
			struct lc_error *error)
{
	const struct lc_setting *low = lc_setting_at(order->low);
	int64_t found = lc_setting_integer(settings, lc_setting_at(order->high));
	int64_t bound = lc_setting_integer(settings, low);
	char origin[LC_SETTING_ORIGIN_SIZE];

	if (found * order->high_factor >= bound * order->low_factor)
		return true;
	lc_setting_origin(settings, low, origin);
	return refuse(settings, order->high, error,
		      "found %" PRId64 ", expected %s %s, which is %" PRId64 " %s (%s)", found,
		      order->allowed, low->name, bound, low->unit, origin);
}

static bool check_orders(const struct lc_settings *settings, struct lc_error *error)
{
	static const struct order ORDERS[] = {
	    {LC_SETTINGS_consumer_max_discovery_interval_seconds,
	     LC_SETTINGS_consumer_min_discovery_interval_seconds, 1, 1, "at least"},
	    {LC_SETTINGS_retry_max_backoff_seconds, LC_SETTINGS_retry_initial_backoff_seconds, 1, 1,
	     "at least"},
	    {LC_SETTINGS_supervisor_restart_max_backoff_seconds,
	     LC_SETTINGS_supervisor_restart_initial_backoff_milliseconds, 1000, 1, "at least"},
	    {LC_SETTINGS_limits_max_inflight_bytes, LC_SETTINGS_consumer_max_object_bytes, 1, 4,
	     "at least four times"},
	    {LC_SETTINGS_limits_max_inflight_bytes, LC_SETTINGS_limits_max_row_bytes, 1, 4,
	     "at least four times"},
	};

	for (size_t i = 0; i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++) {
		if (!check_order(settings, &ORDERS[i], error))
			return false;
	}
	return true;
}

/* What is in flight is not all that a worker needs. */
static bool check_worker_memory(const struct lc_settings *settings, struct lc_error *error)
{
	static const struct order ORDER = {LC_SETTINGS_limits_worker_memory_bytes,
					   LC_SETTINGS_limits_max_inflight_bytes, 1, 2,
					   "0 or at least twice"};

	return settings->limits_worker_memory_bytes == 0 || check_order(settings, &ORDER, error);
}

static bool check_ca_file(const struct lc_settings *settings, enum lc_settings_index index,
			  struct lc_error *error)
{
	const char *path = lc_setting_text(settings, lc_setting_at(index));

	if (path[0] == '\0' || access(path, R_OK) == 0)
		return true;
	return refuse(settings, index, error, "found %s, which cannot be read: %s",
		      lc_text_quote_path(path), strerrordesc_np(errno));
}

static bool check_clickhouse(const struct lc_settings *settings, struct lc_error *error)
{
	return check_ca_file(settings, LC_SETTINGS_clickhouse_tls_ca_file, error);
}

static bool check_s3(const struct lc_settings *settings, struct lc_error *error)
{
	if (settings->s3_access_key_id[0] == '\0')
		return refuse(settings, LC_SETTINGS_s3_access_key_id, error,
			      "found none, but requests to S3 cannot be signed without one");
	if (settings->s3_secret_access_key[0] == '\0')
		return refuse(settings, LC_SETTINGS_s3_secret_access_key, error,
			      "found none, but requests to S3 cannot be signed without one; "
			      "it may also come from s3.secret-access-key-file");
	return check_ca_file(settings, LC_SETTINGS_s3_tls_ca_file, error);
}

/* A bucket's name in front makes no host name of an address. */
static bool check_addressing_style(const struct lc_settings *settings, struct lc_error *error)
{
	const char *host = strstr(settings->s3_endpoint, "://") + 3;
	char address[INET_ADDRSTRLEN];
	struct in_addr binary;
	size_t size = strcspn(host, ":");

	if (settings->s3_addressing_style != LC_S3_ADDRESSING_VIRTUAL)
		return true;
	if (*host != '[') {
		if (size >= sizeof(address))
			return true;
		memcpy(address, host, size);
		address[size] = '\0';
		if (inet_pton(AF_INET, address, &binary) != 1)
			return true;
	}
	return refuse(settings, LC_SETTINGS_s3_addressing_style, error,
		      "found \"virtual\", expected \"path\" because s3.endpoint contains an "
		      "address, not a host name");
}

static bool check_socket(const struct lc_settings *settings, struct lc_error *error)
{
	size_t allowed = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	size_t size = strlen(settings->supervisor_socket);

	return size <= allowed ||
	       refuse(settings, LC_SETTINGS_supervisor_socket, error,
		      "found a path of %zu bytes, expected at most %zu", size, allowed);
}

static bool check_shards(const struct lc_settings *settings, struct lc_error *error)
{
	const char *rest = settings->supervisor_owned_shards;
	unsigned first;
	unsigned last;

	/* Machines that share the work must agree on N, whatever processors each of them has. */
	if (*rest != '\0' && settings->supervisor_shards == 0)
		return refuse(settings, LC_SETTINGS_supervisor_owned_shards, error,
			      "found a list, which needs supervisor.shards to say how many "
			      "shards the whole deployment has");
	while (lc_setting_form_next_shards(&rest, &first, &last)) {
		if (last >= settings->supervisor_shards)
			return refuse(settings, LC_SETTINGS_supervisor_owned_shards, error,
				      "found shard %u, expected 0 to %" PRId64
				      " because supervisor.shards is %" PRId64,
				      last, settings->supervisor_shards - 1,
				      settings->supervisor_shards);
	}
	return true;
}

bool lc_settings_check(const struct lc_settings *settings, struct lc_error *error)
{
	/* Each stands on its own, whatever those before it have found. */
	static bool (*const CHECKS[])(const struct lc_settings *settings,
				      struct lc_error *error) = {
	    check_orders,           check_worker_memory, check_clickhouse, check_s3,
	    check_addressing_style, check_socket,        check_shards,
	};

	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		if (!CHECKS[i](settings, error))
			return false;
	}
	return true;
}
