#include "clients/http.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "clients/http_easy.h"
#include "clients/http_multi.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	MAGIC = 0x68747470,
	SHOWN_MAX = 200,
	DEFAULT_CONNECT_TIMEOUT_MS = 10 * 1000,
	ONE_PIECE_MAX = 32 * 1024, /* a body that is sent together with its head */
	HEADERS_MAX = 256 * 1024,  /* all that an answer has */
	NAME_SIZE = 128,
	KEPT_REQUESTS = 16, /* that have ended and wait to be used again */
};

enum state {
	STATE_WAITING,   /* not yet curl's */
	STATE_RUNNING,   /* curl's */
	STATE_FAILED,    /* over before curl had it; on_done is still to come */
	STATE_CANCELLED, /* cancelled while curl was on the stack; to be released */
	STATE_ENDED,     /* on_done runs */
	STATE_KEPT,      /* no request any more: it waits to become the next one */
};

/* A request as curl's callbacks see it: its body going out, the answer's head and body coming in,
 * and whether bytes are wanted at all right now. */
struct transfer {
	const struct lc_http_callbacks *callbacks;
	void *context;
	CURL *easy;
	bool silent; /* cancelled: no callback runs any more, and curl is told to give up */

	const char *body; /* the copied body; NULL when it comes from the callback */
	uint64_t body_size;
	uint64_t body_read;

	bool paused; /* the caller wants no bytes */
	bool held;   /* curl holds bytes that were not taken, and waits to be unpaused */

	unsigned status; /* 0 until the final answer's status line */
	unsigned sends;
	bool in_head; /* the answer's head has begun, and its end has not come */
	bool framed;
	size_t header_bytes;
	uint64_t moved_ms;     /* when a byte moved last, monotonic */
	struct lc_error fault; /* why a callback made curl give up */
};

/* What has ended well is kept with its curl handle, its timer and its memory: to make these again for
 * each request would cost as much as a small request itself. */
struct lc_http_request {
	uint32_t magic;
	enum state state;
	struct lc_http *http;
	TAILQ_ENTRY(lc_http_request) all; /* of http->all or http->kept */
	TAILQ_ENTRY(lc_http_request) todo;
	bool listed; /* in http->todo */

	struct transfer transfer;
	struct lc_http_lines lines;
	struct lc_buffer body; /* unless it comes from the callback, piece by piece */
	char error_text[CURL_ERROR_SIZE];
	struct lc_buffer shown; /* "PUT http://host/path" */

	struct lc_loop_timer *stall_timer;
	uint64_t stall_timeout_ms;
	uint64_t started_ms;
};

TAILQ_HEAD(request_list, lc_http_request);

struct lc_http {
	struct lc_loop *loop;
	struct lc_http_multi *multi;
	struct lc_http_options options;
	char *ca_file;
	char *certificate_file;
	char *key_file;
	struct request_list all;
	struct request_list kept;
	size_t kept_count;
	struct request_list todo; /* what could not be done while curl was on the stack */
	struct lc_loop_timer *settle_timer;
	unsigned calling; /* on_done callbacks on the stack */
};

#define SET LC_HTTP_EASY_SET

/* ---- URLs ---- */

/* The first place from `start` on where one of the characters `stops` stands; url.size without. */
static size_t find_any(struct lc_view url, size_t start, const char *stops)
{
	while (start < url.size &&
	       (url.data[start] == '\0' || strchr(stops, url.data[start]) == NULL))
		start++;
	return start;
}

/* Past "scheme://", which nothing but the scheme may precede. */
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

/* ---- what curl's errors mean to us ---- */

/* The kind of our error for a result of curl's other than CURLE_OK. */
static enum lc_error_kind kind_of(CURLcode result)
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

/* ---- a transfer, as curl calls us ---- */

static void note_movement(struct transfer *transfer)
{
	transfer->moved_ms = lc_clock_monotonic_ms();
}

/* The callbacks' types are curl's.
 * NOLINTBEGIN(readability-non-const-parameter) */

/* Curl's CURLOPT_PREREQFUNCTION: there is a connection, and the request is about to leave. */
static int before_send(void *context, char *peer, char *self, int peer_port, int self_port)
{
	struct transfer *transfer = context;

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
	struct transfer *transfer = context;
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
	struct transfer *transfer = context;

	if (transfer->silent || origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_FAIL;
	if (transfer->body == NULL && transfer->body_size > 0)
		transfer->callbacks->rewind_body(transfer->context);
	transfer->body_read = 0;
	return CURL_SEEKFUNC_OK;
}

static void take_status(struct transfer *transfer)
{
	long status = 0;

	LC_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
	if (status < 200)
		return; /* "100 Continue" and its like: another answer follows */
	transfer->status = (unsigned)status;
	if (transfer->callbacks->on_status != NULL)
		transfer->callbacks->on_status(transfer->context, transfer->status);
}

static void take_header(struct transfer *transfer, struct lc_view line)
{
	char name[NAME_SIZE];
	const char *colon = memchr(line.data, ':', line.size);
	size_t name_size = colon == NULL ? 0 : (size_t)(colon - line.data);
	struct lc_view value;

	if (name_size == 0 || name_size >= sizeof(name))
		return;
	for (size_t i = 0; i < name_size; i++) {
		char c = line.data[i];

		name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	name[name_size] = '\0';
	value = (struct lc_view){.data = colon + 1, .size = line.size - name_size - 1};
	value = lc_view_trimmed(value, " \t\r\n");
	if (strcmp(name, "content-length") == 0 || strcmp(name, "transfer-encoding") == 0)
		transfer->framed = true;
	if (transfer->callbacks->on_header != NULL)
		transfer->callbacks->on_header(transfer->context, lc_view_of(name), value);
}

/* Curl's CURLOPT_HEADERFUNCTION: one line of the answer's head, or of its trailers. */
static size_t write_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
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
	if (lc_view_begins_with(line, lc_view_of("HTTP/"))) {
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
	struct transfer *transfer = context;
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

/* `transfer` must stay in its place until transfer->easy is gone. */
static void set_callbacks(struct transfer *transfer)
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

/* ---- requests ---- */

/* Leaves the request for settle(), which runs when curl has been left, at the latest from a timer.
 */
static void list(struct lc_http_request *request)
{
	struct lc_http *http = request->http;

	if (!request->listed)
		TAILQ_INSERT_TAIL(&http->todo, request, todo);
	request->listed = true;
	if (!lc_http_multi_inside(http->multi))
		lc_loop_timer_start(http->settle_timer, 0);
}

static void unlist(struct lc_http_request *request)
{
	if (request->listed)
		TAILQ_REMOVE(&request->http->todo, request, todo);
	request->listed = false;
}

/* Takes the request from curl and from all lists. */
static void detach(struct lc_http_request *request, bool is_curls)
{
	unlist(request);
	if (is_curls)
		lc_http_multi_remove(request->http->multi, request->transfer.easy);
	TAILQ_REMOVE(&request->http->all, request, all);
}

static void free_request(struct lc_http_request *request)
{
	curl_easy_cleanup(request->transfer.easy);
	lc_http_lines_free(&request->lines);
	lc_loop_timer_free(request->stall_timer);
	lc_buffer_free(&request->shown);
	lc_buffer_free(&request->body);
	free(request);
}

/* An answer has come whole; nobody knows what curl has left of another request. */
static void keep_request(struct lc_http_request *request)
{
	struct lc_http *http = request->http;

	if (http->kept_count == KEPT_REQUESTS) {
		free_request(request);
		return;
	}
	lc_loop_timer_stop(request->stall_timer);
	if (request->body.size > ONE_PIECE_MAX)
		lc_buffer_free(&request->body);
	request->state = STATE_KEPT;
	TAILQ_INSERT_HEAD(&http->kept, request, all);
	http->kept_count++;
}

/* The only place from which on_done runs. The request's fault is set unless it went well. */
static void end(struct lc_http_request *request)
{
	struct lc_http_response response = {
	    .status = request->transfer.status,
	    .complete = request->transfer.fault.kind == LC_ERROR_NONE,
	    .framed = request->transfer.framed,
	    .sends = request->transfer.sends,
	    .elapsed_ms = lc_loop_now_ms(request->http->loop) - request->started_ms,
	    .error = request->transfer.fault,
	};

	detach(request, request->state == STATE_RUNNING);
	request->state = STATE_ENDED;
	lc_loop_timer_stop(request->stall_timer);
	if (response.error.kind != LC_ERROR_NONE)
		lc_error_prefix(&response.error, "%s", lc_buffer_text(&request->shown));
	request->http->calling++;
	request->transfer.callbacks->on_done(request->transfer.context, &response);
	request->http->calling--;
	if (response.complete)
		keep_request(request);
	else
		free_request(request);
}

/* Curl tells of a socket that it could not open as of a server that it could not reach. */
static bool out_of_descriptors(CURLcode result, struct lc_error *error)
{
	struct rlimit limit;
	int descriptor;

	if (result != CURLE_COULDNT_CONNECT && result != CURLE_COULDNT_RESOLVE_HOST)
		return false;
	descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (descriptor >= 0)
		close(descriptor);
	if (descriptor >= 0 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	lc_error_set(error, LC_ERROR_SYSTEM,
		     "no socket can be opened: this process has as many files open as it may, %llu "
		     "(raise LimitNOFILE= of the unit, or ulimit -Hn)",
		     (unsigned long long)limit.rlim_cur);
	return true;
}

static void end_with(struct lc_http_request *request, CURLcode result)
{
	const char *text = request->error_text;

	if (request->transfer.fault.kind == LC_ERROR_NONE &&
	    out_of_descriptors(result, &request->transfer.fault)) {
		end(request);
		return;
	}
	if (request->transfer.fault.kind == LC_ERROR_NONE && result != CURLE_OK) {
		lc_error_set(&request->transfer.fault, kind_of(result), "%s",
			     text[0] == '\0' ? curl_easy_strerror(result) : text);
	}
	/* For curl an answer may end in its head, or with "100 Continue". */
	if (request->transfer.fault.kind == LC_ERROR_NONE &&
	    (request->transfer.in_head || request->transfer.status == 0))
		lc_error_set(&request->transfer.fault, LC_ERROR_UNREACHABLE,
			     "the connection ended before the end of the answer's head");
	end(request);
}

static struct lc_http_request *request_of(CURL *easy)
{
	char *context = NULL;
	struct lc_http_request *request;

	LC_ASSERT(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context) == CURLE_OK);
	request = (void *)context;
	LC_ASSERT_MAGIC(request, MAGIC);
	return request;
}

static void on_ended(void *context, CURL *easy, CURLcode result)
{
	struct lc_http_request *request = request_of(easy);

	(void)context;
	if (request->state == STATE_RUNNING)
		end_with(request, result);
	else
		LC_ASSERT(request->state == STATE_CANCELLED);
}

static void give_to_curl(struct lc_http_request *request)
{
	LC_ASSERT(lc_http_multi_add(request->http->multi, request->transfer.easy));
	request->state = STATE_RUNNING;
}

static void settle_one(struct lc_http_request *request)
{
	CURLcode result;

	LC_ASSERT(request->state != STATE_ENDED && request->state != STATE_KEPT);
	switch (request->state) {
	case STATE_WAITING:
		give_to_curl(request);
		break;
	case STATE_RUNNING:
		if (request->transfer.paused || !request->transfer.held)
			break;
		request->transfer.held = false;
		result = lc_http_multi_unpause(request->http->multi, request->transfer.easy);
		if (result != CURLE_OK && request->state == STATE_RUNNING)
			end_with(request, result);
		break;
	case STATE_FAILED:
		end(request);
		break;
	case STATE_CANCELLED:
		detach(request, true);
		free_request(request);
		break;
	case STATE_ENDED:
	case STATE_KEPT:
		break;
	}
}

static void settle(void *context)
{
	struct lc_http *http = context;
	struct lc_http_request *request;

	while ((request = TAILQ_FIRST(&http->todo)) != NULL) {
		/* One that was released is on no list any more.
		 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		unlist(request);
		settle_one(request);
	}
}

static void on_stall_timer(void *context)
{
	struct lc_http_request *request = context;
	uint64_t idle_ms = lc_loop_now_ms(request->http->loop) - request->transfer.moved_ms;

	if (request->transfer.paused || request->transfer.sends == 0) {
		lc_loop_timer_start(request->stall_timer, request->stall_timeout_ms);
	} else if (idle_ms < request->stall_timeout_ms) {
		lc_loop_timer_start(request->stall_timer, request->stall_timeout_ms - idle_ms);
	} else {
		lc_error_set(&request->transfer.fault, LC_ERROR_UNREACHABLE, "no byte for %llu ms",
			     (unsigned long long)idle_ms);
		end(request);
	}
}

static void set_shown(struct lc_http_request *request, const struct lc_http_spec *spec)
{
	struct lc_buffer *shown = &request->shown;

	lc_buffer_clear(shown);
	lc_buffer_append_text(shown, spec->method);
	lc_buffer_append_char(shown, ' ');
	lc_http_url_append_shown(shown, lc_view_of(spec->url));
	if (shown->size > SHOWN_MAX)
		shown->size = SHOWN_MAX;
}

/* A body in memory is copied, and so is a small one from the callback, which then is read no more.
 * Returns the body if it is in one piece with the head. */
static const char *set_body(struct lc_http_request *request, const struct lc_http_spec *spec)
{
	struct transfer *transfer = &request->transfer;
	size_t size = (size_t)lc_http_easy_body_size(spec);
	bool in_one_piece = size > 0 && size <= ONE_PIECE_MAX;
	char *place;

	lc_buffer_clear(&request->body);
	if (size == 0 || (spec->body_from_callback && !in_one_piece))
		return NULL;
	place = lc_buffer_reserve(&request->body, size);
	LC_ASSERT(place != NULL);
	if (!spec->body_from_callback)
		memcpy(place, spec->body.data, size);
	for (size_t filled = 0; spec->body_from_callback && filled < size;) {
		size_t more =
		    spec->callbacks->read_body(spec->context, place + filled, size - filled);

		LC_ASSERT(more > 0 && more <= size - filled);
		filled += more;
	}
	lc_buffer_commit(&request->body, size);
	transfer->body = request->body.data;
	return in_one_piece ? transfer->body : NULL;
}

static struct lc_http_request *new_request(struct lc_http *http)
{
	struct lc_http_request *request = lc_memory_zero(1, sizeof(*request));

	request->magic = MAGIC;
	request->http = http;
	request->transfer.easy = curl_easy_init();
	LC_ASSERT(request->transfer.easy != NULL);
	request->stall_timer = lc_loop_timer_new(http->loop, on_stall_timer, request);
	lc_http_lines_init(&request->lines);
	lc_buffer_init(&request->shown, SIZE_MAX);
	lc_buffer_init(&request->body, SIZE_MAX);
	lc_http_easy_set_client(request->transfer.easy, &http->options);
	set_callbacks(&request->transfer);
	SET(request->transfer.easy, CURLOPT_PRIVATE, request);
	SET(request->transfer.easy, CURLOPT_ERRORBUFFER, request->error_text);
	return request;
}

static struct lc_http_request *take_request(struct lc_http *http)
{
	struct lc_http_request *request = TAILQ_FIRST(&http->kept);

	if (request == NULL)
		return new_request(http);
	TAILQ_REMOVE(&http->kept, request, all);
	http->kept_count--;
	return request;
}

struct lc_http_request *lc_http_start(struct lc_http *http, const struct lc_http_spec *spec)
{
	struct lc_http_request *request = take_request(http);
	const char *body;

	request->state = STATE_WAITING;
	request->transfer = (struct transfer){
	    .callbacks = spec->callbacks,
	    .context = spec->context,
	    .easy = request->transfer.easy,
	    .body_size = lc_http_easy_body_size(spec),
	};
	request->error_text[0] = '\0';
	request->stall_timeout_ms = spec->stall_timeout_ms;
	request->started_ms = lc_loop_now_ms(http->loop);
	set_shown(request, spec);
	body = set_body(request, spec);
	TAILQ_INSERT_TAIL(&http->all, request, all);
	if (request->stall_timeout_ms > 0)
		lc_loop_timer_start(request->stall_timer, request->stall_timeout_ms);
	if (!lc_http_easy_set_request(request->transfer.easy, spec, body, &request->lines,
				      &request->transfer.fault)) {
		request->state = STATE_FAILED;
		list(request);
	} else if (lc_http_multi_inside(http->multi)) {
		list(request);
	} else {
		give_to_curl(request);
	}
	return request;
}

void lc_http_cancel(struct lc_http_request *request)
{
	LC_ASSERT_MAGIC(request, MAGIC);
	LC_ASSERT(request->state != STATE_ENDED && request->state != STATE_CANCELLED &&
		  request->state != STATE_KEPT);
	if (request->state == STATE_RUNNING && lc_http_multi_inside(request->http->multi)) {
		request->state = STATE_CANCELLED;
		request->transfer.silent = true;
		list(request);
		return;
	}
	detach(request, request->state == STATE_RUNNING);
	free_request(request);
}

void lc_http_pause(struct lc_http_request *request)
{
	LC_ASSERT_MAGIC(request, MAGIC);
	request->transfer.paused = true;
}

void lc_http_resume(struct lc_http_request *request)
{
	LC_ASSERT_MAGIC(request, MAGIC);
	if (!request->transfer.paused)
		return;
	request->transfer.paused = false;
	request->transfer.moved_ms = lc_loop_now_ms(request->http->loop);
	if (request->transfer.held)
		list(request);
}

static const struct lc_http_multi_callbacks MULTI_CALLBACKS = {
    .on_ended = on_ended,
    .settle = settle,
};

static bool can_be_read(const char *path, const char *what, struct lc_error *error)
{
	return path == NULL || access(path, R_OK) == 0 ||
	       lc_error_set(error, LC_ERROR_USAGE, "the file of %s %s cannot be read", what, path);
}

static char *copy_path(const char *path)
{
	return path == NULL ? NULL : lc_memory_copy_text(path);
}

struct lc_http *lc_http_new(struct lc_loop *loop, const struct lc_http_options *options,
			    struct lc_error *error)
{
	struct lc_http *http;

	if (!can_be_read(options->ca_file, "authorities", error) ||
	    !can_be_read(options->certificate_file, "our certificate", error) ||
	    !can_be_read(options->key_file, "our key", error))
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		lc_error_set(error, LC_ERROR_SYSTEM, "libcurl could not be initialised");
		return NULL;
	}
	http = lc_memory_zero(1, sizeof(*http));
	http->multi = lc_http_multi_new(loop, options->max_connections_per_host, &MULTI_CALLBACKS,
					http, error);
	if (http->multi == NULL) {
		curl_global_cleanup();
		free(http);
		return NULL;
	}
	http->loop = loop;
	http->options = *options;
	http->options.ca_file = http->ca_file = copy_path(options->ca_file);
	http->options.certificate_file = http->certificate_file =
	    copy_path(options->certificate_file);
	http->options.key_file = http->key_file = copy_path(options->key_file);
	if (http->options.connect_timeout_ms == 0)
		http->options.connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
	TAILQ_INIT(&http->all);
	TAILQ_INIT(&http->kept);
	TAILQ_INIT(&http->todo);
	http->settle_timer = lc_loop_timer_new(loop, settle, http);
	return http;
}

void lc_http_free(struct lc_http *http)
{
	struct lc_http_request *request;

	if (http == NULL)
		return;
	LC_ASSERT(http->calling == 0 && !lc_http_multi_inside(http->multi));
	while ((request = TAILQ_FIRST(&http->all)) != NULL) {
		lc_http_cancel(request);
		LC_ASSERT(TAILQ_FIRST(&http->all) != request);
	}
	while ((request = TAILQ_FIRST(&http->kept)) != NULL) {
		TAILQ_REMOVE(&http->kept, request, all);
		free_request(request);
	}
	lc_http_multi_free(http->multi);
	lc_loop_timer_free(http->settle_timer);
	free(http->ca_file);
	free(http->certificate_file);
	free(http->key_file);
	free(http);
	curl_global_cleanup();
}
