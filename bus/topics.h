/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TOPICS_H
#define JC_TOPICS_H

#include "span.h"

/*
 * The topics of a site. Event topics, destination topics and those for consumers have the site's partition count, and
 * partition i stays i from the first to the last; the others have one.
 *
 *	jincai.payment nontax payroll asset subsidy master receipt    events of the systems
 *	jincai.to.<destination>                                       shaped for one destination
 *	jincai.out.<name>.v<N>                                        what consumers outside read: events of one schema, docs/consumers.md
 *	jincai.claims      what was claimed and what became of it     jincai.dead      dead letters, conflicts
 *	jincai.parcels     plans, handing over, done                  jincai.acts      acts and their outcomes
 *	jincai.journal     what each commit changed in the totals
 *	jincai.replay.<name>                                          history that somebody asked for, once; parted as event topics are
 */
#define TOPIC_CLAIMS "jincai.claims"
#define TOPIC_DEAD "jincai.dead"
#define TOPIC_PARCELS "jincai.parcels"
#define TOPIC_ACTS "jincai.acts"
#define TOPIC_JOURNAL "jincai.journal"
#define TOPIC_TO "jincai.to."
#define TOPIC_OUT "jincai.out."
#define TOPIC_REPLAY "jincai.replay."

/* Names of the event topics, NULL-terminated. */
extern const char *const topics_events[];

/* The event topic of a type by its first word ("payroll.line.v1": "jincai.payroll"), or NULL. */
const char *topics_of_type(struct span type);
/* True for event topics and destination topics. */
bool topics_carries_events(const char *name);
bool topics_is_destination(const char *name);
/* True for what consumers outside read. */
bool topics_is_out(const char *name);
/* True for what a replay was given to. */
bool topics_is_replay(const char *name);
/* True for those whose partition is that of the event's key: all of these. */
bool topics_is_parted(const char *name);

#endif
