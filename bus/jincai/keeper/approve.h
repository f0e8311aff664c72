/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_APPROVE_H
#define JC_APPROVE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "act.h"
#include "people.h"

/*
 * What a person who approves sees and signs, here or on a machine without bus and site.
 *
 * What is signed are the bytes of the order and nothing else, so all that stands in the order is shown, also members
 * that this program does not know; the page is made from these bytes on the machine that signs them.
 */

/* ---- approve_page.c ---- */

/* Appends the page, Chinese and English side by side, as it is printed and filed: what, how many, how much, where to,
 * why, who asked, until when, and the digest in four groups of four. -1: approve.order. */
int approve_page(struct span order, struct buf *b, struct err *e);
/* The lines of a list: what it is about, in the language of the person. order: what was read of it. */
void approve_summary(const json_t *order, struct span text, struct buf *b);

/* ---- approve_file.c: an act that travels ---- */

/*
 *	{"jincai":"approve","order":"...","people":[{"name":"li","role":"handler","key":"<SHA-256>"}],
 *	 "approvals":[{"name":"li","signature":"..."}]}
 *
 * people are those of the site that may approve, to find the name that belongs to a key. Nothing in the file is
 * believed:
 * approvals are checked where they are brought back to.
 */
#define APPROVE_FILE_MAX (1u << 20)

/* Writes PATH and PATH.txt, the page. */
int approve_export(const char *path, struct span order, const struct people *p, struct err *e);
/* Reads it; *ret to be given to json_decref. file.*, approve.file {file}. */
int approve_load(const char *path, json_t **ret, struct err *e);
int approve_save(const char *path, const json_t *file, struct err *e);
/* The order of such a file; terminated, it lives as long as the file. */
struct span approve_order(const json_t *file);
/* Puts an approval into it, in the place of an earlier one of that name. */
void approve_put(json_t *file, const char *name, struct span signature);
/* The name that this key has in it; NULL: none. */
const char *approve_name_of(const json_t *file, const struct sign_key *k);

/* ---- ask.c: a person at a terminal ---- */

/* Asks on the terminal of the process, without showing what is typed; as sign_secret_read wants it. arg: name of the
 * key. -1: there is no terminal. */
int ask_secret(void *arg, char *ret, int cap);
/* True when the person typed yes (or 是); approve.terminal when standard input is no terminal. */
int ask_yes(const char *question, bool *ret, struct err *e);

#endif
