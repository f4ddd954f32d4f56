#include "supervisor/fitness.h"

#include <stddef.h>
#include <stdio.h>

static uint64_t rest_ms(const struct lc_fitness *fitness)
{
	uint64_t rest = LC_FITNESS_REST_MS;

	for (unsigned i = 1; i < fitness->relapses && rest < LC_FITNESS_REST_MAX_MS; i++)
		rest *= 2;
	return rest < LC_FITNESS_REST_MAX_MS ? rest : LC_FITNESS_REST_MAX_MS;
}

static void change(struct lc_fitness *fitness, bool unfit, const char *reason, uint64_t now_ms)
{
	if (unfit && now_ms - fitness->changed_ms >= LC_FITNESS_WELL_MS)
		fitness->relapses = 0;
	fitness->relapses += unfit;
	fitness->unfit = unfit;
	fitness->changed_ms = now_ms;
	fitness->counting = false;
	snprintf(fitness->reason, sizeof fitness->reason, "%s", reason);
}

void lc_fitness_look(struct lc_fitness *fitness, const char *trouble, bool works, uint64_t now_ms)
{
	/* What could change it: trouble while it is fit, none while it is not. */
	bool speaks_for_change = fitness->unfit ? trouble == NULL : trouble != NULL;
	uint64_t patience_ms = LC_FITNESS_PATIENCE_MS;

	if (fitness->unfit)
		patience_ms = works ? 0 : rest_ms(fitness);

	if (!speaks_for_change) {
		fitness->counting = false;
		return;
	}
	if (!fitness->counting)
		fitness->since_ms = now_ms;
	fitness->counting = true;
	if (now_ms - fitness->since_ms >= patience_ms)
		change(fitness, !fitness->unfit, trouble == NULL ? "" : trouble, now_ms);
}
