#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_message(struct lc_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void set_message(struct lc_error *error, const char *format, va_list arguments)
{
	if (vsnprintf(error->message, sizeof(error->message), format, arguments) < 0)
		error->message[0] = '\0';
}

bool lc_error_set(struct lc_error *error, enum lc_error_kind kind, const char *format, ...)
{
	if (error != NULL) {
		va_list arguments;

		error->kind = kind;
		error->code = 0;
		va_start(arguments, format);
		set_message(error, format, arguments);
		va_end(arguments);
	}
	return false;
}

bool lc_error_set_errno(struct lc_error *error, int errno_value, const char *format, ...)
{
	if (error != NULL) {
		char reason[128];
		va_list arguments;
		size_t used;

		error->kind = LC_ERROR_SYSTEM;
		error->code = 0;
		va_start(arguments, format);
		set_message(error, format, arguments);
		va_end(arguments);
		used = strlen(error->message);
		snprintf(error->message + used, sizeof(error->message) - used, ": %s",
			 strerror_r(errno_value, reason, sizeof(reason)));
	}
	return false;
}

bool lc_error_prefix(struct lc_error *error, const char *format, ...)
{
	if (error != NULL) {
		struct lc_error inner = *error;
		va_list arguments;
		size_t used;

		va_start(arguments, format);
		set_message(error, format, arguments);
		va_end(arguments);
		used = strlen(error->message);
		snprintf(error->message + used, sizeof(error->message) - used, ": %s",
			 inner.message);
	}
	return false;
}
