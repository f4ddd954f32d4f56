#include "formats/credentials_file.h"

#include <string.h>

static const char BLANKS[] = " \t\r";

/* What a profile has, as views of the file. */
struct profile {
	struct lc_view access_key_id;
	struct lc_view secret_access_key;
	struct lc_view session_token;
	unsigned line; /* of the last of these, from 1 */
	bool there;
};

/* Takes the next line off the front of *rest. */
static bool next_line(struct lc_view *rest, struct lc_view *line)
{
	const char *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	size_t skip = end == NULL ? size : size + 1;

	if (rest->size == 0)
		return false;
	*line = lc_view_trimmed((struct lc_view){.data = rest->data, .size = size}, BLANKS);
	*rest = (struct lc_view){.data = rest->data + skip, .size = rest->size - skip};
	return true;
}

/* The line up to a comment. */
static struct lc_view without_comment(struct lc_view line)
{
	for (size_t i = 0; i < line.size; i++) {
		bool after_blank = i == 0 || line.data[i - 1] == ' ' || line.data[i - 1] == '\t';

		if (after_blank && (line.data[i] == '#' || line.data[i] == ';'))
			return lc_view_trimmed((struct lc_view){.data = line.data, .size = i},
					       BLANKS);
	}
	return line;
}

/* "[name]" */
static bool is_section(struct lc_view line, struct lc_view *name)
{
	if (line.size < 2 || line.data[0] != '[' || line.data[line.size - 1] != ']')
		return false;
	*name =
	    lc_view_trimmed((struct lc_view){.data = line.data + 1, .size = line.size - 2}, BLANKS);
	return true;
}

static bool is_named(struct lc_view name, const char *expected)
{
	return name.size == strlen(expected) && strncasecmp(name.data, expected, name.size) == 0;
}

static void take_value(struct profile *profile, struct lc_view line, unsigned number)
{
	const char *equals = line.size == 0 ? NULL : memchr(line.data, '=', line.size);
	struct lc_view name;
	struct lc_view value;

	if (equals == NULL)
		return;
	name = (struct lc_view){.data = line.data, .size = (size_t)(equals - line.data)};
	name = lc_view_trimmed(name, BLANKS);
	value = (struct lc_view){.data = equals + 1,
				 .size = line.size - (size_t)(equals + 1 - line.data)};
	value = lc_view_trimmed(value, BLANKS);
	if (is_named(name, "aws_access_key_id"))
		profile->access_key_id = value;
	else if (is_named(name, "aws_secret_access_key"))
		profile->secret_access_key = value;
	else if (is_named(name, "aws_session_token"))
		profile->session_token = value;
	else
		return;
	profile->line = number;
}

static struct profile find(struct lc_view text, struct lc_view wanted)
{
	struct lc_view none = lc_view_of("");
	struct profile profile = {
	    .access_key_id = none, .secret_access_key = none, .session_token = none};
	struct lc_view name;
	struct lc_view line;
	unsigned number = 0;
	bool inside = false;

	if (lc_view_begins_with(text, lc_view_of("\xEF\xBB\xBF")))
		text = (struct lc_view){.data = text.data + 3, .size = text.size - 3};
	while (next_line(&text, &line)) {
		number++;
		line = without_comment(line);
		if (is_section(line, &name)) {
			inside = lc_view_equal(name, wanted);
			profile.there = profile.there || inside;
		} else if (inside) {
			take_value(&profile, line, number);
		}
	}
	return profile;
}

enum lc_credentials_file lc_credentials_file_read(struct lc_view text, const char *profile,
						  struct lc_credentials *credentials,
						  struct lc_error *error)
{
	struct profile found = find(text, lc_view_of(profile));

	if (!found.there || (found.access_key_id.size == 0 && found.secret_access_key.size == 0)) {
		lc_error_set(error, LC_ERROR_USAGE,
			     found.there ? "the profile \"%s\" has no aws_access_key_id"
					 : "there is no profile \"%s\"",
			     profile);
		return LC_CREDENTIALS_FILE_NO_PROFILE;
	}
	if (lc_credentials_set(credentials, found.access_key_id, found.secret_access_key,
			       found.session_token, 0, error))
		return LC_CREDENTIALS_FILE_FOUND;
	lc_error_prefix(error, "the profile \"%s\", up to line %u", profile, found.line);
	return LC_CREDENTIALS_FILE_WRONG;
}
