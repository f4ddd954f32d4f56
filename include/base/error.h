/*
 * Errors of the world: what happened, in one sentence that names the thing concerned, with a kind
 * that code can act on. The caller owns the struct, which needs no release.
 */
#ifndef LC_BASE_ERROR_H
#define LC_BASE_ERROR_H

#include <stdbool.h>

enum lc_error_kind {
	LC_ERROR_NONE = 0,
	LC_ERROR_USAGE,       /* command line or configuration is wrong */
	LC_ERROR_SYSTEM,      /* the operating system refused: file, socket, fork, memory */
	LC_ERROR_UNREACHABLE, /* no connection, or it broke, or it took too long */
	LC_ERROR_UNTRUSTED,   /* the peer cannot prove who it is */
	LC_ERROR_REFUSED,     /* the peer answered, and said no */
	LC_ERROR_CORRUPT,     /* what the peer sent cannot be what was asked for */
	LC_ERROR_LIMIT,       /* a bound of ours was reached */
	LC_ERROR_CANCELLED,   /* we gave up ourselves, for instance at shutdown */
	LC_ERROR_CONFLICT,    /* somebody else does what is ours to do */
	LC_ERROR_OUTDATED,    /* somebody else has done what was ours to do */
	LC_ERROR_TAKEN_OVER,  /* it is another machine's now, by agreement */
};

enum { LC_ERROR_MESSAGE_SIZE = 512 };

struct lc_error {
	enum lc_error_kind kind;
	int code;                            /* the peer's own; 0: none */
	char message[LC_ERROR_MESSAGE_SIZE]; /* terminated; cut at the end when too long */
};

/* Sets kind and message, printf-like; the code becomes 0. `error` may be NULL: then nothing is
 * kept. Returns false, so that a function can `return lc_error_set(...)`. Bytes that are not
 * printable ASCII or UTF-8 are kept as they are: whoever prints the message escapes it. */
bool lc_error_set(struct lc_error *error, enum lc_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As lc_error_set, with ": <text of errno_value>" after the message. */
bool lc_error_set_errno(struct lc_error *error, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<prefix>: " before the message and keeps the kind: context added on the way up. */
bool lc_error_prefix(struct lc_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
