#include "ctl/ledger_care.h"

#include "base/assert.h"
#include "ctl/clean.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 };

static const char PRICE[] =
    "Without them delivery goes on from the offsets in ClickHouse: rows that were delivered and "
    "not yet\ncommitted there are delivered again, and rows that became visible late, before these "
    "offsets, and\nwere not delivered yet never are.\n";

/* jansson fails only when memory runs out, or for a mistake of ours. */
static void set(json_t *object, const char *name, json_t *value)
{
	LC_ASSERT(json_object_set_new(object, name, value) == 0);
}

/* A path or sentence that is not UTF-8 has no place in JSON. */
static json_t *text_of(const char *text)
{
	json_t *value = json_string(text);

	return value != NULL ? value : json_string("(not UTF-8)");
}

static int append_piece(const char *bytes, size_t size, void *context)
{
	lc_buffer_append(context, bytes, size);
	return 0;
}

static void append_json(json_t *object, struct lc_buffer *text)
{
	LC_ASSERT(json_dump_callback(object, append_piece, text, JSON_COMPACT) == 0);
	lc_buffer_append_char(text, '\n');
	json_decref(object);
}

/* ---- check ---- */

struct findings {
	json_t *ledgers; /* the last one is being told of */
	struct lc_buffer *text;
	bool sound;
};

/* The entry of this ledger, which is the last one or new. */
static json_t *entry_of(const struct findings *findings, const char *path)
{
	size_t count = json_array_size(findings->ledgers);
	json_t *last = count == 0 ? NULL : json_array_get(findings->ledgers, count - 1);

	if (last != NULL && strcmp(json_string_value(json_object_get(last, "path")), path) == 0)
		return last;
	last = json_object();
	set(last, "path", text_of(path));
	set(last, "faults", json_array());
	LC_ASSERT(json_array_append_new(findings->ledgers, last) == 0);
	return last;
}

static void on_finding(void *context, const char *path, const char *fault)
{
	struct findings *findings = context;
	json_t *entry = entry_of(findings, path);

	lc_clean_append(path, strlen(path), findings->text);
	lc_buffer_append_text(findings->text, ": ");
	if (fault == NULL) {
		lc_buffer_append_text(findings->text, "sound\n");
		return;
	}
	findings->sound = false;
	lc_clean_append(fault, strlen(fault), findings->text);
	lc_buffer_append_char(findings->text, '\n');
	LC_ASSERT(json_array_append_new(json_object_get(entry, "faults"), text_of(fault)) == 0);
}

bool lc_ledger_care_check(const struct lc_ledger_files *files, bool json, struct lc_buffer *text,
			  bool *sound, struct lc_error *error)
{
	struct findings findings = {.ledgers = json_array(), .text = text, .sound = true};
	bool done = lc_ledger_files_check(files, on_finding, &findings, error);

	*sound = findings.sound;
	if (!done || !json) {
		json_decref(findings.ledgers);
	} else {
		json_t *object = json_object();

		lc_buffer_clear(text);
		set(object, "sound", json_boolean(findings.sound));
		set(object, "ledgers", findings.ledgers);
		append_json(object, text);
	}
	return done;
}

/* ---- reset ---- */

static void on_ledger(void *context, const char *path, const char *fault)
{
	(void)fault;
	LC_ASSERT(json_array_append_new(context, text_of(path)) == 0);
}

static void say_paths(const json_t *paths, struct lc_buffer *text)
{
	for (size_t i = 0; i < json_array_size(paths); i++) {
		const json_t *path = json_array_get(paths, i);

		lc_buffer_append_text(text, "  ");
		lc_clean_append(json_string_value(path), json_string_length(path), text);
		lc_buffer_append_char(text, '\n');
	}
}

static bool agreed(const json_t *paths, struct lc_error *error)
{
	char answer[LINE_MAX_BYTES];
	struct lc_buffer question;

	if (isatty(STDIN_FILENO) == 0)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "ledger reset asks first, on a terminal; a script agrees with "
				    "--yes");
	lc_buffer_init(&question, SIZE_MAX / 2);
	lc_buffer_append_text(&question, "These ledgers will be removed:\n");
	say_paths(paths, &question);
	lc_buffer_append_text(&question, PRICE);
	lc_buffer_append_text(&question, "Remove them? Type yes: ");
	fputs(lc_buffer_text(&question), stderr);
	lc_buffer_free(&question);
	if (fgets(answer, sizeof(answer), stdin) != NULL && strcmp(answer, "yes\n") == 0)
		return true;
	return lc_error_set(error, LC_ERROR_CANCELLED, "nothing was removed");
}

static bool reset_locked(const struct lc_ledger_files *files, bool yes, json_t *paths,
			 struct lc_error *error)
{
	if (!lc_ledger_files_list(files, on_ledger, paths, error))
		return false;
	if (json_array_size(paths) > 0 && !yes && !agreed(paths, error))
		return false;
	return lc_ledger_files_remove(files, error);
}

bool lc_ledger_care_reset(const struct lc_ledger_files *files, bool yes, bool json,
			  struct lc_buffer *text, struct lc_error *error)
{
	json_t *paths = json_array();
	json_t *object = json_object();
	int lock = lc_ledger_files_lock(files, error);
	bool done = lock >= 0 && reset_locked(files, yes, paths, error);

	if (done && json) {
		set(object, "removed", json_incref(paths));
		append_json(json_incref(object), text);
	} else if (done && json_array_size(paths) == 0) {
		lc_buffer_append_text(text, "there was no such ledger\n");
	} else if (done) {
		lc_buffer_append_text(text, "removed:\n");
		say_paths(paths, text);
		lc_buffer_append_text(text, PRICE);
	}
	json_decref(paths);
	json_decref(object);
	if (lock >= 0)
		close(lock);
	return done;
}
