/*
 * One request on its way through the front: the event loop reads it, a thread of the pool answers
 * it, the loop sends the answer.
 *
 * The thread hands over bytes with exchange_write(), which waits while more than EXCHANGE_WINDOW
 * bytes are unsent: a client that stops reading stops the query. The loop takes them with
 * exchange_take(), and says with exchange_sent() how many are left to send, or with
 * exchange_abandon() that the client is gone.
 */
#ifndef FRONT_EXCHANGE_H
#define FRONT_EXCHANGE_H

#include "faults.h"
#include "request.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/queue.h>

enum { EXCHANGE_WINDOW = 1 << 20 };

/* How an answer ends. */
enum exchange_end {
	EXCHANGE_OPEN,  /* not yet */
	EXCHANGE_CLEAN, /* the last chunk */
	EXCHANGE_CUT,   /* the connection closes without the last chunk */
	EXCHANGE_RESET, /* the connection is reset, unsent bytes are dropped */
};

/* The head of an answer. */
struct exchange_head {
	int status;
	int exception_code; /* 0: none */
	char content_type[64];
	char format[64];
	char query_id[64];
	char tag[17]; /* X-ClickHouse-Exception-Tag, or "" */
};

struct exchange {
	struct request *request;
	struct fault fault; /* what is to go wrong with this answer */
	uint64_t number;
	void *connection; /* of the loop; NULL once the client is gone */
	bool head_sent;   /* of the loop */
	uint64_t written; /* of the thread: body bytes handed over */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct exchange_head head;
	bool head_ready;
	struct evbuffer *pending; /* body bytes that the loop has not taken yet */
	size_t unsent;            /* bytes that the loop has taken and not sent yet */
	enum exchange_end end;
	bool gone;   /* the client */
	bool done;   /* the thread has answered */
	bool queued; /* for the loop's attention */
	unsigned references;
	STAILQ_ENTRY(exchange) next_job;
	STAILQ_ENTRY(exchange) next_ready;
};

/* Answers one exchange, on a thread of the pool. */
typedef void (*exchange_worker)(struct exchange *exchange);
/* Looks after an exchange whose thread has written or ended, on the loop. */
typedef void (*exchange_ready)(struct exchange *exchange);

/* Ends what the engine does for an exchange, known by its number; on a thread of its own. */
typedef void (*exchange_kill)(uint64_t number);

struct exchange_callbacks {
	exchange_worker worker;
	exchange_ready ready;
	exchange_kill kill;
};

/* Starts the pool. Threads live as long as the process. */
void exchange_start(struct event_base *base, unsigned threads, struct exchange_callbacks callbacks);

/* Takes over the request and queues it for the pool; the loop's reference is given back with
 * exchange_release(). */
struct exchange *exchange_submit(struct request *request, const struct fault *fault,
				 void *connection);
void exchange_release(struct exchange *exchange);

/* --- for the thread --- */

void exchange_set_head(struct exchange *exchange, const struct exchange_head *head);
/* Hands over body bytes. False when the client is gone: the query should end. */
bool exchange_write(struct exchange *exchange, const void *data, size_t length);
void exchange_finish(struct exchange *exchange, enum exchange_end end);
/* Waits for `milliseconds` (0: without end), for the client to go, or for the exchange's fault to
 * be withdrawn. */
void exchange_linger(struct exchange *exchange, uint64_t milliseconds);

/* --- for the loop --- */

/* The answer's head, once the thread has set it; NULL before. */
const struct exchange_head *exchange_head(struct exchange *exchange);
/* Moves the bytes that are ready to `body`; says how the answer ends, with these bytes being the
 * last. */
enum exchange_end exchange_take(struct exchange *exchange, struct evbuffer *body);
void exchange_sent(struct exchange *exchange, size_t unsent);
/* The client is gone: the thread's writing fails from now on, and its statement is killed if the
 * request lets it. */
void exchange_abandon(struct exchange *exchange);
/* Lets lingering threads look again at their fault. */
void exchange_wake_all(void);

/* Exchanges that a thread is answering. */
unsigned exchange_running(void);

#endif
