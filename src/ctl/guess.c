#include "ctl/guess.h"

#include "config/nearest.h"

struct lc_guess lc_guess_for(struct lc_view typed)
{
	unsigned tolerated = typed.size < 5 ? 1 : (unsigned)(typed.size + 1) / 3;

	return (struct lc_guess){.typed = typed, .distance = tolerated + 1};
}

void lc_guess_consider(struct lc_guess *guess, const char *known)
{
	unsigned distance = lc_nearest_distance(guess->typed, known);

	if (distance < guess->distance) {
		guess->distance = distance;
		guess->nearest = known;
	}
}
