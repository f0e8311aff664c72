/* SPDX-License-Identifier: Apache-2.0 */
#include "balance.h"
#include "verbs.h"

static int show(const struct args *a, struct site *s, struct bus *bus)
{
	struct balance b;
	struct err e;
	unsigned wrong;
	int differs = 0;

	if (balance_load(bus, &b, &e) != 0)
		return verb_failed(&e);
	wrong = a->json ? balance_json(&b, s, stdout) : balance_print(&b, s, stdout);
	if (a->deep)
		differs = balance_deep(s, bus, &b, a->json ? stderr : stdout, &e);
	balance_done(&b);
	if (differs < 0)
		return verb_failed(&e);
	return wrong || differs ? 1 : 0;
}

int verb_balance(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);
	struct bus *bus = s ? verb_look(s, &code) : NULL;

	if (bus)
		code = show(a, s, bus);
	bus_close(bus);
	site_free(s);
	return code;
}
