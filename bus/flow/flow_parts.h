/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FLOW_PARTS_H
#define JC_FLOW_PARTS_H

#include "flow.h"

/* What flow.c (the loop) and what people decide (flow_acts_parts.h) share. Nobody else includes this. */

/* Reads back what people decided so far: the position "<flow>/acts". */
int flow_acts_open(struct flow *f, struct err *e);
void flow_acts_close(struct flow *f);
/* After a commit: what it put on jincai.acts goes to the anchor. */
void flow_acts_committed(struct flow *f);
/* The next act that was handed in: 1, what came of it is staged; 0, there is none; -1. */
int flow_acts_take(struct flow *f, struct err *e);
/* The reason for which the step threw away what it had staged; NULL: it did not. */
const struct err *flow_acts_wish(const struct flow *f);

/* An act as it was handed in, at which the kind failed with an error that would come at every start (ERR_DATA, ERR_CONF). The
 * loop throws away what is staged, opens anew, and has it refused with the code of that error. */
struct flow_failed {
	struct buf id, text;
	struct err why;
};

/* Hands it over, once; false: the turn failed at something else. To be freed by flow_failed_done. */
bool flow_acts_failed(struct flow *f, struct flow_failed *ret);
int flow_acts_refuse(struct flow *f, struct flow_failed *x, struct err *e);
void flow_failed_done(struct flow_failed *x);

#endif
