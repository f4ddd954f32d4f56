#include "config/settings_check.h"

#include "config/setting.h"
#include "config/settings_targets.h"
#include "config/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* What is checked, and where errors go. */
struct check {
	const struct lc_settings *settings;
	const struct lc_settings_target *target; /* whose settings they are; NULL: the service's */
	struct lc_errors *errors;
};

static void refuse(const struct check *check, enum lc_settings_index index, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "<setting> (<where it comes from>): <why>", unless it has another value than was given. */
static void refuse(const struct check *check, enum lc_settings_index index, const char *format, ...)
{
	const struct lc_setting *setting = lc_setting_at(index);
	char origin[LC_SETTING_ORIGIN_SIZE];
	char why[LC_ERROR_MESSAGE_SIZE];
	struct lc_error error;
	va_list arguments;

	if (check->errors->refused[index])
		return;
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	lc_setting_origin(check->settings, setting, origin);
	lc_error_set(&error, LC_ERROR_USAGE, "%s (%s): %s", setting->name, origin, why);
	if (check->target != NULL)
		lc_error_prefix(&error, "%s:%u: for the " LC_SETTING_BUCKETS " %.100s",
				lc_text_quote_path(check->settings->config_file),
				check->target->line, check->target->buckets);
	(void)lc_errors_add(check->errors, &error);
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

static int64_t value_of(const struct lc_settings *settings, enum lc_settings_index index)
{
	return index == LC_SETTINGS_limits_max_inflight_bytes
		   ? lc_settings_inflight_bytes(settings)
		   : lc_setting_integer(settings, lc_setting_at(index));
}

static void check_order(const struct check *check, const struct order *order)
{
	const struct lc_setting *low = lc_setting_at(order->low);
	int64_t found = value_of(check->settings, order->high);
	int64_t bound = value_of(check->settings, order->low);
	char origin[LC_SETTING_ORIGIN_SIZE];

	if (found * order->high_factor >= bound * order->low_factor ||
	    check->errors->refused[order->low])
		return;
	lc_setting_origin(check->settings, low, origin);
	refuse(check, order->high,
	       "found %" PRId64 ", expected %s %s, which is %" PRId64 " %s (%s)", found,
	       order->allowed, low->name, bound, low->unit, origin);
}

static void check_orders(const struct check *check)
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

	for (size_t i = 0; i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++)
		check_order(check, &ORDERS[i]);
}

/* 0 leaves the choice to us; other values have a least one. */
static void check_least(const struct check *check, enum lc_settings_index index, int64_t least)
{
	const struct lc_setting *setting = lc_setting_at(index);
	int64_t found = lc_setting_integer(check->settings, setting);

	if (found != 0 && found < least)
		refuse(check, index, "found %" PRId64 ", expected 0 or at least %" PRId64 " %s",
		       found, least, setting->unit);
}

static void check_leasts(const struct check *check)
{
	check_least(check, LC_SETTINGS_limits_max_inflight_bytes, 4194304);
	check_least(check, LC_SETTINGS_consumer_max_object_bytes, 65536);
}

/* What is in flight is not all that a worker needs. */
static void check_worker_memory(const struct check *check)
{
	static const struct order ORDER = {LC_SETTINGS_limits_worker_memory_bytes,
					   LC_SETTINGS_limits_max_inflight_bytes, 1, 2,
					   "0 or at least twice"};

	if (check->settings->limits_worker_memory_bytes != 0)
		check_order(check, &ORDER);
}

static void check_file(const struct check *check, enum lc_settings_index index)
{
	const char *path = lc_setting_text(check->settings, lc_setting_at(index));

	if (path[0] != '\0' && access(path, R_OK) != 0)
		refuse(check, index, "found %s, which cannot be read: %s", lc_text_quote_path(path),
		       strerrordesc_np(errno));
}

/* A key is of use with its certificate alone. */
static void check_certificate(const struct check *check, enum lc_settings_index certificate,
			      enum lc_settings_index key)
{
	check_file(check, certificate);
	check_file(check, key);
	if (lc_setting_text(check->settings, lc_setting_at(key))[0] != '\0' &&
	    lc_setting_text(check->settings, lc_setting_at(certificate))[0] == '\0')
		refuse(check, key, "found a key, expected %s with it",
		       lc_setting_at(certificate)->name);
}

static void check_clickhouse_tls(const struct check *check)
{
	check_file(check, LC_SETTINGS_clickhouse_tls_ca_file);
	check_certificate(check, LC_SETTINGS_clickhouse_tls_certificate_file,
			  LC_SETTINGS_clickhouse_tls_key_file);
}

static void check_s3_tls(const struct check *check)
{
	check_file(check, LC_SETTINGS_s3_tls_ca_file);
	check_certificate(check, LC_SETTINGS_s3_tls_certificate_file, LC_SETTINGS_s3_tls_key_file);
}

static void check_keys(const struct check *check)
{
	bool has_id = check->settings->s3_access_key_id[0] != '\0';

	if (!has_id && check->settings->s3_credentials != LC_S3_CREDENTIALS_STATIC)
		return;
	if (!has_id)
		refuse(check, LC_SETTINGS_s3_access_key_id,
		       "found none, but requests to S3 cannot be signed without one");
	if (check->settings->s3_secret_access_key[0] == '\0' &&
	    !check->errors->refused[LC_SETTINGS_s3_secret_access_key_file])
		refuse(check, LC_SETTINGS_s3_secret_access_key,
		       "found none, but requests to S3 cannot be signed without one; it may also "
		       "come from s3.secret-access-key-file");
}

/* A bucket's name in front makes no host name of an address. */
static void check_addressing_style(const struct check *check)
{
	const char *host = strstr(check->settings->s3_endpoint, "://") + 3;
	char address[INET_ADDRSTRLEN];
	struct in_addr binary;
	size_t size = strcspn(host, ":");

	if (check->settings->s3_addressing_style != LC_S3_ADDRESSING_VIRTUAL ||
	    check->errors->refused[LC_SETTINGS_s3_endpoint])
		return;
	if (*host != '[') {
		if (size >= sizeof(address))
			return;
		memcpy(address, host, size);
		address[size] = '\0';
		if (inet_pton(AF_INET, address, &binary) != 1)
			return;
	}
	refuse(check, LC_SETTINGS_s3_addressing_style,
	       "found \"virtual\", expected \"path\" because s3.endpoint contains an "
	       "address, not a host name");
}

static void check_socket(const struct check *check)
{
	size_t allowed = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	size_t size = strlen(check->settings->supervisor_socket);

	if (size > allowed)
		refuse(check, LC_SETTINGS_supervisor_socket,
		       "found a path of %zu bytes, expected at most %zu", size, allowed);
}

static void check_shards(const struct check *check)
{
	const char *rest = check->settings->supervisor_owned_shards;
	int64_t shards = check->settings->supervisor_shards;
	unsigned first;
	unsigned last;

	if (check->errors->refused[LC_SETTINGS_supervisor_shards] || *rest == '\0')
		return;
	/* Machines that share the work must agree on N, whatever processors each of them has. */
	if (shards == 0) {
		refuse(check, LC_SETTINGS_supervisor_owned_shards,
		       "found a list, which needs supervisor.shards to say how many shards the "
		       "whole deployment has");
		return;
	}
	while (lc_setting_form_next_shards(&rest, &first, &last)) {
		if (last >= shards) {
			refuse(check, LC_SETTINGS_supervisor_owned_shards,
			       "found shard %u, expected 0 to %" PRId64
			       " because supervisor.shards is %" PRId64,
			       last, shards - 1, shards);
			return;
		}
	}
}

/* Machines that stand in for each other agree on N, and share out the shards by themselves. */
static void check_failover(const struct check *check)
{
	const struct lc_settings *settings = check->settings;

	if (!settings->failover_enabled)
		return;
	if (settings->supervisor_shards == 0 &&
	    !check->errors->refused[LC_SETTINGS_supervisor_shards])
		refuse(check, LC_SETTINGS_supervisor_shards,
		       "found 0, expected the number of shards of the whole deployment, because "
		       "failover.enabled is set");
	if (settings->supervisor_shards > LC_MACHINE_SHARDS_MAX)
		refuse(check, LC_SETTINGS_supervisor_shards,
		       "found %d, expected at most %d, because failover.enabled is set",
		       (int)settings->supervisor_shards, (int)LC_MACHINE_SHARDS_MAX);
	if (settings->supervisor_owned_shards[0] != '\0')
		refuse(check, LC_SETTINGS_supervisor_owned_shards,
		       "found a list, expected none, because with failover.enabled any machine may "
		       "have any shard");
	if (settings->ledger_bucket[0] == '\0')
		refuse(check, LC_SETTINGS_ledger_bucket,
		       "found none, expected the bucket for the ledgers, because failover.enabled "
		       "is set");
}

static void check_encryption(const struct check *check)
{
	if (check->settings->s3_encryption_key_id[0] != '\0' &&
	    check->settings->s3_encryption != LC_S3_ENCRYPTION_KMS &&
	    !check->errors->refused[LC_SETTINGS_s3_encryption])
		refuse(check, LC_SETTINGS_s3_encryption_key_id,
		       "found a key, which only s3.encryption aws:kms uses");
}

/* Amazon S3 User Guide, "Amazon S3 multipart upload limits": what has only one part needs none. */
static void check_multipart(const struct check *check)
{
	check_least(check, LC_SETTINGS_s3_multipart_threshold_bytes, 5242880);
}

/* ---- entries of targets ---- */

/* The first pattern of the entries before this one that matches all that the pattern does, and its
 * entry; or NULL. */
static const struct lc_settings_target *find_cover(const struct lc_settings *settings, size_t entry,
						   struct lc_view pattern, struct lc_view *cover)
{
	for (size_t i = 0; i < entry; i++) {
		const char *rest = settings->targets[i].buckets;

		while (lc_settings_targets_next_pattern(&rest, cover)) {
			if (lc_settings_targets_match(*cover, pattern))
				return &settings->targets[i];
		}
	}
	return NULL;
}

/* A pattern that no bucket ever reaches was meant otherwise. */
static void check_patterns(const struct check *check)
{
	const struct lc_settings *settings = check->settings;
	struct lc_view pattern;
	struct lc_view cover;
	struct lc_error error;

	for (size_t i = 1; i < settings->target_count; i++) {
		const char *rest = settings->targets[i].buckets;

		while (lc_settings_targets_next_pattern(&rest, &pattern)) {
			const struct lc_settings_target *first =
			    find_cover(settings, i, pattern, &cover);

			if (first == NULL)
				continue;
			lc_error_set(&error, LC_ERROR_USAGE,
				     "%s:%u: " LC_SETTING_BUCKETS
				     ": found %.*s, which counts for nothing, because the entry in "
				     "line %u comes first and has %.*s",
				     lc_text_quote_path(settings->config_file),
				     settings->targets[i].line, (int)pattern.size, pattern.data,
				     first->line, (int)cover.size, cover.data);
			(void)lc_errors_add(check->errors, &error);
		}
	}
}

/* What is checked of each entry, if the service's own settings pass: an entry that repeats their
 * fault need not be told of. */
static void check_entries(const struct check *check, void (*part)(const struct check *check))
{
	const struct lc_settings *settings = check->settings;

	for (size_t i = 0; i < settings->target_count; i++) {
		struct check entry = {.settings = &settings->targets[i].settings,
				      .target = &settings->targets[i],
				      .errors = check->errors};

		if (!entry.target->faulty)
			part(&entry);
	}
}

bool lc_settings_check(const struct lc_settings *settings, struct lc_errors *errors)
{
	/* Each stands on its own, whatever those before it have found. */
	static const struct {
		void (*part)(const struct check *check);
		bool by_target; /* concerns settings that may differ by target bucket */
	} CHECKS[] = {
	    {check_leasts, false},          {check_orders, false},    {check_worker_memory, false},
	    {check_clickhouse_tls, false},  {check_s3_tls, true},     {check_keys, true},
	    {check_addressing_style, true}, {check_encryption, true}, {check_socket, false},
	    {check_shards, false},          {check_multipart, true},  {check_failover, false},
	    {check_patterns, false},
	};
	struct check check = {.settings = settings, .errors = errors};
	size_t count = lc_errors_count(errors);

	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		size_t before = lc_errors_count(errors);

		CHECKS[i].part(&check);
		if (CHECKS[i].by_target && lc_errors_count(errors) == before)
			check_entries(&check, CHECKS[i].part);
	}
	return lc_errors_count(errors) == count;
}
