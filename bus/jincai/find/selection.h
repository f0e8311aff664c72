/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SELECTION_H
#define JC_SELECTION_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "site.h"

/*
 * A selection: which events of the bus are meant. One for all verbs that pick events, with the same options and the
 * same meaning; `jincai help selection` is its page for people (selection_help). All that is said has to hold; what is
 * not said does not narrow.
 *
 *	--topic NAMES   "payroll,payment": event topics without "jincai."; any other by its full name, "to.bank-abc"
 *	                for what a destination was given line by line, "out.notices.v1" for what consumers read. Else
 *	                all event topics.
 *	--from WHEN     when it came onto the bus, the time of its commit: a day, a time, or an offset "@1200" (when.h).
 *	                A day begins with its first instant; an offset is of one topic, "@3:1200" of its partition 3.
 *	--to WHEN       up to then: a day and an offset count in, an instant does not.
 *	--to NAME       of a destination of the site: events that it was given, by the index. May stand beside
 *	                --to WHEN. How the two are told apart: what reads as a WHEN is one, anything else has to be a
 *	                destination. A destination whose name reads as a WHEN ("today", "12-05") is refused here and
 *	                named by --topic to.NAME instead: nothing is guessed.
 *	--day DAYS      its day of business: a day, a month, or two days "2026-12-01..12-05". Of an event without one,
 *	                the day of its time.
 *	--key KEY       its id, its batch, its key on the bus, or a number in it that its schema calls one (x-number):
 *	                of the voucher, of the payment, of the bank. The whole of it.
 *	--unit UNIT     its budget unit; "602*" for all that begin so.
 *	--where COND    a condition of the language (expr.h) over event.* and data.*: 'data.amount = "12.50"'. A name
 *	                that some selected type has is absent in the others, and so empty; one that none has is refused.
 *
 * Events come in the order of their commits, over all topics and partitions: by time, then by the order of the topics,
 * then by partition; within a partition as they lie. The same selection over the same records gives the same order.
 * Nothing is moved and no group is joined: positions of flows have nothing to do with it.
 *
 * A selection ends where the partitions ended when it was opened: what comes meanwhile is not part of it until
 * selection_more. A replay keeps what selection_write says and opens that again (selection_again): the same events,
 * whatever day it is and whatever came since; selection_digest proves that they are.
 *
 *	struct selection *s;
 *	if (selection_open(site, bus, &words, clock_now_ms(), &s, e) == 0) {
 *		while ((got = selection_next(s, &event, e)) == 1)
 *			...
 *		selection_counts(s)->given, ->skipped[SELECTION_NOT_UNIT] ...
 *	}
 *	selection_close(s);
 */
struct selection;

/* As they were typed; NULL: not given. */
struct selection_words {
	const char *topic, *from, *day, *key, *unit, *where;
	const char *to[2];           /* at most one of each meaning */
};

/* Nothing at all is said. */
bool selection_is_empty(const struct selection_words *w);

/* What was read and not given, by the first reason in this order. */
enum selection_skip {
	SELECTION_UNREADABLE,        /* no event of ours: another program wrote it */
	SELECTION_OURS,              /* of the bus itself: lanes that open; closings of batches, where events lie */
	SELECTION_NOT_DAY, SELECTION_NOT_UNIT, SELECTION_NOT_KEY, SELECTION_NOT_WHERE,
	SELECTION_NOT_TO,            /* the destination was not given it */
	SELECTION_ELSEWHERE,         /* of selection_takes: of another topic, or came at another time */
	SELECTION_SKIPS
};

struct selection_counts {
	uint64_t read, given;        /* read = given + all that is skipped */
	uint64_t skipped[SELECTION_SKIPS];
	uint64_t all;                /* records between begin and end. On Kafka offsets have holes: then it is at most
	                              * so many */
	uint64_t left_out;           /* of all: before the newest ones that selection_newest left */
};

/* site, bus and the words' texts must outlive it. now_ms: what "today" means. Errors, of ERR_CONF, where names the
 * option: selection.when {option}{text}{at}, selection.to {text}{near}, selection.to_both {text}, selection.to_twice
 * {text}, selection.topic {text}{near}, selection.offset {option}{text} (without one topic, or a partition that it has
 * not), selection.range {from}{to} (it ends before it begins), expr.syntax {at}{want}{rest}, expr.name {name}{near};
 * bus errors. */
int selection_open(struct site *site, struct bus *b, const struct selection_words *w, int64_t now_ms,
	struct selection **ret, struct err *e);
/* The same selection by what selection_write said of it. selection.kept {name}: it is none, or the site has no such
 * topic or destination any more. */
int selection_again(struct site *site, struct bus *b, struct span json, struct selection **ret, struct err *e);
void selection_close(struct selection *s);       /* NULL is fine */

/* Before the first event: only the newest n records of what it covers are looked at, each partition its share by its
 * size. */
int selection_newest(struct selection *s, uint64_t n, struct err *e);

/* One event; all of it is valid until the next call. */
struct selected {
	const char *topic;
	unsigned partition;
	uint64_t offset;
	int64_t time_ms;             /* of its commit */
	struct span key, value;
	struct event event;
	const struct schema *schema; /* of its type; NULL: unknown, or the event is shaped for a destination */
};

/* From here on selection_next gives 2 when it has looked at so many records and found none: ask again. For who must not
 * be away for long. */
void selection_slice(struct selection *s, uint64_t records);

/* 1 an event, 0 nothing more up to its end, -1. */
int selection_next(struct selection *s, struct selected *ret, struct err *e);
/* Goes on to where the partitions end now: 1 there is more, 0 there is not, -1. For who follows. */
int selection_more(struct selection *s, struct err *e);
const struct selection_counts *selection_counts(const struct selection *s);

/* A thing that verbs pick by the event that it speaks of, a dead letter, or a batch that waits (then the event has what
 * the batch has: held list). --topic is where that event lies, --from and --to WHEN are about the thing itself, an
 * offset about the event's place, --to NAME about its destination; all else about the event, as far as it is known. */
struct selection_thing {
	const char *topic;           /* where the event lies; NULL: nowhere */
	unsigned partition;
	uint64_t offset;
	int64_t time_ms;
	struct span key, destination;
	struct event event;
	bool has_data;               /* of its schema */
};
/* Is it selected? Counts it, and why it is not. */
bool selection_takes(struct selection *s, const struct selection_thing *x);

/* Appends a JSON object: the words as they were understood, and of each partition where it begins and ends. */
void selection_write(const struct selection *s, struct buf *b);
/* SHA-256, in hex, over topic, partition, offset, id and body of all events given so far, in their order. Lane numbers
 * are no part of it. */
void selection_digest(const struct selection *s, char ret[65]);
/* Appends what is selected in the words of a person, one line without its end: "jincai.payroll, came from 2026-12-05
 * 00:00:00, ...". */
void selection_say(const struct selection *s, struct buf *b);
/* Appends " (not of the day 12, of another unit 30)": what was skipped and why; nothing when nothing was. */
void selection_skipped(const struct selection *s, struct buf *b);

/* Of verbs that list a few things: says on stderr what was asked for, how many were given and how many left out. what: in the language
 * of the person ("letters"). */
void selection_say_picked(const struct selection *s, const char *what);

/* -1 with selection.to: no destination of the site has that name; the nearest is named. */
int selection_no_destination(const struct site *site, const char *text, struct err *e);

/* The page of `jincai help selection`. */
void selection_help(struct buf *b);

#endif
