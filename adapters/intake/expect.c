/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

#include "clock.h"

static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* A calendar that never works would make the search for a day endless. */
#define REST_MAX 40

static int read_weekday(struct span name, unsigned *ret)
{
	for (unsigned i = 0; i < 7; i++)
		if (span_is(name, weekdays[i])) {
			*ret = i;
			return 0;
		}
	return -1;
}

static int read_day(struct span number, unsigned *ret)
{
	unsigned v = 0;

	for (size_t i = 0; i < number.n; i++) {
		if (i == 2 || number.p[i] < '0' || number.p[i] > '9')
			return -1;
		v = v * 10 + (unsigned)(number.p[i] - '0');
	}
	if (v < 1 || v > 31 || number.p[0] == '0')
		return -1;
	*ret = v;
	return 0;
}

int expect_read(struct span text, struct expect *ret)
{
	struct expect x = {0};
	int bad = 0;

	if (span_is(text, "daily")) {
		x.every = EXPECT_DAILY;
	} else if (span_starts(text, SPAN("monthly by "))) {
		x.every = EXPECT_MONTHLY;
		bad = read_day((struct span){text.p + 11, text.n - 11}, &x.by);
	} else if (span_starts(text, SPAN("weekly by "))) {
		x.every = EXPECT_WEEKLY;
		bad = read_weekday((struct span){text.p + 10, text.n - 10}, &x.by);
	} else {
		bad = -1;
	}
	if (bad == 0)
		*ret = x;
	return bad;
}

static int64_t next_working(int64_t day, expect_works *works, const void *arg)
{
	for (int i = 0; i < REST_MAX; i++)
		if (works(arg, day + i))
			return day + i;
	return day;
}

static int64_t last_working(int64_t day, expect_works *works, const void *arg)
{
	for (int i = 0; i < REST_MAX; i++)
		if (works(arg, day - i))
			return day - i;
	return day;
}

static struct expect_period month_of(const struct expect *x, int64_t day)
{
	char date[11];
	int year = 0, month = 0;
	struct expect_period p;
	unsigned by = x->by;

	clock_date(day, date);
	sscanf(date, "%4d-%2d", &year, &month);
	p.first = clock_day_of(year, month, 1);
	while (!clock_date_ok(year, month, (int)by) && by > 28)
		by--;
	p.deadline = p.first + by - 1;
	return p;
}

struct expect_period expect_period_of(const struct expect *x, int64_t day, expect_works *works, const void *arg)
{
	struct expect_period p;

	switch (x->every) {
	case EXPECT_MONTHLY:
		p = month_of(x, day);
		break;
	case EXPECT_WEEKLY:
		p.first = day - clock_weekday(day);
		p.deadline = p.first + x->by;
		break;
	case EXPECT_DAILY:
	case EXPECT_NEVER:
	default:
		p.first = p.deadline = next_working(day, works, arg);
		return p;
	}
	p.deadline = next_working(p.deadline, works, arg);
	return p;
}

struct expect_period expect_passed(const struct expect *x, int64_t day, expect_works *works, const void *arg)
{
	struct expect_period p;

	if (x->every == EXPECT_DAILY || x->every == EXPECT_NEVER) {
		p.first = p.deadline = last_working(day - 1, works, arg);
		return p;
	}
	p = expect_period_of(x, day, works, arg);
	/* A deadline that holidays put off may lie beyond its period, so more than one can still be open. */
	for (int i = 0; p.deadline >= day && i < REST_MAX; i++)
		p = expect_period_of(x, p.first - 1, works, arg);
	return p;
}
