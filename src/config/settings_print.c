#include "config/settings_print.h"

#include "base/assert.h"
#include "config/setting.h"
#include "config/setting_value.h"
#include "config/wrap.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	SAMPLE_WIDTH = 80,
	BOUNDS_SIZE = 128,
};

struct printer {
	struct lc_buffer *buffer;
	const struct lc_settings *settings; /* whose values are printed */
	size_t width;
};

/* What is allowed, as far as it can be said in a few words; empty when the help has said it. */
static void describe_bounds(const struct lc_setting *setting, char *text)
{
	text[0] = '\0';
	switch (setting->type) {
	case LC_SETTING_TYPE_INTEGER:
		snprintf(text, BOUNDS_SIZE, "%" PRId64 " to %" PRId64 "%s%s", setting->minimum,
			 setting->maximum, setting->unit[0] == '\0' ? "" : " ", setting->unit);
		break;
	case LC_SETTING_TYPE_NUMBER:
		snprintf(text, BOUNDS_SIZE, "%g to %g", setting->number_minimum,
			 setting->number_maximum);
		break;
	case LC_SETTING_TYPE_BOOLEAN:
		snprintf(text, BOUNDS_SIZE, "true or false");
		break;
	case LC_SETTING_TYPE_CHOICE:
		snprintf(text, BOUNDS_SIZE, "%s", setting->choices);
		break;
	case LC_SETTING_TYPE_TEXT:
	case LC_SETTING_TYPE_SECRET:
		break;
	}
}

/* What follows a flag's name. */
static const char *placeholder(const struct lc_setting *setting)
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

static void print_config_group(void *context, const char *title)
{
	struct printer *printer = context;

	lc_buffer_append_format(printer->buffer, "%s# %s\n", printer->buffer->size == 0 ? "" : "\n",
				title);
}

/* A comment ends with its line: no byte of a path may end it earlier. */
static void append_comment(struct lc_buffer *buffer, const char *text)
{
	lc_buffer_append_text(buffer, " # ");
	for (; *text != '\0'; text++) {
		bool printable = *text >= 0x20 && *text < 0x7F;

		lc_buffer_append(buffer, printable ? text : "?", 1);
	}
	lc_buffer_append_char(buffer, '\n');
}

static void print_config_setting(void *context, const struct lc_setting *setting)
{
	struct printer *printer = context;
	char origin[LC_SETTING_VALUE_ORIGIN_SIZE];

	lc_setting_value_origin(printer->settings, setting, origin);
	/* A secret that nobody gave and is there nevertheless was read from its file. */
	if (setting->type == LC_SETTING_TYPE_SECRET &&
	    lc_setting_text(printer->settings, lc_setting_at(setting->file))[0] != '\0')
		snprintf(origin, sizeof(origin), "from %s", lc_setting_at(setting->file)->name);
	lc_buffer_append_format(printer->buffer, "%s: ", setting->name);
	lc_setting_value_append(printer->buffer, printer->settings, setting);
	append_comment(printer->buffer, origin);
}

void lc_settings_print_config(struct lc_buffer *buffer, const struct lc_settings *settings)
{
	struct printer printer = {.buffer = buffer, .settings = settings};
	struct lc_setting_visitor visitor = {print_config_group, print_config_setting, &printer};

	lc_setting_visit(&visitor);
}

static void print_sample_group(void *context, const char *title)
{
	struct printer *printer = context;

	lc_buffer_append_format(printer->buffer, "\n\n## %s\n", title);
}

static void print_sample_setting(void *context, const struct lc_setting *setting)
{
	struct printer *printer = context;
	char bounds[BOUNDS_SIZE];

	describe_bounds(setting, bounds);
	lc_buffer_append_char(printer->buffer, '\n');
	lc_wrap_append(printer->buffer, "# ", setting->help, SAMPLE_WIDTH);
	if (bounds[0] != '\0')
		lc_buffer_append_format(printer->buffer, "# Allowed: %s.\n", bounds);
	lc_buffer_append_format(printer->buffer, "#%s: ", setting->name);
	lc_setting_value_append(printer->buffer, printer->settings, setting);
	lc_buffer_append_char(printer->buffer, '\n');
}

void lc_settings_print_sample(struct lc_buffer *buffer)
{
	struct lc_settings defaults;
	struct printer printer = {.buffer = buffer, .settings = &defaults};
	struct lc_setting_visitor visitor = {print_sample_group, print_sample_setting, &printer};

	lc_wrap_append(
	    buffer, "# ",
	    "Settings of log-courier. Every setting stands here with its default, as a "
	    "comment: take away the # in front of the ones you want to change. The two "
	    "S3 keys have no default and must be given. Flags and environment variables "
	    "take precedence over this file; log-courier --print-config shows what is in "
	    "force, and from where.",
	    SAMPLE_WIDTH);
	lc_settings_default(&defaults);
	lc_setting_visit(&visitor);
	lc_settings_free(&defaults);
}

static void print_help_group(void *context, const char *title)
{
	struct printer *printer = context;

	lc_buffer_append_format(printer->buffer, "\n%s\n", title);
}

static void print_help_setting(void *context, const struct lc_setting *setting)
{
	struct printer *printer = context;
	char environment[LC_SETTING_ENVIRONMENT_SIZE];
	char bounds[BOUNDS_SIZE];
	char facts[BOUNDS_SIZE * 2];

	describe_bounds(setting, bounds);
	lc_setting_environment_name(setting, environment);
	lc_buffer_append_format(printer->buffer, "\n  --%s%s\n", setting->name,
				placeholder(setting));
	lc_wrap_append(printer->buffer, "      ", setting->help, printer->width);
	snprintf(facts, sizeof(facts), "Default: %s.%s%s",
		 setting->default_text[0] == '\0' ? "empty" : setting->default_text,
		 bounds[0] == '\0' ? "" : " Allowed: ", bounds);
	lc_wrap_append(printer->buffer, "      ", facts, printer->width);
	lc_buffer_append_format(printer->buffer, "      Environment: %s\n", environment);
}

void lc_settings_print_help(struct lc_buffer *buffer, size_t width)
{
	static const char *const USAGE[][2] = {
	    {"--help", "Prints this text."},
	    {"--version", "Prints the version."},
	    {"--check-config", "Checks the configuration and says what is wrong with it. Starts "
			       "nothing."},
	    {"--print-config", "Prints every setting as it is in force, and where it comes from; "
			       "secrets are masked. Starts nothing."},
	    {"--print-sample-config", "Prints a configuration file with all defaults."},
	    {"--config-file=PATH", "Reads settings from this YAML file. Default: none. "
				   "Environment: LOG_COURIER_CONFIG_FILE"},
	};
	struct printer printer = {.buffer = buffer, .width = width};
	struct lc_setting_visitor visitor = {print_help_group, print_help_setting, &printer};

	lc_buffer_append_text(buffer, "Usage: log-courier [FLAG...]\n\n");
	lc_wrap_append(
	    buffer, "",
	    "Delivers S3 server access logs: rows in ClickHouse become log objects in "
	    "the buckets that each row names. Runs in the foreground until it is told to "
	    "stop with SIGTERM or SIGINT.",
	    width);
	for (size_t i = 0; i < sizeof(USAGE) / sizeof(USAGE[0]); i++) {
		lc_buffer_append_format(buffer, "\n  %s\n", USAGE[i][0]);
		lc_wrap_append(buffer, "      ", USAGE[i][1], width);
	}
	lc_buffer_append_char(buffer, '\n');
	lc_wrap_append(
	    buffer, "",
	    "Each setting below may be given as a flag, as an environment variable or in "
	    "the YAML file, under its name without dashes in front; the first of these "
	    "three that gives it counts. Flags can be seen by every user of the machine: "
	    "let secrets come from files.",
	    width);
	lc_setting_visit(&visitor);
}
