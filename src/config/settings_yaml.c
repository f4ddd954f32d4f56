#include "config/settings_yaml.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "config/file.h"
#include "config/go_settings.h"
#include "config/setting.h"
#include "config/settings_targets.h"
#include "config/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	KEY_MAX = 256, /* bytes of a dotted name, far more than any known one has */
	/* Lists and mappings within one another; libyaml takes time with the square of it. */
	DEPTH_MAX = 32,
};

/* The one event in hand, and where everything goes. A function that takes something finds its first
 * event in hand, and leaves its last one there, unless it returns false: then an error was added,
 * and finish() goes on to the last one. */
struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct lc_view content;
	const char *path;
	struct lc_settings *settings;      /* the service's, or the entry's that is being read */
	struct lc_settings_target *target; /* that entry, or NULL */
	struct lc_errors *errors;
	const struct lc_setting *setting; /* whose value is being read, or NULL */
	unsigned depth;                   /* lists and mappings that have begun and not ended */
	bool broken;                      /* the rest of the file is not read */
	/* Groups that a key has opened, each by the number of its first setting: names have two
	 * steps, so no two groups begin with the same setting. */
	bool opened[LC_SETTINGS_COUNT];
	unsigned targets_line; /* where the list of targets stands; 0: there was none yet */
	unsigned buckets_line; /* the same for the buckets of the entry that is being read */
};

static bool refuse(struct reader *reader, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool add(struct reader *reader, const struct lc_error *error)
{
	if (reader->target != NULL)
		reader->target->faulty = true;
	return reader->setting == NULL || reader->target != NULL
		   ? lc_errors_add(reader->errors, error)
		   : lc_errors_refuse(reader->errors, reader->setting->index, error);
}

static bool refuse(struct reader *reader, unsigned line, const char *format, ...)
{
	char text[LC_ERROR_MESSAGE_SIZE];
	struct lc_error error;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	lc_error_set(&error, LC_ERROR_USAGE, "%s:%u: %s", lc_text_quote_path(reader->path), line,
		     text);
	return add(reader, &error);
}

static unsigned line_of(const yaml_event_t *event)
{
	return (unsigned)event->start_mark.line + 1;
}

/* Faults of single bytes are found when they are read, ahead of any mark: only their offset is
 * known. */
static unsigned line_of_fault(const struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	unsigned line = 1;

	if (parser->error != YAML_READER_ERROR)
		return (unsigned)parser->problem_mark.line + 1;
	for (size_t i = 0; i < reader->content.size && i < parser->problem_offset; i++)
		line += reader->content.data[i] == '\n' ? 1 : 0;
	return line;
}

static bool next(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;

	yaml_event_delete(&reader->event);
	if (yaml_parser_parse(&reader->parser, &reader->event)) {
		if (event->type == YAML_MAPPING_START_EVENT ||
		    event->type == YAML_SEQUENCE_START_EVENT)
			reader->depth++;
		if (event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT)
			reader->depth--;
		if (reader->depth <= DEPTH_MAX && reader->errors->left_out == 0)
			return true;
		reader->broken = true;
		/* After too many errors this is one more that is only counted. */
		return refuse(reader, line_of(event),
			      "found lists or mappings within more than %d others; the rest of the "
			      "file was not read",
			      DEPTH_MAX);
	}
	reader->broken = true;
	/* libyaml's texts are fixed: they repeat nothing of the file. */
	return refuse(reader, line_of_fault(reader), "this is not valid YAML: %s",
		      reader->parser.problem == NULL ? "out of memory" : reader->parser.problem);
}

/* Passes over the rest of a node that has begun at this depth. */
static bool finish(struct reader *reader, unsigned depth)
{
	while (!reader->broken && reader->depth > depth)
		(void)next(reader);
	return !reader->broken;
}

static struct lc_view scalar(const yaml_event_t *event)
{
	return (struct lc_view){.data = (const char *)event->data.scalar.value,
				.size = event->data.scalar.length};
}

/* What may stand nowhere in the file. `name` says what the node belongs to. */
static bool check_node(struct reader *reader, const char *name)
{
	const yaml_event_t *event = &reader->event;
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT)
		return refuse(reader, line_of(event),
			      "%s: found an alias (*), expected the value itself", name);
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		return refuse(reader, line_of(event),
			      "%s: found an anchor (&), expected only the value", name);
	if (tag != NULL)
		return refuse(reader, line_of(event),
			      "%s: found a tag (!), expected only the value", name);
	return true;
}

static bool is_plain(const yaml_event_t *event)
{
	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* YAML's ways to say nothing. */
static bool is_null(const yaml_event_t *event)
{
	static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; is_plain(event) && i < sizeof(NULLS) / sizeof(NULLS[0]); i++) {
		if (lc_view_equal(scalar(event), lc_view_of(NULLS[i])))
			return true;
	}
	return false;
}

static bool check_text(struct reader *reader, const char *name)
{
	return !is_null(&reader->event) ||
	       refuse(reader, line_of(&reader->event),
		      "%s: found no value, expected a text (\"\" for an empty one)", name);
}

static bool check_scalar(struct reader *reader, const struct lc_setting *setting)
{
	const yaml_event_t *event = &reader->event;

	if (lc_setting_is_text(setting))
		return check_text(reader, setting->name);
	if (is_null(event))
		return refuse(reader, line_of(event), "%s: found no value, expected one",
			      setting->name);
	if (!is_plain(event))
		return refuse(reader, line_of(event),
			      "%s: found a text, expected %s without quotes", setting->name,
			      setting->type == LC_SETTING_TYPE_BOOLEAN ? "true or false"
								       : "a number");
	return true;
}

static bool set(struct reader *reader, const struct lc_setting *setting, struct lc_view text,
		unsigned line)
{
	struct lc_settings_origin origin = {.source = LC_SETTINGS_FILE, .line = line};
	struct lc_error error;

	if (lc_setting_set(reader->settings, setting, text, origin, &error)) {
		if (reader->target != NULL)
			reader->target->given[setting->index] = true;
		return true;
	}
	lc_error_prefix(&error, "%s:%u", lc_text_quote_path(reader->path), line);
	return add(reader, &error);
}

/* Gathers the list's values, which are texts, into one, separated by commas. */
static bool take_items(struct reader *reader, const char *name, struct lc_buffer *list)
{
	unsigned line = line_of(&reader->event);

	for (bool first = true;; first = false) {
		if (!next(reader))
			return false;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT) {
			/* An empty list of shards must not mean all of them. */
			return !first ||
			       refuse(reader, line,
				      "%s: found an empty list, expected one with values", name);
		}
		if (!check_node(reader, name))
			return false;
		if (reader->event.type != YAML_SCALAR_EVENT)
			return refuse(reader, line_of(&reader->event),
				      "%s: found a list or a mapping within the list, expected "
				      "values",
				      name);
		if (!check_text(reader, name))
			return false;
		if (!first)
			lc_buffer_append_char(list, ',');
		lc_buffer_append_view(list, scalar(&reader->event));
		if (lc_buffer_failed(list))
			return refuse(
			    reader, line,
			    "%s: found a list that is too long, expected at most %zu bytes", name,
			    list->cap);
	}
}

static bool take_list(struct reader *reader, const struct lc_setting *setting)
{
	unsigned line = line_of(&reader->event);
	struct lc_buffer list;
	bool good;

	lc_buffer_init(&list, LC_SETTING_TEXT_MAX);
	good = take_items(reader, setting->name, &list) &&
	       set(reader, setting, lc_buffer_view(&list), line);
	lc_buffer_free(&list);
	return good;
}

static bool take_value(struct reader *reader, const struct lc_setting *setting)
{
	const yaml_event_t *event = &reader->event;

	if (!check_node(reader, setting->name))
		return false;
	if (event->type == YAML_SCALAR_EVENT)
		return check_scalar(reader, setting) &&
		       set(reader, setting, scalar(event), line_of(event));
	if (event->type == YAML_SEQUENCE_START_EVENT && lc_setting_is_list(setting))
		return take_list(reader, setting);
	return refuse(reader, line_of(event), "%s: found a %s, expected a value%s", setting->name,
		      event->type == YAML_SEQUENCE_START_EVENT ? "list" : "mapping",
		      lc_setting_is_list(setting) ? " or a list of values" : "");
}

/* The first setting whose name is the group's, a dot and more, or NULL. */
static const struct lc_setting *find_group(struct lc_view group)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const char *name = lc_setting_at(i)->name;

		if (strlen(name) > group.size && name[group.size] == '.' &&
		    memcmp(name, group.data, group.size) == 0)
			return lc_setting_at(i);
	}
	return NULL;
}

static bool refuse_unknown(struct reader *reader, struct lc_view name, unsigned line)
{
	const struct lc_setting *nearest = lc_setting_nearest(name);
	char hint[LC_GO_SETTINGS_HINT_SIZE];
	char found[LC_TEXT_QUOTE_SIZE];

	lc_text_quote_name(found, name);
	if (lc_go_settings_explain(name, hint))
		return refuse(reader, line, "there is no setting %s; %s", found, hint);
	if (nearest == NULL)
		return refuse(reader, line, "there is no setting %s; log-courier --help lists all",
			      found);
	return refuse(reader, line, "there is no setting %s; the nearest is %s", found,
		      nearest->name);
}

static bool take_mapping(struct reader *reader, struct lc_view group);

/* The value of a key that is no setting's name: the settings of a group. */
static bool take_group(struct reader *reader, struct lc_view group, unsigned line)
{
	const struct lc_setting *first = find_group(group);
	char found[LC_TEXT_QUOTE_SIZE];

	lc_text_quote_name(found, group);
	if (first == NULL)
		return refuse_unknown(reader, group, line);
	if (reader->opened[first->index])
		return refuse(reader, line, "%s: given twice, expected once", found);
	reader->opened[first->index] = true;
	if (!check_node(reader, found))
		return false;
	if (reader->event.type == YAML_MAPPING_START_EVENT)
		return take_mapping(reader, group);
	if (reader->event.type == YAML_SCALAR_EVENT && is_null(&reader->event))
		return true;
	return refuse(reader, line, "%s: found a %s, expected a mapping of settings", found,
		      reader->event.type == YAML_SCALAR_EVENT ? "value" : "list");
}

/* Puts the key's full name, its group's in front, into `name`. */
static bool take_key(struct reader *reader, struct lc_view group, struct lc_buffer *name)
{
	const yaml_event_t *event = &reader->event;

	if (!check_node(reader, "a key"))
		return false;
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(reader, line_of(event),
			      "a key: found a mapping or a list, expected a setting's name");
	lc_buffer_append_view(name, group);
	if (group.size > 0)
		lc_buffer_append_char(name, '.');
	lc_buffer_append_view(name, scalar(event));
	if (lc_buffer_failed(name))
		return refuse(reader, line_of(event),
			      "a key: found one that is too long, expected a setting's name");
	return true;
}

static bool take_setting(struct reader *reader, const struct lc_setting *setting, unsigned line)
{
	const struct lc_settings_origin *before = &reader->settings->origins[setting->index];
	bool good;

	if (reader->target != NULL && setting->scope == LC_SETTING_SCOPE_SERVICE)
		return refuse(reader, line,
			      "%s: found in an entry of " LC_SETTING_TARGETS
			      ", but it cannot differ by target bucket; log-courier --help says "
			      "which settings can",
			      setting->name);
	if (before->source == LC_SETTINGS_FILE)
		return refuse(reader, line, "%s: given twice, expected once; first in line %u",
			      setting->name, before->line);
	reader->setting = setting;
	good = take_value(reader, setting);
	reader->setting = NULL;
	return good;
}

/* ---- entries of targets ---- */

static bool set_buckets(struct reader *reader, struct lc_view text, unsigned line)
{
	char *buckets = lc_memory_copy_bytes(text.data, text.size);
	struct lc_error error;
	bool good = strlen(buckets) == text.size
			? lc_setting_form_check(LC_SETTING_FORM_BUCKETS, buckets, &error)
			: lc_error_set(&error, LC_ERROR_USAGE,
				       "found a zero byte, expected names of buckets");

	if (good) {
		free(reader->target->buckets);
		reader->target->buckets = buckets;
		return true;
	}
	free(buckets);
	lc_error_prefix(&error, "%s:%u: " LC_SETTING_BUCKETS, lc_text_quote_path(reader->path),
			line);
	return add(reader, &error);
}

/* The buckets that the entry is for: a pattern or a list of them. */
static bool take_buckets(struct reader *reader, unsigned line)
{
	const yaml_event_t *event = &reader->event;
	struct lc_buffer list;
	bool good;

	if (reader->buckets_line != 0)
		return refuse(reader, line,
			      LC_SETTING_BUCKETS ": given twice, expected once; first in line %u",
			      reader->buckets_line);
	reader->buckets_line = line;
	if (!check_node(reader, LC_SETTING_BUCKETS))
		return false;
	if (event->type == YAML_SCALAR_EVENT)
		return check_text(reader, LC_SETTING_BUCKETS) &&
		       set_buckets(reader, scalar(event), line);
	if (event->type != YAML_SEQUENCE_START_EVENT)
		return refuse(reader, line_of(event),
			      LC_SETTING_BUCKETS ": found a mapping, expected names of buckets");
	lc_buffer_init(&list, LC_SETTING_TEXT_MAX);
	good = take_items(reader, LC_SETTING_BUCKETS, &list) &&
	       set_buckets(reader, lc_buffer_view(&list), line);
	lc_buffer_free(&list);
	return good;
}

/* An entry: its buckets and settings. The settings after it are the service's again. */
static bool take_entry(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
	struct lc_settings *service = reader->settings;
	unsigned line = line_of(event);
	bool opened[LC_SETTINGS_COUNT];
	bool good;

	if (!check_node(reader, LC_SETTING_TARGETS))
		return false;
	if (event->type != YAML_MAPPING_START_EVENT)
		return refuse(reader, line,
			      LC_SETTING_TARGETS ": found an entry that is no mapping, expected "
						 "one with buckets and settings");
	if (service->target_count == LC_SETTINGS_TARGETS_MAX)
		return refuse(reader, line, LC_SETTING_TARGETS ": found more than %d entries",
			      LC_SETTINGS_TARGETS_MAX);
	memcpy(opened, reader->opened, sizeof(opened));
	memset(reader->opened, 0, sizeof(reader->opened));
	reader->target = lc_settings_targets_add(service, reader->path, line);
	reader->settings = &reader->target->settings;
	reader->buckets_line = 0;
	good = take_mapping(reader, (struct lc_view){0});
	if (good && reader->buckets_line == 0)
		good = refuse(reader, line,
			      LC_SETTING_TARGETS ": found an entry without " LC_SETTING_BUCKETS
						 ", expected the target buckets it is for");
	reader->target = NULL;
	reader->settings = service;
	memcpy(reader->opened, opened, sizeof(opened));
	return good;
}

static bool take_targets(struct reader *reader, unsigned line)
{
	const yaml_event_t *event = &reader->event;
	unsigned depth;

	if (reader->targets_line != 0)
		return refuse(reader, line,
			      LC_SETTING_TARGETS ": given twice, expected once; first in line %u",
			      reader->targets_line);
	reader->targets_line = line;
	if (!check_node(reader, LC_SETTING_TARGETS))
		return false;
	if (event->type == YAML_SCALAR_EVENT && is_null(event))
		return true;
	if (event->type != YAML_SEQUENCE_START_EVENT)
		return refuse(reader, line_of(event),
			      LC_SETTING_TARGETS ": found a %s, expected a list of entries",
			      event->type == YAML_SCALAR_EVENT ? "value" : "mapping");
	depth = reader->depth;
	while (next(reader) && event->type != YAML_SEQUENCE_END_EVENT) {
		(void)take_entry(reader);
		if (!finish(reader, depth))
			break;
	}
	return !reader->broken;
}

/* ---- mappings ---- */

/* The value of the key `name`, which stands in this line. */
static bool take_named(struct reader *reader, struct lc_view name, unsigned line)
{
	const struct lc_setting *setting = lc_setting_find(name);

	if (setting != NULL)
		return take_setting(reader, setting, line);
	if (reader->target == NULL && lc_view_equal(name, lc_view_of(LC_SETTING_TARGETS)))
		return take_targets(reader, line);
	if (reader->target != NULL && lc_view_equal(name, lc_view_of(LC_SETTING_BUCKETS)))
		return take_buckets(reader, line);
	return take_group(reader, name, line);
}

/* A pair in a mapping of this depth. False only when the file is broken. */
static bool take_pair(struct reader *reader, struct lc_view group, unsigned depth)
{
	unsigned line = line_of(&reader->event);
	struct lc_buffer name;
	bool known;

	lc_buffer_init(&name, KEY_MAX);
	known = take_key(reader, group, &name);
	if (finish(reader, depth) && next(reader)) {
		if (known)
			(void)take_named(reader, lc_buffer_view(&name), line);
		(void)finish(reader, depth);
	}
	lc_buffer_free(&name);
	return !reader->broken;
}

/* False only when the file is broken. */
static bool take_mapping(struct reader *reader, struct lc_view group)
{
	unsigned depth = reader->depth;

	for (;;) {
		if (!next(reader))
			return false;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!take_pair(reader, group, depth))
			return false;
	}
}

static bool take_document(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;

	if (!check_node(reader, "the document"))
		return false;
	if (event->type == YAML_MAPPING_START_EVENT)
		return take_mapping(reader, (struct lc_view){0});
	if (event->type == YAML_SCALAR_EVENT && is_null(event))
		return true;
	return refuse(reader, line_of(event),
		      "the document: found a %s, expected a mapping of settings",
		      event->type == YAML_SCALAR_EVENT ? "text" : "list");
}

static bool take_stream(struct reader *reader)
{
	if (!next(reader))
		return false;
	LC_ASSERT(reader->event.type == YAML_STREAM_START_EVENT);
	if (!next(reader))
		return false;
	if (reader->event.type == YAML_STREAM_END_EVENT)
		return true;
	LC_ASSERT(reader->event.type == YAML_DOCUMENT_START_EVENT);
	if (!next(reader) || !take_document(reader) || !next(reader))
		return false;
	LC_ASSERT(reader->event.type == YAML_DOCUMENT_END_EVENT);
	if (!next(reader))
		return false;
	return reader->event.type == YAML_STREAM_END_EVENT ||
	       refuse(reader, line_of(&reader->event),
		      "found a second document, expected only one");
}

bool lc_settings_yaml_parse(struct lc_settings *settings, const char *path, struct lc_view content,
			    struct lc_errors *errors)
{
	struct reader reader = {
	    .content = content, .path = path, .settings = settings, .errors = errors};
	size_t count = lc_errors_count(errors);

	if (!yaml_parser_initialize(&reader.parser)) {
		struct lc_error error;

		errors->incomplete = true;
		lc_error_set(&error, LC_ERROR_SYSTEM, "%s: out of memory",
			     lc_text_quote_path(path));
		return lc_errors_add(errors, &error);
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser,
				     (const unsigned char *)(content.size == 0 ? "" : content.data),
				     content.size);
	if (!take_stream(&reader))
		errors->incomplete = true;
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	return lc_errors_count(errors) == count;
}

bool lc_settings_yaml_read(struct lc_settings *settings, const char *path, struct lc_errors *errors)
{
	struct lc_buffer content;
	struct lc_error error;
	bool good;

	lc_buffer_init(&content, LC_SETTINGS_YAML_SIZE_MAX);
	if (lc_file_read(path, &content, NULL, &error)) {
		good = lc_settings_yaml_parse(settings, path, lc_buffer_view(&content), errors);
	} else {
		lc_error_prefix(&error, "configuration file");
		errors->incomplete = true;
		good = lc_errors_add(errors, &error);
	}
	if (content.size > 0)
		explicit_bzero(content.data, content.size);
	lc_buffer_free(&content);
	return good;
}
