/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EXPR_H
#define JC_EXPR_H

#include "conf.h"
#include "names.h"

/*
 * Conditions, one language for forms, routes and selections:
 *
 *	or    := and ("or" and)*          and := not ("and" not)*         not := "not" not | "(" or ")" | test
 *	test  := name "=" | "!=" | "starts" | "ends" | "contains" text    | name "in" "[" text ("," text)* "]"
 *	       | name "is" ["not"] "empty"
 *	text  := "..." with \" and \\
 *	name  := letters, digits, "_", "." and all beyond ASCII: a column with another name has no place in a condition
 *
 * An absent value is empty, equal to "" and starts with nothing else. Brackets and "not" go 60 deep at most. Compiled to
 * a flat program; running it allocates nothing and takes time bounded by its length.
 */
struct expr;

/* Compiles the scalar of node; NULL with findings: expr.syntax {at}{want}{rest} (at counts characters from 1), expr.name
 * {name}{near}. */
struct expr *expr_compile(const struct conf *node, struct names *names, struct findings *f);
void expr_free(struct expr *x);
bool expr_true(const struct expr *x, const struct value *values);

/* For who explains: the tests that a condition is made of, in the order in which they are written. */
struct expr_test {
	struct span text;            /* as written: data.unit in ["1", "2"]; lives as long as the expr */
	unsigned slot;               /* the value that it looks at */
	bool holds;                  /* of these values, without what "not" and brackets around it make of that */
};
unsigned expr_ntests(const struct expr *x);
struct expr_test expr_look(const struct expr *x, unsigned test, const struct value *values);

#endif
