/* SPDX-License-Identifier: Apache-2.0 */
#include "deep.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "json_text.h"

/* Hosts count at the same time, each for as long as its files take. */
#define APART_MAX_MS (60 * 60000)

static const char *const kinds[] = {"adapter", "router", "destination"};
static const char *const whats[DEEP_WHATS] = {"original_gone", "form_gone", "original_altered", "file_altered",
	"out_differs", "journal_differs", "index_differs"};

/* ---- as JSON ---- */

static void write_hosts(const struct deep *d, struct buf *b)
{
	for (unsigned i = 0; i < d->nhosts; i++) {
		const struct deep_host *h = &d->hosts[i];

		buf_str(b, i ? "," : "");
		buf_str(b, "{\"host\":");
		json_quote(b, span_of(h->name));
		json_member(b, "folder", span_of(h->folder));
		json_member(b, "boot", span_of(h->boot));
		buf_str(b, ",\"moment\":\"");
		clock_write(b, h->moment);
		buf_str(b, "\"}");
	}
}

static void write_totals(struct buf *b, const char *name, const struct totals *t)
{
	buf_printf(b, ",\"%s\":", name);
	totals_write(t, b);
}

static void write_flows(const struct deep *d, struct buf *b)
{
	for (unsigned i = 0; i < d->nflows; i++) {
		const struct deep_flow *f = &d->flows[i];

		buf_str(b, i ? ",\n{\"flow\":" : "\n{\"flow\":");
		json_quote(b, span_of(f->name));
		buf_printf(b, ",\"kind\":\"%s\",\"hosts\":%u", kinds[f->kind], f->hosts);
		json_member(b, "by", span_of(f->by));
		write_totals(b, "kept", f->kept);
		write_totals(b, "files", f->files);
		write_totals(b, "topics", f->topics);
		buf_c(b, '}');
	}
}

void deep_write(const struct deep *d, struct buf *b)
{
	buf_str(b, "{\"site\":");
	json_quote(b, span_of(d->site));
	json_member(b, "cluster", span_of(d->cluster));
	buf_printf(b, ",\"merged\":%s,\"hosts\":[", d->merged ? "true" : "false");
	write_hosts(d, b);
	buf_printf(b, "],\"rows\":%" PRIu64 ",\"flows\":[", d->rows);
	write_flows(d, b);
	buf_str(b, "],\"findings\":[");
	for (unsigned i = 0; i < d->nfindings; i++) {
		const struct deep_finding *f = &d->findings[i];

		buf_printf(b, "%s\n{\"what\":\"%s\"", i ? "," : "", whats[f->what]);
		json_member(b, "flow", span_of(f->flow));
		json_member(b, "subject", span_of(f->subject));
		buf_printf(b, ",\"want\":%" PRIu64 ",\"got\":%" PRIu64 "}", f->want, f->got);
	}
	buf_printf(b, "],\"wrong\":%u}", deep_print(d, NULL));
}

static int number_of(const char *text, const char *const *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(text, list[i]) == 0)
			return (int)i;
	return -1;
}

static bool read_hosts(const json_t *list, struct deep *d)
{
	const json_t *o;
	size_t i;

	d->hosts = mem_new((json_array_size(list) + 1) * sizeof *d->hosts);
	json_array_foreach(list, i, o) {
		struct deep_host *h = &d->hosts[d->nhosts++];

		h->name = mem_text(json_text_span(o, "host"));
		h->folder = mem_text(json_text_span(o, "folder"));
		h->boot = mem_text(json_text_span(o, "boot"));
		if (!h->name[0] || !h->folder[0] || clock_read(json_text_span(o, "moment"), &h->moment) != 0)
			return false;
	}
	return d->nhosts > 0;
}

static bool read_flows(const json_t *list, struct deep *d)
{
	const json_t *o;
	struct err ignored;
	size_t i;

	json_array_foreach(list, i, o) {
		const int kind = number_of(json_text(o, "kind"), kinds, sizeof kinds / sizeof *kinds);
		const json_int_t hosts = json_integer_value(json_object_get(o, "hosts"));
		struct deep_flow *f;

		if (kind < 0 || hosts < 0 || hosts > 64 || !json_text(o, "flow")[0])
			return false;
		f = deep_flow_add(d, json_text_span(o, "flow"), (enum deep_kind)kind);
		f->hosts = (unsigned)hosts;
		free(f->by);
		f->by = mem_text(json_text_span(o, "by"));
		if (totals_read(f->kept, json_object_get(o, "kept"), &ignored) != 0 ||
			totals_read(f->files, json_object_get(o, "files"), &ignored) != 0 ||
			totals_read(f->topics, json_object_get(o, "topics"), &ignored) != 0)
			return false;
	}
	return json_is_array(list);
}

static bool read_findings(const json_t *list, struct deep *d)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		const int what = number_of(json_text(o, "what"), whats, DEEP_WHATS);

		if (what < 0)
			return false;
		deep_find(d, (enum deep_what)what, json_text(o, "flow"), json_text(o, "subject"),
			(uint64_t)json_integer_value(json_object_get(o, "want")),
			(uint64_t)json_integer_value(json_object_get(o, "got")));
	}
	return json_is_array(list);
}

int deep_read(const json_t *o, const char *file, struct deep *ret, struct err *e)
{
	*ret = (struct deep){.site = mem_text(json_text_span(o, "site")),
		.cluster = mem_text(json_text_span(o, "cluster")),
		.merged = json_is_true(json_object_get(o, "merged")),
		.rows = (uint64_t)json_integer_value(json_object_get(o, "rows"))};
	if (ret->site[0] && read_hosts(json_object_get(o, "hosts"), ret) &&
		read_flows(json_object_get(o, "flows"), ret) && read_findings(json_object_get(o, "findings"), ret))
		return 0;
	deep_done(ret);
	return err_set(e, E_BALANCE_REPORT, "file=%s", file);
}

/* ---- several hosts ---- */

static bool same_totals(const struct totals *a, const struct totals *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	totals_write(a, &x);
	totals_write(b, &y);
	same = span_eq(buf_as_span(&x), buf_as_span(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

/* Two machines made from one picture may have one name; what cannot be is one name and one folder. */
static bool same_host(const struct deep_host *a, const struct deep_host *b)
{
	return strcmp(a->folder, b->folder) == 0 && (strcmp(a->name, b->name) == 0 || strcmp(a->boot, b->boot) == 0);
}

static int check_hosts(const struct deep *a, const struct deep *b, struct err *e)
{
	for (unsigned i = 0; i < a->nhosts; i++)
		for (unsigned k = 0; k < b->nhosts; k++) {
			const int64_t apart = llabs(a->hosts[i].moment - b->hosts[k].moment);

			if (same_host(&a->hosts[i], &b->hosts[k]))
				return err_set(e, E_BALANCE_SAME_HOST, "host=%s\nfolder=%s", b->hosts[k].name,
					b->hosts[k].folder);
			if (apart > APART_MAX_MS)
				return err_set(e, E_BALANCE_APART, "host=%s\nother=%s\nminutes=%" PRId64 "\nmax=%d",
					b->hosts[k].name, a->hosts[i].name, (apart + 59999) / 60000,
					APART_MAX_MS / 60000);
		}
	return 0;
}

/* A flow that one of them does not know has nothing there. */
static bool moved(const struct deep *a, const struct deep *b, const char **ret_flow)
{
	for (unsigned i = 0; i < a->nflows; i++) {
		const struct deep_flow *f = &a->flows[i], *other = NULL;

		for (unsigned k = 0; k < b->nflows; k++)
			if (strcmp(f->name, b->flows[k].name) == 0)
				other = &b->flows[k];
		*ret_flow = f->name;
		if (!other || f->kind != other->kind || !same_totals(f->kept, other->kept) ||
			!same_totals(f->topics, other->topics))
			return true;
	}
	return false;
}

static int check(const struct deep *a, const struct deep *b, struct err *e)
{
	const char *flow;

	if (strcmp(a->site, b->site) != 0)
		return err_set(e, E_BALANCE_OTHER_SITE, "host=%s\nhave=%s\nwant=%s", b->hosts->name, b->site, a->site);
	if (strcmp(a->cluster, b->cluster) != 0)
		return err_set(e, E_BALANCE_OTHER_CLUSTER, "host=%s\nhave=%s\nwant=%s", b->hosts->name, b->cluster,
			a->cluster);
	if (check_hosts(a, b, e) != 0)
		return -1;
	if (moved(a, b, &flow) || moved(b, a, &flow))
		return err_set(e, E_BALANCE_MOVED, "host=%s\nother=%s\nflow=%s", b->hosts->name, a->hosts->name, flow);
	return 0;
}

static bool is_found(const struct deep *d, const struct deep_finding *f)
{
	for (unsigned i = 0; i < d->nfindings; i++)
		if (d->findings[i].what == f->what && strcmp(d->findings[i].flow, f->flow) == 0 &&
			strcmp(d->findings[i].subject, f->subject) == 0)
			return f->what == DEEP_OUT_DIFFERS || f->what == DEEP_JOURNAL_DIFFERS;
	return false;
}

static int add_flow(struct deep *d, const struct deep_flow *f, bool first, struct err *e)
{
	struct deep_flow *to = first ? deep_flow_add(d, span_of(f->name), f->kind) : deep_flow_of(d, span_of(f->name));
	struct buf by = BUF_INIT;

	if (first && (totals_merge(to->kept, f->kept, e) != 0 || totals_merge(to->topics, f->topics, e) != 0))
		return -1;
	to->hosts += f->hosts;
	buf_printf(&by, "%s%s%s", to->by, to->by[0] && f->by[0] ? ", " : "", f->by);
	free(to->by);
	to->by = mem_text(buf_as_span(&by));
	buf_done(&by);
	return totals_merge(to->files, f->files, e);
}

static int add(struct deep *d, const struct deep *from, bool first, struct err *e)
{
	for (unsigned i = 0; i < from->nflows; i++)
		if (add_flow(d, &from->flows[i], first, e) != 0)
			return -1;
	for (unsigned i = 0; i < from->nfindings; i++) {
		const struct deep_finding *f = &from->findings[i];

		if (!is_found(d, f))
			deep_find(d, f->what, f->flow, f->subject, f->want, f->got);
	}
	d->hosts = mem_grow(d->hosts, d->nhosts + from->nhosts, sizeof *d->hosts);
	for (unsigned i = 0; i < from->nhosts; i++) {
		const struct deep_host *h = &from->hosts[i];

		d->hosts[d->nhosts++] = (struct deep_host){mem_text(span_of(h->name)), mem_text(span_of(h->folder)),
			mem_text(span_of(h->boot)), h->moment};
	}
	d->rows += from->rows;
	return 0;
}

int deep_merge(const struct deep *all, unsigned n, struct deep *ret, struct err *e)
{
	struct deep d = {.merged = true};

	for (unsigned i = 0; i < n; i++) {
		if (!all[i].cluster[0])
			return err_set(e, E_BALANCE_ALONE, "host=%s", all[i].hosts->name);
		for (unsigned k = 0; k < i; k++)
			if (check(&all[k], &all[i], e) != 0)
				return -1;
	}
	d.site = mem_text(span_of(all[0].site));
	d.cluster = mem_text(span_of(all[0].cluster));
	for (unsigned i = 0; i < n; i++)
		if (add(&d, &all[i], i == 0, e) != 0) {
			deep_done(&d);
			return -1;
		}
	*ret = d;
	return 0;
}
