#include "preflight/verdict.h"

#include "base/view.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ADVICE_MAX = 1024 };

/* What the faults' advice says to those whose service runs. */
static const char *const OF_A_RUNNING_SERVICE[] = {
    " and run log-courier-ctl reload",
    "run log-courier-ctl targets --blocked and ",
    "; the log and log-courier-ctl targets --blocked say more",
    "; all rows are kept meanwhile",
    "; delivery resumes by itself",
};

void lc_verdict_set(struct lc_verdict *verdict, enum lc_verdict_grade grade, const char *format,
		    ...)
{
	va_list arguments;

	verdict->grade = grade;
	va_start(arguments, format);
	vsnprintf(verdict->text, sizeof(verdict->text), format, arguments);
	va_end(arguments);
	for (char *c = verdict->text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = ' ';
	}
}

void lc_verdict_set_not_checked(struct lc_verdict *verdict, const char *failed)
{
	lc_verdict_set(verdict, LC_VERDICT_SKIP, "not checked, because this has failed: %s",
		       failed);
}

static size_t size_to_leave_out(const char *advice)
{
	for (size_t i = 0; i < sizeof(OF_A_RUNNING_SERVICE) / sizeof(OF_A_RUNNING_SERVICE[0]);
	     i++) {
		size_t size = strlen(OF_A_RUNNING_SERVICE[i]);

		if (strncmp(advice, OF_A_RUNNING_SERVICE[i], size) == 0)
			return size;
	}
	return 0;
}

void lc_verdict_append_advice(struct lc_buffer *text, enum lc_fault fault)
{
	const char *advice = LC_FAULT_DESCRIPTIONS[fault].advice;
	bool first = true;

	while (*advice != '\0') {
		size_t size = size_to_leave_out(advice);

		if (size > 0) {
			advice += size;
			continue;
		}
		lc_buffer_append_char(text,
				      first ? (char)toupper((unsigned char)*advice) : *advice);
		first = false;
		advice++;
	}
	lc_buffer_append_char(text, '.');
}

void lc_verdict_set_failure(struct lc_verdict *verdict, const struct lc_error *error,
			    const char *url, const char *advice)
{
	struct lc_view said = lc_view_of(error->message);
	size_t size = strlen(url);

	if (size > 0 && lc_view_begins_with(said, lc_view_of(url)) &&
	    strncmp(said.data + size, ": ", 2) == 0)
		said = lc_view_of(said.data + size + 2);
	said = lc_view_trimmed(said, ". \n");
	lc_verdict_set(verdict, LC_VERDICT_FAIL, "%.*s. %s",
		       lc_view_shown(said, LC_ERROR_MESSAGE_SIZE), said.data, advice);
}

void lc_verdict_set_fault(struct lc_verdict *verdict, const struct lc_error *error,
			  enum lc_fault fault, const char *url)
{
	struct lc_buffer advice;

	lc_buffer_init(&advice, ADVICE_MAX);
	lc_verdict_append_advice(&advice, fault);
	lc_verdict_set_failure(verdict, error, url, lc_buffer_text(&advice));
	lc_buffer_free(&advice);
}
