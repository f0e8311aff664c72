/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_ADMIN_H
#define JC_KAFKA_ADMIN_H

#include "bus.h"

/*
 * What an administrator wants of a cluster: to have the topics made, and to know whether it is as it has to be. It opens
 * no bus, runs no flow, and needs no store on this host. Errors of all calls: bus.away, bus.denied, bus.failed, bus.setting, file.*
 */
struct kafka_admin;

/* A topic that a site needs. */
struct kafka_need {
	const char *name;            /* without the prefix of the site */
	unsigned partitions;
};

/* The topics of the bus itself, of one partition, beside those of topics.h. NULL-terminated. */
extern const char *const kafka_own_topics[];
bool kafka_is_compacted(const char *topic);

/* conf is borrowed. Asks no broker yet. */
int kafka_admin_open(const struct bus_conf *c, struct kafka_admin **ret, struct err *e);
void kafka_admin_close(struct kafka_admin *a);         /* NULL is fine */
/* The name of a topic on the cluster; to be freed. */
char *kafka_admin_full(const struct kafka_admin *a, const char *topic);

/* ---- as it is ---- */

struct kafka_setting {
	char *name, *value;
};

struct kafka_settings {
	struct kafka_setting *list;
	unsigned n;
	bool denied;                 /* they may not be looked at: nothing is known of them */
};

/* NULL: not known; a broker too old for it does not say it. */
const char *kafka_setting(const struct kafka_settings *s, const char *name);

struct kafka_report_topic {
	const char *name;            /* that of the need */
	bool there, denied;          /* denied: whether it is there may not be looked at */
	unsigned partitions;
	unsigned replicas, in_sync;  /* of the partition that has the fewest */
	unsigned leaderless;         /* partitions that nobody leads now */
	struct kafka_settings settings;
};

struct kafka_report {
	char cluster[64];
	unsigned brokers;            /* that run now */
	struct kafka_settings settings;      /* of one of them */
	struct kafka_report_topic *topics;   /* in the order of the needs */
	unsigned ntopics;
};

/* Looks at the cluster, and at the topics that are needed; blocks for some seconds. Freed by kafka_report_free. */
int kafka_admin_look(struct kafka_admin *a, const struct kafka_need *needs, unsigned n, struct kafka_report **ret,
	struct err *e);
void kafka_report_free(struct kafka_report *r);        /* NULL is fine */

/* ---- making ---- */

/* How many copies a cluster of so many brokers keeps of each record, and how many have to have it before it counts. */
unsigned kafka_replicas(unsigned brokers);
unsigned kafka_min_in_sync(unsigned brokers);
/* Calls each for every setting that a topic is made with. keep_days: as in bus_kafka_conf. */
void kafka_topic_settings(const char *topic, unsigned brokers, unsigned keep_days,
	void (*each)(void *arg, const char *name, const char *value), void *arg);
/* Makes those of the report that are not there, durably, and waits until they have leaders. Errors: bus.topic_make {name, why} too. */
int kafka_admin_make(struct kafka_admin *a, const struct kafka_report *r, const struct kafka_need *needs, struct err *e);

/* So long a transaction may be open; the brokers have to allow it. */
int kafka_transaction_ms(void);
/* Can the library log in by SCRAM at brokers of Kafka 4? */
bool kafka_scram_works(void);
const char *kafka_library_version(void);

#endif
