/*
 * The command line of log-courier:
 *
 *	--help, --version, --check-config, --preflight, --print-config, --print-sample-config
 *	                                                                           at most one
 *	--config-file=FILE
 *	--preflight-bucket=BUCKET                                                  with --preflight
 *	--<setting>=VALUE
 *
 * `--flag VALUE` means the same as `--flag=VALUE`. A boolean setting takes `--flag=true`, `--flag`
 * and `--no-flag`. Of a flag given several times the last one counts.
 */
#ifndef LC_CONFIG_COMMAND_LINE_H
#define LC_CONFIG_COMMAND_LINE_H

#include "config/errors.h"
#include "config/settings.h"

#include <stdbool.h>

enum lc_command_line_action {
	LC_COMMAND_LINE_RUN, /* nothing else was asked for: be the service */
#define LC_SERVICE_ACTION(name, flag, help) LC_COMMAND_LINE_##name,
#include "tbl/service_actions.h"
};

struct lc_command_line {
	enum lc_command_line_action action;
	const char *config_file;      /* points into argv; NULL when not given; */
	const char *preflight_bucket; /* likewise */
};

/* Reads what is no setting, and checks that every flag is known and has its value; the values of
 * settings are not looked at. After --help and --version nothing is looked at. Each error
 * (LC_ERROR_USAGE) names the flag and, when it is unknown, one that is near. */
bool lc_command_line_read(struct lc_command_line *line, int argc, char *const *argv,
			  struct lc_errors *errors);

/* Sets what the flags give. Passes over what lc_command_line_read reports. */
bool lc_command_line_apply(struct lc_settings *settings, int argc, char *const *argv,
			   struct lc_errors *errors);

#endif
