#include "config/setting.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(field_name, row_name, row_type, row_scope, row_help)                                   \
	.name = (row_name), .help = (row_help), .type = LC_SETTING_TYPE_##row_type,                \
	.scope = LC_SETTING_SCOPE_##row_scope, .offset = offsetof(struct lc_settings, field_name), \
	.index = LC_SETTINGS_##field_name

/* The fields of choices are of enums, which the table makes and the compiler stores alike. */
_Static_assert(sizeof(enum lc_compression) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_addressing) == sizeof(unsigned) &&
		   sizeof(enum lc_object_key_format) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_conditional) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_checksum) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_acl) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_encryption) == sizeof(unsigned) &&
		   sizeof(enum lc_s3_credentials) == sizeof(unsigned) &&
		   sizeof(enum lc_tls_version) == sizeof(unsigned) &&
		   sizeof(enum lc_log_level) == sizeof(unsigned) &&
		   sizeof(enum lc_log_destination) == sizeof(unsigned) &&
		   sizeof(enum lc_log_keys) == sizeof(unsigned) &&
		   sizeof(enum lc_ledger_when_behind) == sizeof(unsigned),
	       "an enum is an unsigned");

static const char *const consumer_compression_CHOICES[] = {
#define LC_COMPRESSION(name, text, suffix, encoding) (text),
#include "tbl/compressions.h"
};

static const char *const consumer_key_format_CHOICES[] = {
#define LC_KEY_FORMAT(name, text) (text),
#include "tbl/key_formats.h"
};

static const char *const s3_addressing_style_CHOICES[] = {
#define LC_S3_ADDRESSING(name, text) (text),
#include "tbl/s3_choices.h"
};

static const char *const s3_conditional_put_CHOICES[] = {
#define LC_S3_CONDITIONAL(name, text) (text),
#include "tbl/s3_choices.h"
};

static const char *const ledger_when_behind_CHOICES[] = {
#define LC_LEDGER_WHEN_BEHIND(name, text) (text),
#include "tbl/ledger_choices.h"
};

static const char *const s3_checksum_CHOICES[] = {
#define LC_S3_CHECKSUM(name, text, header) (text),
#include "tbl/s3_choices.h"
};

static const char *const s3_acl_CHOICES[] = {
#define LC_S3_ACL(name, text) (text),
#include "tbl/s3_choices.h"
};

static const char *const s3_encryption_CHOICES[] = {
#define LC_S3_ENCRYPTION(name, text) (text),
#include "tbl/s3_choices.h"
};

static const char *const s3_credentials_CHOICES[] = {
#define LC_S3_CREDENTIALS(name, text) (text),
#include "tbl/s3_choices.h"
};

static const char *const clickhouse_tls_minimum_version_CHOICES[] = {
#define LC_TLS_VERSION(name, text) (text),
#include "tbl/tls_versions.h"
};

static const char *const s3_tls_minimum_version_CHOICES[] = {
#define LC_TLS_VERSION(name, text) (text),
#include "tbl/tls_versions.h"
};

static const char *const log_level_CHOICES[] = {
#define LC_LOG_LEVEL(name, text) (text),
#include "tbl/log_levels.h"
};

static const char *const log_destination_CHOICES[] = {
#define LC_LOG_DESTINATION(name, text) (text),
#include "tbl/log_choices.h"
};

static const char *const log_keys_CHOICES[] = {
#define LC_LOG_KEYS(name, text, ...) (text),
#include "tbl/log_choices.h"
};

/* #default_value is the value as the table writes it, for instance `false` before <stdbool.h> makes
 * a 0 of it. */
static const struct lc_setting SETTINGS[] = {
#define LC_SETTING_INTEGER(field, name_text, scope, default_value, low, high, unit_text,   \
			   help_text)                                                      \
	{ROW(field, name_text, INTEGER, scope, help_text), .default_text = #default_value, \
	 .minimum = (low), .maximum = (high), .unit = (unit_text)},
#define LC_SETTING_NUMBER(field, name_text, scope, default_value, low, high, help_text)   \
	{ROW(field, name_text, NUMBER, scope, help_text), .default_text = #default_value, \
	 .number_minimum = (low), .number_maximum = (high)},
#define LC_SETTING_BOOLEAN(field, name_text, scope, default_value, help_text) \
	{ROW(field, name_text, BOOLEAN, scope, help_text), .default_text = #default_value},
#define LC_SETTING_TEXT(field, name_text, scope, default_value, form_name, help_text)    \
	{ROW(field, name_text, TEXT, scope, help_text), .default_text = (default_value), \
	 .form = LC_SETTING_FORM_##form_name},
#define LC_SETTING_SECRET(field, name_text, scope, file_field, help_text)     \
	{ROW(field, name_text, SECRET, scope, help_text), .default_text = "", \
	 .file = LC_SETTINGS_##file_field},
#define LC_SETTING_CHOICE(field, name_text, scope, default_value, type, help_text)    \
	{ROW(field, name_text, CHOICE, scope, help_text), .choices = field##_CHOICES, \
	 .choice_count = sizeof(field##_CHOICES) / sizeof(field##_CHOICES[0]),        \
	 .default_choice = (default_value)},
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
	struct lc_text_guess guess = lc_text_guess_of(name);
	const struct lc_setting *nearest = NULL;

	for (size_t i = 0; i < LC_SETTINGS_COUNT; i++) {
		char group[LC_SETTING_ENVIRONMENT_SIZE];

		/* A mistyped group is near to its first setting. */
		snprintf(group, sizeof(group), "%.*s", (int)strcspn(SETTINGS[i].name, "."),
			 SETTINGS[i].name);
		if (lc_text_guess(&guess, SETTINGS[i].name) || lc_text_guess(&guess, group))
			nearest = &SETTINGS[i];
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

static const void *field_of(const struct lc_settings *settings, const struct lc_setting *setting)
{
	return (const char *)settings + setting->offset;
}

int64_t lc_setting_integer(const struct lc_settings *settings, const struct lc_setting *setting)
{
	LC_ASSERT(setting->type == LC_SETTING_TYPE_INTEGER);
	return *(const int64_t *)field_of(settings, setting);
}

const char *lc_setting_text(const struct lc_settings *settings, const struct lc_setting *setting)
{
	const void *field = field_of(settings, setting);

	LC_ASSERT(lc_setting_is_text(setting));
	if (setting->type == LC_SETTING_TYPE_CHOICE)
		return setting->choices[*(const unsigned *)field];
	return *(char *const *)field;
}

bool lc_setting_is_text(const struct lc_setting *setting)
{
	return setting->type == LC_SETTING_TYPE_TEXT || setting->type == LC_SETTING_TYPE_SECRET ||
	       setting->type == LC_SETTING_TYPE_CHOICE;
}

bool lc_setting_is_list(const struct lc_setting *setting)
{
	return setting->type == LC_SETTING_TYPE_TEXT &&
	       (setting->form == LC_SETTING_FORM_URLS || setting->form == LC_SETTING_FORM_SHARDS ||
		setting->form == LC_SETTING_FORM_TAGS);
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

/* ---- a value from text ---- */

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
	char found[LC_TEXT_QUOTE_SIZE];
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
	return lc_error_set(error, LC_ERROR_USAGE,
			    "found %s, expected a whole number from %" PRId64 " to %" PRId64 "%s%s",
			    lc_text_quote(found, text), setting->minimum, setting->maximum, blank,
			    setting->unit);
}

static bool set_number(double *field, const struct lc_setting *setting, struct lc_view text,
		       struct lc_error *error)
{
	char numeral[NUMERAL_MAX];
	char found[LC_TEXT_QUOTE_SIZE];

	if (take_numeral(text, true, numeral)) {
		double value = strtod(numeral, NULL);

		if (value >= setting->number_minimum && value <= setting->number_maximum) {
			*field = value;
			return true;
		}
	}
	return lc_error_set(error, LC_ERROR_USAGE, "found %s, expected a number from %g to %g",
			    lc_text_quote(found, text), setting->number_minimum,
			    setting->number_maximum);
}

static bool set_boolean(bool *field, struct lc_view text, struct lc_error *error)
{
	char found[LC_TEXT_QUOTE_SIZE];
	bool is_true = lc_view_equal(text, lc_view_of("true"));

	if (!is_true && !lc_view_equal(text, lc_view_of("false")))
		return lc_error_set(error, LC_ERROR_USAGE, "found %s, expected true or false",
				    lc_text_quote(found, text));
	*field = is_true;
	return true;
}

static void append_choices(const struct lc_setting *setting, char *text)
{
	size_t used = 0;

	for (unsigned i = 0; i < setting->choice_count; i++) {
		used += (size_t)snprintf(text + used, LC_SETTING_BOUNDS_SIZE - used, "%s%s",
					 i == 0 ? "" : ", ", setting->choices[i]);
		LC_ASSERT(used < LC_SETTING_BOUNDS_SIZE);
	}
}

static bool set_choice(unsigned *field, const struct lc_setting *setting, struct lc_view text,
		       struct lc_error *error)
{
	char found[LC_TEXT_QUOTE_SIZE];
	char allowed[LC_SETTING_BOUNDS_SIZE];

	for (unsigned i = 0; i < setting->choice_count; i++) {
		if (lc_view_equal(text, lc_view_of(setting->choices[i]))) {
			*field = i;
			return true;
		}
	}
	append_choices(setting, allowed);
	return lc_error_set(error, LC_ERROR_USAGE, "found %s, expected one of %s",
			    lc_text_quote(found, text), allowed);
}

/* A secret may hold any byte but those that would break a header; nothing of it is repeated. */
static bool check_secret(struct lc_view text, struct lc_error *error)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7F)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "found a control character (perhaps a newline) in the "
					    "secret, expected only other characters");
	}
	if (lc_view_equal(text, lc_view_of(LC_SETTING_MASK)))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "found the mask that stands for a secret in --print-config, "
				    "expected the secret itself");
	return true;
}

static bool check_characters(struct lc_view text, struct lc_error *error)
{
	char found[LC_TEXT_QUOTE_SIZE];

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x20 || text.data[i] >= 0x7F)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "found %s, expected printable ASCII characters",
					    lc_text_quote(found, text));
	}
	return true;
}

/* Drops the blanks before and after each comma, and at both ends. */
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
	if (setting->type == LC_SETTING_TYPE_SECRET)
		return true;
	if (text[0] == '\0')
		return setting->default_text[0] == '\0' ||
		       lc_error_set(error, LC_ERROR_USAGE,
				    "found an empty text, expected one that is not empty");
	return lc_setting_form_check(setting->form, text, error);
}

static void replace_text(char **field, char *text)
{
	explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = text;
}

static bool set_text(char **field, const struct lc_setting *setting, struct lc_view text,
		     struct lc_error *error)
{
	char *copy;

	if (text.size > LC_SETTING_TEXT_MAX)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "found a text of %zu bytes, expected at most %d", text.size,
				    LC_SETTING_TEXT_MAX);
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
	replace_text(field, copy);
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
		return set_text(field, setting, text, error);
	case LC_SETTING_TYPE_CHOICE:
		return set_choice(field, setting, text, error);
	}
	lc_assert_failed("a known type", __FILE__, __LINE__, __func__);
}

bool lc_setting_set(struct lc_settings *settings, const struct lc_setting *setting,
		    struct lc_view text, struct lc_settings_origin origin, struct lc_error *error)
{
	if (!set((char *)settings + setting->offset, setting, text, error))
		return lc_error_prefix(error, "%s", setting->name);
	settings->origins[setting->index] = origin;
	return true;
}

void lc_setting_copy(struct lc_settings *to, const struct lc_settings *from,
		     const struct lc_setting *setting)
{
	static const size_t SIZES[] = {
	    [LC_SETTING_TYPE_INTEGER] = sizeof(int64_t),
	    [LC_SETTING_TYPE_NUMBER] = sizeof(double),
	    [LC_SETTING_TYPE_BOOLEAN] = sizeof(bool),
	    [LC_SETTING_TYPE_CHOICE] = sizeof(unsigned),
	};
	void *field = (char *)to + setting->offset;

	if (setting->type == LC_SETTING_TYPE_TEXT || setting->type == LC_SETTING_TYPE_SECRET)
		replace_text(field, lc_memory_copy_text(lc_setting_text(from, setting)));
	else
		memcpy(field, field_of(from, setting), SIZES[setting->type]);
	to->origins[setting->index] = from->origins[setting->index];
}

/* ---- a value to text ---- */

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

void lc_setting_append(struct lc_buffer *buffer, const struct lc_settings *settings,
		       const struct lc_setting *setting)
{
	const void *value = field_of(settings, setting);

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
		append_quoted(buffer,
			      lc_setting_text(settings, setting)[0] == '\0' ? "" : LC_SETTING_MASK);
		break;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_CHOICE:
		append_quoted(buffer, lc_setting_text(settings, setting));
		break;
	}
}

void lc_setting_origin(const struct lc_settings *settings, const struct lc_setting *setting,
		       char *text)
{
	char environment[LC_SETTING_ENVIRONMENT_SIZE];
	struct lc_settings_origin origin = settings->origins[setting->index];

	switch (origin.source) {
	case LC_SETTINGS_DEFAULT:
		snprintf(text, LC_SETTING_ORIGIN_SIZE, "default");
		break;
	case LC_SETTINGS_FILE:
		LC_ASSERT(settings->config_file != NULL);
		snprintf(text, LC_SETTING_ORIGIN_SIZE, "%s:%u",
			 lc_text_quote_path(settings->config_file), origin.line);
		break;
	case LC_SETTINGS_ENVIRONMENT:
		lc_setting_environment_name(setting, environment);
		snprintf(text, LC_SETTING_ORIGIN_SIZE, "environment variable %s", environment);
		break;
	case LC_SETTINGS_FLAG:
		snprintf(text, LC_SETTING_ORIGIN_SIZE, "flag --%s", setting->name);
		break;
	}
}

/* ---- two values ---- */

bool lc_setting_equal(const struct lc_settings *a, const struct lc_settings *b,
		      const struct lc_setting *setting)
{
	const void *one = field_of(a, setting);
	const void *other = field_of(b, setting);

	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		return memcmp(one, other, sizeof(int64_t)) == 0;
	case LC_SETTING_TYPE_NUMBER:
		return memcmp(one, other, sizeof(double)) == 0;
	case LC_SETTING_TYPE_BOOLEAN:
		return memcmp(one, other, sizeof(bool)) == 0;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
	case LC_SETTING_TYPE_CHOICE:
		return strcmp(lc_setting_text(a, setting), lc_setting_text(b, setting)) == 0;
	}
	lc_assert_failed("a known type", __FILE__, __LINE__, __func__);
}

/* An entry by itself: where it stands does not matter. */
static bool equal_entries(const struct lc_settings_target *a, const struct lc_settings_target *b)
{
	if (strcmp(a->buckets, b->buckets) != 0)
		return false;
	for (size_t i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (a->given[i] != b->given[i] ||
		    (a->given[i] && !lc_setting_equal(&a->settings, &b->settings, &SETTINGS[i])))
			return false;
	}
	return true;
}

static bool equal_targets(const struct lc_settings *a, const struct lc_settings *b)
{
	if (a->target_count != b->target_count)
		return false;
	for (size_t i = 0; i < a->target_count; i++) {
		if (!equal_entries(&a->targets[i], &b->targets[i]))
			return false;
	}
	return true;
}

static void append_name(struct lc_buffer *names, size_t *count, const char *name)
{
	lc_buffer_append_format(names, "%s%s", *count == 0 ? "" : ", ", name);
	(*count)++;
}

size_t lc_setting_append_changed(const struct lc_settings *a, const struct lc_settings *b,
				 struct lc_buffer *names)
{
	size_t count = 0;

	for (size_t i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (!lc_setting_equal(a, b, &SETTINGS[i]))
			append_name(names, &count, SETTINGS[i].name);
	}
	if (!equal_targets(a, b))
		append_name(names, &count, LC_SETTING_TARGETS);
	return count;
}

/* ---- what is allowed, in words ---- */

void lc_setting_bounds(const struct lc_setting *setting, char *text)
{
	text[0] = '\0';
	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		snprintf(text, LC_SETTING_BOUNDS_SIZE, "%" PRId64 " to %" PRId64 "%s%s",
			 setting->minimum, setting->maximum, setting->unit[0] == '\0' ? "" : " ",
			 setting->unit);
		break;
	case LC_SETTING_TYPE_NUMBER:
		snprintf(text, LC_SETTING_BOUNDS_SIZE, "%g to %g", setting->number_minimum,
			 setting->number_maximum);
		break;
	case LC_SETTING_TYPE_BOOLEAN:
		snprintf(text, LC_SETTING_BOUNDS_SIZE, "true or false");
		break;
	case LC_SETTING_TYPE_CHOICE:
		append_choices(setting, text);
		break;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
		break;
	}
}

void lc_setting_append_facts(struct lc_buffer *text, const struct lc_setting *setting)
{
	char bounds[LC_SETTING_BOUNDS_SIZE];

	lc_setting_bounds(setting, bounds);
	if (bounds[0] != '\0')
		lc_buffer_append_format(text, " Allowed: %s.", bounds);
	if (setting->scope != LC_SETTING_SCOPE_SERVICE)
		lc_buffer_append_text(text, " " LC_SETTING_BY_TARGET);
}

const char *lc_setting_placeholder(const struct lc_setting *setting)
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

const char *lc_setting_default(const struct lc_setting *setting)
{
	if (setting->type == LC_SETTING_TYPE_CHOICE)
		return setting->choices[setting->default_choice];
	return setting->default_text[0] == '\0' ? "empty" : setting->default_text;
}
