/* Chance, clocks and entropy: all of them come from the seed. */
#include "sim/sim.h"

#include "base/clock.h"

/* The linker leads the courier's calls here (--wrap). */
uint64_t __wrap_lc_clock_monotonic_ms(void);
uint64_t __wrap_lc_clock_boot_ms(void);
int64_t __wrap_lc_clock_wall_ms(void);
void __wrap_lc_random_seed_from_system(struct lc_random *random);

uint64_t __wrap_lc_clock_monotonic_ms(void)
{
	return sim_now_ms();
}

uint64_t __wrap_lc_clock_boot_ms(void)
{
	return sim_now_ms();
}

/* An hour late or early, or more: nothing may depend on it. */
int64_t __wrap_lc_clock_wall_ms(void)
{
	int64_t wrong_ms = (int64_t)(sim->lives % 3) * 3600000 - 3600000;

	wrong_ms += sim_clock_machine_error(sim_now_ms()) * 1000;
	return (int64_t)sim->plan.epoch * 1000 + (int64_t)sim_now_ms() + wrong_ms;
}

void __wrap_lc_random_seed_from_system(struct lc_random *random)
{
	lc_random_seed(random, lc_random_next(&sim->entropy));
}

uint64_t sim_below(uint64_t bound)
{
	return lc_random_next(&sim->random) % bound;
}

uint64_t sim_between(uint64_t least, uint64_t most)
{
	return least + sim_below(most - least + 1);
}

bool sim_chance(double probability)
{
	return lc_random_unit(&sim->random) < probability;
}

bool sim_fault(double probability)
{
	return sim_chance(probability) && sim_now_ms() < sim->plan.faults_end_ms;
}

bool sim_dies(double probability)
{
	return sim_now_ms() < sim->plan.faults_end_ms && lc_random_unit(&sim->deaths) < probability;
}

uint64_t sim_delay(uint64_t usual_ms, uint64_t rare_ms)
{
	return sim_below((sim_fault(0.05) ? rare_ms : usual_ms) + 1);
}

void sim_crash_point(const char *step)
{
	if (!sim->crashing && sim_fault(sim->plan.step_crashes)) {
		sim_trace("crash at a step: %s", step);
		sim->crash_wanted = true;
	}
}
