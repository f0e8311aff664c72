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
 *
 * An absent value is empty, equal to "" and starts with nothing else. Compiled to a flat program; running it allocates
 * nothing and takes time bounded by its length.
 */
struct expr;

/* Compiles the scalar of node; NULL with findings: expr.syntax {at}, expr.name {name}{near}. */
struct expr *expr_compile(const struct conf *node, struct names *names, struct findings *f);
void expr_free(struct expr *x);
bool expr_true(const struct expr *x, const struct value *values);

#endif
