/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DEEP_PARTS_H
#define JC_DEEP_PARTS_H

#include <stdio.h>

#include "balance.h"
#include "claim.h"
#include "extract.h"
#include "site.h"

/*
 * The recount. Nothing here looks at a counter until the end: records are read again from the originals in .taken, events
 * from the event topics, lines from the destination topics, dead letters from theirs, parcels from their lines. Then each
 * term is held against what the flows have kept.
 */
struct recount {
	struct site *site;
	struct bus *bus;
	struct totals *counted;
	FILE *to;
	struct err *e;
	uint64_t rows;
	unsigned gone;               /* originals that are no more */
	unsigned differs;
	uint64_t out, handed;        /* of the destination `handing`: events on its topic for consumers, and what went there */
	const char *handing;
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
void deep_forget_older(struct older *o);

#endif
