/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PLANTED_H
#define JC_PLANTED_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "claim.h"

/*
 * How a demo must end, by the planted.json that comes with it: what each file must become, what the receivers must have
 * got. The program itself knows no figure of the demo. All of it is compared; what differs is said on stderr and
 * counted.
 *
 *	{"folders": ["in/payroll", ...],
 *	 "files": [{"step": 1, "file": NAME, "state": of its claim, "code": of the first reason or "", "records": 6,
 *	            "sum": "36073.75", "en": .., "zh": ..}],
 *	 "out": [{"folder": "out/abc", "by": "|", "marker": ".ok" or "", "files": 3, "lines": 17, "sum": "100958.57"}]}
 */
struct planted {
	json_t *root;
	int dir;                     /* of the demo's folder; borrowed */
	unsigned wrong;              /* points in which it ended otherwise */
	struct arena arena;          /* texts of the claims */
	struct planted_claim {
		struct claim claim;
		bool matched;
	} *claims;
	unsigned nclaims;
};

/* Reads planted.json of the folder; demo.planted {file} when it does not say how the demo must end. Done with
 * planted_done, also after a failure. */
int planted_load(struct planted *p, int dir, struct err *e);
void planted_done(struct planted *p);
/* Prints what was handed in, what waits and why; compares it with the claims on the bus. */
int planted_claims(struct planted *p, struct bus *b, struct err *e);
/* Prints what the receivers got, as their files say, and compares it. Every file is a head or title line and one line a
 * payment, its amount in the cell before the last one. */
int planted_receivers(struct planted *p, struct err *e);

#endif
