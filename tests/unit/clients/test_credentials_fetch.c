#include "clients/credentials_fetch.h"

#include "base/memory.h"
#include "support/script_server.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A service that lends credentials, as the test's answers make it, and what was asked of it. */
struct world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *server;
	struct lc_credentials_source source;
	const char *answers[4]; /* to one request after the other */
	char heads[4][2048];
	char body[4096];
	unsigned requests;
	unsigned done;
	struct lc_credentials credentials;
	struct lc_error error;
};

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct world *world = context;
	char answer[4096];
	const char *body;

	assert_true(world->requests < 4 && world->answers[world->requests] != NULL);
	script_keep(world->heads[world->requests], sizeof(world->heads[0]), request->head);
	script_keep(world->body, sizeof(world->body), request->body);
	body = world->answers[world->requests++];
	if (strncmp(body, "HTTP", 4) == 0)
		snprintf(answer, sizeof(answer), "%s", body);
	else
		snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(body), body);
	script_send_text(connection, answer);
}

static int set_up(void **state)
{
	const struct lc_http_options options = {.connect_timeout_ms = 2000};
	struct world *world = lc_memory_zero(1, sizeof(*world));

	alarm(120);
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &options, NULL);
	world->server = script_server_new(world->loop, serve, world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_credentials_clear(&world->credentials);
	lc_credentials_source_clear(&world->source);
	lc_http_free(world->http);
	script_server_free(world->server);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

static void on_fetched(void *context, struct lc_credentials *credentials,
		       const struct lc_error *error)
{
	struct world *world = context;

	world->done++;
	world->error = error == NULL ? (struct lc_error){.kind = LC_ERROR_NONE} : *error;
	lc_credentials_clear(&world->credentials);
	world->credentials = *credentials;
	*credentials = (struct lc_credentials){.expires = 0};
	lc_loop_stop(world->loop);
}

/* The source that this environment names; %s in a variable stands for the server's URL. */
static void find(struct world *world, enum lc_s3_credentials kind, const char *const *variables)
{
	const char *environment[8] = {NULL};
	struct lc_credentials_options options = {
	    .source = kind, .s3_endpoint = "http://127.0.0.1:1", .environment = environment};
	static char texts[8][512];

	for (size_t i = 0; variables[i] != NULL; i++) {
		const char *place = strstr(variables[i], "%s");
		int size = place == NULL ? (int)strlen(variables[i]) : (int)(place - variables[i]);

		snprintf(texts[i], sizeof(texts[i]), "%.*s%s%s", size, variables[i],
			 place == NULL ? "" : script_server_url(world->server),
			 place == NULL ? "" : place + 2);
		environment[i] = texts[i];
	}
	lc_credentials_source_clear(&world->source);
	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
}

static void run(struct world *world)
{
	assert_non_null(lc_credentials_fetch_start(world->http, &world->source, on_fetched, world,
						   &world->error));
	assert_int_equal(world->done, 0);
	lc_loop_run(world->loop);
	assert_int_equal(world->done, 1);
}

#define JSON                                                                        \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"s\"," \
	"\"Token\":\"t\",\"Expiration\":\"2030-01-01T00:00:00Z\"}"

static const char *const INSTANCE[] = {"AWS_EC2_METADATA_SERVICE_ENDPOINT=%s", NULL};

static void assert_lent(const struct world *world)
{
	assert_int_equal(world->error.kind, LC_ERROR_NONE);
	assert_string_equal(world->credentials.access_key_id, "ASIA");
	assert_string_equal(world->credentials.secret_access_key, "s");
	assert_string_equal(world->credentials.session_token, "t");
	assert_int_equal(world->credentials.expires, 1893456000);
}

static void instance_metadata_is_asked_with_a_session_token(void **state)
{
	struct world *world = *state;

	find(world, LC_S3_CREDENTIALS_INSTANCE, INSTANCE);
	world->answers[0] = "session-token==";
	world->answers[1] = "log-courier_role\nanother";
	world->answers[2] = JSON;
	run(world);
	assert_lent(world);
	assert_int_equal(world->requests, 3);
	assert_non_null(strstr(world->heads[0], "PUT /latest/api/token HTTP/1.1\r\n"));
	assert_non_null(strstr(world->heads[0], "x-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
	assert_non_null(strstr(world->heads[1],
			       "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n"));
	assert_non_null(strstr(world->heads[1], "x-aws-ec2-metadata-token: session-token==\r\n"));
	assert_non_null(
	    strstr(world->heads[2],
		   "GET /latest/meta-data/iam/security-credentials/log-courier_role HTTP/1.1\r\n"));
	assert_non_null(strstr(world->heads[2], "x-aws-ec2-metadata-token: session-token==\r\n"));
}

static void an_instance_without_a_role_says_so(void **state)
{
	struct world *world = *state;

	find(world, LC_S3_CREDENTIALS_INSTANCE, INSTANCE);
	world->answers[0] = "session-token";
	world->answers[1] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	run(world);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_non_null(strstr(world->error.message, "/security-credentials/: HTTP 404"));
	assert_null(world->credentials.access_key_id);
}

/* A name that leads elsewhere is none. */
static void a_strange_name_of_a_role_is_not_asked_for(void **state)
{
	static const char *const NAMES[] = {"", "\n", "../../user-data", "a b", "<html>", "r?x=1"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		find(world, LC_S3_CREDENTIALS_INSTANCE, INSTANCE);
		world->requests = 0;
		world->done = 0;
		world->answers[0] = "session-token";
		world->answers[1] = NAMES[i];
		run(world);
		assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
		assert_int_equal(world->requests, 2);
	}
}

static void a_container_is_asked_with_its_authorization(void **state)
{
	static const char *const CONTAINER[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/v2/x?id=1",
						"AWS_CONTAINER_AUTHORIZATION_TOKEN=Bearer abc",
						NULL};
	static const char *const PLAIN[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/v2/x", NULL};
	struct world *world = *state;

	find(world, LC_S3_CREDENTIALS_CONTAINER, CONTAINER);
	world->answers[0] = JSON;
	run(world);
	assert_lent(world);
	assert_non_null(strstr(world->heads[0], "GET /v2/x?id=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(world->heads[0], "authorization: Bearer abc\r\n"));
	find(world, LC_S3_CREDENTIALS_CONTAINER, PLAIN);
	world->answers[1] = JSON;
	world->done = 0;
	run(world);
	assert_null(strstr(world->heads[1], "uthorization:"));
}

static void the_authorization_may_stand_in_a_file(void **state)
{
	char path[] = "/tmp/lc-fetch-XXXXXX";
	char variable[128];
	const char *container[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/", variable, NULL};
	struct world *world = *state;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, "from-file\n", 10) == 10);
	close(fd);
	snprintf(variable, sizeof(variable), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s", path);
	find(world, LC_S3_CREDENTIALS_CONTAINER, container);
	world->answers[0] = JSON;
	run(world);
	assert_non_null(strstr(world->heads[0], "authorization: from-file\r\n"));
	unlink(path);
	assert_null(lc_credentials_fetch_start(world->http, &world->source, on_fetched, world,
					       &world->error));
	assert_non_null(strstr(world->error.message, path));
}

static void an_authorization_is_shown_to_nobody_far_away(void **state)
{
	static const char *const URLS[] = {
	    "http://example.net/x",   "http://127.0.0.1.example.net/",
	    "http://localhost.evil/", "http://127.0.0.1@example.net/",
	    "ftp://127.0.0.1/",       "http:/127.0.0.1/",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(URLS) / sizeof(URLS[0]); i++) {
		char variable[128];
		const char *container[] = {variable, NULL};

		snprintf(variable, sizeof(variable), "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s",
			 URLS[i]);
		find(world, LC_S3_CREDENTIALS_CONTAINER, container);
		assert_null(lc_credentials_fetch_start(world->http, &world->source, on_fetched,
						       world, &world->error));
		assert_int_equal(world->error.kind, LC_ERROR_USAGE);
	}
}

static void a_web_identity_is_exchanged_for_a_role(void **state)
{
	char path[] = "/tmp/lc-fetch-XXXXXX";
	char variable[128];
	const char *web[] = {"AWS_ROLE_ARN=arn:aws:iam:::role/logs", variable,
			     "AWS_ROLE_SESSION_NAME=courier-1", "AWS_ENDPOINT_URL_STS=%s/", NULL};
	struct world *world = *state;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, "a.b+c/d=\n", 9) == 9);
	close(fd);
	snprintf(variable, sizeof(variable), "AWS_WEB_IDENTITY_TOKEN_FILE=%s", path);
	find(world, LC_S3_CREDENTIALS_WEB_IDENTITY, web);
	world->answers[0] =
	    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
	    "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
	    "<SessionToken>t</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
	    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
	run(world);
	assert_lent(world);
	assert_non_null(strstr(world->heads[0], "POST / HTTP/1.1\r\n"));
	assert_non_null(
	    strstr(world->heads[0], "content-type: application/x-www-form-urlencoded\r\n"));
	assert_string_equal(world->body,
			    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
			    "&RoleArn=arn%3Aaws%3Aiam%3A%3A%3Arole%2Flogs&RoleSessionName=courier-1"
			    "&WebIdentityToken=a.b%2Bc%2Fd%3D");
	world->answers[1] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 104\r\n\r\n"
			    "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
			    "<Message>no</Message></Error></ErrorResponse>    ";
	world->done = 0;
	run(world);
	assert_int_equal(world->error.kind, LC_ERROR_REFUSED);
	assert_non_null(strstr(world->error.message, "HTTP 400 InvalidIdentityToken: no"));
	assert_null(strstr(world->error.message, "a.b"));
	unlink(path);
}

static void nonsense_is_no_credentials(void **state)
{
	static const char *const ANSWERS[] = {
	    "", "<html>login</html>",
	    ("HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n"
	     "Content-Length: 0\r\n\r\n"),
	    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"};
	static const char *const CONTAINER[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/", NULL};
	struct world *world = *state;

	find(world, LC_S3_CREDENTIALS_CONTAINER, CONTAINER);
	for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
		world->requests = 0;
		world->done = 0;
		world->answers[0] = ANSWERS[i];
		run(world);
		assert_int_not_equal(world->error.kind, LC_ERROR_NONE);
		assert_non_null(strstr(world->error.message, script_server_url(world->server)));
		assert_int_equal(world->requests, 1);
	}
}

static void endless(void *context, struct script_connection *connection,
		    const struct script_request *request)
{
	static char much[128 * 1024];

	(void)context;
	(void)request;
	memset(much, 'x', sizeof(much));
	script_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 131072\r\n\r\n");
	script_send(connection, (struct lc_view){.data = much, .size = sizeof(much)});
}

static void an_answer_without_end_is_given_up(void **state)
{
	static const char *const CONTAINER[] = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/", NULL};
	struct world *world = *state;

	script_server_free(world->server);
	world->server = script_server_new(world->loop, endless, world);
	find(world, LC_S3_CREDENTIALS_CONTAINER, CONTAINER);
	run(world);
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
}

static void a_fetch_that_is_cancelled_is_silent(void **state)
{
	struct world *world = *state;
	struct lc_credentials_fetch *fetch;

	find(world, LC_S3_CREDENTIALS_INSTANCE, INSTANCE);
	fetch = lc_credentials_fetch_start(world->http, &world->source, on_fetched, world, NULL);
	assert_non_null(fetch);
	lc_credentials_fetch_cancel(fetch);
	assert_int_equal(world->done, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(instance_metadata_is_asked_with_a_session_token),
	    STORY(an_instance_without_a_role_says_so),
	    STORY(a_strange_name_of_a_role_is_not_asked_for),
	    STORY(a_container_is_asked_with_its_authorization),
	    STORY(the_authorization_may_stand_in_a_file),
	    STORY(an_authorization_is_shown_to_nobody_far_away),
	    STORY(a_web_identity_is_exchanged_for_a_role),
	    STORY(nonsense_is_no_credentials),
	    STORY(an_answer_without_end_is_given_up),
	    STORY(a_fetch_that_is_cancelled_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
