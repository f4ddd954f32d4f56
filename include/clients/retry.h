/*
 * What to do about a failed request to S3, as a pure rule over HTTP status and <Code>. Texts never
 * decide: a bucket may be called anything.
 */
#ifndef LC_CLIENTS_RETRY_H
#define LC_CLIENTS_RETRY_H

#include "formats/document_names.h"

#include <stdbool.h>

enum lc_retry_class {
	LC_RETRY_DONE,        /* it has happened */
	LC_RETRY_AGAIN,       /* passing: try again with backoff */
	LC_RETRY_CLOCK,       /* our clock differs: correct it, then try again */
	LC_RETRY_WAIT,        /* the target refuses; it steps aside until somebody mends it */
	LC_RETRY_CREDENTIALS, /* there are none to sign with, or S3 takes no longer those that there
				 are and others may come: not the target's fault */
};

/* What an answer that is not LC_RETRY_DONE speaks of. */
enum lc_retry_scope {
	LC_RETRY_SCOPE_BUCKET,  /* the bucket, or the whole service, whatever the key */
	LC_RETRY_SCOPE_PREFIX,  /* the keys that begin alike: what a policy may allow or not */
	LC_RETRY_SCOPE_OBJECT,  /* this object: its size */
	LC_RETRY_SCOPE_UNKNOWN, /* a refusal that may be of the prefix or of the object */
};

/* S3's answer to a PUT; never LC_RETRY_CREDENTIALS. status 0: no (complete) answer. `code` may be empty; one that is known goes
 * before the status. `certain` (may be NULL) is set to true if the object is certainly not stored
 * by this attempt: an answer in the 4xx. (That no connection was made is certain too; the caller
 * knows.) */
enum lc_retry_class lc_retry_classify_s3(unsigned status, const char *code, bool *certain);

/* What S3's answer to a PUT speaks of; status and code as above. */
enum lc_retry_scope lc_retry_scope_s3(unsigned status, const char *code);

/* Does S3 say that there is no such object? (That it may not be read, or its bucket is not there, is
 * something else.) */
bool lc_retry_is_absent_s3(unsigned status, const char *code);

/* The fault that S3's <Code> shows by itself; NONE if the status has to say. */
enum lc_fault lc_retry_fault_s3(const char *code);

#endif
