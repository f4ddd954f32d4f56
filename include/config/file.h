/*
 * Small files, read whole.
 */
#ifndef LC_CONFIG_FILE_H
#define LC_CONFIG_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* Appends the file's content to `buffer`, and says whether any user of the machine may read it
 * (`open_to_all`, may be NULL). A file that does not fit the buffer's cap is an error
 * (LC_ERROR_LIMIT), one that cannot be read too (LC_ERROR_SYSTEM); both name the path. */
bool lc_file_read(const char *path, struct lc_buffer *buffer, bool *open_to_all,
		  struct lc_error *error);

/* The same for a file that holds one secret, which must not be empty: "\n" or "\r\n" at its end is
 * not part of it. */
bool lc_file_read_secret(const char *path, struct lc_buffer *buffer, bool *open_to_all,
			 struct lc_error *error);

/* Wipes the secrets that the buffer holds, and releases it. */
void lc_file_wipe(struct lc_buffer *buffer);

#endif
