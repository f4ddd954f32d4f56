#include "ctl/render_machines.h"

#include "support/story.h"

#include <stdio.h>

static void add(struct lc_status_document *document, const char *name, const char *state,
		unsigned shards, const char *reason)
{
	struct lc_status_document_machine machine = {
	    .own = document->machines_size == 0, .shards = shards, .capacity = 4};

	snprintf(machine.name, sizeof(machine.name), "%s", name);
	snprintf(machine.state, sizeof(machine.state), "%s", state);
	snprintf(machine.software, sizeof(machine.software), "1.0.0");
	snprintf(machine.reason, sizeof(machine.reason), "%s", reason);
	lc_status_document_add_machine(document, &machine);
}

static void expect(const struct lc_status_document *document, const char *expected)
{
	struct lc_terminal_style style = {.width = 100};
	struct lc_buffer text;

	lc_buffer_init(&text, 4096);
	lc_render_machines(document, style, &text);
	assert_string_equal(lc_buffer_text(&text), expected);
	lc_buffer_free(&text);
}

static void machines_are_a_table(void **state)
{
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	add(&document, "courier-1", "fit", 8, "");
	add(&document, "courier-2", "unfit", 0, "its workers cannot reach S3");
	document.machines[1].missed_beats = 1;
	snprintf(document.machines[1].refuses, sizeof(document.machines[1].refuses), "3,17");
	expect(
	    &document,
	    "MACHINE               STATE  SHARDS  CAPACITY  MISSED  RELEASE  REFUSES  REASON\n"
	    "courier-1 (this one)  fit         8         4       0  1.0.0    -        -\n"
	    "courier-2             unfit       0         4       1  1.0.0    3,17     its workers "
	    "cannot reach S3\n");
	lc_status_document_free(&document);
}

static void without_machines_a_line_says_why(void **state)
{
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	expect(&document, "no machines are known: failover.enabled is not set, or the service has "
			  "just started\n");
	lc_status_document_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(machines_are_a_table),
	    cmocka_unit_test(without_machines_a_line_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
