#include "preflight/table_engine.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { DIGITS_MAX = 15, DAY = 86400 };

static const struct {
	const char *name;
	uint64_t seconds; /* at least */
} UNITS[] = {
    {"toIntervalSecond", 1},         {"toIntervalMinute", 60},      {"toIntervalHour", 3600},
    {"toIntervalDay", DAY},          {"toIntervalWeek", 7 * DAY},   {"toIntervalMonth", 28 * DAY},
    {"toIntervalQuarter", 90 * DAY}, {"toIntervalYear", 365 * DAY},
};

/* What makes a rule of the TTL another one than the deletion of rows. */
static const char *const OTHER_RULES[] = {" TO DISK ", " TO VOLUME ", " RECOMPRESS ", " GROUP BY "};

static bool begins(struct lc_view text, size_t at, const char *words)
{
	size_t size = strlen(words);

	return text.size - at >= size && memcmp(text.data + at, words, size) == 0;
}

/* Where the words stand for the first time, from `at` on, outside quotes and parentheses; text.size
 * if nowhere. */
static size_t find(struct lc_view text, size_t at, const char *words)
{
	int depth = 0;
	char quote = '\0';

	for (; at < text.size; at++) {
		char c = text.data[at];

		if (quote == '\0' && depth == 0 && begins(text, at, words))
			return at;
		if (quote != '\0') {
			if (c == '\\')
				at++;
			else if (c == quote)
				quote = '\0';
		} else if (c == '\'' || c == '`') {
			quote = c;
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth--;
		}
	}
	return text.size;
}

static struct lc_view part(struct lc_view text, size_t from, size_t to)
{
	return lc_view_trimmed((struct lc_view){.data = text.data + from, .size = to - from}, " ");
}

/* Takes what stands before the next separator off the front of *rest. False at the end. */
static bool next_part(struct lc_view *rest, const char *separator, struct lc_view *taken)
{
	size_t end = find(*rest, 0, separator);
	size_t skip = end < rest->size ? end + strlen(separator) : end;

	if (rest->size == 0)
		return false;
	*taken = part(*rest, 0, end);
	*rest = (struct lc_view){.data = rest->data + skip, .size = rest->size - skip};
	return true;
}

struct lc_view lc_table_engine_argument(struct lc_view engine, unsigned index)
{
	const char *open = memchr(engine.data, '(', engine.size);
	struct lc_view none = {.data = "", .size = 0};
	struct lc_view rest;
	struct lc_view taken = none;
	size_t end;

	if (open == NULL)
		return none;
	rest = (struct lc_view){.data = open + 1,
				.size = (size_t)(engine.data + engine.size - open - 1)};
	end = find(rest, 0, ")");
	rest = part(rest, 0, end);
	for (unsigned i = 0; i <= index; i++) {
		if (!next_part(&rest, ",", &taken))
			return none;
	}
	if (taken.size < 2 || taken.data[0] != '\'' || taken.data[taken.size - 1] != '\'')
		return none;
	return (struct lc_view){.data = taken.data + 1, .size = taken.size - 2};
}

static bool read_number(struct lc_view text, uint64_t *number)
{
	*number = 0;
	if (text.size == 0 || text.size > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return false;
		*number = *number * 10 + (uint64_t)(text.data[i] - '0');
	}
	return true;
}

/* The text within name(...); false if it is something else. */
static bool within(struct lc_view text, const char *name, struct lc_view *inner)
{
	size_t size = strlen(name);

	if (text.size < size + 2 || !begins(text, 0, name) || text.data[size] != '(' ||
	    text.data[text.size - 1] != ')')
		return false;
	*inner = (struct lc_view){.data = text.data + size + 1, .size = text.size - size - 2};
	return true;
}

/* Adds seconds, or an interval. */
static bool add_term(struct lc_view term, uint64_t *seconds)
{
	struct lc_view inner;
	uint64_t number;

	if (read_number(term, &number)) {
		*seconds += number;
		return true;
	}
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (within(term, UNITS[i].name, &inner)) {
			if (!read_number(inner, &number) || number > UINT32_MAX)
				return false;
			*seconds += number * UNITS[i].seconds;
			return true;
		}
	}
	return false;
}

static bool is_column(struct lc_view text)
{
	struct lc_view inner;

	if (within(text, "toDateTime", &inner))
		text = inner;
	for (size_t i = 0; i < text.size; i++) {
		if (!isalnum((unsigned char)text.data[i]) && text.data[i] != '_')
			return false;
	}
	return text.size > 0;
}

/* A column plus intervals. */
static bool read_expression(struct lc_view expression, uint64_t *seconds)
{
	struct lc_view term;

	*seconds = 0;
	if (!next_part(&expression, " + ", &term) || !is_column(term))
		return false;
	while (next_part(&expression, " + ", &term)) {
		if (!add_term(term, seconds))
			return false;
	}
	return true;
}

static bool deletes(struct lc_view rule)
{
	for (size_t i = 0; i < sizeof(OTHER_RULES) / sizeof(OTHER_RULES[0]); i++) {
		if (find(rule, 0, OTHER_RULES[i]) < rule.size)
			return false;
	}
	return true;
}

/* The rule without its condition: a row for which it holds goes as early as all would. */
static struct lc_view expression_of(struct lc_view rule)
{
	size_t end = find(rule, 0, " WHERE ");
	struct lc_view expression = part(rule, 0, end);
	size_t deletion = find(expression, 0, " DELETE");

	return part(expression, 0, deletion);
}

struct lc_table_engine_ttl lc_table_engine_ttl_of(struct lc_view engine)
{
	static const char TTL[] = " TTL ";
	size_t begin = find(engine, 0, TTL);
	struct lc_table_engine_ttl ttl = {.keeps = LC_TABLE_ENGINE_KEEPS_ALL};
	struct lc_view rest;
	struct lc_view rule;

	if (begin == engine.size)
		return ttl;
	begin += strlen(TTL);
	rest = part(engine, begin, find(engine, begin, " SETTINGS "));
	ttl.text = rest;
	while (next_part(&rest, ",", &rule)) {
		uint64_t seconds;

		if (!deletes(rule))
			continue;
		if (!read_expression(expression_of(rule), &seconds)) {
			ttl.keeps = LC_TABLE_ENGINE_KEEPS_UNKNOWN;
			return ttl;
		}
		if (ttl.keeps == LC_TABLE_ENGINE_KEEPS_ALL || seconds < ttl.seconds)
			ttl.seconds = seconds;
		ttl.keeps = LC_TABLE_ENGINE_KEEPS_SECONDS;
	}
	return ttl;
}
