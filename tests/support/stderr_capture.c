#include "support/stderr_capture.h"

#include "base/assert.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int paper_new(void)
{
	int paper = memfd_create("stderr", MFD_CLOEXEC);

	LC_ASSERT(paper >= 0);
	return paper;
}

/* Appends what stands on the paper and throws it away. */
static void paper_read(int paper, struct lc_buffer *text)
{
	char bytes[4096];
	ssize_t size;

	LC_ASSERT(lseek(paper, 0, SEEK_SET) == 0);
	while ((size = read(paper, bytes, sizeof bytes)) > 0)
		lc_buffer_append(text, bytes, (size_t)size);
	LC_ASSERT(size == 0 && close(paper) == 0);
}

void stderr_capture_here(struct lc_buffer *text, stderr_capture_step *step, void *context)
{
	int paper = paper_new();
	int own = dup(STDERR_FILENO);

	LC_ASSERT(own >= 0 && fflush(stderr) == 0);
	LC_ASSERT(dup2(paper, STDERR_FILENO) == STDERR_FILENO);
	step(context);
	LC_ASSERT(fflush(stderr) == 0);
	LC_ASSERT(dup2(own, STDERR_FILENO) == STDERR_FILENO && close(own) == 0);
	paper_read(paper, text);
}

int stderr_capture_child(struct lc_buffer *text, stderr_capture_step *step, void *context)
{
	const struct rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
	int paper = paper_new();
	int status = -1;
	pid_t child = fork();

	LC_ASSERT(child >= 0);
	if (child == 0) {
		if (setrlimit(RLIMIT_CORE, &no_core) == 0 &&
		    dup2(paper, STDERR_FILENO) == STDERR_FILENO)
			step(context);
		_exit(0);
	}
	LC_ASSERT(waitpid(child, &status, 0) == child);
	paper_read(paper, text);
	return status;
}
