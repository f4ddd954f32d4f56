#include "delivery/outage.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/memory.h"
#include "clients/diagnose.h"
#include "clients/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
	STALE_MS = 3600 * 1000, /* an answer that is older says nothing about the present */
	SWEEP_LEAST = 1024,     /* places that may stay though their last answers are older */
};

/* Of S3's words, so that there is room for the endpoint. */
enum { WORDS_SHOWN_MAX = LC_COUNTERS_WORDS_SIZE - 100 };

/* S3 as one client sees it: an endpoint with an access key. */
struct service {
	struct service *next;
	const struct lc_s3 *client;
	const char *endpoint;
	size_t working;        /* places that work */
	size_t fresh;          /* that have failed since the last confirmation and did not before */
	bool confirmed;        /* anything, ever */
	uint64_t confirmed_ms; /* the last time */
	uint64_t failing_since; /* wall clock, seconds: the first failure after that; 0: none */
	enum lc_fault fault;    /* why it takes nothing; NONE: it does, or it is single targets */
	char words[LC_COUNTERS_WORDS_SIZE];
};

struct place {
	struct service *service;
	bool works;        /* its last upload was confirmed */
	uint64_t noted_ms; /* when it was last answered */
	UT_hash_handle hh;
	char name[]; /* of the bucket; any bytes */
};

struct lc_outage {
	struct lc_counters *counters;
	struct place *places;
	size_t known; /* places after the last sweep */
	struct service *services;
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
	while (outage->services != NULL) {
		struct service *next = outage->services->next;

		free(outage->services);
		outage->services = next;
	}
	free(outage);
}

static struct service *get_service(struct lc_outage *outage, const struct lc_s3 *client,
				   const char *endpoint)
{
	struct service *service;

	for (service = outage->services; service != NULL; service = service->next) {
		if (service->client == client)
			return service;
	}
	service = lc_memory_zero(1, sizeof(*service));
	service->client = client;
	service->endpoint = endpoint;
	service->next = outage->services;
	outage->services = service;
	return service;
}

/* A new one is as good as one that works: should it fail, that is news. */
static struct place *get(struct lc_outage *outage, const struct lc_s3 *client, const char *endpoint,
			 struct lc_view bucket)
{
	struct place *place;

	HASH_FIND(hh, outage->places, bucket.data, bucket.size, place);
	if (place != NULL)
		return place;
	place = lc_memory_zero(1, sizeof(*place) + bucket.size + 1);
	if (bucket.size > 0)
		memcpy(place->name, bucket.data, bucket.size);
	place->works = true;
	place->service = get_service(outage, client, endpoint);
	place->service->working++;
	HASH_ADD_KEYPTR(hh, outage->places, place->name, bucket.size, place);
	return place;
}

/* Buckets come and go: those that nothing was uploaded to for long are forgotten. */
static void sweep(struct lc_outage *outage, uint64_t now_ms)
{
	struct place *place = NULL;
	struct place *next = NULL;

	if (HASH_COUNT(outage->places) < 2 * outage->known + SWEEP_LEAST)
		return;
	/* The analyser does not see that a place's links and the table's agree.
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	HASH_ITER(hh, outage->places, place, next)
	{
		if (now_ms - place->noted_ms < STALE_MS)
			continue;
		place->service->working -= place->works;
		HASH_DEL(outage->places, place);
		free(place);
	}
	outage->known = HASH_COUNT(outage->places);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* Of several services that take nothing, the one that has failed for longest. */
static void show(const struct lc_outage *outage)
{
	const struct service *shown = NULL;
	bool refused = false;

	for (const struct service *service = outage->services; service != NULL;
	     service = service->next) {
		if (service->fault == LC_FAULT_NONE)
			continue;
		refused |=
		    service->fault == LC_FAULT_S3_KEY || service->fault == LC_FAULT_S3_SIGNATURE;
		if (shown == NULL || service->failing_since < shown->failing_since)
			shown = service;
	}
	lc_counters_set(outage->counters, LC_COUNTERS_S3_FAILING_SINCE,
			shown == NULL ? 0 : shown->failing_since);
	lc_counters_set_failing(outage->counters, LC_COUNTERS_S3_REFUSING_SINCE, refused);
	lc_counters_complain(outage->counters, LC_COUNTERS_COMPLAINT_S3,
			     shown == NULL ? LC_FAULT_NONE : shown->fault,
			     shown == NULL ? "" : shown->words);
}

static void note_confirmation(struct lc_outage *outage, struct place *place, uint64_t now_ms)
{
	struct service *service = place->service;

	service->working += !place->works;
	place->works = true;
	service->fresh = 0;
	service->confirmed = true;
	service->confirmed_ms = now_ms;
	service->failing_since = 0;
	service->fault = LC_FAULT_NONE;
	lc_counters_set(outage->counters, LC_COUNTERS_S3_CONFIRMED_AT,
			(uint64_t)lc_clock_wall_ms() / 1000);
}

static bool takes_nothing(const struct service *service, enum lc_fault_reach reach, uint64_t now_ms)
{
	return !service->confirmed || reach == LC_FAULT_WHOLE || service->working == 0 ||
	       service->fresh >= 2 || now_ms - service->confirmed_ms >= STALE_MS;
}

/* Where there are several, which one it is. */
static void write_words(const struct lc_outage *outage, struct service *service,
			const char *message)
{
	bool several = outage->services->next != NULL;

	snprintf(service->words, sizeof(service->words), "%s%s%.*s",
		 several ? service->endpoint : "", several ? ": " : "", WORDS_SHOWN_MAX, message);
}

static void note_failure(const struct lc_outage *outage, struct place *place,
			 const struct lc_s3_answer *answer, uint64_t now_ms)
{
	struct service *service = place->service;
	enum lc_fault fault = lc_diagnose_s3(answer);
	enum lc_fault_reach reach = LC_FAULT_DESCRIPTIONS[fault].reach;

	if (place->works) {
		service->working--;
		service->fresh += reach != LC_FAULT_ONE;
	}
	place->works = false;
	if (service->failing_since == 0)
		service->failing_since = (uint64_t)lc_clock_wall_ms() / 1000;
	service->fault = takes_nothing(service, reach, now_ms) ? fault : LC_FAULT_NONE;
	write_words(outage, service, answer->error.message);
}

void lc_outage_note(struct lc_outage *outage, const struct lc_s3 *client, const char *endpoint,
		    struct lc_view bucket, const struct lc_s3_answer *answer, uint64_t now_ms)
{
	struct place *place;

	sweep(outage, now_ms);
	place = get(outage, client, endpoint, bucket);
	place->noted_ms = now_ms;
	if (answer->retry_class == LC_RETRY_DONE)
		note_confirmation(outage, place, now_ms);
	else
		note_failure(outage, place, answer, now_ms);
	show(outage);
}
