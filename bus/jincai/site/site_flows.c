/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "deliver.h"
#include "intake.h"
#include "items.h"
#include "replay_flow.h"
#include "router.h"
#include "site.h"
#include "topics.h"

unsigned site_natures(const struct site *s, struct span type)
{
	unsigned natures = 0;

	for (unsigned i = 0; i < s->nadapters; i++)
		for (unsigned k = 0; s->adapters[i].form && k < s->adapters[i].form->nevents; k++)
			if (span_is(type, s->adapters[i].form->events[k].type))
				natures |= 1u << s->adapters[i].form->events[k].nature;
	return natures;
}

static int type_number(struct site *s, struct router *r, const char *type, char ***types, unsigned *n, struct err *e)
{
	const struct schema *schema;
	struct findings quiet;
	unsigned topic = 0;

	for (unsigned i = 0; i < *n; i++)
		if (strcmp((*types)[i], type) == 0)
			return (int)i;
	if (router_flow(r)->bus && bus_topic(router_flow(r)->bus, topics_of_type(span_of(type)), &topic, e) != 0)
		return -1;
	findings_init(&quiet);
	schema = library_schema(s->library, span_of(type), conf_root(s->conf), &quiet);
	findings_done(&quiet);
	*types = mem_grow(*types, *n + 1u, sizeof **types);
	(*types)[*n] = mem_text(span_of(type));
	router_type(r, type, topic, schema, site_natures(s, span_of(type)) & 1u << NATURE_INSTRUCTION);
	return (int)(*n)++;
}

static void shape_once(struct site *s, struct router *r, unsigned type, const char *name, unsigned d)
{
	const struct site_destination *to = &s->destinations[d];
	const struct form_shape *shape = form_shape(to->form, span_of(name));
	struct slots fixed;

	slots_init(&fixed, names_count(shape->names));
	form_site_values(s->library, shape->names, &fixed);
	router_shape(r, type, d, shape->line, shape->names, &fixed,
		to->split ? names_use(router_names(r, type), span_of(to->split)) : -1);
	slots_done(&fixed);
}

static int add_routes(struct site *s, struct router *r, struct err *e)
{
	char **types = NULL;
	unsigned n = 0;
	uint64_t *shaped = NULL;     /* a bit for each destination */
	int failed = 0;

	for (unsigned i = 0; i < s->nroutes && !failed; i++)
		for (unsigned k = 0; k < s->routes[i].ntypes && !failed; k++) {
			const struct site_route *route = &s->routes[i];
			unsigned before = n;
			int type = type_number(s, r, route->types[k], &types, &n, e);
			struct findings quiet;

			if (type < 0) {
				failed = -1;
				break;
			}
			if (n > before) {
				shaped = mem_grow(shaped, n, sizeof *shaped);
				shaped[type] = 0;
			}
			findings_init(&quiet);
			for (unsigned t = 0; t < route->nto; t++) {
				unsigned d = route->to[t];

				if (!(shaped[type] & (uint64_t)1 << d))
					shape_once(s, r, (unsigned)type, route->types[k], d);
				shaped[type] |= (uint64_t)1 << d;
				router_route(r, (unsigned)type, d,
					route->when ? expr_compile(route->when, router_names(r, (unsigned)type), &quiet)
						    : NULL);
			}
			findings_done(&quiet);
		}
	/* What no route names is read all the same: published = routed + not routed + unshaped holds for every event. */
	for (unsigned i = 0; i < s->nadapters; i++)
		for (unsigned k = 0; k < s->adapters[i].form->nevents && !failed; k++)
			failed = type_number(s, r, s->adapters[i].form->events[k].type, &types, &n, e) < 0 ? -1 : 0;
	for (unsigned i = 0; i < n; i++)
		free(types[i]);
	free(types);
	free(shaped);
	return failed;
}

struct router *site_router(struct site *s, struct bus *b, struct err *e)
{
	struct router *r = router_new(b, SITE_ROUTER, s->name);
	struct flow *f = router_flow(r);
	unsigned topic = 0;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		struct buf name = BUF_INIT;
		int bad;

		buf_printf(&name, TOPIC_TO "%s", s->destinations[i].name);
		bad = b ? bus_topic(b, buf_text(&name), &topic, e) : 0;
		buf_done(&name);
		if (bad) {
			f->kind->free(f);
			return NULL;
		}
		router_destination(r, s->destinations[i].name, topic);
	}
	if ((b && bus_topic(b, TOPIC_DEAD, &topic, e) != 0) || add_routes(s, r, e) != 0) {
		f->kind->free(f);
		return NULL;
	}
	f->outputs[f->noutputs++] = topic;
	return r;
}

void site_shadow_folder(struct buf *ret, const struct bus *b, const char *destination)
{
	buf_printf(ret, "%s/shadow/%s", bus_folder(b), destination);
}

static struct flow *adapter_of(struct site *s, struct bus *b, const struct site_adapter *a, struct err *e)
{
	struct buf spool = BUF_INIT, forms = BUF_INIT, kept = BUF_INIT;
	struct intake_setup setup = {.name = a->name, .bus = b, .library = s->library, .form = a->form,
		.folder = a->folder, .returns = a->returns, .start = a->start ? span_of(a->start) : SPAN(""),
		.keep_days = a->keep_days, .pays = s->pays, .finish = s->finish};
	struct flow *f;

	buf_printf(&spool, "%s/spool/%s", bus_folder(b), a->name);
	buf_printf(&forms, "%s/forms", bus_folder(b));
	buf_printf(&kept, "%s/adopted", bus_folder(b));
	setup.kept = buf_text(&kept);
	setup.spool = buf_text(&spool);
	setup.forms = buf_text(&forms);
	f = intake_new(&setup, e);
	buf_done(&spool);
	buf_done(&forms);
	buf_done(&kept);
	return f;
}

static struct flow *destination_of(struct site *s, struct bus *b, const struct site_destination *d, unsigned partition, struct err *e)
{
	struct buf shadow = BUF_INIT;
	struct deliver_setup setup = {.name = d->name, .bus = b, .library = s->library, .form = d->form, .folder = d->folder,
		.shadow = d->mode == SITE_SHADOW, .group = d->group, .split = d->split != NULL, .topic = d->topic,
		.partition = partition, .partitions = d->parted ? s->partitions : 0};
	struct share share = site_share(s, d, partition);
	struct flow *f;

	if (s->store[0]) {
		setup.site = s->name;
		setup.store = s->store;
	}
	site_shadow_folder(&shadow, b, d->name);
	setup.shadow_folder = buf_text(&shadow);
	f = deliver_new(&setup, e);
	if (f && share.whole[0])
		flow_share(f, &share);
	buf_done(&shadow);
	return f;
}

bool site_wants(const char *const *names, const char *name)
{
	if (!names || !*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool exists(const struct site *s, const char *name)
{
	bool there = strcmp(name, SITE_ROUTER) == 0 || strcmp(name, SITE_KEEPER) == 0 || strcmp(name, SITE_REPLAY) == 0;

	for (unsigned i = 0; i < s->nadapters; i++)
		there |= strcmp(name, s->adapters[i].name) == 0;
	for (unsigned i = 0; i < s->ndestinations; i++)
		there |= strcmp(name, s->destinations[i].name) == 0;
	return there;
}

static int add_flow(struct flow ***list, unsigned *n, struct flow *f, bool money)
{
	if (!f)
		return -1;
	f->money = money;
	*list = mem_grow(*list, *n + 1u, sizeof **list);
	(*list)[(*n)++] = f;
	return 0;
}

static bool may_start(const struct site *s, const struct site_destination *d)
{
	return !(s->money_stopped && items_pays(d)) && !(s->closed && items_destination(s, d));
}

/* said: how many shares of it the site file wants; 0: it does not say. */
static int check_shares(const struct site *s, const char *flow, unsigned said, struct err *e)
{
	const unsigned of = s->parts ? s->parts : 1;

	if (of > 1 && !site_on_kafka(s))
		return err_set(e, E_BUS_NO_SHARES, "flow=%s", flow);
	if (of > s->partitions)
		return err_set(e, E_SHARES_MANY, "shares=%u\npartitions=%u", of, s->partitions);
	return said && said != of ? err_set(e, E_SHARES_SITE, "flow=%s\nhave=%u\nwant=%u", flow, said, of) : 0;
}

/* The router, or the share of it that this process is. */
static struct flow *router_of(struct site *s, struct bus *b, struct err *e)
{
	const unsigned of = s->parts ? s->parts : 1;
	struct share share = {.whole = SITE_ROUTER, .part = s->part, .of = of, .chosen = s->shares == of};
	struct router *r;

	if (check_shares(s, SITE_ROUTER, s->shares, e) != 0)
		return NULL;
	r = site_router(s, b, e);
	if (r && site_on_kafka(s))
		flow_share(router_flow(r), &share);
	return r ? router_flow(r) : NULL;
}

/* All of its flows, or those of the share that this process is. */
static int add_destination(struct flow ***list, unsigned *n, struct site *s, struct bus *b,
	const struct site_destination *d, struct err *e)
{
	int failed = d->parted ? check_shares(s, d->name, d->shares, e) : 0;

	for (unsigned p = 0; p < site_nflows(s, d) && !failed; p++)
		if (!d->parted || !s->parts || p % s->parts == s->part)
			failed = add_flow(list, n, destination_of(s, b, d, p, e), d->form->money);
	return failed;
}

int site_flows(struct site *s, struct bus *b, const char *const *names, struct flow ***ret, unsigned *ret_n,
	struct err *e)
{
	struct flow **list = NULL;
	unsigned n = 0;
	int failed = 0;

	for (const char *const *name = names; name && *name; name++)
		if (!exists(s, *name))
			return err_set(e, E_SITE_NO_FLOW, "name=%s", *name);
	if (!s->pays)
		s->pays = pays_new(s->double_days);
	for (unsigned i = 0; i < s->nadapters && !failed; i++)
		if (!s->closed && site_wants(names, s->adapters[i].name))
			failed = add_flow(&list, &n, adapter_of(s, b, &s->adapters[i], e), form_instructs(s->adapters[i].form));
	if (!failed && !s->closed && site_wants(names, SITE_ROUTER))
		failed = add_flow(&list, &n, router_of(s, b, e), true);
	for (unsigned i = 0; i < s->ndestinations && !failed; i++)
		if (s->destinations[i].mode != SITE_OFF && may_start(s, &s->destinations[i]) &&
			site_wants(names, s->destinations[i].name))
			failed = add_destination(&list, &n, s, b, &s->destinations[i], e);
	/* What was approved takes effect between replays, too: they begin anew with what is in force then. */
	if (!failed && !s->finish && site_wants(names, SITE_REPLAY))
		failed = add_flow(&list, &n, replay_flow_new(s, b, e), true);
	if (failed) {
		for (unsigned i = 0; i < n; i++)
			list[i]->kind->free(list[i]);
		free(list);
		return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		list[i]->site = s->name;
		list[i]->people = s->people;
		list[i]->audit = &s->audit;
		list[i]->alone = s->alone;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}
