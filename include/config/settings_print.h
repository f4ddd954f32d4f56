/*
 * What the command line prints about settings. All functions append text for people to a buffer.
 */
#ifndef LC_CONFIG_SETTINGS_PRINT_H
#define LC_CONFIG_SETTINGS_PRINT_H

#include "base/buffer.h"
#include "base/view.h"
#include "config/settings.h"

#include <stddef.h>

/* Every setting with its value, as YAML that could be read again but for the secrets, which are
 * masked; a comment says where each value comes from. */
void lc_settings_print_config(struct lc_buffer *buffer, const struct lc_settings *settings);

/* In one line, what an entry of `targets` gives for the target bucket and where it stands, secrets
 * masked: "/etc/log-courier.yml:12: s3.region: "eu-west-1", ...". Nothing if no entry matches. */
void lc_settings_print_of_bucket(struct lc_buffer *buffer, const struct lc_settings *settings,
				 struct lc_view bucket);

/* A YAML file in which every setting stands with its default, commented out, below its help. */
void lc_settings_print_sample(struct lc_buffer *buffer);

/* The text of --help, in lines of at most `width` characters. */
void lc_settings_print_help(struct lc_buffer *buffer, size_t width);

#endif
