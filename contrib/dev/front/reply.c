#include "reply.h"

#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* After exceptionCodeToHTTPStatus() of ClickHouse; other exceptions are 500. */
static const struct {
	int code;
	int status;
} statuses[] = {
    {6, 400},   /* CANNOT_PARSE_TEXT */
    {25, 400},  /* CANNOT_PARSE_ESCAPE_SEQUENCE */
    {26, 400},  /* CANNOT_PARSE_QUOTED_STRING */
    {27, 400},  /* CANNOT_PARSE_INPUT_ASSERTION_FAILED */
    {36, 400},  /* BAD_ARGUMENTS */
    {38, 400},  /* CANNOT_PARSE_DATE */
    {41, 400},  /* CANNOT_PARSE_DATETIME */
    {46, 404},  /* UNKNOWN_FUNCTION */
    {47, 404},  /* UNKNOWN_IDENTIFIER */
    {48, 501},  /* NOT_IMPLEMENTED */
    {50, 404},  /* UNKNOWN_TYPE */
    {53, 400},  /* TYPE_MISMATCH */
    {56, 404},  /* UNKNOWN_STORAGE */
    {60, 404},  /* UNKNOWN_TABLE */
    {62, 400},  /* SYNTAX_ERROR */
    {63, 404},  /* UNKNOWN_AGGREGATE_FUNCTION */
    {72, 400},  /* CANNOT_PARSE_NUMBER */
    {73, 404},  /* UNKNOWN_FORMAT */
    {78, 404},  /* UNKNOWN_TYPE_OF_QUERY */
    {81, 404},  /* UNKNOWN_DATABASE */
    {115, 404}, /* UNKNOWN_SETTING */
    {117, 400}, /* INCORRECT_DATA */
    {159, 408}, /* TIMEOUT_EXCEEDED */
    {192, 403}, /* UNKNOWN_USER */
    {193, 403}, /* WRONG_PASSWORD */
    {194, 401}, /* REQUIRED_PASSWORD */
    {209, 503}, /* SOCKET_TIMEOUT */
    {516, 403}, /* AUTHENTICATION_FAILED */
};

int reply_exception_code(const char *message)
{
	static const char start[] = "Code: ";
	long code = 0;

	if (strncmp(message, start, strlen(start)) == 0)
		code = strtol(message + strlen(start), NULL, 10);
	return code > 0 && code < 100000 ? (int)code : 1002;
}

int reply_status_of(int exception_code)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == exception_code)
			return statuses[i].status;
	return 500;
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 408:
		return "Request Timeout";
	case 413:
		return "Payload Too Large";
	case 429:
		return "Too Many Requests";
	case 500:
		return "Internal Server Error";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	default:
		return "Unknown";
	}
}

/* The message as a server words it: with its version, without a newline. Free it. */
static char *with_version(const char *message)
{
	size_t length = strlen(message);
	char *text;
	int size;

	while (length > 0 && message[length - 1] == '\n')
		length--;
	if (strstr(message, "(version ") != NULL)
		size = asprintf(&text, "%.*s", (int)length, message);
	else
		size = asprintf(&text, "%.*s (version %s (official build))", (int)length, message,
				engine_version());
	if (size < 0)
		abort();
	return text;
}

void reply_make_name(char *name, size_t length)
{
	if (getrandom(name, length, 0) != (ssize_t)length)
		abort();
	for (size_t i = 0; i < length; i++)
		name[i] = (char)('a' + (unsigned char)name[i] % 26);
	name[length] = '\0';
}

static void write_text(struct exchange *exchange, const char *text)
{
	exchange_write(exchange, text, strlen(text));
}

static void plain_exception(struct exchange *exchange, const struct exchange_head *head,
			    const char *text)
{
	struct exchange_head failed = *head;

	failed.exception_code = reply_exception_code(text);
	failed.status = reply_status_of(failed.exception_code);
	strcpy(failed.content_type, "text/plain; charset=UTF-8");
	exchange_set_head(exchange, &failed);
	write_text(exchange, text);
	write_text(exchange, "\n");
	exchange_finish(exchange, EXCHANGE_CLEAN);
}

void reply_exception(struct exchange *exchange, const struct exchange_head *head,
		     enum fault_style style, const char *message)
{
	char *text = with_version(message);
	char frame[96];

	if (exchange->written == 0) {
		plain_exception(exchange, head, text);
	} else if (style == FAULT_STYLE_TEXT) {
		write_text(exchange, text);
		write_text(exchange, "\n");
		exchange_finish(exchange, EXCHANGE_CLEAN);
	} else if (style == FAULT_STYLE_MARKER) {
		write_text(exchange, "__exception__\r\n");
		write_text(exchange, text);
		write_text(exchange, "\r\n");
		exchange_finish(exchange, EXCHANGE_CUT);
	} else {
		snprintf(frame, sizeof(frame), "\r\n__exception__\r\n%s\r\n", head->tag);
		write_text(exchange, frame);
		write_text(exchange, text);
		snprintf(frame, sizeof(frame), "\n%zu %s\r\n__exception__\r\n", strlen(text) + 1,
			 head->tag);
		write_text(exchange, frame);
		exchange_finish(exchange, EXCHANGE_CUT);
	}
	free(text);
}

void reply_text(struct exchange *exchange, int status, const char *content_type, const char *text)
{
	struct exchange_head head = {.status = status};

	snprintf(head.content_type, sizeof(head.content_type), "%s", content_type);
	exchange_set_head(exchange, &head);
	write_text(exchange, text);
	exchange_finish(exchange, EXCHANGE_CLEAN);
}

static void add_date(struct evbuffer *out)
{
	char text[64];
	time_t now = time(NULL);
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	evbuffer_add_printf(out, "Date: %s\r\n", text);
}

void reply_add_head(struct evbuffer *out, int status, const char *content_type, bool keep_alive)
{
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
	add_date(out);
	evbuffer_add_printf(out, "Connection: %s\r\n", keep_alive ? "Keep-Alive" : "Close");
	evbuffer_add_printf(out, "Content-Type: %s\r\n", content_type);
	evbuffer_add_printf(out, "X-ClickHouse-Server-Display-Name: clickhouse-front\r\n");
	if (keep_alive)
		evbuffer_add_printf(out, "Keep-Alive: timeout=10\r\n");
}

void reply_add_exchange_head(struct evbuffer *out, const struct exchange_head *head,
			     bool keep_alive, bool chunked)
{
	reply_add_head(out, head->status, head->content_type, keep_alive);
	if (chunked)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
	if (head->query_id[0] != '\0')
		evbuffer_add_printf(out, "X-ClickHouse-Query-Id: %s\r\n", head->query_id);
	if (head->exception_code != 0)
		evbuffer_add_printf(out, "X-ClickHouse-Exception-Code: %d\r\n",
				    head->exception_code);
	else if (head->format[0] != '\0')
		evbuffer_add_printf(out, "X-ClickHouse-Format: %s\r\n", head->format);
	if (head->tag[0] != '\0')
		evbuffer_add_printf(out, "X-ClickHouse-Exception-Tag: %s\r\n", head->tag);
	evbuffer_add_printf(out, "X-ClickHouse-Timezone: UTC\r\n\r\n");
}
