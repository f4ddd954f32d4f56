/*
 * Machines: each has a loop, and a directory. All have one time, and one machine's timers may stand
 * still for minutes while the others go on. What they draw comes from a chance of its own, so that
 * histories without failover stay as they are.
 */
#include "sim/sim.h"

#include "support/fake_loop.h"

#include "base/assert.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LATE_MS = 180 * 1000, COPY_BYTES = 65536, DIRECTORY_SIZE = 80 };

uint64_t sim_shares_below(uint64_t bound)
{
	return lc_random_next(&sim->shares) % bound;
}

bool sim_shares_fault(double probability)
{
	return sim_now_ms() < sim->plan.faults_end_ms && lc_random_unit(&sim->shares) < probability;
}

uint64_t sim_shares_delay(uint64_t usual_ms)
{
	return 1 + sim_shares_below(sim_shares_fault(0.02) ? LATE_MS : usual_ms);
}

/* ---- directories ---- */

static void make_directory(unsigned number, const char *suffix, char directory[DIRECTORY_SIZE])
{
	char path[DIRECTORY_SIZE];

	snprintf(path, sizeof(path), "%s/m%u%s", sim->directory, number, suffix);
	if (mkdir(path, 0700) != 0)
		sim_fail("the directory %s cannot be made", path);
	memcpy(directory, path, sizeof(path));
}

static void remove_directory(const char *path)
{
	sim_empty_directory(path);
	rmdir(path);
}

static void copy_file(const char *from, const char *to)
{
	FILE *source = fopen(from, "rb");
	FILE *target = fopen(to, "wb");
	char bytes[COPY_BYTES];
	size_t size;

	LC_ASSERT(source != NULL && target != NULL);
	while ((size = fread(bytes, 1, sizeof(bytes), source)) > 0)
		LC_ASSERT(fwrite(bytes, 1, size, target) == size);
	fclose(source);
	LC_ASSERT(fclose(target) == 0);
}

static void copy_directory(const char *from, const char *to)
{
	DIR *entries = opendir(from);
	const struct dirent *entry;
	char source[PATH_MAX];
	char target[PATH_MAX];

	LC_ASSERT(entries != NULL);
	sim_empty_directory(to);
	while ((entry = readdir(entries)) != NULL) {
		snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		if (entry->d_name[0] != '.')
			copy_file(source, target);
	}
	closedir(entries);
}

void sim_machine_save(unsigned number)
{
	struct sim_machine *machine = &sim->machines[number];

	if (machine->saved[0] == '\0') {
		make_directory(number, "-saved", machine->saved);
	}
	copy_directory(machine->directory, machine->saved);
}

void sim_machine_roll_back(unsigned number)
{
	const struct sim_machine *machine = &sim->machines[number];

	if (machine->saved[0] != '\0')
		copy_directory(machine->saved, machine->directory);
}

void sim_machine_lose(unsigned number)
{
	sim_empty_directory(sim->machines[number].directory);
}

/* ---- life ---- */

void sim_machines_begin(void)
{
	sim->running = -1;
	sim->machine_count = sim->failover ? 2 + (unsigned)sim_shares_below(2) : 1;
	for (unsigned i = 0; i < sim->machine_count; i++) {
		struct sim_machine *machine = &sim->machines[i];

		machine->loop = sim->failover ? fake_loop_new(0) : sim->loop;
		if (sim->failover)
			make_directory(i, "", machine->directory);
		else
			memcpy(machine->directory, sim->directory, sizeof(sim->directory));
	}
	if (sim->failover)
		sim_heads_make();
}

void sim_machines_free(void)
{
	sim_heads_free();
	sim_pieces_free();
	for (unsigned i = 0; sim->failover && i < sim->machine_count; i++) {
		struct sim_machine *machine = &sim->machines[i];

		lc_loop_free(machine->loop);
		remove_directory(machine->directory);
		if (machine->saved[0] != '\0')
			remove_directory(machine->saved);
	}
}

/* ---- time ---- */

bool sim_machine_paused(unsigned machine)
{
	return sim->machines[machine].paused_until_ms > sim_now_ms();
}

/* Until the faults end at most: nobody takes its shards over any more then. */
void sim_machine_pause(unsigned machine, uint64_t ms)
{
	uint64_t until_ms = sim_now_ms() + ms;

	sim->machines[machine].paused_until_ms =
	    until_ms < sim->plan.faults_end_ms ? until_ms : sim->plan.faults_end_ms;
}

void sim_machine_go_on(unsigned machine)
{
	sim->machines[machine].paused_until_ms = 0;
}

/* When its next timer fires. */
static uint64_t machine_due_ms(const struct sim_machine *machine)
{
	uint64_t due_ms = fake_loop_due_ms(machine->loop);

	return due_ms > machine->paused_until_ms ? due_ms : machine->paused_until_ms;
}

/* The machine whose timer is due before all others; negative: a model's is. */
static int find_next(uint64_t *due_ms)
{
	int next = -1;

	*due_ms = fake_loop_due_ms(sim->loop);
	for (unsigned i = 0; i < sim->machine_count; i++) {
		if (fake_loop_due_ms(sim->machines[i].loop) != SIM_NEVER &&
		    machine_due_ms(&sim->machines[i]) < *due_ms) {
			next = (int)i;
			*due_ms = machine_due_ms(&sim->machines[i]);
		}
	}
	return next;
}

static void set_time(uint64_t now_ms)
{
	fake_loop_set_now(sim->loop, now_ms);
	for (unsigned i = 0; i < sim->machine_count; i++)
		fake_loop_set_now(sim->machines[i].loop, now_ms);
}

bool sim_machines_step(uint64_t until_ms)
{
	uint64_t due_ms;
	int next;

	if (!sim->failover)
		return fake_loop_step(sim->loop, until_ms);
	next = find_next(&due_ms);
	if (due_ms > until_ms) {
		set_time(until_ms);
		return false;
	}
	set_time(due_ms);
	sim->running = next;
	fake_loop_step(next < 0 ? sim->loop : sim->machines[next].loop, due_ms);
	sim->running = -1;
	return true;
}
