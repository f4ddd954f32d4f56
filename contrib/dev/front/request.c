#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
		return (digit | 32) - 'a' + 10;
	return -1;
}

/* A decoded copy of a URL part; `length` gets its size. A stray % stands for itself. */
static char *decode(const char *text, size_t size, bool plus_is_blank, size_t *length)
{
	char *copy = malloc(size + 1);
	size_t out = 0;

	if (copy == NULL)
		abort();
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '%' && i + 2 < size && hex_value(text[i + 1]) >= 0 &&
		    hex_value(text[i + 2]) >= 0) {
			((unsigned char *)copy)[out++] =
			    (unsigned char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
			i += 2;
		} else if (plus_is_blank && text[i] == '+') {
			copy[out++] = ' ';
		} else {
			copy[out++] = text[i];
		}
	}
	copy[out] = '\0';
	*length = out;
	return copy;
}

static void add_field(struct request_fields *fields, struct request_field field)
{
	struct request_field *items =
	    realloc(fields->items, (fields->count + 1) * sizeof(fields->items[0]));

	if (items == NULL)
		abort();
	fields->items = items;
	items[fields->count++] = field;
}

static void parse_parameters(struct request_fields *parameters, const char *text, const char *end)
{
	while (text < end) {
		const char *stop = memchr(text, '&', (size_t)(end - text));
		const char *equals;
		size_t name_length, value_length;
		char *name, *value;

		if (stop == NULL)
			stop = end;
		equals = memchr(text, '=', (size_t)(stop - text));
		if (equals == NULL)
			equals = stop;
		name = decode(text, (size_t)(equals - text), true, &name_length);
		value = decode(equals + (equals < stop), (size_t)(stop - equals - (equals < stop)),
			       true, &value_length);
		add_field(parameters, (struct request_field){name, value, value_length});
		text = stop + 1;
	}
}

static bool parse_line(struct request *request, const char *line, const char *end)
{
	const char *target = memchr(line, ' ', (size_t)(end - line));
	const char *version, *question;
	size_t ignored;

	if (target == NULL || target == line)
		return false;
	request->method = strndup(line, (size_t)(target - line));
	target++;
	version = memchr(target, ' ', (size_t)(end - target));
	if (version == NULL || version == target || end - version < 9 ||
	    memcmp(version, " HTTP/1.", 8) != 0)
		return false;
	request->chunked = version[8] != '0';
	request->keep_alive = request->chunked;
	question = memchr(target, '?', (size_t)(version - target));
	if (question == NULL)
		question = version;
	else
		parse_parameters(&request->parameters, question + 1, version);
	request->path = decode(target, (size_t)(question - target), false, &ignored);
	return request->method != NULL;
}

static bool parse_header(struct request *request, const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	const char *value;

	if (colon == NULL || colon == line)
		return false;
	for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
		continue;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	add_field(&request->headers, (struct request_field){strndup(line, (size_t)(colon - line)),
							    strndup(value, (size_t)(end - value)),
							    (size_t)(end - value)});
	return true;
}

struct request *request_parse(const char *head, size_t length)
{
	struct request *request = calloc(1, sizeof(*request));
	const char *stop = head + length;
	bool first = true;

	if (request == NULL || (request->body = evbuffer_new()) == NULL)
		abort();
	while (head < stop) {
		const char *newline = memchr(head, '\n', (size_t)(stop - head));
		const char *end = newline != NULL ? newline : stop;

		if (end > head && end[-1] == '\r')
			end--;
		if (end == head)
			break;
		if (!(first ? parse_line : parse_header)(request, head, end))
			goto wrong;
		first = false;
		head = newline != NULL ? newline + 1 : stop;
	}
	if (first)
		goto wrong;
	if (request_header(request, "Connection") != NULL &&
	    strcasecmp(request_header(request, "Connection"), "close") == 0)
		request->keep_alive = false;
	return request;
wrong:
	request_free(request);
	return NULL;
}

static void free_fields(struct request_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		free(fields->items[i].name);
		free(fields->items[i].value);
	}
	free(fields->items);
}

void request_free(struct request *request)
{
	if (request == NULL)
		return;
	free(request->method);
	free(request->path);
	free_fields(&request->parameters);
	free_fields(&request->headers);
	evbuffer_free(request->body);
	free(request);
}

const char *request_parameter(const struct request *request, const char *name)
{
	for (size_t i = request->parameters.count; i-- > 0;)
		if (strcmp(request->parameters.items[i].name, name) == 0)
			return request->parameters.items[i].value;
	return NULL;
}

const char *request_header(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->headers.count; i++)
		if (strcasecmp(request->headers.items[i].name, name) == 0)
			return request->headers.items[i].value;
	return NULL;
}

unsigned long long request_number(const struct request *request, const char *name,
				  unsigned long long otherwise)
{
	const char *text = request_parameter(request, name);
	char *end;
	unsigned long long number;

	if (text == NULL || *text < '0' || *text > '9')
		return otherwise;
	number = strtoull(text, &end, 10);
	return *end == '\0' ? number : otherwise;
}

/* URL parameters that mean something to the HTTP interface; all others but param_... are settings.
 */
static const char *const reserved[] = {
    "query",
    "database",
    "default_format",
    "user",
    "password",
    "query_id",
    "quota_key",
    "role",
    "stacktrace",
    "buffer_size",
    "session_id",
    "compress",
    "decompress",
    "session_timeout",
    "session_check",
    "close_session",
    "wait_end_of_query",
    "client_protocol_version",
};

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i], name) == 0)
			return true;
	return false;
}

const char *request_given(const struct request *request, const char *parameter, const char *header)
{
	const char *value = request_parameter(request, parameter);

	return value != NULL ? value : request_header(request, header);
}

bool request_is_plain(const struct request *request, char *refusal, size_t size)
{
	static const char *const missing[] = {"session_id", "compress", "decompress"};
	const char *encoding = request_header(request, "Content-Encoding");

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const char *value = request_parameter(request, missing[i]);

		if (value != NULL && *value != '\0' && strcmp(value, "0") != 0) {
			snprintf(refusal, size,
				 "Code: 48. DB::Exception: This server has no sessions and no "
				 "compression. (NOT_IMPLEMENTED)");
			return false;
		}
	}
	if (encoding != NULL && strcasecmp(encoding, "identity") != 0) {
		snprintf(refusal, size,
			 "Code: 48. DB::Exception: This server takes no compressed bodies. "
			 "(NOT_IMPLEMENTED)");
		return false;
	}
	return true;
}

void request_add_quoted(struct evbuffer *out, const char *text, char quote)
{
	evbuffer_add(out, &quote, 1);
	for (; *text != '\0'; text++) {
		if (*text == quote || *text == '\\')
			evbuffer_add(out, "\\", 1);
		evbuffer_add(out, text, 1);
	}
	evbuffer_add(out, &quote, 1);
}

static bool is_setting_name(const char *name)
{
	return *name != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
						  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

bool request_is_query_parameter(const struct request_field *field)
{
	return strncmp(field->name, "param_", strlen("param_")) == 0;
}

void request_add_settings(const struct request *request, struct evbuffer *text, const char *except)
{
	for (size_t i = 0; i < request->parameters.count; i++) {
		const struct request_field *field = &request->parameters.items[i];

		if (request_is_query_parameter(field) || is_reserved(field->name) ||
		    !is_setting_name(field->name) ||
		    (except != NULL && strcmp(field->name, except) == 0))
			continue;
		evbuffer_add_printf(text, ", %s = ", field->name);
		request_add_quoted(text, field->value, '\'');
	}
}

bool request_ends_with_client(const struct request *request)
{
	return request_number(request, "readonly", 0) > 0 &&
	       request_number(request, "cancel_http_readonly_queries_on_client_close", 0) > 0;
}

bool request_add_use(const struct request *request, struct evbuffer *text)
{
	const char *database = request_given(request, "database", "X-ClickHouse-Database");

	if (database == NULL || *database == '\0')
		return false;
	evbuffer_add_printf(text, "USE ");
	request_add_quoted(text, database, '`');
	return true;
}
