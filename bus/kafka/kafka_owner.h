/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_OWNER_H
#define JC_KAFKA_OWNER_H

#include "kafka.h"

/* What kafka_own.c (owning, commits), kafka_signs.c, kafka_txn.c (one transaction) and kafka_acts.c share. */

/* A record that goes out. */
struct out {
	struct kafka_topic *topic;
	unsigned partition;
	struct span key, value;      /* value.p NULL: none */
};

struct kafka_owner {
	struct bus_owner owner;
	struct kafka *k;
	struct kafka_owner *next;    /* under owners_lock */
	struct kafka_client client;
	rd_kafka_topic_t *topics[BUS_TOPICS_MAX];    /* by at of the topic */
	pthread_mutex_t lock;        /* its thread, and the one that gives signs of life */
	uint64_t written;            /* generation of the flow's newest record, as far as we know: ours once it is written */
	char fence[104];             /* the name under which it is fenced: of the flow, or of a share of it */
	struct err spent;
	int64_t wrote_ms;            /* steady: its last commit */
	int64_t signed_ms;           /* steady: when its last sign of life was begun */
	struct buf sign;             /* the one that goes with the commit that is under way */
	char (*given)[72];           /* acts */
	size_t ngiven, cap_given;

	/* Of the transaction that is under way: */
	uint64_t txn;                /* 1, 2, ... */
	struct out *outs;
	size_t nouts, cap_outs;
	uint64_t *offsets;           /* by out; UINT64_MAX: not on the broker */
	int64_t *times;              /* by out: when the broker took it */
	int64_t sign_ms;             /* when the broker took what it wrote to jincai.positions; 0: not known */
	rd_kafka_message_t *messages;
	unsigned *order;             /* outs by topic and partition */
	size_t cap_offsets, cap_times, cap_messages, cap_order;
	size_t delivered;
	bool unplaced;               /* the broker has them, but did not tell where */
	rd_kafka_resp_err_t failed;  /* the first record's that did not get there */
	const struct kafka_topic *failed_at;
};

/* What the newest generation record of a flow says. */
struct sign {
	uint64_t generation;
	bool there, left;
	bool other;                  /* by a process that may still live, and is not this one */
	long pid;
	char host[72], fence[104];   /* fence: the name under which it was owned */
	int64_t time_ms;
};

/* ---- kafka_txn.c ---- */
/* Room for one more record of the next transaction, which begins with nouts = 0; what it points to stays until that has ended. */
struct out *kafka_add_out(struct kafka_owner *o);
/* The outs, whole or not at all; then their offsets are known, unless `unplaced`. Blocks for the brokers. Errors: bus.away,
 * bus.failed, bus.denied, bus.right, bus.fenced: nothing has happened; bus.unknown. After any the owner is spent and has no client. 0 with
 * spent set (bus.reset): it has happened, and the owner opens again before its next. */
int kafka_transact(struct kafka_owner *o, struct err *e);
/* The records stand where their offsets say. put: they are in the index, and need not be folded again. */
void kafka_note_offsets(struct kafka_owner *o, bool put);
/* What a transaction has written, into the index. What cannot be put is folded later, and the owner spent. */
void kafka_put_transaction(struct kafka_owner *o, const struct bus_commit *c);
/* When the broker took the sign of life that the transaction wrote: others compare it with what their brokers tell. */
int64_t kafka_sign_ms(const struct kafka_owner *o);
int kafka_open_client(struct kafka_owner *o, const char *id, struct err *e);
void kafka_close_client(struct kafka_owner *o);

/* ---- kafka_signs.c: signs of life ---- */
/* The generation record, as it is to be written now. */
void kafka_sign_text(const struct kafka_owner *o, bool left, struct buf *ret);
int kafka_write_generation(struct kafka_owner *o, bool left, struct err *e);
/* One that cannot be read: lane.state. */
int kafka_read_sign(struct kafka *k, const char *flow, struct sign *ret, struct err *e);
/* Of who wrote such a record (on: NULL, it does not say). */
bool kafka_is_gone(const struct kafka *k, const char *host, const char *on, pid_t pid);
struct kafka_watch *kafka_watch_of(struct kafka *k, const char *flow);         /* owners_lock is held */
/* May it be owned under that fencing name? Errors: bus.owned, bus.behind, what asking failed with. */
int kafka_wait_for_silence(struct kafka *k, const char *flow, const char *fence, struct err *e);

#endif
