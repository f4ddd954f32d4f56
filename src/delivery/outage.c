#include "delivery/outage.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/memory.h"
#include "clients/diagnose.h"
#include "clients/s3.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A confirmation that is older says nothing about the present. */
enum { STALE_MS = 3600 * 1000 };

struct place {
	bool works; /* its last upload was confirmed */
	UT_hash_handle hh;
	char name[]; /* of the bucket; any bytes */
};

struct lc_outage {
	struct lc_counters *counters;
	struct place *places;
	size_t working;        /* places that work */
	size_t fresh;          /* that have failed since the last confirmation and did not before */
	bool confirmed;        /* anything, ever */
	uint64_t confirmed_ms; /* the last time */
	uint64_t failing_since; /* wall clock, seconds: the first failure after that; 0: none */
};

struct lc_outage *lc_outage_new(struct lc_counters *counters)
{
	struct lc_outage *outage = lc_memory_zero(1, sizeof(*outage));

	outage->counters = counters;
	return outage;
}

void lc_outage_free(struct lc_outage *outage)
{
	struct place *place;

	if (outage == NULL)
		return;
	place = outage->places;
	HASH_CLEAR(hh, outage->places);
	while (place != NULL) {
		struct place *next = place->hh.next;

		free(place);
		place = next;
	}
	free(outage);
}

/* A new one is as good as one that works: should it fail, that is news. */
static struct place *get(struct lc_outage *outage, struct lc_view bucket)
{
	struct place *place;

	HASH_FIND(hh, outage->places, bucket.data, bucket.size, place);
	if (place != NULL)
		return place;
	place = lc_memory_zero(1, sizeof(*place) + bucket.size + 1);
	if (bucket.size > 0)
		memcpy(place->name, bucket.data, bucket.size);
	place->works = true;
	outage->working++;
	HASH_ADD_KEYPTR(hh, outage->places, place->name, bucket.size, place);
	return place;
}

static void show(const struct lc_outage *outage, enum lc_fault fault, const char *words)
{
	bool refused = fault == LC_FAULT_S3_KEY || fault == LC_FAULT_S3_SIGNATURE;

	lc_counters_set(outage->counters, LC_COUNTERS_S3_FAILING_SINCE,
			fault == LC_FAULT_NONE ? 0 : outage->failing_since);
	lc_counters_set_failing(outage->counters, LC_COUNTERS_S3_REFUSING_SINCE, refused);
	lc_counters_complain(outage->counters, LC_COUNTERS_COMPLAINT_S3, fault, words);
}

static void note_confirmation(struct lc_outage *outage, struct place *place, uint64_t now_ms)
{
	uint64_t now = (uint64_t)lc_clock_wall_ms() / 1000;

	outage->working += !place->works;
	place->works = true;
	outage->fresh = 0;
	outage->confirmed = true;
	outage->confirmed_ms = now_ms;
	outage->failing_since = 0;
	lc_counters_set(outage->counters, LC_COUNTERS_S3_CONFIRMED_AT, now);
	show(outage, LC_FAULT_NONE, "");
}

static bool is_outage(const struct lc_outage *outage, enum lc_fault_reach reach, uint64_t now_ms)
{
	return !outage->confirmed || reach == LC_FAULT_WHOLE || outage->working == 0 ||
	       outage->fresh >= 2 || now_ms - outage->confirmed_ms >= STALE_MS;
}

static void note_failure(struct lc_outage *outage, struct place *place,
			 const struct lc_s3_answer *answer, uint64_t now_ms)
{
	enum lc_fault fault = lc_diagnose_s3(answer);
	enum lc_fault_reach reach = LC_FAULT_DESCRIPTIONS[fault].reach;

	if (place->works) {
		outage->working--;
		outage->fresh += reach != LC_FAULT_ONE;
	}
	place->works = false;
	if (outage->failing_since == 0)
		outage->failing_since = (uint64_t)lc_clock_wall_ms() / 1000;
	if (is_outage(outage, reach, now_ms))
		show(outage, fault, answer->error.message);
	else
		show(outage, LC_FAULT_NONE, "");
}

void lc_outage_note(struct lc_outage *outage, struct lc_view bucket,
		    const struct lc_s3_answer *answer, uint64_t now_ms)
{
	struct place *place = get(outage, bucket);

	if (answer->retry_class == LC_RETRY_DONE)
		note_confirmation(outage, place, now_ms);
	else
		note_failure(outage, place, answer, now_ms);
}
