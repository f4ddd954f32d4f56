#include "clients/credentials_provider.h"

#include "base/clock.h"
#include "base/memory.h"
#include "clients/s3.h"
#include "support/script_server.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* S3 and a container's provider of credentials, in one server: S3 takes the keys that it is told to
 * take, the provider lends those that it is told to lend. */
struct world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *server;
	struct lc_loop_timer *deadline;
	char container[128];
	const char *environment[2];
	struct lc_credentials_options options;
	struct lc_credentials_provider *provider;
	struct lc_s3 *s3;
	char directory[64];
	char file[96];

	const char *lent;  /* the access key that is lent; NULL: the provider fails */
	int lent_seconds;  /* how long it is good; 0: for ever */
	const char *taken; /* the access key that S3 takes */
	const char *code;  /* what it answers to others */
	unsigned lends;    /* requests to the provider */
	unsigned puts;     /* requests to S3 */
	char head[4096];   /* of the last of these */
	unsigned renewals; /* that were told */
	unsigned done;
	struct lc_s3_answer answer;
};

static void answer(struct script_connection *connection, const char *status, const char *headers,
		   const char *body)
{
	char text[2048];

	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
		 headers, strlen(body), body);
	script_send_text(connection, text);
}

static void lend(struct world *world, struct script_connection *connection)
{
	char expiration[LC_CLOCK_TEXT_SIZE];
	char body[512];

	world->lends++;
	if (world->lent == NULL) {
		answer(connection, "503 Service Unavailable", "", "");
		return;
	}
	lc_clock_format(lc_clock_wall_ms() / 1000 * 1000 + (int64_t)world->lent_seconds * 1000,
			expiration);
	snprintf(
	    body, sizeof(body),
	    "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"Token\":\"token-of-%s\"%s%s%s}",
	    world->lent, world->lent, world->lent_seconds == 0 ? "" : ",\"Expiration\":\"",
	    world->lent_seconds == 0 ? "" : expiration, world->lent_seconds == 0 ? "" : "\"");
	answer(connection, "200 OK", "", body);
}

static void take(struct world *world, struct script_connection *connection,
		 const struct script_request *request)
{
	char credential[64];
	char body[256];

	world->puts++;
	script_keep(world->head, sizeof(world->head), request->head);
	snprintf(credential, sizeof(credential), "Credential=%s/", world->taken);
	if (strstr(world->head, credential) != NULL) {
		answer(connection, "200 OK", "ETag: \"x\"\r\n", "");
		return;
	}
	snprintf(body, sizeof(body), "<Error><Code>%s</Code></Error>", world->code);
	answer(connection, "403 Forbidden", "", body);
}

static void serve(void *context, struct script_connection *connection,
		  const struct script_request *request)
{
	struct world *world = context;

	if (lc_view_equal(request->target, lc_view_of("/lend")))
		lend(world, connection);
	else
		take(world, connection, request);
}

static void on_deadline(void *context)
{
	(void)context;
	fail_msg("nothing happens");
}

static int set_up(void **state)
{
	const struct lc_http_options options = {.connect_timeout_ms = 2000};
	struct world *world = lc_memory_zero(1, sizeof(*world));

	alarm(120);
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &options, NULL);
	world->server = script_server_new(world->loop, serve, world);
	world->deadline = lc_loop_timer_new(world->loop, on_deadline, world);
	lc_loop_timer_start(world->deadline, 60 * 1000);
	snprintf(world->container, sizeof(world->container),
		 "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/lend", script_server_url(world->server));
	world->environment[0] = world->container;
	world->options.environment = world->environment;
	snprintf(world->directory, sizeof(world->directory), "/tmp/lc-provider-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->file, sizeof(world->file), "%s/secret", world->directory);
	world->taken = "FIRST";
	world->code = "InvalidAccessKeyId";
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->provider);
	lc_http_free(world->http);
	script_server_free(world->server);
	lc_loop_timer_free(world->deadline);
	lc_loop_free(world->loop);
	unlink(world->file);
	rmdir(world->directory);
	free(world);
	return 0;
}

static void on_renewed(void *context)
{
	struct world *world = context;

	world->renewals++;
	lc_loop_stop(world->loop);
}

static void begin(struct world *world, enum lc_s3_credentials source)
{
	struct lc_s3_options options = {.endpoint = script_server_url(world->server),
					.region = "us-east-1",
					.conditional = LC_S3_CONDITIONAL_OFF,
					.timeout_ms = 30000};

	world->options.source = source;
	world->provider = lc_credentials_provider_new(world->loop, world->http, &world->options);
	lc_credentials_provider_tell(world->provider, on_renewed, world);
	options.credentials = world->provider;
	world->s3 = lc_s3_new(world->loop, world->http, &options, NULL);
}

static void on_answer(void *context, const struct lc_s3_answer *given)
{
	struct world *world = context;

	world->done++;
	world->answer = *given;
	world->answer.code = NULL;
	lc_loop_stop(world->loop);
}

static struct lc_s3_put *start_put(struct world *world)
{
	static const struct lc_view piece = {.data = "line\n", .size = 5};
	static const struct lc_s3_body body = {.pieces = &piece, .piece_count = 1, .size = 5};
	const struct lc_s3_put_spec spec = {
	    .bucket = lc_view_of("logs"), .key = lc_view_of("key"), .body = &body};

	return lc_s3_put(world->s3, &spec, on_answer, world);
}

static void put(struct world *world)
{
	unsigned done = world->done;

	start_put(world);
	while (world->done == done)
		lc_loop_run(world->loop);
}

static void write_secret(const struct world *world, const char *secret)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s.new", world->file);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", secret);
	fclose(file);
	assert_int_equal(rename(path, world->file), 0);
}

static bool signs_with(const struct world *world, const char *id)
{
	const struct lc_credentials *now = lc_credentials_provider_current(world->provider);

	return now != NULL && strcmp(now->access_key_id, id) == 0;
}

/* ---- on this machine ---- */

static void what_the_settings_hold_is_there_at_once_and_stays(void **state)
{
	struct world *world = *state;

	world->options.access_key_id = "FIRST";
	world->options.secret_access_key = "s";
	world->options.session_token = "session==";
	begin(world, LC_S3_CREDENTIALS_STATIC);
	assert_true(signs_with(world, "FIRST"));
	assert_false(lc_credentials_provider_may_change(world->provider));
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_non_null(strstr(world->head, "x-amz-security-token: session==\r\n"));
	assert_non_null(strstr(world->head, "SignedHeaders=content-type;host;x-amz-content-sha256;"
					    "x-amz-date;x-amz-security-token,"));
}

static void a_refusal_of_what_cannot_change_is_the_targets(void **state)
{
	struct world *world = *state;

	world->options.access_key_id = "WRONG";
	world->options.secret_access_key = "s";
	begin(world, LC_S3_CREDENTIALS_STATIC);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->puts, 1);
	assert_null(strstr(world->head, "security-token"));
}

static void is_read_again(void *context)
{
	struct world *world = context;

	if (strcmp(lc_credentials_provider_current(world->provider)->secret_access_key, "second") ==
	    0)
		lc_loop_stop(world->loop);
	else
		lc_loop_timer_start(world->deadline, 20);
}

static void a_file_that_changes_is_read_again(void **state)
{
	struct world *world = *state;

	write_secret(world, "first");
	world->options.access_key_id = "FIRST";
	world->options.secret_access_key = "first";
	world->options.secret_access_key_file = world->file;
	begin(world, LC_S3_CREDENTIALS_STATIC);
	assert_string_equal(lc_credentials_provider_current(world->provider)->secret_access_key,
			    "first");
	write_secret(world, "second");
	lc_loop_timer_free(world->deadline);
	world->deadline = lc_loop_timer_new(world->loop, is_read_again, world);
	lc_loop_timer_start(world->deadline, 0);
	lc_loop_run(world->loop);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	/* Nobody waited for that. */
	assert_int_equal(world->renewals, 0);
}

static void a_file_that_has_gone_is_told_and_what_was_read_is_used(void **state)
{
	struct world *world = *state;
	struct lc_credentials_status status;

	world->options.access_key_id = "FIRST";
	world->options.secret_access_key = "as it was";
	world->options.secret_access_key_file = world->file;
	begin(world, LC_S3_CREDENTIALS_STATIC);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	status = lc_credentials_provider_status(world->provider);
	assert_true(status.usable);
	assert_int_not_equal(status.failing_since, 0);
	assert_non_null(strstr(status.error->message, world->file));
	assert_null(strstr(status.error->message, "as it was"));
}

static void a_key_that_is_refused_is_read_again_before_anybody_is_blamed(void **state)
{
	struct world *world = *state;
	FILE *file = fopen(world->file, "w");

	fputs("[default]\naws_access_key_id=FIRST\naws_secret_access_key=s\n", file);
	fclose(file);
	world->options.shared_file = world->file;
	begin(world, LC_S3_CREDENTIALS_PROFILE);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	world->taken = "SECOND";
	file = fopen(world->file, "w");
	fputs("[default]\naws_access_key_id=SECOND\naws_secret_access_key=s2\n", file);
	fclose(file);
	put(world); /* at once, before the file is looked at by itself */
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->puts, 3);
	assert_true(signs_with(world, "SECOND"));
}

static void a_key_that_stays_refused_is_its_sources_fault(void **state)
{
	struct world *world = *state;
	FILE *file = fopen(world->file, "w");

	fputs("[default]\naws_access_key_id=WRONG\naws_secret_access_key=s\n", file);
	fclose(file);
	world->options.shared_file = world->file;
	begin(world, LC_S3_CREDENTIALS_PROFILE);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_CREDENTIALS);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_BUCKET);
	assert_int_equal(world->answer.status, 403);
	assert_true(world->answer.certain);
	assert_int_equal(world->puts, 2);
	/* A signature may also be spoilt on its way. */
	world->code = "SignatureDoesNotMatch";
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	/* What has nothing to do with keys is as ever. */
	world->code = "AccessDenied";
	world->puts = 0;
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_WAIT);
	assert_int_equal(world->answer.scope, LC_RETRY_SCOPE_PREFIX);
	assert_int_equal(world->puts, 1);
}

/* ---- lent ---- */

static void an_upload_waits_for_what_is_lent(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	assert_null(lc_credentials_provider_current(world->provider));
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->lends, 1);
	assert_int_equal(world->puts, 1);
	assert_non_null(strstr(world->head, "x-amz-security-token: token-of-FIRST\r\n"));
}

static void without_credentials_nothing_is_sent_and_nobody_blamed(void **state)
{
	struct world *world = *state;
	struct lc_credentials_status status;

	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_CREDENTIALS);
	assert_int_equal(world->answer.status, 0);
	assert_true(world->answer.certain);
	assert_non_null(strstr(world->answer.error.message, "HTTP 503"));
	assert_int_equal(world->puts, 0);
	status = lc_credentials_provider_status(world->provider);
	assert_false(status.usable);
	assert_non_null(strstr(status.from, "the container's provider at http://127.0.0.1"));
	world->lent = "FIRST"; /* asked again by itself, and told */
	lc_loop_run(world->loop);
	assert_int_equal(world->renewals, 1);
	assert_int_equal(lc_credentials_provider_status(world->provider).failing_since, 0);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
}

static void is_lent_anew(void *context)
{
	struct world *world = context;

	if (signs_with(world, "SECOND"))
		lc_loop_stop(world->loop);
	else
		lc_loop_timer_start(world->deadline, 20);
}

static void new_ones_come_before_the_old_ones_expire(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	world->lent_seconds = 8;
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	put(world);
	world->renewals = 0; /* that of none */
	world->lent = "SECOND";
	lc_loop_timer_free(world->deadline);
	world->deadline = lc_loop_timer_new(world->loop, is_lent_anew, world);
	lc_loop_timer_start(world->deadline, 0);
	assert_false(lc_credentials_provider_expired(world->provider));
	lc_loop_run(world->loop);
	assert_int_equal(world->lends, 2);
	assert_int_equal(world->renewals, 0); /* nobody had to wait */
	world->taken = "SECOND";
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	assert_int_equal(world->puts, 2);
}

static void has_expired(void *context)
{
	struct world *world = context;
	struct lc_credentials_status status = lc_credentials_provider_status(world->provider);

	/* As long as they are good they are used, though newer ones cannot be had. */
	if (status.failing_since != 0 && !lc_credentials_provider_expired(world->provider))
		assert_true(status.usable);
	if (!status.usable)
		lc_loop_stop(world->loop);
	else
		lc_loop_timer_start(world->deadline, 20);
}

static void when_the_old_ones_have_expired_uploads_wait(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	world->lent_seconds = 4;
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
	world->lent = NULL;
	lc_loop_timer_free(world->deadline);
	world->deadline = lc_loop_timer_new(world->loop, has_expired, world);
	lc_loop_timer_start(world->deadline, 0);
	lc_loop_run(world->loop);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_CREDENTIALS);
	assert_int_equal(world->puts, 1);
	world->renewals = 0;
	world->lent = "SECOND";
	world->lent_seconds = 0;
	world->taken = "SECOND";
	while (world->renewals == 0)
		lc_loop_run(world->loop);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
}

/* By its own clock the service has just lent them, and S3's clock decides. */
static void what_is_lent_is_used_though_it_has_expired_by_our_clock(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	world->lent_seconds = -3600;
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_DONE);
}

static void what_was_refused_is_asked_for_once_however_many_are_refused(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	world->taken = "OTHER";
	world->code = "ExpiredToken";
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	for (unsigned i = 0; i < 5; i++) {
		put(world);
		assert_int_equal(world->answer.retry_class, LC_RETRY_CREDENTIALS);
	}
	/* It was asked a moment ago. */
	assert_int_equal(world->lends, 1);
	assert_int_equal(world->puts, 10);
}

/* Ceph says AccessDenied where Amazon says ExpiredToken. */
static void after_their_time_a_denial_may_be_of_the_credentials(void **state)
{
	struct world *world = *state;

	world->lent = "FIRST";
	world->lent_seconds = -3600;
	world->taken = "OTHER";
	world->code = "AccessDenied";
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	put(world);
	assert_int_equal(world->answer.retry_class, LC_RETRY_CREDENTIALS);
	assert_int_equal(world->puts, 2);
}

static void who_does_not_wait_any_more_is_not_told(void **state)
{
	struct world *world = *state;
	struct lc_s3_put *one;

	world->lent = "FIRST";
	begin(world, LC_S3_CREDENTIALS_CONTAINER);
	one = start_put(world);
	lc_s3_cancel(one);
	put(world);
	assert_int_equal(world->done, 1);
	/* Freed while one waits. */
	start_put(world);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(what_the_settings_hold_is_there_at_once_and_stays),
	    STORY(a_refusal_of_what_cannot_change_is_the_targets),
	    STORY(a_file_that_changes_is_read_again),
	    STORY(a_file_that_has_gone_is_told_and_what_was_read_is_used),
	    STORY(a_key_that_is_refused_is_read_again_before_anybody_is_blamed),
	    STORY(a_key_that_stays_refused_is_its_sources_fault),
	    STORY(an_upload_waits_for_what_is_lent),
	    STORY(without_credentials_nothing_is_sent_and_nobody_blamed),
	    STORY(new_ones_come_before_the_old_ones_expire),
	    STORY(when_the_old_ones_have_expired_uploads_wait),
	    STORY(what_is_lent_is_used_though_it_has_expired_by_our_clock),
	    STORY(what_was_refused_is_asked_for_once_however_many_are_refused),
	    STORY(after_their_time_a_denial_may_be_of_the_credentials),
	    STORY(who_does_not_wait_any_more_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
