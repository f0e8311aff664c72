/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ERR_H
#define JC_ERR_H

#include <stddef.h>
#include <stdio.h>

/*
 * Errors are codes with arguments and a place. Words are made only when they are shown, in Chinese or English.
 *
 * A fallible function returns 0 or -1 and takes `struct err *e` last; e is never NULL and lies on the caller's stack.
 * The code is chosen where the knowledge is; it owns its kind, and a loop switches on the kind alone:
 *
 *	ERR_RETRY   may work later: wait, try again; nothing was committed
 *	ERR_DATA    this record or file never will: dead letter or held, then go on
 *	ERR_CONF    a file we were given is wrong, or policy forbids it: refuse to start, stop the flow
 *	ERR_HALT    go no further with what is in memory: close, open; at the top, end the process
 *	ERR_NOTE    nothing is wrong, but who wrote it may have meant something else: a finding that refuses nothing
 *
 * The rows stand in err_table.h: name, kind, exit code, what happened (en, zh), what to do (en, zh).
 * Out of memory is no error: it ends the process (buf.h, arena.h).
 */
enum err_kind { ERR_NONE, ERR_RETRY, ERR_DATA, ERR_CONF, ERR_HALT, ERR_NOTE };

enum err_id {
	E_NONE,
#define ROW(id, name, kind, exit, en, zh, do_en, do_zh) id,
#include "err_table.h"
#undef ROW
	E_COUNT
};

struct err_code {
	const char *name;       /* "file.growing": stable, in logs and test expectations */
	enum err_kind kind;
	int exit;               /* exit code of the program when this is what ended it */
	const char *en, *zh;    /* what happened, with {placeholders} */
	const char *do_en, *do_zh; /* what to do next */
};

enum err_lang { ERR_EN, ERR_ZH };

struct err {
	enum err_id id;
	char where[192];        /* file:line:column, topic/partition@offset, or "" */
	char args[320];         /* "name=value" lines; cut when too long, never an error */
};

#define ERR_INIT ((struct err){E_NONE, "", ""})

/* Sets the error; always returns -1 so that one can write `return err_set(...)`. fmt gives the arguments, one
 * "name=%s" a line: err_set(e, E_TOTALS_DIFFER, "want=%s\ngot=%s", w, g). fmt may be "". The first error wins is the
 * caller's rule: this call overwrites. where is emptied. */
int err_set(struct err *e, enum err_id id, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with the reason of errno as argument {why}; path becomes {file}. */
int err_sys(struct err *e, enum err_id id, const char *path, int errnum);

/* Names the place, unless one is named already. Returns -1. */
int err_at(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The row of a code; never NULL. */
const struct err_code *err_code(enum err_id id);
/* The id of a name such as "file.growing", or E_NONE. */
enum err_id err_by_name(const char *name);

/* Makes again an error whose name and arguments were kept (a claim, a dead letter, an outcome): its words can be shown. Both are
 * given by length. An unknown name: E_NONE. */
void err_restore(struct err *e, const char *name, size_t name_n, const char *args, size_t args_n);

static inline enum err_kind err_kind(const struct err *e)
{
	return err_code(e->id)->kind;
}

/* The value of argument name, or NULL; valid until the next call in the same thread (a copy in a static buffer). */
const char *err_arg(const struct err *e, const char *name);

/* Writes "what happened" or "what to do" with the arguments filled in; always terminated. Returns the length that
 * was needed. A part of the words in < > that holds {arguments} stands only when all of them are there and none is "-":
 * "<did you mean {near}? >names stand in the schema".
 *
 * What is wrong with data is told to people and logs: of an argument of an ERR_DATA code that may come from a record, long
 * numbers are masked by their looks (mask.h). Names of files and batches, keys and ids hold nothing personal and stay. */
size_t err_words(const struct err *e, enum err_lang lang, char *ret, size_t cap);
size_t err_remedy(const struct err *e, enum err_lang lang, char *ret, size_t cap);

/* The three lines that a person sees: "jincai: WHERE: words [code]" and "  → remedy". */
void err_print(const struct err *e, enum err_lang lang, FILE *to);

#endif
