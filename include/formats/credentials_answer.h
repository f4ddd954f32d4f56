/*
 * Credentials as those answer who lend them for a time.
 *
 * JSON: instance metadata (Amazon EC2 User Guide, "Retrieve security credentials from instance
 * metadata") and the container credential provider (AWS SDKs and Tools Reference Guide): an object
 * with AccessKeyId, SecretAccessKey, Token and Expiration, and from instance metadata Code, which is
 * "Success". XML: AssumeRoleWithWebIdentity (AWS Security Token Service API Reference). Times are
 * ISO 8601 in UTC: "2026-02-06T00:00:38Z".
 */
#ifndef LC_FORMATS_CREDENTIALS_ANSWER_H
#define LC_FORMATS_CREDENTIALS_ANSWER_H

#include "base/error.h"
#include "base/view.h"
#include "formats/credentials.h"

#include <stdbool.h>

enum { LC_CREDENTIALS_ANSWER_MAX = 64 * 1024 }; /* bytes of an answer that is read */

/* Read an answer. False, and nothing is changed, if it holds no credentials; the error says why, in
 * the server's own words if it has some (LC_ERROR_REFUSED, else LC_ERROR_CORRUPT), and repeats no
 * secret. JSON without a time at which they expire is of credentials that do not. */
bool lc_credentials_answer_read_json(struct lc_view body, struct lc_credentials *credentials,
				     struct lc_error *error);
bool lc_credentials_answer_read_sts(struct lc_view body, struct lc_credentials *credentials,
				    struct lc_error *error);

#endif
