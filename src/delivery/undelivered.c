#include "delivery/undelivered.h"

#include "base/counters.h"
#include "delivery/mark.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"

/* Of two seconds, 0 standing for none. */
static uint32_t earlier(uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

/* The oldest undelivered seconds of a source, by what they wait for; 0: none. */
struct ages {
	uint32_t blocked; /* a target that does not take them, or the source cannot be read */
	uint32_t ignored; /* the same, and an operator has said that it does not matter */
	uint32_t other;
};

static uint32_t *age_at(struct ages *ages, const struct lc_target *target)
{
	if (lc_target_given_up(target) != LC_LEDGER_KEPT)
		return &ages->ignored;
	return lc_target_aside(target) ? &ages->blocked : &ages->other;
}

static struct ages ages_of(const struct lc_source *source)
{
	struct ages ages = {0};
	const struct lc_object *object;
	const struct lc_backlog *backlog;
	uint32_t *age = source->read_failures > 0 ? &ages.blocked : &ages.other;

	if (source->range_count > 0)
		*age = source->ranges[0].from;
	TAILQ_FOREACH(object, &source->objects, of_source)
	{
		age = age_at(&ages, object->target);
		*age = earlier(*age, object->first_second);
	}
	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		age = age_at(&ages, backlog->target);
		*age = earlier(*age, backlog->oldest);
	}
	return ages;
}

uint32_t lc_undelivered_oldest(const struct lc_source *source)
{
	struct ages ages = ages_of(source);

	return earlier(ages.blocked, earlier(ages.ignored, ages.other));
}

bool lc_undelivered_blocked(const struct lc_source *source)
{
	struct ages ages = ages_of(source);

	return ages.blocked != 0 || ages.ignored != 0;
}

/* Objects after the first one have later marks or none, so the first one decides, unless a later
 * one holds late rows. */
const struct lc_mark *lc_undelivered_mark(const struct lc_source *source)
{
	const struct lc_object *first = TAILQ_FIRST(&source->objects);
	const struct lc_mark *mark = first != NULL ? &first->before : &source->complete;
	uint32_t oldest = lc_undelivered_oldest(source);

	if (!mark->set || (oldest != 0 && oldest <= mark->inserted_at))
		return NULL;
	return mark;
}

uint64_t lc_undelivered_rows(const struct lc_source *source)
{
	return source->open_rows + source->object_rows +
	       lc_target_table_backlog_of_source(source).rows;
}

struct survey {
	uint64_t pending;
	uint64_t blocked;
	uint64_t unreadable;
	uint32_t oldest;
	uint32_t oldest_blocked;
	struct lc_undelivered_open open;
};

static void survey_source(void *context, struct lc_source *source)
{
	struct survey *survey = context;
	struct ages ages = ages_of(source);

	survey->blocked += ages.blocked != 0 || ages.ignored != 0;
	survey->unreadable += source->read_failures > 0;
	survey->pending += lc_undelivered_rows(source);
	survey->oldest = earlier(survey->oldest, ages.other);
	survey->oldest_blocked = earlier(survey->oldest_blocked, ages.blocked);
	if (source->read_failures == 0 && source->range_count > 0) {
		survey->open.from = earlier(survey->open.from, source->ranges[0].from);
		survey->open.rows += source->open_rows;
	}
}

struct lc_undelivered_open lc_undelivered_survey(struct lc_source_table *table,
						 struct lc_counters *counters)
{
	struct survey survey = {.oldest = 0};

	lc_source_each(table, survey_source, &survey);
	lc_counters_set(counters, LC_COUNTERS_SOURCES, lc_source_count(table));
	lc_counters_set(counters, LC_COUNTERS_SOURCES_BLOCKED, survey.blocked);
	lc_counters_set(counters, LC_COUNTERS_PENDING_RECORDS, survey.pending);
	lc_counters_set(counters, LC_COUNTERS_SOURCES_UNREADABLE, survey.unreadable);
	lc_counters_set(counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT, survey.oldest);
	lc_counters_set(counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT, survey.oldest_blocked);
	return survey.open;
}
