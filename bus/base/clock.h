/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CLOCK_H
#define JC_CLOCK_H

#include <stdint.h>

#include "buf.h"

/* Wall clock and steady clock, and how a time is written. Business days are Asia/Shanghai; instants are UTC. */
int64_t clock_now_ms(void);       /* since 1970-01-01 UTC */
int64_t clock_steady_ms(void);    /* never goes back; for waits */
void clock_write(struct buf *b, int64_t ms);              /* 2026-12-01T08:00:00.123Z (RFC 3339), 1970 to 9999 */
/* Reads what clock_write writes, with or without milliseconds, years 1900 to 2199; -1 when it is not that. */
int clock_read(struct span text, int64_t *ret_ms);
/* True for a real date of the Gregorian calendar, year 1900 to 2199. */
bool clock_date_ok(int year, int month, int day);
/* Days of business, counted from 1970-01-01 in Asia/Shanghai: UTC+8, without summer time. */
int64_t clock_day(int64_t ms);
int64_t clock_day_begin(int64_t day);                     /* its first instant, ms */
int64_t clock_day_of(int year, int month, int day);
void clock_date(int64_t day, char ret[11]);               /* 2026-12-01, 1970 to 9999 */
int clock_date_read(struct span date, int64_t *ret_day);  /* -1 when it is no real date, 1900 to 2199 */
unsigned clock_weekday(int64_t day);                      /* 0 Monday to 6 Sunday */
/* For people, in Asia/Shanghai, where business is, whatever the zone of the machine: "11-23 14:05:09" of what is at hand;
 * "2026-12-05 14:05:09", and with its milliseconds. */
void clock_for_people(struct buf *b, int64_t ms);
void clock_business(struct buf *b, int64_t ms);
void clock_business_ms(struct buf *b, int64_t ms);
/* The id of this start of the machine: /proc/sys/kernel/random/boot_id without its end of line; "" when unreadable. */
const char *clock_boot_id(char ret[40]);

#endif
