#include "clients/http_easy.h"

#include "base/assert.h"
#include "base/buffer.h"

#include <string.h>

enum {
	LARGE_BUFFER_SIZE = 512 * 1024, /* for long answers: few reads */
	SMALL_BUFFER_SIZE = 16 * 1024,  /* for requests whose answer is short */
	SEND_BUFFER_MIN = 16 * 1024,    /* curl's bounds */
	SEND_BUFFER_MAX = 256 * 1024,
	HEADER_MAX = 64 * 1024,
};

#define SET(easy, option, value) LC_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK)

static bool is_line(struct lc_view view)
{
	for (size_t i = 0; i < view.size; i++) {
		if (view.data[i] == '\r' || view.data[i] == '\n' || view.data[i] == '\0')
			return false;
	}
	return true;
}

static void append_line(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	LC_ASSERT(longer != NULL);
	*headers = longer;
}

/* "name: value"; curl wants "name;" for an empty value, as "name:" takes a header of its own away.
 */
static bool append_header(struct curl_slist **headers, const struct lc_http_header *header,
			  struct lc_error *error)
{
	struct lc_buffer line;
	const char *text = NULL;

	lc_buffer_init(&line, HEADER_MAX);
	lc_buffer_append_view(&line, header->name);
	lc_buffer_append_text(&line, header->value.size == 0 ? ";" : ": ");
	lc_buffer_append_view(&line, header->value);
	if (is_line(header->name) && is_line(header->value))
		text = lc_buffer_text(&line);
	if (text != NULL)
		append_line(headers, text);
	else
		lc_error_set(error, LC_ERROR_USAGE,
			     "the header %.*s has a line break in it or is too long",
			     lc_view_shown(header->name, 100), header->name.data);
	lc_buffer_free(&line);
	return text != NULL;
}

static void set_connection(CURL *easy, const struct lc_http_options *options)
{
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NOPROXY, "*");
	SET(easy, CURLOPT_TCP_NODELAY, 1L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	if (options->ca_file != NULL)
		SET(easy, CURLOPT_CAINFO, options->ca_file);
	if (options->tls_skip_verify) {
		SET(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_body_sizes(CURL *easy, const struct lc_http_spec *spec)
{
	uint64_t size = spec->body_from_callback ? spec->body_size : spec->body.size;
	uint64_t send = size < SEND_BUFFER_MIN   ? SEND_BUFFER_MIN
			: size > SEND_BUFFER_MAX ? SEND_BUFFER_MAX
						 : size;

	SET(easy, CURLOPT_BUFFERSIZE,
	    (long)(spec->body_from_callback ? SMALL_BUFFER_SIZE : LARGE_BUFFER_SIZE));
	SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)send);
}

static void set_method(CURL *easy, const struct lc_http_spec *spec)
{
	uint64_t size = spec->body_from_callback ? spec->body_size : spec->body.size;

	if (strcmp(spec->method, "PUT") == 0) {
		SET(easy, CURLOPT_UPLOAD, 1L);
		SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	} else if (strcmp(spec->method, "POST") == 0) {
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	} else {
		LC_ASSERT(size == 0);
		if (strcmp(spec->method, "HEAD") == 0)
			SET(easy, CURLOPT_NOBODY, 1L);
		else
			SET(easy, CURLOPT_CUSTOMREQUEST, spec->method);
	}
}

bool lc_http_easy_set(CURL *easy, const struct lc_http_options *options,
		      const struct lc_http_spec *spec, struct curl_slist **headers,
		      struct lc_error *error)
{
	bool has_type = false;

	*headers = NULL;
	for (size_t i = 0; i < spec->header_count; i++) {
		struct lc_view name = spec->headers[i].name;

		if (!append_header(headers, &spec->headers[i], error))
			return false;
		has_type = has_type || (name.size == strlen("content-type") &&
					strncasecmp(name.data, "content-type", name.size) == 0);
	}
	append_line(headers, "Expect:");
	if (!has_type)
		append_line(headers, "Content-Type:");

	set_connection(easy, options);
	set_body_sizes(easy, spec);
	set_method(easy, spec);
	SET(easy, CURLOPT_HTTPHEADER, *headers);
	SET(easy, CURLOPT_USERAGENT, "log-courier");
	SET(easy, CURLOPT_PATH_AS_IS, 1L);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
	if (curl_easy_setopt(easy, CURLOPT_URL, spec->url) != CURLE_OK)
		return lc_error_set(error, LC_ERROR_LIMIT, "the URL is too long (%zu bytes)",
				    strlen(spec->url));
	return true;
}

enum lc_error_kind lc_http_easy_kind_of(CURLcode result)
{
	/* Everything else is the connection's fault, or may be. */
	if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
		return LC_ERROR_USAGE;
	if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_ISSUER_ERROR ||
	    result == CURLE_SSL_INVALIDCERTSTATUS)
		return LC_ERROR_UNTRUSTED;
	if (result == CURLE_WEIRD_SERVER_REPLY || result == CURLE_BAD_CONTENT_ENCODING)
		return LC_ERROR_CORRUPT;
	return LC_ERROR_UNREACHABLE;
}
