#include "config/setting.h"

#include "base/assert.h"
#include "config/nearest.h"

#include <ctype.h>
#include <limits.h>

#define ROW(field_name, row_name, row_type, row_help)                               \
	.name = (row_name), .help = (row_help), .type = LC_SETTING_TYPE_##row_type, \
	.offset = offsetof(struct lc_settings, field_name), .index = LC_SETTINGS_##field_name

/* #default_value is the value as the table writes it, for instance `false` before <stdbool.h> makes
 * a 0 of it. */
static const struct lc_setting SETTINGS[] = {
#define LC_SETTING_INTEGER(field, name_text, default_value, low, high, unit_text, help_text) \
	{ROW(field, name_text, INTEGER, help_text), .default_text = #default_value,          \
	 .minimum = (low), .maximum = (high), .unit = (unit_text)},
#define LC_SETTING_NUMBER(field, name_text, default_value, low, high, help_text)   \
	{ROW(field, name_text, NUMBER, help_text), .default_text = #default_value, \
	 .number_minimum = (low), .number_maximum = (high)},
#define LC_SETTING_BOOLEAN(field, name_text, default_value, help_text) \
	{ROW(field, name_text, BOOLEAN, help_text), .default_text = #default_value},
#define LC_SETTING_TEXT(field, name_text, default_value, form_name, help_text)    \
	{ROW(field, name_text, TEXT, help_text), .default_text = (default_value), \
	 .form = LC_SETTING_FORM_##form_name},
#define LC_SETTING_SECRET(field, name_text, file_field, help_text)     \
	{ROW(field, name_text, SECRET, help_text), .default_text = "", \
	 .file = LC_SETTINGS_##file_field},
#define LC_SETTING_CHOICE(field, name_text, default_value, choice_texts, help_text) \
	{ROW(field, name_text, CHOICE, help_text), .default_text = (default_value), \
	 .choices = (choice_texts)},
#include "tbl/settings.h"
};

const struct lc_setting *lc_setting_at(enum lc_settings_index index)
{
	LC_ASSERT(index < LC_SETTINGS_COUNT);
	return &SETTINGS[index];
}

const struct lc_setting *lc_setting_find(struct lc_view name)
{
	for (size_t i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (lc_view_equal(name, lc_view_of(SETTINGS[i].name)))
			return &SETTINGS[i];
	}
	return NULL;
}

const struct lc_setting *lc_setting_nearest(struct lc_view name)
{
	const struct lc_setting *nearest = &SETTINGS[0];
	unsigned shortest = UINT_MAX;

	for (size_t i = 0; i < LC_SETTINGS_COUNT; i++) {
		unsigned distance = lc_nearest_distance(name, SETTINGS[i].name);

		if (distance < shortest) {
			shortest = distance;
			nearest = &SETTINGS[i];
		}
	}
	return nearest;
}

void lc_setting_environment_name(const struct lc_setting *setting, char *name)
{
	const char *prefix = LC_SETTING_ENVIRONMENT_PREFIX;
	size_t size = 0;

	while (*prefix != '\0')
		name[size++] = *prefix++;
	for (const char *c = setting->name; *c != '\0'; c++) {
		LC_ASSERT(size + 1 < LC_SETTING_ENVIRONMENT_SIZE);
		name[size] = (char)toupper((unsigned char)*c);
		if (*c == '.' || *c == '-')
			name[size] = '_';
		size++;
	}
	name[size] = '\0';
}

void *lc_setting_field(struct lc_settings *settings, const struct lc_setting *setting)
{
	return (char *)settings + setting->offset;
}

const void *lc_setting_value(const struct lc_settings *settings, const struct lc_setting *setting)
{
	return (const char *)settings + setting->offset;
}

const char *lc_setting_text(const struct lc_settings *settings, const struct lc_setting *setting)
{
	LC_ASSERT(lc_setting_is_text(setting));
	return *(char *const *)lc_setting_value(settings, setting);
}

bool lc_setting_is_text(const struct lc_setting *setting)
{
	return setting->type == LC_SETTING_TYPE_TEXT || setting->type == LC_SETTING_TYPE_SECRET ||
	       setting->type == LC_SETTING_TYPE_CHOICE;
}

bool lc_setting_is_list(const struct lc_setting *setting)
{
	return setting->type == LC_SETTING_TYPE_TEXT &&
	       (setting->form == LC_SETTING_FORM_URLS || setting->form == LC_SETTING_FORM_SHARDS);
}

void lc_setting_visit(const struct lc_setting_visitor *visitor)
{
#define VISIT(field) visitor->on_setting(visitor->context, &SETTINGS[LC_SETTINGS_##field]);
#define LC_SETTING_GROUP(title) visitor->on_group(visitor->context, (title));
#define LC_SETTING_INTEGER(field, ...) VISIT(field)
#define LC_SETTING_NUMBER(field, ...) VISIT(field)
#define LC_SETTING_BOOLEAN(field, ...) VISIT(field)
#define LC_SETTING_TEXT(field, ...) VISIT(field)
#define LC_SETTING_SECRET(field, ...) VISIT(field)
#define LC_SETTING_CHOICE(field, ...) VISIT(field)
#include "tbl/settings.h"
}
