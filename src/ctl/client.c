#include "ctl/client.h"

#include "base/assert.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

enum {
	TIMEOUT_SECONDS = 10,
	STATUS_OK = 200,
	STATUS_UNAVAILABLE = 503,
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct lc_buffer *body = context;

	lc_buffer_append(body, bytes, size * count);
	return lc_buffer_failed(body) ? 0 : size * count;
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
		    "%s: nobody answers; start log-courier, or name its socket with "
		    "--socket",
		    socket);
	}
}

static bool check(CURL *easy, CURLcode result, const char *socket, const struct lc_buffer *body,
		  struct lc_error *error)
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
		    "%s: log-courier does not answer within %d seconds; look at its "
		    "process and log",
		    socket, TIMEOUT_SECONDS);
	if (lc_buffer_failed(body))
		return lc_error_set(error, LC_ERROR_LIMIT, "%s: the answer is too large", socket);
	if (result != CURLE_OK)
		return lc_error_set(error, LC_ERROR_UNREACHABLE,
				    "%s: %s; see that this is log-courier's socket", socket,
				    curl_easy_strerror(result));
	if (status != STATUS_OK && status != STATUS_UNAVAILABLE)
		return lc_error_set(error, LC_ERROR_REFUSED,
				    "%s: answered with status %ld; is the service of another "
				    "version?",
				    socket, status);
	return true;
}

bool lc_client_get(const char *socket, const char *path, struct lc_buffer *body,
		   struct lc_error *error)
{
	CURL *easy = curl_easy_init();
	char url[256];
	bool answered;

	if (easy == NULL)
		return lc_error_set(error, LC_ERROR_SYSTEM, "libcurl could not be set up");
	LC_ASSERT((size_t)snprintf(url, sizeof(url), "http://log-courier%s", path) < sizeof(url));
	if (curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TIMEOUT_SECONDS) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body) != CURLE_OK)
		answered = lc_error_set(error, LC_ERROR_SYSTEM, "libcurl could not be set up");
	else
		answered = check(easy, curl_easy_perform(easy), socket, body, error);
	curl_easy_cleanup(easy);
	return answered;
}
