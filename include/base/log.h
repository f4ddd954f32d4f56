/*
 * Structured log: one JSON object a line on stderr or stdout, message first, then typed fields:
 *
 *	lc_log(LC_LOG_WARNING, "target refused", LC_LOG_TEXT("bucket", name),
 *	       LC_LOG_UINT("status", status));
 *
 * Field names are ours; values may hold any byte and are escaped (invalid UTF-8 becomes U+FFFD).
 * A line is written with one write(2) and is at most 16 KiB: longer values are cut.
 *
 * After lc_log_never_wait a reader that does not read holds nobody up: lines that it does not take
 * are dropped and counted, and the first one that it takes again is preceded by a line that
 * tells their number.
 */
#ifndef LC_BASE_LOG_H
#define LC_BASE_LOG_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_log_level {
#define LC_LOG_LEVEL(name, text) LC_LOG_##name,
#include "tbl/log_levels.h"
};

/* Where lines go, STDERR unless told otherwise, and the names of their first keys. */
enum lc_log_destination {
#define LC_LOG_DESTINATION(name, text) LC_LOG_##name,
#include "tbl/log_choices.h"
};

enum lc_log_keys {
#define LC_LOG_KEYS(name, ...) LC_LOG_KEYS_##name,
#include "tbl/log_choices.h"
};

enum lc_log_type {
	LC_LOG_TYPE_VIEW,
	LC_LOG_TYPE_INT,
	LC_LOG_TYPE_UINT,
	LC_LOG_TYPE_DOUBLE,
	LC_LOG_TYPE_BOOL,
};

struct lc_log_field {
	const char *name;
	enum lc_log_type type;
	union {
		struct lc_view view;
		int64_t integer;
		uint64_t unsigned_integer;
		double real;
		bool boolean;
	} value;
};

#define LC_LOG_VIEW(field_name, v) \
	((struct lc_log_field){(field_name), LC_LOG_TYPE_VIEW, {.view = (v)}})
#define LC_LOG_TEXT(field_name, text) LC_LOG_VIEW(field_name, lc_view_of(text))
#define LC_LOG_INT(field_name, v) \
	((struct lc_log_field){(field_name), LC_LOG_TYPE_INT, {.integer = (v)}})
#define LC_LOG_UINT(field_name, v) \
	((struct lc_log_field){(field_name), LC_LOG_TYPE_UINT, {.unsigned_integer = (v)}})
#define LC_LOG_DOUBLE(field_name, v) \
	((struct lc_log_field){(field_name), LC_LOG_TYPE_DOUBLE, {.real = (v)}})
#define LC_LOG_BOOL(field_name, v) \
	((struct lc_log_field){(field_name), LC_LOG_TYPE_BOOL, {.boolean = (v)}})
/* An error's message, as field "error". */
#define LC_LOG_FAULT(error) LC_LOG_TEXT("error", (error)->message)

/* Who speaks: every line of this process carries the role ("supervisor", "worker") and, when not
 * negative, the shard. `role` must stay valid. What a process before the fork has dropped is not
 * this one's. */
void lc_log_set_identity(const char *role, int shard);

/* Lines go to `destination` from now on, with these keys. A destination that is systemd's journal is
 * found to be it (below), and once lc_log_never_wait was called no line waits there, either. */
void lc_log_set_form(enum lc_log_destination destination, enum lc_log_keys keys);

/* "stderr" or "stdout": where lines go. */
const char *lc_log_destination_name(void);

/* Asks the environment whether the destination is systemd's journal (systemd.exec(5), JOURNAL_STREAM). If it
 * is, each line gets its priority in front (sd-daemon(3), "<4>{...}"), which the journal takes off.
 */
void lc_log_look_for_journal(void);

/* Whether it is, as last found. */
bool lc_log_to_journal(void);

/* From now on no line waits for its reader, however the descriptor is shared (base/outlet.h). Without
 * it they do. */
void lc_log_never_wait(void);

/* Lines of this process that were dropped since lc_log_set_identity, and since when no line has
 * gone through (the wall clock's seconds); 0 while they do. */
struct lc_log_losses {
	uint64_t dropped;
	uint64_t failing_since;
};

/* Tells the number of dropped lines, if the destination takes lines again, without waiting for the next
 * line; returns what was lost so far. To be called now and then. */
struct lc_log_losses lc_log_catch_up(void);

/* Lines less important than `level` are not written. Default: LC_LOG_INFO. */
void lc_log_set_level(enum lc_log_level level);

/* The level in force. */
enum lc_log_level lc_log_level(void);

/* "warn" for LC_LOG_WARNING, and so on. */
const char *lc_log_level_name(enum lc_log_level level);

/* "error", "warn", "info", "debug" -> level; false for anything else. */
bool lc_log_level_of(struct lc_view name, enum lc_log_level *level);

void lc_log_write(enum lc_log_level level, const char *message, const struct lc_log_field *fields,
		  size_t count);

#define lc_log(level, message, ...)                                                  \
	lc_log_write((level), (message), (const struct lc_log_field[]){__VA_ARGS__}, \
		     sizeof((const struct lc_log_field[]){__VA_ARGS__}) /            \
			 sizeof(struct lc_log_field))

/* A line with a message alone. */
void lc_log_say(enum lc_log_level level, const char *message);

#endif
