/*
 * The credentials that one client of S3, or several, sign with: where they come from, and newer ones
 * in time. Nothing is dropped and nobody is blamed when they run out: whoever signs waits.
 *
 * - Files are read again when they have changed, without a reload; what is lent for a time is asked
 *   for again before it expires (clients/credentials_schedule.h).
 * - While that fails the old ones are used until they expire.
 * - What S3 refuses is looked for again at once.
 *
 * Callbacks run from the loop.
 */
#ifndef LC_CLIENTS_CREDENTIALS_PROVIDER_H
#define LC_CLIENTS_CREDENTIALS_PROVIDER_H

#include "base/error.h"
#include "base/loop.h"
#include "clients/credentials_source.h"
#include "clients/http.h"
#include "formats/credentials.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_credentials_provider;
struct lc_credentials_wait;

typedef void lc_credentials_callback(void *context);

/* Credentials of this machine are there at once, unless they cannot be read; others when the loop
 * has run. The options' texts and `http`, over which services are asked, outlive the provider. */
struct lc_credentials_provider *
lc_credentials_provider_new(struct lc_loop *loop, struct lc_http *http,
			    const struct lc_credentials_options *options);
/* Nobody waits any more. NULL is allowed. */
void lc_credentials_provider_free(struct lc_credentials_provider *provider);

/* What is to be signed with; valid until the loop is back. NULL: there are none, or they have
 * expired and newer ones could not be had. */
const struct lc_credentials *
lc_credentials_provider_current(const struct lc_credentials_provider *provider);

/* A number that changes with them; while it does not, their texts stay in their place. 0: there have
 * been none. */
uint64_t lc_credentials_provider_generation(const struct lc_credentials_provider *provider);

/* True if there may be other credentials later: then a refusal of those that are used is no reason
 * to give up. */
bool lc_credentials_provider_may_change(const struct lc_credentials_provider *provider);

/* True if those that are used have passed their time. */
bool lc_credentials_provider_expired(const struct lc_credentials_provider *provider);

/* Looks for credentials, since there are none or S3 has refused those of this generation (0: none
 * were refused), and calls back once, when the look has ended, whatever came of it. A source that
 * was asked a moment ago is not asked again: then the call comes at once. */
struct lc_credentials_wait *lc_credentials_provider_await(struct lc_credentials_provider *provider,
							  uint64_t refused,
							  lc_credentials_callback *callback,
							  void *context);
/* Ends the wait without a call. */
void lc_credentials_provider_cancel(struct lc_credentials_wait *wait);

/* Sets who is called when credentials have come in place of some that were refused or had expired,
 * or of none. */
void lc_credentials_provider_tell(struct lc_credentials_provider *provider,
				  lc_credentials_callback *on_renewed, void *context);

/* How it stands, for people. */
struct lc_credentials_status {
	const char *from;      /* "instance metadata at http://..."; empty: nothing is set up */
	int64_t expires;       /* wall clock, seconds; 0: never, or there are none */
	int64_t failing_since; /* the same: since when newer ones cannot be had; 0: they can */
	bool usable;           /* there are some to sign with */
	const struct lc_error *error; /* why they cannot; kind NONE */
};
struct lc_credentials_status
lc_credentials_provider_status(const struct lc_credentials_provider *provider);

#endif
