#include "clients/http_url.h"

#include <string.h>

/* The first place from `start` on where one of the characters `stops` stands; url.size without. */
static size_t find_any(struct lc_view url, size_t start, const char *stops)
{
	while (start < url.size &&
	       (url.data[start] == '\0' || strchr(stops, url.data[start]) == NULL))
		start++;
	return start;
}

/* Behind "scheme://", which nothing but the scheme may precede. */
static size_t authority_of(struct lc_view url)
{
	size_t place = find_any(url, 0, ":/?#");

	if (url.size - place < 3 || memcmp(url.data + place, "://", 3) != 0)
		return 0;
	return place + 3;
}

size_t lc_http_url_path_of(struct lc_view url)
{
	return find_any(url, authority_of(url), "/?#");
}

void lc_http_url_append_shown(struct lc_buffer *out, struct lc_view url)
{
	size_t path = lc_http_url_path_of(url);
	size_t authority = authority_of(url);
	const char *query = memchr(url.data + path, '?', url.size - path);
	const char *at = memrchr(url.data + authority, '@', path - authority);
	size_t end = query == NULL ? url.size : (size_t)(query - url.data);
	size_t host = at == NULL ? authority : (size_t)(at - url.data) + 1;

	lc_buffer_append(out, url.data, authority);
	lc_buffer_append(out, url.data + host, end - host);
}
