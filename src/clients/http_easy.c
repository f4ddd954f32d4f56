#include "clients/http_easy.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SET LC_HTTP_EASY_SET

enum {
	LARGE_BUFFER_SIZE = 512 * 1024, /* for long answers: few reads */
	SMALL_BUFFER_SIZE = 1024,       /* for what is answered by little more than a head; curl
					 * allocates it for each request */
	SEND_BUFFER_MIN = 16 * 1024,    /* curl's bounds */
	SEND_BUFFER_MAX = 256 * 1024,
	HEADER_MAX = 64 * 1024, /* one that we send */
	OWN_LINES = 2,          /* beside those of the request */
};

void lc_http_lines_init(struct lc_http_lines *lines)
{
	*lines = (struct lc_http_lines){.list = NULL};
	lc_buffer_init(&lines->text, SIZE_MAX);
}

void lc_http_lines_free(struct lc_http_lines *lines)
{
	lc_buffer_free(&lines->text);
	free(lines->list);
}

uint64_t lc_http_easy_body_size(const struct lc_http_spec *spec)
{
	return spec->body_from_callback ? spec->body_size : spec->body.size;
}

/* ---- what all requests of a client have in common ---- */

static void set_tls(CURL *easy, const struct lc_http_options *options)
{
	if (options->ca_file != NULL)
		SET(easy, CURLOPT_CAINFO, options->ca_file);
	if (options->certificate_file != NULL)
		SET(easy, CURLOPT_SSLCERT, options->certificate_file);
	if (options->key_file != NULL)
		SET(easy, CURLOPT_SSLKEY, options->key_file);
	if (options->tls_minimum != LC_TLS_VERSION_DEFAULT)
		SET(easy, CURLOPT_SSLVERSION,
		    options->tls_minimum == LC_TLS_VERSION_1_2 ? (long)CURL_SSLVERSION_TLSv1_2
							       : (long)CURL_SSLVERSION_TLSv1_3);
	if (options->tls_skip_verify) {
		SET(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

void lc_http_easy_set_client(CURL *easy, const struct lc_http_options *options)
{
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NOPROXY, "*");
	SET(easy, CURLOPT_TCP_NODELAY, 1L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(easy, CURLOPT_USERAGENT, "log-courier");
	SET(easy, CURLOPT_PATH_AS_IS, 1L);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	set_tls(easy, options);
}

/* ---- headers ---- */

static bool is_line(struct lc_view view)
{
	for (size_t i = 0; i < view.size; i++) {
		if (view.data[i] == '\r' || view.data[i] == '\n' || view.data[i] == '\0')
			return false;
	}
	return true;
}

/* "name: value"; curl wants "name;" for an empty value, as "name:" takes a header of its own away.
 */
static bool append_header(struct lc_buffer *text, const struct lc_http_header *header,
			  struct lc_error *error)
{
	if (!is_line(header->name) || !is_line(header->value) ||
	    header->name.size + header->value.size > HEADER_MAX)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "the header %.*s has a line break in it or is too long",
				    lc_view_shown(header->name, 100), header->name.data);
	lc_buffer_append_view(text, header->name);
	lc_buffer_append_text(text, header->value.size == 0 ? ";" : ": ");
	lc_buffer_append_view(text, header->value);
	lc_buffer_append_char(text, '\0');
	return true;
}

static bool is_content_type(struct lc_view name)
{
	return name.size == strlen("content-type") &&
	       strncasecmp(name.data, "content-type", name.size) == 0;
}

/* The lines stand in the text one after the other, each with its zero byte. */
static void link_lines(struct lc_http_lines *lines, size_t count)
{
	char *line = lines->text.data;

	lines->list = lc_memory_grow(lines->list, &lines->capacity, count, sizeof(lines->list[0]));
	for (size_t i = 0; i < count; i++) {
		lines->list[i].data = line;
		lines->list[i].next = i + 1 < count ? &lines->list[i + 1] : NULL;
		line += strlen(line) + 1;
	}
}

static bool set_headers(CURL *easy, const struct lc_http_spec *spec, struct lc_http_lines *lines,
			struct lc_error *error)
{
	/* Curl adds none of these two. */
	static const char expect[] = "Expect:";
	static const char type[] = "Content-Type:";
	bool has_type = false;

	lc_buffer_clear(&lines->text);
	for (size_t i = 0; i < spec->header_count; i++) {
		if (!append_header(&lines->text, &spec->headers[i], error))
			return false;
		has_type = has_type || is_content_type(spec->headers[i].name);
	}
	lc_buffer_append(&lines->text, expect, sizeof(expect));
	if (!has_type)
		lc_buffer_append(&lines->text, type, sizeof(type));
	LC_ASSERT(!lc_buffer_failed(&lines->text));
	link_lines(lines, spec->header_count + (has_type ? OWN_LINES - 1 : OWN_LINES));
	SET(easy, CURLOPT_HTTPHEADER, lines->list);
	return true;
}

/* ---- method and body ---- */

static void set_buffers(CURL *easy, const struct lc_http_spec *spec)
{
	bool asks = strcmp(spec->method, "POST") == 0 || strcmp(spec->method, "GET") == 0;
	uint64_t size = lc_http_easy_body_size(spec);
	uint64_t send = size < SEND_BUFFER_MIN   ? SEND_BUFFER_MIN
			: size > SEND_BUFFER_MAX ? SEND_BUFFER_MAX
						 : size;

	SET(easy, CURLOPT_BUFFERSIZE, (long)(asks ? LARGE_BUFFER_SIZE : SMALL_BUFFER_SIZE));
	SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)send);
}

/* What curl calls a POST of a text in memory is sent in one piece with its head, which a PUT of
 * curl's is not: a system call less, and one wake-up of the peer. */
static void set_method(CURL *easy, const struct lc_http_spec *spec, const char *body)
{
	curl_off_t size = (curl_off_t)lc_http_easy_body_size(spec);
	bool puts = strcmp(spec->method, "PUT") == 0;

	/* Takes back what the last request has set. */
	SET(easy, CURLOPT_POSTFIELDS, NULL);
	SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
	SET(easy, CURLOPT_HTTPGET, 1L);
	if (body != NULL || strcmp(spec->method, "POST") == 0) {
		SET(easy, CURLOPT_POSTFIELDS, body); /* NULL: the read callback */
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
		if (puts)
			SET(easy, CURLOPT_CUSTOMREQUEST, spec->method);
	} else if (puts) {
		SET(easy, CURLOPT_UPLOAD, 1L);
		SET(easy, CURLOPT_INFILESIZE_LARGE, size);
	} else if (strcmp(spec->method, "HEAD") == 0) {
		LC_ASSERT(size == 0);
		SET(easy, CURLOPT_NOBODY, 1L);
	} else {
		LC_ASSERT(size == 0);
		SET(easy, CURLOPT_CUSTOMREQUEST, spec->method);
	}
}

bool lc_http_easy_set_request(CURL *easy, const struct lc_http_spec *spec, const char *body,
			      struct lc_http_lines *lines, struct lc_error *error)
{
	if (!set_headers(easy, spec, lines, error))
		return false;
	set_buffers(easy, spec);
	set_method(easy, spec, body);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
	if (curl_easy_setopt(easy, CURLOPT_URL, spec->url) != CURLE_OK)
		return lc_error_set(error, LC_ERROR_LIMIT, "the URL is too long (%zu bytes)",
				    strlen(spec->url));
	return true;
}
