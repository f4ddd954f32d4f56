/* Every setting of the table: from each source into its field, and no further than its bounds. */
#include "config/command_line.h"
#include "config/setting.h"
#include "config/settings_load.h"
#include "config/settings_yaml.h"
#include "support/config_case.h"
#include "support/story.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum source { DOTTED_YAML, NESTED_YAML, ENVIRONMENT, FLAG, FLAG_AND_VALUE, SOURCES };

static bool set_by_yaml(struct lc_settings *settings, const char *name, const char *value,
			bool nested, bool quoted, struct lc_error *error)
{
	const char *dot = nested ? strchr(name, '.') : NULL;
	const char *quote = quoted ? "\"" : "";
	char text[512];
	struct lc_errors errors = {0};

	if (dot != NULL)
		snprintf(text, sizeof(text), "%.*s:\n  %s: %s%s%s\n", (int)(dot - name), name,
			 dot + 1, quote, value, quote);
	else
		snprintf(text, sizeof(text), "%s: %s%s%s\n", name, quote, value, quote);
	free(settings->config_file);
	settings->config_file = strdup("test.yml");
	(void)lc_settings_yaml_parse(settings, "test.yml", lc_view_of(text), &errors);
	return config_case_first(&errors, error);
}

static bool set_by_environment(struct lc_settings *settings, const char *name, const char *value,
			       struct lc_error *error)
{
	char variable[512];
	char upper[LC_SETTING_ENVIRONMENT_SIZE];
	char *environment[] = {variable, NULL};
	struct lc_errors errors = {0};

	lc_setting_environment_name(lc_setting_find(lc_view_of(name)), upper);
	snprintf(variable, sizeof(variable), "%s=%s", upper, value);
	(void)lc_settings_load_environment(settings, environment, &errors);
	return config_case_first(&errors, error);
}

static bool set_by_flag(struct lc_settings *settings, const char *name, const char *value,
			bool apart, struct lc_error *error)
{
	char flag[512];
	char apart_value[256];
	char program[] = "log-courier";
	char *argv[] = {program, flag, apart_value, NULL};
	struct lc_errors errors = {0};

	snprintf(apart_value, sizeof(apart_value), "%s", value);
	snprintf(flag, sizeof(flag), apart ? "--%s" : "--%s=%s", name, value);
	(void)lc_command_line_apply(settings, apart ? 3 : 2, argv, &errors);
	return config_case_first(&errors, error);
}

static bool set_by(enum source source, struct lc_settings *settings, const char *name,
		   const char *value, struct lc_error *error)
{
	const struct lc_setting *setting = lc_setting_find(lc_view_of(name));

	assert_non_null(setting);
	switch (source) {
	case DOTTED_YAML:
	case NESTED_YAML:
		return set_by_yaml(settings, name, value, source == NESTED_YAML,
				   lc_setting_is_text(setting), error);
	case ENVIRONMENT:
		return set_by_environment(settings, name, value, error);
	case FLAG:
		return set_by_flag(settings, name, value, false, error);
	case FLAG_AND_VALUE:
		/* A boolean's flag stands alone: its value would be the next argument. */
		return set_by_flag(settings, name, value, setting->type != LC_SETTING_TYPE_BOOLEAN,
				   error);
	case SOURCES:
		break;
	}
	fail();
	return false;
}

static void set_well(enum source source, struct lc_settings *settings, const char *name,
		     const char *value)
{
	struct lc_error error = {0};
	const struct lc_setting *setting = lc_setting_find(lc_view_of(name));

	/* What another test case has set in the same file. */
	settings->origins[setting->index].source = LC_SETTINGS_DEFAULT;
	if (!set_by(source, settings, name, value, &error))
		fail_msg("%s from source %d: %s", name, source, error.message);
	assert_int_not_equal(settings->origins[setting->index].source, LC_SETTINGS_DEFAULT);
}

static void set_in_vain(enum source source, struct lc_settings *settings, const char *name,
			const char *value, const char *allowed)
{
	struct lc_error error = {0};
	const struct lc_setting *setting = lc_setting_find(lc_view_of(name));

	settings->origins[setting->index].source = LC_SETTINGS_DEFAULT;
	assert_false(set_by(source, settings, name, value, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	assert_non_null(strstr(error.message, name));
	assert_non_null(strstr(error.message, value));
	assert_non_null(strstr(error.message, allowed));
	if (source == DOTTED_YAML)
		assert_non_null(strstr(error.message, "test.yml:1: "));
	if (source == NESTED_YAML && strchr(name, '.') != NULL)
		assert_non_null(strstr(error.message, "test.yml:2: "));
	if (source == ENVIRONMENT)
		assert_non_null(strstr(error.message, "environment variable LOG_COURIER_"));
	if (source == FLAG)
		assert_non_null(strstr(error.message, "command line: "));
}

static const char *number_text(int64_t number)
{
	static char text[4][32];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(text[next], sizeof(text[next]), "%" PRId64, number);
	return text[next];
}

static void check_integer(enum source source, struct lc_settings *settings, const char *name,
			  const int64_t *field, int64_t minimum, int64_t maximum)
{
	static const char *const WRONG[] = {"1x",
					    "ten",
					    "1.5",
					    "0x10",
					    "007",
					    "1_000",
					    "+5",
					    "99999999999999999999999",
					    "-99999999999999999999"};
	int64_t before;

	set_well(source, settings, name, number_text(minimum));
	assert_true(*field == minimum);
	set_well(source, settings, name, number_text(maximum));
	assert_true(*field == maximum);
	before = *field;
	set_in_vain(source, settings, name, number_text(minimum - 1), number_text(minimum));
	set_in_vain(source, settings, name, number_text(maximum + 1), number_text(maximum));
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		set_in_vain(source, settings, name, WRONG[i], "a whole number from");
	assert_true(*field == before);
}

static void check_number(enum source source, struct lc_settings *settings, const char *name,
			 const double *field, double minimum, double maximum)
{
	static const char *const WRONG[] = {"-0.1", "1.1", "nan",  "inf", "1e-1",
					    ".5",   "1.",  "0x1p", "00",  "0.5.5"};

	assert_true(minimum >= 0 && minimum <= 0.25 && maximum <= 1.05);
	set_well(source, settings, name, "0.25");
	assert_true(fabs(*field - 0.25) < 1e-12);
	set_well(source, settings, name, number_text((int64_t)minimum));
	assert_true(fabs(*field - minimum) < 1e-12);
	set_well(source, settings, name, number_text((int64_t)maximum));
	assert_true(fabs(*field - maximum) < 1e-12);
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		set_in_vain(source, settings, name, WRONG[i], "a number from");
}

static void check_boolean(enum source source, struct lc_settings *settings, const char *name,
			  const bool *field)
{
	static const char *const WRONG[] = {"yes", "1", "True", "TRUE", "on", "truely"};

	set_well(source, settings, name, "true");
	assert_true(*field);
	set_well(source, settings, name, "false");
	assert_false(*field);
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		set_in_vain(source, settings, name, WRONG[i], "true or false");
}

static void check_text(enum source source, struct lc_settings *settings, const char *name,
		       char *const *field)
{
	static const char *const RIGHT[] = {
	    [LC_SETTING_FORM_FREE] = "any text: #1",
	    [LC_SETTING_FORM_WORD] = "word-1",
	    [LC_SETTING_FORM_IDENTIFIER] = "_name_1",
	    [LC_SETTING_FORM_URL] = "https://[::1]:9000",
	    [LC_SETTING_FORM_URLS] = "http://a:1,https://b.example.com",
	    [LC_SETTING_FORM_PATH] = "/some/path",
	    [LC_SETTING_FORM_ADDRESS] = "::",
	    [LC_SETTING_FORM_SHARDS] = "0-3,7",
	    [LC_SETTING_FORM_TOKEN] = "arn:aws:kms:eu-west-1:1:key/a,b",
	    [LC_SETTING_FORM_TAGS] = "team=a/b c,empty=,x=a=b",
	};
	static const char *const WRONG[] = {
	    [LC_SETTING_FORM_WORD] = "two words", [LC_SETTING_FORM_IDENTIFIER] = "1x",
	    [LC_SETTING_FORM_URL] = "ftp://a",    [LC_SETTING_FORM_URLS] = "http://a/path",
	    [LC_SETTING_FORM_PATH] = "a/path",    [LC_SETTING_FORM_ADDRESS] = "localhost",
	    [LC_SETTING_FORM_SHARDS] = "3-1",     [LC_SETTING_FORM_TOKEN] = "two tokens",
	    [LC_SETTING_FORM_TAGS] = "tag",
	};
	enum lc_setting_form form = lc_setting_find(lc_view_of(name))->form;

	set_well(source, settings, name, RIGHT[form]);
	assert_string_equal(*field, RIGHT[form]);
	if (form != LC_SETTING_FORM_FREE)
		set_in_vain(source, settings, name, WRONG[form], "expected");
	assert_string_equal(*field, RIGHT[form]);
}

static void check_choice(enum source source, struct lc_settings *settings, const char *name,
			 const unsigned *field)
{
	const struct lc_setting *setting = lc_setting_find(lc_view_of(name));
	char two[LC_SETTING_BOUNDS_SIZE];

	assert_true(setting->choice_count > 1);
	for (unsigned i = 0; i < setting->choice_count; i++) {
		set_well(source, settings, name, setting->choices[i]);
		assert_int_equal(*field, i);
		assert_string_equal(lc_setting_text(settings, setting), setting->choices[i]);
	}
	snprintf(two, sizeof(two), "%s, %s", setting->choices[0], setting->choices[1]);
	set_in_vain(source, settings, name, "neither", "one of");
	set_in_vain(source, settings, name, two, "one of");
}

static void check_secret(enum source source, struct lc_settings *settings, const char *name,
			 char *const *field)
{
	set_well(source, settings, name, "s3cr3t #:{}[]&*! \xC3\xA4");
	assert_string_equal(*field, "s3cr3t #:{}[]&*! \xC3\xA4");
}

static void every_setting_lands_in_its_field_from_every_source(void **state)
{
	(void)state;
	for (enum source source = 0; source < SOURCES; source++) {
		struct lc_settings settings;

		lc_settings_default(&settings);
#define LC_SETTING_INTEGER(field, name, scope, default_value, minimum, maximum, ...) \
	check_integer(source, &settings, name, &settings.field, minimum, maximum);
#define LC_SETTING_NUMBER(field, name, scope, default_value, minimum, maximum, ...) \
	check_number(source, &settings, name, &settings.field, minimum, maximum);
#define LC_SETTING_BOOLEAN(field, name, ...) \
	check_boolean(source, &settings, name, &settings.field);
#define LC_SETTING_TEXT(field, name, ...) check_text(source, &settings, name, &settings.field);
#define LC_SETTING_SECRET(field, name, ...) check_secret(source, &settings, name, &settings.field);
#define LC_SETTING_CHOICE(field, name, ...) check_choice(source, &settings, name, &settings.field);
#include "tbl/settings.h"
		lc_settings_free(&settings);
	}
}

static void every_default_lies_within_its_own_bounds(void **state)
{
	struct lc_settings settings;

	(void)state;
	lc_settings_default(&settings);
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);

		set_well(ENVIRONMENT, &settings, setting->name,
			 setting->type == LC_SETTING_TYPE_CHOICE ? lc_setting_default(setting)
								 : setting->default_text);
	}
	lc_settings_free(&settings);
}

static void names_follow_the_fields_and_differ(void **state)
{
	static const char *const FIELDS[] = {
#define LC_SETTING_INTEGER(field, ...) #field,
#define LC_SETTING_NUMBER(field, ...) #field,
#define LC_SETTING_BOOLEAN(field, ...) #field,
#define LC_SETTING_TEXT(field, ...) #field,
#define LC_SETTING_SECRET(field, ...) #field,
#define LC_SETTING_CHOICE(field, ...) #field,
#include "tbl/settings.h"
	};

	(void)state;
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const char *name = lc_setting_at(i)->name;

		assert_int_equal(strlen(name), strlen(FIELDS[i]));
		for (size_t c = 0; name[c] != '\0'; c++)
			assert_int_equal(name[c] == '.' || name[c] == '-' ? '_' : name[c],
					 FIELDS[i][c]);
		/* The YAML reader tells groups apart by their first settings. */
		assert_true(strchr(name, '.') == strrchr(name, '.'));
		assert_ptr_equal(lc_setting_find(lc_view_of(name)), lc_setting_at(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_setting_lands_in_its_field_from_every_source),
	    cmocka_unit_test(every_default_lies_within_its_own_bounds),
	    cmocka_unit_test(names_follow_the_fields_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
