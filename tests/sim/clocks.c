/*
 * What the clocks show: ClickHouse's servers' and this machine's. Each may jump, alone or with
 * others, for a while or for good, by less than a second or by more than the horizon; rows are
 * stamped by the server that takes them in. And troubles that go with it: processes that die in the
 * middle of a window and are there again at once, offsets that cannot be written for long.
 *
 * All of it is drawn from a chance of its own, so that a calm history stays as it is.
 */
#include "sim/sim.h"

#include "formats/offset.h"
#include "ledger/ledger.h"

enum { ALL_SEATS = (1 << SIM_SEATS_MAX) - 1, HORIZON_LEAST = 600 };

static uint64_t below(uint64_t bound)
{
	return lc_random_next(&sim->clocks) % bound;
}

static bool chance(double probability)
{
	return lc_random_unit(&sim->clocks) < probability;
}

/* ---- the plan ---- */

static int32_t make_distance(void)
{
	uint64_t horizon = sim->plan.horizon;
	int32_t seconds;

	if (chance(0.2))
		seconds = 1 + (int32_t)below(10);
	else if (chance(0.4))
		seconds = 1 + (int32_t)below(horizon);
	else
		seconds = (int32_t)(horizon + below(2 * horizon));
	return chance(0.65) ? seconds : -seconds;
}

static void add_jump(void)
{
	struct sim_plan *plan = &sim->plan;
	struct sim_jump *jump = &plan->jumps[plan->jump_count++];
	double who = lc_random_unit(&sim->clocks);

	*jump = (struct sim_jump){
	    .from_ms = chance(0.15) ? 0 : below(plan->faults_end_ms),
	    .seconds = make_distance(),
	    .seats = who < 0.8    ? ALL_SEATS
		     : who < 0.95 ? 1u << below(SIM_SEATS_MAX)
				  : 0,
	    .machine = who < 0.5 || who >= 0.95,
	};
	jump->until_ms = jump->from_ms + 1 + below(chance(0.3) ? 30000 : 2000000);
	if (jump->until_ms > plan->faults_end_ms)
		jump->until_ms = plan->faults_end_ms;
	/* For good, then, but only where nobody could tell. */
	if (who < 0.5 && jump->seconds > 0 && chance(0.15))
		jump->until_ms = SIM_NEVER;
}

static bool state_is_lost(void)
{
	for (size_t i = 0; i < sim->plan.interruption_count; i++) {
		if (sim->plan.interruptions[i].kind == SIM_LOSE_STATE)
			return true;
	}
	return false;
}

/* A start without a ledger has nothing but what the clock tells then. */
static void add_jumps(void)
{
	if (state_is_lost() || sim->plan.retention_is_short || !chance(0.4))
		return;
	for (uint64_t i = 1 + below(SIM_JUMPS_MAX); i > 0; i--)
		add_jump();
}

/* Longer than a short horizon, so that what was committed before is forgotten meanwhile. */
static void add_failing_offsets(void)
{
	struct sim_plan *plan = &sim->plan;
	struct sim_period period = {.kind = SIM_PERIOD_OFFSETS_FAIL,
				    .from_ms = plan->rows_end_ms - below(plan->rows_end_ms / 2)};

	if (!chance(0.2) || plan->period_count == SIM_PERIODS_MAX)
		return;
	period.until_ms = period.from_ms + 800000 + below(1500000);
	if (plan->faults_end_ms < period.until_ms)
		plan->faults_end_ms = period.until_ms;
	plan->periods[plan->period_count++] = period;
	plan->horizon = HORIZON_LEAST;
}

void sim_clocks_plan(void)
{
	struct sim_plan *plan = &sim->plan;

	if (chance(0.5)) {
		for (unsigned i = 0; i < plan->seat_count; i++)
			plan->seat_skew[i] = (int32_t)below(9) - 4;
	}
	if (chance(0.4))
		plan->window_crashes = lc_random_unit(&sim->clocks);
	add_failing_offsets();
	add_jumps();
}

/* ---- what they show ---- */

static int64_t error_of(uint64_t at_ms, unsigned seats, bool machine)
{
	int64_t seconds = 0;

	for (size_t i = 0; i < sim->plan.jump_count; i++) {
		const struct sim_jump *jump = &sim->plan.jumps[i];

		if (at_ms >= jump->from_ms && at_ms < jump->until_ms &&
		    ((jump->seats & seats) != 0 || (jump->machine && machine)))
			seconds += jump->seconds;
	}
	return seconds;
}

int64_t sim_clock_error(unsigned seat, uint64_t at_ms)
{
	return error_of(at_ms, 1u << seat, false);
}

int64_t sim_clock_machine_error(uint64_t at_ms)
{
	return error_of(at_ms, 0, true);
}

unsigned sim_clock_writer(void)
{
	return (unsigned)below(sim->plan.seat_count);
}

uint64_t sim_clock_down_ms(uint64_t usual_ms)
{
	return !sim->calm && chance(0.5) ? below(300) : usual_ms;
}

bool sim_clock_window_dies(void)
{
	return sim_now_ms() < sim->plan.faults_end_ms && sim->plan.window_crashes > 0 &&
	       chance(sim->plan.window_crashes);
}

/* The next moment after `at_ms` at which a clock jumps. */
static uint64_t next_jump_ms(uint64_t at_ms)
{
	uint64_t next = SIM_NEVER;

	for (size_t i = 0; i < sim->plan.jump_count; i++) {
		const struct sim_jump *jump = &sim->plan.jumps[i];

		if (jump->from_ms > at_ms && jump->from_ms < next)
			next = jump->from_ms;
		if (jump->until_ms > at_ms && jump->until_ms < next)
			next = jump->until_ms;
	}
	return next;
}

int64_t sim_clock_reaches_ms(uint32_t second)
{
	int64_t first = INT64_MAX;

	for (unsigned seat = 0; seat < sim->plan.seat_count; seat++) {
		for (uint64_t from_ms = 0; from_ms != SIM_NEVER; from_ms = next_jump_ms(from_ms)) {
			int64_t shows = (int64_t)sim->plan.epoch + sim->plan.seat_skew[seat] +
					sim_clock_error(seat, from_ms);
			int64_t at_ms = ((int64_t)second - shows) * 1000;

			/* Without jumps the time before the history counts, too. */
			if (at_ms < (int64_t)from_ms && from_ms > 0)
				at_ms = (int64_t)from_ms;
			if (at_ms < first &&
			    (uint64_t)(at_ms < 0 ? 0 : at_ms) < next_jump_ms(from_ms))
				first = at_ms;
		}
	}
	return first;
}

/* The clock that is most ahead, since the history's beginning; that one was set back may not have
 * been heard of. */
static int64_t shows_most_ms(uint64_t at_ms)
{
	int64_t most = 0;

	for (unsigned seat = 0; seat < sim->plan.seat_count; seat++) {
		int64_t error = sim_clock_error(seat, at_ms);

		most = error > most ? error : most;
	}
	return (int64_t)at_ms + most * 1000;
}

/* As the delivery's steady clock, of which this is the upper bound: it hears of a jump back late.
 */
int64_t sim_clock_steady_ms(uint64_t began_ms, uint64_t at_ms)
{
	int64_t steady = shows_most_ms(began_ms);
	int64_t most = steady;

	for (uint64_t from_ms = began_ms; from_ms < at_ms;) {
		uint64_t next = next_jump_ms(from_ms);
		uint64_t until_ms = next < at_ms ? next : at_ms;
		int64_t shows = shows_most_ms(from_ms);
		int64_t length = (int64_t)(until_ms - from_ms);

		steady = steady < shows ? steady : shows;
		steady += length + length / 4;
		steady = steady < shows + length ? steady : shows + length;
		most = steady > most ? steady : most;
		from_ms = until_ms;
	}
	return most;
}
