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
