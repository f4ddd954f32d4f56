/*
 * Forms: what the text of a setting may look like. All texts are printable ASCII.
 */
#ifndef LC_CONFIG_SETTING_FORM_H
#define LC_CONFIG_SETTING_FORM_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>

enum {
	LC_SETTING_FORM_URLS_MAX = 64,
	LC_SETTING_FORM_HOST_MAX = 253,    /* bytes: RFC 1035, section 2.3.4, in text form */
	LC_SETTING_FORM_SHARD_MAX = 65535, /* the highest number in a list of shards */
	LC_SETTING_FORM_TAGS_MAX = 10,
	LC_SETTING_FORM_TAG_KEY_MAX = 128, /* bytes of a tag's key, and of its value */
	LC_SETTING_FORM_TAG_VALUE_MAX = 256,
	LC_SETTING_FORM_BUCKET_MAX = 255, /* bytes of a pattern of buckets' names */
};

enum lc_setting_form {
	LC_SETTING_FORM_FREE,  /* anything */
	LC_SETTING_FORM_WORD,  /* no blank, comma, slash or quote: it becomes part of a header */
	LC_SETTING_FORM_TOKEN, /* no blank or quote: it becomes a header's value */
	LC_SETTING_FORM_IDENTIFIER, /* ClickHouse: a letter or '_', then letters, digits, '_' */
	LC_SETTING_FORM_URL,        /* http(s)://host[:port] */
	LC_SETTING_FORM_URLS,       /* 1 to 64 of them, comma-separated */
	LC_SETTING_FORM_PATH,       /* begins with '/' */
	LC_SETTING_FORM_ADDRESS,    /* IPv4 or IPv6 address */
	LC_SETTING_FORM_SHARDS,     /* numbers and ranges, comma-separated: "0-3,7" */
	LC_SETTING_FORM_TAGS,       /* "key=value,...": Amazon S3 User Guide, "Object tagging" */
	LC_SETTING_FORM_BUCKETS,    /* patterns of buckets' names, comma-separated: "a,audit-*" */
};

/* True if `text` has the form. Otherwise `error` (LC_ERROR_USAGE) says what was found and what is
 * allowed: "found "x y", expected ...". A URL that holds user information is not repeated. */
bool lc_setting_form_check(enum lc_setting_form form, const char *text, struct lc_error *error);

/* What stands for such a value after a flag's name in --help: "=URL", "=PATH", ... */
const char *lc_setting_form_placeholder(enum lc_setting_form form);

/* Takes the next tag off the front of *rest, which has the form of tags, and moves it past that.
 * False at the end. */
bool lc_setting_form_next_tag(const char **rest, struct lc_view *key, struct lc_view *value);

/* Takes the next range off the front of *rest, a list of shards, and moves it past that. False at
 * the end of the list, where *rest is the empty text, and at a fault, where it is not. first <=
 * last. */
bool lc_setting_form_next_shards(const char **rest, unsigned *first, unsigned *last);

#endif
