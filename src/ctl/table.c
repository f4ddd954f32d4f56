#include "ctl/table.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 16, GAP = 2, TEXTS_CHUNK = 4096 };

struct cell {
	struct lc_view text; /* clean; in the grid's arena */
	const char *colour;  /* escape sequence, or NULL */
};

/* The table with its cells written. */
struct grid {
	const struct lc_table_column *columns[COLUMNS_MAX];
	size_t column_count;
	struct cell *cells; /* row by row, COLUMNS_MAX a row */
	size_t row_count;
	struct lc_arena texts;
};

/* Width of each column; 0 for one that is left out. */
struct layout {
	size_t wanted[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
};

/* ---- cells ---- */

static struct cell *cell_at(const struct grid *grid, size_t row, size_t column)
{
	return &grid->cells[row * COLUMNS_MAX + column];
}

static void write_cell(const struct lc_table *table, struct grid *grid, size_t row, size_t column)
{
	const void *record = (const char *)table->rows + row * table->row_size;
	const struct lc_table_column *kind = grid->columns[column];
	struct cell *cell = cell_at(grid, row, column);
	struct lc_buffer text;
	struct lc_buffer clean;

	lc_buffer_init(&text, SIZE_MAX / 2);
	lc_buffer_init(&clean, SIZE_MAX / 2);
	kind->write(record, table->context, &text);
	lc_terminal_append(text.data, text.size, &clean);
	if (clean.size == 0)
		lc_buffer_append_char(&clean, '-');
	cell->text = lc_arena_copy(&grid->texts, lc_buffer_view(&clean));
	cell->colour = kind->colour == NULL ? NULL : kind->colour(record);
	lc_buffer_free(&text);
	lc_buffer_free(&clean);
}

static void write_cells(const struct lc_table *table, struct grid *grid)
{
	*grid = (struct grid){.row_count = table->row_count};
	lc_arena_init(&grid->texts, TEXTS_CHUNK);
	for (size_t i = 0; i < table->column_count; i++) {
		if ((table->columns[i].of_two_looks && !table->two_looks) ||
		    (table->columns[i].of_machines && !table->machines))
			continue;
		LC_ASSERT(grid->column_count < COLUMNS_MAX);
		grid->columns[grid->column_count++] = &table->columns[i];
	}
	if (table->row_count > 0)
		grid->cells = lc_memory_zero(table->row_count * COLUMNS_MAX, sizeof(struct cell));
	for (size_t row = 0; row < table->row_count; row++) {
		for (size_t column = 0; column < grid->column_count; column++)
			write_cell(table, grid, row, column);
	}
}

/* ---- layout ---- */

static size_t width_of(struct lc_view text)
{
	return lc_terminal_width(text.data, text.size);
}

static size_t total_width(const struct grid *grid, const struct layout *layout)
{
	size_t total = 0;

	for (size_t column = 0; column < grid->column_count; column++) {
		if (layout->widths[column] > 0)
			total += layout->widths[column] + (total > 0 ? GAP : 0);
	}
	return total;
}

/* Leaves out the column that is missed least; false when all that are left must stay. */
static bool sacrifice(const struct grid *grid, struct layout *layout)
{
	size_t victim = 0;
	int worst = 0;

	for (size_t column = 0; column < grid->column_count; column++) {
		if (layout->widths[column] > 0 && grid->columns[column]->sacrifice > worst) {
			worst = grid->columns[column]->sacrifice;
			victim = column;
		}
	}
	if (worst == 0)
		return false;
	layout->widths[victim] = 0;
	return true;
}

/* Makes all columns that may be cut as narrow as they may be. */
static void shrink(const struct grid *grid, struct layout *layout)
{
	for (size_t column = 0; column < grid->column_count; column++) {
		size_t least = grid->columns[column]->shrinks_to;
		size_t title = strlen(grid->columns[column]->title);

		least = least > 0 && least < title ? title : least;
		if (least > 0 && least < layout->widths[column])
			layout->widths[column] = least;
	}
}

/* Gives the room that is left to columns that were cut, to the narrowest of them first. */
static void widen(const struct grid *grid, struct layout *layout, size_t room)
{
	for (; room > 0; room--) {
		size_t *narrowest = NULL;

		for (size_t column = 0; column < grid->column_count; column++) {
			size_t *width = &layout->widths[column];

			if (*width > 0 && *width < layout->wanted[column] &&
			    (narrowest == NULL || *width < *narrowest))
				narrowest = width;
		}
		if (narrowest == NULL)
			return;
		++*narrowest;
	}
}

static void lay_out(const struct grid *grid, unsigned width, struct layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	for (size_t column = 0; column < grid->column_count; column++) {
		layout->wanted[column] = strlen(grid->columns[column]->title);
		for (size_t row = 0; row < grid->row_count; row++) {
			size_t size = width_of(cell_at(grid, row, column)->text);

			if (size > layout->wanted[column])
				layout->wanted[column] = size;
		}
	}
	memcpy(layout->widths, layout->wanted, sizeof(layout->widths));
	if (width == 0 || total_width(grid, layout) <= width)
		return;
	shrink(grid, layout);
	while (total_width(grid, layout) > width && sacrifice(grid, layout))
		;
	if (total_width(grid, layout) < width)
		widen(grid, layout, width - total_width(grid, layout));
}

/* ---- text ---- */

/* The bytes of the first so many characters. */
static size_t bytes_of(struct lc_view text, size_t characters)
{
	size_t size = 0;

	while (size < text.size &&
	       (characters > 0 || ((unsigned char)text.data[size] & 0xC0) == 0x80)) {
		characters -= ((unsigned char)text.data[size] & 0xC0) != 0x80;
		size++;
	}
	return size;
}

/* The text without its middle, where it is longer than the width: names differ at either end. */
static void append_cut(struct lc_view words, size_t width, bool ascii, struct lc_buffer *text)
{
	const char *ellipsis = ascii ? "..." : "\xE2\x80\xA6";
	size_t kept = width - width_of(lc_view_of(ellipsis));
	size_t head = kept / 2;
	size_t skipped = bytes_of(words, width_of(words) - (kept - head));

	lc_buffer_append(text, words.data, bytes_of(words, head));
	lc_buffer_append_text(text, ellipsis);
	lc_buffer_append(text, words.data + skipped, words.size - skipped);
}

static void append_cell(struct lc_view words, const char *colour, size_t width, bool left,
			bool ascii, struct lc_buffer *text)
{
	size_t size = width_of(words);
	int padding = size < width ? (int)(width - size) : 0;

	if (!left)
		lc_buffer_append_format(text, "%*s", padding, "");
	if (colour != NULL)
		lc_buffer_append_text(text, colour);
	if (size > width)
		append_cut(words, width, ascii, text);
	else
		lc_buffer_append_view(text, words);
	if (colour != NULL)
		lc_buffer_append_text(text, LC_TERMINAL_PLAIN);
	if (left)
		lc_buffer_append_format(text, "%*s", padding, "");
}

static void append_line(const struct grid *grid, const struct layout *layout, size_t line,
			struct lc_terminal_style style, struct lc_buffer *text)
{
	bool first = true;

	for (size_t column = 0; column < grid->column_count; column++) {
		const struct lc_table_column *kind = grid->columns[column];
		struct cell title = {.text = lc_view_of(kind->title)};
		const struct cell *cell = line == 0 ? &title : cell_at(grid, line - 1, column);

		if (layout->widths[column] == 0)
			continue;
		if (!first)
			lc_buffer_append_format(text, "%*s", GAP, "");
		first = false;
		append_cell(cell->text, style.colour ? cell->colour : NULL, layout->widths[column],
			    kind->left, style.ascii, text);
	}
}

void lc_table_append(const struct lc_table *table, struct lc_terminal_style style,
		     struct lc_buffer *text)
{
	struct layout layout;
	struct grid grid;

	write_cells(table, &grid);
	lay_out(&grid, style.width, &layout);
	for (size_t line = 0; line <= grid.row_count; line++) {
		append_line(&grid, &layout, line, style, text);
		while (text->size > 0 && text->data[text->size - 1] == ' ')
			text->size--;
		lc_buffer_append_char(text, '\n');
	}
	free(grid.cells);
	lc_arena_free(&grid.texts);
}
