/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_INTAKE_PARTS_H
#define JC_INTAKE_PARTS_H

#include "claim.h"
#include "connectors/drop.h"
#include "intake.h"
#include "journal.h"
#include "pays.h"
#include "u64set.h"

/*
 * What the files of the adapter share: intake.c is the flow with its position, intake_claim.c the pass that copies
 * and judges, intake_taken.c what lies in .taken, intake_reread.c what is claimed once more, intake_repair.c lines
 * that a person changed, intake_publish.c the way from the spool onto the bus, intake_act.c
 * what a person decides. Nobody else includes this.
 */
#define INTAKE_PARTITIONS_MAX 64u

/* A claim whose file is read again. */
struct reread {
	struct buf record;
	struct arena arena;
	struct claim claim;
};

/* Suspected doubles of a file. */
struct suspects {
	uint64_t count, listed, line;        /* line: of the first */
	struct hash_sha256 *digest;
	struct buf list, first;      /* JSON objects; of the first, arguments of its reason */
};

/* A file on its way to a claim record; in memory only, begun anew after a restart. */
struct claiming {
	struct reread *again;        /* the claim that this one takes the place of; NULL: there is none */
	char taken[256];
	struct drop_copy *copy;
	struct reader *reader;       /* NULL once the rest is only copied */
	struct reader_prover *prover;
	struct err unreadable;
	struct u64set ids;           /* hashes of those of the batch; two of one hash hold it, the safe side */
	uint64_t duplicates, conflicts, known;
	unsigned no_line;            /* overlays whose line is not there */
	struct suspects suspects;
};

/* A batch on its way onto the bus; restored from the position. */
struct publishing {
	struct buf record;           /* of the claim */
	struct arena arena;
	struct claim claim;
	struct form *form;           /* its own, when ours or a table has changed since */
	struct library *library;     /* what its own form is made from; NULL: as all others */
	struct drop_spool *spool;
	struct reader *reader;
	uint64_t published[INTAKE_PARTITIONS_MAX], failed;
	struct buf time;
};

struct intake {
	struct flow flow;
	struct intake_setup setup;
	char *name, *folder, *returns, *spool, *forms, *kept, *start, *source;
	unsigned topic, claims, dead, journal_topic;
	struct drop *drop;
	struct totals *totals;
	struct journal *journal;
	struct pays_set *pays;       /* NULL: nobody looks for doubles */
	struct waiting {             /* in .taken, without a claim record: from an earlier life, or still growing */
		char *taken;
		int64_t not_before;  /* steady ms: a file that grew is looked at again after a while, others go first */
	} *waiting;
	unsigned nwaiting, counter;
	int64_t look_due;            /* steady ms: when .taken is looked at again */
	struct claiming *claiming;
	struct publishing *publishing;
	struct buf event, position;
	struct buf events[FORM_EVENTS_MAX];  /* of one record, until all are known to fit */
	char **slips;                /* batches whose slip is still to be written: in the position, after the commit */
	unsigned nslips;
	char **lines;                /* dead letters whose slip is: {"at","by","why"} */
	unsigned nlines;
	char **rereads;              /* batches that are to be read again: in the position, first come first */
	unsigned nrereads;
	char *delete_spool[2];       /* after the commit: of what has ended, and of what that took the place of */
	unsigned held;               /* batches that wait for a person */
	struct buf said;             /* what the next commit makes true, for the log */
	bool other;                  /* something else does */
	struct buf former;           /* the batch that was asked for last by intake_was_returned, and the answer */
	bool former_returned;
};

/* ---- the flow (intake.c) ---- */
/* Something waits for a person: a held batch more, or something else. */
void intake_attend(struct intake *in, bool held, bool other);
/* Deletes that file of the spool after the next commit. */
void intake_delete_after(struct intake *in, struct span taken);
int intake_save_position(struct intake *in, struct err *e);
/* Stages a claim record. */
int intake_append_claim(struct intake *in, const struct claim *c, struct err *e);
/* What the next commit makes true, for the log. */
void intake_note_state(struct intake *in, const struct claim *c);
/* Is this an instruction of a day before the adapter's start? */
bool intake_is_known(const struct intake *in, struct span businessdate);

enum id_verdict { ID_NEW, ID_DUPLICATE, ID_CONFLICT, ID_AGAIN };

/* Was this id published before, and with the same content? ID_AGAIN: in a batch that was returned since; its content does
 * not matter. */
int intake_look_up_id(struct intake *in, const struct reading_event *x, enum id_verdict *ret, struct err *e);

/* ---- what lies in .taken (intake_taken.c) ---- */
/* When the flow opens: what nobody has claimed waits, and what waits for a person is told. */
int intake_find_waiting(struct intake *in, struct err *e);
/* Now and then: what has come since, and is not ours. */
int intake_find_strays(struct intake *in, struct err *e);
/* It is claimed when its time has come, steady ms. */
void intake_wait_for(struct intake *in, const char *taken, int64_t not_before);
/* The first one whose time has come, taken off the list; NULL. To be freed. */
char *intake_next_waiting(struct intake *in);
/* Deletes spool files of batches that have ended, or that never came to a claim: an earlier life died before it did. */
int intake_sweep_spool(struct intake *in, struct err *e);

/* ---- claiming (intake_claim.c) ---- */
/* Keeps again, also when it fails. */
int intake_claim_begin(struct intake *in, const char *taken, struct reread *again, struct err *e);
/* Reads on; 1 when there is more, 0 at the end of the file. */
int intake_claim_slice(struct intake *in, struct err *e);
/* Decides and stages the claim record. drop.growing: the copy is worth nothing. */
int intake_claim_finish(struct intake *in, enum flow_turn *ret, struct err *e);
void intake_claiming_free(struct claiming *c);
/* Counts what a claim holds as read and under the term of that state (sign 1), or takes it away again (-1). */
int intake_count_claim(struct intake *in, const struct claim *c, struct span state, int sign, struct err *e);
/* Adds what a batch holds to a term of ours (sign 1), or takes it away (-1). */
int intake_count_batch(struct intake *in, struct span batchid, const struct totals *batch, enum total_term term, int sign, struct err *e);

/* ---- reading again (intake_reread.c) ---- */
/* Stages that the file of a claim that waits is to be read again, with the form in force; c becomes `reread`. Its money is
 * counted anew when it has been. The position is the caller's to save. */
int intake_reread_order(struct intake *in, struct claim *c, struct err *e);
/* Is there an original to read? */
bool intake_has_original(const struct intake *in, const struct claim *c);
/* Begins with the next one: 1; 0 there is none; 2 it could not be begun, and what it was before is staged. */
int intake_reread_next(struct intake *in, struct err *e);
/* What is read again waits as before, and why; staged with the position. */
int intake_reread_back(struct intake *in, struct reread *r, const struct err *why, struct err *e);
/* Notes that a batch is to be read again; that it has been, or is no longer to be. Before the position is saved. */
void intake_reread_add(struct intake *in, struct span batchid);
void intake_reread_done(struct intake *in, struct span batchid);
void intake_reread_free(struct reread *r);
void intake_forget_rereads(struct intake *in);

/* ---- a line changed (intake_repair.c) ---- */
/* What speaks against changing lines of what this adapter takes in; E_NONE: nothing. */
enum err_id intake_repair_objection(const struct intake *in);
/* Lays the line that the act brings over the claim's file; E_NONE, or why not. Texts go into a. */
enum err_id intake_repair(const struct intake *in, struct claim *c, struct arena *a, const struct act *act);

/* ---- suspected doubles (intake_pays.c) ---- */
/* An event that would be published: is it a payment that has a twin? */
int intake_judge_pay(struct intake *in, struct claiming *c, uint64_t line, const struct reading_event *x, const struct event *v,
	struct err *e);
/* Puts them into the claim, and their reason when nobody let them stand: true then. */
bool intake_suspects_claim(const struct suspects *s, struct claim *c, struct arena *a);
void intake_suspects_free(struct suspects *s);
/* Batches of ours whose suspected doubles nobody has seen wait for a person. */
int intake_attend_suspects(struct intake *in, struct err *e);

/* ---- what was published and returned (intake_returned.c) ---- */
/* Was that batch published, and then given back before anything of it was handed over? 1, 0, -1. */
int intake_was_returned(struct intake *in, struct span batchid, struct err *e);
/* Is the id that lies there one of such a batch? 1, 0, -1. */
int intake_is_again(struct intake *in, const struct bus_entry *at, struct err *e);
/* The act `slip`: who gave the batch back further on asks for the slip. */
int intake_slip(struct intake *in, const struct act *act, struct err *e);

/* ---- what a person decides (intake_act.c) ---- */
void intake_returned_reason(struct claim *c, struct arena *a, const struct act *act);
int intake_act(struct flow *f, const struct act *a, struct err *e);
/* To let a suspected double go takes two people. */
unsigned intake_act_people(struct flow *f, const struct act *a);
int intake_act_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e);
/* The slip of that batch is to be written after the next commit; before the position is saved. */
void intake_owe_slip(struct intake *in, struct span batchid);
/* Writes those that are owed; repeatable. */
int intake_write_slips(struct intake *in, struct err *e);
void intake_forget_slips(struct intake *in);

/* ---- dead letters (intake_letters.c) ---- */
/* An act whose subject is a dead letter. */
int intake_letter_act(struct intake *in, const struct act *act, struct err *e);
/* The letter about the whole file of a claim that was in that state, if there is one, has ended: "retried" or "returned". */
int intake_end_file_letter(struct intake *in, const struct claim *c, struct span was, const char *end, struct span act,
	struct err *e);
/* As intake_owe_slip and the two below it, of lines; owed: {"at": offset of the letter, "by", "why"}. */
void intake_owe_line(struct intake *in, struct span owed);
int intake_write_lines(struct intake *in, struct err *e);
void intake_forget_lines(struct intake *in);

/* ---- publishing (intake_publish.c) ---- */
/* Stages the events of a record that was dead, with the batch that in->publishing names: all of them, 1; 0 and why not; -1. */
int intake_publish_again(struct intake *in, const struct reading *g, enum err_id *ret_why, struct err *e);
/* saved: the position of a batch that is under way; NULL: from its begin. */
int intake_publish_begin(struct intake *in, struct span batchid, const json_t *saved, struct err *e);
/* Stages one commit's worth, and the batch's end after its last record. */
int intake_publish_slice(struct intake *in, struct err *e);
void intake_publishing_free(struct publishing *p);

#endif
