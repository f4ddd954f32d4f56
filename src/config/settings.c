#include "config/settings.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/command_line.h"
#include "config/setting.h"
#include "config/settings_check.h"
#include "config/settings_environment.h"
#include "config/settings_secrets.h"
#include "config/settings_yaml.h"
#include "config/shard_list.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lc_settings_default(struct lc_settings *settings)
{
	*settings = (struct lc_settings){
#define LC_SETTING_INTEGER(name, text, default_value, ...) .name = (default_value),
#define LC_SETTING_NUMBER(name, text, default_value, ...) .name = (default_value),
#define LC_SETTING_BOOLEAN(name, text, default_value, ...) .name = (default_value),
#define LC_SETTING_TEXT(name, text, default_value, ...) .name = lc_memory_copy_text(default_value),
#define LC_SETTING_SECRET(name, ...) .name = lc_memory_copy_text(""),
#define LC_SETTING_CHOICE(name, text, default_value, ...) \
	.name = lc_memory_copy_text(default_value),
#include "tbl/settings.h"
	};
}

void lc_settings_free(struct lc_settings *settings)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		if (lc_setting_is_text(setting)) {
			char **field = lc_setting_field(settings, setting);

			explicit_bzero(*field, strlen(*field));
			free(*field);
			*field = NULL;
		}
	}
	free(settings->config_file);
	settings->config_file = NULL;
}

void lc_settings_copy(struct lc_settings *copy, const struct lc_settings *settings)
{
	*copy = *settings;
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		if (lc_setting_is_text(setting)) {
			char **field = lc_setting_field(copy, setting);

			*field = lc_memory_copy_text(lc_setting_text(settings, setting));
		}
	}
	if (settings->config_file != NULL)
		copy->config_file = lc_memory_copy_text(settings->config_file);
}

/* From the weakest source to the strongest, each one writing over what came before. */
static bool gather(struct lc_settings *settings, int argc, char *const *argv,
		   char *const *environment, struct lc_error *error)
{
	if (settings->config_file != NULL &&
	    !lc_settings_yaml_read(settings, settings->config_file, error))
		return false;
	return lc_settings_environment_apply(settings, environment, error) &&
	       lc_command_line_apply(settings, argc, argv, error) &&
	       lc_settings_secrets_read(settings, error) && lc_settings_check(settings, error);
}

bool lc_settings_load(struct lc_settings *settings, int argc, char *const *argv,
		      char *const *environment, struct lc_error *error)
{
	struct lc_command_line line;
	const char *config_file;

	if (!lc_command_line_read(&line, argc, argv, error))
		return false;
	config_file = line.config_file != NULL ? line.config_file
					       : lc_settings_environment_config_file(environment);
	lc_settings_default(settings);
	if (config_file != NULL)
		settings->config_file = lc_memory_copy_text(config_file);
	if (gather(settings, argc, argv, environment, error))
		return true;
	lc_settings_free(settings);
	return false;
}

static unsigned processors(void)
{
	cpu_set_t set;
	int count;
	long online;

	/* Fails on machines with more processors than the set has room for. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		count = CPU_COUNT(&set);
		return count < 1 ? 1 : (unsigned)count;
	}
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : (unsigned)online;
}

unsigned lc_settings_shard_count(const struct lc_settings *settings)
{
	return settings->supervisor_shards == 0 ? processors()
						: (unsigned)settings->supervisor_shards;
}

bool lc_settings_owns_shard(const struct lc_settings *settings, unsigned shard)
{
	const char *rest = settings->supervisor_owned_shards;
	unsigned first;
	unsigned last;

	if (*rest == '\0')
		return true;
	while (lc_shard_list_next(&rest, &first, &last)) {
		if (shard >= first && shard <= last)
			return true;
	}
	LC_ASSERT(*rest == '\0');
	return false;
}
