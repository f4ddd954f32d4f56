#include "clients/http_transfer.h"

#include "base/assert.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const char UPPER[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz";

enum { HEADERS_MAX = 256 * 1024, NAME_SIZE = 128 };

static void note_movement(struct lc_http_transfer *transfer)
{
	transfer->moved_ms = lc_clock_monotonic_ms();
}

/* The callbacks' types are curl's.
 * NOLINTBEGIN(readability-non-const-parameter) */

/* Curl's CURLOPT_PREREQFUNCTION: there is a connection, and the request is about to leave. */
static int before_send(void *context, char *peer, char *self, int peer_port, int self_port)
{
	struct lc_http_transfer *transfer = context;

	(void)peer;
	(void)self;
	(void)peer_port;
	(void)self_port;
	if (transfer->silent)
		return CURL_PREREQFUNC_ABORT;
	transfer->sends++;
	note_movement(transfer);
	return CURL_PREREQFUNC_OK;
}

/* Curl's CURLOPT_READFUNCTION: bytes of our body. */
static size_t read_body(char *place, size_t size, size_t count, void *context)
{
	struct lc_http_transfer *transfer = context;
	uint64_t left = transfer->body_size - transfer->body_read;
	size_t room = size * count;

	if (transfer->silent)
		return CURL_READFUNC_ABORT;
	note_movement(transfer);
	if (room > left)
		room = (size_t)left;
	if (room == 0)
		return 0;
	if (transfer->body != NULL) {
		memcpy(place, transfer->body + transfer->body_read, room);
	} else {
		size_t filled = transfer->callbacks->read_body(transfer->context, place, room);

		LC_ASSERT(filled > 0 && filled <= room);
		room = filled;
	}
	transfer->body_read += room;
	return room;
}

/* Curl's CURLOPT_SEEKFUNCTION: the body is wanted once more, from its start. */
static int seek_body(void *context, curl_off_t offset, int origin)
{
	struct lc_http_transfer *transfer = context;

	if (transfer->silent || origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_FAIL;
	if (transfer->body == NULL && transfer->body_size > 0)
		transfer->callbacks->rewind_body(transfer->context);
	transfer->body_read = 0;
	return CURL_SEEKFUNC_OK;
}

static void take_status(struct lc_http_transfer *transfer)
{
	long status = 0;

	LC_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
	if (status < 200)
		return; /* "100 Continue" and its like: another answer follows */
	transfer->status = (unsigned)status;
	if (transfer->callbacks->on_status != NULL)
		transfer->callbacks->on_status(transfer->context, transfer->status);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void take_header(struct lc_http_transfer *transfer, struct lc_view line)
{
	char name[NAME_SIZE];
	const char *colon = memchr(line.data, ':', line.size);
	size_t name_size = colon == NULL ? 0 : (size_t)(colon - line.data);
	struct lc_view value = {.data = colon, .size = line.size - name_size};

	if (name_size == 0 || name_size >= sizeof(name))
		return;
	for (size_t i = 0; i < name_size; i++) {
		const char *upper = memchr(UPPER, line.data[i], sizeof(UPPER) - 1);

		name[i] = line.data[i];
		if (upper != NULL)
			name[i] = LOWER[upper - UPPER];
	}
	name[name_size] = '\0';
	do {
		value.data++;
		value.size--;
	} while (value.size > 0 && is_space(value.data[0]));
	while (value.size > 0 && is_space(value.data[value.size - 1]))
		value.size--;
	if (strcmp(name, "content-length") == 0 || strcmp(name, "transfer-encoding") == 0)
		transfer->framed = true;
	if (transfer->callbacks->on_header != NULL)
		transfer->callbacks->on_header(transfer->context, lc_view_of(name), value);
}

/* Curl's CURLOPT_HEADERFUNCTION: one line of the answer's head, or of its trailers. */
static size_t write_header(char *bytes, size_t size, size_t count, void *context)
{
	struct lc_http_transfer *transfer = context;
	struct lc_view line = {.data = bytes, .size = size * count};

	if (transfer->silent)
		return 0;
	note_movement(transfer);
	transfer->header_bytes += line.size;
	if (transfer->header_bytes > HEADERS_MAX) {
		lc_error_set(&transfer->fault, LC_ERROR_LIMIT, "more than %d bytes of headers",
			     HEADERS_MAX);
		return 0;
	}
	if (line.size >= 5 && memcmp(line.data, "HTTP/", 5) == 0) {
		transfer->in_head = true;
		take_status(transfer);
	} else if (line.size <= sizeof("\r\n") - 1) {
		transfer->in_head = false;
	} else if (transfer->status != 0) {
		take_header(transfer, line);
	}
	return transfer->silent ? 0 : line.size;
}

/* Curl's CURLOPT_WRITEFUNCTION. Bytes that are not taken come again after lc_http_multi_unpause. */
static size_t write_body(char *bytes, size_t size, size_t count, void *context)
{
	struct lc_http_transfer *transfer = context;
	struct lc_view piece = {.data = bytes, .size = size * count};

	if (transfer->silent)
		return CURL_WRITEFUNC_ERROR;
	if (transfer->paused) {
		transfer->held = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	note_movement(transfer);
	if (transfer->callbacks->on_body != NULL && piece.size > 0)
		transfer->callbacks->on_body(transfer->context, piece);
	return transfer->silent ? CURL_WRITEFUNC_ERROR : piece.size;
}

/* NOLINTEND(readability-non-const-parameter) */

#define SET(easy, option, value) LC_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK)

void lc_http_transfer_attach(struct lc_http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	SET(easy, CURLOPT_PREREQFUNCTION, before_send);
	SET(easy, CURLOPT_PREREQDATA, transfer);
	SET(easy, CURLOPT_READFUNCTION, read_body);
	SET(easy, CURLOPT_READDATA, transfer);
	SET(easy, CURLOPT_SEEKFUNCTION, seek_body);
	SET(easy, CURLOPT_SEEKDATA, transfer);
	SET(easy, CURLOPT_HEADERFUNCTION, write_header);
	SET(easy, CURLOPT_HEADERDATA, transfer);
	SET(easy, CURLOPT_WRITEFUNCTION, write_body);
	SET(easy, CURLOPT_WRITEDATA, transfer);
}
