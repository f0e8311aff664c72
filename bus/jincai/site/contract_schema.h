/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CONTRACT_SCHEMA_H
#define JC_CONTRACT_SCHEMA_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "schema.h"

/*
 * What a change of a schema breaks, and for whom. Who reads events has only seen what the old schema let in, and may
 * check what lies on the topic by the new one: a consumer. Whoever fills events, forms and their sources, must not give
 * what the new one refuses: a producer; what it gives all the same dies, and holds its batch.
 */
enum contract_break {
	/* of topics, in the order in which they are looked at: contract_compare */
	BREAK_TOPIC, BREAK_PARTITIONS, BREAK_TYPE, BREAK_SOURCE, BREAK_KEY, BREAK_ID, BREAK_MASKED_NOW,
		BREAK_OPENED_NOW,
	/* of fields */
	BREAK_FIELD, BREAK_REQUIRED, BREAK_WANTED, BREAK_FORMAT, BREAK_MONEY, BREAK_VALUES, BREAK_FEWER_VALUES,
		BREAK_PATTERN,
	BREAK_LONGER, BREAK_SHORTER, BREAK_MORE_BYTES, BREAK_FEWER_BYTES, BREAK_MASKED, BREAK_OPENED,
	/* of lists */
	BREAK_LIST, BREAK_LIST_REQUIRED, BREAK_LIST_WANTED, BREAK_MORE_ITEMS, BREAK_FEWER_ITEMS,
	BREAKS
};

#define BREAKS_CONSUMER 1u
#define BREAKS_PRODUCER 2u
/* For whom: the sum of those. */
unsigned contract_whom(enum contract_break what);

/* was, is: what it was and what it is now, as text ("21", "a, b"); "" where there is nothing to say. subject: the path
 * of the field, "items[].amount" of a list's. All valid during the call. */
typedef void contract_each_break(void *arg, enum contract_break what, struct span subject, const char *was,
	const char *is);
/* Calls each for all that breaks, fields in the order of the old schema, those that only the new one has behind them,
 * then lists; how many. */
unsigned contract_schemas(const struct schema *old, const struct schema *now, contract_each_break *each, void *arg);

#endif
