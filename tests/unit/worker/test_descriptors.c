/* What a worker takes over, on kernels with close_range(2) and without. Each case is a process of
 * its own. */
#include "worker/descriptors.h"

#include "support/story.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANNEL = 40, KEPT = 7, LAST = 60 };

/* As a kernel before 5.9 (ENOSYS), or a seccomp profile that does not know the call (EPERM). */
static void forbid(long call, uint32_t answer)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(77);
}

/* 0 if only what is to be kept is open. */
static int close_and_look(void)
{
	static const int kept[] = {KEPT, LAST};

	for (int descriptor = STDERR_FILENO + 1; descriptor <= LAST; descriptor++)
		dup2(STDERR_FILENO, descriptor);
	lc_descriptors_close_others(CHANNEL, kept, 2);
	for (int descriptor = 0; descriptor <= LAST + 10; descriptor++) {
		int open = fcntl(descriptor, F_GETFD) >= 0;
		int wanted = descriptor <= STDERR_FILENO || descriptor == CHANNEL ||
			     descriptor == KEPT || descriptor == LAST;

		if (open != wanted)
			return 1;
	}
	return 0;
}

static void expect_closed(const long *calls, uint32_t answer)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		for (; *calls >= 0; calls++)
			forbid(*calls, answer);
		_exit(close_and_look());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void all_others_are_closed(void **state)
{
	static const long none[] = {-1};

	(void)state;
	expect_closed(none, 0);
}

static void all_others_are_closed_without_close_range(void **state)
{
	static const long calls[] = {SYS_close_range, -1};

	(void)state;
	expect_closed(calls, ENOSYS);
	expect_closed(calls, EPERM);
}

/* In a chroot without /proc, for example. */
static void all_others_are_closed_without_a_list_of_them(void **state)
{
	static const long calls[] = {SYS_close_range, SYS_openat, -1};

	(void)state;
	expect_closed(calls, ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_others_are_closed),
	    cmocka_unit_test(all_others_are_closed_without_close_range),
	    cmocka_unit_test(all_others_are_closed_without_a_list_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
