/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_FOLD_PARTS_H
#define JC_KAFKA_FOLD_PARTS_H

#include "kafka.h"

/* What kafka_fold.c (the thread, who folds for the host, waiting) and kafka_follow.c (what is read, and folded) share. */
#define KAFKA_HEARTS 3u

struct kafka_fold {
	struct kafka *k;
	struct kafka_client client;
	rd_kafka_queue_t *queue;
	rd_kafka_topic_t *topics[BUS_TOPICS_MAX];    /* by at of the topic */
	pthread_mutex_t starting;
	int lock;
	atomic_bool holding;
	pthread_t thread, hearts[KAFKA_HEARTS];
	bool started, locked, held;  /* held: what lay there when the lock was taken is followed */
	atomic_bool stop, opening;   /* opening: nothing looks into it yet, so that a put may be large */
	struct err failed;           /* under k->lock: why there is no more folding */
	/* Of the thread: */
	struct kafka_put *put;
	int64_t locked_ms, learnt_ms, moved_ms, beat_ms;
	bool behind;
	unsigned foreign;            /* records that no flow wrote, since the start */
	size_t taken;                /* bytes of values since it was woken (kafka_read.c): the queue may have been full */
};

/* ---- kafka_follow.c; the thread's, but for kafka_follow ---- */
/* Begins to follow a topic: behind what has been folded. Errors: bus.gone. */
int kafka_follow(struct kafka_fold *f, struct kafka_topic *t, struct err *e);
/* All of its partitions are. */
bool kafka_follows(struct kafka *k, const struct kafka_topic *t);
/* All topics that are known; for who has just begun to fold. An index that knows more than the topics is emptied. */
int kafka_follow_all(struct kafka_fold *f, struct err *e);
/* Those that could not be asked about when they came, too. */
int kafka_follow_rest(struct kafka_fold *f, struct err *e);
/* Another process folds: what comes is no longer fetched here. */
void kafka_follow_none(struct kafka_fold *f);
/* Fetches what others may have written, and lets be what we know. */
int kafka_follow_fetch(struct kafka_fold *f, struct err *e);
/* One round, in one put: m, which is destroyed, and all that has come, up to a bound; what comes at once, when there is much. */
int kafka_follow_round(struct kafka_fold *f, rd_kafka_message_t *m, struct err *e);
/* The next thing that has come, waiting up to ms; NULL: nothing has. Sees to it that fetching goes on. */
rd_kafka_message_t *kafka_follow_wait(struct kafka_fold *f, int ms);
/* A fetch asked for what is no longer there: gone is only what we have not folded. */
int kafka_follow_ranges(struct kafka_fold *f, struct err *e);
/* Those who watch the bus are told which topics have grown; by at. */
void kafka_follow_tell(struct kafka *k, const bool grown[BUS_TOPICS_MAX]);

#endif
