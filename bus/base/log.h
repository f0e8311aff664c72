/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LOG_H
#define JC_LOG_H

#include "err.h"

/*
 * One line for each thing that happened, on stderr: time level what=NAME key=value ... Only the loops and the mains
 * log. fmt gives the rest of the line; a value with blanks is the caller's to quote (log_quoted). No bodies, accounts
 * or ID numbers. Thread-safe; a line is one write of at most PIPE_BUF bytes, cut beyond; control characters become
 * blanks. Leaves errno alone.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* LOG_INFO until set; by main, before there are threads. */
void log_set_level(enum log_level max);
void log_line(enum log_level level, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with err=CODE at=WHERE why="words" added; the words are in say_lang(). */
void log_err(enum log_level level, const char *what, const struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The text as one value of a line: as it is when that is plain, else in quotes; cut to cap. Returns ret. */
const char *log_quoted(const char *text, char *ret, size_t cap);

#endif
