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

/* Sent with a PUT, so that the service refuses a body that has changed on its way. */
enum lc_s3_checksum {
#define LC_S3_CHECKSUM(name, text, header) LC_S3_CHECKSUM_##name,
#include "tbl/s3_choices.h"
};

/* Who may use the object besides its owner. */
enum lc_s3_acl {
#define LC_S3_ACL(name, text) LC_S3_ACL_##name,
#include "tbl/s3_choices.h"
};

/* Server-side encryption; NONE: as the bucket's own settings say. */
enum lc_s3_encryption {
#define LC_S3_ENCRYPTION(name, text) LC_S3_ENCRYPTION_##name,
#include "tbl/s3_choices.h"
};

/* Where the credentials come from: the settings, the variables AWS_ACCESS_KEY_ID and its like, a role
 * for a web identity, a profile of a shared credentials file, the provider of a container, the
 * metadata of an instance, or the first of these that is set up. */
enum lc_s3_credentials {
#define LC_S3_CREDENTIALS(name, text) LC_S3_CREDENTIALS_##name,
#include "tbl/s3_choices.h"
};

#endif
