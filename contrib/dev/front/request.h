/* One HTTP request as it came in: its parts, decoded, and what they mean to ClickHouse. */
#ifndef FRONT_REQUEST_H
#define FRONT_REQUEST_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>

/* A name and a value; both end in NUL, the value may hold others before `length`. */
struct request_field {
	char *name;
	char *value;
	size_t length;
};

struct request_fields {
	struct request_field *items;
	size_t count;
};

struct request {
	char *method;
	char *path;                       /* decoded, without the query string */
	struct request_fields parameters; /* of the query string, decoded, in order */
	struct request_fields headers;
	struct evbuffer *body;
	bool keep_alive; /* the client allows another request on its connection */
	bool chunked;    /* the client understands chunks (HTTP/1.1) */
};

/* Reads a request's head: request line and header lines, `length` bytes with the empty line. NULL
 * when it is no HTTP/1.x request. */
struct request *request_parse(const char *head, size_t length);
void request_free(struct request *request);

/* The value of a URL parameter or header (any case), or NULL. A parameter's last value counts. */
const char *request_parameter(const struct request *request, const char *name);
const char *request_header(const struct request *request, const char *name);

/* A parameter as a number; `otherwise` when it is absent, or no number. */
unsigned long long request_number(const struct request *request, const char *name,
				  unsigned long long otherwise);

/* A URL parameter or, without it, a header; or NULL. */
const char *request_given(const struct request *request, const char *parameter, const char *header);

/* Whether the request asks for nothing that the front can't do; else the exception's text is in
 * `refusal`. */
bool request_is_plain(const struct request *request, char *refusal, size_t size);

/* Appends ", name = 'value'" for each URL parameter that is a setting, except this one (NULL:
 * none). */
void request_add_settings(const struct request *request, struct evbuffer *text, const char *except);

/* Whether its settings let ClickHouse end the statement as soon as its client has gone, and not only
 * when it next writes to that client: a statement that may not write, and is told so. */
bool request_ends_with_client(const struct request *request);

/* Appends the USE statement for the request's database; false if it names none. */
bool request_add_use(const struct request *request, struct evbuffer *text);

/* Whether a URL parameter is param_<name>: a value for the query's {name:Type}. */
bool request_is_query_parameter(const struct request_field *field);

/* Appends a text in quotes, escaped. */
void request_add_quoted(struct evbuffer *out, const char *text, char quote);

#endif
