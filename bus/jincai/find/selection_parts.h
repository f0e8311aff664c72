/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SELECTION_PARTS_H
#define JC_SELECTION_PARTS_H

#include "hash.h"
#include "selection.h"
#include "when.h"

/* What the files of the selection share; nobody else includes this. */

/* As it was understood: what selection_write keeps. Texts are the selection's own. */
struct selection_sense {
	char **topics;               /* full names */
	unsigned ntopics;
	bool topic_is_set, from_is_set, to_is_set, days_are_set;
	struct when from, to;
	int64_t first_day, last_day;
	char *destination, *key, *unit, *where;          /* NULL: not said */
};

/* Events of one type; the last one is for all whose data nobody knows. */
struct selection_type {
	const char *name;            /* NULL: of no schema */
	const struct schema *schema;
	struct names *names;
	struct extract *extract;
	struct slots slots;
	struct expr *where;          /* NULL: none */
	unsigned *numbers, nnumbers; /* slots of the fields that are numbers of documents */
};

/* One partition. What was read and lies behind end waits for selection_more. */
struct selection_part {
	const char *topic;
	unsigned handle, partition;
	struct bus_reader *reader;
	uint64_t begin, end;
	struct bus_message next;
	bool has, ended, data;       /* data: its events have the data of their schemas */
};

struct selection {
	struct site *site;
	struct bus *bus;
	struct selection_sense sense;
	struct selection_part *parts;
	unsigned nparts;
	struct selection_type *types;
	unsigned ntypes;
	struct selection_part *given;        /* of which the last event was */
	struct selection_counts counts;
	uint64_t slice;              /* 0: as many as it takes */
	struct hash_sha256 *hash;
};

/* selection_sense.c: words, and what selection_write kept, into the sense. */
int selection_understand(struct selection *s, const struct selection_words *w, int64_t now_ms, struct err *e);
int selection_recall(struct selection *s, struct span json, struct err *e);
void selection_sense_done(struct selection_sense *n);
/* Its records have the data of their schemas: topics of the systems, and of consumers outside. */
bool selection_has_data(const char *topic);
/* selection.c: does the event itself fulfil what is said of it? Takes its fields in. */
bool selection_judge(struct selection *s, const struct event *v, struct span key, bool data,
	const struct schema **ret_schema, enum selection_skip *ret);
/* selection_types.c: all types of the site, and the condition compiled for each. */
int selection_types(struct selection *s, struct err *e);
void selection_types_done(struct selection *s);
/* The type's row; has taken the fields of the event in. NULL: the event cannot be read by its schema. */
struct selection_type *selection_type_of(struct selection *s, const struct event *v, bool data);

#endif
