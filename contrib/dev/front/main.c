/*
 * clickhouse-front: answers as a ClickHouse server over HTTP, for development and tests. The engine
 * is ClickHouse's own, as a library. See README.md for what it does, and which faults it plays on
 * demand.
 */
#include "engine.h"
#include "http.h"
#include "query.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
	struct engine_options engine;
	unsigned port;
	unsigned threads;
	enum fault_style style;
	struct query_options query;
};

static void usage(FILE *out)
{
	fprintf(out, "usage: clickhouse-front --library FILE --data DIR [--port N] [--user NAME "
		     "--password TEXT]\n"
		     "                        [--threads N] [--max-threads N] "
		     "[--exception-style text|marker|tagged]\n"
		     "Listens on 127.0.0.1; without --port it takes a free port. Says \"ready on "
		     "port N\" on standard output.\n");
}

static unsigned parse_number(const char *name, const char *text, unsigned most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number > most) {
		fprintf(stderr, "clickhouse-front: --%s: \"%s\" is no number up to %u\n", name,
			text, most);
		exit(2);
	}
	return (unsigned)number;
}

static void parse_flags(int argc, char **argv, struct settings *settings)
{
	static const struct option flags[] = {
	    {"library", required_argument, NULL, 'l'},
	    {"data", required_argument, NULL, 'd'},
	    {"port", required_argument, NULL, 'p'},
	    {"user", required_argument, NULL, 'u'},
	    {"password", required_argument, NULL, 'k'},
	    {"threads", required_argument, NULL, 't'},
	    {"max-threads", required_argument, NULL, 'm'},
	    {"exception-style", required_argument, NULL, 'e'},
	    {"zookeeper", required_argument, NULL, 'z'},
	    {"map-prefix", required_argument, NULL, 'x'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int flag, index;

	while ((flag = getopt_long(argc, argv, "", flags, &index)) != -1) {
		if (flag == 'l')
			settings->engine.library = optarg;
		else if (flag == 'd')
			settings->engine.directory = optarg;
		else if (flag == 'p')
			settings->port = parse_number("port", optarg, 65535);
		else if (flag == 'u')
			settings->query.user = optarg;
		else if (flag == 'k')
			settings->query.password = optarg;
		else if (flag == 't')
			settings->threads = parse_number("threads", optarg, 256);
		else if (flag == 'm')
			settings->query.max_threads = parse_number("max-threads", optarg, 256);
		else if (flag == 'z')
			settings->engine.zookeeper = optarg;
		else if (flag == 'x')
			settings->engine.keeper_map_prefix = optarg;
		else if (flag == 'h') {
			usage(stdout);
			exit(0);
		} else if (flag != 'e' || !faults_parse_style(optarg, &settings->style)) {
			usage(stderr);
			exit(2);
		}
	}
	if (settings->engine.library == NULL || settings->engine.directory == NULL ||
	    optind != argc || settings->threads == 0) {
		usage(stderr);
		exit(2);
	}
}

static void on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	struct settings settings = {.threads = 16,
				    .style = FAULT_STYLE_TAGGED,
				    .query = {.password = "", .max_threads = 2}};
	struct event_base *base;
	char problem[512];
	char *directory;
	uint16_t port;

	parse_flags(argc, argv, &settings);
	signal(SIGPIPE, SIG_IGN);
	faults_set_style(settings.style);
	query_configure(&settings.query);
	directory = realpath(settings.engine.directory, NULL);
	if (directory == NULL) {
		fprintf(stderr, "clickhouse-front: %s: %s\n", settings.engine.directory,
			strerror(errno));
		return 1;
	}
	settings.engine.directory = directory;
	if (!engine_open(&settings.engine, problem, sizeof(problem))) {
		fprintf(stderr, "clickhouse-front: %s\n", problem);
		return 1;
	}
	base = event_base_new();
	exchange_start(base, settings.threads,
		       (struct exchange_callbacks){query_answer, http_send, query_kill});
	port = http_listen(base, (uint16_t)settings.port);
	if (port == 0) {
		fprintf(stderr, "clickhouse-front: cannot listen on 127.0.0.1:%u: %s\n",
			settings.port, strerror(errno));
		return 1;
	}
	event_add(evsignal_new(base, SIGTERM, on_signal, base), NULL);
	event_add(evsignal_new(base, SIGINT, on_signal, base), NULL);
	printf("ready on port %u\n", port);
	fflush(stdout);
	event_base_dispatch(base);
	/* Queries may still run: the engine's data is safe without a proper end, so there is none.
	 */
	if (exchange_running() == 0)
		engine_close();
	free(directory);
	_exit(0);
}
