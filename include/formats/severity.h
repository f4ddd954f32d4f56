/* The severities of include/tbl/severities.h, shared by the supervisor, who decides them, and
 * log-courier-ctl, which shows them. */
#ifndef LC_FORMATS_SEVERITY_H
#define LC_FORMATS_SEVERITY_H

#include <stdbool.h>

enum lc_severity {
#define LC_SEVERITY(name, text, help) LC_SEVERITY_##name,
#include "tbl/severities.h"
	LC_SEVERITY_COUNT
};

/* The severity's text: "critical". */
const char *lc_severity_text(enum lc_severity severity);

/* Text -> severity; false for anything else. */
bool lc_severity_of(const char *text, enum lc_severity *severity);

#endif
