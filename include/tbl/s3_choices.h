/*
 * How requests to S3 are made, as the settings let an operator choose it.
 *
 * LC_S3_ADDRESSING(name, text)     s3.addressing-style: how a bucket is named
 * LC_S3_CONDITIONAL(name, text)    s3.conditional-put: whether PUTs carry If-None-Match: *
 *
 * text: the value of the setting
 */
#ifndef LC_S3_ADDRESSING
#define LC_S3_ADDRESSING(name, text)
#endif
#ifndef LC_S3_CONDITIONAL
#define LC_S3_CONDITIONAL(name, text)
#endif

LC_S3_ADDRESSING(PATH, "path")
LC_S3_ADDRESSING(VIRTUAL, "virtual")

LC_S3_CONDITIONAL(AUTO, "auto")
LC_S3_CONDITIONAL(ON, "on")
LC_S3_CONDITIONAL(OFF, "off")

#undef LC_S3_ADDRESSING
#undef LC_S3_CONDITIONAL
