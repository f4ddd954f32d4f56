#include "preflight/report.h"

#include "base/buffer.h"
#include "base/exit_codes.h"
#include "formats/check_line.h"
#include "preflight/preflight.h"

enum { LINE_CAP = 4096 };

struct report {
	FILE *out;
	size_t counts[LC_VERDICT_GRADES + 1];
};

static void tell(void *context, const struct lc_verdict *verdict, const char *subject)
{
	struct report *report = context;
	struct lc_buffer line;

	report->counts[verdict->grade]++;
	lc_buffer_init(&line, LINE_CAP);
	lc_check_line_append(&line, verdict->grade, subject, verdict->text);
	fputs(lc_buffer_text(&line), report->out);
	fflush(report->out);
	lc_buffer_free(&line);
}

static int sum_up(const struct report *report)
{
	bool failed = report->counts[LC_VERDICT_FAIL] > 0;
	struct lc_buffer counts;

	lc_buffer_init(&counts, LINE_CAP);
	lc_check_line_append_counts(&counts, report->counts);
	fprintf(report->out, "\n%s. log-courier %s.\n", lc_buffer_text(&counts),
		failed ? "should not be started with this set-up" : "can be started");
	lc_buffer_free(&counts);
	return failed || fflush(report->out) != 0 ? LC_EXIT_FAILURE : LC_EXIT_OK;
}

int lc_preflight_report(const struct lc_settings *settings, const char *bucket, FILE *out)
{
	struct report report = {.out = out};
	const struct lc_preflight preflight = {
	    .settings = settings, .bucket = bucket, .tell = tell, .context = &report};
	struct lc_error error;

	if (lc_preflight_run(&preflight, &error))
		return sum_up(&report);
	fprintf(stderr, "log-courier: %s\n", error.message);
	return LC_EXIT_USAGE;
}
