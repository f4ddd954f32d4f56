#include "config/shard_list.h"

/* A number without leading zeros, at most LC_SHARD_LIST_HIGHEST. */
static bool take_number(const char **rest, unsigned *number)
{
	const char *c = *rest;

	if (*c < '0' || *c > '9' || (c[0] == '0' && c[1] >= '0' && c[1] <= '9'))
		return false;
	*number = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		*number = *number * 10 + (unsigned)(*c - '0');
		if (*number > LC_SHARD_LIST_HIGHEST)
			return false;
	}
	*rest = c;
	return true;
}

bool lc_shard_list_next(const char **rest, unsigned *first, unsigned *last)
{
	const char *c = *rest;

	if (!take_number(&c, first))
		return false;
	*last = *first;
	if (*c == '-') {
		c++;
		if (!take_number(&c, last) || *last < *first)
			return false;
	}
	/* A comma must be followed by another range: it stays in front when nothing does. */
	if (*c == ',' && c[1] != '\0')
		c++;
	else if (*c != '\0')
		return false;
	*rest = c;
	return true;
}
