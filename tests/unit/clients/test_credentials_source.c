#include "clients/credentials_source.h"

#include "support/story.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own, and what was found. */
struct world {
	char home[64];
	char home_variable[80];
	struct lc_credentials_source source;
	struct lc_credentials credentials;
	struct lc_error error;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->home, sizeof(world->home), "/tmp/lc-source-XXXXXX");
	assert_non_null(mkdtemp(world->home));
	snprintf(world->home_variable, sizeof(world->home_variable), "HOME=%s", world->home);
	*state = world;
	return 0;
}

static const char *in_home(const struct world *world, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", world->home, name);
	return path;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_credentials_source_clear(&world->source);
	lc_credentials_clear(&world->credentials);
	assert_int_equal(nftw(world->home, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(world);
	return 0;
}

static void write_file(const struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(in_home(world, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool find(struct world *world, enum lc_s3_credentials source, const char *const *environment)
{
	const struct lc_credentials_options options = {
	    .source = source, .s3_endpoint = "https://s3.example.net", .environment = environment};

	lc_credentials_source_clear(&world->source);
	world->error = (struct lc_error){.kind = LC_ERROR_NONE};
	return lc_credentials_source_find(&world->source, &options, &world->error);
}

static bool read_it(struct world *world)
{
	return lc_credentials_source_read(&world->source, &world->credentials, &world->error);
}

static void the_chain_takes_the_first_source_that_is_set_up(void **state)
{
	struct world *world = *state;
	/* Each with all those after it, too. */
	const char *all[] = {"AWS_ACCESS_KEY_ID=A",
			     "AWS_SECRET_ACCESS_KEY=s",
			     "AWS_ROLE_ARN=arn:aws:iam::1:role/x",
			     "AWS_WEB_IDENTITY_TOKEN_FILE=/token",
			     "AWS_PROFILE=logs",
			     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x",
			     world->home_variable,
			     NULL};
	const struct lc_credentials_options with_key = {
	    .source = LC_S3_CREDENTIALS_CHAIN, .access_key_id = "K", .environment = all};

	assert_true(lc_credentials_source_find(&world->source, &with_key, NULL));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_STATIC);
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, all));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_ENVIRONMENT);
	assert_string_equal(world->source.shown, "the environment (AWS_ACCESS_KEY_ID)");
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, all + 1));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_WEB_IDENTITY);
	assert_string_equal(world->source.shown,
			    "web identity, role arn:aws:iam::1:role/x from https://s3.example.net");
	/* A role without a token is none. */
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, all + 3));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_PROFILE);
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, all + 5));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_CONTAINER);
	assert_string_equal(world->source.url, "http://169.254.170.2/v2/x");
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, all + 6));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_INSTANCE);
	assert_string_equal(world->source.url, "http://169.254.169.254");
}

static void a_file_in_the_home_directory_is_enough_for_a_profile(void **state)
{
	struct world *world = *state;
	const char *environment[] = {world->home_variable, NULL};
	char path[128];

	snprintf(path, sizeof(path), "%s", in_home(world, ".aws"));
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(world, ".aws/credentials",
		   "[default]\naws_access_key_id=A\naws_secret_access_key=s\n");
	assert_true(find(world, LC_S3_CREDENTIALS_CHAIN, environment));
	assert_int_equal(world->source.kind, LC_S3_CREDENTIALS_PROFILE);
	assert_true(read_it(world));
	assert_string_equal(world->credentials.access_key_id, "A");
}

static void settings_go_before_the_environment(void **state)
{
	struct world *world = *state;
	const char *environment[] = {"AWS_PROFILE=theirs",
				     "AWS_SHARED_CREDENTIALS_FILE=/theirs",
				     "AWS_ROLE_ARN=theirs",
				     "AWS_WEB_IDENTITY_TOKEN_FILE=/theirs",
				     "AWS_ENDPOINT_URL_STS=http://theirs",
				     NULL};
	struct lc_credentials_options options = {.source = LC_S3_CREDENTIALS_PROFILE,
						 .profile = "ours",
						 .shared_file = "/ours",
						 .role_arn = "ours",
						 .web_identity_token_file = "/ours",
						 .sts_endpoint = "http://ours",
						 .s3_endpoint = "http://s3",
						 .environment = environment};

	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_string_equal(world->source.shown, "profile ours of /ours");
	lc_credentials_source_clear(&world->source);
	options.source = LC_S3_CREDENTIALS_WEB_IDENTITY;
	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_string_equal(world->source.role_arn, "ours");
	assert_string_equal(world->source.web_identity_token_file, "/ours");
	assert_string_equal(world->source.url, "http://ours");
	lc_credentials_source_clear(&world->source);
	options.role_arn = "";
	options.web_identity_token_file = NULL;
	options.sts_endpoint = "";
	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_string_equal(world->source.role_arn, "theirs");
	assert_string_equal(world->source.web_identity_token_file, "/theirs");
	assert_string_equal(world->source.url, "http://theirs");
	assert_string_equal(world->source.role_session_name, "log-courier");
}

static void a_source_that_is_not_set_up_says_what_it_lacks(void **state)
{
	struct world *world = *state;
	const char *environment[] = {"AWS_EC2_METADATA_DISABLED=TRUE", world->home_variable, NULL};
	static const struct {
		enum lc_s3_credentials source;
		const char *words;
	} CASES[] = {
	    {LC_S3_CREDENTIALS_STATIC, "s3.access-key-id"},
	    {LC_S3_CREDENTIALS_ENVIRONMENT, "AWS_ACCESS_KEY_ID"},
	    {LC_S3_CREDENTIALS_WEB_IDENTITY, "s3.web-identity-token-file"},
	    {LC_S3_CREDENTIALS_PROFILE, "s3.shared-credentials-file"},
	    {LC_S3_CREDENTIALS_CONTAINER, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"},
	    {LC_S3_CREDENTIALS_INSTANCE, "AWS_EC2_METADATA_DISABLED"},
	    {LC_S3_CREDENTIALS_CHAIN, "no source of credentials is set up"},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_false(find(world, CASES[i].source, environment));
		assert_int_equal(world->error.kind, LC_ERROR_USAGE);
		assert_non_null(strstr(world->error.message, CASES[i].words));
	}
}

static void files_are_read_anew_each_time(void **state)
{
	struct world *world = *state;
	char secret[128];
	char token[128];
	struct lc_credentials_options options = {.access_key_id = "A",
						 .secret_access_key = "as it was",
						 .secret_access_key_file = secret,
						 .session_token_file = token};

	snprintf(secret, sizeof(secret), "%s", in_home(world, "secret"));
	snprintf(token, sizeof(token), "%s", in_home(world, "token"));
	write_file(world, "secret", "first\n");
	write_file(world, "token", "t1\r\n");
	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_true(lc_credentials_source_may_change(&world->source));
	assert_true(read_it(world));
	assert_string_equal(world->credentials.secret_access_key, "first");
	assert_string_equal(world->credentials.session_token, "t1");
	write_file(world, "secret", "second");
	assert_true(read_it(world));
	assert_string_equal(world->credentials.secret_access_key, "second");
	write_file(world, "secret", "");
	assert_false(read_it(world));
	assert_non_null(strstr(world->error.message, "empty file"));
	assert_int_equal(unlink(secret), 0);
	assert_false(read_it(world));
	assert_non_null(strstr(world->error.message, secret));
	assert_string_equal(world->credentials.secret_access_key, "second");
}

static void what_stands_in_settings_or_environment_does_not_change(void **state)
{
	struct world *world = *state;
	const char *environment[] = {"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s",
				     "AWS_SESSION_TOKEN=t", NULL};
	const struct lc_credentials_options options = {.access_key_id = "A",
						       .secret_access_key = "s",
						       .secret_access_key_file = "",
						       .session_token = ""};

	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_false(lc_credentials_source_may_change(&world->source));
	assert_true(read_it(world));
	assert_string_equal(world->credentials.session_token, "");
	assert_true(find(world, LC_S3_CREDENTIALS_ENVIRONMENT, environment));
	assert_false(lc_credentials_source_may_change(&world->source));
	assert_true(read_it(world));
	assert_string_equal(world->credentials.session_token, "t");
	environment[1] = "AWS_SECRET_ACCESS_KEY=";
	assert_true(find(world, LC_S3_CREDENTIALS_ENVIRONMENT, environment));
	assert_false(read_it(world));
	assert_non_null(strstr(world->error.message, "no secret access key"));
}

static void a_file_without_the_profile_is_named(void **state)
{
	struct world *world = *state;
	char file[128];
	struct lc_credentials_options options = {
	    .source = LC_S3_CREDENTIALS_PROFILE, .shared_file = file, .profile = "logs"};

	snprintf(file, sizeof(file), "%s", in_home(world, "credentials"));
	write_file(world, "credentials", "[default]\naws_access_key_id=A\n");
	assert_true(lc_credentials_source_find(&world->source, &options, NULL));
	assert_false(read_it(world));
	assert_non_null(strstr(world->error.message, file));
	assert_non_null(strstr(world->error.message, "no profile \"logs\""));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(the_chain_takes_the_first_source_that_is_set_up),
	    STORY(a_file_in_the_home_directory_is_enough_for_a_profile),
	    STORY(settings_go_before_the_environment),
	    STORY(a_source_that_is_not_set_up_says_what_it_lacks),
	    STORY(files_are_read_anew_each_time),
	    STORY(what_stands_in_settings_or_environment_does_not_change),
	    STORY(a_file_without_the_profile_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
