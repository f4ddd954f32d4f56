#include "formats/http_request.h"

#include "formats/http_status.h"

#include <strings.h>

static const char BLANKS[] = " \t";

static enum lc_http_request_result refuse(struct lc_http_request *request, int status)
{
	request->refusal = status;
	return LC_HTTP_REQUEST_REFUSED;
}

/* RFC 9110, section 5.6.2. */
static bool is_token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!is_token_char((unsigned char)text.data[i]))
			return false;
	}
	return text.size > 0;
}

static bool is_visible(struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	}
	return text.size > 0;
}

/* Cuts `rest` at the first `separator`; what stands before it is the result. False without one. */
static bool cut(struct lc_view *rest, char separator, struct lc_view *part)
{
	const char *end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);

	if (end == NULL)
		return false;
	part->data = rest->data;
	part->size = (size_t)(end - rest->data);
	rest->data = end + 1;
	rest->size -= part->size + 1;
	return true;
}

/* The next line without its end; bare LF is accepted, as RFC 9112, section 2.2 allows. */
static bool next_line(struct lc_view *rest, struct lc_view *line)
{
	if (!cut(rest, '\n', line))
		return false;
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

static bool same_name(struct lc_view name, const char *expected)
{
	return name.size == strlen(expected) && strncasecmp(name.data, expected, name.size) == 0;
}

static int check_request_line(struct lc_view line, struct lc_http_request *request)
{
	struct lc_view query;

	if (!cut(&line, ' ', &request->method) || !cut(&line, ' ', &request->target))
		return LC_HTTP_BAD_REQUEST;
	if (!is_token(request->method) || !is_visible(request->target) ||
	    request->target.data[0] != '/')
		return LC_HTTP_BAD_REQUEST;
	if (!lc_view_equal(line, lc_view_of("HTTP/1.1")) &&
	    !lc_view_equal(line, lc_view_of("HTTP/1.0")))
		return LC_HTTP_VERSION_NOT_SUPPORTED;
	query = request->target;
	if (!cut(&query, '?', &request->path))
		request->path = request->target;
	return 0;
}

static int check_field(struct lc_view line, struct lc_http_request *request)
{
	struct lc_view value = line;
	struct lc_view name;

	if (!cut(&value, ':', &name) || !is_token(name))
		return LC_HTTP_BAD_REQUEST;
	if (same_name(name, "transfer-encoding"))
		return LC_HTTP_NOT_IMPLEMENTED;
	if (same_name(name, "content-length") &&
	    !lc_view_equal(lc_view_trimmed(value, BLANKS), lc_view_of("0")))
		return LC_HTTP_CONTENT_TOO_LARGE;
	if (same_name(name, "accept"))
		request->accept = lc_view_trimmed(value, BLANKS);
	return 0;
}

/* "q=0", "q=0.000" among the parameters of a media range. */
static bool has_weight_0(struct lc_view parameters)
{
	struct lc_view part;

	while (parameters.size > 0) {
		size_t i = 2;

		if (!cut(&parameters, ';', &part)) {
			part = parameters;
			parameters.size = 0;
		}
		part = lc_view_trimmed(part, BLANKS);
		if (part.size < 3 || strncasecmp(part.data, "q=", 2) != 0)
			continue;
		while (i < part.size && (part.data[i] == '0' || part.data[i] == '.'))
			i++;
		return i == part.size;
	}
	return false;
}

bool lc_http_request_prefers(const struct lc_http_request *request, const char *media_type)
{
	struct lc_view rest = request->accept;
	struct lc_view range;

	while (rest.size > 0) {
		struct lc_view parameters;
		struct lc_view name;

		if (!cut(&rest, ',', &range)) {
			range = rest;
			rest.size = 0;
		}
		parameters = range;
		if (!cut(&parameters, ';', &name)) {
			name = range;
			parameters.size = 0;
		}
		if (same_name(lc_view_trimmed(name, BLANKS), media_type))
			return !has_weight_0(parameters);
	}
	return false;
}

enum lc_http_request_result lc_http_request_decode(struct lc_view bytes,
						   struct lc_http_request *request)
{
	bool too_long = bytes.size > LC_HTTP_REQUEST_HEAD_MAX;
	struct lc_view rest = bytes;
	struct lc_view line;

	if (too_long)
		rest.size = LC_HTTP_REQUEST_HEAD_MAX;
	*request = (struct lc_http_request){0};
	if (next_line(&rest, &line)) {
		int refusal = check_request_line(line, request);

		if (refusal != 0)
			return refuse(request, refusal);
		while (next_line(&rest, &line)) {
			if (line.size == 0)
				return LC_HTTP_REQUEST_WHOLE;
			refusal = check_field(line, request);
			if (refusal != 0)
				return refuse(request, refusal);
		}
	}
	if (too_long || bytes.size == LC_HTTP_REQUEST_HEAD_MAX)
		return refuse(request, LC_HTTP_HEADER_FIELDS_TOO_LARGE);
	return LC_HTTP_REQUEST_INCOMPLETE;
}
