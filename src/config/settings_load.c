#include "config/settings_load.h"

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/command_line.h"
#include "config/file.h"
#include "config/go_settings.h"
#include "config/setting.h"
#include "config/settings_check.h"
#include "config/settings_targets.h"
#include "config/settings_yaml.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>

/* ---- the environment ---- */

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

static const struct lc_setting *find_variable(struct lc_view name)
{
	char known[LC_SETTING_ENVIRONMENT_SIZE];

	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		lc_setting_environment_name(lc_setting_at(i), known);
		if (lc_view_equal(name, lc_view_of(known)))
			return lc_setting_at(i);
	}
	return NULL;
}

static void refuse_unknown(struct lc_view name, struct lc_errors *errors)
{
	size_t prefix = strlen(LC_SETTING_ENVIRONMENT_PREFIX);
	struct lc_view rest = {.data = name.data + prefix, .size = name.size - prefix};
	const struct lc_setting *nearest = lc_setting_nearest(rest);
	char hint[LC_GO_SETTINGS_HINT_SIZE];
	char known[LC_SETTING_ENVIRONMENT_SIZE];
	char found[LC_TEXT_QUOTE_SIZE];
	struct lc_error error;

	if (!lc_go_settings_explain(rest, hint)) {
		snprintf(hint, sizeof(hint), "log-courier --help lists all");
		if (nearest != NULL) {
			lc_setting_environment_name(nearest, known);
			snprintf(hint, sizeof(hint), "the nearest is %s", known);
		}
	}
	lc_error_set(&error, LC_ERROR_USAGE,
		     "environment variable %s: there is no such setting; %s",
		     lc_text_quote_name(found, name), hint);
	(void)lc_errors_add(errors, &error);
}

static void apply_variable(struct lc_settings *settings, const char *variable,
			   struct lc_errors *errors)
{
	const char *end = strchrnul(variable, '=');
	struct lc_view name = {.data = variable, .size = (size_t)(end - variable)};
	struct lc_settings_origin origin = {.source = LC_SETTINGS_ENVIRONMENT};
	const struct lc_setting *setting;
	struct lc_error error;

	if (!begins_with(variable, LC_SETTING_ENVIRONMENT_PREFIX) || is_of_others(name))
		return;
	setting = find_variable(name);
	if (setting == NULL || *end == '\0') {
		refuse_unknown(name, errors);
		return;
	}
	if (lc_setting_set(settings, setting, lc_view_of(end + 1), origin, &error))
		return;
	lc_error_prefix(&error, "environment variable %.*s", (int)name.size, name.data);
	(void)lc_errors_refuse(errors, setting->index, &error);
}

bool lc_settings_load_environment(struct lc_settings *settings, char *const *environment,
				  struct lc_errors *errors)
{
	size_t count = lc_errors_count(errors);

	for (; *environment != NULL; environment++)
		apply_variable(settings, *environment, errors);
	return lc_errors_count(errors) == count;
}

/* A variable that the Go courier reads, for a setting that nothing else has given, may have been
 * meant for us. */
static void warn_of_go_variables(const struct lc_settings *settings, char *const *environment)
{
	for (; *environment != NULL; environment++) {
		const char *end = strchrnul(*environment, '=');
		struct lc_view name = {.data = *environment, .size = (size_t)(end - *environment)};
		const struct lc_setting *setting = lc_go_settings_find_variable(name);
		char here[LC_SETTING_ENVIRONMENT_SIZE];

		if (setting == NULL ||
		    settings->origins[setting->index].source != LC_SETTINGS_DEFAULT)
			continue;
		lc_setting_environment_name(setting, here);
		lc_log(LC_LOG_WARNING,
		       "an environment variable of the Go courier is not read: it needs a prefix",
		       LC_LOG_TEXT("expected", here));
	}
}

/* LOG_COURIER_CONFIG_FILE's value, or NULL if it is not set or empty. Points into the
 * environment. */
static const char *find_config_file(char *const *environment)
{
	size_t size = strlen(CONFIG_FILE);

	for (; *environment != NULL; environment++) {
		if (begins_with(*environment, CONFIG_FILE) && (*environment)[size] == '=')
			return (*environment)[size + 1] == '\0' ? NULL : *environment + size + 1;
	}
	return NULL;
}

/* ---- secrets from files ---- */

/* The origin stays that of the secret itself, so that the file is named as its source. */
static bool read_secret_file(struct lc_settings *settings, const struct lc_setting *secret,
			     struct lc_error *error)
{
	const struct lc_setting *file = lc_setting_at(secret->file);
	const char *path = lc_setting_text(settings, file);
	bool open_to_all = false;
	struct lc_buffer content;
	bool good;

	lc_buffer_init(&content, LC_SETTING_TEXT_MAX);
	good = lc_file_read_secret(path, &content, &open_to_all, error);
	if (good && !lc_setting_set(settings, secret, lc_buffer_view(&content),
				    settings->origins[secret->index], error))
		good = lc_error_prefix(error, "%s", lc_text_quote_path(path));
	lc_file_wipe(&content);
	if (good && open_to_all)
		lc_log(LC_LOG_WARNING,
		       "every user of this machine can read a file that contains a secret",
		       LC_LOG_TEXT("setting", file->name), LC_LOG_TEXT("file", path));
	return good;
}

static bool read_secret(struct lc_settings *settings, const struct lc_setting *secret,
			struct lc_error *error)
{
	const struct lc_setting *file = lc_setting_at(secret->file);
	char origin[LC_SETTING_ORIGIN_SIZE];
	char file_origin[LC_SETTING_ORIGIN_SIZE];

	if (lc_setting_text(settings, file)[0] == '\0')
		return true;
	lc_setting_origin(settings, file, file_origin);
	if (lc_setting_text(settings, secret)[0] != '\0') {
		lc_setting_origin(settings, secret, origin);
		return lc_error_set(
		    error, LC_ERROR_USAGE,
		    "%s (%s): found together with %s (%s), expected only one of the two",
		    file->name, file_origin, secret->name, origin);
	}
	return read_secret_file(settings, secret, error) ||
	       lc_error_prefix(error, "%s (%s)", file->name, file_origin);
}

/* Reads each secret whose file is given into its field. Warns in the log when any user of the
 * machine may read the file. */
static void read_secrets(struct lc_settings *settings, struct lc_errors *errors)
{
	struct lc_error error;

	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		if (setting->type == LC_SETTING_TYPE_SECRET && !errors->refused[setting->file] &&
		    !read_secret(settings, setting, &error))
			(void)lc_errors_refuse(errors, i, &error);
	}
}

/* The same for an entry of targets. */
static void read_secrets_of(struct lc_settings_target *target, struct lc_errors *errors)
{
	struct lc_error error;

	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		if (setting->type != LC_SETTING_TYPE_SECRET || !target->given[setting->file])
			continue;
		target->given[i] = true;
		if (read_secret(&target->settings, setting, &error))
			continue;
		target->faulty = true;
		(void)lc_errors_add(errors, &error);
	}
}

/* ---- the whole ---- */

/* From the weakest source to the strongest, each one writing over what came before. */
static void gather(struct lc_settings *settings, int argc, char *const *argv,
		   char *const *environment, struct lc_errors *errors)
{
	if (settings->config_file != NULL)
		(void)lc_settings_yaml_read(settings, settings->config_file, errors);
	(void)lc_settings_load_environment(settings, environment, errors);
	(void)lc_command_line_apply(settings, argc, argv, errors);
	warn_of_go_variables(settings, environment);
	read_secrets(settings, errors);
	for (size_t i = 0; i < settings->target_count; i++)
		read_secrets_of(&settings->targets[i], errors);
	lc_settings_targets_complete(settings);
	if (!errors->incomplete)
		(void)lc_settings_check(settings, errors);
}

bool lc_settings_load(struct lc_settings *settings, int argc, char *const *argv,
		      char *const *environment, struct lc_errors *errors)
{
	struct lc_command_line line;
	const char *config_file;

	if (!lc_command_line_read(&line, argc, argv, errors))
		errors->incomplete = true;
	config_file = line.config_file != NULL ? line.config_file : find_config_file(environment);
	lc_settings_default(settings);
	if (config_file != NULL)
		settings->config_file = lc_memory_copy_text(config_file);
	gather(settings, argc, argv, environment, errors);
	if (lc_errors_count(errors) == 0)
		return true;
	lc_settings_free(settings);
	return false;
}
