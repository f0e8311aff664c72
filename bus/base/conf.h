/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CONF_H
#define JC_CONF_H

#include "err.h"
#include "finding.h"
#include "span.h"

/*
 * Configuration as a tree that knows its places. Reads YAML 1.2 (and so JSON) by libfyaml: duplicate keys are refused,
 * every scalar is text (yes, no, 010 and null too; a value left out is empty text), anchors, aliases, tags and merge
 * keys are refused, a file is UTF-8 (a byte order mark is skipped), one document, at most 4 MiB and 64 levels deep.
 *
 * A reader walks the tree with the conf_* getters, which report what is wrong as findings and go on, so that one run
 * shows everything. Each getter marks the key that it asked for; conf_unknown() then names the keys that nobody did,
 * with the nearest name that somebody asked for in the same mapping. Getters take NULL for a mapping that is missing
 * (already reported) and then say nothing; for a node of another kind they report that once.
 */
enum conf_kind { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf {
	enum conf_kind kind;
	bool quoted;                 /* scalar was in quotes or a block: in JSON, a string and not a number */
	struct span text;            /* scalar; terminated at text.p[text.n] */
	struct span key;             /* name of this entry in its mapping, or SPAN_NONE */
	unsigned line, column;       /* of the value, from 1 */
	unsigned key_line, key_column;
	struct conf *first, *next;   /* entries in file order */
	const struct conf_file *file;
	bool asked;
	bool told;                   /* that it is of the wrong kind has been reported */
	struct conf_asked *names;    /* names that getters asked for in this mapping and did not find */
};

struct conf_file;

/* Reads one file; the tree is freed by conf_close. NULL when there is no tree to walk; findings: conf.unreadable,
 * conf.too_large, conf.not_utf8, conf.control, conf.syntax, conf.too_deep, conf.documents, conf.key, conf.empty.
 * A tree may be walked, to find more, but not used after conf.duplicate_key and conf.reference. */
struct conf_file *conf_open(const char *path, struct findings *f);
/* The same from memory; name is shown as the place. */
struct conf_file *conf_parse(const char *name, struct span text, struct findings *f);
void conf_close(struct conf_file *c);
struct conf *conf_root(struct conf_file *c);
const char *conf_path(const struct conf_file *c);
struct span conf_source(const struct conf_file *c);   /* the bytes as read: for digests and carets */

/* Adds a finding at the place of node (value) or of its key; fmt as in err_set. */
void conf_report(struct findings *f, const struct conf *node, enum err_id id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void conf_report_key(struct findings *f, const struct conf *node, enum err_id id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* True when node has that kind; else a finding conf.type, once for a node, and false. */
bool conf_is(struct conf *node, enum conf_kind kind, struct findings *f);
/* Entry of a mapping by name, or NULL without a finding. */
struct conf *conf_get(struct conf *map, const char *name);
/* As conf_get, with a finding conf.missing (at the mapping's key if it has one) or conf.type when absent or of another kind; then NULL. */
struct conf *conf_need(struct conf *map, const char *name, enum conf_kind kind, struct findings *f);
/* Entry when present and of that kind; a finding conf.type when of another; NULL when absent. */
struct conf *conf_want(struct conf *map, const char *name, enum conf_kind kind, struct findings *f);
/* Scalar text; fallback when absent. */
struct span conf_text(struct conf *map, const char *name, const char *fallback, struct findings *f);
/* One of the words in `words` ("a|b|c"); returns its number from 0, or fallback when absent; a finding conf.choice
 * that lists the words otherwise. */
int conf_choice(struct conf *map, const char *name, const char *words, int fallback, struct findings *f);
/* Whole number in [min, max], decimal; a finding conf.number otherwise. */
long long conf_int(struct conf *map, const char *name, long long min, long long max, long long fallback,
	struct findings *f);
/* yes|no|true|false; a finding conf.choice otherwise. */
bool conf_bool(struct conf *map, const char *name, bool fallback, struct findings *f);
/* Findings conf.unknown_key for every entry of this mapping that no getter asked for. Not recursive. */
void conf_unknown(struct conf *map, struct findings *f);

/* The nearest of `names` (NULL-terminated) to `word`, or NULL: at most a third of the longer one's letters (rounded)
 * added, dropped, changed or swapped with a neighbour; capitals count as small letters. */
const char *conf_nearest(struct span word, const char *const *names);

#endif
