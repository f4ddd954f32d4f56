/*
 * A setting as a row of the table, for code that deals with all of them alike.
 */
#ifndef LC_CONFIG_SETTING_H
#define LC_CONFIG_SETTING_H

#include "base/view.h"
#include "config/setting_form.h"
#include "config/settings.h"

#include <stddef.h>
#include <stdint.h>

/* Room for a setting's environment name and its terminator. */
enum { LC_SETTING_ENVIRONMENT_SIZE = 96 };

#define LC_SETTING_ENVIRONMENT_PREFIX "LOG_COURIER_"

enum lc_setting_type {
	LC_SETTING_TYPE_INTEGER,
	LC_SETTING_TYPE_NUMBER,
	LC_SETTING_TYPE_BOOLEAN,
	LC_SETTING_TYPE_TEXT,
	LC_SETTING_TYPE_SECRET,
	LC_SETTING_TYPE_CHOICE,
};

/* What does not concern the type is zero. All texts are static. */
struct lc_setting {
	const char *name;
	const char *help;
	const char *default_text; /* as it would be written in a YAML file, without quotes */
	const char *unit;         /* of an integer, "" when it has none */
	const char *choices;      /* "one|other" */
	size_t offset;            /* of the field in struct lc_settings */
	int64_t minimum;          /* of an integer */
	int64_t maximum;
	double number_minimum;
	double number_maximum;
	enum lc_setting_type type;
	enum lc_setting_form form; /* of a text */
	enum lc_settings_index index;
	enum lc_settings_index file; /* of a secret: the setting that names its file */
};

/* The setting with this number. */
const struct lc_setting *lc_setting_at(enum lc_settings_index index);

/* The setting with this dotted name, or NULL. */
const struct lc_setting *lc_setting_find(struct lc_view name);

/* The setting whose name is most like `name`; a dotted, an environment or half a name will do. */
const struct lc_setting *lc_setting_nearest(struct lc_view name);

/* "LOG_COURIER_CLICKHOUSE_URL" into `name`, of LC_SETTING_ENVIRONMENT_SIZE bytes. */
void lc_setting_environment_name(const struct lc_setting *setting, char *name);

/* The field of a setting: of type int64_t, double, bool, or char * for the others. */
void *lc_setting_field(struct lc_settings *settings, const struct lc_setting *setting);
const void *lc_setting_value(const struct lc_settings *settings, const struct lc_setting *setting);

/* The text of a text, secret or choice. */
const char *lc_setting_text(const struct lc_settings *settings, const struct lc_setting *setting);

/* True if the field of this type is a char *. */
bool lc_setting_is_text(const struct lc_setting *setting);

/* True if the setting may be given as a list of values. */
bool lc_setting_is_list(const struct lc_setting *setting);

/* Calls back for each group and each setting in the table's order. */
struct lc_setting_visitor {
	void (*on_group)(void *context, const char *title);
	void (*on_setting)(void *context, const struct lc_setting *setting);
	void *context;
};
void lc_setting_visit(const struct lc_setting_visitor *visitor);

#endif
