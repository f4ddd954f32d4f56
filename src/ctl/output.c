#include "ctl/output.h"

#include "ctl/terminal.h"
#include "formats/document.h"

#include <stdio.h>
#include <string.h>

bool lc_output_print(const struct lc_buffer *text, struct lc_error *error)
{
	if (lc_buffer_failed(text))
		return lc_error_set(error, LC_ERROR_LIMIT, "the answer is too long to be shown");
	if (text->size == 0 ||
	    (fwrite(text->data, 1, text->size, stdout) == text->size && fflush(stdout) == 0))
		return true;
	return lc_error_set(error, LC_ERROR_SYSTEM, "the answer could not be written");
}

static void print_json(const char *sentence, enum lc_arguments_exit code)
{
	json_t *object = json_object();
	struct lc_buffer text;

	lc_buffer_init(&text, SIZE_MAX / 2);
	lc_document_set(object, "error", json_string(sentence));
	lc_document_set(object, "exit_code", json_integer(code));
	lc_document_finish(object, &text);
	fputs(lc_buffer_text(&text), stdout);
	lc_buffer_free(&text);
}

int lc_output_error(const struct lc_error *error, enum lc_arguments_exit code, bool json)
{
	struct lc_buffer sentence;

	lc_buffer_init(&sentence, sizeof(error->message));
	lc_terminal_append(error->message, strlen(error->message), &sentence);
	if (json) {
		print_json(lc_buffer_text(&sentence), code);
	} else {
		fprintf(stderr, "log-courier-ctl: %s\n", lc_buffer_text(&sentence));
		if (code == LC_ARGUMENTS_EXIT_USAGE)
			fprintf(stderr, "Try: log-courier-ctl --help\n");
	}
	lc_buffer_free(&sentence);
	return (int)code;
}

int lc_output_text(const struct lc_buffer *text, enum lc_arguments_exit code, bool json)
{
	struct lc_error error;

	if (!lc_output_print(text, &error))
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNREACHABLE, json);
	return (int)code;
}
