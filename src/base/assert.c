#include "base/assert.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Set once at the start of a process; an assertion has no context to carry it in. */
static lc_assert_witness *the_witness = NULL;

void lc_assert_set_witness(lc_assert_witness *witness)
{
	the_witness = witness;
}

_Noreturn void lc_assert_failed(const char *expression, const char *file, int line,
				const char *function)
{
	char text[512];
	int size = snprintf(text, sizeof(text), "assertion failed: %s (%s:%d, %s)\n", expression,
			    file, line, function);

	if (size > 0) {
		size_t length = (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1;

		/* Nothing can be done about a stderr that does not take it. */
		if (write(STDERR_FILENO, text, length) < 0)
			(void)0;
	}
	if (the_witness != NULL)
		the_witness(text);
	abort();
}
