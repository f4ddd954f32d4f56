#include "clients/http_multi.h"

#include "base/assert.h"
#include "base/memory.h"

#include <event2/event.h>
#include <stdlib.h>

/* Idle connections that are kept. By default curl keeps four times as many as there are requests
 * right now, and so would close most of them in each lull. */
enum { KEPT_CONNECTIONS = 256 };

struct lc_http_multi {
	CURLM *curl;
	struct event_base *base;
	struct lc_loop_timer *timer;
	const struct lc_http_multi_callbacks *callbacks;
	void *context;
	bool inside;
};

/* What a socket of curl's is watched for. Belongs to curl's entry for the socket. */
struct watch {
	struct event *event;
};

static void take_ended(struct lc_http_multi *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi->curl, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			multi->callbacks->on_ended(multi->context, message->easy_handle,
						   message->data.result);
	}
}

static void drive(struct lc_http_multi *multi, curl_socket_t fd, int flags)
{
	int running;

	LC_ASSERT(!multi->inside);
	multi->inside = true;
	LC_ASSERT(curl_multi_socket_action(multi->curl, fd, flags, &running) == CURLM_OK);
	multi->inside = false;
	take_ended(multi);
	multi->callbacks->settle(multi->context);
}

static void on_timer(void *context)
{
	drive(context, CURL_SOCKET_TIMEOUT, 0);
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
	int flags = 0;

	if ((what & EV_READ) != 0)
		flags |= CURL_CSELECT_IN;
	if ((what & EV_WRITE) != 0)
		flags |= CURL_CSELECT_OUT;
	drive(context, fd, flags);
}

static void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

/* Curl's CURLMOPT_SOCKETFUNCTION. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *old)
{
	struct lc_http_multi *multi = context;
	struct watch *watch;
	int events = EV_PERSIST;

	(void)easy;
	watch_free(old);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if ((what & CURL_POLL_IN) != 0)
		events |= EV_READ;
	if ((what & CURL_POLL_OUT) != 0)
		events |= EV_WRITE;
	watch = lc_memory_zero(1, sizeof(*watch));
	watch->event = event_new(multi->base, fd, (short)events, on_event, multi);
	LC_ASSERT(watch->event != NULL && event_add(watch->event, NULL) == 0);
	LC_ASSERT(curl_multi_assign(multi->curl, fd, watch) == CURLM_OK);
	return 0;
}

/* Curl's CURLMOPT_TIMERFUNCTION. */
static int set_timer(CURLM *curl, long delay_ms, void *context)
{
	struct lc_http_multi *multi = context;

	(void)curl;
	if (delay_ms < 0)
		lc_loop_timer_stop(multi->timer);
	else
		lc_loop_timer_start(multi->timer, (uint64_t)delay_ms);
	return 0;
}

struct lc_http_multi *lc_http_multi_new(struct lc_loop *loop, size_t max_connections_per_host,
					const struct lc_http_multi_callbacks *callbacks,
					void *context, struct lc_error *error)
{
	struct lc_http_multi *multi;
	CURLM *curl = curl_multi_init();

	if (curl == NULL) {
		lc_error_set(error, LC_ERROR_SYSTEM, "the HTTP client could not be created");
		return NULL;
	}
	multi = lc_memory_zero(1, sizeof(*multi));
	*multi = (struct lc_http_multi){
	    .curl = curl,
	    .base = lc_loop_base(loop),
	    .timer = lc_loop_timer_new(loop, on_timer, multi),
	    .callbacks = callbacks,
	    .context = context,
	};
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK);
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, multi) == CURLM_OK);
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK);
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_TIMERDATA, multi) == CURLM_OK);
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) ==
		  CURLM_OK);
	LC_ASSERT(curl_multi_setopt(curl, CURLMOPT_MAX_HOST_CONNECTIONS,
				    (long)max_connections_per_host) == CURLM_OK);
	return multi;
}

void lc_http_multi_free(struct lc_http_multi *multi)
{
	LC_ASSERT(!multi->inside);
	curl_multi_cleanup(multi->curl);
	lc_loop_timer_free(multi->timer);
	free(multi);
}

bool lc_http_multi_add(struct lc_http_multi *multi, CURL *easy)
{
	LC_ASSERT(!multi->inside);
	return curl_multi_add_handle(multi->curl, easy) == CURLM_OK;
}

void lc_http_multi_remove(struct lc_http_multi *multi, CURL *easy)
{
	LC_ASSERT(!multi->inside);
	LC_ASSERT(curl_multi_remove_handle(multi->curl, easy) == CURLM_OK);
}

CURLcode lc_http_multi_unpause(struct lc_http_multi *multi, CURL *easy)
{
	CURLcode result;

	LC_ASSERT(!multi->inside);
	multi->inside = true;
	result = curl_easy_pause(easy, CURLPAUSE_CONT);
	multi->inside = false;
	return result;
}

bool lc_http_multi_inside(const struct lc_http_multi *multi)
{
	return multi->inside;
}
