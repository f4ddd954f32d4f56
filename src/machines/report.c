#include "machines/report.h"

#include "base/assert.h"
#include "formats/frame.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct lc_report) +
		       LC_REPORT_MACHINES_MAX * sizeof(struct lc_report_machine) <=
		   LC_FRAME_BODY_MAX,
	       "a frame takes a report");

void lc_report_begin(struct lc_buffer *body, const struct lc_report *report)
{
	struct lc_report begun = *report;

	begun.machine_count = 0;
	lc_buffer_clear(body);
	lc_buffer_append(body, &begun, sizeof begun);
}

void lc_report_add(struct lc_buffer *body, const struct lc_report_machine *machine)
{
	struct lc_report report;

	LC_ASSERT(body->size >= sizeof report);
	memcpy(&report, body->data, sizeof report);
	if (report.machine_count == LC_REPORT_MACHINES_MAX)
		return;
	report.machine_count++;
	memcpy(body->data, &report, sizeof report);
	lc_buffer_append(body, machine, sizeof *machine);
}

static bool check_machine(struct lc_report_machine *machine)
{
	machine->name[sizeof machine->name - 1] = '\0';
	machine->software[sizeof machine->software - 1] = '\0';
	machine->reason[sizeof machine->reason - 1] = '\0';
	return (unsigned)machine->verdict <= LC_PEER_SILENT &&
	       (unsigned)machine->state < LC_MACHINE_STATE_COUNT;
}

bool lc_report_read(struct lc_view body, struct lc_report *report,
		    struct lc_report_machine *machines)
{
	if (body.size < sizeof *report)
		return false;
	memcpy(report, body.data, sizeof *report);
	report->trouble[sizeof report->trouble - 1] = '\0';
	if (report->machine_count > LC_REPORT_MACHINES_MAX ||
	    body.size != sizeof *report + report->machine_count * sizeof *machines)
		return false;
	memcpy(machines, body.data + sizeof *report, report->machine_count * sizeof *machines);
	for (uint32_t i = 0; i < report->machine_count; i++) {
		if (!check_machine(&machines[i]))
			return false;
	}
	return true;
}
