#include "ctl/ledger_files.h"

#include "base/assert.h"
#include "base/file.h"
#include "ctl/terminal.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char PRICE[] =
    "Without them delivery resumes from the offsets in ClickHouse: rows that were delivered but "
    "not yet\ncommitted there are delivered again, and undelivered rows before these offsets that "
    "become visible\nlate are never delivered.\n";

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

/* What there is to say about a ledger: `path` and one fault; `fault` NULL for one that is sound, or
 * that is about to be removed. */
typedef void on_ledger_callback(void *context, const char *path, const char *fault);

static bool make_path(char path[PATH_MAX], const struct lc_ledger_files *files, const char *name,
		      struct lc_error *error)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", files->directory, name);

	return (size > 0 && size < PATH_MAX) ||
	       lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
}

/* Calls `visit` for each file that is a ledger or belongs to one, in the order of their numbers,
 * until it returns false. */
static bool each_file(const struct lc_ledger_files *files,
		      bool (*visit)(void *context, const char *path,
				    const struct lc_file_name *name, struct lc_error *error),
		      void *context, struct lc_error *error)
{
	struct dirent **entries;
	int count = scandir(files->directory, &entries, NULL, versionsort);
	bool going_on = true;

	if (count < 0)
		return lc_error_set_errno(error, errno, "state-directory %s cannot be read",
					  files->directory);
	for (int i = 0; i < count; i++) {
		struct lc_file_name name;
		char path[PATH_MAX];

		if (going_on && lc_file_name_parse(entries[i]->d_name, &name) &&
		    (!files->one || name.shard == files->shard))
			going_on = make_path(path, files, entries[i]->d_name, error) &&
				   visit(context, path, &name, error);
		free(entries[i]);
	}
	free(entries);
	return going_on;
}

/* ---- check ---- */

struct check {
	on_ledger_callback *callback;
	void *context;
	const char *path;
	size_t faults; /* of this file */
	size_t files;
};

static void on_fault(void *context, const char *fault)
{
	struct check *check = context;

	check->faults++;
	check->callback(check->context, check->path, fault);
}

static bool check_file(void *context, const char *path, const struct lc_file_name *name,
		       struct lc_error *error)
{
	struct check *check = context;
	struct lc_error fault;

	(void)error;
	if (name->draft || name->companion)
		return true;
	check->path = path;
	check->faults = 0;
	check->files++;
	if (!lc_ledger_check(path, on_fault, check, &fault)) {
		lc_error_prefix(&fault, "not checked");
		on_fault(check, fault.message);
	}
	if (check->faults == 0)
		check->callback(check->context, path, NULL);
	return true;
}

/* Checks each. Tells each fault, and each ledger that has none; one that cannot be looked into, for
 * instance because a worker has it open, is a fault too. */
static bool check_files(const struct lc_ledger_files *files, on_ledger_callback *callback,
			void *context, struct lc_error *error)
{
	struct check check = {.callback = callback, .context = context};

	if (!each_file(files, check_file, &check, error))
		return false;
	return check.files > 0 ||
	       lc_error_set(error, LC_ERROR_SYSTEM,
			    "there is no such ledger in %s; name the directory with "
			    "--state-directory",
			    files->directory);
}

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

	lc_terminal_append(path, strlen(path), findings->text);
	lc_buffer_append_text(findings->text, ": ");
	if (fault == NULL) {
		lc_buffer_append_text(findings->text, "sound\n");
		return;
	}
	findings->sound = false;
	lc_terminal_append(fault, strlen(fault), findings->text);
	lc_buffer_append_char(findings->text, '\n');
	LC_ASSERT(json_array_append_new(json_object_get(entry, "faults"), text_of(fault)) == 0);
}

bool lc_ledger_files_check(const struct lc_ledger_files *files, bool json, struct lc_buffer *text,
			   bool *sound, struct lc_error *error)
{
	struct findings findings = {.ledgers = json_array(), .text = text, .sound = true};
	bool done = check_files(files, on_finding, &findings, error);

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

/* Locks the directory as the service does, so that none runs meanwhile. A descriptor to be closed
 * after the reset, or -1 with `error` set, above all when a service runs. */
static int lock_directory(const struct lc_ledger_files *files, struct lc_error *error)
{
	char lock[PATH_MAX];
	int fd;

	if (!make_path(lock, files, "lock", error))
		return -1;
	fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		lc_error_set_errno(error, errno,
				   "%s cannot be opened; name the service's directory with "
				   "--state-directory",
				   lock);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		lc_error_set(error, LC_ERROR_CONFLICT,
			     "a log-courier is running on %s, or its workers are still ending; "
			     "stop it first",
			     files->directory);
	else
		lc_error_set_errno(error, errno, "%s cannot be locked", lock);
	close(fd);
	return -1;
}

struct listing {
	on_ledger_callback *callback;
	void *context;
};

static bool list_file(void *context, const char *path, const struct lc_file_name *name,
		      struct lc_error *error)
{
	struct listing *listing = context;

	(void)error;
	if (!name->draft && !name->companion)
		listing->callback(listing->context, path, NULL);
	return true;
}

static bool list_files(const struct lc_ledger_files *files, on_ledger_callback *callback,
		       void *context, struct lc_error *error)
{
	struct listing listing = {.callback = callback, .context = context};

	return each_file(files, list_file, &listing, error);
}

static bool remove_file(void *context, const char *path, const struct lc_file_name *name,
			struct lc_error *error)
{
	(void)context;
	(void)name;
	return lc_file_remove(path, error);
}

/* Removes the ledgers with all that belongs to them, and, unless it is for one shard, the record of
 * how many there are. May be repeated when it was interrupted. The directory must be locked. */
static bool remove_files(const struct lc_ledger_files *files, struct lc_error *error)
{
	char layout[PATH_MAX];

	if (!each_file(files, remove_file, NULL, error))
		return false;
	if (!files->one &&
	    (!make_path(layout, files, "layout", error) || !lc_file_remove(layout, error)))
		return false;
	return lc_file_sync(files->directory, error);
}

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
		lc_terminal_append(json_string_value(path), json_string_length(path), text);
		lc_buffer_append_char(text, '\n');
	}
}

static bool agreed(const json_t *paths, struct lc_error *error)
{
	struct lc_buffer question;
	bool yes;

	if (isatty(STDIN_FILENO) == 0)
		return lc_error_set(
		    error, LC_ERROR_USAGE,
		    "ledger reset asks for confirmation on a terminal; in a script, use --yes");
	lc_buffer_init(&question, SIZE_MAX / 2);
	lc_buffer_append_text(&question, "These ledgers will be removed:\n");
	say_paths(paths, &question);
	lc_buffer_append_text(&question, PRICE);
	lc_buffer_append_text(&question, "Remove them? Type yes: ");
	yes = lc_terminal_confirm(&question);
	lc_buffer_free(&question);
	return yes || lc_error_set(error, LC_ERROR_CANCELLED, "nothing was removed");
}

static bool reset_locked(const struct lc_ledger_files *files, bool yes, json_t *paths,
			 struct lc_error *error)
{
	if (!list_files(files, on_ledger, paths, error))
		return false;
	if (json_array_size(paths) > 0 && !yes && !agreed(paths, error))
		return false;
	return remove_files(files, error);
}

bool lc_ledger_files_reset(const struct lc_ledger_files *files, bool yes, bool json,
			   struct lc_buffer *text, struct lc_error *error)
{
	json_t *paths = json_array();
	json_t *object = json_object();
	int lock = lock_directory(files, error);
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
