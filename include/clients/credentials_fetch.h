/*
 * Credentials from those who lend them, over HTTP on the event loop: instance metadata (version 2,
 * with a session token: Amazon EC2 User Guide, "Use the Instance Metadata Service"), the provider of
 * a container, and AssumeRoleWithWebIdentity (AWS Security Token Service API Reference).
 */
#ifndef LC_CLIENTS_CREDENTIALS_FETCH_H
#define LC_CLIENTS_CREDENTIALS_FETCH_H

#include "base/error.h"
#include "clients/credentials_source.h"
#include "clients/http.h"
#include "formats/credentials.h"

struct lc_credentials_fetch;

/* What came of it: credentials, which the callback may take over by clearing the struct, or an error
 * that names the URL. Runs once, from the loop; the fetch is released when it returns. */
typedef void lc_credentials_fetched(void *context, struct lc_credentials *credentials,
				    const struct lc_error *error);

/* Asks a source that is not local. It and `http` must outlive the fetch. NULL with an error when it
 * cannot even be asked: a token file that cannot be read, or a container's URL that would show its
 * authorization to others. */
struct lc_credentials_fetch *lc_credentials_fetch_start(struct lc_http *http,
							const struct lc_credentials_source *source,
							lc_credentials_fetched *callback,
							void *context, struct lc_error *error);

/* Ends it without callback. Not from within the callback. */
void lc_credentials_fetch_cancel(struct lc_credentials_fetch *fetch);

#endif
