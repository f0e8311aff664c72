/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DELIVER_PARTS_H
#define JC_DELIVER_PARTS_H

#include "connectors/outbox.h"
#include "deliver.h"
#include "gather.h"
#include "journal.h"
#include "ledger.h"
#include "totals.h"

/*
 * What the files of the destination share: deliver.c is the flow with its position, deliver_gather.c reads lines and keeps
 * their places, deliver_build.c makes parcels of them, deliver_hand.c hands these over. Nobody else includes this.
 */
struct input {
	unsigned partition;
	struct bus_reader *reader;
	struct lane_heads *heads;
	uint64_t offset;
	bool moved;
	struct gathering *last;      /* whose line was read last, for ranges; NULL: none */
};

/* Numbers that a life of the store has used of which this one knows nothing. */
struct lost {
	uint64_t first, last;
};

/* A parcel in the ledger that this life of the store does not know. */
struct foreign {
	uint64_t no, ids;
	char *batchid, *split;
	char currency[TOTALS_CURRENCY_MAX];
	struct money_sum sum;
};

struct deliver {
	struct flow flow;
	struct deliver_setup setup;
	char *name, *folder, *shadow_folder, *source, *site, *store;
	char *home, *shadow_home;    /* where .staging is: the folder itself, or one for this partition inside it */
	char *out_name;              /* the topic for consumers; NULL: it goes to a folder */
	unsigned out_topic;
	unsigned topic, parcels_topic, journal_topic;
	struct outbox *outbox;       /* of what is planned now: the shadow folder's in shadow */
	struct outbox *shadowed;     /* live: of parcels under way that are shadows; NULL: there are none */
	struct ledger *ledger;       /* NULL: none is kept */
	struct lost *lost;
	struct foreign *foreign;
	unsigned nlost, nforeign;
	bool unsaved;                /* open found what the position does not know yet */
	struct input *inputs;
	unsigned ninputs;
	struct totals *totals;
	struct journal *journal;
	struct gathering *open;
	char **forget;               /* batches whose own position is to be taken away */
	unsigned nforget;
	struct parcel *parcels;      /* under way, by number */
	json_t *stops;               /* what people stopped here: deliver_act.c */
	size_t out_bytes;            /* of the position with the open batches, as it was saved last */
	uint64_t next_no, step;      /* step: from one number to the next */
	uint64_t handed;             /* the highest number that is done and stands in the ledger of this folder */
	struct slots slots;          /* of head and file name */
	struct buf event, position, line;
	struct arena scratch;
	char boot[40];
};

/* A line, as the router shaped it; texts lie in the deliver's line and scratch until the next one. */
struct line {
	struct span *cells;
	unsigned ncells;
	unsigned layout;             /* the codec's number of lines of this type */
	struct span currency, split;
	struct span shaped;          /* map_layout() of what shaped it; "": it does not say */
	uint64_t ids;                /* of the event, as the ledger has it */
	bool readable, cut;          /* cut: a text in it was shortened */
	int64_t fen;
};

/* ---- deliver_gather.c ---- */
int deliver_read_line(struct deliver *d, const struct event *v, struct line *ret, struct err *e);
/* Are its cells those of the form in force? gather.form (ERR_DATA): it was shaped by another layout, nobody can tell what they
 * mean by this one. */
int deliver_check_layout(const struct deliver *d, const struct event *v, const struct line *l, struct err *e);
/* Reads on, at most *budget messages, and takes off what it read. When many batches are open, first what these wait for. */
int deliver_read(struct deliver *d, size_t *budget, struct err *e);
/* The one under way; a new one when there is none. */
struct gathering *deliver_gathering_of(struct deliver *d, struct span batchid);
void deliver_gathering_drop(struct deliver *d, struct gathering *g);

/* ---- deliver_build.c ---- */
/* A line on the destination's topic: its partition, the record, the event in it. */
struct deliver_at {
	unsigned partition;
	const struct bus_message *message;
	const struct event *event;
};
/* Calls each with every line of a gathered batch, in its order, from the place *from on (NULL: all of them), which moves along,
 * until it returns nonzero: 1 ends the walk well. A line that is not of the layout in force is gather.form. */
typedef int deliver_line(void *arg, const struct deliver_at *at, const struct line *l, struct err *e);
int deliver_each_line(struct deliver *d, const struct gathering *g, struct gather_out *from, deliver_line *each, void *arg, struct err *e);
/* Builds and plans the parcels of a batch; one that can never be written is held. */
int deliver_plan_batch(struct deliver *d, struct gathering *g, struct err *e);

/* ---- deliver_ledger.c ---- */
/* Opens the ledger: what in it is not ours, and numbers that are not to be used again. */
int deliver_open_ledger(struct deliver *d, struct err *e);
void deliver_close_ledger(struct deliver *d);
void deliver_write_lost(const struct deliver *d, struct buf *b);
void deliver_read_lost(struct deliver *d, const json_t *out);
/* Up to where the ledger must go, for the safeguard: members handed, folder of the position. */
void deliver_write_handed(const struct deliver *d, struct buf *b);
void deliver_read_handed(struct deliver *d, const json_t *out);
/* Was just this handed over in a life of the store that is lost? gather.ledger (ERR_DATA): other lines of the batch were. */
int deliver_had(const struct deliver *d, const struct gathering *g, const struct parcel *p, bool *ret, struct err *e);
/* What is being handed over stands in the ledger, durably. */
int deliver_note(struct deliver *d, struct err *e);

/* ---- deliver_topic.c: batches for consumers outside ---- */
/* Publishes what one step may carry of a batch that may go, and says so when that was all of it. One that can never be published is
 * held, before anything of it was. */
int deliver_publish_batch(struct deliver *d, struct gathering *g, struct err *e);
/* The batch of which a part is published; NULL: there is none. Nothing else is done before it has ended. */
struct gathering *deliver_publishing(const struct deliver *d);
/* What is under way ends where it began to go. gather.moved (ERR_CONF): `to:` was changed meanwhile. */
int deliver_check_way(const struct deliver *d, struct err *e);

/* ---- deliver_hand.c ---- */
/* It went where it was to go: counted out of the pending ones. */
int deliver_count_handed(struct deliver *d, const struct parcel *p, struct err *e);
/* Before anything of a parcel is renamed its bytes are held against the plan: parcel.altered, and nothing is handed over. */
/* Bodies that have a marker get their names; the receiver does not look at them yet. Then the commit of handing. */
int deliver_announce(struct deliver *d, struct err *e);
/* What the receiver sees: the marker, or the body when there is none. Then the commit of done. */
int deliver_hand_over(struct deliver *d, struct err *e);

/* Can it still be handed over: are its bytes where they were staged, or under their name behind a marker that is? */
bool deliver_can_hand(struct deliver *d, const struct parcel *p);
/* It was handed over: counted and said; p is gone. */
int deliver_end_parcel(struct deliver *d, struct parcel *p, struct err *e);

/* ---- deliver_act.c: what people decide ---- */
unsigned deliver_act_people(struct flow *f, const struct act *a);
int deliver_act(struct flow *f, const struct act *a, struct err *e);
int deliver_restore_stops(struct deliver *d, struct err *e);
/* Nothing of that batch is planned or handed over. */
bool deliver_is_stopped(const struct deliver *d, const char *batchid);
/* A line of that id has come: if a person stopped the id, its batch is stopped. */
int deliver_note_id(struct deliver *d, struct span id, struct span batchid, struct err *e);

/* A batch that was returned, and never comes again, is no longer stopped. */
int deliver_drop_stop(struct deliver *d, const char *batchid, struct err *e);

/* ---- deliver_aside.c: the act `aside` ---- */
/* 1 done, staged; 0 not, and why; -1. */
int deliver_put_aside(struct deliver *d, const struct act *a, enum err_id *ret_why, struct err *e);

/* ---- deliver.c ---- */
/* The first number behind that one that is this flow's. */
uint64_t deliver_number_after(const struct deliver *d, uint64_t no);
/* Stages the position. */
int deliver_save(struct deliver *d, struct err *e);
/* Where a parcel is staged; NULL: it waits, for it is live and the destination in shadow. */
struct outbox *deliver_outbox(const struct deliver *d, const struct parcel *p);
/* It has where to go, and nobody stopped it before it went. */
bool deliver_goes(const struct deliver *d, const struct parcel *p);
/* Stages what became of a parcel; g: of the batch whose places stand in its first plan, or NULL. */
int deliver_append_parcel(struct deliver *d, const struct parcel *p, const struct gathering *g, struct err *e);
/* A batch that may not go is counted as stopped and said. */
int deliver_stop_batch(struct deliver *d, const struct gathering *g, struct err *e);
/* Its lines are counted under another term. */
int deliver_move_batch(struct deliver *d, const struct gathering *g, enum total_term from, enum total_term to, struct err *e);
/* Puts a position that was saved before into d->position, as JSON; an empty object when there is none. */
json_t *deliver_load_position(struct deliver *d, const char *name, struct err *e);

/* ---- deliver_held.c: a held batch may wait for weeks, in a position of its own ("held/<batch>") ---- */
int deliver_save_held(struct deliver *d, struct err *e);
/* Puts them behind those that d->open has. */
int deliver_restore_held(struct deliver *d, struct err *e);
void deliver_forget_held(struct deliver *d);

#endif
