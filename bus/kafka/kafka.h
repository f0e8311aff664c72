/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_H
#define JC_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "kafka_index.h"

/*
 * Inside the Kafka driver (librdkafka 2.0.2 and later). Files:
 *
 *	kafka.c         opening, topics, look-ups: the row of bus_driver.h
 *	kafka_client.c  clients: settings, security
 *	kafka_fail.c    what their errors mean: which of our codes
 *	kafka_topics.c  topics: which this process knows, which the cluster has, their ends; making one
 *	kafka_fold.c    one thread of one process a host follows all topics and folds them into the index (kafka_index.h);
 *	                waiting for it. kafka_follow.c: what it reads, and how a record is folded
 *	kafka_own.c     owners (kafka_owner.h): fencing, commits
 *	kafka_signs.c   signs of life: given, and what is heard of others
 *	kafka_txn.c     one transaction. The rules of transactions stand there and nowhere else
 *	kafka_acts.c    acts: handed in, taken
 *	kafka_read.c    readers
 *
 * Topics, all with the prefix of the site: those of topics.h, and
 *	jincai.positions   compacted, one partition: key "<flow>/<name>", value of the position, empty: taken away; and
 *	                   key "<flow>", the generation record: {"generation":3,"host":"..","on":"..","pid":1,"left":false},
 *	                   written when a flow is opened, every 10 s while it is open, and when it is left; "on": kafka.on; "as":
 *	                   the name under which it is fenced, when that is not the flow's; "ahead": milliseconds, of its clock
 *	jincai.orders      one partition: key act id, value the flow, a line end, the order: handed in; no value: done
 *
 * What a reader gives has been folded before, and what an owner of this process has committed is waited for, so that
 * above the face nothing differs from a store: an entry is there when its record is.
 */
#define KAFKA_POSITIONS "jincai.positions"
#define KAFKA_ORDERS "jincai.orders"
#define KAFKA_HEARTBEAT_MS 10000
#define KAFKA_SILENT_MS 30000        /* an owner in another process that has not been heard of for so long is taken for dead */
#define KAFKA_TRANSACTION_MS 40000   /* transaction.timeout.ms: how long readers stand still behind a dead owner */
#define KAFKA_CALL_MS 30000          /* no single call waits longer for the cluster */
#define KAFKA_QUEUE_BYTES 1000000u   /* of values, at which a queue is full and nothing more is fetched for it */
#define KAFKA_WAKE_MS 2              /* an answer that is under way comes sooner than that, or soon enough */
#define KAFKA_NAME_MAX 240u          /* of a topic with its prefix, and its NUL */
#define KAFKA_END_TXN 26             /* API key of the request that ends a transaction */

/* A client of the library and what its callbacks need; it stays where it is while the client lives. */
struct kafka_client {
	rd_kafka_t *rk;
	struct kafka *kafka;
	atomic_uint end_txn_sent;    /* requests, the library's own repeats included */
	char closed[KAFKA_NAME_MAX]; /* full name of a topic that its transaction may not write, ""; under why_lock */
	void (*delivered)(void *arg, const rd_kafka_message_t *m);   /* writers: one record is on the broker, or is not */
	void *arg;
};

/* A run of offsets that an owner of this process has put into the index by itself. */
struct kafka_run {
	uint64_t from, to;           /* inclusive */
};

/* A partition of a topic, as this process sees it; under kafka.lock. */
struct kafka_part {
	uint64_t next;               /* folded below this */
	uint64_t seen;               /* own commits reach to here: readers wait until next has got there */
	int64_t time_ms;             /* of the newest record */
	bool following;              /* the fold knows of it */
	struct kafka_run *runs;      /* own, in order, those not folded yet */
	size_t nruns, cap_runs;
	/* While owners of this process alone write it, next grows with their commits, and it is not fetched at all: */
	const void *chain;           /* whose run ended at chain_to, where next stands; NULL: nobody's */
	uint64_t chain_to, chain_txn;
	int64_t own_ms;              /* steady: when such a run came last; 0: fetch */
	uint32_t busy;               /* sources that read it: a client reads a partition once at a time */
	/* Of the thread that folds: */
	uint64_t pending;            /* next, once the put that is open is committed */
	int64_t pending_ms;
	bool touched, fetching, out_of_range;
	bool at_end;                 /* all that there is has come, as far as is known */
};

struct kafka_topic {
	char name[104];              /* without prefix */
	unsigned at;                 /* in kafka.topics */
	unsigned partitions, number; /* number: in the index */
	unsigned handle;             /* UINT_MAX: bus.c has not asked for it */
	size_t value_max;            /* bytes of key and value that the topic takes */
	struct kafka_part parts[];
};

#define KAFKA_SOURCES 8u

/* A client that reads: the first one serves all readers, a second one who reads what the first reads already, and so on. */
struct kafka_source {
	struct kafka_client client;
	rd_kafka_topic_t *topics[BUS_TOPICS_MAX];    /* by at of the topic */
};

/* What is known of those who run a flow elsewhere, and of our own tries to run it. */
struct kafka_watch {
	char flow[104];
	int64_t time_ms;             /* of the newest sign of life */
	int64_t since_ms;            /* steady: when we saw that sign first */
	int64_t failed_ms;           /* steady: our last try that failed for a reason that waiting does not cure; 0: none */
};

struct kafka {
	struct bus bus;
	const struct bus_kafka_conf *conf;   /* a copy of the caller's, strings too */
	char *brokers, *prefix;
	struct kafka_index *index;
	struct kafka_client ask;
	rd_kafka_t *asker;           /* ask.rk; reads uncommitted: watermarks, metadata, making topics */

	pthread_mutex_t lock;
	pthread_cond_t folded;       /* some part's next has grown, or the fold failed */
	struct kafka_topic *topics[BUS_TOPICS_MAX];  /* in the order in which we learnt of them */
	atomic_uint ntopics;         /* rows below it never change */
	struct kafka_topic *handled[BUS_TOPICS_MAX], *positions, *orders;
	struct kafka_source sources[KAFKA_SOURCES];
	pthread_mutex_t grew_lock;
	void (*grew)(void *arg, unsigned topic);
	void *grew_arg;

	struct kafka_fold *fold;
	pthread_mutex_t owners_lock;
	struct kafka_owner *owners;  /* open ones, for heartbeats */
	int owning_fd;               /* own.lock: shared while a flow is being owned, alone while the dead are fenced */
	_Atomic int64_t ahead_ms;    /* our clock, of the brokers'; 0: by less than BUS_CLOCK_MS, or not known */
	_Atomic int64_t clock_said_ms;       /* steady: when that was logged; 0: never */
	_Atomic int64_t mute_until_ms;       /* steady: the cluster was away when an owner left; others need not try */
	unsigned owning;             /* flows that are just being owned; under owners_lock */
	struct kafka_watch *watched;
	size_t nwatched;
	struct kafka_client hand;    /* hands acts in; made when first used, under owners_lock */
	char host[72];               /* name of this host, for people: two may have the same */
	char on[64];                 /* this start of this machine, and of its container: within it a process is told by its number; "" */
	pthread_mutex_t why_lock;
	char why[256];               /* what a client last said about the cluster, for a message; "" */
	struct err refusal;          /* why they do not let us in, or we do not trust them; E_NONE: nobody has refused */
	atomic_bool is_kafka_4;      /* asked only where it matters (kafka_client.c) */
};

/* ---- kafka_client.c ---- */
enum kafka_role { KAFKA_ASK, KAFKA_READ, KAFKA_FOLD, KAFKA_WRITE };
/* A client of the bus into *c, zeroed or done with. transactional: id for KAFKA_WRITE, else NULL. Errors: bus.setting, kafka.library,
 * file.* */
int kafka_client_new(struct kafka *k, enum kafka_role role, const char *transactional, struct kafka_client *c, struct err *e);
void kafka_client_done(struct kafka_client *c);        /* blocks while its threads end; one that was not made is fine */
/* When the broker took it; 0: not known. */
int64_t kafka_time_of(const rd_kafka_message_t *m);
/* The name of a topic on the cluster. */
const char *kafka_full(const struct kafka *k, const char *name, char ret[KAFKA_NAME_MAX]);

/* ---- kafka_fail.c ---- */
/* Turns what the library says into one of our codes: bus.away (broker, network, not yet), bus.login, bus.mechanism, bus.scram,
 * bus.certificate_*, bus.denied (they do not let us in, or we do not trust them), kafka.old, bus.fenced, bus.failed. what: the
 * call, for the message. Returns -1. */
int kafka_fail(struct kafka *k, struct err *e, const char *what, rd_kafka_resp_err_t code, const char *text);
/* The same of a call that needs a right, as kafka-acls.sh calls it, on what has this full name: bus.right too. */
int kafka_fail_right(struct kafka *k, struct err *e, const char *right, const char *name, rd_kafka_resp_err_t code,
	const char *text);
/* Keeps what a client says by itself about the cluster. */
void kafka_note(struct kafka *k, rd_kafka_resp_err_t code, const char *text);
/* For rd_kafka_conf_set_ssl_cert_verify_cb: keeps what is wrong with a certificate of a broker. Any thread. */
int kafka_verify(rd_kafka_t *client, const char *broker, int32_t id, int *error, int depth, const char *der, size_t n,
	char *text, size_t cap, void *opaque);
/* Somebody has refused since the cluster answered last: there is no use in waiting. */
bool kafka_refused(struct kafka *k);
/* The cluster has answered: what was said about it before is over. */
void kafka_answered(struct kafka *k);
/* The broker or the network is not there, or not yet; another owner has taken over, or a transaction took too long. */
bool kafka_is_away(rd_kafka_resp_err_t code);
bool kafka_is_fenced(rd_kafka_resp_err_t code);

/* ---- kafka_topics.c ---- */
/* The newest time of any record, by the brokers' clocks; 0 none. */
int64_t kafka_newest_ms(struct kafka *k);
/* Known topic by name; NULL. The lock is held. */
struct kafka_topic *kafka_topic_named(struct kafka *k, const char *name);
/* Adds it to those known (with numbers, parts); returns the one that is there. Takes the lock. */
struct kafka_topic *kafka_topic_add(struct kafka *k, const char *name, unsigned partitions, struct err *e);
/* What the index knows of it, which may be more than we do; never back: owners of this process move the heads on as well. */
int kafka_topic_heads(struct kafka *k, struct kafka_topic *t, struct err *e);
/* The cluster's own id, when it has answered. */
int kafka_cluster(struct kafka *k, struct buf *ret, struct err *e);
/* Calls each for every topic of ours there is. */
int kafka_topics(struct kafka *k, int (*each)(void *arg, const char *name, unsigned partitions), void *arg, struct err *e);
int kafka_topics_within(struct kafka *k, int timeout_ms, int (*each)(void *arg, const char *name, unsigned partitions), void *arg,
	struct err *e);
/* The list of all leaves out what we may not see: asked by its name, that is said (bus.right). 0: it is there, or is not. */
int kafka_topic_seen(struct kafka *k, const char *name, struct err *e);
/* Makes a topic with the settings of kafka_topic_settings, waits until its partitions have leaders. One that exists is fine.
 * Errors: bus.topic_make, bus.right; bus.failed while brokers are not in sync. */
int kafka_topic_make(struct kafka *k, const char *name, unsigned partitions, struct err *e);
/* max.message.bytes of a topic, less what a record takes beside key and value; the default when it may not be asked. */
size_t kafka_topic_max(struct kafka *k, const char *name);
/* Ends of the partitions of a topic: the high watermark (what uncommitted transactions have written counts), and the start of
 * what is kept. ret has room for all partitions. */
struct kafka_ends {
	uint64_t low, high;
};
int kafka_ends(struct kafka *k, const struct kafka_topic *t, struct kafka_ends *ret, struct err *e);
/* The same as a client sees it: one that reads committed records is told the last stable offset for the end. */
int kafka_ends_of(struct kafka *k, const struct kafka_client *c, const struct kafka_topic *t, struct kafka_ends *ret,
	struct err *e);
/* -1 with bus.gone when the partition begins behind `want`, with bus.shorter when it ends before; else 0, or what asking failed
 * with. */
int kafka_gone(struct kafka *k, const struct kafka_topic *t, unsigned partition, uint64_t want, struct err *e);
int kafka_gone_at(struct err *e, const struct kafka_topic *t, unsigned partition, uint64_t want, uint64_t low);
/* The answer to an admin request; NULL with the error. what: the request, for the message. */
rd_kafka_event_t *kafka_answer(struct kafka *k, rd_kafka_queue_t *q, const char *what, struct err *e);

/* ---- kafka_fold.c ---- */
/* Learns which topics there are, starts the thread, and waits until all has been folded to the ends as of now. */
int kafka_fold_open(struct kafka *k, struct err *e);
void kafka_fold_close(struct kafka *k);
bool kafka_folds_here(const struct kafka *k);          /* not in another process of this host */
/* -1 with why this process folds no more, once it does not: nothing would ever come again. */
int kafka_fold_failed(struct kafka *k, struct err *e);
/* Follows a topic that has come to k->topics since. */
void kafka_fold_follow(struct kafka *k, struct kafka_topic *t);
/* Waits until all partitions are folded up to their ends as of now: the high watermarks, or what is committed. Errors: bus.behind
 * {topic}{partition}, why the fold failed. */
enum kafka_end { KAFKA_COMMITTED, KAFKA_WRITTEN };
int kafka_fold_wait(struct kafka *k, enum kafka_end end, int timeout_ms, struct err *e);
/* Waits until one partition is folded below `end`. */
int kafka_fold_wait_part(struct kafka *k, struct kafka_topic *t, unsigned partition, uint64_t end, int timeout_ms,
	struct err *e);
/* Of an own run, of the owner's transaction number txn: where next will stand when it is put, or 0 when what lies between is not
 * known to be of us alone. The lock is held. */
uint64_t kafka_chain(const struct kafka_part *p, const void *owner, uint64_t txn, const struct kafka_run *run);

/* ---- kafka_own.c ---- */
int kafka_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e);
int kafka_own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e);
int kafka_fence(struct bus *b, const char *fence, struct err *e);
void kafka_disown(struct bus_owner *o);
int kafka_commit(struct bus_owner *o, const struct bus_commit *c, struct err *e);
/* Ends the transactions that processes of this host have left open when they died: else each owner waits for each of them. To
 * be called before anything is owned by this process. */
int kafka_fence_dead(struct kafka *k, struct err *e);
/* ---- kafka_signs.c ---- */
/* A sign of life of owners that have been quiet for KAFKA_HEARTBEAT_MS; called each second, by several threads: one that waits for
 * the brokers keeps none of the others. */
void kafka_heartbeats(struct kafka *k);
bool kafka_in_use(struct bus *b);
/* By our clock it was now_ms when the broker took something at broker_ms. */
void kafka_clock_look(struct kafka *k, int64_t now_ms, int64_t broker_ms);
int kafka_clocks(struct bus *b, int (*each)(void *arg, const char *host, int64_t ahead_ms), void *arg, struct err *e);

/* ---- kafka_acts.c ---- */
int kafka_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e);
int kafka_act_take(struct bus_owner *o, struct buf *ret_id, struct buf *ret_act, struct err *e);
int kafka_acts_left(struct bus *b, int (*each)(void *, const char *, const char *, int64_t, struct span), void *arg,
	struct err *e);

/* ---- kafka_read.c ---- */
int kafka_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e);
void kafka_unread(struct bus_reader *r);
void kafka_seek(struct bus_reader *r, uint64_t offset);
int kafka_seek_time(struct bus_reader *r, int64_t time_ms, struct err *e);
int kafka_next(struct bus_reader *r, struct bus_message *ret, struct err *e);
int kafka_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e);

#endif
