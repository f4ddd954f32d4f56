#include "clients/credentials_schedule.h"

#include "base/backoff.h"

enum {
	LEAD_MAX = 900,
	EXPIRED_AGAIN = 10, /* seconds: a clock is wrong, or the source slow to have new ones */
	LEAD_PART = 4,      /* of their time */
	AGAIN_PART =
	    10, /* of the lead, before a source that still gives the old ones is asked again */
};

static const struct lc_backoff BACKOFF = {.initial_ms = 1000, .maximum_ms = 60 * 1000};

int64_t lc_credentials_schedule_due(const struct lc_credentials_schedule *schedule)
{
	int64_t lead = (schedule->expires - schedule->obtained) / LEAD_PART;
	int64_t due;
	int64_t earliest;

	if (schedule->failures > 0)
		return schedule->asked +
		       (int64_t)lc_backoff_plain_ms(&BACKOFF, schedule->failures - 1) / 1000;
	if (schedule->expires == 0)
		return INT64_MAX;
	if (schedule->expires <= schedule->obtained)
		return schedule->asked + EXPIRED_AGAIN;
	if (lead > LEAD_MAX)
		lead = LEAD_MAX;
	due = schedule->expires - lead - (int64_t)(schedule->spread * (double)lead / AGAIN_PART);
	earliest = schedule->asked + 1 + lead / AGAIN_PART;
	return due > earliest ? due : earliest;
}

bool lc_credentials_schedule_usable(const struct lc_credentials_schedule *schedule, int64_t now)
{
	return schedule->failures == 0 || schedule->expires == 0 || now < schedule->expires;
}
