/* How text for people is laid out, by where it goes. */
#ifndef LC_CTL_STYLE_H
#define LC_CTL_STYLE_H

#include <stdbool.h>

#define LC_STYLE_GREEN "\033[32m"
#define LC_STYLE_YELLOW "\033[33m"
#define LC_STYLE_RED "\033[31m"
#define LC_STYLE_BOLD "\033[1m"
#define LC_STYLE_PLAIN "\033[0m"

struct lc_style {
	unsigned width;  /* columns of the terminal; 0 for no bound: nothing is cut or left out */
	unsigned height; /* its lines; 0 for no bound */
	bool colour;
	bool ascii; /* the terminal is not known to show UTF-8: an ellipsis is three dots */
};

/* The style for what is written to the descriptor. Only a terminal has bounds and colour, the
 * latter unless NO_COLOR is set or TERM is dumb or not set. */
struct lc_style lc_style_of(int descriptor);

#endif
