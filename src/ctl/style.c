#include "ctl/style.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

static bool wants_colour(void)
{
	const char *term = getenv("TERM");

	return !is_set("NO_COLOR") && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* The first of these variables that is set names the locale. */
static bool shows_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

struct lc_style lc_style_of(int descriptor)
{
	struct lc_style style = {.ascii = !shows_utf8()};
	struct winsize size;

	if (isatty(descriptor) == 0)
		return style;
	style.colour = wants_colour();
	if (ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
		style.width = size.ws_col;
		style.height = size.ws_row;
	}
	return style;
}
