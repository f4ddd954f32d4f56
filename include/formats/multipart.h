/*
 * What is said in S3's multipart uploads: what S3 answers, in XML, and the list of parts that
 * completes an upload. Pure. Answers are read with bounds; what is not such an answer holds nothing.
 *
 * Amazon S3 API Reference, "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
 * "ListMultipartUploads", "ListParts".
 */
#ifndef LC_FORMATS_MULTIPART_H
#define LC_FORMATS_MULTIPART_H

#include "base/buffer.h"
#include "base/view.h"
#include "formats/s3_choices.h"
#include "formats/s3_error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_MULTIPART_ID_SIZE = 1024,   /* of an upload, terminated */
	LC_MULTIPART_PARTS_MAX = 1000, /* so that a list of them is a single answer */
};

/* An upload: what S3 calls it, and the parts that it has so far. */
struct lc_multipart {
	char id[LC_MULTIPART_ID_SIZE]; /* empty: there is none */
	struct lc_buffer parts;        /* as they are listed to complete it */
	unsigned part_count;
	uint64_t size; /* of these parts */
};

/* No upload; to be released with lc_multipart_free. */
void lc_multipart_init(struct lc_multipart *upload);
void lc_multipart_free(struct lc_multipart *upload);

/* What CreateMultipartUpload calls the checksum of its parts, as x-amz-checksum-algorithm and in the
 * names of elements; empty for NONE, and for MD5, which goes with each part alone. Static. */
const char *lc_multipart_algorithm(enum lc_s3_checksum kind);

/* Reads the answer to CreateMultipartUpload. False if it names no upload. */
bool lc_multipart_read_created(struct lc_view body, struct lc_multipart *upload);

/* Adds the next part. False if the ETag or the checksum is nothing that S3 sends. `checksum`: of this
 * kind, as base64; only those of x-amz-checksum headers are listed. */
bool lc_multipart_add_part(struct lc_multipart *upload, uint64_t size, struct lc_view etag,
			   enum lc_s3_checksum kind, struct lc_view checksum);

/* Appends the parameter of a query that names the upload. */
void lc_multipart_append_id(const struct lc_multipart *upload, struct lc_buffer *query);

/* Appends the body of CompleteMultipartUpload. */
void lc_multipart_append_completion(const struct lc_multipart *upload, struct lc_buffer *out);

/* What an answer to CompleteMultipartUpload with status 200 says. */
enum lc_multipart_completion {
	LC_MULTIPART_COMPLETED,
	LC_MULTIPART_UNTAGGED, /* the same, but without an ETag, as Ceph 16.2 says it */
	LC_MULTIPART_FAILED,   /* there is an error in the place of a result */
	LC_MULTIPART_NONSENSE, /* neither */
};

/* `error` is filled if it has FAILED. */
enum lc_multipart_completion lc_multipart_read_completed(struct lc_view body,
							 struct lc_s3_error *error);

/* Reads an answer to ListMultipartUploads: appends the ids of the uploads of exactly this key, each
 * with its terminator, whether or not the keys are URL-encoded. False if it is not whole: there may be
 * more. */
bool lc_multipart_read_uploads(struct lc_view body, struct lc_view key, struct lc_buffer *ids);

/* Reads an answer to ListParts into an upload without parts. False if it is not whole or not
 * understood; then nothing is known. `kind`: of the checksums that are to be listed. */
bool lc_multipart_read_parts(struct lc_view body, enum lc_s3_checksum kind,
			     struct lc_multipart *upload);

#endif
