#include "config/settings_check.h"

#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define REFUSE(yaml, ...) refuse(yaml, CONFIG_CASE_LIST(__VA_ARGS__))
#define ACCEPT(yaml) accept_well(yaml)

static void refuse(const char *yaml, const char *const *texts)
{
	struct config_case example = {.yaml = yaml};

	config_case_fail(&example, texts);
}

static void accept_well(const char *yaml)
{
	struct config_case example = {.yaml = yaml};
	struct lc_settings settings;

	config_case_succeed(&example, &settings);
	lc_settings_free(&settings);
}

static void the_longest_interval_is_not_below_the_shortest(void **state)
{
	(void)state;
	ACCEPT("consumer.min-discovery-interval-seconds: 120\n");
	REFUSE("\nconsumer.min-discovery-interval-seconds: 121\n",
	       "consumer.max-discovery-interval-seconds (default)", "found 120", "at least",
	       "consumer.min-discovery-interval-seconds, which is 121 seconds", ":2)");
}

static void the_longest_wait_is_not_below_the_first(void **state)
{
	(void)state;
	ACCEPT("retry: {initial-backoff-seconds: 7, max-backoff-seconds: 7}\n");
	REFUSE("retry:\n  initial-backoff-seconds: 7\n  max-backoff-seconds: 6\n",
	       "retry.max-backoff-seconds (", ":3): found 6",
	       "at least retry.initial-backoff-seconds, which is 7", ":2)");
	ACCEPT("supervisor.restart-max-backoff-seconds: 2\n"
	       "supervisor.restart-initial-backoff-milliseconds: 2000\n");
	REFUSE("supervisor.restart-max-backoff-seconds: 2\n"
	       "supervisor.restart-initial-backoff-milliseconds: 2001\n",
	       "supervisor.restart-max-backoff-seconds", "found 2,", "2001 milliseconds");
}

static void a_worker_may_take_twice_what_is_in_flight(void **state)
{
	(void)state;
	ACCEPT("limits.worker-memory-bytes: 0\n");
	ACCEPT("limits.worker-memory-bytes: 134217728\nsupervisor.shards: 1\n");
	REFUSE("limits.worker-memory-bytes: 134217727\nsupervisor.shards: 1\n",
	       "limits.worker-memory-bytes (", ":1)", "found 134217727",
	       "0 or at least twice limits.max-inflight-bytes, which is 67108864 bytes (default)");
	ACCEPT("limits: {worker-memory-bytes: 8388608, max-inflight-bytes: 4194304}\n");
}

static void four_objects_and_four_rows_fit_the_memory(void **state)
{
	(void)state;
	ACCEPT("limits.max-inflight-bytes: 67108864\nconsumer.max-object-bytes: 16777216\n");
	REFUSE("limits.max-inflight-bytes: 67108863\nconsumer.max-object-bytes: 16777216\n",
	       "limits.max-inflight-bytes", "found 67108863",
	       "at least four times consumer.max-object-bytes, which is 16777216 bytes", ":2)");
	ACCEPT("limits: {max-inflight-bytes: 8388608, max-row-bytes: 2097152}\n");
	REFUSE("limits: {max-inflight-bytes: 8388608, max-row-bytes: 2097153}\n",
	       "limits.max-inflight-bytes", "four times limits.max-row-bytes");
	ACCEPT("limits.max-inflight-bytes: 1099511627776\nconsumer.max-object-bytes: 5368709120\n");
}

static void sizes_that_are_left_to_us_are_0(void **state)
{
	(void)state;
	ACCEPT("limits.max-inflight-bytes: 0\nconsumer.max-object-bytes: 0\n");
	ACCEPT("limits.max-inflight-bytes: 4194304\nconsumer.max-object-bytes: 65536\n");
	REFUSE("limits: {max-inflight-bytes: 4194303, max-row-bytes: 65536}\n",
	       "limits.max-inflight-bytes (", ":1)",
	       "found 4194303, expected 0 or at least 4194304 bytes");
	REFUSE("consumer.max-object-bytes: 65535\n", "consumer.max-object-bytes (", ":1)",
	       "found 65535, expected 0 or at least 65536 bytes");
}

static void the_keys_of_s3_must_be_given(void **state)
{
	struct config_case none = {.without_keys = true};
	struct config_case no_secret = {.without_keys = true, .yaml = "s3.access-key-id: an-id\n"};
	struct config_case no_id = {.without_keys = true, .yaml = "s3.secret-access-key: a\n"};
	struct lc_errors errors = {0};
	struct lc_settings settings;

	(void)state;
	assert_false(config_case_load_all(&none, &settings, &errors));
	assert_int_equal(errors.count, 2);
	assert_non_null(strstr(errors.list[0].message, "s3.access-key-id (default): found none"));
	assert_non_null(
	    strstr(errors.list[1].message, "s3.secret-access-key (default): found none"));
	lc_errors_free(&errors);
	config_case_fail(&no_id, CONFIG_CASE_LIST("s3.access-key-id (default): found none"));
	config_case_fail(&no_secret, CONFIG_CASE_LIST("s3.secret-access-key (default): found none",
						      "s3.secret-access-key-file"));
}

static void a_certificate_of_our_own_must_be_readable_and_a_key_have_one(void **state)
{
	(void)state;
	ACCEPT("s3.tls-certificate-file: /dev/null\n");
	ACCEPT("s3.tls-certificate-file: /dev/null\ns3.tls-key-file: /dev/null\n");
	REFUSE("s3.tls-certificate-file: /no/such.pem\n", "s3.tls-certificate-file (", ":1)",
	       "/no/such.pem", "cannot be read");
	REFUSE("s3.tls-certificate-file: /dev/null\ns3.tls-key-file: /no/such.key\n",
	       "s3.tls-key-file (", ":2)", "/no/such.key", "cannot be read");
	REFUSE("s3.tls-key-file: /dev/null\n", "s3.tls-key-file (", ":1)",
	       "expected s3.tls-certificate-file with it");
	REFUSE("clickhouse.tls-key-file: /dev/null\n", "clickhouse.tls-key-file (", ":1)",
	       "expected clickhouse.tls-certificate-file with it");
	ACCEPT("clickhouse.tls-minimum-version: \"1.3\"\n");
	REFUSE("clickhouse.tls-minimum-version: \"1.1\"\n", "clickhouse.tls-minimum-version");
}

static void the_ca_files_must_be_readable(void **state)
{
	(void)state;
	ACCEPT("clickhouse.tls-ca-file: /dev/null\n");
	REFUSE("clickhouse.tls-ca-file: /no/such.pem\n", "clickhouse.tls-ca-file (", ":1)",
	       "/no/such.pem", "No such file");
	ACCEPT("s3.tls-ca-file: /dev/null\n");
	REFUSE("s3.tls-ca-file: /no/such.pem\n", "s3.tls-ca-file (", ":1)", "/no/such.pem",
	       "No such file");
}

static void a_bucket_in_front_of_an_address_is_no_host(void **state)
{
	(void)state;
	ACCEPT("s3: {addressing-style: virtual, endpoint: \"http://s3.example.com:8000\"}\n");
	ACCEPT("s3: {addressing-style: virtual, endpoint: http://1.2.3.4.5}\n");
	ACCEPT("s3: {addressing-style: virtual, "
	       "endpoint: https://a-name-longer-than-any-address.example.com}\n");
	REFUSE("s3.addressing-style: virtual\n", "s3.addressing-style (", ":1)", "virtual",
	       "s3.endpoint");
	REFUSE("s3: {addressing-style: virtual, endpoint: 'http://[::1]:80'}\n",
	       "s3.addressing-style", "virtual", "s3.endpoint");
}

static void a_socket_has_a_short_path(void **state)
{
	char yaml[256] = "supervisor.socket: /";
	size_t begin = strlen(yaml);

	(void)state;
	memset(yaml + begin, 's', 106);
	ACCEPT(yaml);
	yaml[begin + 106] = 's';
	REFUSE(yaml, "supervisor.socket", "108 bytes", "107");
}

static void owned_shards_exist(void **state)
{
	(void)state;
	ACCEPT("supervisor: {shards: 8, owned-shards: \"0-3,7\"}\n");
	ACCEPT("supervisor: {shards: 65536, owned-shards: \"65535\"}\n");
	REFUSE("supervisor: {shards: 8, owned-shards: \"0-3,7-8\"}\n", "supervisor.owned-shards (",
	       ":1)", "found shard 8", "0 to 7", "supervisor.shards is 8");
	REFUSE("supervisor: {owned-shards: \"0\"}\n", "supervisor.owned-shards (",
	       "supervisor.shards");
}

static void machines_that_stand_in_agree_on_shards_and_bucket(void **state)
{
	(void)state;
	ACCEPT("failover.enabled: true\nsupervisor.shards: 4\nledger.bucket: ledgers\n");
	ACCEPT("ledger.bucket: ledgers\nsupervisor: {shards: 8, owned-shards: \"0-3\"}\n");
	REFUSE("failover.enabled: true\nledger.bucket: ledgers\n", "supervisor.shards (", "found 0",
	       "failover.enabled");
	REFUSE("failover.enabled: true\nledger.bucket: ledgers\nsupervisor.shards: 1025\n",
	       "supervisor.shards (", "found 1025", "at most 1024");
	REFUSE("failover.enabled: true\nsupervisor.shards: 4\n", "ledger.bucket (", "found none");
	REFUSE("failover.enabled: true\nledger.bucket: ledgers\nsupervisor: {shards: 8, "
	       "owned-shards: \"0-3\"}\n",
	       "supervisor.owned-shards (", "any machine");
}

static void a_key_to_encrypt_with_needs_kms(void **state)
{
	(void)state;
	ACCEPT("s3: {encryption: aws:kms, encryption-key-id: k}\n");
	ACCEPT("s3.encryption: aws:kms\n");
	REFUSE("s3.encryption-key-id: k\n", "s3.encryption-key-id (", "only s3.encryption aws:kms");
	REFUSE("s3.encryption: aws:kms\ntargets:\n  - {buckets: a, s3.encryption: AES256, "
	       "s3.encryption-key-id: k}\n",
	       ":3: for the buckets a: s3.encryption-key-id (");
}

static void what_goes_in_parts_has_several(void **state)
{
	(void)state;
	ACCEPT("s3.multipart-threshold-bytes: 0\n");
	ACCEPT("s3.multipart-threshold-bytes: 5242880\n");
	REFUSE("s3.multipart-threshold-bytes: 5242879\n", "s3.multipart-threshold-bytes (",
	       "expected 0 or at least 5242880 bytes");
	REFUSE("s3.multipart-part-bytes: 5242879\n", "s3.multipart-part-bytes", "5242880");
	REFUSE("s3: {endpoint: http://h}\ntargets:\n  - {buckets: a, "
	       "s3.multipart-threshold-bytes: 1}\n",
	       ":3: for the buckets a: s3.multipart-threshold-bytes (");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_interval_is_not_below_the_shortest),
	    cmocka_unit_test(the_longest_wait_is_not_below_the_first),
	    cmocka_unit_test(a_worker_may_take_twice_what_is_in_flight),
	    cmocka_unit_test(four_objects_and_four_rows_fit_the_memory),
	    cmocka_unit_test(sizes_that_are_left_to_us_are_0),
	    cmocka_unit_test(the_keys_of_s3_must_be_given),
	    cmocka_unit_test(the_ca_files_must_be_readable),
	    cmocka_unit_test(a_certificate_of_our_own_must_be_readable_and_a_key_have_one),
	    cmocka_unit_test(a_bucket_in_front_of_an_address_is_no_host),
	    cmocka_unit_test(a_socket_has_a_short_path),
	    cmocka_unit_test(owned_shards_exist),
	    cmocka_unit_test(machines_that_stand_in_agree_on_shards_and_bucket),
	    cmocka_unit_test(a_key_to_encrypt_with_needs_kms),
	    cmocka_unit_test(what_goes_in_parts_has_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
