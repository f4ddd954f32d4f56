/*
 * Runs random histories:
 *
 *	sim [--seeds FROM..TO | --seed N] [--calm | --failover] [--trace]
 *
 * Without seeds those of regressions.h and some hundred others of the two kinds. A calm history has
 * no clock jumps and what goes with them; in one with failover machines share the ledgers, and take
 * shards from each other. Histories run in a child process, so that one that fails, crashes or hangs
 * is reported with its seed and the others go on. `--seed N --trace` runs one again and shows what
 * happens in it.
 */
#include "sim/sim.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "support/fake_loop.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sim *sim;

enum {
	FAULTS_MAX = 20,  /* then the run ends */
	HISTORY_MAX = 60, /* seconds of the processor, so that a busy machine harms nobody */
};

/* Makes the deaths of a seed others than its faults. */
static const uint64_t DEATHS = 0x6465617468;
static const uint64_t TENANTS = 0x74656e616e7473;
static const uint64_t CLOCKS = 0x636c6f636b73;
static const uint64_t ORDERS = 0x6f7264657273;
static const uint64_t KEYS = 0x6b657973;
static const uint64_t PARTS = 0x7061727473;
static const uint64_t SHARES = 0x736861726573;

enum kind { PLAIN, CALM, FAILOVER };

/* Seeds of one kind. */
struct range {
	enum kind kind;
	uint64_t from;
	uint64_t to;
};

static const struct range REGRESSIONS[] = {
#define SIM_REGRESSION(kind, seed, what) {kind, seed, seed},
#include "sim/regressions.h"
};

#ifdef LC_SANITIZERS /* a history takes ten times as long, and those of regressions are long */
enum { WITH_REGRESSIONS = 0 };
static const struct range OTHERS[] = {{CALM, 1, 2}, {PLAIN, 1, 20}, {FAILOVER, 1, 5}};
#else
enum { WITH_REGRESSIONS = 1 };
static const struct range OTHERS[] = {{PLAIN, 1, 100}, {FAILOVER, 1, 20}};
#endif

static const char *const KIND_TEXTS[] = {"", "calm ", "failover "};

struct options {
	struct range range; /* of the seeds that were given; */
	bool chosen;        /* otherwise of none */
	bool trace;
};

/* What the child tells: it is shared memory. */
struct progress {
	size_t range;   /* its number, */
	uint64_t taken; /* and so many of its seeds were taken */
	enum kind kind; /* of the seed under way */
	uint64_t seed;
	uint64_t histories;
	uint64_t rows;
	uint64_t lives;
	uint64_t puts;
};

void sim_fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%sseed %" PRIu64 " at %" PRIu64 " ms, life %u: ",
		KIND_TEXTS[sim->calm       ? CALM
			   : sim->failover ? FAILOVER
					   : PLAIN],
		sim->seed, sim_now_ms(), sim->lives);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	_exit(1);
}

void sim_trace(const char *format, ...)
{
	va_list arguments;

	if (!sim->trace)
		return;
	fprintf(stderr, "%10.3f ", (double)sim_now_ms() / 1000);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
}

void sim_empty_directory(const char *directory)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (entry->d_name[0] == '.' || unlink(path) == 0)
			continue;
		sim_empty_directory(path);
		rmdir(path);
	}
	if (entries != NULL)
		closedir(entries);
}

void sim_forget_state(void)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		sim->sources[i].sent_second = 0;
		sim->sources[i].recorded_second = 0;
	}
	sim_replays_forget();
	sim_empty_directory(sim->directory);
}

/* ---- one history ---- */

uint64_t sim_now_ms(void)
{
	return sim->loop == NULL ? 0 : lc_loop_now_ms(sim->loop);
}

bool sim_step(uint64_t until_ms)
{
	return sim_machines_step(until_ms);
}

static void run_history(uint64_t seed, enum kind kind, const struct options *options,
			const char *directory)
{
	sim = lc_memory_zero(1, sizeof(*sim));
	sim->seed = seed;
	sim->calm = kind == CALM;
	sim->failover = kind == FAILOVER;
	sim->trace = options->trace;
	lc_random_seed(&sim->random, seed);
	lc_random_seed(&sim->entropy, ~seed);
	lc_random_seed(&sim->deaths, seed ^ DEATHS);
	lc_random_seed(&sim->tenants, seed ^ TENANTS);
	lc_random_seed(&sim->clocks, seed ^ CLOCKS);
	lc_random_seed(&sim->orders, seed ^ ORDERS);
	lc_random_seed(&sim->keys, seed ^ KEYS);
	lc_random_seed(&sim->parts, seed ^ PARTS);
	lc_random_seed(&sim->shares, seed ^ SHARES);
	snprintf(sim->directory, sizeof(sim->directory), "%s", directory);
	sim->loop = fake_loop_new(0);
	sim_plan_make();
	sim_rows_make();
	sim_forget_state();
	sim_machines_begin();
	sim_live();
	while (sim_step(UINT64_MAX - 1))
		continue;
	sim_objects_free();
	sim_replays_free();
	sim_machines_free();
	lc_loop_free(sim->loop);
	free(sim->rows);
	free(sim->lines);
}

/* ---- the courier's own log, part of the trace ---- */

void __wrap_lc_log_write(enum lc_log_level level, const char *message,
			 const struct lc_log_field *fields, size_t count);
void __wrap_lc_log_say(enum lc_log_level level, const char *message);

static void append_field(struct lc_buffer *text, const struct lc_log_field *field)
{
	lc_buffer_append_format(text, ", %s ", field->name);
	switch (field->type) {
	case LC_LOG_TYPE_VIEW:
		lc_buffer_append_view(text, field->value.view);
		break;
	case LC_LOG_TYPE_INT:
		lc_buffer_append_format(text, "%" PRId64, field->value.integer);
		break;
	case LC_LOG_TYPE_UINT:
		lc_buffer_append_format(text, "%" PRIu64, field->value.unsigned_integer);
		break;
	case LC_LOG_TYPE_DOUBLE:
		lc_buffer_append_format(text, "%g", field->value.real);
		break;
	case LC_LOG_TYPE_BOOL:
		lc_buffer_append_text(text, field->value.boolean ? "true" : "false");
		break;
	}
}

void __wrap_lc_log_write(enum lc_log_level level, const char *message,
			 const struct lc_log_field *fields, size_t count)
{
	struct lc_buffer text;

	(void)level;
	if (!sim->trace)
		return;
	lc_buffer_init(&text, 65536);
	lc_buffer_append_text(&text, message);
	for (size_t i = 0; i < count; i++)
		append_field(&text, &fields[i]);
	sim_trace("\"%s\"", lc_buffer_text(&text));
	lc_buffer_free(&text);
}

void __wrap_lc_log_say(enum lc_log_level level, const char *message)
{
	__wrap_lc_log_write(level, message, NULL, 0);
}

/* ---- many histories ---- */

static const char *memory_directory(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static void tell_seed(const char *text)
{
	fprintf(stderr, "seed %" PRIu64 " at %" PRIu64 " ms: %s\n", sim->seed, sim_now_ms(), text);
}

static const struct range *find_range(const struct options *options, size_t number)
{
	size_t regressions = WITH_REGRESSIONS * sizeof(REGRESSIONS) / sizeof(REGRESSIONS[0]);
	size_t others = sizeof(OTHERS) / sizeof(OTHERS[0]);

	if (options->chosen)
		return number == 0 ? &options->range : NULL;
	if (number < regressions)
		return &REGRESSIONS[number];
	return number - regressions < others ? &OTHERS[number - regressions] : NULL;
}

static bool take_seed(const struct options *options, struct progress *progress)
{
	const struct range *range;

	while ((range = find_range(options, progress->range)) != NULL) {
		progress->kind = range->kind;
		progress->seed = range->from + progress->taken++;
		if (progress->seed <= range->to)
			return true;
		progress->range++;
		progress->taken = 0;
	}
	return false;
}

static void run_histories(const struct options *options, struct progress *progress,
			  const char *directory)
{
	const struct itimerval most = {.it_value = {.tv_sec = HISTORY_MAX}};

	lc_assert_set_witness(tell_seed);
	while (take_seed(options, progress)) {
		setitimer(ITIMER_PROF, &most, NULL);
		run_history(progress->seed, progress->kind, options, directory);
		progress->histories++;
		progress->rows += sim->row_count;
		progress->lives += sim->lives;
		progress->puts += sim->puts;
		free(sim);
	}
}

/* True if the child came to the end. */
static bool run_child(const struct options *options, struct progress *progress,
		      const char *directory)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		run_histories(options, progress, directory);
		exit(0);
	}
	LC_ASSERT(child > 0);
	LC_ASSERT(waitpid(child, &status, 0) == child);
	if (WIFSIGNALED(status))
		fprintf(stderr, "%sseed %" PRIu64 ": signal %d\n", KIND_TEXTS[progress->kind],
			progress->seed, WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0) {
			options->trace = true;
		} else if (strcmp(argv[i], "--calm") == 0) {
			options->range.kind = CALM;
		} else if (strcmp(argv[i], "--failover") == 0) {
			options->range.kind = FAILOVER;
		} else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
			options->range.from = options->range.to = strtoull(argv[++i], NULL, 10);
			options->chosen = true;
		} else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
			if (sscanf(argv[++i], "%" SCNu64 "..%" SCNu64, &options->range.from,
				   &options->range.to) != 2)
				return false;
			options->chosen = true;
		} else {
			return false;
		}
	}
	return true;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const struct progress *progress, unsigned faults, double seconds)
{
	printf("%" PRIu64 " histories, %u of them failed: %" PRIu64 " rows, %" PRIu64
	       " lives, %" PRIu64 " PUTs, %.1f s, %.1f histories a second\n",
	       progress->histories + faults, faults, progress->rows, progress->lives,
	       progress->puts, seconds, (double)progress->histories / seconds);
}

int main(int argc, char **argv)
{
	struct options options = {.chosen = false};
	char directory[64];
	struct progress *progress;
	double started = now_seconds();
	unsigned faults = 0;

	if (!read_options(argc, argv, &options)) {
		fprintf(
		    stderr,
		    "usage: sim [--seeds FROM..TO | --seed N] [--calm | --failover] [--trace]\n");
		return 2;
	}
	snprintf(directory, sizeof(directory), "%s/log-courier-sim-XXXXXX", memory_directory());
	if (mkdtemp(directory) == NULL) {
		perror(directory);
		return 2;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	LC_ASSERT(progress != MAP_FAILED);
	while (faults < FAULTS_MAX && !run_child(&options, progress, directory))
		faults++;
	report(progress, faults, now_seconds() - started);
	sim_empty_directory(directory);
	rmdir(directory);
	return faults == 0 ? 0 : 1;
}
