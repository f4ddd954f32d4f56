#include "formats/check_line.h"

#include "base/assert.h"

static const char *const SHOWN[LC_VERDICT_GRADES + 1] = {
#define LC_VERDICT_GRADE(name, text, shown, counted, help) [LC_VERDICT_##name] = (shown),
#include "tbl/verdict_grades.h"
    [LC_VERDICT_GRADES] = "????",
};

static const char *const COUNTED[LC_VERDICT_GRADES + 1] = {
#define LC_VERDICT_GRADE(name, text, shown, counted, help) [LC_VERDICT_##name] = (counted),
#include "tbl/verdict_grades.h"
    [LC_VERDICT_GRADES] = "of a grade that only a newer release knows",
};

void lc_check_line_append(struct lc_buffer *text, enum lc_verdict_grade grade, const char *subject,
			  const char *found)
{
	LC_ASSERT((unsigned)grade <= LC_VERDICT_GRADES);
	lc_buffer_append_format(text, "%s  %s: %s\n", SHOWN[grade], subject, found);
}

void lc_check_line_append_counts(struct lc_buffer *text, const size_t counts[LC_VERDICT_GRADES + 1])
{
	const char *separator = "";

	for (unsigned i = 0; i <= LC_VERDICT_GRADES; i++) {
		if (counts[i] == 0)
			continue;
		lc_buffer_append_format(text, "%s%zu %s", separator, counts[i], COUNTED[i]);
		separator = ", ";
	}
}
