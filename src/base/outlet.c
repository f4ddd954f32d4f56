#include "base/outlet.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The same pipe or terminal as an open file of our own, in the descriptor's place. */
static bool open_again(int fd)
{
	char path[32];
	int own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return false;
	LC_ASSERT(dup2(own, fd) == fd);
	close(own);
	return true;
}

void lc_outlet_open(struct lc_outlet *outlet)
{
	struct stat what;

	outlet->way = LC_OUTLET_WRITE;
	if (fstat(outlet->fd, &what) < 0)
		return;
	if (S_ISSOCK(what.st_mode))
		outlet->way = LC_OUTLET_SEND;
	else if ((S_ISFIFO(what.st_mode) || isatty(outlet->fd) == 1) && !open_again(outlet->fd))
		outlet->way = LC_OUTLET_POLL;
}

/* How much was taken; -1 if nothing. */
static ssize_t write_piece(const struct lc_outlet *outlet, struct lc_view bytes)
{
	struct pollfd room = {.fd = outlet->fd, .events = POLLOUT};

	switch (outlet->way) {
	case LC_OUTLET_SEND:
		return send(outlet->fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LC_OUTLET_POLL:
		if (poll(&room, 1, 0) <= 0 || (room.revents & POLLOUT) == 0) {
			errno = EAGAIN;
			return -1;
		}
		return write(outlet->fd, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF);
	case LC_OUTLET_WRITE:
		break;
	}
	return write(outlet->fd, bytes.data, bytes.size);
}

/* Returns how many bytes went. */
static size_t write_all(const struct lc_outlet *outlet, struct lc_view bytes)
{
	size_t done = 0;

	while (done < bytes.size) {
		struct lc_view rest = {bytes.data + done, bytes.size - done};
		ssize_t taken = write_piece(outlet, rest);

		if (taken > 0)
			done += (size_t)taken;
		else if (taken == 0 || errno != EINTR)
			break;
	}
	return done;
}

bool lc_outlet_write(struct lc_outlet *outlet, struct lc_view line)
{
	size_t done;

	if (outlet->torn && write_all(outlet, lc_view_of("\n")) == 0)
		return false;
	done = write_all(outlet, line);
	outlet->torn = done > 0 && done < line.size;
	return done == line.size;
}
