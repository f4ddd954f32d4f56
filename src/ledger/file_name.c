#include "ledger/file_name.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

static const char *const DRAFTS[] = {".new", ".part", ".fetch", ".part.new"};
static const char *const COMPANIONS[] = {"-wal", "-shm", "-journal"};

/* A decimal number as we print it: without sign and leading zeros. Moves *text past it. */
static bool take_number(const char **text, unsigned *number)
{
	const char *digit = *text;

	if (*digit < '0' || *digit > '9' || (digit[0] == '0' && digit[1] >= '0' && digit[1] <= '9'))
		return false;
	*number = 0;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		*number = *number * 10 + (unsigned)(*digit - '0');
		if (*number > LC_FILE_NAME_SHARDS_MAX)
			return false;
	}
	*text = digit;
	return true;
}

static bool take_text(const char **text, const char *expected)
{
	size_t size = strlen(expected);

	if (strncmp(*text, expected, size) != 0)
		return false;
	*text += size;
	return true;
}

static bool is_companion(const char *suffix)
{
	for (size_t i = 0; i < sizeof COMPANIONS / sizeof COMPANIONS[0]; i++) {
		if (strcmp(suffix, COMPANIONS[i]) == 0)
			return true;
	}
	return false;
}

bool lc_file_name_parse(const char *name, struct lc_file_name *parsed)
{
	*parsed = (struct lc_file_name){.draft = false};
	if (!take_text(&name, "shard-") || !take_number(&name, &parsed->shard) ||
	    !take_text(&name, "-of-") || !take_number(&name, &parsed->shard_count) ||
	    !take_text(&name, ".db") || parsed->shard >= parsed->shard_count)
		return false;
	/* The longest first. */
	for (size_t i = sizeof DRAFTS / sizeof DRAFTS[0]; i-- > 0 && !parsed->draft;)
		parsed->draft = take_text(&name, DRAFTS[i]);
	parsed->companion = is_companion(name);
	return *name == '\0' || parsed->companion;
}

bool lc_file_name_path(char path[PATH_MAX], const char *directory, unsigned shard,
		       unsigned shard_count, const char *suffix, struct lc_error *error)
{
	int size = snprintf(path, PATH_MAX, "%s/shard-%u-of-%u.db%s", directory, shard, shard_count,
			    suffix);

	if (size > 0 && size < PATH_MAX)
		return true;
	return lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
}

bool lc_file_name_remove_all(const char *path, struct lc_error *error)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof COMPANIONS / sizeof COMPANIONS[0]; i++) {
		int size = snprintf(name, sizeof name, "%s%s", path, COMPANIONS[i]);

		if (size < 0 || (size_t)size >= sizeof name)
			return lc_error_set(error, LC_ERROR_USAGE,
					    "state-directory: the path is too long");
		if (!lc_file_remove(name, error))
			return false;
	}
	return lc_file_remove(path, error);
}
