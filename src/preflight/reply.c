#include "preflight/reply.h"

#include "clients/diagnose.h"

#include <stdio.h>
#include <string.h>

/* Takes what stands before the next separator off the front of *rest. False at the end. */
static bool next_field(struct lc_view *rest, char separator, struct lc_view *field)
{
	const char *end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	size_t skip = end == NULL ? size : size + 1;

	if (rest->size == 0)
		return false;
	*field = (struct lc_view){.data = rest->data, .size = size};
	*rest = (struct lc_view){.data = rest->data + skip, .size = rest->size - skip};
	return true;
}

bool lc_reply_next_line(struct lc_view *rest, struct lc_view *line)
{
	return next_field(rest, '\n', line);
}

bool lc_reply_next_pair(struct lc_view *rest, struct lc_view *first, struct lc_view *second)
{
	struct lc_view line;

	if (!lc_reply_next_line(rest, &line) || !next_field(&line, '\t', first))
		return false;
	*second = line.size == 0 ? lc_view_of("") : line;
	return true;
}

void lc_reply_copy_name(char to[LC_PREFLIGHT_NAME_SIZE], struct lc_view from)
{
	snprintf(to, LC_PREFLIGHT_NAME_SIZE, "%.*s",
		 lc_view_shown(from, LC_PREFLIGHT_NAME_SIZE - 1), from.data);
}

bool lc_reply_answered(const struct lc_clickhouse_reply *reply,
		       const struct lc_preflight_facts *facts, struct lc_verdict *verdict)
{
	if (reply->error.kind == LC_ERROR_NONE)
		return true;
	lc_verdict_set_fault(verdict, &reply->error, lc_diagnose_clickhouse(&reply->error),
			     facts->url);
	return false;
}
