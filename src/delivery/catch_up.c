#include "delivery/catch_up.h"

static void begin(struct lc_catch_up *catch_up, const struct lc_catch_up_look *look)
{
	*catch_up = (struct lc_catch_up){
	    .active = true,
	    .since_ms = look->now_ms,
	    .from = look->read_until,
	    .rows_before = look->rows_read,
	};
}

static void take_sample(struct lc_catch_up *catch_up, const struct lc_catch_up_look *look)
{
	size_t count = catch_up->sample_count;

	if (count > 0 && look->now_ms < catch_up->samples[(count - 1) % LC_CATCH_UP_SAMPLES].at_ms +
					    LC_CATCH_UP_SAMPLE_MS)
		return;
	catch_up->samples[count % LC_CATCH_UP_SAMPLES].at_ms = look->now_ms;
	catch_up->samples[count % LC_CATCH_UP_SAMPLES].rows_read = look->rows_read;
	catch_up->sample_count++;
}

static uint64_t rows_to_come(const struct lc_catch_up *catch_up,
			     const struct lc_catch_up_look *look)
{
	double known = (double)(look->rows_read - catch_up->rows_before + look->rows_open);
	double seconds = (double)look->discovered_until - (double)catch_up->from;
	double unknown = (double)look->due - (double)look->discovered_until;

	if (seconds <= 0 || unknown <= 0)
		return look->rows_open;
	return look->rows_open + (uint64_t)(known / seconds * unknown);
}

/* From the oldest sample to now. */
static uint64_t estimate(const struct lc_catch_up *catch_up, const struct lc_catch_up_look *look,
			 uint64_t rows)
{
	size_t count = catch_up->sample_count;
	size_t oldest = count < LC_CATCH_UP_SAMPLES ? 0 : count % LC_CATCH_UP_SAMPLES;
	uint64_t read = look->rows_read - catch_up->samples[oldest].rows_read;
	double milliseconds = (double)(look->now_ms - catch_up->samples[oldest].at_ms);

	if (read == 0)
		return 0;
	return 1 + (uint64_t)((double)rows * milliseconds / (double)read / 1000);
}

bool lc_catch_up_look(struct lc_catch_up *catch_up, const struct lc_catch_up_look *look,
		      struct lc_catch_up_progress *progress)
{
	bool late = look->due > look->read_until &&
		    look->due - look->read_until > LC_CATCH_UP_SLACK_SECONDS;

	if (!late) {
		catch_up->active = false;
		return false;
	}
	if (!catch_up->active)
		begin(catch_up, look);
	take_sample(catch_up, look);
	progress->read_until = look->read_until;
	progress->left_seconds = look->due - look->read_until;
	progress->rows_read = look->rows_read - catch_up->rows_before;
	progress->rows_to_come = rows_to_come(catch_up, look);
	progress->estimate_seconds = estimate(catch_up, look, progress->rows_to_come);
	return true;
}
