/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const int64_t DAY_MS = 86400000;

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/*
 * Days since 1970-01-01. Years are counted from March, so that the leap day is the last day of its year and the months
 * before it have lengths that a straight line gives: (153 * m + 2) / 5.
 */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month < 3), m = month + (month < 3 ? 9 : -3);

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int y = (int)(days / 366) + 1970, m = 12;

	while (days_of(y + 1, 1, 1) <= days)
		y++;
	while (days_of(y, m, 1) > days)
		m--;
	*ret_year = y;
	*ret_month = m;
	*ret_day = (int)(days - days_of(y, m, 1)) + 1;
}

void clock_write(struct buf *b, int64_t ms)
{
	int64_t days, rest;
	int year, month, day;

	/* Years of four digits; a clock beyond them is broken, and its line shall still be a time. */
	if (ms < 0)
		ms = 0;
	if (ms > days_of(10000, 1, 1) * DAY_MS - 1)
		ms = days_of(10000, 1, 1) * DAY_MS - 1;
	days = ms / DAY_MS;
	rest = ms % DAY_MS;
	date_of(days, &year, &month, &day);
	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, (int)(rest / 3600000),
		(int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}

/* Fits the text to a pattern in which 0 stands for a digit; the digits become numbers, one for each run. */
static int read_numbers(struct span text, const char *pattern, int *ret)
{
	int at = -1;

	if (text.n != strlen(pattern))
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (pattern[i] != '0') {
			if (c != pattern[i])
				return -1;
			continue;
		}
		if (c < '0' || c > '9')
			return -1;
		if (i == 0 || pattern[i - 1] != '0')
			ret[++at] = 0;
		ret[at] = ret[at] * 10 + (c - '0');
	}
	return 0;
}

int clock_read(struct span text, int64_t *ret_ms)
{
	int v[7] = {0};

	if (read_numbers(text, "0000-00-00T00:00:00.000Z", v) != 0) {
		v[6] = 0;
		if (read_numbers(text, "0000-00-00T00:00:00Z", v) != 0)
			return -1;
	}
	if (!clock_date_ok(v[0], v[1], v[2]) || v[3] > 23 || v[4] > 59 || v[5] > 59)
		return -1;
	*ret_ms = days_of(v[0], v[1], v[2]) * DAY_MS + (((int64_t)v[3] * 60 + v[4]) * 60 + v[5]) * 1000 + v[6];
	return 0;
}

bool clock_date_ok(int year, int month, int day)
{
	static const char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

static const int64_t SHANGHAI_MS = 8 * 3600000;

int64_t clock_day(int64_t ms)
{
	int64_t at = ms + SHANGHAI_MS;

	return at / DAY_MS - (at % DAY_MS < 0);
}

int64_t clock_day_begin(int64_t day)
{
	return day * DAY_MS - SHANGHAI_MS;
}

int64_t clock_day_of(int year, int month, int day)
{
	return days_of(year, month, day);
}

void clock_date(int64_t day, char ret[11])
{
	int year = 1970, month = 1, of_month = 1;

	if (day > 0 && day < days_of(10000, 1, 1))
		date_of(day, &year, &month, &of_month);
	snprintf(ret, 11, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100, (unsigned)of_month % 100);
}

int clock_date_read(struct span date, int64_t *ret_day)
{
	int v[3] = {0};

	if (read_numbers(date, "0000-00-00", v) != 0 || !clock_date_ok(v[0], v[1], v[2]))
		return -1;
	*ret_day = days_of(v[0], v[1], v[2]);
	return 0;
}

unsigned clock_weekday(int64_t day)
{
	int64_t n = (day + 3) % 7;           /* 1970-01-01 was a Thursday */

	return (unsigned)(n < 0 ? n + 7 : n);
}

void clock_business(struct buf *b, int64_t ms)
{
	int64_t day = clock_day(ms), rest = ms - clock_day_begin(day);
	char date[11];

	clock_date(day, date);
	buf_printf(b, "%s %02d:%02d:%02d", date, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60));
}

void clock_for_people(struct buf *b, int64_t ms)
{
	struct buf whole = BUF_INIT;

	clock_business(&whole, ms);
	buf_str(b, buf_text(&whole) + sizeof "2026-" - 1);
	buf_done(&whole);
}

void clock_business_ms(struct buf *b, int64_t ms)
{
	int rest = (int)((ms % 1000 + 1000) % 1000);

	clock_business(b, ms);
	buf_printf(b, ".%03d", rest);
}

const char *clock_boot_id(char ret[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, 39);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = 0;
	ret[strcspn(ret, "\n")] = 0;
	return ret;
}
