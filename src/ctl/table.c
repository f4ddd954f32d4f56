#include "ctl/table.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

/* Width of each column; 0 for one that is left out. */
struct layout {
	size_t widths[LC_TABLE_COLUMNS_MAX];
};

void lc_table_init(struct lc_table *table, size_t rows)
{
	*table = (struct lc_table){.row_count = rows};
	if (rows > 0)
		table->cells =
		    lc_memory_zero(rows * LC_TABLE_COLUMNS_MAX, sizeof(struct lc_table_cell));
}

void lc_table_free(struct lc_table *table)
{
	free(table->cells);
	*table = (struct lc_table){0};
}

void lc_table_add_column(struct lc_table *table, const struct lc_table_column *column)
{
	LC_ASSERT(table->column_count < LC_TABLE_COLUMNS_MAX);
	table->columns[table->column_count++] = column;
}

static struct lc_table_cell *cell_at(const struct lc_table *table, size_t row, size_t column)
{
	LC_ASSERT(row < table->row_count && column < table->column_count);
	return &table->cells[row * LC_TABLE_COLUMNS_MAX + column];
}

char *lc_table_cell(struct lc_table *table, size_t row, size_t column)
{
	return cell_at(table, row, column)->text;
}

void lc_table_colour(struct lc_table *table, size_t row, size_t column, const char *colour)
{
	cell_at(table, row, column)->colour = colour;
}

static size_t total_width(const struct lc_table *table, const struct layout *layout)
{
	size_t total = 0;

	for (size_t column = 0; column < table->column_count; column++) {
		if (layout->widths[column] > 0)
			total += layout->widths[column] + (total > 0 ? GAP : 0);
	}
	return total;
}

/* Leaves out the column that is missed least; false when all that are left must stay. */
static bool sacrifice(const struct lc_table *table, struct layout *layout)
{
	size_t victim = 0;
	int worst = 0;

	for (size_t column = 0; column < table->column_count; column++) {
		if (layout->widths[column] > 0 && table->columns[column]->sacrifice > worst) {
			worst = table->columns[column]->sacrifice;
			victim = column;
		}
	}
	if (worst == 0)
		return false;
	layout->widths[victim] = 0;
	return true;
}

static void lay_out(const struct lc_table *table, unsigned width, struct layout *layout)
{
	*layout = (struct layout){{0}};
	for (size_t column = 0; column < table->column_count; column++) {
		layout->widths[column] = strlen(table->columns[column]->title);
		for (size_t row = 0; row < table->row_count; row++) {
			size_t size = strlen(cell_at(table, row, column)->text);

			if (size > layout->widths[column])
				layout->widths[column] = size;
		}
	}
	while (width > 0 && total_width(table, layout) > width && sacrifice(table, layout))
		;
}

static void append_cell(const char *words, const char *colour, size_t width, bool left,
			struct lc_buffer *text)
{
	int padding = (int)(width - strlen(words));

	if (!left)
		lc_buffer_append_format(text, "%*s", padding, "");
	if (colour != NULL)
		lc_buffer_append_format(text, "%s%s\033[0m", colour, words);
	else
		lc_buffer_append_text(text, words);
	if (left)
		lc_buffer_append_format(text, "%*s", padding, "");
}

void lc_table_append(const struct lc_table *table, unsigned width, struct lc_buffer *text)
{
	struct layout layout;

	lay_out(table, width, &layout);
	for (size_t line = 0; line <= table->row_count; line++) {
		bool first = true;

		for (size_t column = 0; column < table->column_count; column++) {
			const struct lc_table_column *kind = table->columns[column];
			const struct lc_table_cell *cell =
			    line == 0 ? NULL : cell_at(table, line - 1, column);

			if (layout.widths[column] == 0)
				continue;
			if (!first)
				lc_buffer_append_format(text, "%*s", GAP, "");
			first = false;
			append_cell(cell == NULL ? kind->title : cell->text,
				    cell == NULL ? NULL : cell->colour, layout.widths[column],
				    kind->left, text);
		}
		lc_buffer_append_char(text, '\n');
	}
}
