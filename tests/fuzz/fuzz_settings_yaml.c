/*
 * Any bytes as a configuration file: taken or refused with a message, and what was taken can be
 * printed and read again.
 */
#include "fuzz/fuzz.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "config/settings.h"
#include "config/settings_check.h"
#include "config/settings_print.h"
#include "config/settings_targets.h"
#include "config/settings_yaml.h"

#include <string.h>

enum { TEXT_CAP = 1024 * 1024 };

static void print_and_read_again(struct lc_settings *settings)
{
	struct lc_settings again;
	struct lc_errors errors = {0};
	struct lc_buffer print;
	bool good;

	/* A mask is no secret. */
	settings->clickhouse_password[0] = '\0';
	settings->s3_secret_access_key[0] = '\0';
	for (size_t i = 0; i < settings->target_count; i++)
		settings->targets[i].settings.s3_secret_access_key[0] = '\0';
	lc_buffer_init(&print, TEXT_CAP);
	lc_settings_print_config(&print, settings);
	lc_settings_default(&again);
	good = lc_settings_yaml_parse(&again, "again", lc_buffer_view(&print), &errors);
	LC_ASSERT(good);
	LC_ASSERT(again.limits_max_inflight_bytes == settings->limits_max_inflight_bytes);
	LC_ASSERT(strcmp(again.clickhouse_username, settings->clickhouse_username) == 0);
	LC_ASSERT(strcmp(again.clickhouse_url, settings->clickhouse_url) == 0);
	LC_ASSERT(again.target_count == settings->target_count);
	for (size_t i = 0; i < again.target_count; i++) {
		LC_ASSERT(strcmp(again.targets[i].buckets, settings->targets[i].buckets) == 0);
		LC_ASSERT(strcmp(again.targets[i].settings.s3_tags,
				 again.targets[i].given[LC_SETTINGS_s3_tags]
				     ? settings->targets[i].settings.s3_tags
				     : "") == 0);
	}
	lc_settings_free(&again);
	lc_buffer_free(&print);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view content = {.data = (const char *)data, .size = size};
	struct lc_settings settings;
	struct lc_errors errors = {0};

	lc_settings_default(&settings);
	settings.config_file = lc_memory_copy_text("fuzz.yml");
	if (lc_settings_yaml_parse(&settings, settings.config_file, content, &errors)) {
		lc_settings_targets_complete(&settings);
		(void)lc_settings_check(&settings, &errors);
		print_and_read_again(&settings);
	} else {
		LC_ASSERT(errors.count > 0);
	}
	for (size_t i = 0; i < errors.count; i++)
		LC_ASSERT(errors.list[i].kind == LC_ERROR_USAGE &&
			  errors.list[i].message[0] != '\0');
	lc_errors_free(&errors);
	lc_settings_free(&settings);
	return 0;
}
