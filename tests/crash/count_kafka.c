/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable steps on Kafka, counted with those of count.c: requests after which something may be on the cluster that was
 * not. Before such a step nothing of the request has left; after it the request is on its way, whatever becomes of us. So
 * a kill comes between any two requests of a transaction, and once more when its commit has come back.
 *
 *	COUNT_KAFKA=1             counts them
 *	COUNT_KAFKA_CONF=K=V,...  settings of each transactional producer: "socket.timeout.ms=1000"
 *	COUNT_KAFKA_SLOW=MS       waits before each request that ends a transaction, so that it is open for so long
 *	COUNT_KAFKA_BLIND=1       nobody is told of requests that were sent: a program that counts them to know that one
 *	                          was sent twice, counts none
 *
 * Seen on sockets without TLS only, and told by their bytes: length, key, version, number, client, body
 * (https://kafka.apache.org/protocol). librdkafka hands a request over in one sendmsg; what is left of it follows later.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "count.h"

enum { FDS = 4096, HEAD = 512, PRODUCER = 0, END_TXN = 26 };

/* Requests that change something, and from which version on their texts are of the newer kind. All but CreateTopics and
 * DeleteTopics begin with a transactional id. */
static const struct request {
	int key, flexible;
	bool transactional;
	const char *name;
} requests[] = {
	{0, 9, true, "kafka:Produce"},
	{19, 5, false, "kafka:CreateTopics"},
	{20, 4, false, "kafka:DeleteTopics"},
	{22, 2, true, "kafka:InitProducerId"},
	{24, 3, true, "kafka:AddPartitionsToTxn"},
	{25, 3, true, "kafka:AddOffsetsToTxn"},
	{26, 3, true, "kafka:EndTxn"},
	{28, 3, true, "kafka:TxnOffsetCommit"},
};

/* Bytes of the request under way that have not been taken yet; a connection belongs to one thread. */
static size_t left[FDS];

static bool wanted(void)
{
	static int asked = -1;

	if (asked < 0)
		asked = getenv("COUNT_KAFKA") != NULL;
	return asked;
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t n)
{
	static int (*real)(int, __CONST_SOCKADDR_ARG, socklen_t);

	if (!real)
		*(void **)&real = count_next("connect");
	if (fd >= 0 && fd < FDS)
		left[fd] = 0;
	return real(fd, to, n);
}

static void wait_before_end(void)
{
	const char *text = getenv("COUNT_KAFKA_SLOW");
	long ms = text ? strtol(text, NULL, 10) : 0;

	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static size_t gather(const struct msghdr *m, unsigned char *ret, size_t room, size_t *ret_all)
{
	size_t n = 0;

	*ret_all = 0;
	for (size_t i = 0; i < (size_t)m->msg_iovlen; i++) {
		size_t part = m->msg_iov[i].iov_len;

		*ret_all += part;
		if (part > room - n)
			part = room - n;
		if (part)
			memcpy(ret + n, m->msg_iov[i].iov_base, part);
		n += part;
	}
	return n;
}

static unsigned number16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The transactional id behind the head; "" when there is none. */
static void id_of(const struct request *r, int version, const unsigned char *p, size_t n, char ret[256])
{
	size_t at = 14, size;

	ret[0] = '\0';
	if (!r->transactional || number16(p + 12) > n - at)
		return;
	at += number16(p + 12);
	if (version >= r->flexible)
		at++;                   /* no tagged fields */
	if (at + 2 > n)
		return;
	if (version >= r->flexible) {
		size = p[at++];
		size = size ? size - 1u : 0;
	} else {
		size = number16(p + at);
		at += 2;
	}
	if (size > 200 || at + size > n)
		return;
	memcpy(ret, p + at, size);
	ret[size] = '\0';
}

static unsigned long before(int fd, const struct msghdr *m, size_t *ret_all)
{
	unsigned char head[HEAD];
	size_t n = gather(m, head, sizeof head, ret_all);
	char id[256];

	if (fd < 0 || fd >= FDS || left[fd] || n < 14)
		return 0;
	left[fd] = 4 + ((size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3]);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		if ((int)number16(head + 4) != requests[i].key)
			continue;
		if (requests[i].key == END_TXN)
			wait_before_end();
		id_of(&requests[i], (int)number16(head + 6), head, n, id);
		return count_before(requests[i].name, id);
	}
	return 0;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	static ssize_t (*real)(int, const struct msghdr *, int);
	unsigned long step = 0;
	bool ours = wanted();
	size_t all = 0;

	if (!real)
		*(void **)&real = count_next("sendmsg");
	if (ours)
		step = before(fd, m, &all);
	ssize_t r = real(fd, m, flags);
	if (ours && fd >= 0 && fd < FDS) {
		size_t sent = r > 0 ? (size_t)r : 0;

		if (step && sent == 0)
			left[fd] = 0;           /* the same request comes once more, whole */
		left[fd] -= sent < left[fd] ? sent : left[fd];
	}
	if (step && r > 0)
		count_after(step);
	return r;
}

/* The commit is done, and the program does not know it yet. */
void *rd_kafka_commit_transaction(void *rk, int timeout_ms);
void *rd_kafka_commit_transaction(void *rk, int timeout_ms)
{
	static void *(*real)(void *, int);
	void *error;

	if (!real)
		*(void **)&real = count_next("rd_kafka_commit_transaction");
	error = real(rk, timeout_ms);
	if (wanted())
		count_after(count_before(error ? "kafka:not committed" : "kafka:committed", ""));
	return error;
}

static void set(void *conf, const char *text)
{
	static int (*conf_set)(void *, const char *, const char *, char *, size_t);
	char key[128], value[128], why[256];

	if (!conf_set)
		*(void **)&conf_set = count_next("rd_kafka_conf_set");
	for (; *text; text += strcspn(text, ","), text += *text == ',') {
		if (sscanf(text, "%127[^=,]=%127[^,]", key, value) != 2 || conf_set(conf, key, value, why, sizeof why) != 0) {
			fprintf(stderr, "count: COUNT_KAFKA_CONF: %s\n", text);
			_Exit(99);
		}
	}
}

static bool is_transactional(void *conf)
{
	static int (*conf_get)(void *, const char *, char *, size_t *);
	char id[256];
	size_t n = sizeof id;

	if (!conf_get)
		*(void **)&conf_get = count_next("rd_kafka_conf_get");
	return conf && conf_get(conf, "transactional.id", id, &n) == 0 && id[0];
}

void *rd_kafka_new(int type, void *conf, char *why, size_t room);
void *rd_kafka_new(int type, void *conf, char *why, size_t room)
{
	static void *(*real)(int, void *, char *, size_t);
	const char *more = getenv("COUNT_KAFKA_CONF");

	if (!real)
		*(void **)&real = count_next("rd_kafka_new");
	if (more && type == PRODUCER && is_transactional(conf))
		set(conf, more);
	return real(type, conf, why, room);
}

int rd_kafka_interceptor_add_on_request_sent(void *rk, const char *name, void *call, void *opaque);
int rd_kafka_interceptor_add_on_request_sent(void *rk, const char *name, void *call, void *opaque)
{
	static int (*real)(void *, const char *, void *, void *);

	if (getenv("COUNT_KAFKA_BLIND"))
		return 0;
	if (!real)
		*(void **)&real = count_next("rd_kafka_interceptor_add_on_request_sent");
	return real(rk, name, call, opaque);
}
