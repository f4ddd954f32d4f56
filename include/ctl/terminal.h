/*
 * Text on its way to a terminal: how it is laid out, by where it goes, and text from elsewhere made
 * safe.
 */
#ifndef LC_CTL_TERMINAL_H
#define LC_CTL_TERMINAL_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define LC_TERMINAL_GREEN "\033[32m"
#define LC_TERMINAL_YELLOW "\033[33m"
#define LC_TERMINAL_RED "\033[31m"
#define LC_TERMINAL_BOLD "\033[1m"
#define LC_TERMINAL_PLAIN "\033[0m"

struct lc_terminal_style {
	unsigned width;  /* columns of the terminal; 0 for no bound: nothing is cut or left out */
	unsigned height; /* its lines; 0 for no bound */
	bool colour;
	bool ascii; /* the terminal is not known to show UTF-8: an ellipsis is three dots */
};

/* The style for what is written to the descriptor. Only a terminal has bounds and colour, the
 * latter unless NO_COLOR is set or TERM is dumb or not set. */
struct lc_terminal_style lc_terminal_style_of(int descriptor);

/* Appends the words with '?' for what could steer a terminal or fool its reader: control
 * characters, marks that turn the direction of text or take no room, and bytes that are not
 * UTF-8. */
void lc_terminal_append(const char *words, size_t size, struct lc_buffer *text);

/* Appends the words, cleaned, in lines that begin with an indent and fit `width` columns; 0 for one
 * line. */
void lc_terminal_append_wrapped(const char *words, unsigned width, struct lc_buffer *text);

/* Asks the question on stderr and reads a line from stdin: true if it is "yes". */
bool lc_terminal_confirm(struct lc_buffer *question);

/* Columns that cleaned text takes: one for each character. */
size_t lc_terminal_width(const char *words, size_t size);

#endif
