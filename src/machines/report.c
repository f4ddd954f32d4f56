#include "machines/report.h"

#include "base/assert.h"
#include "formats/frame.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct lc_report) +
		       LC_REPORT_MACHINES_MAX * sizeof(struct lc_report_machine) +
		       LC_MACHINE_SHARDS_MAX * sizeof(struct lc_report_shard) <=
		   LC_FRAME_BODY_MAX,
	       "a frame takes a report");

void lc_report_begin(struct lc_buffer *body, const struct lc_report *report)
{
	struct lc_report begun = *report;

	begun.machine_count = 0;
	begun.shard_count = 0;
	lc_buffer_clear(body);
	lc_buffer_append(body, &begun, sizeof begun);
}

void lc_report_add_machine(struct lc_buffer *body, const struct lc_report_machine *machine)
{
	struct lc_report report;

	LC_ASSERT(body->size >= sizeof report);
	memcpy(&report, body->data, sizeof report);
	LC_ASSERT(report.shard_count == 0);
	if (report.machine_count == LC_REPORT_MACHINES_MAX)
		return;
	report.machine_count++;
	memcpy(body->data, &report, sizeof report);
	lc_buffer_append(body, machine, sizeof *machine);
}

void lc_report_add_shard(struct lc_buffer *body, const struct lc_report_shard *shard)
{
	struct lc_report report;

	LC_ASSERT(body->size >= sizeof report);
	memcpy(&report, body->data, sizeof report);
	LC_ASSERT(report.shard_count < LC_MACHINE_SHARDS_MAX);
	report.shard_count++;
	memcpy(body->data, &report, sizeof report);
	lc_buffer_append(body, shard, sizeof *shard);
}

static bool check_machine(struct lc_report_machine *machine)
{
	machine->name[sizeof machine->name - 1] = '\0';
	machine->software[sizeof machine->software - 1] = '\0';
	machine->reason[sizeof machine->reason - 1] = '\0';
	machine->refuses[sizeof machine->refuses - 1] = '\0';
	return (unsigned)machine->verdict <= LC_PEER_SILENT &&
	       (unsigned)machine->state < LC_MACHINE_STATE_COUNT;
}

/* Whether the body has the size that its numbers say. */
static bool is_whole(struct lc_view body, const struct lc_report *report)
{
	return report->machine_count <= LC_REPORT_MACHINES_MAX &&
	       report->shard_count <= LC_MACHINE_SHARDS_MAX &&
	       body.size == sizeof *report +
				report->machine_count * sizeof(struct lc_report_machine) +
				report->shard_count * sizeof(struct lc_report_shard);
}

bool lc_report_read(struct lc_view body, struct lc_report *report,
		    struct lc_report_machine *machines, struct lc_report_shard *shards)
{
	size_t machines_size;

	if (body.size < sizeof *report)
		return false;
	memcpy(report, body.data, sizeof *report);
	report->trouble[sizeof report->trouble - 1] = '\0';
	if (!is_whole(body, report))
		return false;
	machines_size = report->machine_count * sizeof *machines;
	memcpy(machines, body.data + sizeof *report, machines_size);
	memcpy(shards, body.data + sizeof *report + machines_size,
	       report->shard_count * sizeof *shards);
	for (uint32_t i = 0; i < report->machine_count; i++) {
		if (!check_machine(&machines[i]))
			return false;
	}
	for (uint32_t i = 0; i < report->shard_count; i++) {
		if (shards[i].owner < LC_REPORT_NOBODY ||
		    shards[i].owner >= (int32_t)report->machine_count)
			return false;
	}
	return true;
}
