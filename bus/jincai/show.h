/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SHOW_H
#define JC_SHOW_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "schema.h"
#include "totals.h"

/*
 * How lists for people are written: texts that come from vendors on a terminal, sums of money.
 */

/* Appends text for a terminal: controls (C0, C1, DEL) and bytes that are not UTF-8 become '?'. */
void show_text(struct buf *b, struct span text);
/* Appends the text in quotes, masked by what a schema calls it: of a name the first character stays, of accounts and numbers the
 * last four; of all else long numbers are masked by their looks (mask.h). */
void show_masked(struct buf *b, struct span text, enum schema_sensitivity s);
/* Blanks that are missing until text, as a terminal shows it, is so many cells wide: a Chinese character takes two. */
int show_padding(const char *text, int cells);
/* Appends bytes as text and as hex. masked is as long as raw: where it differs, neither shows the byte. */
void show_raw(struct buf *b, enum charset charset, struct span raw, struct span masked);
/* Appends "3 in number, CNY 12.50 (1 of them without a readable amount)" over all currencies of a term; "none" for nothing. */
void show_sums(struct buf *b, const struct totals *t, enum total_term term);
/* A currency and its kind of money in words, also when there is none. */
const char *show_currency(const char *currency, char ret[64]);
const char *show_currency_in(enum err_lang lang, const char *currency, char ret[64]);
/* Its parts, for JSON: appends "currency":"CNY","money":"order"; cash has no money. */
void show_currency_json(struct buf *b, const char *currency);
/* Appends ,"sums":[{"currency":"CNY","count":3,"amount":"12.50","unreadable":0}] of a term. */
void show_sums_json(struct buf *b, const struct totals *t, enum total_term term);
/* The buffer goes to a stream and is empty again. */
void show_flush(struct buf *b, FILE *to);

#endif
