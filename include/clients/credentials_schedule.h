/*
 * When credentials that were lent for a time are asked for again, and how long they are used, as a
 * pure rule. Times are seconds of the wall clock.
 *
 * New ones are asked for while a quarter of their time is left, at most a quarter of an hour, and
 * again and again, later and later, when that fails. Until they expire the old ones are used
 * meanwhile. What a source has just given is used whatever this machine's clock says: S3 decides.
 */
#ifndef LC_CLIENTS_CREDENTIALS_SCHEDULE_H
#define LC_CLIENTS_CREDENTIALS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct lc_credentials_schedule {
	int64_t obtained;  /* when they were given */
	int64_t expires;   /* 0: never */
	int64_t asked;     /* when they were asked for last, successfully or not */
	unsigned failures; /* in a row since they were given */
	double spread;     /* at random in [0, 1), so that not all workers ask at once */
};

/* When to ask again; INT64_MAX: there is no need. */
int64_t lc_credentials_schedule_due(const struct lc_credentials_schedule *schedule);

/* False once they have expired and nothing newer could be had. */
bool lc_credentials_schedule_usable(const struct lc_credentials_schedule *schedule, int64_t now);

#endif
