/*
 * Rows of the documents that the service tells on its control socket: structs whose members a table
 * lists, as JSON objects. For the files of the documents, and for those who describe them.
 */
#ifndef LC_FORMATS_DOCUMENT_H
#define LC_FORMATS_DOCUMENT_H

#include "base/buffer.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The member's type in the struct, and what stands for none. */
enum lc_document_type {
	LC_DOCUMENT_COUNT,  /* uint64_t */
	LC_DOCUMENT_NUMBER, /* unsigned, at most LC_DOCUMENT_NUMBER_MAX */
	LC_DOCUMENT_PID,    /* int64_t, 0 */
	LC_DOCUMENT_SECOND, /* uint32_t, 0 */
	LC_DOCUMENT_AGE,    /* int64_t, negative */
	LC_DOCUMENT_OWNER,  /* int, negative */
	LC_DOCUMENT_FLAG,   /* bool */
	/* Enums of formats/document_names.h, written as their texts: */
	LC_DOCUMENT_STATE,          /* enum lc_shard_state */
	LC_DOCUMENT_SEVERITY,       /* enum lc_severity */
	LC_DOCUMENT_STEP,           /* enum lc_cycle_step */
	LC_DOCUMENT_TARGET_STATE,   /* enum lc_target_state */
	LC_DOCUMENT_DELIVERY_STATE, /* enum lc_delivery_state */
	LC_DOCUMENT_RELOAD_STATE,   /* enum lc_reload_state, NONE */
	LC_DOCUMENT_VERDICT_GRADE,  /* enum lc_verdict_grade */
	LC_DOCUMENT_FAULT,          /* enum lc_fault, NONE */
	LC_DOCUMENT_TEXT,           /* struct lc_view */
	LC_DOCUMENT_LABEL,          /* array of char, terminated; empty */
	LC_DOCUMENT_STRING,         /* the same, longer */
};

enum { LC_DOCUMENT_NUMBER_MAX = 65536 };

struct lc_document_field {
	const char *name;
	enum lc_document_type type;
	size_t offset; /* in the struct */
	size_t size;
	const char *help;
};

struct lc_document_layout {
	const char *name; /* of the list that holds such rows; NULL for the document itself */
	size_t row_size;
	const struct lc_document_field *fields;
	size_t field_count;
};

/* An entry of `fields` for a member of `record`. */
#define LC_DOCUMENT_FIELD(record, type_, name_, help_)                                          \
	{                                                                                       \
		.name = #name_, .type = LC_DOCUMENT_##type_, .offset = offsetof(record, name_), \
		.size = sizeof(((record *)0)->name_), .help = (help_),                          \
	}

#define LC_DOCUMENT_LAYOUT(name_, record, fields_)                                \
	{                                                                         \
		.name = (name_), .row_size = sizeof(record), .fields = (fields_), \
		.field_count = sizeof(fields_) / sizeof((fields_)[0]),            \
	}

/* Sets the row's members in the object. A text that is not UTF-8, or holds a zero byte, is written
 * with '?' for each byte that is not ASCII. */
void lc_document_write(json_t *object, const struct lc_document_layout *layout, const void *row);

/* Reads the members into the row, which is all zero; views point into the object. A text that is
 * longer than its array is cut; a word that the enum does not have becomes its COUNT. False when a member is missing, or not what it should be. */
bool lc_document_read(const json_t *object, const struct lc_document_layout *layout, void *row);

/* Sets a member; takes the value over. */
void lc_document_set(json_t *object, const char *name, json_t *value);

/* A text as lc_document_write writes it. */
json_t *lc_document_text(struct lc_view text);

/* A number, INT64_MAX at most; and such a value read: false for anything else. */
json_t *lc_document_count(uint64_t count);
bool lc_document_read_count(const json_t *value, uint64_t *count);

/* Appends {"error": why} as one line; why may hold any bytes. */
void lc_document_append_error(const char *why, struct lc_buffer *json);

/* The JSON value of a document, to be released with json_decref; NULL with LC_ERROR_CORRUPT, which
 * names the line, for what is not JSON or names a member twice. */
json_t *lc_document_parse(struct lc_view json, struct lc_error *error);

/* Appends the object as one line, and releases it. */
void lc_document_finish(json_t *object, struct lc_buffer *json);

#endif
