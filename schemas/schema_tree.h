/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SCHEMA_TREE_H
#define JC_SCHEMA_TREE_H

#include "buf.h"
#include "hash.h"
#include "schema.h"

/* What schema.c compiles and schema_check.c walks; nobody else includes this. */
struct schema_node {
	struct span key, path;               /* path: "" for the root, "payee" */
	bool needed;                         /* in the object around it */
	int field;                           /* number of the leaf, -1 for an object or a list */
	const struct schema_list *list;      /* a list: first is the object that each item is; a leaf: the list it is in */
	unsigned index, count;               /* number among its brothers; of its children */
	struct schema_node *first, *next;
};

struct schema {
	struct arena arena;
	char *type;
	struct schema_node *root;
	const struct schema_field *fields;
	unsigned nfields;
	struct schema_list *lists, **last_list;
	int control;                         /* number of the field, or -1 */
	const struct span *examples;
	unsigned nexamples;
	const char **names;                  /* paths of all fields, NULL at the end */
	struct schema_source {               /* the files that it was read from */
		struct span name, bytes;
	} *sources;
	unsigned nsources;
	uint8_t digest[HASH_SHA256];
};

#endif
