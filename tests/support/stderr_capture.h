/* What a step writes to stderr: in this process, or in a child that may die of it. */
#ifndef LC_TESTS_SUPPORT_STDERR_CAPTURE_H
#define LC_TESTS_SUPPORT_STDERR_CAPTURE_H

#include "base/buffer.h"

typedef void stderr_capture_step(void *context);

/* Runs the step with stderr redirected and appends what it wrote to `text`. The step must return:
 * no test assertion stands in it. */
void stderr_capture_here(struct lc_buffer *text, stderr_capture_step *step, void *context);

/* Runs the step in a forked child, appends what it wrote to `text` and returns the child's status
 * as waitpid gives it; a step that returns ends the child with exit code 0. */
int stderr_capture_child(struct lc_buffer *text, stderr_capture_step *step, void *context);

#endif
