/*
 * How requests to S3 are made, as the settings let an operator choose it.
 *
 * LC_S3_ADDRESSING(name, text)     s3.addressing-style: how a bucket is named
 * LC_S3_CONDITIONAL(name, text)    s3.conditional-put: whether PUTs carry If-None-Match: *
 * LC_S3_CHECKSUM(name, text, header)    s3.checksum: what the service compares with what it took
 * LC_S3_ACL(name, text)            s3.acl: a canned ACL; Amazon S3 User Guide, "Canned ACL"
 * LC_S3_ENCRYPTION(name, text)     s3.encryption: how the service encrypts what it stores
 * LC_S3_CREDENTIALS(name, text)    s3.credentials: where credentials come from, in the order of
 *                                  the chain, which is the last
 *
 * text: the value of the setting and, but for "none", of the header. header: its name, "" for none
 */
#ifndef LC_S3_ADDRESSING
#define LC_S3_ADDRESSING(name, text)
#endif
#ifndef LC_S3_CONDITIONAL
#define LC_S3_CONDITIONAL(name, text)
#endif
#ifndef LC_S3_CHECKSUM
#define LC_S3_CHECKSUM(name, text, header)
#endif
#ifndef LC_S3_ACL
#define LC_S3_ACL(name, text)
#endif
#ifndef LC_S3_ENCRYPTION
#define LC_S3_ENCRYPTION(name, text)
#endif
#ifndef LC_S3_CREDENTIALS
#define LC_S3_CREDENTIALS(name, text)
#endif

LC_S3_ADDRESSING(PATH, "path")
LC_S3_ADDRESSING(VIRTUAL, "virtual")

LC_S3_CONDITIONAL(AUTO, "auto")
LC_S3_CONDITIONAL(ON, "on")
LC_S3_CONDITIONAL(OFF, "off")

LC_S3_CHECKSUM(NONE, "none", "")
LC_S3_CHECKSUM(MD5, "md5", "content-md5")
LC_S3_CHECKSUM(CRC32, "crc32", "x-amz-checksum-crc32")
LC_S3_CHECKSUM(CRC32C, "crc32c", "x-amz-checksum-crc32c")
LC_S3_CHECKSUM(CRC64NVME, "crc64nvme", "x-amz-checksum-crc64nvme")
LC_S3_CHECKSUM(SHA256, "sha256", "x-amz-checksum-sha256")

/* Left out are those that let everybody, or every account, read: access logs are not for that. */
LC_S3_ACL(NONE, "none")
LC_S3_ACL(PRIVATE, "private")
LC_S3_ACL(BUCKET_OWNER_READ, "bucket-owner-read")
LC_S3_ACL(BUCKET_OWNER_FULL_CONTROL, "bucket-owner-full-control")
LC_S3_ACL(LOG_DELIVERY_WRITE, "log-delivery-write")

LC_S3_ENCRYPTION(NONE, "none")
LC_S3_ENCRYPTION(AES256, "AES256")
LC_S3_ENCRYPTION(KMS, "aws:kms")

LC_S3_CREDENTIALS(STATIC, "static")
LC_S3_CREDENTIALS(ENVIRONMENT, "environment")
LC_S3_CREDENTIALS(WEB_IDENTITY, "web-identity")
LC_S3_CREDENTIALS(PROFILE, "profile")
LC_S3_CREDENTIALS(CONTAINER, "container")
LC_S3_CREDENTIALS(INSTANCE, "instance")
LC_S3_CREDENTIALS(CHAIN, "chain")

#undef LC_S3_ADDRESSING
#undef LC_S3_CONDITIONAL
#undef LC_S3_CHECKSUM
#undef LC_S3_ACL
#undef LC_S3_ENCRYPTION
#undef LC_S3_CREDENTIALS
