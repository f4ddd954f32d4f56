#include "config/settings_environment.h"

#include "base/view.h"
#include "config/quote.h"
#include "config/setting.h"
#include "config/setting_value.h"

#include <string.h>

static const char CONFIG_FILE[] = LC_SETTING_ENVIRONMENT_PREFIX "CONFIG_FILE";

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_of_others(struct lc_view name)
{
	static const char TEST[] = LC_SETTING_ENVIRONMENT_PREFIX "TEST_";

	return lc_view_equal(name, lc_view_of(CONFIG_FILE)) ||
	       lc_view_equal(name, lc_view_of(LC_SETTING_ENVIRONMENT_PREFIX "CACHE")) ||
	       lc_view_equal(name, lc_view_of(LC_SETTING_ENVIRONMENT_PREFIX "CHDB")) ||
	       lc_view_equal(name, lc_view_of(LC_SETTING_ENVIRONMENT_PREFIX "FRONT")) ||
	       (name.size > sizeof(TEST) - 1 && begins_with(name.data, TEST));
}

static const struct lc_setting *find(struct lc_view name)
{
	char known[LC_SETTING_ENVIRONMENT_SIZE];

	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		lc_setting_environment_name(lc_setting_at(i), known);
		if (lc_view_equal(name, lc_view_of(known)))
			return lc_setting_at(i);
	}
	return NULL;
}

static bool refuse_unknown(struct lc_view name, struct lc_error *error)
{
	size_t prefix = strlen(LC_SETTING_ENVIRONMENT_PREFIX);
	struct lc_view rest = {.data = name.data + prefix, .size = name.size - prefix};
	char nearest[LC_SETTING_ENVIRONMENT_SIZE];
	char found[LC_QUOTE_SIZE];

	lc_setting_environment_name(lc_setting_nearest(rest), nearest);
	return lc_error_set(error, LC_ERROR_USAGE,
			    "environment variable %s: there is no such setting; the nearest is %s",
			    lc_quote_name(found, name), nearest);
}

static bool apply(struct lc_settings *settings, const char *variable, struct lc_error *error)
{
	const char *end = strchrnul(variable, '=');
	struct lc_view name = {.data = variable, .size = (size_t)(end - variable)};
	struct lc_settings_origin origin = {.source = LC_SETTINGS_ENVIRONMENT};
	const struct lc_setting *setting;

	if (!begins_with(variable, LC_SETTING_ENVIRONMENT_PREFIX) || is_of_others(name))
		return true;
	setting = find(name);
	if (setting == NULL || *end == '\0')
		return refuse_unknown(name, error);
	if (!lc_setting_value_set(settings, setting, lc_view_of(end + 1), origin, error))
		return lc_error_prefix(error, "environment variable %.*s", (int)name.size,
				       name.data);
	return true;
}

bool lc_settings_environment_apply(struct lc_settings *settings, char *const *environment,
				   struct lc_error *error)
{
	for (; *environment != NULL; environment++) {
		if (!apply(settings, *environment, error))
			return false;
	}
	return true;
}

const char *lc_settings_environment_config_file(char *const *environment)
{
	size_t size = strlen(CONFIG_FILE);

	for (; *environment != NULL; environment++) {
		if (begins_with(*environment, CONFIG_FILE) && (*environment)[size] == '=')
			return (*environment)[size + 1] == '\0' ? NULL : *environment + size + 1;
	}
	return NULL;
}
