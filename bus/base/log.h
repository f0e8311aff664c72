/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LOG_H
#define JC_LOG_H

#include "err.h"

/*
 * One line for each thing that happened, on stderr: time level what=NAME key=value ... Only the loops and the mains
 * log. fmt gives the rest of the line; a value with blanks is the caller's to quote (log_quoted). No bodies, accounts
 * or ID numbers. Thread-safe; a line is one write.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level max);
void log_line(enum log_level level, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with err=CODE at=WHERE why="words" added. */
void log_err(enum log_level level, const char *what, const struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
