/* The XML body of an S3 error (Amazon S3 API Reference, "Error responses"): only <Code>, <Message>
 * and <Resource> directly below <Error> are read, with XML's five entities and numeric references
 * resolved; whatever else stands there is skipped. Bodies that are not such XML (a proxy's page,
 * nothing) give empty texts. */
#ifndef LC_FORMATS_S3_ERROR_H
#define LC_FORMATS_S3_ERROR_H

#include "base/view.h"

#include <stdbool.h>

enum { LC_S3_ERROR_CODE_SIZE = 64, LC_S3_ERROR_MESSAGE_SIZE = 256 };

struct lc_s3_error {
	char code[LC_S3_ERROR_CODE_SIZE]; /* terminated; empty when unknown or not a plausible code
					   */
	char message[LC_S3_ERROR_MESSAGE_SIZE]; /* terminated, cut when longer, no control bytes */
};

/* Reads a body. False if it holds no <Error><Code>. */
bool lc_s3_error_parse(struct lc_view body, struct lc_s3_error *parsed);

#endif
