/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TODO_H
#define JC_TODO_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "site.h"
#include "todo_number.h"
#include "totals.h"

/*
 * What waits for a person, whatever it is, as one list: by deadline, then by money. Each item says what happened, what has
 * not happened, what to type next and whom to call. Kinds are rows of a table (todo_kinds.c), each with where it comes from.
 */
struct todo;

/* A kind of item. Texts hold {number}, {flow}, {batch}, {destinations}, {subject}, {act}, {word}; and {reason} and
 * {file}: the words that stand for what is to be given. */
struct todo_kind {
	const char *name;            /* in data: "held" */
	const char *zh, *en;         /* for people */
	bool at_once;                /* money stands still, or soon all does: its deadline is the day on which it began */
	bool whole;                  /* it is a batch of which nothing goes on: its dead letters are part of it */
	const char *next;            /* commands, the first one first, parted by '\n' */
	const char *not_zh, *not_en; /* what has not happened; NULL: it depends, and whoever adds the item says so */
	const char *do_zh, *do_en;   /* what to do, in words; NULL as well */
};

extern const struct todo_kind todo_kinds[];
extern const unsigned todo_nkinds;

struct todo_item {
	const struct todo_kind *kind;
	char *subject;               /* what waits: its number is made of it */
	char *flow;                  /* adapter or destination that it belongs to; "" */
	char *batch, *act;           /* batch id; id of an act; "" */
	char *word;                  /* as verbs take what is neither: a flow that stands, "bank-abc/7" of a parcel; "" */
	char *destinations;          /* where nothing of it went, for people; "" */
	char whole[TODO_NUMBER_MAX], number[TODO_NUMBER_MAX];
	int64_t since_ms;
	char deadline[11];           /* 2026-12-06; "" */
	struct totals *money;        /* term read */
	struct buf happened, not_happened, advice, contact;
	struct buf next;             /* as in a kind; empty: those of the kind */
	uint64_t *letters;           /* dead letters of one batch and cause: their numbers, ascending */
	unsigned nletters;
};

struct todo {
	struct site *site;
	struct bus *bus;
	int64_t now_ms;
	struct todo_item **items;
	unsigned n;
};

/* Looks everywhere. */
int todo_load(struct site *s, struct bus *b, int64_t now_ms, struct todo *ret, struct err *e);
void todo_done(struct todo *t);
/* The item of a short number, given with as many digits as shown or more: todo.none, todo.ambiguous {list}. */
int todo_find(const struct todo *t, const char *number, const struct todo_item **ret, struct err *e);
/* The item that a dead letter belongs to, or that has this subject; NULL. */
const struct todo_item *todo_of_letter(const struct todo *t, uint64_t letter);
struct todo_item *todo_of_subject(const struct todo *t, const char *subject);
/* Items whose deadline is over. */
unsigned todo_overdue(const struct todo *t);

/* A block for people; one line for people; one object on one line. given: the site file as it was named on the command line, so
 * that what is copied says it too; NULL. */
void todo_text(const struct todo_item *i, const char *given, struct buf *b);
void todo_line(const struct todo_item *i, struct buf *b);
void todo_json(const struct todo_item *i, const char *given, struct buf *b);

/* ---- for those who add items ---- */

/* A new item of a kind, by name; the subject tells it from all others. Since is now until it is said. */
struct todo_item *todo_add(struct todo *t, const char *kind, struct span subject);
void todo_set(char **text, struct span value);
/* Who answers for an adapter or destination: appends its contact, and what it is when it has none. "" is the site. */
void todo_contact(const struct todo *t, struct span flow, struct buf *b);
/* What its claim says of the item's batch: whom to call, deadline, since when, and with money the sums of
 * the whole batch. Nothing when the batch is not known. */
int todo_of_batch(struct todo *t, struct todo_item *i, bool money, struct err *e);
/* The item of the batch itself: nothing of it goes on until that is settled; NULL. */
struct todo_item *todo_batch(const struct todo *t, struct span batchid);
/* Today, in days of clock_day(); is that day one on which people work? */
int64_t todo_today(const struct todo *t);
bool todo_works(const void *todo, int64_t day);

/* Where items come from; todo.c calls each. */
int todo_batches(struct todo *t, struct err *e);     /* claims, held batches, parcels */
int todo_letters(struct todo *t, struct err *e);     /* dead letters, by batch and cause */
int todo_acts(struct todo *t, struct err *e);        /* acts that nobody has executed */
int todo_foreign(struct todo *t, struct err *e);     /* records that others wrote to our topics */
int todo_clocks(struct todo *t, struct err *e);      /* hosts whose clocks are wrong */
int todo_guard(struct todo *t, struct err *e);       /* the safeguard */
int todo_adopt(struct todo *t, struct err *e);       /* what waits to take effect; money destinations that are off */
int todo_left(struct todo *t, struct err *e);        /* what was begun by flows that the site file no longer has */
int todo_replays(struct todo *t, struct err *e);     /* replays that are paused, void, or do not get on */
int todo_sources(struct todo *t, struct err *e);     /* sources that are silent */
int todo_disks(struct todo *t, struct err *e);       /* the store, file systems */

#endif
