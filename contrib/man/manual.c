/*
 * manual FILE: prints a page of the manual. The file holds what is written by hand; a line that
 * begins with '@' names a part that is made from the tables in include/tbl.
 */
#include "config/setting.h"
#include "config/settings.h"
#include "ctl/arguments.h"
#include "ctl/help.h"
#include "formats/control_request.h"
#include "mdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_CAP = 4 * 1024 * 1024 };

static void begin_list(struct lc_buffer *page)
{
	lc_buffer_append_text(page, ".Bl -tag -width Ds\n");
}

static void end_list(struct lc_buffer *page)
{
	lc_buffer_append_text(page, ".El\n");
}

/* ".It Fl -name Ar WORD" */
static void append_flag(struct lc_buffer *page, const char *name, const char *word)
{
	lc_buffer_append_format(page, ".It Fl -%s", name);
	if (word[0] != '\0')
		lc_buffer_append_format(page, " Ar %s", word);
	lc_buffer_append_char(page, '\n');
}

static void append_version(struct lc_buffer *page)
{
	lc_mdoc_append_macro(page, "Os", "log-courier " PACKAGE_VERSION);
}

static void append_actions(struct lc_buffer *page)
{
#define LC_SERVICE_ACTION(name, flag, help) \
	append_flag(page, (flag), "");      \
	lc_mdoc_append_text(page, (help));
#include "tbl/service_actions.h"
}

static void append_setting_flags_of(void *context, const struct lc_setting *setting)
{
	const char *placeholder = lc_setting_placeholder(setting);

	lc_buffer_append_format(context, ".It Fl -%s Ns %s\n", setting->name, placeholder);
}

struct settings_part {
	struct lc_buffer *page;
	bool in_list;
};

static void begin_group(void *context, const char *title)
{
	struct settings_part *part = context;

	if (part->in_list)
		end_list(part->page);
	lc_mdoc_append_macro(part->page, "Ss", title);
	begin_list(part->page);
	part->in_list = true;
}

static void append_setting(void *context, const struct lc_setting *setting)
{
	struct lc_buffer *page = ((struct settings_part *)context)->page;
	char environment[LC_SETTING_ENVIRONMENT_SIZE];
	struct lc_buffer facts;

	lc_setting_environment_name(setting, environment);
	lc_buffer_append_format(page, ".It Cm %s\n", setting->name);
	lc_mdoc_append_text(page, setting->help);
	lc_buffer_init(&facts, SIZE_MAX / 2);
	lc_buffer_append_format(&facts, "Default: %s.", lc_setting_default(setting));
	lc_setting_append_facts(&facts, setting);
	lc_buffer_append_text(page, ".br\n");
	lc_mdoc_append_text(page, lc_buffer_text(&facts));
	lc_buffer_free(&facts);
	lc_buffer_append_format(page, ".br\nEnvironment:\n.Ev %s\n", environment);
}

static void append_settings(struct lc_buffer *page)
{
	struct settings_part part = {.page = page};
	struct lc_setting_visitor visitor = {begin_group, append_setting, &part};

	lc_setting_visit(&visitor);
	begin_group(&part, LC_SETTING_TARGETS_TITLE);
	lc_buffer_append_text(page, ".It Cm " LC_SETTING_TARGETS "\n");
	lc_mdoc_append_text(page, LC_SETTING_TARGETS_HELP);
	end_list(page);
}

static void pass_group(void *context, const char *title)
{
	(void)context;
	(void)title;
}

static void append_setting_flags(struct lc_buffer *page)
{
	struct lc_setting_visitor visitor = {pass_group, append_setting_flags_of, page};

	lc_buffer_append_text(page, ".Bl -tag -compact -offset indent -width Ds\n");
	lc_setting_visit(&visitor);
	end_list(page);
}

static void append_exit_code(struct lc_buffer *page, const char *number, const char *help)
{
	lc_mdoc_append_macro(page, "It", number);
	lc_mdoc_append_sentence(page, help);
}

static void append_exit_codes(struct lc_buffer *page)
{
	begin_list(page);
#define LC_EXIT(name, number, help) append_exit_code(page, #number, (help));
#include "tbl/exit_codes.h"
	end_list(page);
}

static void append_ctl_exit_codes(struct lc_buffer *page)
{
	begin_list(page);
#define LC_CTL_EXIT(name, number, help) append_exit_code(page, #number, (help));
#include "tbl/ctl_exit_codes.h"
	end_list(page);
}

static void append_ctl_options(struct lc_buffer *page)
{
	begin_list(page);
	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++) {
		append_flag(page, LC_ARGUMENTS_OPTIONS[i].option, LC_ARGUMENTS_OPTIONS[i].word);
		lc_mdoc_append_sentence(page, LC_ARGUMENTS_OPTIONS[i].help);
	}
	end_list(page);
}

static void append_arguments(struct lc_buffer *page, unsigned takes)
{
	if (takes == 0)
		return;
	lc_buffer_append_text(page, ".Bl -tag -width Ds -compact\n");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *argument =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if ((takes & 1U << i) == 0)
			continue;
		if (argument->kind == LC_CONTROL_REQUEST_WORD)
			lc_buffer_append_format(page, ".It Ar %s\n", argument->word);
		else
			append_flag(page, argument->parameter, argument->word);
		lc_mdoc_append_sentence(page, argument->help);
	}
	end_list(page);
}

static const char *manual_of(enum lc_control_request_command command)
{
	static const char *const MANUALS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define LC_CONTROL_MANUAL(name, text) [LC_CONTROL_REQUEST_##name] = (text),
#include "tbl/control_manual.h"
	};

	return MANUALS[command];
}

static void append_commands(struct lc_buffer *page)
{
	begin_list(page);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		struct lc_buffer usage;

		lc_buffer_init(&usage, SIZE_MAX / 2);
		lc_help_append_usage((enum lc_control_request_command)i, true, &usage);
		lc_mdoc_append_macro(page, "It Cm", lc_buffer_text(&usage));
		lc_buffer_free(&usage);
		lc_mdoc_append_sentence(page, LC_CONTROL_REQUEST_COMMANDS[i].help);
		if (manual_of(i) != NULL)
			lc_mdoc_append_text(page, manual_of(i));
		append_arguments(page, LC_CONTROL_REQUEST_COMMANDS[i].takes);
	}
	for (unsigned i = 0; i < LC_ARGUMENTS_VERB_COUNT; i++) {
		lc_buffer_append_format(page, ".It Cm %s Ar %s\n", LC_ARGUMENTS_VERBS[i].verb,
					LC_ARGUMENTS_VERBS[i].word);
		lc_mdoc_append_sentence(page, LC_ARGUMENTS_VERBS[i].help);
	}
	end_list(page);
}

static void append_example(struct lc_buffer *page, const char *arguments, const char *what)
{
	struct lc_buffer line;

	lc_buffer_init(&line, SIZE_MAX / 2);
	lc_buffer_append_format(&line, "log-courier-ctl %s", arguments);
	lc_mdoc_append_macro(page, "It Li", lc_buffer_text(&line));
	lc_buffer_free(&line);
	lc_mdoc_append_sentence(page, what);
}

static void append_examples(struct lc_buffer *page)
{
	begin_list(page);
#define LC_CONTROL_EXAMPLE(name, arguments, what) append_example(page, (arguments), (what));
#include "tbl/control_manual.h"
	end_list(page);
}

static const struct {
	const char *name;
	void (*append)(struct lc_buffer *page);
} PARTS[] = {
    {"@version", append_version},
    {"@actions", append_actions},
    {"@setting-flags", append_setting_flags},
    {"@settings", append_settings},
    {"@exit-codes", append_exit_codes},
    {"@ctl-commands", append_commands},
    {"@ctl-options", append_ctl_options},
    {"@ctl-exit-codes", append_ctl_exit_codes},
    {"@ctl-examples", append_examples},
};

static bool append_part(struct lc_buffer *page, const char *name)
{
	for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
		if (strcmp(PARTS[i].name, name) != 0)
			continue;
		PARTS[i].append(page);
		return true;
	}
	return false;
}

static bool fill(struct lc_buffer *page, FILE *file, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	bool filled = true;

	for (unsigned number = 1; filled && getline(&line, &room, file) >= 0; number++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '@') {
			lc_buffer_append_format(page, "%s\n", line);
		} else if (!append_part(page, line)) {
			fprintf(stderr, "manual: %s:%u: there is no part %s\n", path, number, line);
			filled = false;
		}
	}
	free(line);
	return filled && ferror(file) == 0;
}

int main(int argc, char **argv)
{
	struct lc_buffer page;
	FILE *file;
	bool printed;

	if (argc != 2) {
		fprintf(stderr, "usage: manual FILE\n");
		return 2;
	}
	file = fopen(argv[1], "r");
	if (file == NULL) {
		perror(argv[1]);
		return 1;
	}
	lc_buffer_init(&page, PAGE_CAP);
	printed = fill(&page, file, argv[1]) && lc_buffer_text(&page) != NULL &&
		  fputs(lc_buffer_text(&page), stdout) != EOF && fflush(stdout) == 0;
	lc_buffer_free(&page);
	fclose(file);
	return printed ? 0 : 1;
}
