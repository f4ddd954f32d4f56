/* The command line of log-courier-ctl. */
#ifndef LC_CTL_ARGUMENTS_H
#define LC_CTL_ARGUMENTS_H

#include "base/error.h"
#include "formats/control_request.h"

#include <stdbool.h>

enum lc_arguments_exit {
#define LC_CTL_EXIT(name, number, help) LC_ARGUMENTS_EXIT_##name = (number),
#include "tbl/ctl_exit_codes.h"
};

enum lc_arguments_verb {
#define LC_CTL_VERB(name, verb, word, help) LC_ARGUMENTS_VERB_##name,
#include "tbl/ctl_verbs.h"
	LC_ARGUMENTS_VERB_COUNT
};

enum lc_arguments_option {
#define LC_CTL_OPTION(name, option, kind, word, help) LC_ARGUMENTS_OPTION_##name,
#include "tbl/ctl_options.h"
	LC_ARGUMENTS_OPTION_COUNT
};

enum lc_arguments_kind {
	LC_ARGUMENTS_FLAG,
	LC_ARGUMENTS_VALUE,
	LC_ARGUMENTS_PACE,
};

struct lc_arguments_verb_description {
	const char *verb;
	const char *word;
	const char *help;
};

struct lc_arguments_option_description {
	const char *option;
	enum lc_arguments_kind kind;
	const char *word;
	const char *help;
};

extern const struct lc_arguments_verb_description LC_ARGUMENTS_VERBS[LC_ARGUMENTS_VERB_COUNT];
extern const struct lc_arguments_option_description LC_ARGUMENTS_OPTIONS[LC_ARGUMENTS_OPTION_COUNT];

enum {
	LC_ARGUMENTS_WATCH_DEFAULT = 2, /* seconds */
	LC_ARGUMENTS_WATCH_MAX = 3600,
};

struct lc_arguments {
	enum lc_arguments_verb verb; /* COUNT when there is none */
	const char *word;            /* after the verb completion; "json" or "metrics" after help */
	struct lc_control_request request; /* the command is COMMAND_COUNT when there is none */
	const char *socket;                /* from argv; NULL when not given */
	unsigned watch_seconds;            /* 0: look once */
	bool asks;                         /* a dry run comes first, then somebody is asked */
	bool json;
	bool help; /* about the command, or all if there is none */
};

/* Reads argv. False with `error` set (LC_ERROR_USAGE) when it is not understood; what is like a
 * mistyped word is named. Options may stand before and after the command; without help there has
 * to be a command or a verb. `json` is right in either case. */
bool lc_arguments_read(struct lc_arguments *arguments, int argc, char *const *argv,
		       struct lc_error *error);

/* True if the command only looks, so that it may be repeated. */
bool lc_arguments_only_looks(enum lc_control_request_command command);

#endif
