/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CLUSTER_H
#define JC_CLUSTER_H

#include "kafka_admin.h"
#include "site.h"

/*
 * What a site needs of a cluster: which topics, and how they and the brokers have to be set, so that what was published is not
 * lost, not too soon gone, and not torn. In the words of who administers the cluster.
 */
struct cluster_needs {
	struct kafka_need *list;     /* event topics that its types go to, topics of its destinations, those of the bus */
	unsigned n;
};

void cluster_needs(const struct site *s, struct cluster_needs *ret);
void cluster_needs_done(struct cluster_needs *n);

/* Calls found for each thing that is not as it has to be: codes kafka.* */
void cluster_judge(const struct site *s, const struct cluster_needs *n, const struct kafka_report *r,
	void (*found)(void *arg, const struct err *e), void *arg);

/* Writes the rights that each service of the site needs, as commands for kafka-acls.sh. */
void cluster_rights(const struct site *s, struct buf *b);

#endif
