#include "clients/credentials_fetch.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/file.h"
#include "formats/credentials_answer.h"
#include "formats/http_status.h"
#include "formats/sigv4.h"

#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 5000, /* of one request */
	URL_MAX = 16 * 1024,
	TOKEN_MAX = 64 * 1024, /* of a web identity, or of a container's authorization */
	BODY_MAX = 256 * 1024, /* of a request: the token, each byte of which may take three */
	ROLE_MAX = 64,         /* AWS Identity and Access Management User Guide, "quotas" */
};

/* How long the metadata's session token is to be valid. */
static const char SESSION_SECONDS[] = "60";

static const char ROLES_PATH[] = "/latest/meta-data/iam/security-credentials/";

/* What is asked. */
enum step {
	STEP_SESSION, /* instance: a session token, */
	STEP_ROLE,    /* the name of the instance's role, */
	STEP_KEYS,    /* and its credentials; container: the only step */
	STEP_ASSUME,  /* web identity: the only step */
};

struct lc_credentials_fetch {
	struct lc_http *http;
	const struct lc_credentials_source *source;
	lc_credentials_fetched *callback;
	void *context;
	enum step step;
	struct lc_http_request *request;
	struct lc_buffer answer;
	struct lc_buffer secret; /* the session token, the authorization, or the body */
	struct lc_buffer role;
	struct lc_buffer url; /* of the present step */
};

static void release(struct lc_credentials_fetch *fetch)
{
	lc_file_wipe(&fetch->answer);
	lc_file_wipe(&fetch->secret);
	lc_buffer_free(&fetch->role);
	lc_buffer_free(&fetch->url);
	free(fetch);
}

static void end(struct lc_credentials_fetch *fetch, struct lc_credentials *credentials,
		const struct lc_error *error)
{
	fetch->callback(fetch->context, credentials, error);
	lc_credentials_clear(credentials);
	release(fetch);
}

static void fail(struct lc_credentials_fetch *fetch, const struct lc_error *error)
{
	struct lc_credentials none = {.expires = 0};

	end(fetch, &none, error);
}

static void ask(struct lc_credentials_fetch *fetch, enum step step);

/* ---- answers ---- */

static void on_body(void *context, struct lc_view piece)
{
	struct lc_credentials_fetch *fetch = context;

	lc_buffer_append_view(&fetch->answer, piece);
}

/* The credentials of an answer, or why it has none. */
static bool read_credentials(const struct lc_credentials_fetch *fetch,
			     struct lc_credentials *credentials, struct lc_error *error)
{
	struct lc_view answer = lc_buffer_view(&fetch->answer);

	return fetch->step == STEP_ASSUME
		   ? lc_credentials_answer_read_sts(answer, credentials, error)
		   : lc_credentials_answer_read_json(answer, credentials, error);
}

/* What a refusal says for itself, if it does. */
static void describe_refusal(const struct lc_credentials_fetch *fetch, unsigned status,
			     struct lc_error *error)
{
	struct lc_credentials none = {.expires = 0};
	struct lc_error said = {.kind = LC_ERROR_NONE};
	bool words = !read_credentials(fetch, &none, &said) && said.kind == LC_ERROR_REFUSED;

	lc_credentials_clear(&none);
	lc_error_set(error, LC_ERROR_REFUSED, "HTTP %u%s%s", status, words ? " " : "",
		     words ? said.message : "");
}

/* The first line of the answer, without blanks. */
static struct lc_view first_line(const struct lc_buffer *answer)
{
	struct lc_view line = lc_buffer_view(answer);
	const char *end = line.size == 0 ? NULL : memchr(line.data, '\n', line.size);

	if (end != NULL)
		line.size = (size_t)(end - line.data);
	return lc_view_trimmed(line, " \t\r");
}

static bool take_session(struct lc_credentials_fetch *fetch, struct lc_error *error)
{
	struct lc_view token = first_line(&fetch->answer);

	if (token.size == 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "the answer has no session token");
	lc_buffer_clear(&fetch->secret);
	lc_buffer_append_view(&fetch->secret, token);
	return true;
}

static bool take_role(struct lc_credentials_fetch *fetch, struct lc_error *error)
{
	static const char CHARACTERS[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-";
	struct lc_view role = first_line(&fetch->answer);

	if (role.size == 0 || role.size > ROLE_MAX || lc_view_trimmed(role, CHARACTERS).size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer is no name of a role; has the instance one?");
	lc_buffer_clear(&fetch->role);
	lc_buffer_append_view(&fetch->role, role);
	return true;
}

/* The answer is whole, with status 200. */
static void take_answer(struct lc_credentials_fetch *fetch)
{
	struct lc_credentials credentials = {.expires = 0};
	struct lc_error error = {.kind = LC_ERROR_NONE};

	switch (fetch->step) {
	case STEP_SESSION:
		if (take_session(fetch, &error)) {
			ask(fetch, STEP_ROLE);
			return;
		}
		break;
	case STEP_ROLE:
		if (take_role(fetch, &error)) {
			ask(fetch, STEP_KEYS);
			return;
		}
		break;
	case STEP_KEYS:
	case STEP_ASSUME:
		if (read_credentials(fetch, &credentials, &error)) {
			end(fetch, &credentials, NULL);
			return;
		}
		break;
	}
	lc_error_prefix(&error, "%s", lc_buffer_text(&fetch->url));
	fail(fetch, &error);
}

static void on_done(void *context, const struct lc_http_response *response)
{
	struct lc_credentials_fetch *fetch = context;
	struct lc_error error = response->error;

	fetch->request = NULL;
	if (response->complete && lc_buffer_failed(&fetch->answer)) {
		lc_error_set(&error, LC_ERROR_CORRUPT, "%s: the answer is longer than %d bytes",
			     lc_buffer_text(&fetch->url), LC_CREDENTIALS_ANSWER_MAX);
	} else if (response->complete && response->status != LC_HTTP_OK) {
		describe_refusal(fetch, response->status, &error);
		lc_error_prefix(&error, "%s", lc_buffer_text(&fetch->url));
	} else if (response->complete) {
		take_answer(fetch);
		return;
	}
	fail(fetch, &error);
}

static const struct lc_http_callbacks CALLBACKS = {.on_body = on_body, .on_done = on_done};

/* ---- requests ---- */

static void write_url(struct lc_credentials_fetch *fetch)
{
	struct lc_view base = lc_view_of(fetch->source->url);

	lc_buffer_clear(&fetch->url);
	if (fetch->source->kind == LC_S3_CREDENTIALS_INSTANCE &&
	    lc_view_ends_with(base, lc_view_of("/")))
		base.size--;
	lc_buffer_append_view(&fetch->url, base);
	if (fetch->step == STEP_SESSION)
		lc_buffer_append_text(&fetch->url, "/latest/api/token");
	if (fetch->source->kind != LC_S3_CREDENTIALS_INSTANCE || fetch->step == STEP_SESSION)
		return;
	lc_buffer_append_text(&fetch->url, ROLES_PATH);
	lc_buffer_append_view(&fetch->url, lc_buffer_view(&fetch->role));
}

/* The one header of the step, if it has one. */
static size_t write_header(const struct lc_credentials_fetch *fetch, struct lc_http_header *header)
{
	struct lc_view secret = lc_buffer_view(&fetch->secret);

	if (fetch->step == STEP_SESSION)
		*header =
		    (struct lc_http_header){lc_view_of("x-aws-ec2-metadata-token-ttl-seconds"),
					    lc_view_of(SESSION_SECONDS)};
	else if (fetch->step == STEP_ASSUME)
		*header = (struct lc_http_header){lc_view_of("content-type"),
						  lc_view_of("application/x-www-form-urlencoded")};
	else if (fetch->source->kind == LC_S3_CREDENTIALS_INSTANCE)
		*header = (struct lc_http_header){lc_view_of("x-aws-ec2-metadata-token"), secret};
	else
		*header = (struct lc_http_header){lc_view_of("authorization"), secret};
	return header->value.size > 0 ? 1 : 0;
}

static void ask(struct lc_credentials_fetch *fetch, enum step step)
{
	static const char *const METHODS[] = {[STEP_SESSION] = "PUT",
					      [STEP_ROLE] = "GET",
					      [STEP_KEYS] = "GET",
					      [STEP_ASSUME] = "POST"};
	struct lc_http_header header;
	struct lc_http_spec spec = {
	    .method = METHODS[step],
	    .headers = &header,
	    .timeout_ms = TIMEOUT_MS,
	    .callbacks = &CALLBACKS,
	    .context = fetch,
	};

	fetch->step = step;
	lc_buffer_clear(&fetch->answer);
	write_url(fetch);
	spec.url = lc_buffer_text(&fetch->url);
	LC_ASSERT(spec.url != NULL);
	spec.header_count = write_header(fetch, &header);
	if (step == STEP_ASSUME)
		spec.body = lc_buffer_view(&fetch->secret);
	fetch->request = lc_http_start(fetch->http, &spec);
}

/* ---- what a request needs from this machine ---- */

static void append_parameter(struct lc_buffer *body, const char *name, struct lc_view value)
{
	lc_buffer_append_format(body, "&%s=", name);
	lc_sigv4_append_encoded(body, value, false);
}

static bool write_assumption(struct lc_credentials_fetch *fetch, struct lc_error *error)
{
	struct lc_buffer token;
	bool good;

	lc_buffer_init(&token, TOKEN_MAX);
	good = lc_file_read_secret(fetch->source->web_identity_token_file, &token, NULL, error);
	if (good) {
		lc_buffer_append_text(&fetch->secret,
				      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
		append_parameter(&fetch->secret, "RoleArn", lc_view_of(fetch->source->role_arn));
		append_parameter(&fetch->secret, "RoleSessionName",
				 lc_view_of(fetch->source->role_session_name));
		append_parameter(&fetch->secret, "WebIdentityToken", lc_buffer_view(&token));
	}
	lc_file_wipe(&token);
	return good;
}

/* Plain HTTP shows the authorization to whoever is on the way: only to this machine, and to the
 * addresses of container agents (AWS SDKs and Tools Reference Guide, "Container credential
 * provider"). */
static bool is_near(const char *url)
{
	static const char *const HOSTS[] = {"localhost",     "127.0.0.1",      "[::1]",
					    "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	static const char PLAIN[] = "http://";
	const char *host = url + strlen(PLAIN);

	if (strncasecmp(url, "https://", strlen("https://")) == 0)
		return true;
	if (strncasecmp(url, PLAIN, strlen(PLAIN)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++) {
		size_t size = strlen(HOSTS[i]);

		if (strncmp(host, HOSTS[i], size) == 0 &&
		    (host[size] == '\0' || host[size] == ':' || host[size] == '/') &&
		    strchr(host, '@') == NULL)
			return true;
	}
	return false;
}

static bool write_authorization(struct lc_credentials_fetch *fetch, struct lc_error *error)
{
	const struct lc_credentials_source *source = fetch->source;

	if (!is_near(source->url))
		return lc_error_set(
		    error, LC_ERROR_USAGE,
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI: only https, or http to this "
		    "machine or a container agent's address, is asked");
	if (source->authorization_file[0] != '\0')
		return lc_file_read_secret(source->authorization_file, &fetch->secret, NULL, error);
	lc_buffer_append_text(&fetch->secret, source->authorization);
	return true;
}

static bool prepare(struct lc_credentials_fetch *fetch, struct lc_error *error)
{
	if (strlen(fetch->source->url) > URL_MAX / 2)
		return lc_error_set(error, LC_ERROR_LIMIT, "the URL of the source is too long");
	if (fetch->source->kind == LC_S3_CREDENTIALS_WEB_IDENTITY)
		return write_assumption(fetch, error);
	if (fetch->source->kind == LC_S3_CREDENTIALS_CONTAINER)
		return write_authorization(fetch, error);
	return true;
}

static enum step first_step(enum lc_s3_credentials kind)
{
	if (kind == LC_S3_CREDENTIALS_WEB_IDENTITY)
		return STEP_ASSUME;
	return kind == LC_S3_CREDENTIALS_INSTANCE ? STEP_SESSION : STEP_KEYS;
}

struct lc_credentials_fetch *lc_credentials_fetch_start(struct lc_http *http,
							const struct lc_credentials_source *source,
							lc_credentials_fetched *callback,
							void *context, struct lc_error *error)
{
	struct lc_credentials_fetch *fetch = lc_memory_zero(1, sizeof(*fetch));

	fetch->http = http;
	fetch->source = source;
	fetch->callback = callback;
	fetch->context = context;
	lc_buffer_init(&fetch->answer, LC_CREDENTIALS_ANSWER_MAX);
	lc_buffer_init(&fetch->secret, BODY_MAX);
	lc_buffer_init(&fetch->role, ROLE_MAX);
	lc_buffer_init(&fetch->url, URL_MAX);
	if (!prepare(fetch, error)) {
		release(fetch);
		return NULL;
	}
	ask(fetch, first_step(source->kind));
	return fetch;
}

void lc_credentials_fetch_cancel(struct lc_credentials_fetch *fetch)
{
	LC_ASSERT(fetch->request != NULL);
	lc_http_cancel(fetch->request);
	release(fetch);
}
