/*
 * The checksum of a body as S3 takes it in a header, computed piece by piece: base64 of its bytes,
 * the highest first.
 *
 * MD5: RFC 1321, in Content-MD5 (RFC 1864). CRC-32: ISO 3309. CRC-32C: RFC 3720, section 12.1.
 * CRC-64/NVME: NVM Express NVM Command Set Specification, "64b Guard CRC". Their headers: Amazon S3
 * User Guide, "Checking object integrity".
 */
#ifndef LC_FORMATS_CHECKSUM_H
#define LC_FORMATS_CHECKSUM_H

#include "base/view.h"
#include "formats/s3_choices.h"
#include "formats/sigv4.h"

#include <stdbool.h>

enum { LC_CHECKSUM_TEXT_SIZE = 45 }; /* base64 of 32 bytes, terminated */

struct lc_checksum;

/* The name of the header, in lower case; empty for NONE. Static. */
const char *lc_checksum_header(enum lc_s3_checksum kind);

/* False if this machine's libcrypto lacks it, as it may MD5 in FIPS mode. */
bool lc_checksum_offered(enum lc_s3_checksum kind);

/* Begins one, of a kind that is offered; it ends with lc_checksum_end. For NONE and SHA256 pieces
 * need no work: the payload's hash, which every request has, is the SHA-256. */
struct lc_checksum *lc_checksum_begin(enum lc_s3_checksum kind);
void lc_checksum_add(struct lc_checksum *checksum, struct lc_view piece);

/* Writes the header's value, "" for NONE, and releases `checksum`. `sha256`: of the same pieces. */
void lc_checksum_end(struct lc_checksum *checksum, const char sha256[LC_SIGV4_HASH_HEX_SIZE],
		     char text[LC_CHECKSUM_TEXT_SIZE]);

#endif
