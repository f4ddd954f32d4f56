/*
 * A view: bytes that somebody else owns. It holds no terminator and may contain any byte, zero
 * included. Whoever hands out a view says until when it is valid.
 */
#ifndef LC_BASE_VIEW_H
#define LC_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct lc_view {
	const char *data;
	size_t size; /* bytes */
};

/* A view of a string literal or any other terminated string; the terminator is not part of it. */
static inline struct lc_view lc_view_of(const char *text)
{
	return (struct lc_view){.data = text, .size = strlen(text)};
}

/* True if both views hold the same bytes. */
static inline bool lc_view_equal(struct lc_view a, struct lc_view b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Orders views by their bytes, as memcmp does; a prefix comes before what it is a prefix of. */
static inline int lc_view_compare(struct lc_view a, struct lc_view b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

	if (order != 0)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

/* True if the view's first bytes, or its last ones, are those of the other. */
static inline bool lc_view_begins_with(struct lc_view view, struct lc_view beginning)
{
	return view.size >= beginning.size &&
	       (beginning.size == 0 || memcmp(view.data, beginning.data, beginning.size) == 0);
}

static inline bool lc_view_ends_with(struct lc_view view, struct lc_view end)
{
	return view.size >= end.size &&
	       (end.size == 0 || memcmp(view.data + view.size - end.size, end.data, end.size) == 0);
}

/* The view without the bytes at both ends that are among `characters`. */
static inline struct lc_view lc_view_trimmed(struct lc_view view, const char *characters)
{
	size_t count = strlen(characters);

	while (view.size > 0 && memchr(characters, view.data[0], count) != NULL) {
		view.data++;
		view.size--;
	}
	while (view.size > 0 && memchr(characters, view.data[view.size - 1], count) != NULL)
		view.size--;
	return view;
}

/* The precision with which "%.*s" shows the view, but no more than its first `most` bytes. */
static inline int lc_view_shown(struct lc_view view, int most)
{
	return view.size < (size_t)most ? (int)view.size : most;
}

#endif
