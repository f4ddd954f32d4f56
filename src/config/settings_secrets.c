#include "config/settings_secrets.h"

#include "base/buffer.h"
#include "base/log.h"
#include "config/file.h"
#include "config/quote.h"
#include "config/setting.h"
#include "config/setting_value.h"

#include <string.h>

/* "\n" and "\r\n" at the end are an editor's, not the secret's. */
static struct lc_view without_newline(struct lc_view text)
{
	if (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	if (text.size > 0 && text.data[text.size - 1] == '\r')
		text.size--;
	return text;
}

static bool set_from_content(struct lc_settings *settings, const struct lc_setting *secret,
			     struct lc_view content, struct lc_error *error)
{
	const char *path = lc_setting_text(settings, lc_setting_at(secret->file));

	if (content.size == 0)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "%s: found an empty file, allowed is one that holds the secret",
				    lc_quote_path(path));
	/* The origin stays that of the secret itself, so that the file is named as its source. */
	if (!lc_setting_value_set(settings, secret, content, settings->origins[secret->index],
				  error))
		return lc_error_prefix(error, "%s", lc_quote_path(path));
	return true;
}

static bool read_file(struct lc_settings *settings, const struct lc_setting *secret,
		      struct lc_error *error)
{
	const struct lc_setting *file = lc_setting_at(secret->file);
	const char *path = lc_setting_text(settings, file);
	bool open_to_all = false;
	struct lc_buffer content;
	bool good;

	lc_buffer_init(&content, LC_SETTING_VALUE_MAX);
	good = lc_file_read(path, &content, &open_to_all, error) &&
	       set_from_content(settings, secret, without_newline(lc_buffer_view(&content)), error);
	if (content.size > 0)
		explicit_bzero(content.data, content.size);
	lc_buffer_free(&content);
	if (good && open_to_all)
		lc_log(LC_LOG_WARNING, "any user of this machine can read the file of a secret",
		       LC_LOG_TEXT("setting", file->name), LC_LOG_TEXT("file", path));
	return good;
}

static bool read_secret(struct lc_settings *settings, const struct lc_setting *secret,
			struct lc_error *error)
{
	const struct lc_setting *file = lc_setting_at(secret->file);
	char origin[LC_SETTING_VALUE_ORIGIN_SIZE];
	char file_origin[LC_SETTING_VALUE_ORIGIN_SIZE];

	if (lc_setting_text(settings, file)[0] == '\0')
		return true;
	lc_setting_value_origin(settings, file, file_origin);
	if (lc_setting_text(settings, secret)[0] != '\0') {
		lc_setting_value_origin(settings, secret, origin);
		return lc_error_set(error, LC_ERROR_USAGE,
				    "%s (%s): found beside %s (%s), allowed is one of the two",
				    file->name, file_origin, secret->name, origin);
	}
	return read_file(settings, secret, error) ||
	       lc_error_prefix(error, "%s (%s)", file->name, file_origin);
}

bool lc_settings_secrets_read(struct lc_settings *settings, struct lc_error *error)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		if (setting->type == LC_SETTING_TYPE_SECRET &&
		    !read_secret(settings, setting, error))
			return false;
	}
	return true;
}
