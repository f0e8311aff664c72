/* SPDX-License-Identifier: Apache-2.0 */
#include "adopted.h"

#include "clock.h"

int adopted_read(struct bus *b, struct adopted *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, SITE_KEEPER "/adopted", &text, e);

	ret->root = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	buf_done(&text);
	if (got == 1 && !json_is_object(ret->root))
		got = err_set(e, E_FLOW_POSITION, "name=" SITE_KEEPER "/adopted");
	return got < 0 ? -1 : 0;
}

void adopted_done(struct adopted *a)
{
	json_decref(a->root);
	a->root = NULL;
}

const char *adopted_digest(const struct adopted *a, const char *item)
{
	return json_string_value(json_object_get(json_object_get(a->root, "items"), item));
}

bool adopted_has(const json_t *list, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

bool adopted_live(const struct adopted *a, const char *destination)
{
	return adopted_has(json_object_get(a->root, "live"), destination);
}

enum adopted_off adopted_off(const struct adopted *a, const struct site_destination *d)
{
	const bool live = adopted_live(a, d->name), shadow = d->said == SITE_SHADOW;

	if (!items_pays(d))
		return ADOPTED_AS_SAID;
	if (d->said == SITE_LIVE && !live)
		return ADOPTED_NOT_LET;
	return shadow && (live || adopted_has(json_object_get(a->root, "ever"), d->name)) ? ADOPTED_WAS_LIVE
											  : ADOPTED_AS_SAID;
}

bool adopted_due(const struct adopted *a)
{
	const json_t *one;
	char today[11];
	size_t i;

	clock_date(clock_day(clock_now_ms()), today);
	json_array_foreach(json_object_get(a->root, "next"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "from")), today) <= 0)
			return true;
	return false;
}

json_t *adopted_differences(const struct adopted *a, const struct items *i)
{
	json_t *ret = json_array(), *was;
	const char *name;

	for (unsigned n = 0; n < i->n; n++) {
		const char *digest = adopted_digest(a, i->list[n].name);

		if (!digest || strcmp(digest, i->list[n].digest) != 0)
			json_array_append_new(ret,
				json_pack("{s:s,s:s,s:s}", "item", i->list[n].name, "was", digest ? digest : "", "is",
					i->list[n].digest));
	}
	json_object_foreach(json_object_get(a->root, "items"), name, was)
		if (!items_find(i, span_of(name)))
			json_array_append_new(ret, json_pack("{s:s,s:s,s:s}", "item", name, "was", json_string_value(was), "is", ""));
	return ret;
}

char *adopted_root(const struct bus *b)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/adopted", bus_folder(b));
	return (char *)(uintptr_t)buf_text(&path);
}
