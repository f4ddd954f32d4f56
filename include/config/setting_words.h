/*
 * What is said about a setting to people, wherever it is described: in --help, in the sample file
 * and in the manual.
 */
#ifndef LC_CONFIG_SETTING_WORDS_H
#define LC_CONFIG_SETTING_WORDS_H

#include "config/setting.h"

enum { LC_SETTING_WORDS_SIZE = 128 };

/* What is allowed, as far as it can be said in a few words, into `text` of LC_SETTING_WORDS_SIZE
 * bytes; empty when the help has said it. */
void lc_setting_words_bounds(const struct lc_setting *setting, char *text);

/* What follows a flag's name: "=NUMBER". Static. */
const char *lc_setting_words_placeholder(const struct lc_setting *setting);

/* The default, or the word "empty". Static. */
const char *lc_setting_words_default(const struct lc_setting *setting);

#endif
