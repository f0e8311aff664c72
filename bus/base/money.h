/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_MONEY_H
#define JC_MONEY_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

/*
 * Money is int64_t fen (hundredths) from text to text, by checked arithmetic. No floating point. The largest amount
 * is 92233720368547758.07 in either direction.
 */

/* How an amount is written. */
struct money_form {
	uint8_t min_decimals, max_decimals;  /* digits after the point: yuan 2..2, "0..2"; fen: 0..0 with fen = true */
	bool fen;                            /* the text counts hundredths: no point allowed */
	bool thousands;                      /* "1,234.56" allowed: groups of exactly three */
};

#define MONEY_YUAN ((struct money_form){2, 2, false, false})

/* Reads ASCII text without blanks around it: an optional '-', digits, an optional '.' with digits. Not allowed: '+',
 * exponents, full-width digits, an empty text, "." alone, a missing integer part, more digits than the form says, -0.
 * Zeros in front are allowed. A form is asserted: max_decimals <= 2, min <= max, with fen both 0.
 * Errors (ERR_DATA): money.empty, money.syntax {text}{at} (from 1), money.decimals {text}{want}, money.range {text};
 * syntax comes before decimals before range. {text} is cut at 40 bytes. On failure ret is untouched. */
int money_read(struct span text, const struct money_form *form, int64_t *ret_fen, struct err *e);

/* Appends "-1234.50". With fen: "-123450". */
void money_write(struct buf *b, int64_t fen, bool as_fen);
/* The same into a caller's array of at least 24 bytes, terminated; returns it. */
const char *money_text(int64_t fen, char ret[24]);

/* Adds; money.range when it does not fit, then *sum is untouched; the same holds for the two sums below. */
int money_add(int64_t *sum, int64_t fen, struct err *e);

/* A sum of records of one currency: debits and credits apart, so that a wrong sign cannot hide. */
struct money_sum {
	uint64_t count;              /* records, those with an unreadable amount included */
	int64_t plus, minus;         /* minus <= 0 */
	uint64_t unreadable;         /* records whose amount could not be read: counted, not summed */
};

int money_sum_add(struct money_sum *s, int64_t fen, struct err *e);
static inline void money_sum_unreadable(struct money_sum *s)
{
	s->count++;
	s->unreadable++;
}
int money_sum_merge(struct money_sum *into, const struct money_sum *from, struct err *e);
bool money_sum_eq(const struct money_sum *a, const struct money_sum *b);

#endif
