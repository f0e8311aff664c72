/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CONTRACT_H
#define JC_CONTRACT_H

#include <jansson.h>

#include "contract_schema.h"
#include "site.h"

/*
 * What consumers outside may rely on, of all destinations of a site that go to a topic (docs/consumers.md): topic,
 * partitions, key, envelope and schema, as AsyncAPI 3.0 (asyncapi.com) in JSON and as a page for people. And what of it
 * another site file breaks.
 */

/* The document; to be given back with json_decref. A schema stands in it without what is ours alone ($id,
 * additionalProperties: consumers ignore fields that they do not know), each $defs that it refers to as a schema of its
 * own. */
json_t *contract_asyncapi(struct site *s);
/* The same as Markdown in the language of say.h. */
void contract_page(struct site *s, struct buf *b);

/* What breaks of one topic. */
struct contract_change {
	enum contract_break what;
	const struct site_destination *to;   /* of the old site */
	struct span subject;                 /* a field, a type, or absent */
	const char *was, *is;                /* as in contract_schema.h */
};
/* Calls each for all that breaks between two sites, in the order of the old one; how many. */
unsigned contract_compare(struct site *old, struct site *now, void (*each)(void *arg, const struct contract_change *c),
	void *arg);
/* The words for one, as a whole line. */
void contract_words(const struct contract_change *c, struct buf *b);

#endif
