/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LIBRARY_H
#define JC_LIBRARY_H

#include "codes.h"
#include "hash.h"
#include "schema.h"

/*
 * What forms are made from: the folders where dialects, schemas and code tables are found, the schemas read so far, the
 * code tables, and the values of the site. A folder is laid out like the source tree: adapters/<system>/<dialect>/FORM.yaml,
 * schemas/<system>/<type>.json, schemas/codes/. The first folder that has a thing wins.
 */
struct library {
	char **folders;
	unsigned nfolders;
	struct schema **schemas;
	unsigned nschemas;
	struct codes *codes;
	struct hash_key *key;        /* of the site, for keyed hashes; NULL: there is none */
	char *keys;                  /* folder of the site's secrets; "": it names none; NULL: there is no site */
	char *site_name, *site_division, *site_unit;     /* "" when the site does not say */
	bool borrows;                /* key is another library's, which must outlive this one */
};

struct library *library_new(void);
/* One that looks into these folders first (NULL-terminated) and is else as l, the site's values too. It must not outlive l. */
struct library *library_before(const struct library *l, const char *const *folders);
void library_free(struct library *l);
void library_add(struct library *l, const char *folder);
/* The folder of dialects that comes with the program: $EXE/../share/jincai. Adds it when it is there. */
void library_add_own(struct library *l);

/* The schema of an event type; NULL with a finding form.no_schema at node. Owned by the library. */
const struct schema *library_schema(struct library *l, struct span type, const struct conf *node, struct findings *f);
/* Path of a form by name: "payroll/pipe/batch", or "payroll/pipe" when that folder has one form of that direction
 * ("in", "out"); a path that ends in .yaml is itself. NULL with findings form.unknown {name}{near}, form.several. node may
 * be NULL (then the place is the name). To be freed. */
char *library_form(struct library *l, struct span name, const char *direction, const struct conf *node,
	struct findings *f);
/* Names of all forms, "system/dialect/form", sorted, NULL-terminated; to be freed with fsys_list_free. */
char **library_forms(struct library *l);

#endif
