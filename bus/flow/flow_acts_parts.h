/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FLOW_ACTS_PARTS_H
#define JC_FLOW_ACTS_PARTS_H

#include <jansson.h>

#include "act.h"
#include "audit.h"
#include "flow_parts.h"

/*
 * What people decide, and the loop itself sees to: acts that take two people wait here until both have approved them
 * (flow_proposals.c); a flow is stopped and let go on again (flow_stop.c); what is handed in is taken, recorded and executed
 * (flow_acts.c). Nobody else includes this. It is kept in the position "<flow>/acts":
 *
 *	{"n":5,"chain":"9f86...","resumed":2,"stop":{of its order what todo shows},
 *	 "proposals":[{"id","order":"...","approvals":[orders of approve acts]}]}
 *
 * Every change of it is one commit with the record on jincai.acts that tells it, and with the effect of the act.
 */
struct flow_acts {
	json_t *root;                /* as in the position */
	struct audit_link link;      /* of the last record that was staged */
	struct buf lines;            /* of the anchor: what the next commit makes durable, and what could not be written */
	int64_t looked;              /* for what is over; steady */
	int64_t asked;               /* for what was handed in to parts that no longer run; steady */
	bool wish;
	struct err why;
	struct flow_failed failed;   /* an act that the kind failed at, until the loop asks for it */
	const struct err *instead;   /* of executing: the kind failed at it before */
};

/* As in the position: changed in place, then saved. */
json_t *flow_acts_proposals(const struct flow *f);
int flow_acts_save(struct flow *f, struct err *e);
/* A record on jincai.acts, with the next link of the chain. outcome, words: NULL: it has none. */
int flow_acts_record(struct flow *f, const char *type, struct span id, struct span order, const char *outcome, const char *words,
	bool weak, struct err *e);
int flow_act_refuse(struct flow *f, const struct act *a, enum err_id why, struct err *e);
/* What those who sign read is what is so: E_NONE, or why not. */
int flow_acts_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e);
/* By the kind, or here when the flow is to go on again; with its outcome. */
int flow_acts_execute(struct flow *f, const struct act *a, struct err *e);

/* ---- two people (flow_proposals.c) ---- */

bool flow_proposals_has(const struct flow *f, struct span id);
/* From here on it waits for both; or its refusal. */
int flow_proposals_add(struct flow *f, const struct act *a, struct err *e);
/* An approve act: noted, and what it was the last one for is executed in this same commit. */
int flow_proposals_approve(struct flow *f, struct act *a, struct err *e);
/* What nobody approved until its day was over. 1: something was staged. */
int flow_proposals_expire(struct flow *f, struct err *e);

/* ---- stopped and let go on (flow_stop.c) ---- */

int flow_stop_act(struct flow *f, const struct act *a, struct err *e);
/* An order of before does not let go what was stopped since. */
int flow_stop_resume(struct flow *f, const struct act *a, struct err *e);

#endif
