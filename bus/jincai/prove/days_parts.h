/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DAYS_PARTS_H
#define JC_DAYS_PARTS_H

#include "days.h"

/* What days.c, days_list.c and days_open.c share; nobody else includes this. Takes each sum of what away: totals.negative; of what was
 * never counted as not routed nothing. */
int days_take_away(struct totals *from, const struct totals *what, struct err *e);

#endif
