#include "config/command_line.h"

#include "base/view.h"
#include "config/go_settings.h"
#include "config/setting.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>

static const char *const ACTIONS[] = {
#define LC_SERVICE_ACTION(name, flag, help) [LC_COMMAND_LINE_##name] = (flag),
#include "tbl/service_actions.h"
};
enum { ACTION_COUNT = sizeof(ACTIONS) / sizeof(ACTIONS[0]) };

/* Flags with a value that are no settings. */
enum option { OPTION_NONE, OPTION_CONFIG_FILE, OPTION_PREFLIGHT_BUCKET, OPTION_COUNT };

static const struct {
	const char *name;
	const char *expected;
} OPTIONS[OPTION_COUNT] = {
    [OPTION_CONFIG_FILE] = {"config-file", "the path of a file"},
    [OPTION_PREFLIGHT_BUCKET] = {"preflight-bucket", "the name of a bucket"},
};

/* One flag with its value. Of action, setting and option exactly one is set. */
struct flag {
	enum lc_command_line_action action; /* RUN: the flag is none of these */
	const struct lc_setting *setting;
	enum option option;
	const char *value; /* of a switch without one: "true" */
};

static enum lc_command_line_action find_action(struct lc_view name)
{
	for (unsigned i = LC_COMMAND_LINE_HELP; i < ACTION_COUNT; i++) {
		if (lc_view_equal(name, lc_view_of(ACTIONS[i])))
			return i;
	}
	return LC_COMMAND_LINE_RUN;
}

static enum option find_option(struct lc_view name)
{
	for (unsigned i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
		if (lc_view_equal(name, lc_view_of(OPTIONS[i].name)))
			return i;
	}
	return OPTION_NONE;
}

/* The boolean setting that --no-<setting> turns off, or NULL. */
static const struct lc_setting *find_negated(struct lc_view name)
{
	const struct lc_setting *setting;

	if (name.size <= 3 || memcmp(name.data, "no-", 3) != 0)
		return NULL;
	setting = lc_setting_find((struct lc_view){.data = name.data + 3, .size = name.size - 3});
	return setting != NULL && setting->type == LC_SETTING_TYPE_BOOLEAN ? setting : NULL;
}

static bool refuse_unknown(struct lc_view name, struct lc_error *error)
{
	struct lc_text_guess guess = lc_text_guess_of(name);
	const struct lc_setting *setting = lc_setting_nearest(name);
	char hint[LC_GO_SETTINGS_HINT_SIZE];
	char found[LC_TEXT_QUOTE_SIZE];

	if (setting != NULL && !lc_text_guess(&guess, setting->name))
		guess.nearest = setting->name; /* its group is near */
	for (unsigned i = LC_COMMAND_LINE_HELP; i < ACTION_COUNT; i++)
		(void)lc_text_guess(&guess, ACTIONS[i]);
	for (unsigned i = OPTION_NONE + 1; i < OPTION_COUNT; i++)
		(void)lc_text_guess(&guess, OPTIONS[i].name);
	if (!lc_go_settings_explain(name, hint)) {
		snprintf(hint, sizeof(hint), "--help lists all");
		if (guess.nearest != NULL)
			snprintf(hint, sizeof(hint), "the nearest is --%s", guess.nearest);
	}
	return lc_error_set(error, LC_ERROR_USAGE, "command line: there is no flag %s; %s",
			    lc_text_quote_name(found, name), hint);
}

/* What stands there may be a secret that lost its flag, so it is not repeated. */
static bool refuse_argument(int position, struct lc_error *error)
{
	return lc_error_set(
	    error, LC_ERROR_USAGE,
	    "command line: argument %d is not a flag; expected --flag=VALUE, --flag "
	    "VALUE and, for a switch, --flag or --flag=false",
	    position);
}

static bool resolve(struct flag *flag, struct lc_view name, bool has_value, struct lc_error *error)
{
	flag->action = find_action(name);
	flag->option = find_option(name);
	flag->setting = lc_setting_find(name);
	if (flag->action != LC_COMMAND_LINE_RUN || flag->option != OPTION_NONE ||
	    flag->setting != NULL)
		return flag->action == LC_COMMAND_LINE_RUN || !has_value ||
		       lc_error_set(error, LC_ERROR_USAGE, "command line: --%s takes no value",
				    ACTIONS[flag->action]);
	flag->setting = find_negated(name);
	if (flag->setting == NULL)
		return refuse_unknown(name, error);
	flag->value = "false";
	return !has_value || lc_error_set(error, LC_ERROR_USAGE,
					  "command line: --no-%s takes no value; use --%s=VALUE",
					  flag->setting->name, flag->setting->name);
}

/* True for a flag that does not take the next argument as its value. */
static bool stands_alone(const struct flag *flag)
{
	return flag->action != LC_COMMAND_LINE_RUN ||
	       (flag->setting != NULL && flag->setting->type == LC_SETTING_TYPE_BOOLEAN);
}

/* Takes the flag at argv[*position] and moves past it and its value. */
static bool take_flag(struct flag *flag, int *position, int argc, char *const *argv,
		      struct lc_error *error)
{
	const char *text = argv[*position];
	const char *end;
	struct lc_view name;

	*flag = (struct flag){.value = "true"};
	if (strncmp(text, "--", 2) != 0)
		return refuse_argument(*position, error);
	text += 2;
	end = strchrnul(text, '=');
	name = (struct lc_view){.data = text, .size = (size_t)(end - text)};
	if (!resolve(flag, name, *end == '=', error))
		return false;
	++*position;
	if (*end == '=') {
		flag->value = end + 1;
	} else if (stands_alone(flag)) {
		return true;
	} else if (*position == argc) {
		return lc_error_set(error, LC_ERROR_USAGE, "command line: --%s needs a value",
				    text);
	} else {
		flag->value = argv[(*position)++];
	}
	return true;
}

static bool take_option(struct lc_command_line *line, const struct flag *flag,
			struct lc_error *error)
{
	if (flag->option == OPTION_NONE)
		return true;
	if (*flag->value == '\0')
		return lc_error_set(error, LC_ERROR_USAGE,
				    "command line: --%s: found an empty text, expected %s",
				    OPTIONS[flag->option].name, OPTIONS[flag->option].expected);
	if (flag->option == OPTION_CONFIG_FILE)
		line->config_file = flag->value;
	else
		line->preflight_bucket = flag->value;
	return true;
}

/* As take_flag. Moves past what is wrong, too: an unknown flag and what seems to be its value. */
static bool next_flag(struct flag *flag, int *position, int argc, char *const *argv,
		      struct lc_error *error)
{
	int first = *position;

	if (take_flag(flag, position, argc, argv, error))
		return true;
	if (*position == first)
		++*position;
	if (*position < argc && strncmp(argv[first], "--", 2) == 0 &&
	    strchr(argv[first], '=') == NULL && strncmp(argv[*position], "--", 2) != 0)
		++*position;
	return false;
}

static bool take_action(struct lc_command_line *line, const struct flag *flag,
			struct lc_error *error)
{
	if (flag->action == LC_COMMAND_LINE_RUN)
		return true;
	if (line->action != LC_COMMAND_LINE_RUN && line->action != flag->action)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "command line: found both --%s and --%s, expected only one",
				    ACTIONS[line->action], ACTIONS[flag->action]);
	line->action = flag->action;
	return true;
}

bool lc_command_line_read(struct lc_command_line *line, int argc, char *const *argv,
			  struct lc_errors *errors)
{
	size_t count = lc_errors_count(errors);
	struct lc_error error;
	struct flag flag;

	*line = (struct lc_command_line){.action = LC_COMMAND_LINE_RUN};
	for (int i = 1; i < argc;) {
		if (!next_flag(&flag, &i, argc, argv, &error) ||
		    !take_option(line, &flag, &error) || !take_action(line, &flag, &error))
			(void)lc_errors_add(errors, &error);
		else if (line->action == LC_COMMAND_LINE_HELP ||
			 line->action == LC_COMMAND_LINE_VERSION)
			return lc_errors_count(errors) == count;
	}
	if (line->preflight_bucket != NULL && line->action != LC_COMMAND_LINE_PREFLIGHT) {
		lc_error_set(&error, LC_ERROR_USAGE,
			     "command line: --preflight-bucket goes with --preflight");
		(void)lc_errors_add(errors, &error);
	}
	return lc_errors_count(errors) == count;
}

bool lc_command_line_apply(struct lc_settings *settings, int argc, char *const *argv,
			   struct lc_errors *errors)
{
	struct lc_settings_origin origin = {.source = LC_SETTINGS_FLAG};
	size_t count = lc_errors_count(errors);
	struct lc_error error;
	struct flag flag;

	for (int i = 1; i < argc;) {
		if (!next_flag(&flag, &i, argc, argv, &error) || flag.setting == NULL)
			continue;
		if (!lc_setting_set(settings, flag.setting, lc_view_of(flag.value), origin,
				    &error)) {
			lc_error_prefix(&error, "command line");
			(void)lc_errors_refuse(errors, flag.setting->index, &error);
		}
	}
	return lc_errors_count(errors) == count;
}
