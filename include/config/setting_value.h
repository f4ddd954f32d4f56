/*
 * The value of one setting: from text, with all checks that concern it alone, and back to text.
 */
#ifndef LC_CONFIG_SETTING_VALUE_H
#define LC_CONFIG_SETTING_VALUE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "config/setting.h"
#include "config/settings.h"

#include <stdbool.h>

enum {
	LC_SETTING_VALUE_MAX = 16384,      /* bytes of a text */
	LC_SETTING_VALUE_ORIGIN_SIZE = 192 /* bytes of lc_setting_value_origin's text */
};

/* What stands for a secret wherever settings are shown. */
#define LC_SETTING_VALUE_MASK "********"

/* Sets the field from text and keeps the origin. Otherwise nothing is changed and `error`
 * (LC_ERROR_USAGE) says "<setting>: found ..., allowed is ...", without the text of a secret. Of a
 * list, blanks around the commas are dropped. */
bool lc_setting_value_set(struct lc_settings *settings, const struct lc_setting *setting,
			  struct lc_view text, struct lc_settings_origin origin,
			  struct lc_error *error);

/* Appends the value as a YAML scalar: texts in double quotes, a secret as its mask. */
void lc_setting_value_append(struct lc_buffer *buffer, const struct lc_settings *settings,
			     const struct lc_setting *setting);

/* Where the value comes from, into `text` of LC_SETTING_VALUE_ORIGIN_SIZE bytes:
 * "/etc/log-courier.yml:12", "environment variable LOG_COURIER_X", "flag --x", "default". */
void lc_setting_value_origin(const struct lc_settings *settings, const struct lc_setting *setting,
			     char *text);

#endif
