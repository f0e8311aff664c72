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

#endif
