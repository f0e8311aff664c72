/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PEOPLE_PARTS_H
#define JC_PEOPLE_PARTS_H

#include "people.h"

/* Shared by people.c (who, approvals) and people_days.c (days, keeping); nobody else includes this. */
struct people_day {
	int64_t day;                 /* clock_day() */
	bool work;
};

struct people {
	bool local;
	struct people_member *members;       /* by name */
	unsigned n;
	struct people_day *days;             /* by day */
	unsigned ndays;
};

#endif
