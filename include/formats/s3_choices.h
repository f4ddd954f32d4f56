/* The choices of include/tbl/s3_choices.h, shared by the settings, which take them, and the client
 * of S3, which follows them. */
#ifndef LC_FORMATS_S3_CHOICES_H
#define LC_FORMATS_S3_CHOICES_H

/* PATH: http://endpoint/bucket/key; VIRTUAL: http://bucket.endpoint/key */
enum lc_s3_addressing {
#define LC_S3_ADDRESSING(name, text) LC_S3_ADDRESSING_##name,
#include "tbl/s3_choices.h"
};

/* If-None-Match: * on PUTs: an object that is there already is not written again. AUTO: until a PUT
 * succeeds only without it. */
enum lc_s3_conditional {
#define LC_S3_CONDITIONAL(name, text) LC_S3_CONDITIONAL_##name,
#include "tbl/s3_choices.h"
};

#endif
