/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_IN_FORCE_H
#define JC_IN_FORCE_H

#include "keeper.h"

/*
 * The site as it runs: what its files say, but of the money part (items.h) what two people let take effect (keeper.h).
 *
 * - Forms, tables and schemas of the money part are read from <bus>/adopted by digest, whatever the files say meanwhile. When a digest
 *   is not that of what was read: closed (adopt.altered).
 * - What the site file says of the money part cannot be half in force: when it is otherwise than adopted, nothing that carries
 *   money is started: closed (adopt.site). The keeper and all destinations that move no money run.
 * - A money destination of a production site with mode: live is off until two people let it go live: its lines wait on its topic.
 *   One that was live and whose file says shadow is off, too: in shadow, what comes would be consumed and never sent.
 * - The people in force are those that were adopted; when none were, those of the file: somebody has to be the first.
 */
struct in_force {
	struct site *site;           /* as it runs; owned, but when it is the one that was given */
	bool owned;
	bool alone;                  /* a test site that names no people: its files decide */
	bool closed;                 /* nothing that carries money may start; why says for what reason */
	struct err why;
};

/* files: the site as its files say; borrowed, and changed as above where nothing else has to be read. Findings: of what was adopted
 * and cannot be read with the rest of the files; then -1 with adopt.unreadable. */
int in_force_load(struct site *files, struct bus *b, const struct adopted *a, struct in_force *ret, struct findings *f,
	struct err *e);
void in_force_done(struct in_force *x);
/* The people that were adopted; *ret NULL: none. ret_alone (may be NULL): a test site that names no people, neither in its file nor
 * as it was adopted: to call a production site a test is one more change that waits. adopt.altered. */
int in_force_people(const struct site *files, struct bus *b, const struct adopted *a, struct people **ret, bool *ret_alone,
	struct err *e);
/* Keeps what the files say below <bus>/adopted where just that was adopted, or is to be in force, and this host does not have it yet: what
 * people signed on another host stands here too, once the files have come. */
int in_force_keep(struct site *files, struct bus *b, const struct adopted *a, struct err *e);
/* Reads the files of a site once more; NULL with findings. */
struct site *in_force_again(const struct site *s, struct findings *f);

#endif
