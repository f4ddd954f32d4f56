#include "supervisor/control_socket.h"

#include "base/log.h"
#include "base/memory.h"
#include "formats/control_request.h"
#include "formats/document.h"
#include "formats/http_status.h"
#include "formats/inspection.h"
#include "supervisor/control_shards.h"
#include "supervisor/http_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct lc_control_socket {
	struct lc_loop *loop;
	const struct lc_control_status *service;
	struct lc_control_orders orders;
	struct lc_http_server *server;
};

enum { BACKLOG = 128, DIRECTORY_MODE = 0750 };

static const char JSON[] = "application/json";

/* `why` may repeat what was sent, or what stands in a file. */
static void refuse(struct lc_http_server_answer *answer, int status, const char *why)
{
	answer->status = status;
	lc_document_append_error(why, &answer->body);
}

/* ---- who may ---- */

/* Who asks, as the kernel vouches for it; nobody when it does not. */
static struct ucred peer_of(int connection)
{
	struct ucred peer = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t size = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.uid = (uid_t)-1;
	return peer;
}

static bool may_change(const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

static bool permit(const struct lc_http_request *request,
		   const struct lc_control_request_description *command, int connection,
		   struct lc_http_server_answer *answer)
{
	struct ucred peer = peer_of(connection);
	bool changes = strcmp(command->method, "POST") == 0;

	lc_log(changes ? LC_LOG_INFO : LC_LOG_DEBUG, "asked on the control socket",
	       LC_LOG_VIEW("request", request->target), LC_LOG_UINT("peer_uid", peer.uid),
	       LC_LOG_INT("peer_pid", peer.pid));
	if (!lc_view_equal(request->method, lc_view_of(command->method))) {
		answer->allow = command->method;
		refuse(answer, LC_HTTP_METHOD_NOT_ALLOWED, "the path needs a different method");
		return false;
	}
	if (changes && !may_change(&peer)) {
		refuse(answer, LC_HTTP_FORBIDDEN, "only root and the service's user may do this");
		return false;
	}
	return true;
}

/* ---- answers ---- */

typedef void handler(const struct lc_control_socket *control,
		     const struct lc_control_request *request,
		     struct lc_http_server_answer *answer);

static void answer_status(const struct lc_control_socket *control,
			  const struct lc_control_request *request,
			  struct lc_http_server_answer *answer)
{
	(void)request;
	lc_control_status_answer(control->service, false, answer);
}

static void answer_health(const struct lc_control_socket *control,
			  const struct lc_control_request *request,
			  struct lc_http_server_answer *answer)
{
	(void)request;
	lc_control_status_answer(control->service, true, answer);
}

static void answer_order(const struct lc_control_socket *control,
			 const struct lc_control_request *request,
			 struct lc_http_server_answer *answer)
{
	struct lc_inspection document;
	struct lc_error error;
	size_t affected = 0;

	if (!lc_control_orders_carry_out(&control->orders, request, &affected, &error)) {
		refuse(answer,
		       error.kind == LC_ERROR_CONFLICT ? LC_HTTP_CONFLICT : LC_HTTP_BAD_REQUEST,
		       error.message);
		return;
	}
	lc_inspection_init(&document);
	document.affected = affected;
	answer->status = LC_HTTP_OK;
	lc_inspection_encode(&document, &answer->body);
	lc_inspection_free(&document);
}

static void ask_shards(const struct lc_control_socket *control,
		       const struct lc_control_request *request,
		       struct lc_http_server_answer *answer)
{
	lc_control_shards_answer(control->loop, control->service, control->server, request, answer);
}

static handler *const HANDLERS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define ANSWER(handler) handler
#define ORDER(handler) answer_order
#define SHARDS ask_shards
#define NONE NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = supervisor,
#include "tbl/control_commands.h"
};

static void on_request(const struct lc_http_request *http, int connection,
		       struct lc_http_server_answer *answer, void *context)
{
	const struct lc_control_socket *control = context;
	enum lc_control_request_command command;
	struct lc_control_request request;
	struct lc_error error;

	if (!lc_control_request_find(http->path, &command))
		return;
	answer->content_type = JSON;
	if (!permit(http, &LC_CONTROL_REQUEST_COMMANDS[command], connection, answer))
		return;
	if (lc_control_request_decode(http->target, &request, &error))
		HANDLERS[command](control, &request, answer);
	else
		refuse(answer, LC_HTTP_BAD_REQUEST, error.message);
}

/* ---- the socket ---- */

/* Makes the directory that `path` stands in when only that one is missing. */
static bool make_parent(const char *path, struct lc_error *error)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	bool made;

	if (slash == NULL || slash == path)
		return true;
	parent = lc_memory_copy_bytes(path, (size_t)(slash - path));
	made = mkdir(parent, DIRECTORY_MODE) == 0 || errno == EEXIST ||
	       lc_error_set_errno(error, errno, "directory %s cannot be created", parent);
	free(parent);
	return made;
}

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
				    "control socket %s: there is a file that is not a socket; "
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

/* A listening stream socket at `path`, mode 0660, not blocking and closed on exec. -1 with `error`
 * set. */
static int listen_at(const char *path, struct lc_error *error)
{
	struct sockaddr_un address;
	int fd;

	if (!set_address(path, &address, error) || !make_parent(path, error) ||
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

struct lc_control_socket *lc_control_socket_new(struct lc_loop *loop,
						const struct lc_control_status *service,
						const struct lc_control_orders *orders,
						struct lc_error *error)
{
	int listening = listen_at(service->settings->supervisor_socket, error);
	struct lc_control_socket *control;

	if (listening < 0)
		return NULL;
	control = lc_memory_zero(1, sizeof(*control));
	control->loop = loop;
	control->service = service;
	control->orders = *orders;
	control->server = lc_http_server_new(loop, listening, "control socket",
					     LC_CONTROL_STATUS_SIZE_MAX, on_request, control);
	return control;
}

void lc_control_socket_free(struct lc_control_socket *control)
{
	if (control == NULL)
		return;
	/* One that has vanished already is as good as removed. */
	(void)unlink(control->service->settings->supervisor_socket);
	lc_http_server_free(control->server);
	free(control);
}
