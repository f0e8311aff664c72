/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DEEP_H
#define JC_DEEP_H

#include <stdio.h>

#include <jansson.h>

#include "balance.h"

/*
 * The recount. Nothing here looks at a counter until the end: records are read again from the originals in .taken, events from the
 * event topics, lines from the destination topics, dead letters from theirs, parcels from their lines; files that still lie at
 * a destination are held against their plans. Then each term is held against what the flows have kept, flow by flow; so is what
 * stands on the journal, and each of its postings against the index by which days and batches are added up.
 *
 * On a cluster the files of a flow lie on the host that runs it, the topics are the same everywhere. So a host counts the topics and
 * the files that it has, and says whose files it has not; the reports of several hosts, written as JSON, are added up by
 * deep_merge. What the flows have kept, and what was counted on topics, has to be the same in all of them.
 */
enum deep_kind { DEEP_ADAPTER, DEEP_ROUTER, DEEP_DESTINATION };

struct deep_flow {
	char *name;                  /* of the whole, where it runs in shares */
	enum deep_kind kind;
	unsigned hosts;              /* that counted its files; of one that has none, each */
	char *by;                    /* their names */
	bool gone;                   /* some of its files are no more: nothing of it is compared */
	struct totals *kept, *files, *topics;
};

enum deep_what { DEEP_ORIGINAL_GONE, DEEP_FORM_GONE, DEEP_ORIGINAL_ALTERED, DEEP_FILE_ALTERED, DEEP_OUT_DIFFERS, DEEP_JOURNAL_DIFFERS,
	DEEP_INDEX_DIFFERS, DEEP_WHATS };

struct deep_finding {
	enum deep_what what;
	char *flow, *subject;        /* subject: a file, a topic, a term */
	uint64_t want, got;          /* of those that differ */
};

struct deep {
	char *site, *cluster;        /* cluster: "" for a bus on one host */
	struct deep_host {
		char *name, *folder, *boot;      /* folder: of the bus there; boot: which start of the machine */
		int64_t moment;          /* ms, when it began */
	} *hosts;
	unsigned nhosts;
	bool merged;
	struct deep_flow *flows;     /* in the order of the site file: adapters, router, destinations; then others */
	unsigned nflows;
	struct deep_finding *findings;
	unsigned nfindings;
	uint64_t rows;
};

void deep_done(struct deep *d);
struct deep_flow *deep_flow_add(struct deep *d, struct span name, enum deep_kind kind);
/* The flow, or the whole of which it is a share; made, when it is not there. */
struct deep_flow *deep_flow_of(struct deep *d, struct span name);
void deep_find(struct deep *d, enum deep_what what, const char *flow, const char *subject, uint64_t want, uint64_t got);

/* Counts all that lies on this host and on the topics. */
int deep_count(struct site *s, struct bus *bus, const struct balance *b, struct deep *ret, struct err *e);
/* Says what was found, and each term that differs; to NULL: nothing. Returns how many things are wrong: of one host's report, what
 * others have to count is none; of a merged one, a flow that nobody counted or that two did is one. */
unsigned deep_print(const struct deep *d, FILE *to);

/* As one JSON object, and back (balance.report {file}, ERR_CONF). */
void deep_write(const struct deep *d, struct buf *b);
int deep_read(const json_t *o, const char *file, struct deep *ret, struct err *e);
/* Adds up the reports of n hosts; they are left as they are. Refused, with nothing added: balance.alone {host} (a bus on one host),
 * balance.other_site, balance.other_cluster {host, have, want}, balance.same_host {host, folder}, balance.apart {host, other, minutes,
 * max}, balance.moved {host, other, flow} (what was kept or lies on topics differs between them). */
int deep_merge(const struct deep *all, unsigned n, struct deep *ret, struct err *e);
/* What the flows kept, as a balance. */
int deep_balance(const struct deep *d, struct balance *ret, struct err *e);

#endif
