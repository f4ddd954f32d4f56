#include "config/settings_compare.h"

#include "config/setting.h"

#include <string.h>

static size_t size_of(enum lc_setting_type type)
{
	switch (type) {
	case LC_SETTING_TYPE_INTEGER:
		return sizeof(int64_t);
	case LC_SETTING_TYPE_NUMBER:
		return sizeof(double);
	case LC_SETTING_TYPE_BOOLEAN:
		return sizeof(bool);
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
	case LC_SETTING_TYPE_CHOICE:
		break;
	}
	return 0;
}

bool lc_settings_compare_one(const struct lc_settings *a, const struct lc_settings *b,
			     enum lc_settings_index index)
{
	const struct lc_setting *setting = lc_setting_at(index);

	if (lc_setting_is_text(setting))
		return strcmp(lc_setting_text(a, setting), lc_setting_text(b, setting)) == 0;
	return memcmp(lc_setting_value(a, setting), lc_setting_value(b, setting),
		      size_of(setting->type)) == 0;
}

size_t lc_settings_compare_append(const struct lc_settings *a, const struct lc_settings *b,
				  struct lc_buffer *names)
{
	size_t count = 0;

	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		enum lc_settings_index index = (enum lc_settings_index)i;

		if (lc_settings_compare_one(a, b, index))
			continue;
		lc_buffer_append_format(names, "%s%s", count == 0 ? "" : ", ",
					lc_setting_at(index)->name);
		count++;
	}
	return count;
}
