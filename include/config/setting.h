/*
 * A setting as a row of the table, for code that deals with all of them alike: what it is, its
 * value from text, with all checks that concern it alone, and back to text, and what is said about
 * it to people in --help, in the sample file and in the manual.
 */
#ifndef LC_CONFIG_SETTING_H
#define LC_CONFIG_SETTING_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "config/setting_form.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_SETTING_TEXT_MAX = 16384, /* bytes of a text */
	/* Room for a name or text and its terminator: */
	LC_SETTING_ENVIRONMENT_SIZE = 96,
	LC_SETTING_ORIGIN_SIZE = 192,
	LC_SETTING_BOUNDS_SIZE = 128,
};

#define LC_SETTING_ENVIRONMENT_PREFIX "LOG_COURIER_"

/* What stands for a secret wherever settings are shown. */
#define LC_SETTING_MASK "********"

/* The YAML file's key for settings that differ by target bucket, and the key of an entry's buckets;
 * both are no settings. */
#define LC_SETTING_TARGETS "targets"
#define LC_SETTING_BUCKETS "buckets"

/* What is said to people about them, and about a setting that may differ. */
#define LC_SETTING_TARGETS_TITLE "What differs by target bucket"
#define LC_SETTING_TARGETS_HELP                                                                   \
	"Target buckets for which some settings differ, in the YAML file only: a list of "        \
	"entries, each with buckets, a name or pattern or a list of them, in which * stands for " \
	"any characters and ? for one, and the settings that differ. The first entry with a "     \
	"pattern that matches the bucket is used, alone; what it does not give is as for all "    \
	"other buckets, wherever that was given. An entry that gives a part of the credentials "  \
	"gives all of them."
#define LC_SETTING_BY_TARGET "May differ by target bucket."

enum lc_setting_type {
	LC_SETTING_TYPE_INTEGER,
	LC_SETTING_TYPE_NUMBER,
	LC_SETTING_TYPE_BOOLEAN,
	LC_SETTING_TYPE_TEXT,
	LC_SETTING_TYPE_SECRET,
	LC_SETTING_TYPE_CHOICE,
};

/* Where it may be given; see include/tbl/settings.h. */
enum lc_setting_scope {
	LC_SETTING_SCOPE_SERVICE,
	LC_SETTING_SCOPE_TARGET,
	LC_SETTING_SCOPE_CREDENTIAL,
};

/* What does not concern the type is zero. All texts are static. */
struct lc_setting {
	const char *name;
	const char *help;
	const char *default_text;   /* as YAML has it, without quotes; not of a choice */
	const char *unit;           /* of an integer, "" when it has none */
	const char *const *choices; /* of a choice: the text of each value of its enum */
	unsigned choice_count;
	unsigned default_choice;
	size_t offset;   /* of the field in struct lc_settings */
	int64_t minimum; /* of an integer */
	int64_t maximum;
	double number_minimum;
	double number_maximum;
	enum lc_setting_type type;
	enum lc_setting_scope scope;
	enum lc_setting_form form; /* of a text */
	enum lc_settings_index index;
	enum lc_settings_index file; /* of a secret: the setting that names its file */
};

/* The setting with this number. */
const struct lc_setting *lc_setting_at(enum lc_settings_index index);

/* The setting with this dotted name, or NULL. */
const struct lc_setting *lc_setting_find(struct lc_view name);

/* The setting that a mistyped `name` was probably meant to be, or the first of the group; a dotted,
 * an environment or half a name will do. NULL if no setting is like it. */
const struct lc_setting *lc_setting_nearest(struct lc_view name);

/* "LOG_COURIER_CLICKHOUSE_URL" into `name`, of LC_SETTING_ENVIRONMENT_SIZE bytes. */
void lc_setting_environment_name(const struct lc_setting *setting, char *name);

/* The value of an integer. */
int64_t lc_setting_integer(const struct lc_settings *settings, const struct lc_setting *setting);

/* The text of a text or secret, or the one that stands for a choice. */
const char *lc_setting_text(const struct lc_settings *settings, const struct lc_setting *setting);

/* True if the value is written as a text: of a text, secret or choice. */
bool lc_setting_is_text(const struct lc_setting *setting);

/* True if the setting may be given as a list of values. */
bool lc_setting_is_list(const struct lc_setting *setting);

/* Sets the field from text and keeps the origin. Otherwise nothing is changed and `error`
 * (LC_ERROR_USAGE) says "<setting>: found ..., expected ...", without the text of a secret. Of a
 * list, blanks around the commas are dropped. */
bool lc_setting_set(struct lc_settings *settings, const struct lc_setting *setting,
		    struct lc_view text, struct lc_settings_origin origin, struct lc_error *error);

/* Gives the setting in `to` the value and the origin that it has in `from`. */
void lc_setting_copy(struct lc_settings *to, const struct lc_settings *from,
		     const struct lc_setting *setting);

/* Appends the value as a YAML scalar: texts in double quotes, a secret as its mask. */
void lc_setting_append(struct lc_buffer *buffer, const struct lc_settings *settings,
		       const struct lc_setting *setting);

/* Where the value comes from, into `text` of LC_SETTING_ORIGIN_SIZE bytes:
 * "/etc/log-courier.yml:12", "environment variable LOG_COURIER_X", "flag --x", "default". */
void lc_setting_origin(const struct lc_settings *settings, const struct lc_setting *setting,
		       char *text);

/* True if the setting has the same value in both. */
bool lc_setting_equal(const struct lc_settings *a, const struct lc_settings *b,
		      const struct lc_setting *setting);

/* Appends the names of the settings that differ, with ", " between them, never a value, and returns
 * how many there are. All entries of `targets` count as one, of that name. */
size_t lc_setting_append_changed(const struct lc_settings *a, const struct lc_settings *b,
				 struct lc_buffer *names);

/* What is allowed, as far as it can be said in a few words, into `text` of LC_SETTING_BOUNDS_SIZE
 * bytes; empty when the help has said it. */
void lc_setting_bounds(const struct lc_setting *setting, char *text);

/* Appends what is allowed, and whether it may differ by target bucket, in sentences with a blank
 * before each; nothing when the help has said it. */
void lc_setting_append_facts(struct lc_buffer *text, const struct lc_setting *setting);

/* What follows a flag's name: "=NUMBER". Static. */
const char *lc_setting_placeholder(const struct lc_setting *setting);

/* The default, or the word "empty". Static. */
const char *lc_setting_default(const struct lc_setting *setting);

/* Calls back for each group and each setting in the table's order. */
struct lc_setting_visitor {
	void (*on_group)(void *context, const char *title);
	void (*on_setting)(void *context, const struct lc_setting *setting);
	void *context;
};
void lc_setting_visit(const struct lc_setting_visitor *visitor);

#endif
