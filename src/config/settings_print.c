#include "config/settings_print.h"

#include "config/setting.h"
#include "config/settings_targets.h"
#include "config/text.h"

#include <stdio.h>

enum { SAMPLE_WIDTH = 80 };

struct printer {
	struct lc_buffer *buffer;
	const struct lc_settings *settings; /* whose values are printed */
	size_t width;
};

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

static void print_value(struct lc_buffer *buffer, const struct lc_settings *settings,
			const struct lc_setting *setting)
{
	char origin[LC_SETTING_ORIGIN_SIZE];

	lc_setting_origin(settings, setting, origin);
	/* A secret that nobody gave and is there nevertheless was read from its file. */
	if (setting->type == LC_SETTING_TYPE_SECRET &&
	    lc_setting_text(settings, lc_setting_at(setting->file))[0] != '\0')
		snprintf(origin, sizeof(origin), "from %s", lc_setting_at(setting->file)->name);
	lc_buffer_append_format(buffer, "%s: ", setting->name);
	lc_setting_append(buffer, settings, setting);
	append_comment(buffer, origin);
}

static void print_config_setting(void *context, const struct lc_setting *setting)
{
	struct printer *printer = context;

	print_value(printer->buffer, printer->settings, setting);
}

/* What the entry gives; all else is as the service's. */
static void print_entry(struct lc_buffer *buffer, const struct lc_settings_target *target)
{
	const char *rest = target->buckets;
	const char *separator = "";
	char origin[LC_SETTING_ORIGIN_SIZE];
	struct lc_view pattern;

	lc_buffer_append_text(buffer, "  - " LC_SETTING_BUCKETS ": [");
	while (lc_settings_targets_next_pattern(&rest, &pattern)) {
		lc_buffer_append_format(buffer, "%s\"%.*s\"", separator, (int)pattern.size,
					pattern.data);
		separator = ", ";
	}
	lc_buffer_append_text(buffer, "]");
	snprintf(origin, sizeof(origin), "%s:%u", lc_text_quote_path(target->settings.config_file),
		 target->line);
	append_comment(buffer, origin);
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (!target->given[i])
			continue;
		lc_buffer_append_text(buffer, "    ");
		print_value(buffer, &target->settings, lc_setting_at(i));
	}
}

void lc_settings_print_config(struct lc_buffer *buffer, const struct lc_settings *settings)
{
	struct printer printer = {.buffer = buffer, .settings = settings};
	struct lc_setting_visitor visitor = {print_config_group, print_config_setting, &printer};

	lc_setting_visit(&visitor);
	if (settings->target_count == 0)
		return;
	print_config_group(&printer, LC_SETTING_TARGETS_TITLE);
	lc_buffer_append_text(buffer, LC_SETTING_TARGETS ":\n");
	for (size_t i = 0; i < settings->target_count; i++)
		print_entry(buffer, &settings->targets[i]);
}

void lc_settings_print_of_bucket(struct lc_buffer *buffer, const struct lc_settings *settings,
				 struct lc_view bucket)
{
	size_t entry = lc_settings_of_bucket(settings, bucket)->entry;
	const struct lc_settings_target *target;
	const char *separator = ": ";

	if (entry == 0)
		return;
	target = &settings->targets[entry - 1];
	lc_buffer_append_format(buffer, "%s:%u", lc_text_quote_path(target->settings.config_file),
				target->line);
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (!target->given[i])
			continue;
		lc_buffer_append_format(buffer, "%s%s: ", separator, lc_setting_at(i)->name);
		lc_setting_append(buffer, &target->settings, lc_setting_at(i));
		separator = ", ";
	}
}

static void print_sample_group(void *context, const char *title)
{
	struct printer *printer = context;

	lc_buffer_append_format(printer->buffer, "\n\n## %s\n", title);
}

static void print_sample_setting(void *context, const struct lc_setting *setting)
{
	struct printer *printer = context;
	struct lc_buffer facts;

	lc_buffer_init(&facts, SIZE_MAX / 2);
	lc_setting_append_facts(&facts, setting);
	lc_buffer_append_char(printer->buffer, '\n');
	lc_text_wrap(printer->buffer, "# ", setting->help, SAMPLE_WIDTH);
	if (facts.size > 0)
		lc_text_wrap(printer->buffer, "# ", lc_buffer_text(&facts) + 1, SAMPLE_WIDTH);
	lc_buffer_free(&facts);
	lc_buffer_append_format(printer->buffer, "#%s: ", setting->name);
	lc_setting_append(printer->buffer, printer->settings, setting);
	lc_buffer_append_char(printer->buffer, '\n');
}

void lc_settings_print_sample(struct lc_buffer *buffer)
{
	struct lc_settings defaults;
	struct printer printer = {.buffer = buffer, .settings = &defaults};
	struct lc_setting_visitor visitor = {print_sample_group, print_sample_setting, &printer};

	lc_text_wrap(buffer, "# ",
		     "Settings of log-courier. Every setting is listed with its default, commented "
		     "out: remove the # in front of those you want to change. The two S3 keys have "
		     "no default and must be given. Flags and environment variables take "
		     "precedence over this file; log-courier --print-config shows the values in "
		     "force and where they come from.",
		     SAMPLE_WIDTH);
	lc_settings_default(&defaults);
	lc_setting_visit(&visitor);
	lc_settings_free(&defaults);
	print_sample_group(&printer, LC_SETTING_TARGETS_TITLE);
	lc_buffer_append_char(buffer, '\n');
	lc_text_wrap(buffer, "# ", LC_SETTING_TARGETS_HELP, SAMPLE_WIDTH);
	lc_buffer_append_text(buffer, "#" LC_SETTING_TARGETS ":\n"
				      "#  - " LC_SETTING_BUCKETS ": [audit, \"audit-*\"]\n"
				      "#    s3.endpoint: https://s3.eu-west-1.example.com\n"
				      "#    s3.region: eu-west-1\n");
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
	struct lc_buffer facts;

	lc_buffer_init(&facts, SIZE_MAX / 2);
	lc_setting_environment_name(setting, environment);
	lc_buffer_append_format(printer->buffer, "\n  --%s%s\n", setting->name,
				lc_setting_placeholder(setting));
	lc_text_wrap(printer->buffer, "      ", setting->help, printer->width);
	lc_buffer_append_format(&facts, "Default: %s.", lc_setting_default(setting));
	lc_setting_append_facts(&facts, setting);
	lc_text_wrap(printer->buffer, "      ", lc_buffer_text(&facts), printer->width);
	lc_buffer_free(&facts);
	lc_buffer_append_format(printer->buffer, "      Environment: %s\n", environment);
}

void lc_settings_print_help(struct lc_buffer *buffer, size_t width)
{
	static const char *const USAGE[][2] = {
#define LC_SERVICE_ACTION(name, flag, help) {"--" flag, (help)},
#include "tbl/service_actions.h"
	    {"--config-file=PATH", "Read settings from this YAML file. Default: none. "
				   "Environment: LOG_COURIER_CONFIG_FILE"},
	    {"--preflight-bucket=BUCKET", "With --preflight: also store a small object in this "
					  "bucket and delete it again."},
	};
	struct printer printer = {.buffer = buffer, .width = width};
	struct lc_setting_visitor visitor = {print_help_group, print_help_setting, &printer};

	lc_buffer_append_text(buffer, "Usage: log-courier [FLAG...]\n\n");
	lc_text_wrap(buffer, "",
		     "Delivers S3 server access logs: rows in ClickHouse become log objects in "
		     "the buckets that each row names. Runs in the foreground until it is told to "
		     "stop with SIGTERM or SIGINT.",
		     width);
	for (size_t i = 0; i < sizeof(USAGE) / sizeof(USAGE[0]); i++) {
		lc_buffer_append_format(buffer, "\n  %s\n", USAGE[i][0]);
		lc_text_wrap(buffer, "      ", USAGE[i][1], width);
	}
	lc_buffer_append_char(buffer, '\n');
	lc_text_wrap(buffer, "",
		     "Each setting below may be given as a flag, as an environment variable, or in "
		     "the YAML file under its name without the leading dashes. Flags take "
		     "precedence over the environment, and the environment over the file. Flags "
		     "are visible to every user of the machine: keep secrets in files.",
		     width);
	lc_setting_visit(&visitor);
	print_help_group(&printer, LC_SETTING_TARGETS_TITLE);
	lc_buffer_append_text(buffer, "\n  " LC_SETTING_TARGETS ": (in the YAML file)\n");
	lc_text_wrap(buffer, "      ", LC_SETTING_TARGETS_HELP, width);
}
