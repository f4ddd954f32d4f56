#include "base/log.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024 };

/* What one call writes. */
struct call {
	enum lc_log_level level;
	const char *message;
	const struct lc_log_field *fields;
	size_t count;
};

static void write_call(void *context)
{
	const struct call *call = context;

	lc_log_write(call->level, call->message, call->fields, call->count);
}

static void capture(struct lc_buffer *text, struct call call)
{
	lc_buffer_init(text, 1024 * 1024);
	stderr_capture_here(text, write_call, &call);
	assert_false(lc_buffer_failed(text));
}

/* The one line that the call writes, decoded by a reader that is not ours. */
static json_t *line_of(const char *message, const struct lc_log_field *fields, size_t count)
{
	struct lc_buffer text;
	json_error_t error;
	json_t *line;

	capture(&text, (struct call){LC_LOG_ERROR, message, fields, count});
	assert_in_range(text.size, 3, LINE_MAX_BYTES);
	assert_ptr_equal(memchr(text.data, '\n', text.size), text.data + text.size - 1);
	for (size_t i = 0; i + 1 < text.size; i++)
		assert_true((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7F);
	line = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (line == NULL)
		fail_msg("%s: %.*s", error.text, (int)text.size, text.data);
	assert_true(json_is_object(line));
	lc_buffer_free(&text);
	return line;
}

static const char *text_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	assert_non_null(text);
	return text;
}

static bool written(enum lc_log_level level)
{
	struct lc_buffer text;
	bool any;

	capture(&text, (struct call){.level = level, .message = "said"});
	any = text.size > 0;
	lc_buffer_free(&text);
	return any;
}

static int set_up(void **state)
{
	(void)state;
	lc_log_set_identity(NULL, -1);
	lc_log_set_level(LC_LOG_INFO);
	lc_log_set_form(LC_LOG_STDERR, LC_LOG_KEYS_DEFAULT);
	return 0;
}

/* What a story has set, no other one knows of. */
static int tear_down(void **state)
{
	return set_up(state);
}

static void a_line_has_time_level_and_message(void **state)
{
	json_t *line = line_of("cycle ended", NULL, 0);
	const char *time = text_of(line, "time");

	(void)state;
	assert_int_equal(json_object_size(line), 3);
	assert_string_equal(text_of(line, "message"), "cycle ended");
	assert_string_equal(text_of(line, "level"), "error");
	assert_int_equal(strlen(time), strlen("2026-02-06T00:00:38.123Z"));
	assert_true(time[10] == 'T' && time[23] == 'Z');
	json_decref(line);
}

static void who_speaks_stands_in_every_line(void **state)
{
	json_t *line;

	(void)state;
	lc_log_set_identity("worker", 3);
	line = line_of("ready", NULL, 0);
	assert_string_equal(text_of(line, "role"), "worker");
	assert_int_equal(json_integer_value(json_object_get(line, "pid")), getpid());
	assert_int_equal(json_integer_value(json_object_get(line, "shard")), 3);
	json_decref(line);

	lc_log_set_identity("supervisor", -1);
	line = line_of("ready", NULL, 0);
	assert_string_equal(text_of(line, "role"), "supervisor");
	assert_null(json_object_get(line, "shard"));
	json_decref(line);
}

static void lines_less_important_than_the_level_are_not_written(void **state)
{
	(void)state;
	for (int level = LC_LOG_ERROR; level <= LC_LOG_DEBUG; level++) {
		lc_log_set_level((enum lc_log_level)level);
		for (int line = LC_LOG_ERROR; line <= LC_LOG_DEBUG; line++)
			assert_int_equal(written((enum lc_log_level)line), line <= level);
	}
}

static void levels_are_known_by_their_names(void **state)
{
	static const char *const wrong[] = {"", "warning", "ERROR", "inf", "info ", "trace"};
	enum lc_log_level level = LC_LOG_ERROR;

	(void)state;
	assert_true(lc_log_level_of(lc_view_of("debug"), &level));
	assert_int_equal(level, LC_LOG_DEBUG);
	assert_true(lc_log_level_of(lc_view_of("warn"), &level));
	assert_int_equal(level, LC_LOG_WARNING);
	assert_true(lc_log_level_of(lc_view_of("info"), &level));
	assert_int_equal(level, LC_LOG_INFO);
	assert_true(lc_log_level_of(lc_view_of("error"), &level));
	assert_int_equal(level, LC_LOG_ERROR);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		level = LC_LOG_DEBUG;
		assert_false(lc_log_level_of(lc_view_of(wrong[i]), &level));
		assert_int_equal(level, LC_LOG_DEBUG);
	}
}

static void fields_keep_their_types(void **state)
{
	const struct lc_error error = {.kind = LC_ERROR_REFUSED, .message = "no \"such\" bucket"};
	const struct lc_log_field fields[] = {
	    LC_LOG_TEXT("text", "words"),
	    LC_LOG_INT("least", INT64_MIN),
	    LC_LOG_UINT("rows", 9007199254740993),
	    LC_LOG_DOUBLE("seconds", 0.25),
	    LC_LOG_DOUBLE("large", 1e300),
	    LC_LOG_BOOL("yes", true),
	    LC_LOG_BOOL("no", false),
	    LC_LOG_FAULT(&error),
	};
	json_t *line = line_of("types", fields, sizeof fields / sizeof fields[0]);

	(void)state;
	assert_string_equal(text_of(line, "text"), "words");
	assert_true(json_integer_value(json_object_get(line, "least")) == INT64_MIN);
	assert_true(json_integer_value(json_object_get(line, "rows")) == 9007199254740993);
	assert_true(json_real_value(json_object_get(line, "seconds")) > 0.24999);
	assert_true(json_real_value(json_object_get(line, "seconds")) < 0.25001);
	assert_true(json_real_value(json_object_get(line, "large")) > 9e299);
	assert_true(json_is_true(json_object_get(line, "yes")));
	assert_true(json_is_false(json_object_get(line, "no")));
	assert_string_equal(text_of(line, "error"), "no \"such\" bucket");
	json_decref(line);
}

static void the_largest_number_is_written_whole(void **state)
{
	const struct lc_log_field field = LC_LOG_UINT("rows", UINT64_MAX);
	struct lc_buffer text;

	(void)state;
	capture(&text, (struct call){LC_LOG_ERROR, "x", &field, 1});
	assert_non_null(strstr(lc_buffer_text(&text), "\"rows\":18446744073709551615}"));
	lc_buffer_free(&text);
}

static void what_is_no_number_in_json_is_null(void **state)
{
	const struct lc_log_field fields[] = {
	    LC_LOG_DOUBLE("a", INFINITY), LC_LOG_DOUBLE("b", -INFINITY), LC_LOG_DOUBLE("c", NAN),
	    LC_LOG_DOUBLE("d", -0.0),     LC_LOG_DOUBLE("e", DBL_MIN),   LC_LOG_DOUBLE("f", 1e6),
	};
	json_t *line = line_of("numbers", fields, sizeof fields / sizeof fields[0]);

	(void)state;
	assert_true(json_is_null(json_object_get(line, "a")));
	assert_true(json_is_null(json_object_get(line, "b")));
	assert_true(json_is_null(json_object_get(line, "c")));
	assert_true(json_is_number(json_object_get(line, "d")));
	assert_true(json_is_number(json_object_get(line, "e")));
	assert_true(json_is_number(json_object_get(line, "f")));
	json_decref(line);
}

static void every_ascii_byte_comes_back(void **state)
{
	char bytes[128];
	const struct lc_log_field field =
	    LC_LOG_VIEW("bytes", ((struct lc_view){.data = bytes, .size = sizeof bytes}));
	json_t *line;
	json_t *value;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	line = line_of("bytes", &field, 1);
	value = json_object_get(line, "bytes");
	assert_int_equal(json_string_length(value), sizeof bytes);
	assert_memory_equal(json_string_value(value), bytes, sizeof bytes);
	json_decref(line);
}

static void utf8_comes_back_and_anything_else_is_replaced(void **state)
{
	static const struct {
		const char *bytes;
		const char *shown;
	} cases[] = {
	    {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
	    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
	    {"\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80"},
	    {"a\x80z", "a\xEF\xBF\xBDz"},
	    {"a\xC3", "a\xEF\xBF\xBD"},
	    {"a\xC3(", "a\xEF\xBF\xBD("},
	    {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
	    {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
	    {"\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	    {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	    {"\xF5\xFE\xFF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct lc_log_field field = LC_LOG_TEXT("value", cases[i].bytes);
		json_t *line = line_of(cases[i].bytes, &field, 1);

		assert_string_equal(text_of(line, "value"), cases[i].shown);
		assert_string_equal(text_of(line, "message"), cases[i].shown);
		json_decref(line);
	}
}

static void a_value_cannot_forge_a_field_or_a_line(void **state)
{
	static const char forged[] = "x\",\"level\":\"debug\"}\n{\"time\":\"never\\";
	const struct lc_log_field field = LC_LOG_TEXT("bucket", forged);
	json_t *line = line_of(forged, &field, 1);

	(void)state;
	assert_int_equal(json_object_size(line), 4);
	assert_string_equal(text_of(line, "bucket"), forged);
	assert_string_equal(text_of(line, "level"), "error");
	json_decref(line);
}

static void random_bytes_always_make_one_valid_line(void **state)
{
	static char bytes[3000];
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 99);
	for (int round = 0; round < 300; round++) {
		size_t size = lc_random_next(&random) % sizeof bytes;
		const struct lc_view value = {.data = bytes, .size = size};
		const struct lc_log_field fields[] = {
		    LC_LOG_VIEW("first", value),
		    LC_LOG_VIEW("second", value),
		    LC_LOG_UINT("after", 1),
		};

		/* Mostly bytes over 0x7F in odd rounds: the UTF-8 that nearly is some. */
		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)(lc_random_next(&random) | (round % 2 == 1 ? 0xC0 : 0));
		json_decref(line_of("random", fields, 3));
	}
}

static void a_long_value_is_cut_and_shows_it(void **state)
{
	static char bytes[100000];
	const struct lc_log_field fields[] = {
	    LC_LOG_VIEW("value", ((struct lc_view){.data = bytes, .size = sizeof bytes})),
	    LC_LOG_UINT("after", 7),
	};
	json_t *line;
	const char *value;

	(void)state;
	memset(bytes, 'v', sizeof bytes);
	line = line_of("long", fields, 2);
	value = text_of(line, "value");
	assert_in_range(strlen(value), 1000, 4000);
	assert_string_equal(value + strlen(value) - 4, "v...");
	assert_int_equal(json_integer_value(json_object_get(line, "after")), 7);
	json_decref(line);
}

static void a_value_cut_inside_a_character_stays_valid(void **state)
{
	static char bytes[9000];
	const struct lc_log_field field =
	    LC_LOG_VIEW("value", ((struct lc_view){.data = bytes, .size = sizeof bytes}));

	(void)state;
	for (size_t start = 0; start < 3; start++) {
		memset(bytes, 'a', start);
		for (size_t i = start; i + 3 <= sizeof bytes; i += 3)
			memcpy(bytes + i, "\xE2\x82\xAC", 3);
		json_decref(line_of("cut", &field, 1));
	}
}

static void a_line_that_grows_too_long_leaves_fields_out_and_says_so(void **state)
{
	static char bytes[5000];
	struct lc_log_field fields[40];
	char names[40][8];
	json_t *line;
	size_t kept;

	(void)state;
	/* Every byte takes six in the line. */
	memset(bytes, 1, sizeof bytes);
	for (size_t i = 0; i < 40; i++) {
		size_t size = i * 20;

		snprintf(names[i], sizeof names[i], "f%zu", i);
		fields[i] = LC_LOG_VIEW(names[i], ((struct lc_view){.data = bytes, .size = size}));
	}
	line = line_of("many", fields, 40);
	assert_true(json_is_true(json_object_get(line, "cut")));
	kept = json_object_size(line) - 4;
	assert_in_range(kept, 5, 39);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(json_object_get(line, names[i]) != NULL, i < kept);
	json_decref(line);
}

static void the_longest_message_and_identity_still_fit(void **state)
{
	static char message[100000];
	const struct lc_log_field field =
	    LC_LOG_VIEW("value", ((struct lc_view){.data = message, .size = sizeof message - 1}));
	json_t *line;

	(void)state;
	memset(message, 1, sizeof message - 1);
	lc_log_set_identity("supervisor", 2147483647);
	line = line_of(message, &field, 1);
	assert_string_equal(text_of(line, "role"), "supervisor");
	assert_true(json_is_true(json_object_get(line, "cut")));
	json_decref(line);
}

static void say_with_macro(void *context)
{
	(void)context;
	lc_log(LC_LOG_WARNING, "target refused", LC_LOG_TEXT("bucket", "logs"),
	       LC_LOG_UINT("status", 403));
	lc_log_say(LC_LOG_INFO, "again");
}

static void each_call_is_a_line_of_its_own(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 10000);
	stderr_capture_here(&text, say_with_macro, NULL);
	assert_non_null(strstr(lc_buffer_text(&text),
			       "\"level\":\"warn\",\"message\":\"target refused\","
			       "\"bucket\":\"logs\",\"status\":403}\n{"));
	assert_non_null(
	    strstr(lc_buffer_text(&text), "\"level\":\"info\",\"message\":\"again\"}\n"));
	lc_buffer_free(&text);
}

/* stdout takes the place of stderr, and back. */
static void write_to_stdout(void *context)
{
	int own = dup(STDOUT_FILENO);

	(void)context;
	fflush(stdout);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	dup2(own, STDERR_FILENO);
	lc_log_set_form(LC_LOG_STDOUT, LC_LOG_KEYS_DEFAULT);
	lc_log_say(LC_LOG_INFO, "on stdout");
	lc_log_set_form(LC_LOG_STDERR, LC_LOG_KEYS_DEFAULT);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	dup2(own, STDOUT_FILENO);
	close(own);
}

static void lines_go_to_stdout_if_they_shall(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, LINE_MAX_BYTES);
	stderr_capture_here(&text, write_to_stdout, NULL);
	assert_non_null(strstr(lc_buffer_text(&text), "\"message\":\"on stdout\"}\n"));
	lc_buffer_free(&text);
	lc_log_set_form(LC_LOG_STDOUT, LC_LOG_KEYS_DEFAULT);
	assert_string_equal(lc_log_destination_name(), "stdout");
	lc_log_set_form(LC_LOG_STDERR, LC_LOG_KEYS_DEFAULT);
	assert_string_equal(lc_log_destination_name(), "stderr");
}

static void lines_have_the_keys_of_the_go_courier_if_they_shall(void **state)
{
	static const char *const levels[] = {"ERROR", "WARN", "INFO", "DEBUG"};
	const struct lc_log_field field = LC_LOG_UINT("status", 403);

	(void)state;
	lc_log_set_form(LC_LOG_STDERR, LC_LOG_KEYS_GO);
	lc_log_set_level(LC_LOG_DEBUG);
	for (int level = LC_LOG_ERROR; level <= LC_LOG_DEBUG; level++) {
		struct lc_buffer text;
		json_t *line;

		capture(&text,
			(struct call){(enum lc_log_level)level, "target refused", &field, 1});
		line = json_loadb(text.data, text.size, 0, NULL);
		assert_non_null(line);
		assert_string_equal(text_of(line, "msg"), "target refused");
		assert_null(json_object_get(line, "message"));
		assert_string_equal(text_of(line, "level"), levels[level]);
		assert_non_null(json_object_get(line, "time"));
		assert_int_equal(json_integer_value(json_object_get(line, "status")), 403);
		json_decref(line);
		lc_buffer_free(&text);
	}
}

static void say_into_nothing(void *context)
{
	(void)context;
	close(STDERR_FILENO);
	lc_log_say(LC_LOG_ERROR, "nobody listens");
}

static void a_log_that_cannot_be_written_harms_nobody(void **state)
{
	struct lc_buffer text;

	(void)state;
	lc_buffer_init(&text, 1000);
	assert_int_equal(stderr_capture_child(&text, say_into_nothing, NULL), 0);
	lc_buffer_free(&text);
}

/* As systemd starts a service: JOURNAL_STREAM names the device and inode of stderr. */
static void write_for_the_journal(void *context)
{
	const char *stream = context;
	struct stat here;
	char name[64];

	if (stream == NULL && fstat(STDERR_FILENO, &here) == 0)
		snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)here.st_dev,
			 (uintmax_t)here.st_ino);
	setenv("JOURNAL_STREAM", stream == NULL ? name : stream, 1);
	lc_log_look_for_journal();
	lc_log_say(LC_LOG_ERROR, "error");
	lc_log_say(LC_LOG_WARNING, "warning");
	lc_log_say(LC_LOG_INFO, "info");
	lc_log_say(LC_LOG_DEBUG, "debug");
	unsetenv("JOURNAL_STREAM");
	lc_log_look_for_journal();
}

static void lines_for_the_journal_have_their_priority(void **state)
{
	struct lc_buffer text;
	char other[] = "1:1";
	const char *next;

	(void)state;
	lc_log_set_level(LC_LOG_DEBUG);
	lc_buffer_init(&text, LINE_MAX_BYTES);
	stderr_capture_here(&text, write_for_the_journal, NULL);
	next = lc_buffer_text(&text);
	for (size_t i = 0; i < 4; i++) {
		static const char *const starts[] = {"<3>{", "<4>{", "<6>{", "<7>{"};

		assert_memory_equal(next, starts[i], strlen(starts[i]));
		next = strchr(next, '\n') + 1;
	}
	assert_string_equal(next, "");
	lc_buffer_clear(&text);

	/* A variable that was inherited, while stderr is something else. */
	stderr_capture_here(&text, write_for_the_journal, other);
	assert_memory_equal(lc_buffer_text(&text), "{", 1);
	lc_buffer_free(&text);
}

/* A pipe that nobody reads, until the test does. */
static void write_to_a_full_pipe(void *context)
{
	int *ends = context;
	uint64_t dropped;

	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	lc_log_never_wait();
	while ((dropped = lc_log_catch_up().dropped) < 3)
		lc_log_say(LC_LOG_ERROR, "said to nobody");
	assert_int_equal(dropped, 3);
	assert_true(lc_log_catch_up().failing_since > 0);
}

static void read_the_pipe(int fd, char *text, size_t room)
{
	ssize_t count = read(fd, text, room - 1);

	assert_true(count > 0);
	text[count] = '\0';
}

static void lines_that_nobody_took_are_told_by_their_number(void **state)
{
	static char text[1 << 20];
	int ends[2];
	int own;

	(void)state;
	alarm(20);
	assert_int_equal(pipe(ends), 0);
	own = dup(STDERR_FILENO);
	write_to_a_full_pipe(ends);
	read_the_pipe(ends[0], text, sizeof(text));
	assert_null(strstr(text, "are missing here"));
	assert_int_equal(lc_log_catch_up().failing_since, 0);
	read_the_pipe(ends[0], text, sizeof(text));
	assert_non_null(strstr(text, "stderr did not take them\",\"lines\":3}\n"));
	lc_log_say(LC_LOG_ERROR, "said to somebody");
	read_the_pipe(ends[0], text, sizeof(text));
	assert_null(strstr(text, "are missing here"));
	assert_int_equal(lc_log_catch_up().dropped, 3);
	/* the account is a process's own */
	lc_log_set_identity("worker", 1);
	assert_int_equal(lc_log_catch_up().dropped, 0);
	assert_int_equal(dup2(own, STDERR_FILENO), STDERR_FILENO);
	close(own);
	close(ends[0]);
	close(ends[1]);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_line_has_time_level_and_message),
	    STORY(who_speaks_stands_in_every_line),
	    STORY(lines_less_important_than_the_level_are_not_written),
	    STORY(levels_are_known_by_their_names),
	    STORY(fields_keep_their_types),
	    STORY(the_largest_number_is_written_whole),
	    STORY(what_is_no_number_in_json_is_null),
	    STORY(every_ascii_byte_comes_back),
	    STORY(utf8_comes_back_and_anything_else_is_replaced),
	    STORY(a_value_cannot_forge_a_field_or_a_line),
	    STORY(random_bytes_always_make_one_valid_line),
	    STORY(a_long_value_is_cut_and_shows_it),
	    STORY(a_value_cut_inside_a_character_stays_valid),
	    STORY(a_line_that_grows_too_long_leaves_fields_out_and_says_so),
	    STORY(the_longest_message_and_identity_still_fit),
	    STORY(each_call_is_a_line_of_its_own),
	    STORY(lines_for_the_journal_have_their_priority),
	    STORY(lines_go_to_stdout_if_they_shall),
	    STORY(lines_have_the_keys_of_the_go_courier_if_they_shall),
	    STORY(lines_that_nobody_took_are_told_by_their_number),
	    STORY(a_log_that_cannot_be_written_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
