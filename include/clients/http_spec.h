/*
 * What is asked of the HTTP client: what all of its requests have in common, and one request.
 */
#ifndef LC_CLIENTS_HTTP_SPEC_H
#define LC_CLIENTS_HTTP_SPEC_H

#include "base/view.h"
#include "formats/tls_version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_http_callbacks;

struct lc_http_options {
	const char *ca_file;          /* PEM file of trusted authorities, NULL for the system's */
	const char *certificate_file; /* PEM file that shows who we are, NULL for none */
	const char *key_file;         /* its key; NULL: it is in the same file */
	enum lc_tls_version tls_minimum;
	bool tls_skip_verify;
	uint64_t connect_timeout_ms;
	size_t max_connections_per_host; /* 0: no limit */
};

struct lc_http_header {
	struct lc_view name;
	struct lc_view value;
};

struct lc_http_spec {
	const char *method; /* "GET", "PUT", "POST", "HEAD", "DELETE" */
	const char *url;
	const struct lc_http_header *headers; /* copied */
	size_t header_count;
	struct lc_view body;     /* small body, copied; or (PUT and POST only) */
	bool body_from_callback; /* read_body, of body_size bytes */
	uint64_t body_size;
	uint64_t timeout_ms;       /* of the whole request; 0: none */
	uint64_t stall_timeout_ms; /* given up when, once connected, no byte moves for so long
				      while not paused; 0: never */
	const struct lc_http_callbacks *callbacks; /* must outlive the request */
	void *context;
};

#endif
