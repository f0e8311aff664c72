/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ITEMS_H
#define JC_ITEMS_H

#include "kept.h"
#include "site.h"

/*
 * The money part of a site: all that reaches payee, account, bank, amount or unit of what makes a bank move money. It is cut
 * into items, each with a digest, and two people let each take effect (keeper.h).
 *
 *	form:payroll/pipe/batch      forms inward of adapters that instruct, outward forms of its destinations
 *	table:banks                  code tables that these look up
 *	schema:payroll.line.v1       schemas of the events that they make or take
 *	site                         of the site file: division, unit, partitions, the key (a check value of it), adapters that instruct,
 *	                             its destinations, routes that lead to them, people, kind, double,
 *	                             audit, witness
 *
 * Its destinations are those whose form says money: true, and all to which a route brings what an adapter makes as an
 * instruction: a bank that is said to be none is seen as well.
 *
 * Not in it: everything that only reports; where originals are kept and how long; mode and what stops or delays.
 */
#define ITEM_SITE "site"
#define ITEM_SITE_PRODUCTION "kind production\n"    /* a line of its text; a test site has none */

struct item {
	char *name;
	char digest[KEPT_DIGEST];
	const struct form *form;             /* what it is: one of these, of the site, or none for the site itself */
	const struct code_table *table;
	const struct schema *schema;
};

struct items {
	struct item *list;                   /* sorted by name; the item site is always there */
	unsigned n;
	struct buf site;                     /* the text of the item site: one member a line */
	struct buf people;                   /* people_write of the site's people; empty: none */
};

/* Of a loaded site, which it must not outlive. */
void items_of(struct site *s, struct items *ret);
void items_done(struct items *i);
const struct item *items_find(const struct items *i, struct span name);
/* Writes the content of one below root (kept.h). */
int items_keep(const struct items *i, const struct item *one, const char *root, struct err *e);
/* Names of the file of the item site below its digest. */
#define ITEM_SITE_FILE "site.txt"
bool items_destination(const struct site *s, const struct site_destination *d);
/* Does the destination move money, as its form says? Then it needs two people to go live, and witnesses stop it. */
bool items_pays(const struct site_destination *d);

#endif
