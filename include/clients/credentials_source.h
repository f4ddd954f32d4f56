/*
 * Where credentials for S3 come from: which source the settings and the environment name, and what
 * the sources on this machine hold. The variables are those of the AWS SDKs and Tools Reference
 * Guide.
 *
 * In a chain the first source that is set up is the one that is asked. That one fails is no reason
 * to ask another: requests would be signed in somebody else's name.
 */
#ifndef LC_CLIENTS_CREDENTIALS_SOURCE_H
#define LC_CLIENTS_CREDENTIALS_SOURCE_H

#include "base/buffer.h"
#include "base/error.h"
#include "formats/credentials.h"
#include "formats/s3_choices.h"

#include <stdbool.h>

/* What is given. The texts are the caller's and outlive whoever uses them; an empty one is not
 * given. */
struct lc_credentials_options {
	enum lc_s3_credentials source; /* one, or LC_S3_CREDENTIALS_CHAIN */
	const char *access_key_id;
	const char *secret_access_key;
	const char *secret_access_key_file; /* where the secret came from; may change */
	const char *session_token;
	const char *session_token_file; /* the same */
	const char *shared_file;
	const char *profile;
	const char *role_arn;
	const char *web_identity_token_file;
	const char *sts_endpoint;
	const char *s3_endpoint;        /* stands in for that of STS */
	const char *const *environment; /* "NAME=value", NULL after the last */
};

/* A source that is set up, with what it takes to ask it; of other kinds the members are NULL. Texts
 * are those of the options unless they are owned. */
struct lc_credentials_source {
	enum lc_s3_credentials kind; /* never LC_S3_CREDENTIALS_CHAIN */
	char *shown;                 /* owned; for people: "instance metadata at http://..." */

	/* static, environment */
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;

	/* profile */
	const char *profile;

	/* The files that hold them and may change: static, the secret's and the session token's,
	 * each NULL when there is none; profile, the shared one. */
	char *files[2]; /* owned */

	/* web identity, container, instance: who is asked, over HTTP */
	char *url; /* owned; of the service, or of the container's provider */
	const char *role_arn;
	const char *role_session_name;
	const char *web_identity_token_file;
	const char *authorization;      /* the header's value; may be empty */
	const char *authorization_file; /* holds it instead; may be empty */
};

/* Finds the source: the one that is wanted, or the first of the chain that is set up. False with an
 * error (LC_ERROR_USAGE) when it is not set up, or none is; then nothing is to be released. */
bool lc_credentials_source_find(struct lc_credentials_source *source,
				const struct lc_credentials_options *options,
				struct lc_error *error);
/* Releases it; all zero is allowed. */
void lc_credentials_source_clear(struct lc_credentials_source *source);

/* True of a source on this machine, whose credentials can be read at once; the others are asked over
 * HTTP (clients/credentials_fetch.h). */
bool lc_credentials_source_is_local(const struct lc_credentials_source *source);

/* True if the source may have other credentials later. */
bool lc_credentials_source_may_change(const struct lc_credentials_source *source);

/* Reads the credentials of a local source. False with an error that names the file. */
bool lc_credentials_source_read(const struct lc_credentials_source *source,
				struct lc_credentials *credentials, struct lc_error *error);

#endif
