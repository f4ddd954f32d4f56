#include "base/assert.h"

#include "base/buffer.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAGIC = 0x6C6F6763 };

struct thing {
	uint32_t magic;
};

static struct lc_buffer said;

static int set_up(void **state)
{
	(void)state;
	lc_buffer_init(&said, 100000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lc_assert_set_witness(NULL);
	lc_buffer_free(&said);
	return 0;
}

static void expect_abort(stderr_capture_step *step, void *context)
{
	int status = stderr_capture_child(&said, step, context);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void expect_said(const char *text)
{
	if (strstr(lc_buffer_text(&said), text) == NULL)
		fail_msg("\"%s\" is missing in: %s", text, lc_buffer_text(&said));
}

static void tell(const char *text)
{
	if (write(STDERR_FILENO, "witness: ", 9) < 0 ||
	    write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

static void assert_count_is_four(void *context)
{
	const int *count = context;

	LC_ASSERT(*count == 4);
}

static void an_assertion_that_holds_is_silent(void **state)
{
	int count = 4;

	(void)state;
	assert_int_equal(stderr_capture_child(&said, assert_count_is_four, &count), 0);
	assert_string_equal(lc_buffer_text(&said), "");
}

static void a_failed_assertion_says_what_and_where_and_aborts(void **state)
{
	int count = 3;

	(void)state;
	expect_abort(assert_count_is_four, &count);
	expect_said("assertion failed: *count == 4 (");
	expect_said("test_assert.c:");
	expect_said(", assert_count_is_four)\n");
	assert_null(strstr(lc_buffer_text(&said), "witness"));
}

static void the_witness_hears_the_same_text_before_the_end(void **state)
{
	const char *second;
	int count = 3;

	(void)state;
	lc_assert_set_witness(tell);
	expect_abort(assert_count_is_four, &count);
	expect_said("\nwitness: assertion failed: *count == 4 (");
	second = strstr(lc_buffer_text(&said), "witness: ") + strlen("witness: ");
	assert_memory_equal(lc_buffer_text(&said), second, strlen(second));
}

static void a_witness_may_be_sent_away(void **state)
{
	int count = 3;

	(void)state;
	lc_assert_set_witness(tell);
	lc_assert_set_witness(NULL);
	expect_abort(assert_count_is_four, &count);
	assert_null(strstr(lc_buffer_text(&said), "witness"));
}

static void fail_at_length(void *context)
{
	char expression[2000];

	(void)context;
	memset(expression, 'e', sizeof expression - 1);
	expression[sizeof expression - 1] = '\0';
	lc_assert_failed(expression, "file.c", 1, "function");
}

static void a_very_long_expression_is_cut(void **state)
{
	(void)state;
	lc_assert_set_witness(tell);
	expect_abort(fail_at_length, NULL);
	expect_said("assertion failed: eeee");
	expect_said("witness: assertion failed: eeee");
	assert_true(said.size < 1100);
}

static void check_magic(void *context)
{
	struct thing *thing = context;

	LC_ASSERT_MAGIC(thing, MAGIC);
}

static void only_the_right_object_passes_as_one(void **state)
{
	struct thing right = {.magic = MAGIC};
	struct thing wrong = {.magic = MAGIC + 1};

	(void)state;
	assert_int_equal(stderr_capture_child(&said, check_magic, &right), 0);
	expect_abort(check_magic, &wrong);
	expect_abort(check_magic, NULL);
}

static void an_expression_is_evaluated_once(void **state)
{
	int times = 0;

	(void)state;
	LC_ASSERT(++times > 0);
	assert_int_equal(times, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_assertion_that_holds_is_silent),
	    STORY(a_failed_assertion_says_what_and_where_and_aborts),
	    STORY(the_witness_hears_the_same_text_before_the_end),
	    STORY(a_witness_may_be_sent_away),
	    STORY(a_very_long_expression_is_cut),
	    STORY(only_the_right_object_passes_as_one),
	    STORY(an_expression_is_evaluated_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
