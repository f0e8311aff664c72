/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include <stdio.h>

#include "charset.h"
#include "clock.h"

/* What is left of the text; far is how far any try came. never: where a day stands that never was. */
struct reader {
	const char *p, *end, *far, *never;
};

static bool take(struct reader *r, const char *word)
{
	size_t n = strlen(word), same = 0;

	while (same < n && r->p + same < r->end &&
		(r->p[same] | (word[same] >= 'a' && word[same] <= 'z' ? 0x20 : 0)) == word[same])
		same++;
	if (same == n)
		r->p += n;
	if (r->p > r->far)
		r->far = r->p;
	return same == n;
}

static bool one_of(struct reader *r, const char *const *words)
{
	for (; *words; words++)
		if (take(r, *words))
			return true;
	return false;
}

/* A number of min to max digits; -1 when there is none, and nothing is taken. */
static int64_t number(struct reader *r, unsigned min, unsigned max)
{
	const char *from = r->p;
	int64_t v = 0;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && (unsigned)(r->p - from) < max)
		v = v * 10 + (*r->p++ - '0');
	if (r->p > r->far)
		r->far = r->p;
	if ((unsigned)(r->p - from) >= min)
		return v;
	r->p = from;
	return -1;
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

/* ---- days ---- */

struct days {
	int64_t first, last;
};

#define NEVER INT64_MIN

static const struct {
	const char *word;
	int back;
} near_days[] = {{"today", 0}, {"yesterday", 1}, {"今天", 0}, {"今日", 0}, {"昨天", 1}, {"昨日", 1}, {"前天", 2}, {NULL, 0}};

static const char *const weekdays[7][5] = {
	{"monday", "周一", "星期一", NULL}, {"tuesday", "周二", "星期二", NULL}, {"wednesday", "周三", "星期三", NULL},
	{"thursday", "周四", "星期四", NULL}, {"friday", "周五", "星期五", NULL}, {"saturday", "周六", "星期六", NULL},
	{"sunday", "周日", "星期日", "星期天", NULL},
};

static bool day_of(int year, int64_t month, int64_t day, struct days *ret)
{
	ret->first = NEVER;
	if (!clock_date_ok(year, (int)month, (int)day))
		return false;
	ret->first = ret->last = clock_day_of(year, (int)month, (int)day);
	return true;
}

static bool month_of(int year, int64_t month, struct days *ret)
{
	ret->first = NEVER;
	if (!clock_date_ok(year, (int)month, 1))
		return false;
	ret->first = clock_day_of(year, (int)month, 1);
	ret->last = (month == 12 ? clock_day_of(year + 1, 1, 1) : clock_day_of(year, (int)month + 1, 1)) - 1;
	return true;
}

static int year_of(int64_t day)
{
	char date[11];
	int year = 0;

	clock_date(day, date);
	for (int i = 0; i < 4; i++)
		year = year * 10 + (date[i] - '0');
	return year;
}

/* A day that does not say its year: the last one that was; 02-29 may be years ago. */
static bool last_such(int64_t today, int64_t month, int64_t day, struct days *ret)
{
	for (int year = year_of(today), n = 0; n < 9; n++)
		if (day_of(year - n, month, day, ret) && ret->first <= today)
			return true;
	return false;
}

/* Behind a year: "-12-05", "-12", "年12月5日", "年12月". */
static bool behind_year(struct reader *r, int year, struct days *ret)
{
	bool chinese = take(r, "年");
	int64_t month, day;

	if (!chinese && !take(r, "-"))
		return false;
	month = number(r, chinese ? 1 : 2, 2);
	if (month < 0 || (chinese && !take(r, "月")))
		return false;
	if (!chinese && !take(r, "-"))
		return month_of(year, month, ret);
	day = number(r, chinese ? 1 : 2, 2);
	if (day < 0)
		return chinese && month_of(year, month, ret);
	return day_of(year, month, day, ret) && (!chinese || take(r, "日") || take(r, "号"));
}

static bool written(struct reader *r, int64_t today, struct days *ret)
{
	const char *from = r->p;
	int64_t v = number(r, 8, 8), month, day;

	if (v >= 0)
		return day_of((int)(v / 10000), v / 100 % 100, v % 100, ret);
	v = number(r, 4, 4);
	if (v >= 0)
		return behind_year(r, (int)v, ret);
	month = number(r, 1, 2);
	if (month >= 0 && take(r, "-")) {
		day = number(r, 2, 2);
		return day >= 0 && last_such(today, month, day, ret);
	}
	if (month >= 0 && take(r, "月")) {
		day = number(r, 1, 2);
		return day >= 0 && (take(r, "日") || take(r, "号")) && last_such(today, month, day, ret);
	}
	r->p = from;
	return false;
}

static bool dated(struct reader *r, int64_t today, struct days *ret)
{
	const char *from = r->p;

	*ret = (struct days){0, 0};
	if (written(r, today, ret))
		return true;
	if (ret->first == NEVER)
		r->never = from;
	return false;
}

static bool take_days(struct reader *r, int64_t today, struct days *ret)
{
	for (unsigned i = 0; near_days[i].word; i++)
		if (take(r, near_days[i].word)) {
			ret->first = ret->last = today - near_days[i].back;
			return true;
		}
	for (unsigned i = 0; i < 7; i++)
		if (one_of(r, weekdays[i])) {
			ret->first = ret->last = today - (clock_weekday(today) + 7 - i) % 7;
			return true;
		}
	return dated(r, today, ret);
}

/* ---- times ---- */

static bool time_of_day(struct reader *r, int64_t *ret_ms)
{
	int64_t hour = number(r, 1, 2), minute, second = 0;

	if (hour < 0 || hour > 24 || !(take(r, ":") || take(r, "：")))
		return false;
	minute = number(r, 2, 2);
	if (minute < 0 || minute > 59)
		return false;
	if (take(r, ":") || take(r, "：")) {
		second = number(r, 2, 2);
		if (second < 0 || second > 59)
			return false;
	}
	*ret_ms = ((hour * 60 + minute) * 60 + second) * 1000;
	return *ret_ms <= 86400000;
}

static const struct {
	const char *word;
	int64_t ms;
} units[] = {{"秒", 1000}, {"分钟", 60000}, {"分", 60000}, {"小时", 3600000}, {"天", 86400000}, {"s", 1000}, {"m", 60000},
	{"h", 3600000}, {"d", 86400000}, {NULL, 0}};

/* "2h", "30分钟前". */
static bool ago(struct reader *r, int64_t now_ms, int64_t *ret_ms)
{
	int64_t n = number(r, 1, 6);

	if (n < 0)
		return false;
	for (unsigned i = 0; units[i].word; i++)
		if (take(r, units[i].word)) {
			blanks(r);
			if (!take(r, "ago"))
				(void)take(r, "前");
			*ret_ms = now_ms - n * units[i].ms;
			return true;
		}
	return false;
}

static bool offset(struct reader *r, bool to, struct when *ret)
{
	int64_t v = number(r, 1, 18);

	if (v < 0)
		return false;
	*ret = (struct when){WHEN_OFFSET, 0, -1, (uint64_t)v + to};
	if (!take(r, ":"))
		return true;
	ret->partition = v < 1 << 20 ? (int)v : -1;
	v = number(r, 1, 18);
	ret->offset = (uint64_t)v + to;
	return v >= 0 && ret->partition >= 0;
}

/* Each of what it may be is tried from the begin. */
static bool whole(struct reader *r, const char *from, bool read)
{
	blanks(r);
	if (read && r->p == r->end)
		return true;
	r->p = from;
	return false;
}

static bool day_and_time(struct reader *r, bool to, int64_t now_ms, int64_t *ret_ms)
{
	struct days d;
	int64_t ms;

	if (!take_days(r, clock_day(now_ms), &d))
		return false;
	*ret_ms = clock_day_begin(to ? d.last + 1 : d.first);
	if (r->p == r->end)
		return true;
	if (!take(r, "t"))
		blanks(r);
	if (d.first != d.last || !time_of_day(r, &ms))
		return false;
	*ret_ms = clock_day_begin(d.first) + ms;
	return true;
}

static unsigned character(struct span text, const char *at)
{
	return (unsigned)charset_length((struct span){text.p, (size_t)(at - text.p)}) + 1;
}

int when_read(struct span text, bool to, int64_t now_ms, struct when *ret, unsigned *ret_at)
{
	struct reader r = {text.p, text.p + text.n, text.p, NULL};
	struct when w = {WHEN_TIME, now_ms, -1, 0};
	int64_t of_day;

	if (text.n && text.p[0] == '@') {
		r.p++;
		if (whole(&r, text.p, offset(&r, to, &w)))
			goto found;
		goto none;
	}
	if (clock_read(text, &w.ms) == 0)
		goto found;
	w.ms = now_ms;
	if (whole(&r, text.p, take(&r, "now") || take(&r, "现在")) ||
		whole(&r, text.p, day_and_time(&r, to, now_ms, &w.ms)) || whole(&r, text.p, ago(&r, now_ms, &w.ms)))
		goto found;
	if (whole(&r, text.p, time_of_day(&r, &of_day))) {
		w.ms = clock_day_begin(clock_day(now_ms)) + of_day;
		goto found;
	}
none:
	*ret_at = character(text, r.never ? r.never : r.far);
	return -1;
found:
	*ret = w;
	return 0;
}

int when_days(struct span text, int64_t now_ms, int64_t *ret_first, int64_t *ret_last, unsigned *ret_at)
{
	struct reader r = {text.p, text.p + text.n, text.p, NULL};
	int64_t today = clock_day(now_ms);
	struct days from, to;

	if (take_days(&r, today, &from)) {
		to = from;
		if ((r.p == r.end || (take(&r, "..") && take_days(&r, today, &to))) && r.p == r.end &&
			from.first <= to.last) {
			*ret_first = from.first;
			*ret_last = to.last;
			return 0;
		}
	}
	*ret_at = character(text, r.never ? r.never : r.far);
	return -1;
}
