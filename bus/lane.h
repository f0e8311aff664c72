/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LANE_H
#define JC_LANE_H

#include <jansson.h>

#include "bus.h"
#include "event.h"

/*
 * Lanes: what one generation of a flow writes, counted without gaps from 1 on each partition of each topic that it may
 * write. A lane is named "<flow>.<generation>". Its first record on every partition is lane.opened {predecessor, last
 * number of the predecessor there}. So a reader notices what was lost, doubled or written by an owner that is no more.
 */

/* ---- the writing side: one per owner ---- */
struct lanes;

/* `before` is the text of the position "<flow>/lane" as the last owner left it, empty when there was none. topics
 * (handles) is every topic that the flow may write; it is copied. The records lane.opened are staged on all of their
 * partitions before the first record is, so they become durable with the first commit that has one; a flow that writes
 * nothing opens nothing. Errors: lane.state {flow} when `before` is not what lanes_save wrote. */
int lanes_open(struct bus *b, struct bus_owner *o, const unsigned *topics, unsigned ntopics, struct span before,
	int64_t now_ms, struct lanes **ret, struct err *e);
void lanes_close(struct lanes *l);
/* Of topics with several partitions it opens and writes that one alone: the others have other writers, and who reads one outside
 * looks for a single row of lanes there. Before anything is appended. */
void lanes_only(struct lanes *l, unsigned partition);
/* One topic more that the flow writes from here on; one that it has does nothing. Its lanes open with what is appended next. */
void lanes_add(struct lanes *l, unsigned topic);
/* Stamps the event (as event_begin and its data left it) with lane and number and stages it. b is changed. */
int lanes_append(struct lanes *l, unsigned topic, unsigned partition, struct span key, struct buf *event,
	struct err *e);
/* Stages the position "<flow>/lane": to be called in each commit that appended. For each topic it has the lane that
 * wrote it last and its last number on each partition; topics that the flow no longer writes are kept. */
int lanes_save(struct lanes *l, struct err *e);

/* ---- what others have written ---- */

/* Does it end with a lane, as lanes_append writes it? What does not was not written by any flow. */
bool lane_is_stamped(struct span record);
/* As bus_next, for a topic of flows: on a bus to which others can write (bus_shared), a record that is not stamped is passed over. A
 * person is told of it: it stands in INDEX_FOREIGN. */
int lane_next(struct bus *b, struct bus_reader *r, struct bus_message *ret, struct err *e);
/* Calls each with every event of that type (NULL: of any) on a topic, partition by partition, from what was committed at since_ms
 * on (0: from the first). A topic that is not there has none. The first nonzero of each ends it and is returned; 0, -1. */
typedef int lane_each_event(void *arg, const struct event *v, struct err *e);
int lane_each(struct bus *b, const char *topic, const char *type, int64_t since_ms, lane_each_event *each, void *arg, struct err *e);

/* ---- the reading side: one per partition that is read; part of the reader's position ---- */
struct lane_heads;

enum lane_verdict { LANE_NEXT, LANE_REPEAT };

struct lane_heads *lane_heads_new(void);
void lane_heads_free(struct lane_heads *h);
/* Checks one event in reading order and moves the head. A repeat (a number that was seen) is to be dropped and counted.
 * There is one head for a flow: when a lane opens, its predecessor has ended. An event without a lane is a fork too.
 * Errors (ERR_HALT): lane.gap {lane}{want}{got}, lane.fork {lane} (a lane that has ended, or never opened). */
int lane_heads_check(struct lane_heads *h, const struct event *v, enum lane_verdict *ret, struct err *e);
/* As a JSON object {"payroll-a.3": 17}, for the position; and back (lane.state when it is not one). */
void lane_heads_write(const struct lane_heads *h, struct buf *b);
int lane_heads_read(struct lane_heads *h, const json_t *object, struct err *e);

#endif
