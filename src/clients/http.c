#include "clients/http.h"

#include "base/assert.h"
#include "base/memory.h"
#include "clients/http_easy.h"
#include "clients/http_multi.h"
#include "clients/http_transfer.h"
#include "clients/http_url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	MAGIC = 0x68747470,
	SHOWN_MAX = 200,
	DEFAULT_CONNECT_TIMEOUT_MS = 10 * 1000,
};

enum state {
	STATE_WAITING,   /* not yet curl's */
	STATE_RUNNING,   /* curl's */
	STATE_FAILED,    /* over before curl had it; on_done is still to come */
	STATE_CANCELLED, /* cancelled while curl was on the stack; to be released */
	STATE_ENDED,     /* on_done runs */
};

struct lc_http_request {
	uint32_t magic;
	enum state state;
	struct lc_http *http;
	TAILQ_ENTRY(lc_http_request) all;
	TAILQ_ENTRY(lc_http_request) todo;
	bool listed; /* in http->todo */

	struct lc_http_transfer transfer;
	struct curl_slist *headers;
	char error_text[CURL_ERROR_SIZE];
	char *shown; /* "PUT http://host/path" */

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
	struct request_list all;
	struct request_list todo; /* what could not be done while curl was on the stack */
	struct lc_loop_timer *settle_timer;
	unsigned calling; /* on_done callbacks on the stack */
};

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

static void release(struct lc_http_request *request)
{
	curl_easy_cleanup(request->transfer.easy);
	curl_slist_free_all(request->headers);
	lc_loop_timer_free(request->stall_timer);
	free(request->shown);
	free(request->transfer.body);
	free(request);
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
		lc_error_prefix(&response.error, "%s", request->shown);
	request->http->calling++;
	request->transfer.callbacks->on_done(request->transfer.context, &response);
	request->http->calling--;
	release(request);
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
		     "no socket can be opened: this process has all %llu files open that it may "
		     "have (raise LimitNOFILE= of the unit, or ulimit -Hn)",
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
		lc_error_set(&request->transfer.fault, lc_http_easy_kind_of(result), "%s",
			     text[0] == '\0' ? curl_easy_strerror(result) : text);
	}
	/* For curl an answer may end in its head, or with "100 Continue". */
	if (request->transfer.fault.kind == LC_ERROR_NONE &&
	    (request->transfer.in_head || request->transfer.status == 0))
		lc_error_set(&request->transfer.fault, LC_ERROR_UNREACHABLE,
			     "the connection has ended before the end of the answer's head");
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

	LC_ASSERT(request->state != STATE_ENDED);
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
		release(request);
		break;
	case STATE_ENDED:
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

static char *shown_of(const struct lc_http_spec *spec)
{
	struct lc_buffer shown;
	struct lc_view url = lc_view_of(spec->url);
	char *text;

	lc_buffer_init(&shown, strlen(spec->method) + url.size + 2);
	lc_buffer_append_text(&shown, spec->method);
	lc_buffer_append_char(&shown, ' ');
	lc_http_url_append_shown(&shown, url);
	text = lc_memory_copy_bytes(shown.data, shown.size < SHOWN_MAX ? shown.size : SHOWN_MAX);
	lc_buffer_free(&shown);
	return text;
}

struct lc_http_request *lc_http_start(struct lc_http *http, const struct lc_http_spec *spec)
{
	struct lc_http_request *request = lc_memory_zero(1, sizeof(*request));

	*request = (struct lc_http_request){
	    .magic = MAGIC,
	    .state = STATE_WAITING,
	    .http = http,
	    .transfer =
		{
		    .callbacks = spec->callbacks,
		    .context = spec->context,
		    .easy = curl_easy_init(),
		    .body_size = spec->body_from_callback ? spec->body_size : spec->body.size,
		},
	    .shown = shown_of(spec),
	    .stall_timeout_ms = spec->stall_timeout_ms,
	    .started_ms = lc_loop_now_ms(http->loop),
	};
	LC_ASSERT(request->transfer.easy != NULL);
	if (!spec->body_from_callback && spec->body.size > 0)
		request->transfer.body = lc_memory_copy_bytes(spec->body.data, spec->body.size);
	TAILQ_INSERT_TAIL(&http->all, request, all);
	request->stall_timer = lc_loop_timer_new(http->loop, on_stall_timer, request);
	if (request->stall_timeout_ms > 0)
		lc_loop_timer_start(request->stall_timer, request->stall_timeout_ms);
	lc_http_transfer_attach(&request->transfer);
	LC_ASSERT(curl_easy_setopt(request->transfer.easy, CURLOPT_PRIVATE, request) == CURLE_OK);
	LC_ASSERT(curl_easy_setopt(request->transfer.easy, CURLOPT_ERRORBUFFER,
				   request->error_text) == CURLE_OK);
	if (!lc_http_easy_set(request->transfer.easy, &http->options, spec, &request->headers,
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
	LC_ASSERT(request->state != STATE_ENDED && request->state != STATE_CANCELLED);
	if (request->state == STATE_RUNNING && lc_http_multi_inside(request->http->multi)) {
		request->state = STATE_CANCELLED;
		request->transfer.silent = true;
		list(request);
		return;
	}
	detach(request, request->state == STATE_RUNNING);
	release(request);
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

struct lc_http *lc_http_new(struct lc_loop *loop, const struct lc_http_options *options,
			    struct lc_error *error)
{
	struct lc_http *http;

	if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0) {
		lc_error_set(error, LC_ERROR_USAGE, "the file of authorities %s can not be read",
			     options->ca_file);
		return NULL;
	}
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
	if (options->ca_file != NULL)
		http->ca_file = lc_memory_copy_text(options->ca_file);
	http->options.ca_file = http->ca_file;
	if (http->options.connect_timeout_ms == 0)
		http->options.connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
	TAILQ_INIT(&http->all);
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
	lc_http_multi_free(http->multi);
	lc_loop_timer_free(http->settle_timer);
	free(http->ca_file);
	free(http);
	curl_global_cleanup();
}
