/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_INTAKE_H
#define JC_INTAKE_H

#include "flow.h"
#include "form.h"
#include "pays.h"

/*
 * The adapter: takes a system's batches in. Takes a complete file, copies and judges it in one pass, writes the claim
 * record, publishes from the spool in commits {events, position}, closes the batch, deletes the spool file. What a kill
 * between any two steps leaves is found again at open: a taken file without a claim record is claimed anew, a batch that
 * is being published goes on at its position.
 */
struct intake_setup {
	const char *name;            /* of the adapter */
	struct bus *bus;
	struct library *library;
	struct pays *pays;           /* shared by the adapters of a site; NULL: nothing is suspected */
	const struct form *form;     /* inward; borrowed */
	const char *folder;          /* drop folder */
	const char *returns;         /* where slips of returned files go; NULL: .returned in the drop folder */
	const char *spool;           /* <bus folder>/spool/<name> */
	const char *forms;           /* <bus folder>/forms: a batch ends with the form it began with */
	const char *kept;            /* <bus folder>/adopted: tables by digest, for the same reason */
	struct span start;           /* 2026-12-01: instructions of an earlier day are known, never sent; empty: none */
	bool finish;                 /* begin no other file: end what is being published */
	unsigned keep_days;          /* originals in .taken are kept so long after publication; 0: for ever */
};

struct flow *intake_new(const struct intake_setup *s, struct err *e);

#endif
