/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CHECKCHAR_H
#define JC_CHECKCHAR_H

#include "span.h"

/*
 * Numbers that carry a check character. True when the whole text is such a number: no blanks around it, ASCII digits and
 * capitals only. What a source writes otherwise (blanks, a small x) a form puts right first, or the record is dead. None
 * of this says that the number was ever given to anybody.
 */

/* Bank number of the payment system (CNAPS): class 3, area 4, branch 4, check digit by ISO 7064 MOD 11,10 (GB/T 17710).
 * Not the 10-digit treasury code. */
bool checkchar_cnaps(struct span text);
/* Identity number, 18 characters (GB 11643): a known first division, a real date of birth of 1800 to 2199, check
 * character by ISO 7064 MOD 11-2. */
bool checkchar_id18(struct span text);
/* The same, or its older form of 15 digits with a year of 19xx, which has no check character. */
bool checkchar_id15or18(struct span text);
/* Unified social credit code, 18 characters (GB 32100): its own check character by MOD 31, and that of the organisation
 * code within it (GB 11714, MOD 11). */
bool checkchar_uscc(struct span text);
/* Account that may be a bank card: 5 to 32 of 0-9 A-Z -. Luhn is asked only of 16, 17 and 19 digits: passbooks have 18
 * or 20, and accounts of units and virtual ones other lengths and letters. Not for a column of unit accounts. */
bool checkchar_card(struct span text);
/* Administrative division (GB/T 2260): 4, 6, 9 or 12 digits that begin with a known province. */
bool checkchar_division(struct span text);

/* Accounts are written in digits, capitals and hyphens; 5 to 32 of them. */
bool checkchar_account(struct span text);
bool checkchar_digits(struct span text);             /* true for an empty text too */

#endif
