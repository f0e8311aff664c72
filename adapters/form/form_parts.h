/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FORM_PARTS_H
#define JC_FORM_PARTS_H

#include "form.h"

/* What form.c (both directions), form_in.c and form_out.c share. Nobody else includes this. */

/* What is needed while a form is read; every step reports and goes on. */
struct form_loading {
	struct form *form;
	struct library *library;
	struct conf *root;
	struct findings *f;
};

void form_load_inward(struct form_loading *in);
void form_load_outward(struct form_loading *in);

void form_site_names(struct names *n);
/* Finds the number_slots, and the pay_slots, when the rules of x are compiled and its results not yet hidden. */
void form_find_pay(const struct form *f, struct form_event *x);
/* Slot of a path that a setting names; -1 when node is NULL, or with a finding when there is no such path. */
int form_path_slot(struct form_loading *in, const struct conf *node);
struct map_setup form_map_setup(const struct form_loading *in, enum map_shape shape);
/* Tells the codec what columns a kind has, when it is one that knows columns; the codec's number of the kind. */
unsigned form_tell_columns(struct form_loading *in, const char *kind, const struct span *names, unsigned n,
	const struct conf *node);

#endif
