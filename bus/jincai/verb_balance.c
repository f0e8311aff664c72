/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>

#include "deep.h"
#include "fsys.h"
#include "verbs.h"

#define REPORT_MAX ((size_t)64 << 20)

/* Equations, and what was counted: NULL when nothing was. Exit code. */
static int show(const struct args *a, const struct site *s, const struct balance *b, const struct deep *d)
{
	struct buf json = BUF_INIT;
	unsigned wrong;

	if (d && a->json)
		deep_write(d, &json);
	wrong = a->json ? balance_json(b, s, buf_as_span(&json), stdout) : balance_print(b, s, stdout);
	if (d)
		wrong += deep_print(d, a->json ? stderr : stdout);
	buf_done(&json);
	return wrong ? 1 : 0;
}

static int of_bus(const struct args *a, struct site *s, struct bus *bus)
{
	struct balance b;
	struct deep d;
	struct err e;
	int code;

	if (balance_load(bus, &b, &e) != 0)
		return verb_failed(&e);
	if (!a->deep) {
		code = show(a, s, &b, NULL);
	} else if (deep_count(s, bus, &b, &d, &e) != 0) {
		code = verb_failed(&e);
	} else {
		code = show(a, s, &b, &d);
		deep_done(&d);
	}
	balance_done(&b);
	return code;
}

/* ---- of several hosts ---- */

static int read_report(const char *file, struct deep *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *o;
	int got = fsys_get(AT_FDCWD, file, REPORT_MAX, &text, e);

	if (got == 0) {
		o = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
		got = deep_read(json_object_get(o, "deep"), file, ret, e);
		json_decref(o);
	}
	buf_done(&text);
	return got;
}

static int merged(const struct args *a, const struct site *s, const struct deep *all)
{
	struct deep d;
	struct balance b;
	struct err e;
	int code;

	if (strcmp(all[0].site, s->name) != 0) {
		err_set(&e, E_BALANCE_OTHER_SITE, "host=%s\nhave=%s\nwant=%s", all[0].hosts->name, all[0].site, s->name);
		return verb_failed(&e);
	}
	if (deep_merge(all, a->nwords, &d, &e) != 0)
		return verb_failed(&e);
	if (deep_balance(&d, &b, &e) != 0) {
		code = verb_failed(&e);
	} else {
		code = show(a, s, &b, &d);
		balance_done(&b);
	}
	deep_done(&d);
	return code;
}

static int of_files(const struct args *a, const struct site *s)
{
	struct deep *all = mem_new(a->nwords * sizeof *all);
	struct err e;
	unsigned n = 0;
	int code;

	while (n < a->nwords && read_report(a->words[n], &all[n], &e) == 0)
		n++;
	code = n < a->nwords ? verb_failed(&e) : merged(a, s, all);
	for (unsigned i = 0; i < n; i++)
		deep_done(&all[i]);
	free(all);
	return code;
}

int verb_balance(const struct args *a)
{
	int code = 0;
	struct site *s;
	struct bus *bus;
	struct err e;

	if (a->merge ? !a->nwords || a->deep : a->nwords > 0) {
		err_set(&e, E_USAGE, "what=jincai balance [--deep] [--json] | --merge FILE... [--json]");
		return verb_failed(&e);
	}
	s = verb_site(a, &code);
	bus = s && !a->merge ? verb_look(s, &code) : NULL;
	if (s && a->merge)
		code = of_files(a, s);
	if (bus)
		code = of_bus(a, s, bus);
	bus_close(bus);
	site_free(s);
	return code;
}
