#include "config/setting_value.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/quote.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMERAL_MAX = 32 }; /* characters of a number, far more than any allowed one has */

/* The text as a terminated string if it is made of digits as JSON writes numbers: no '+', no
 * leading zeros, a fraction only if `fraction`. */
static bool take_numeral(struct lc_view text, bool fraction, char *out)
{
	size_t i = 0;

	if (text.size >= NUMERAL_MAX)
		return false;
	if (i < text.size && text.data[i] == '-')
		i++;
	if (i == text.size || !isdigit((unsigned char)text.data[i]))
		return false;
	if (text.data[i] == '0' && i + 1 < text.size && text.data[i + 1] != '.')
		return false;
	for (; i < text.size && text.data[i] != '.'; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return false;
	}
	if (i < text.size && (!fraction || i + 1 == text.size))
		return false;
	for (i++; i < text.size; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return false;
	}
	memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	return true;
}

static bool set_integer(int64_t *field, const struct lc_setting *setting, struct lc_view text,
			struct lc_error *error)
{
	char numeral[NUMERAL_MAX];
	char found[LC_QUOTE_SIZE];
	const char *blank = setting->unit[0] == '\0' ? "" : " ";
	long long value = 0;

	errno = 0;
	if (take_numeral(text, false, numeral)) {
		value = strtoll(numeral, NULL, 10);
		if (errno == 0 && value >= setting->minimum && value <= setting->maximum) {
			*field = value;
			return true;
		}
	}
	return lc_error_set(
	    error, LC_ERROR_USAGE,
	    "found %s, allowed is a whole number from %" PRId64 " to %" PRId64 "%s%s",
	    lc_quote(found, text), setting->minimum, setting->maximum, blank, setting->unit);
}

static bool set_number(double *field, const struct lc_setting *setting, struct lc_view text,
		       struct lc_error *error)
{
	char numeral[NUMERAL_MAX];
	char found[LC_QUOTE_SIZE];

	if (take_numeral(text, true, numeral)) {
		double value = strtod(numeral, NULL);

		if (value >= setting->number_minimum && value <= setting->number_maximum) {
			*field = value;
			return true;
		}
	}
	return lc_error_set(error, LC_ERROR_USAGE, "found %s, allowed is a number from %g to %g",
			    lc_quote(found, text), setting->number_minimum,
			    setting->number_maximum);
}

static bool set_boolean(bool *field, struct lc_view text, struct lc_error *error)
{
	char found[LC_QUOTE_SIZE];
	bool is_true = lc_view_equal(text, lc_view_of("true"));

	if (!is_true && !lc_view_equal(text, lc_view_of("false")))
		return lc_error_set(error, LC_ERROR_USAGE, "found %s, allowed is true or false",
				    lc_quote(found, text));
	*field = is_true;
	return true;
}

static bool check_choice(const struct lc_setting *setting, const char *text, struct lc_error *error)
{
	char found[LC_QUOTE_SIZE];
	char allowed[64];
	struct lc_view view = lc_view_of(text);
	const char *choice = setting->choices;
	size_t used = 0;

	LC_ASSERT(strlen(choice) * 4 < sizeof(allowed) * 2);
	for (;;) {
		const char *end = strchrnul(choice, '|');
		struct lc_view known = {.data = choice, .size = (size_t)(end - choice)};

		if (lc_view_equal(view, known))
			return true;
		used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%.*s",
					 used == 0 ? "" : ", ", (int)known.size, known.data);
		if (*end == '\0')
			break;
		choice = end + 1;
	}
	return lc_error_set(error, LC_ERROR_USAGE, "found %s, allowed is one of %s",
			    lc_quote(found, view), allowed);
}

/* A secret may hold any byte but those that would break a header; nothing of it is repeated. */
static bool check_secret(struct lc_view text, struct lc_error *error)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7F)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "found a control character (a newline, perhaps) in the "
					    "secret, allowed is any other character");
	}
	if (lc_view_equal(text, lc_view_of(LC_SETTING_VALUE_MASK)))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "found the mask that stands for a secret in --print-config, "
				    "allowed is the secret itself");
	return true;
}

static bool check_characters(struct lc_view text, struct lc_error *error)
{
	char found[LC_QUOTE_SIZE];

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x20 || text.data[i] >= 0x7F)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "found %s, allowed are printable ASCII characters",
					    lc_quote(found, text));
	}
	return true;
}

/* Drops the blanks before and behind each comma, and at both ends. */
static void close_up_list(char *text)
{
	char *end = text;

	for (const char *c = text; *c != '\0'; c++) {
		bool at_start = end == text || end[-1] == ',';

		if (*c == ' ' && (at_start || c[1 + strspn(c + 1, " ")] == ',' ||
				  c[1 + strspn(c + 1, " ")] == '\0'))
			continue;
		*end++ = *c;
	}
	*end = '\0';
}

static bool check_text(const struct lc_setting *setting, const char *text, struct lc_error *error)
{
	if (setting->type == LC_SETTING_TYPE_CHOICE)
		return check_choice(setting, text, error);
	if (setting->type == LC_SETTING_TYPE_SECRET)
		return true;
	if (text[0] == '\0')
		return setting->default_text[0] == '\0' ||
		       lc_error_set(error, LC_ERROR_USAGE,
				    "found an empty text, allowed is one that is not");
	return lc_setting_form_check(setting->form, text, error);
}

static bool set_text(char **field, const struct lc_setting *setting, struct lc_view text,
		     struct lc_error *error)
{
	char *copy;

	if (text.size > LC_SETTING_VALUE_MAX)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "found a text of %zu bytes, allowed are at most %d", text.size,
				    LC_SETTING_VALUE_MAX);
	if (setting->type == LC_SETTING_TYPE_SECRET ? !check_secret(text, error)
						    : !check_characters(text, error))
		return false;
	copy = lc_memory_copy_bytes(text.data, text.size);
	if (lc_setting_is_list(setting))
		close_up_list(copy);
	if (!check_text(setting, copy, error)) {
		free(copy);
		return false;
	}
	explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = copy;
	return true;
}

static bool set(void *field, const struct lc_setting *setting, struct lc_view text,
		struct lc_error *error)
{
	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		return set_integer(field, setting, text, error);
	case LC_SETTING_TYPE_NUMBER:
		return set_number(field, setting, text, error);
	case LC_SETTING_TYPE_BOOLEAN:
		return set_boolean(field, text, error);
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
	case LC_SETTING_TYPE_CHOICE:
		return set_text(field, setting, text, error);
	}
	lc_assert_failed("a known type", __FILE__, __LINE__, __func__);
}

bool lc_setting_value_set(struct lc_settings *settings, const struct lc_setting *setting,
			  struct lc_view text, struct lc_settings_origin origin,
			  struct lc_error *error)
{
	if (!set(lc_setting_field(settings, setting), setting, text, error))
		return lc_error_prefix(error, "%s", setting->name);
	settings->origins[setting->index] = origin;
	return true;
}

/* In full digits, never in exponent form, so that it can be read again. */
static void append_number(struct lc_buffer *buffer, double value)
{
	char text[64];
	char *end = text + snprintf(text, sizeof(text), "%.15f", value);

	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	lc_buffer_append(buffer, text, (size_t)(end - text));
}

static void append_quoted(struct lc_buffer *buffer, const char *text)
{
	lc_buffer_append_char(buffer, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			lc_buffer_append_char(buffer, '\\');
		lc_buffer_append_char(buffer, *text);
	}
	lc_buffer_append_char(buffer, '"');
}

void lc_setting_value_append(struct lc_buffer *buffer, const struct lc_settings *settings,
			     const struct lc_setting *setting)
{
	const void *value = lc_setting_value(settings, setting);

	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		lc_buffer_append_format(buffer, "%" PRId64, *(const int64_t *)value);
		break;
	case LC_SETTING_TYPE_NUMBER:
		append_number(buffer, *(const double *)value);
		break;
	case LC_SETTING_TYPE_BOOLEAN:
		lc_buffer_append_text(buffer, *(const bool *)value ? "true" : "false");
		break;
	case LC_SETTING_TYPE_SECRET:
		append_quoted(buffer, lc_setting_text(settings, setting)[0] == '\0'
					  ? ""
					  : LC_SETTING_VALUE_MASK);
		break;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_CHOICE:
		append_quoted(buffer, lc_setting_text(settings, setting));
		break;
	}
}

void lc_setting_value_origin(const struct lc_settings *settings, const struct lc_setting *setting,
			     char *text)
{
	char environment[LC_SETTING_ENVIRONMENT_SIZE];
	struct lc_settings_origin origin = settings->origins[setting->index];

	switch (origin.source) {
	case LC_SETTINGS_DEFAULT:
		snprintf(text, LC_SETTING_VALUE_ORIGIN_SIZE, "default");
		break;
	case LC_SETTINGS_FILE:
		LC_ASSERT(settings->config_file != NULL);
		snprintf(text, LC_SETTING_VALUE_ORIGIN_SIZE, "%s:%u",
			 lc_quote_path(settings->config_file), origin.line);
		break;
	case LC_SETTINGS_ENVIRONMENT:
		lc_setting_environment_name(setting, environment);
		snprintf(text, LC_SETTING_VALUE_ORIGIN_SIZE, "environment variable %s",
			 environment);
		break;
	case LC_SETTINGS_FLAG:
		snprintf(text, LC_SETTING_VALUE_ORIGIN_SIZE, "flag --%s", setting->name);
		break;
	}
}
