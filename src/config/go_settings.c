#include "config/go_settings.h"

#include "config/text.h"

#include <stdio.h>

struct go_setting {
	const char *name;
	const char *here; /* NULL: nothing stands in its place */
	const char *note;
};

/* Those that are no settings here. */
static const struct go_setting GONE[] = {
#define LC_GO_SETTING_REPLACED(name, here, note) {(name), (here), (note)},
#define LC_GO_SETTING_DROPPED(name, note) {(name), NULL, (note)},
#include "tbl/go_settings.h"
};

static const struct {
	const char *variable;
	const char *name;
} VARIABLES[] = {
#define LC_GO_SETTING_VARIABLE(variable, name) {(variable), (name)},
#include "tbl/go_settings.h"
};

bool lc_go_settings_explain(struct lc_view name, char *hint)
{
	/* Only case and punctuation may differ. */
	struct lc_text_guess guess = {.typed = name, .bound = 1};

	for (size_t i = 0; i < sizeof(GONE) / sizeof(GONE[0]); i++) {
		const struct go_setting *gone = &GONE[i];

		if (!lc_text_guess(&guess, gone->name))
			continue;
		if (gone->here == NULL)
			snprintf(hint, LC_GO_SETTINGS_HINT_SIZE,
				 "the Go courier's is not needed here: %s", gone->note);
		else
			snprintf(hint, LC_GO_SETTINGS_HINT_SIZE,
				 "in place of the Go courier's stands %s: %s", gone->here,
				 gone->note);
		return true;
	}
	return false;
}

const struct lc_setting *lc_go_settings_find_variable(struct lc_view variable)
{
	for (size_t i = 0; i < sizeof(VARIABLES) / sizeof(VARIABLES[0]); i++) {
		if (lc_view_equal(variable, lc_view_of(VARIABLES[i].variable)))
			return lc_setting_find(lc_view_of(VARIABLES[i].name));
	}
	return NULL;
}
