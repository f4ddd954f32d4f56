/*
 * A table of records as short texts that fits a terminal: columns are as wide as they need; when
 * that is too much, names are cut in their middle and columns left out, the least telling first.
 */
#ifndef LC_CTL_TABLE_H
#define LC_CTL_TABLE_H

#include "base/buffer.h"
#include "ctl/terminal.h"

#include <stdbool.h>
#include <stddef.h>

struct lc_table_column {
	const char *title; /* a constant, ASCII */
	int sacrifice;     /* the column with the largest number is left out first; 0: never */
	bool left;         /* flush left, otherwise right */
	bool of_two_looks; /* only in a table of two looks */
	bool of_machines;  /* only in a table of machines that stand in for each other */
	size_t shrinks_to; /* it may be cut to this width; 0: never cut */

	/* Appends the record's cell, any bytes; "-" stands for an empty one. */
	void (*write)(const void *record, const void *context, struct lc_buffer *cell);

	/* The escape sequence that begins its colour, or NULL. May be NULL itself. */
	const char *(*colour)(const void *record);
};

struct lc_table {
	const struct lc_table_column *columns; /* at most 16 */
	size_t column_count;
	const void *rows; /* an array of records */
	size_t row_size;
	size_t row_count;
	const void *context; /* for the columns */
	bool two_looks;      /* there is an earlier look to compare this one with */
	bool machines;       /* machines stand in for each other */
};

/* Appends title line and rows, within the style's width if that can be. */
void lc_table_append(const struct lc_table *table, struct lc_terminal_style style,
		     struct lc_buffer *text);

#endif
