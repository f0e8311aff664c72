/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PLANTED_H
#define JC_PLANTED_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "claim.h"
#include "json_text.h"

/*
 * How a demo must end, by the planted.json that comes with it: what each file must become, what the receivers must have
 * got. The program itself knows no figure of the demo. All of it is compared; what differs is said on stderr and
 * counted.
 *
 *	{"folders": ["in/payroll", ...],
 *	 "files": [{"step": 1, "from": ADAPTER, "file": NAME, "state": of its claim, "code": of the first reason or "",
 *	            "records": 6, "sum": "36073.75", "letters": "map.check bank-icbc:text.no_such_character",
 *	            "held": "bank-abc region", "en": .., "zh": ..}],
 *	 "out": [{"folder": "out/abc", "marker": ".ok" or "", "first": 1, "amount": {"by": "|"}, "files": 3, "lines": 17,
 *	          "sum": "100958.57"}],
 *	 "next": ["balance -c {dir}/jincai.yaml", ...]}
 *
 * sum: of the records whose amount can be read. letters: codes of the dead letters of the file in their order; what died
 * for a destination alone has that in front. held: destinations that hold the batch. first: lines of a file out before
 * those of payments. amount: where it stands in a line of a file out: the cell before the last one, cut by a character,
 * or before the last so many ("behind": 2);
 * or {"at": 90, "width": 18}, bytes; or {"after": TEXT}, up to the next '"'. next: commands to try at the end.
 */
struct planted {
	json_t *root;
	int dir;                     /* of the demo's folder; borrowed */
	unsigned wrong;              /* points in which it ended otherwise */
	struct arena arena;          /* texts of the claims */
	struct planted_claim {
		struct claim claim;
		struct buf letters;      /* codes, as in planted.json */
		struct buf held;         /* destinations, as in planted.json */
		struct buf words;        /* of the letters, a line each */
		unsigned nletters;
		bool matched;
	} *claims;
	unsigned nclaims;
};

/* Reads planted.json of the folder; demo.planted {file} when it does not say how the demo must end. Done with
 * planted_done, also after a failure. */
int planted_load(struct planted *p, int dir, struct err *e);
void planted_done(struct planted *p);
/* Prints what was handed in, what waits and why; compares it with what is on the bus. */
int planted_claims(struct planted *p, struct bus *b, struct err *e);
/* Prints what the receivers got, as their files say, and compares it. */
int planted_receivers(struct planted *p, struct err *e);

/* ---- between the files of this module ---- */

static inline uint64_t planted_number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

int64_t planted_fen(const json_t *o, const char *name);
/* What was handed in; what waits and why. found: the claim of each file, NULL where there is none. */
void planted_show(const json_t *files, struct planted_claim *const *found);

#endif
