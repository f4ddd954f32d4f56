/*
 * The status document: what the service tells about itself on its control socket, as JSON. The
 * supervisor fills and encodes it, log-courier-ctl decodes and shows it.
 *
 *	{"version": "0.1.0", "time": "2026-02-06T00:00:38.123Z", "uptime_seconds": 12,
 *	 "healthy": false, "ready_shards": 3, "shard_count": 4,
 *	 "findings": [{"severity": "critical", "shard": 2, "text": "..."}],
 *	 "shards": [{"shard": 0, "state": "ready", "pid": 4711, ...}],
 *	 "checks": [{"grade": "ok", "subject": "offsets table logs.offsets", "text": "..."}],
 *	 "machines": [{"name": "courier-1", "own": true, "state": "fit", ...}]}
 *
 * Its members are those of include/tbl/status_fields.h. Members may be added in later versions; a
 * reader ignores what it does not know.
 */
#ifndef LC_FORMATS_STATUS_DOCUMENT_H
#define LC_FORMATS_STATUS_DOCUMENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "formats/document.h"
#include "formats/document_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LC_STATUS_DOCUMENT_TEXT_SIZE = 1024, /* longest text kept, terminator included */
	LC_STATUS_DOCUMENT_LABEL_SIZE = 64,
	LC_STATUS_DOCUMENT_SHARDS_MAX = LC_DOCUMENT_NUMBER_MAX, /* of one document */
	LC_STATUS_DOCUMENT_FINDINGS_MAX = 1024,                 /* of one document */
	LC_STATUS_DOCUMENT_CHECKS_MAX = 1024,                   /* of one document */
	LC_STATUS_DOCUMENT_MACHINES_MAX = 256,                  /* of one document */
	LC_STATUS_DOCUMENT_BYTES_MAX = 256 * 1024 * 1024,
};

/* Stands for an age when there is nothing to be old. */
enum { LC_STATUS_DOCUMENT_NO_AGE = -1 };

#define LC_STATUS_DOCUMENT_COUNT(name) uint64_t name;
#define LC_STATUS_DOCUMENT_NUMBER(name) unsigned name;
#define LC_STATUS_DOCUMENT_PID(name) int64_t name;
#define LC_STATUS_DOCUMENT_AGE(name) int64_t name;
#define LC_STATUS_DOCUMENT_OWNER(name) int name;
#define LC_STATUS_DOCUMENT_FLAG(name) bool name;
#define LC_STATUS_DOCUMENT_STATE(name) enum lc_shard_state name;
#define LC_STATUS_DOCUMENT_SEVERITY(name) enum lc_severity name;
#define LC_STATUS_DOCUMENT_RELOAD_STATE(name) enum lc_reload_state name;
#define LC_STATUS_DOCUMENT_VERDICT_GRADE(name) enum lc_verdict_grade name;
#define LC_STATUS_DOCUMENT_FAULT(name) enum lc_fault name;
#define LC_STATUS_DOCUMENT_LABEL(name) char name[LC_STATUS_DOCUMENT_LABEL_SIZE];
#define LC_STATUS_DOCUMENT_STRING(name) char name[LC_STATUS_DOCUMENT_TEXT_SIZE];
#define LC_STATUS_DOCUMENT_MEMBER(type, name, help) LC_STATUS_DOCUMENT_##type(name)

struct lc_status_document_shard {
#define LC_STATUS_SHARD LC_STATUS_DOCUMENT_MEMBER
#include "tbl/status_fields.h"
};

struct lc_status_document_finding {
#define LC_STATUS_FINDING LC_STATUS_DOCUMENT_MEMBER
#include "tbl/status_fields.h"
};

/* Of the last preflight that somebody asked for. */
struct lc_status_document_check {
#define LC_STATUS_CHECK LC_STATUS_DOCUMENT_MEMBER
#include "tbl/status_fields.h"
};

/* One of those that stand in for each other. */
struct lc_status_document_machine {
#define LC_STATUS_MACHINE LC_STATUS_DOCUMENT_MEMBER
#include "tbl/status_fields.h"
};

struct lc_status_document {
#define LC_STATUS_SERVICE LC_STATUS_DOCUMENT_MEMBER
#include "tbl/status_fields.h"
	struct lc_status_document_shard *shards;
	size_t shards_size;
	struct lc_status_document_finding *findings;
	size_t findings_size;
	struct lc_status_document_check *checks;
	size_t checks_size;
	struct lc_status_document_machine *machines;
	size_t machines_size;
};

/* How these are laid out. */
extern const struct lc_document_layout LC_STATUS_DOCUMENT_SERVICE_LAYOUT;
extern const struct lc_document_layout LC_STATUS_DOCUMENT_SHARD_LAYOUT;
extern const struct lc_document_layout LC_STATUS_DOCUMENT_FINDING_LAYOUT;
extern const struct lc_document_layout LC_STATUS_DOCUMENT_CHECK_LAYOUT;
extern const struct lc_document_layout LC_STATUS_DOCUMENT_MACHINE_LAYOUT;

/* An empty document with room for `shards` shards (all zero), no finding, no check and
 * no machine. */
void lc_status_document_init(struct lc_status_document *document, size_t shards);
void lc_status_document_free(struct lc_status_document *document);

/* Adds a finding, printf-like, after those of its severity and before the less grave ones; a
 * critical one makes the document unhealthy. Beyond LC_STATUS_DOCUMENT_FINDINGS_MAX the last one is
 * left out. `shard`: negative for the service as a whole. */
void lc_status_document_find(struct lc_status_document *document, enum lc_severity severity,
			     int shard, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How many findings of that severity there are. */
size_t lc_status_document_count(const struct lc_status_document *document,
				enum lc_severity severity);

/* Adds copies of checks. Beyond LC_STATUS_DOCUMENT_CHECKS_MAX they are left out. */
void lc_status_document_add_checks(struct lc_status_document *document,
				   const struct lc_status_document_check *checks, size_t count);

/* Adds a copy of a machine. Beyond LC_STATUS_DOCUMENT_MACHINES_MAX it is left out. */
void lc_status_document_add_machine(struct lc_status_document *document,
				    const struct lc_status_document_machine *machine);

/* Appends the document as JSON, with a line end; not `whole`: without shards, checks and machines. A text that is not UTF-8 is written with '?' for each byte that is not ASCII. */
void lc_status_document_encode(const struct lc_status_document *document, bool whole,
			       struct lc_buffer *json);

/* Reads a document; to be released with lc_status_document_free. False with `error` set
 * (LC_ERROR_CORRUPT), and nothing to release, when it is none. A document without shards,
 * checks or machines is fine. */
bool lc_status_document_decode(struct lc_view json, struct lc_status_document *document,
			       struct lc_error *error);

#endif
