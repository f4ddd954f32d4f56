#include "ctl/reference.h"

#include "config/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 1 << 20 };

static void the_reference_in_docs_is_what_the_program_prints(void **state)
{
	const char *top = getenv("srcdir");
	struct lc_error error = {0};
	struct lc_buffer print;
	struct lc_buffer file;
	char path[1024];

	(void)state;
	lc_buffer_init(&print, CAP);
	lc_buffer_init(&file, CAP);
	lc_reference_append(&print);
	snprintf(path, sizeof(path), "%s/docs/ctl-json.md", top == NULL ? "." : top);
	if (!lc_file_read(path, &file, NULL, &error))
		fail_msg("%s", error.message);
	if (!lc_view_equal(lc_buffer_view(&print), lc_buffer_view(&file)))
		fail_msg("out of date: log-courier-ctl help json >docs/ctl-json.md mends it");
	lc_buffer_free(&print);
	lc_buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_reference_in_docs_is_what_the_program_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
