/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FLOWS_H
#define JC_FLOWS_H

#include "balance.h"

/*
 * What came from which system and went to which receiver: a table with a row for each adapter and currency and a column
 * for each destination. Read and published come from the positions of the adapters, what was handed over from the parcels
 * that are done. Both ways of counting must agree in the sum.
 */

/* Prints the table and, under it, the difference of the balance for each currency. Returns in how many points the sums
 * of parcels differ from the positions, or an equation does not come out; -1 when something could not be read. */
int flows_print(const struct balance *b, const struct site *s, struct bus *bus, FILE *to, struct err *e);

#endif
