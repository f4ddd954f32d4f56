#include "ctl/client.h"

#include "base/assert.h"
#include "formats/http_status.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>

enum { URL_MAX = 8192 };

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct lc_buffer *body = context;

	lc_buffer_append(body, bytes, size * count);
	return lc_buffer_failed(body) ? 0 : size * count;
}

/* A watch waits for signals in its own time; one that came meanwhile ends the wait. */
static int on_progress(void *context, curl_off_t download, curl_off_t downloaded, curl_off_t upload,
		       curl_off_t uploaded)
{
	sigset_t waiting;

	(void)context;
	(void)download;
	(void)downloaded;
	(void)upload;
	(void)uploaded;
	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
		sigismember(&waiting, SIGHUP) == 1 || sigismember(&waiting, SIGQUIT) == 1);
}

static bool explain_no_connection(const char *socket, long fault, struct lc_error *error)
{
	switch (fault) {
	case EACCES:
	case EPERM:
		return lc_error_set(error, LC_ERROR_UNREACHABLE,
				    "%s: permission denied; run as root or as a member of the "
				    "socket's group",
				    socket);
	case ENOENT:
		return lc_error_set(error, LC_ERROR_UNREACHABLE,
				    "%s: there is no such socket; start log-courier, or name its "
				    "socket with --socket",
				    socket);
	default:
		return lc_error_set(
		    error, LC_ERROR_UNREACHABLE,
		    "%s: there is no answer; start log-courier, or name its socket with "
		    "--socket",
		    socket);
	}
}

/* The service's own word of why it refuses; false if the body is none. */
static bool take_refusal(const struct lc_buffer *body, struct lc_error *error)
{
	json_t *object = json_loadb(body->data, body->size, 0, NULL);
	const char *why = json_string_value(json_object_get(object, "error"));
	bool told = why != NULL;

	if (told)
		lc_error_set(error, LC_ERROR_USAGE, "%s", why);
	json_decref(object);
	return told;
}

static bool check(CURL *easy, CURLcode result, const char *socket, unsigned seconds,
		  const struct lc_buffer *body, struct lc_error *error)
{
	long fault = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &fault);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_COULDNT_CONNECT)
		return explain_no_connection(socket, fault, error);
	if (result == CURLE_OPERATION_TIMEDOUT)
		return lc_error_set(
		    error, LC_ERROR_UNREACHABLE,
		    "%s: log-courier did not answer within %u seconds; look at its process and log",
		    socket, seconds);
	if (lc_buffer_failed(body))
		return lc_error_set(error, LC_ERROR_LIMIT, "%s: the answer is too large", socket);
	if (result != CURLE_OK)
		return lc_error_set(error, LC_ERROR_UNREACHABLE,
				    "%s: %s; check that this is log-courier's socket", socket,
				    curl_easy_strerror(result));
	if (lc_http_status_is_client_error(status) && body->size > 0 && take_refusal(body, error))
		return false;
	if (status != LC_HTTP_OK && status != LC_HTTP_SERVICE_UNAVAILABLE)
		return lc_error_set(
		    error, LC_ERROR_REFUSED,
		    "%s: answered with status %ld; is the service a different version?", socket,
		    status);
	return true;
}

bool lc_client_ask(const char *socket, const char *method, const char *target,
		   struct lc_buffer *body, struct lc_error *error)
{
	return lc_client_ask_within(socket, LC_CLIENT_SECONDS, method, target, body, error);
}

bool lc_client_ask_within(const char *socket, unsigned seconds, const char *method,
			  const char *target, struct lc_buffer *body, struct lc_error *error)
{
	CURL *easy = curl_easy_init();
	struct lc_buffer url;
	bool answered;

	if (easy == NULL)
		return lc_error_set(error, LC_ERROR_SYSTEM, "libcurl could not be set up");
	lc_buffer_init(&url, URL_MAX);
	lc_buffer_append_format(&url, "http://log-courier%s", target);
	LC_ASSERT(!lc_buffer_failed(&url));
	if (curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_URL, lc_buffer_text(&url)) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)seconds) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body) != CURLE_OK)
		answered = lc_error_set(error, LC_ERROR_SYSTEM, "libcurl could not be set up");
	else
		answered = check(easy, curl_easy_perform(easy), socket, seconds, body, error);
	curl_easy_cleanup(easy);
	lc_buffer_free(&url);
	return answered;
}
