/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_MASK_H
#define JC_MASK_H

#include "buf.h"

/*
 * Masking by looks, for bytes whose meaning is not known: a record that could not be cut, the arguments of an error.
 * Where a schema says what a field is, that counts (x-sensitivity); here only length tells an account or an identity
 * number from an amount or a date.
 */
#define MASK_RUN 12u                 /* digits that look like an account or an identity number */
#define MASK_PACKED 64u              /* characters that look like Base64 */
#define MASK_SHOWN 4u                /* of them are left at the end, for a person to tell two apart */

/*
 * Appends s, as long as it is, with all bytes of a run of 12 and more digits but its last four digits as '*'. Digits
 * are ASCII and full-width ones in UTF-8 and in GBK or GB18030. Groups of at least three digits parted by one blank or hyphen
 * are one run ("6222 0206 0000 0000 015"; a date is none); an X behind 17 digits is the last digit of an identity
 * number.
 */
void mask_digits(struct buf *b, struct span s);
/*
 * Makes all bytes '*' of what looks like Base64, in place: 64 and more of its characters in a row, ends of line between them. A
 * document may stand in it, of which nothing else could be masked.
 */
void mask_packed(struct buf *b);
/*
 * Where it is known what a text is (UTF-8): of a name the first character stays, of an account or a number the last four, when
 * there are more. At most MASK_STARS stars stand for the rest.
 */
#define MASK_STARS 64u
void mask_name(struct buf *b, struct span text);
void mask_number(struct buf *b, struct span text);

#endif
