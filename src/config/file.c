#include "config/file.h"

#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 4096 };

static bool read_all(int fd, const char *path, struct lc_buffer *buffer, struct lc_error *error)
{
	char piece[PIECE];
	bool read_whole = false;
	bool good = true;

	while (good && !read_whole) {
		ssize_t size = read(fd, piece, sizeof(piece));

		if (size > 0)
			lc_buffer_append(buffer, piece, (size_t)size);
		else if (size == 0)
			read_whole = true;
		else if (errno != EINTR)
			good = lc_error_set_errno(error, errno, "%s: cannot be read",
						  lc_text_quote_path(path));
		if (lc_buffer_failed(buffer))
			good = lc_error_set(error, LC_ERROR_LIMIT,
					    "%s: larger than %zu bytes, the maximum",
					    lc_text_quote_path(path), buffer->cap);
	}
	/* The piece may have held a secret. */
	explicit_bzero(piece, sizeof(piece));
	return good;
}

bool lc_file_read(const char *path, struct lc_buffer *buffer, bool *open_to_all,
		  struct lc_error *error)
{
	struct stat status;
	bool good;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return lc_error_set_errno(error, errno, "%s: cannot be opened",
					  lc_text_quote_path(path));
	if (fstat(fd, &status) != 0)
		good = lc_error_set_errno(error, errno, "%s: cannot be examined",
					  lc_text_quote_path(path));
	else
		good = read_all(fd, path, buffer, error);
	if (good && open_to_all != NULL)
		*open_to_all = (status.st_mode & S_IROTH) != 0;
	close(fd);
	return good;
}

/* "\n" and "\r\n" at the end are an editor's, not the secret's. */
static size_t without_newline(struct lc_view text)
{
	if (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	if (text.size > 0 && text.data[text.size - 1] == '\r')
		text.size--;
	return text.size;
}

bool lc_file_read_secret(const char *path, struct lc_buffer *buffer, bool *open_to_all,
			 struct lc_error *error)
{
	size_t before = buffer->size;

	if (!lc_file_read(path, buffer, open_to_all, error))
		return false;
	buffer->size = without_newline(lc_buffer_view(buffer));
	return buffer->size > before ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "%s: found an empty file, expected one that contains the secret",
			    lc_text_quote_path(path));
}

void lc_file_wipe(struct lc_buffer *buffer)
{
	if (buffer->size > 0)
		explicit_bzero(buffer->data, buffer->size);
	lc_buffer_free(buffer);
}
