/*
 * A first look at a statement's text, as far as the front has to know it: may it be streamed, which
 * format does it name, and where does the data of an INSERT begin. The engine alone judges whether
 * the statement is right.
 */
#ifndef FRONT_STATEMENT_H
#define FRONT_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

enum statement_kind {
	STATEMENT_SELECT, /* gives rows: can be streamed if its format can */
	STATEMENT_INSERT, /* with data in its tail */
	STATEMENT_OTHER,  /* DDL, SHOW, EXPLAIN, INSERT ... SELECT */
};

struct statement {
	enum statement_kind kind;
	char format[64];  /* the FORMAT clause's name, or "" */
	size_t end;       /* length of the statement without trailing blanks and semicolon */
	size_t source_at; /* INSERT: where a FROM INFILE clause belongs */
	size_t format_at; /* INSERT: where its FORMAT or VALUES clause begins */
	size_t data_at;   /* INSERT: where the data begins */
};

/* Looks at `length` bytes of text. Any text is allowed. */
void statement_look(const char *text, size_t length, struct statement *statement);

/* Whether chunks of this output format, made apart, are one valid output when put together. */
bool statement_format_streams(const char *format);

/* The MIME type that ClickHouse gives an output format. */
const char *statement_format_mime(const char *format);

#endif
