/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_AMOUNT_H
#define JC_AMOUNT_H

#include "money.h"

/*
 * Amounts as some vendors write them, beyond what money.h reads: in li (thousandths, no point: COBOL's S9(14)V999), with a
 * sign elsewhere, with a currency symbol. A plain minus in front is always understood.
 */
enum amount_sign { AMOUNT_LEADING, AMOUNT_TRAILING /* 123.45- */, AMOUNT_BRACKETS /* (123.45) */ };

struct amount_form {
	struct money_form money;         /* of what is left; fen with li */
	bool li;
	enum amount_sign sign;
	struct span symbol;              /* taken off before or behind the digits where it stands; absent: none */
};

/* Errors: money.*, and map.li {text} for an amount that is no whole fen. */
int amount_read(struct span text, const struct amount_form *form, int64_t *ret_fen, struct err *e);
/* Appends the amount in li; money.range when it does not fit. */
int amount_write_li(struct buf *b, int64_t fen, struct err *e);

#endif
