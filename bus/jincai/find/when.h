/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_WHEN_H
#define JC_WHEN_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <stdint.h>

#include "span.h"

/*
 * Days, times and offsets as a person types them behind an option. Days and times are those of Asia/Shanghai.
 *
 *	day    2026-12-05  20261205  12-05  2026年12月5日  12月5日            a day without its year is the last one that was
 *	       today yesterday  今天 今日 昨天 昨日 前天                     (never one to come)
 *	       monday ... sunday  周一 ... 周日  星期一 ...                  the last one that was, today included
 *	       2026-12  2026年12月                                            a month: all of its days
 *	time   14:30  14:30:05                                                today
 *	       DAY 14:30  DAYT14:30:05  昨天14:30                             2026-12-05T06:30:00.123Z is as an event has it, UTC
 *	       now 现在   90s 30m 2h 3d, 30秒 30分钟 2小时 3天, with or without "ago", 前: so long ago
 *	offset @1234  @3:1234                                                 of a partition: 3; the mark @ parts it from a day
 */
enum when_kind { WHEN_TIME, WHEN_OFFSET };

struct when {
	enum when_kind kind;
	int64_t ms;                  /* its first instant, or the first one behind it */
	int partition;               /* -1: it names none */
	uint64_t offset;
};

/* Reads all of text. to: the end of a range, which a day, a month and an offset are part of; ms is then the first instant behind
 * the day, offset one more. An instant is no part of what ends with it. -1 when it is none of the above: *ret_at is the
 * character, from 1, at which it stops being one. */
int when_read(struct span text, bool to, int64_t now_ms, struct when *ret, unsigned *ret_at);
/* A day, a month, or two of them: "2026-12-01..2026-12-05", "周一..周三". Days as clock.h counts them, both ends included. */
int when_days(struct span text, int64_t now_ms, int64_t *ret_first, int64_t *ret_last, unsigned *ret_at);

#endif
