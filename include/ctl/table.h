/* A table of short texts whose columns are as wide as they need, and which leaves out columns to
 * fit a width. */
#ifndef LC_CTL_TABLE_H
#define LC_CTL_TABLE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	LC_TABLE_CELL = 72, /* bytes of a cell, terminator included */
	LC_TABLE_COLUMNS_MAX = 16,
};

struct lc_table_column {
	const char *title; /* a constant, ASCII */
	int sacrifice;     /* the column with the largest number is left out first; 0: never */
	bool left;         /* flush left, otherwise right */
};

struct lc_table_cell {
	char text[LC_TABLE_CELL];
	const char *colour; /* escape sequence, or NULL */
};

struct lc_table {
	const struct lc_table_column *columns[LC_TABLE_COLUMNS_MAX];
	size_t column_count;
	struct lc_table_cell *cells; /* row by row, LC_TABLE_COLUMNS_MAX a row */
	size_t row_count;
};

/* A table of empty cells, without columns. To be released with lc_table_free. */
void lc_table_init(struct lc_table *table, size_t rows);
void lc_table_free(struct lc_table *table);

/* Adds a column on the right, which must stay valid. At most LC_TABLE_COLUMNS_MAX. */
void lc_table_add_column(struct lc_table *table, const struct lc_table_column *column);

/* The place for a cell's text: LC_TABLE_CELL bytes. */
char *lc_table_cell(struct lc_table *table, size_t row, size_t column);

/* Writes the cell in the colour that the escape sequence begins. */
void lc_table_colour(struct lc_table *table, size_t row, size_t column, const char *colour);

/* Appends title line and rows, at most `width` columns wide if that can be; 0 for no bound. */
void lc_table_append(const struct lc_table *table, unsigned width, struct lc_buffer *text);

#endif
