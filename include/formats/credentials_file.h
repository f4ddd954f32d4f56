/*
 * The shared credentials file of the AWS SDKs and Tools Reference Guide ("Shared config and
 * credentials files"): profiles as [sections] with lines of "name = value", of which
 * aws_access_key_id, aws_secret_access_key and aws_session_token are read.
 */
#ifndef LC_FORMATS_CREDENTIALS_FILE_H
#define LC_FORMATS_CREDENTIALS_FILE_H

#include "base/error.h"
#include "base/view.h"
#include "formats/credentials.h"

enum { LC_CREDENTIALS_FILE_MAX = 1024 * 1024 }; /* bytes of a file that is read */

enum lc_credentials_file {
	LC_CREDENTIALS_FILE_FOUND,
	LC_CREDENTIALS_FILE_NO_PROFILE, /* it is not there, or has no key and no secret */
	LC_CREDENTIALS_FILE_WRONG,      /* what it has cannot be used */
};

/* Reads a profile. A section that comes again adds to what it had; of names given twice the last one
 * counts; names are not case-sensitive. A line that begins with # or ;, and the rest of a line from a
 * # or ; after a blank, is a comment; lines that are nothing of this are skipped. Unless found, the
 * error says why, naming the profile and the line, and repeats no secret. */
enum lc_credentials_file lc_credentials_file_read(struct lc_view text, const char *profile,
						  struct lc_credentials *credentials,
						  struct lc_error *error);

#endif
