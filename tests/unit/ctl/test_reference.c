#include "ctl/help.h"

#include "config/file.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP = 1 << 20 };

static void compare(void (*append)(struct lc_buffer *text), const char *name, const char *mend)
{
	const char *top = getenv("srcdir");
	struct lc_error error = {0};
	struct lc_buffer print;
	struct lc_buffer file;
	char path[1024];

	lc_buffer_init(&print, CAP);
	lc_buffer_init(&file, CAP);
	append(&print);
	snprintf(path, sizeof(path), "%s/docs/%s", top == NULL ? "." : top, name);
	if (!lc_file_read(path, &file, NULL, &error))
		fail_msg("%s", error.message);
	if (!lc_view_equal(lc_buffer_view(&print), lc_buffer_view(&file)))
		fail_msg("out of date: log-courier-ctl %s >docs/%s mends it", mend, name);
	lc_buffer_free(&print);
	lc_buffer_free(&file);
}

static void the_references_in_docs_are_what_the_program_prints(void **state)
{
	(void)state;
	compare(lc_help_append_json, "ctl-json.md", "help json");
	compare(lc_help_append_metrics, "metrics.md", "help metrics");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_references_in_docs_are_what_the_program_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
