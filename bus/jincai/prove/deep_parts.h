/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DEEP_PARTS_H
#define JC_DEEP_PARTS_H

#include "claim.h"
#include "deep.h"
#include "extract.h"
#include "site.h"

struct recount {
	struct site *site;
	struct bus *bus;
	struct deep *deep;
	struct err *e;
	uint64_t out;                /* events on the topic for consumers that is counted */
	struct {                     /* one for each event type that was met */
		char *type;
		struct names *names;
		struct extract *extract;
		struct slots slots;
	} *types;
	unsigned ntypes;
	struct older {               /* the form of the last claim that was made with another one than its adapter has now */
		struct form *form;
		struct library *library;
		char *adapter, *digest, *tables;
	} older;
};

/* After each row that was counted. */
void deep_progress(struct recount *c);
/* A claim on jincai.claims: the records of its file are read and counted again (deep_files.c). */
int deep_count_claim(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v);
/* deep_topics.c */
int deep_count_topics(struct recount *c);
/* deep_journal.c: what the journal has of each flow, against what that keeps */
int deep_count_journal(struct recount *c, const struct balance *b);
void deep_count_done(struct recount *c);
void deep_forget_older(struct older *o);

#endif
