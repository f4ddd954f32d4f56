/*
 * What goes with a log object besides its bytes, as headers of its PUT: what the settings of its
 * bucket ask for, and what it holds. Pure: of the settings and of the object's rows alone, so that
 * a repeated PUT, also of a body that was rebuilt, carries the same.
 */
#ifndef LC_DELIVERY_PUT_HEADERS_H
#define LC_DELIVERY_PUT_HEADERS_H

struct lc_object;
struct lc_s3_headers;
struct lc_settings;

/* Adds what the settings ask for: ACL, storage class, encryption, tags. */
void lc_put_headers_of_settings(const struct lc_settings *settings, struct lc_s3_headers *headers);

/* The same of the object's bucket, Content-Encoding as the key says and, if they ask for it, user metadata: rows, the times of the
 * first and the last request, the source bucket, and target bucket and prefix. Names are
 * URI-encoded, and cut where all of the metadata would not fit into the 2 KB that S3 allows. */
void lc_put_headers_of_object(const struct lc_object *object, struct lc_s3_headers *headers);

#endif
