/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_AUDIT_H
#define JC_AUDIT_H

#include "bus.h"

/*
 * The hash chain over what people decided: every record on jincai.acts carries, at the end of its data,
 *
 *	"after":17,"n":5,"hash":"sha256","chain":"9f86d081..."
 *
 *	n      number of the record of its writer (a flow), from 1 without gaps
 *	after  records that the topic had when it was written: it can stand nowhere before
 *	chain  hex of hash over: "chain" of that writer's record before (64 zeros before the first), then the bytes of this event up
 *	       to but not with ,"chain"
 *
 * Each writer keeps n and chain in the position "<flow>/acts", changed in the commit that appends the record. After the commit
 * a line goes to the anchor, a file elsewhere: who changes the store, and computes all check values anew, is found there.
 *
 *	2026-12-01T08:00:00.123Z payroll 5 sha256 9f86d081...
 *
 * Two kinds of line have a writer with a slash, which no flow has. They belong to no record; the safeguard holds the store against
 * them: "site/life", n the openings of the store, and "<flow>/handed", n the highest number of a parcel that is handed over.
 *
 * Hashes: SHA-256 (FIPS 180-4), SM3 (GB/T 32905-2016), both by OpenSSL. A site may change from one to the other: each record says
 * its own.
 */
enum audit_hash { AUDIT_SHA256, AUDIT_SM3 };

struct audit_conf {
	enum audit_hash hash;
	const char *anchor;          /* path; NULL: there is none */
};

#define AUDIT_CHAIN 65u
struct audit_link {
	uint64_t n;                  /* of the last record; 0: there was none */
	char chain[AUDIT_CHAIN];     /* of it; zeros in digits when there was none */
};
#define AUDIT_LINK_INIT ((struct audit_link){0, "0000000000000000000000000000000000000000000000000000000000000000"})

/* Appends the four members to the text of an event that ends within its data, behind a member, and moves the link. */
void audit_add(struct audit_link *l, enum audit_hash hash, uint64_t after, struct buf *event);

/* ---- the anchor ---- */

/* Appends the line of a link. */
void audit_line(struct buf *lines, const char *writer, const struct audit_link *l, enum audit_hash hash);
/* Appends lines to the file, which it makes when it is missing (0600), and syncs. Empty lines: only looks whether it could. */
int audit_anchor(const char *path, struct span lines, struct err *e);
/* Each line: its number from 1, writer, n, chain. The first nonzero of each ends it and is returned. A line that is none comes
 * with an empty writer. 0 when the file is missing. */
typedef int audit_each_line(void *arg, uint64_t line, struct span writer, const struct audit_link *l);
int audit_anchor_each(const char *path, audit_each_line *each, void *arg, struct err *e);
/* The last line of a writer: 1, 0 there is none, -1. */
int audit_anchor_last(const char *path, const char *writer, struct audit_link *ret, struct err *e);

/* ---- is it all as it was written? ---- */

struct audit_report {
	uint64_t records, writers, anchored;     /* lines of the anchor */
	uint64_t findings;
};

/*
 * Walks jincai.acts, positions and anchor (NULL: none), and calls found for each thing that is not as it was written:
 * audit.edited {writer}{n}{at}, audit.missing {writer}{first}{last}{at} (deleted), audit.order {writer}{n}{at} (moved, inserted),
 * audit.unreadable {at}, audit.position {writer}{n}{last} (truncated, or another position), audit.anchor {writer}{n}{line},
 * audit.gone {writer}{n}{line} (the anchor has what the store has not), audit.not_anchored {writer}{count}, audit.anchor_line {line},
 * audit.no_anchor {file}. A site that runs changes meanwhile: the caller looks again. -1: the store itself cannot be read.
 */
int audit_verify(struct bus *b, const char *anchor, void (*found)(void *arg, const struct err *what), void *arg,
	struct audit_report *ret, struct err *e);

#endif
