#include "ctl/table.h"

#include "base/assert.h"
#include "base/memory.h"
#include "ctl/terminal.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, TEXTS_CHUNK = 4096 };

/* Width of each column; 0 for one that is left out. */
struct layout {
	size_t wanted[LC_TABLE_COLUMNS_MAX];
	size_t widths[LC_TABLE_COLUMNS_MAX];
};

void lc_table_init(struct lc_table *table, size_t rows)
{
	*table = (struct lc_table){.row_count = rows};
	lc_arena_init(&table->texts, TEXTS_CHUNK);
	if (rows > 0)
		table->cells =
		    lc_memory_zero(rows * LC_TABLE_COLUMNS_MAX, sizeof(struct lc_table_cell));
}

void lc_table_free(struct lc_table *table)
{
	free(table->cells);
	lc_arena_free(&table->texts);
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

void lc_table_set(struct lc_table *table, size_t row, size_t column, struct lc_view text)
{
	struct lc_buffer clean;

	lc_buffer_init(&clean, SIZE_MAX / 2);
	lc_terminal_append(text.data, text.size, &clean);
	if (clean.size == 0)
		lc_buffer_append_char(&clean, '-');
	cell_at(table, row, column)->text = lc_arena_copy(&table->texts, lc_buffer_view(&clean));
	lc_buffer_free(&clean);
}

void lc_table_colour(struct lc_table *table, size_t row, size_t column, const char *colour)
{
	cell_at(table, row, column)->colour = colour;
}

/* ---- layout ---- */

static size_t width_of(struct lc_view text)
{
	return lc_terminal_width(text.data, text.size);
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

/* Makes all columns that may be cut as narrow as they may be. */
static void shrink(const struct lc_table *table, struct layout *layout)
{
	for (size_t column = 0; column < table->column_count; column++) {
		size_t least = table->columns[column]->shrinks_to;
		size_t title = strlen(table->columns[column]->title);

		least = least > 0 && least < title ? title : least;
		if (least > 0 && least < layout->widths[column])
			layout->widths[column] = least;
	}
}

/* Gives the room that is left to columns that were cut, to the narrowest of them first. */
static void widen(const struct lc_table *table, struct layout *layout, size_t room)
{
	for (; room > 0; room--) {
		size_t *narrowest = NULL;

		for (size_t column = 0; column < table->column_count; column++) {
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

static void lay_out(const struct lc_table *table, unsigned width, struct layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	for (size_t column = 0; column < table->column_count; column++) {
		layout->wanted[column] = strlen(table->columns[column]->title);
		for (size_t row = 0; row < table->row_count; row++) {
			size_t size = width_of(cell_at(table, row, column)->text);

			if (size > layout->wanted[column])
				layout->wanted[column] = size;
		}
	}
	memcpy(layout->widths, layout->wanted, sizeof(layout->widths));
	if (width == 0 || total_width(table, layout) <= width)
		return;
	shrink(table, layout);
	while (total_width(table, layout) > width && sacrifice(table, layout))
		;
	if (total_width(table, layout) < width)
		widen(table, layout, width - total_width(table, layout));
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

static void append_line(const struct lc_table *table, const struct layout *layout, size_t line,
			bool ascii, struct lc_buffer *text)
{
	bool first = true;

	for (size_t column = 0; column < table->column_count; column++) {
		const struct lc_table_column *kind = table->columns[column];
		struct lc_table_cell title = {.text = lc_view_of(kind->title)};
		const struct lc_table_cell *cell =
		    line == 0 ? &title : cell_at(table, line - 1, column);

		if (layout->widths[column] == 0)
			continue;
		if (!first)
			lc_buffer_append_format(text, "%*s", GAP, "");
		first = false;
		append_cell(cell->text, cell->colour, layout->widths[column], kind->left, ascii,
			    text);
	}
}

void lc_table_append(const struct lc_table *table, struct lc_terminal_style style,
		     struct lc_buffer *text)
{
	struct layout layout;

	lay_out(table, style.width, &layout);
	for (size_t line = 0; line <= table->row_count; line++) {
		append_line(table, &layout, line, style.ascii, text);
		while (text->size > 0 && text->data[text->size - 1] == ' ')
			text->size--;
		lc_buffer_append_char(text, '\n');
	}
}
