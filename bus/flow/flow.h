/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FLOW_H
#define JC_FLOW_H

#include <stdatomic.h>

#include "act.h"
#include "audit.h"
#include "bus.h"
#include "lane.h"
#include "shares.h"

/*
 * The one loop. A flow is a running thing with a position: an adapter, the router, a destination. Its life:
 *
 *	open    own the name (fences the one before), read the position, lanes; then kind->open restores the rest
 *	turn    an act that people handed in, or kind->step: it reads at most one step's worth and stages what comes of it;
 *	        one commit {outputs, dead letters, position, acts done}; then kind->effect, if there is one
 *	doubt   any error: kind->close, disown; wait; open again. There is no other recovery code.
 *
 * So kind->step never undoes anything, and whatever it keeps in memory is rebuilt by kind->open from the position.
 * A turn is short (one commit at most, 5 s), so one process can run a thousand flows on a few threads.
 */
struct flow;
struct people;

enum flow_turn {
	FLOW_IDLE,                   /* nothing to do now; call again when an input topic grew or after poll_ms */
	FLOW_COMMIT,                 /* commit what is staged, run the effect, call again at once */
	FLOW_BUSY                    /* worked without anything to commit (a slice of a long copy); again at once */
};

struct flow_kind {
	const char *name;            /* "adapter", "router", "destination" */
	unsigned poll_ms;            /* how often an idle one looks again although no topic grew; 0: never */
	/* Restores the state from the position (flow_position_get). The owner is there, the lanes are open. */
	int (*open)(struct flow *f, struct err *e);
	int (*step)(struct flow *f, enum flow_turn *ret, struct err *e);
	/* What must follow a commit: parcels handed over, spool files deleted. Repeatable. NULL: nothing. */
	int (*effect)(struct flow *f, struct err *e);
	/* How many people an act takes, 1 or 2; 0: there is no such act here. NULL: one, for all. */
	unsigned (*act_people)(struct flow *f, const struct act *a);
	/* Of an act that takes two people: does its order say what this flow itself finds (act_shows, and the digest)? Asked before
	 * anybody is asked to sign, and again before it is executed; who signs reads the order, not what it is about. *ret:
	 * E_NONE, or the code with which it is refused. An error is as one of act. NULL: its acts show nothing. */
	int (*act_true)(struct flow *f, const struct act *a, enum err_id *ret, struct err *e);
	/* Executes an act handed to this flow, staging effect and outcome (flow_act_outcome). One that cannot be done
	 * has just that as its outcome: so has one at which this fails with ERR_DATA or ERR_CONF, and nothing that it staged is
	 * committed; any other error here is one of the whole flow. A turn takes one act and no step, so
	 * that each act sees what the one before did. One that takes two people comes here when both have approved it. NULL:
	 * all are refused. */
	int (*act)(struct flow *f, const struct act *a, struct err *e);
	/* Drops what open and step keep in memory; called after each open, failed ones too. What is committed may be
	 * without its effect: open sees to that. */
	void (*close)(struct flow *f);
	void (*free)(struct flow *f);
};

enum flow_state {
	FLOW_CLOSED, FLOW_RUNNING, FLOW_WAITING,   /* waiting: an error of kind retry, tried again by itself */
	FLOW_STOPPED                               /* needs a person: configuration, damaged data, policy */
};

/* Kinds embed this first. The creator fills the first group; the loop owns the rest. */
struct flow {
	const struct flow_kind *kind;
	char name[104];              /* of the flow: position keys, lane, lists */
	struct bus *bus;
	unsigned inputs[16];         /* topics whose growth wakes it */
	unsigned ninputs;
	unsigned outputs[72];        /* topics it may write: a lane is opened on each of their partitions */
	unsigned noutputs;
	const struct audit_conf *audit;      /* NULL: SHA-256, no anchor */
	const char *site;            /* its name: what people signed for another site does not count; NULL: not looked at */
	const struct people *people; /* who may let money go; NULL: nobody is named */
	bool alone;                  /* a test site that names nobody: one person is enough, and it is said */
	bool money;                  /* carries instructions: to let it go on after a stop takes two */
	char whole[80];              /* it is one of the flows of that; "": it is all there is */
	bool parted;                 /* of topics with several partitions it writes `partition` alone */
	unsigned partition;
	struct share share;          /* which part of a flow that can run in shares; flow_share sets it */

	struct bus_owner *owner;
	struct lanes *lanes;
	struct flow_acts *acts;      /* what people decided and the loop keeps: flow_acts.c */
	bool dirty;                  /* appended since the last commit: the lane position must be saved */
	enum flow_state state;
	struct err last;             /* why it waits or stopped */
	unsigned failures;           /* in a row: the wait grows with it, 100 ms to 5 s */
	uint64_t grew[BUS_TOPICS_MAX / 64]; /* topics that may have grown by this flow since the pool looked */
	bool attention;              /* kind sets it: something in here waits for a person (held, dead, conflict) */
};

/* For kinds, within open, step and act. flow_append stamps the lane and stages; flow_position_put stages the position
 * "<flow>/<name>"; flow_position_get: 1 found, 0 none, -1. flow_act_outcome: "done" or "refused", and the name of the code
 * that says why, or "". */
int flow_append(struct flow *f, unsigned topic, unsigned partition, struct span key, struct buf *event, struct err *e);
int flow_position_put(struct flow *f, const char *name, struct span value, struct err *e);
/* One output more, until the flow is closed: a topic that only what it finds in its position, or an act, names. */
void flow_output(struct flow *f, unsigned topic);
int flow_position_get(struct flow *f, const char *name, struct buf *ret, struct err *e);
int flow_act_outcome(struct flow *f, const struct act *a, const char *outcome, const char *words, struct err *e);
/* The flow is that part: it gets its name, and the loop owns it as shares.h says. Its kind reads the partitions of its part alone,
 * and keeps what says how far under the name of the whole, which flow_whole gives; all else stays under its own name. */
void flow_share(struct flow *f, const struct share *s);
const char *flow_whole(const struct flow *f);
/* The flow stops itself until a person lets it go on, for a fault that would come again and again. flow_stop stages that with
 * all that this step has staged. flow_stop_instead throws away what this step has staged and stops where the last commit left
 * it: `return flow_stop_instead(f, &why, e);`. */
int flow_stop(struct flow *f, const struct err *why, struct err *e);
int flow_stop_instead(struct flow *f, const struct err *why, struct err *e);
/* Stopped, by a person or by itself: it takes acts and makes no step. */
bool flow_is_stopped(const struct flow *f);
/* Times it was let go on again: a kind that stopped itself can tell that a person has looked at it since. */
uint64_t flow_resumed(const struct flow *f);
/* True when this step has staged as much as one commit should carry. */
bool flow_step_full(const struct flow *f);

/* One turn of one flow: open when closed, an act or a step, commit, effect. What a step staged is committed when it
 * says idle, too. -1 with the error after having closed; state is then FLOW_WAITING (ERR_RETRY, bus.unknown),
 * FLOW_STOPPED (ERR_DATA, ERR_CONF, lane.*), or FLOW_CLOSED (ERR_HALT: the process should end). Waits for nothing. For
 * tests and for the pool below. */
int flow_turn(struct flow *f, enum flow_turn *ret, struct err *e);
void flow_shut(struct flow *f);                        /* close and disown */

struct flow_run {
	unsigned threads;            /* 0: one per processor, at most 4 */
	bool until_idle;             /* return when every flow is idle and no topic grew since */
	const atomic_int *stop;      /* nonzero: leave within 5 s; may be NULL */
	/* Called by one thread at a time, each look_ms or later, for what may have changed outside; it may set stop. NULL: nothing. */
	void (*look)(void *arg);
	void *arg;
	unsigned look_ms;
};

/* Runs the flows until stopped or idle, or until each of them has stopped for good. An idle flow is looked at again when a flow of this process has written one of
 * its inputs, after its poll_ms, and each second for acts. With until_idle a waiting flow counts as idle when it has
 * failed three times in a row with the same error and nothing else moved meanwhile. 0 left in order (look at each
 * flow's state and attention), -1 with kind ERR_HALT: the process must end (exit code from the error: 6, or 7 when
 * fenced). All flows are closed on return. */
int flow_run(struct flow *const *flows, unsigned nflows, const struct flow_run *how, struct err *e);

#endif
