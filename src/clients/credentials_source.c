#include "clients/credentials_source.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/file.h"
#include "config/text.h"
#include "formats/credentials_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the provider of a container is when only a path is given (AWS SDKs and Tools Reference
 * Guide, "Container credential provider"), and instance metadata (Amazon EC2 User Guide). */
static const char CONTAINER_BASE[] = "http://169.254.170.2";
static const char INSTANCE_BASE[] = "http://169.254.169.254";

/* The environment's variable, empty when there is none. */
static const char *variable(const struct lc_credentials_options *options, const char *name)
{
	size_t size = strlen(name);

	for (const char *const *at = options->environment; at != NULL && *at != NULL; at++) {
		if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
			return *at + size + 1;
	}
	return "";
}

/* What the setting says, or else the variable. */
static const char *given(const char *setting, const struct lc_credentials_options *options,
			 const char *name)
{
	return setting != NULL && setting[0] != '\0' ? setting : variable(options, name);
}

static char *copy_if_given(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : lc_memory_copy_text(text);
}

/* The texts one after the other; owned by the caller. */
static char *join(const char *first, const char *second, const char *third, const char *fourth)
{
	size_t size = strlen(first) + strlen(second) + strlen(third) + strlen(fourth);
	char *joined = lc_memory_zero(size + 1, 1);

	snprintf(joined, size + 1, "%s%s%s%s", first, second, third, fourth);
	return joined;
}

/* ---- each source: whether it is set up, and what it takes ---- */

static bool find_static(struct lc_credentials_source *source,
			const struct lc_credentials_options *options)
{
	if (options->access_key_id == NULL || options->access_key_id[0] == '\0')
		return false;
	source->access_key_id = options->access_key_id;
	source->secret_access_key = options->secret_access_key;
	source->session_token = options->session_token;
	source->files[0] = copy_if_given(options->secret_access_key_file);
	source->files[1] = copy_if_given(options->session_token_file);
	source->shown = lc_memory_copy_text(LC_CREDENTIALS_FROM_SETTINGS);
	return true;
}

static bool find_environment(struct lc_credentials_source *source,
			     const struct lc_credentials_options *options)
{
	source->access_key_id = variable(options, "AWS_ACCESS_KEY_ID");
	source->secret_access_key = variable(options, "AWS_SECRET_ACCESS_KEY");
	source->session_token = variable(options, "AWS_SESSION_TOKEN");
	if (source->access_key_id[0] == '\0')
		return false;
	source->shown = lc_memory_copy_text("the environment (AWS_ACCESS_KEY_ID)");
	return true;
}

static bool find_web_identity(struct lc_credentials_source *source,
			      const struct lc_credentials_options *options)
{
	const char *endpoint = given(options->sts_endpoint, options, "AWS_ENDPOINT_URL_STS");

	source->role_arn = given(options->role_arn, options, "AWS_ROLE_ARN");
	source->web_identity_token_file =
	    given(options->web_identity_token_file, options, "AWS_WEB_IDENTITY_TOKEN_FILE");
	source->role_session_name = given("", options, "AWS_ROLE_SESSION_NAME");
	if (source->role_session_name[0] == '\0')
		source->role_session_name = "log-courier";
	if (source->role_arn[0] == '\0' || source->web_identity_token_file[0] == '\0')
		return false;
	source->url = lc_memory_copy_text(endpoint[0] == '\0' ? options->s3_endpoint : endpoint);
	source->shown = join("web identity, role ", source->role_arn, " from ", source->url);
	return true;
}

static bool find_profile(struct lc_credentials_source *source,
			 const struct lc_credentials_options *options)
{
	const char *file = given(options->shared_file, options, "AWS_SHARED_CREDENTIALS_FILE");
	const char *profile = given(options->profile, options, "AWS_PROFILE");
	bool named = file[0] != '\0' || profile[0] != '\0';

	source->profile = profile[0] == '\0' ? "default" : profile;
	source->files[0] = file[0] == '\0'
			       ? join(variable(options, "HOME"), "/.aws/credentials", "", "")
			       : lc_memory_copy_text(file);
	source->shown = join("profile ", source->profile, " of ", source->files[0]);
	return named || access(source->files[0], F_OK) == 0;
}

static bool find_container(struct lc_credentials_source *source,
			   const struct lc_credentials_options *options)
{
	const char *relative = variable(options, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = variable(options, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

	if (relative[0] == '\0' && full[0] == '\0')
		return false;
	source->url = relative[0] == '\0' ? lc_memory_copy_text(full)
					  : join(CONTAINER_BASE, relative, "", "");
	source->authorization = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	source->authorization_file = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	source->shown = join("the container's provider at ", source->url, "", "");
	return true;
}

static bool find_instance(struct lc_credentials_source *source,
			  const struct lc_credentials_options *options)
{
	const char *base = variable(options, "AWS_EC2_METADATA_SERVICE_ENDPOINT");

	if (strcasecmp(variable(options, "AWS_EC2_METADATA_DISABLED"), "true") == 0)
		return false;
	source->url = lc_memory_copy_text(base[0] == '\0' ? INSTANCE_BASE : base);
	source->shown = join("instance metadata at ", source->url, "", "");
	return true;
}

typedef bool finder(struct lc_credentials_source *source,
		    const struct lc_credentials_options *options);

/* In the order of the chain; and what a source that is not set up lacks. */
static const struct {
	finder *find;
	const char *lacks;
} SOURCES[LC_S3_CREDENTIALS_CHAIN] = {
    [LC_S3_CREDENTIALS_STATIC] = {find_static, "s3.access-key-id is empty"},
    [LC_S3_CREDENTIALS_ENVIRONMENT] = {find_environment, "AWS_ACCESS_KEY_ID is not set"},
    [LC_S3_CREDENTIALS_WEB_IDENTITY] =
	{find_web_identity,
	 "s3.role-arn and s3.web-identity-token-file, or the variables AWS_ROLE_ARN and "
	 "AWS_WEB_IDENTITY_TOKEN_FILE, are not both set"},
    [LC_S3_CREDENTIALS_PROFILE] =
	{find_profile,
	 "there is no shared credentials file, and s3.shared-credentials-file names none"},
    [LC_S3_CREDENTIALS_CONTAINER] = {find_container,
				     "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
				     "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
    [LC_S3_CREDENTIALS_INSTANCE] = {find_instance, "AWS_EC2_METADATA_DISABLED is true"},
};

static bool find_one(struct lc_credentials_source *source, enum lc_s3_credentials kind,
		     const struct lc_credentials_options *options)
{
	*source = (struct lc_credentials_source){.kind = kind};
	if (SOURCES[kind].find(source, options))
		return true;
	lc_credentials_source_clear(source);
	return false;
}

bool lc_credentials_source_find(struct lc_credentials_source *source,
				const struct lc_credentials_options *options,
				struct lc_error *error)
{
	if (options->source != LC_S3_CREDENTIALS_CHAIN)
		return find_one(source, options->source, options) ||
		       lc_error_set(error, LC_ERROR_USAGE, "%s", SOURCES[options->source].lacks);
	for (unsigned i = 0; i < LC_S3_CREDENTIALS_CHAIN; i++) {
		if (find_one(source, (enum lc_s3_credentials)i, options))
			return true;
	}
	return lc_error_set(error, LC_ERROR_USAGE, "no source of credentials is set up");
}

void lc_credentials_source_clear(struct lc_credentials_source *source)
{
	free(source->shown);
	free(source->files[0]);
	free(source->files[1]);
	free(source->url);
	*source = (struct lc_credentials_source){.shown = NULL};
}

bool lc_credentials_source_is_local(const struct lc_credentials_source *source)
{
	return source->url == NULL;
}

bool lc_credentials_source_may_change(const struct lc_credentials_source *source)
{
	return source->url != NULL || source->files[0] != NULL || source->files[1] != NULL;
}

/* ---- what local sources hold ---- */

static bool read_profile(const struct lc_credentials_source *source,
			 struct lc_credentials *credentials, struct lc_error *error)
{
	const char *path = source->files[0];
	struct lc_buffer text;
	bool good;

	lc_buffer_init(&text, LC_CREDENTIALS_FILE_MAX);
	good = lc_file_read(path, &text, NULL, error);
	if (good && lc_credentials_file_read(lc_buffer_view(&text), source->profile, credentials,
					     error) != LC_CREDENTIALS_FILE_FOUND)
		good = lc_error_prefix(error, "%s", lc_text_quote_path(path));
	lc_file_wipe(&text);
	return good;
}

/* From its file if it has one, which may have changed since the settings were read. */
static bool read_text(const char *path, const char *text, struct lc_buffer *place,
		      struct lc_error *error)
{
	if (path != NULL)
		return lc_file_read_secret(path, place, NULL, error);
	lc_buffer_append_text(place, text == NULL ? "" : text);
	return true;
}

static bool read_static(const struct lc_credentials_source *source,
			struct lc_credentials *credentials, struct lc_error *error)
{
	struct lc_buffer secret;
	struct lc_buffer token;
	bool good;

	lc_buffer_init(&secret, LC_CREDENTIALS_TOKEN_MAX);
	lc_buffer_init(&token, LC_CREDENTIALS_TOKEN_MAX);
	good = read_text(source->files[0], source->secret_access_key, &secret, error) &&
	       read_text(source->files[1], source->session_token, &token, error) &&
	       lc_credentials_set(credentials, lc_view_of(source->access_key_id),
				  lc_buffer_view(&secret), lc_buffer_view(&token), 0, error);
	lc_file_wipe(&secret);
	lc_file_wipe(&token);
	return good;
}

bool lc_credentials_source_read(const struct lc_credentials_source *source,
				struct lc_credentials *credentials, struct lc_error *error)
{
	LC_ASSERT(lc_credentials_source_is_local(source));
	if (source->kind == LC_S3_CREDENTIALS_PROFILE)
		return read_profile(source, credentials, error);
	return read_static(source, credentials, error);
}
