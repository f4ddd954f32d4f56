/*
 * A table of short texts that fits a terminal: columns are as wide as they need; when that is too
 * much, names are cut in their middle and columns left out, the least telling first.
 */
#ifndef LC_CTL_TABLE_H
#define LC_CTL_TABLE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "ctl/terminal.h"

#include <stdbool.h>
#include <stddef.h>

enum { LC_TABLE_COLUMNS_MAX = 16 };

struct lc_table_column {
	const char *title; /* a constant, ASCII */
	int sacrifice;     /* the column with the largest number is left out first; 0: never */
	bool left;         /* flush left, otherwise right */
	size_t shrinks_to; /* it may be cut to this width; 0: never cut */
};

struct lc_table_cell {
	struct lc_view text; /* clean; in the table's arena */
	const char *colour;  /* escape sequence, or NULL */
};

struct lc_table {
	const struct lc_table_column *columns[LC_TABLE_COLUMNS_MAX];
	size_t column_count;
	struct lc_table_cell *cells; /* row by row, LC_TABLE_COLUMNS_MAX a row */
	size_t row_count;
	struct lc_arena texts;
};

/* A table of empty cells, without columns. To be released with lc_table_free. */
void lc_table_init(struct lc_table *table, size_t rows);
void lc_table_free(struct lc_table *table);

/* Adds a column on the right, which must stay valid. At most LC_TABLE_COLUMNS_MAX. */
void lc_table_add_column(struct lc_table *table, const struct lc_table_column *column);

/* Sets a cell's text, any bytes; "-" stands for an empty one. */
void lc_table_set(struct lc_table *table, size_t row, size_t column, struct lc_view text);

/* Writes the cell in the colour that the escape sequence begins. */
void lc_table_colour(struct lc_table *table, size_t row, size_t column, const char *colour);

/* Appends title line and rows, within the style's width if that can be. */
void lc_table_append(const struct lc_table *table, struct lc_terminal_style style,
		     struct lc_buffer *text);

#endif
