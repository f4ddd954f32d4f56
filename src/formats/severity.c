#include "formats/severity.h"

#include "base/assert.h"

#include <string.h>

static const char *const TEXTS[LC_SEVERITY_COUNT] = {
#define LC_SEVERITY(name, text, help) [LC_SEVERITY_##name] = (text),
#include "tbl/severities.h"
};

const char *lc_severity_text(enum lc_severity severity)
{
	LC_ASSERT((unsigned)severity < LC_SEVERITY_COUNT);
	return TEXTS[severity];
}

bool lc_severity_of(const char *text, enum lc_severity *severity)
{
	for (unsigned i = 0; i < LC_SEVERITY_COUNT; i++) {
		if (strcmp(text, TEXTS[i]) == 0) {
			*severity = (enum lc_severity)i;
			return true;
		}
	}
	return false;
}
