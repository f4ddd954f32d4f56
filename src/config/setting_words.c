#include "config/setting_words.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>

void lc_setting_words_bounds(const struct lc_setting *setting, char *text)
{
	text[0] = '\0';
	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		snprintf(text, LC_SETTING_WORDS_SIZE, "%" PRId64 " to %" PRId64 "%s%s",
			 setting->minimum, setting->maximum, setting->unit[0] == '\0' ? "" : " ",
			 setting->unit);
		break;
	case LC_SETTING_TYPE_NUMBER:
		snprintf(text, LC_SETTING_WORDS_SIZE, "%g to %g", setting->number_minimum,
			 setting->number_maximum);
		break;
	case LC_SETTING_TYPE_BOOLEAN:
		snprintf(text, LC_SETTING_WORDS_SIZE, "true or false");
		break;
	case LC_SETTING_TYPE_CHOICE:
		snprintf(text, LC_SETTING_WORDS_SIZE, "%s", setting->choices);
		break;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
		break;
	}
}

const char *lc_setting_words_placeholder(const struct lc_setting *setting)
{
	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
	case LC_SETTING_TYPE_NUMBER:
		return "=NUMBER";
	case LC_SETTING_TYPE_BOOLEAN:
		return "[=BOOLEAN]";
	case LC_SETTING_TYPE_TEXT:
		return lc_setting_form_placeholder(setting->form);
	case LC_SETTING_TYPE_SECRET:
		return "=SECRET";
	case LC_SETTING_TYPE_CHOICE:
		return "=CHOICE";
	}
	lc_assert_failed("a known type", __FILE__, __LINE__, __func__);
}

const char *lc_setting_words_default(const struct lc_setting *setting)
{
	return setting->default_text[0] == '\0' ? "empty" : setting->default_text;
}
