/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_FLOW_H
#define JC_REPLAY_FLOW_H

#include "flow.h"
#include "site.h"

/*
 * The flow "replay": does what plans of replays (replay.h) say, one after the other, beside all that the site does. It reads no
 * topic as a flow does, and what it writes only itself has asked for.
 *
 * Acts, about a plan (subject is its id), one person each, but two to begin what moves money:
 *
 *	replay   begin it, or go on: members "plan" (replay_core) and "rate" (left out: as fast as it goes). replay.ended, replay.busy
 *	         (another one runs), replay.taken (something lies on its topic), act.changed (the digest is not that of the plan, or the
 *	         destination is another now). Of what moves money also: act.shows (replay_shows), replay.stopped (all money is stopped),
 *	         replay.paused (another such plan is paused)
 *	pause    it waits until the next "replay". act.gone: it does not run
 *	cancel   it ends for good. What is on its topic stays there. Of a void one: a person has seen it
 *
 * How far it is stands in the position "replay/plan/<id>", in the commit that has the events:
 *
 *	{"state","events","rate","at","plan":{...},"why":{"code","args"},"to","given","lines"}
 *
 *	events   given so far, in the order of the selection: after a kill the selection is read again, without these
 *	plan     as in the order; left out when it has ended
 *	why      of a void one; while it runs: it becomes void, and what it has begun is being ended
 *	at       of this commit
 *	to       of a void one: where it went; given: to a destination
 *	lines    towards a destination, once it is known what goes: the digest of all lines as they will be
 *
 * Before the first event all of it is held against the digest of the plan; and so it is at the end. At its end, done or
 * cancelled, each partition of the topic gets an event of type jincai.replay.ended: who reads it there knows that no more comes.
 *
 *	{"plan","state","events":N,"here":N}       here: on this partition
 *
 * Towards a destination a plan is a list of batches (replay_give.c): which go is found before the first, held against the plan, and
 * kept in the positions "goes" ("lines" then stands in that of the plan). What it counts for the destination is in "totals".
 * Each life makes all lines once more before it goes on: no batch gets lines of two forms. What is amid its lines stands in "begun"
 * (replay_begun.c). One that is cancelled amid batches ends those ("cancel_at"); one that becomes void gives them up: the
 * destination is told that they are returned, and nothing of them goes.
 *
 * Towards one that moves money a plan has "handed", and in its "goes" money and mode: what two people see and sign. All of it is found
 * anew before the first line. One such plan at a time is under way, paused or not, so nobody but the router can give anything to others
 * meanwhile; and what others have been given since it began to look voids it (replay_handed.h). While all money is stopped, or the
 * money part is not as it was adopted, it waits.
 *
 * A turn looks at a slice and commits what is due, so that neither a long selection nor a slow rate holds up the acts of others.
 */
struct flow *replay_flow_new(struct site *s, struct bus *b, struct err *e);

#define EVENT_REPLAY_ENDED "jincai.replay.ended"

#endif
