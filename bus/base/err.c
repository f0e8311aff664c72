/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "mask.h"

static const struct err_code table[] = {
	{"ok", ERR_NONE, 0, "nothing is wrong", "没有问题", "", ""},
#define ROW(id, name, kind, exit, en, zh, do_en, do_zh) {name, kind, exit, en, zh, do_en, do_zh},
#include "err_table.h"
#undef ROW
};

const struct err_code *err_code(enum err_id id)
{
	return &table[id < E_COUNT ? id : E_NONE];
}

enum err_id err_by_name(const char *name)
{
	for (int i = 1; i < E_COUNT; i++)
		if (strcmp(table[i].name, name) == 0)
			return (enum err_id)i;
	return E_NONE;
}

void err_restore(struct err *e, const char *name, size_t name_n, const char *args, size_t args_n)
{
	e->id = E_NONE;
	e->where[0] = 0;
	for (int i = 1; i < E_COUNT && !e->id; i++)
		if (strlen(table[i].name) == name_n && memcmp(table[i].name, name, name_n) == 0)
			e->id = (enum err_id)i;
	snprintf(e->args, sizeof e->args, "%.*s", (int)args_n, args_n ? args : "");
}

int err_set(struct err *e, enum err_id id, const char *fmt, ...)
{
	va_list ap;

	e->id = id;
	e->where[0] = 0;
	va_start(ap, fmt);
	vsnprintf(e->args, sizeof e->args, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, enum err_id id, const char *path, int errnum)
{
	char why[96];

	return err_set(e, id, "file=%s\nwhy=%s", path, strerror_r(errnum, why, sizeof why));
}

int err_at(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e->where[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->where, sizeof e->where, fmt, ap);
	va_end(ap);
	return -1;
}

/* Finds "name=value" at the start of a line of args; a value ends at the next line that looks like "word=". */
static const char *find_arg(const char *args, const char *name, size_t nlen, size_t *ret_n)
{
	for (const char *at = args, *end; at && *at; end = strchr(at, '\n'), at = end ? end + 1 : NULL)
		if (strncmp(at, name, nlen) == 0 && at[nlen] == '=') {
			const char *v = at + nlen + 1;

			*ret_n = strcspn(v, "\n");
			return v;
		}
	return NULL;
}

const char *err_arg(const struct err *e, const char *name)
{
	static _Thread_local char copy[sizeof e->args];
	size_t n;
	const char *v = find_arg(e->args, name, strlen(name), &n);

	if (!v)
		return NULL;
	memcpy(copy, v, n);
	copy[n] = 0;
	return copy;
}

static size_t put(char *ret, size_t cap, size_t at, const char *p, size_t n)
{
	if (at < cap)
		memcpy(ret + at, p, n < cap - at ? n : cap - at);
	return at + n;
}

/* The length of "<...{arg}...>" at w, else 0; *ret_there: all its arguments are there and say something. */
static size_t optional_part(const struct err *e, const char *w, bool *ret_there)
{
	size_t len = w[0] == '<' ? strcspn(w, ">") : 0, n;
	const char *brace = len && w[len] ? memchr(w, '{', len) : NULL;

	if (!brace)
		return 0;
	*ret_there = true;
	for (; brace; brace = memchr(brace, '{', len - (size_t)(brace - w))) {
		const char *v = find_arg(e->args, brace + 1, strcspn(brace, "}") - 1, &n);

		*ret_there = *ret_there && v && n && !(n == 1 && v[0] == '-');
		brace++;
	}
	return len + 1;
}

/* Arguments that name what is ours, or that nothing personal may stand in (form.personal). */
static bool is_plain(const char *name, size_t n)
{
	static const char *const plain[] = {
		"file", "name", "batch", "before", "by", "keys", "id", "destination", "folder", "part"};

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strlen(plain[i]) == n && memcmp(plain[i], name, n) == 0)
			return true;
	return false;
}

/* A sum of what was counted can be long: "-1234567890123.45". */
static bool is_sum(const char *name, size_t name_n, const char *v, size_t n)
{
	size_t i = n && v[0] == '-';

	for (; i + 3 < n && v[i] >= '0' && v[i] <= '9'; i++)
		;
	return i && i + 3 == n && v[i] == '.' && !(name_n == 4 && memcmp(name, "text", 4) == 0);
}

static size_t put_value(const struct err *e, const char *name, size_t name_n, char *ret, size_t cap, size_t at, const char *v,
	size_t n)
{
	struct buf masked = BUF_INIT;

	if (err_kind(e) != ERR_DATA || is_plain(name, name_n) || is_sum(name, name_n, v, n))
		return put(ret, cap, at, v, n);
	mask_digits(&masked, (struct span){v, n});
	at = put(ret, cap, at, masked.p, masked.n);
	buf_done(&masked);
	return at;
}

static size_t fill(const struct err *e, const char *words, char *ret, size_t cap)
{
	size_t at = 0, n, part;
	const char *closing = NULL;
	bool there;

	for (const char *w = words; *w;) {
		size_t len = w[0] == '{' ? strcspn(w, "}") : 0;
		const char *v;

		if (w == closing) {
			closing = NULL;
			w++;
		} else if ((part = optional_part(e, w, &there)) > 0) {
			closing = there ? w + part - 1 : NULL;
			w += there ? 1 : part;
		} else if (len && w[len] == '}' && (v = find_arg(e->args, w + 1, len - 1, &n))) {
			at = put_value(e, w + 1, len - 1, ret, cap, at, v, n);
			w += len + 1;
		} else {
			at = put(ret, cap, at, w, 1);
			w++;
		}
	}
	if (cap)
		ret[at < cap ? at : cap - 1] = 0;
	return at;
}

size_t err_words(const struct err *e, enum err_lang lang, char *ret, size_t cap)
{
	const struct err_code *c = err_code(e->id);

	return fill(e, lang == ERR_ZH ? c->zh : c->en, ret, cap);
}

size_t err_remedy(const struct err *e, enum err_lang lang, char *ret, size_t cap)
{
	const struct err_code *c = err_code(e->id);

	return fill(e, lang == ERR_ZH ? c->do_zh : c->do_en, ret, cap);
}

void err_print(const struct err *e, enum err_lang lang, FILE *to)
{
	char words[768], remedy[512];

	err_words(e, lang, words, sizeof words);
	err_remedy(e, lang, remedy, sizeof remedy);
	fprintf(to, "jincai: %s%s%s [%s]\n", e->where, e->where[0] ? ": " : "", words, err_code(e->id)->name);
	if (remedy[0])
		fprintf(to, "  → %s\n", remedy);
}
