/* The XML body of an S3 error (Amazon S3 API Reference, "Error responses"): only <Code> and
 * <Message> directly below the root <Error> are read, with XML's five entities and numeric
 * references resolved; whatever else stands there is skipped. Bodies that are not such XML (a
 * proxy's page, nothing) give empty texts. A body may be cut anywhere: what was complete before
 * still counts. */
#ifndef LC_FORMATS_S3_ERROR_H
#define LC_FORMATS_S3_ERROR_H

#include "base/view.h"

#include <stdbool.h>

enum { LC_S3_ERROR_CODE_SIZE = 64, LC_S3_ERROR_MESSAGE_SIZE = 256 };

struct lc_s3_error {
	/* Terminated. Letters, digits and "." alone; empty when unknown or anything else. */
	char code[LC_S3_ERROR_CODE_SIZE];
	/* Terminated, cut when longer. Control bytes are shown as spaces. */
	char message[LC_S3_ERROR_MESSAGE_SIZE];
};

/* Reads a body. False if it holds no <Error><Code>. */
bool lc_s3_error_parse(struct lc_view body, struct lc_s3_error *parsed);

#endif
