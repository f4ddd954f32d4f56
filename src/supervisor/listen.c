#include "supervisor/listen.h"

#include "supervisor/directory.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static bool set_address(const char *path, struct sockaddr_un *address, struct lc_error *error)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "control socket %s: the path is longer than %zu bytes; set "
				    "supervisor.socket to a shorter one",
				    path, sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return true;
}

/* Removes what a dead service has left. */
static bool clear_path(const struct sockaddr_un *address, struct lc_error *error)
{
	const char *path = address->sun_path;
	struct stat info;
	bool served;
	int probe;

	if (lstat(path, &info) < 0)
		return errno == ENOENT ||
		       lc_error_set_errno(error, errno, "control socket %s", path);
	if (!S_ISSOCK(info.st_mode))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "control socket %s: a file that is no socket stands there; "
				    "remove it or set supervisor.socket to another path",
				    path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return lc_error_set_errno(error, errno, "control socket %s", path);
	served = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		 errno == EAGAIN;
	close(probe);
	if (served)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "control socket %s: another service answers there; stop it or "
				    "set supervisor.socket to another path",
				    path);
	return unlink(path) == 0 || lc_error_set_errno(error, errno, "control socket %s", path);
}

static bool bind_unix(int fd, const struct sockaddr_un *address, struct lc_error *error)
{
	/* The socket is never open to others, not even between bind and a chmod. */
	mode_t before = umask(0117);
	bool bound = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	int fault = errno;

	umask(before);
	if (bound && listen(fd, BACKLOG) == 0)
		return true;
	return lc_error_set_errno(error, bound ? errno : fault, "control socket %s",
				  address->sun_path);
}

int lc_listen_unix(const char *path, struct lc_error *error)
{
	struct sockaddr_un address;
	int fd;

	if (!set_address(path, &address, error) || !lc_directory_make_parent(path, error) ||
	    !clear_path(&address, error))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		lc_error_set_errno(error, errno, "control socket %s", path);
		return -1;
	}
	if (!bind_unix(fd, &address, error)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Listens on one resolved address; -1 with errno set. */
static int listen_on(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
			info->ai_protocol);
	int fault;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
	    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fault = errno;
	close(fd);
	errno = fault;
	return -1;
}

int lc_listen_tcp(const char *address, uint16_t port, struct lc_error *error)
{
	struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	char service[8];
	int result;
	int fd = -1;

	snprintf(service, sizeof(service), "%u", port);
	result = getaddrinfo(address, service, &hints, &found);
	if (result != 0) {
		lc_error_set(error, LC_ERROR_USAGE,
			     "metrics-server.listen-address %s can not be resolved: %s", address,
			     gai_strerror(result));
		return -1;
	}
	for (struct addrinfo *info = found; info != NULL && fd < 0; info = info->ai_next)
		fd = listen_on(info);
	if (fd < 0)
		lc_error_set_errno(error, errno,
				   "metrics endpoint %s port %u can not be opened (see "
				   "metrics-server.listen-address and metrics-server.listen-port)",
				   address, port);
	freeaddrinfo(found);
	return fd;
}
