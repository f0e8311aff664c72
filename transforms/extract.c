/* SPDX-License-Identifier: Apache-2.0 */
#include "extract.h"

#include <stdlib.h>

#include "jscan.h"
#include "money.h"

/* One name at one level of the data: a leaf with a slot, or an object with children. */
struct node {
	char *key;
	int slot;
	struct node *children, *next;
};

struct extract {
	struct node *root;
	unsigned first, count;       /* of the slots that it fills */
	int amount, currency;
	const char *money;
	unsigned envelope;           /* slot of event.id; the others follow */
};

static const char *const envelope[] = {"event.id", "event.type", "event.time", "event.batchid", "event.unit",
	"event.bank", "event.businessdate", "event.changed", "event.amount", "event.currency"};

enum { ENV_ID, ENV_TYPE, ENV_TIME, ENV_BATCH, ENV_UNIT, ENV_BANK, ENV_DATE, ENV_CHANGED, ENV_AMOUNT, ENV_CURRENCY, ENV_COUNT };

static struct node *child(struct node **list, struct span key)
{
	struct node **at = list;

	for (; *at; at = &(*at)->next)
		if (span_is(key, (*at)->key))
			return *at;
	*at = mem_new(sizeof **at);
	(*at)->key = mem_text(key);
	(*at)->slot = -1;
	return *at;
}

static void add_field(struct extract *x, struct names *names, const struct schema_field *f, bool control)
{
	struct buf name = BUF_INIT;
	struct node **level = &x->root, *n = NULL;
	struct span rest = f->path;
	int slot;

	buf_printf(&name, "data.%.*s", SPAN_F(f->path));
	slot = (int)names_add(names, buf_as_span(&name));
	buf_done(&name);
	while (rest.n) {
		const char *dot = memchr(rest.p, '.', rest.n);
		size_t len = dot ? (size_t)(dot - rest.p) : rest.n;

		n = child(level, (struct span){rest.p, len});
		level = &n->children;
		rest = dot ? (struct span){dot + 1, rest.n - len - 1} : SPAN_NONE;
	}
	if (n)
		n->slot = slot;
	if (control)
		x->amount = slot;
	if (span_is(f->path, "currency"))
		x->currency = slot;
}

struct extract *extract_new(const struct schema *s, struct names *names)
{
	struct extract *x = mem_new(sizeof *x);
	unsigned n = 0;
	const struct schema_field *fields = s ? schema_fields(s, &n) : NULL, *control = s ? schema_control(s) : NULL;

	x->amount = x->currency = -1;
	x->first = x->envelope = names_add(names, span_of(envelope[0]));
	for (unsigned i = 1; i < ENV_COUNT; i++)
		names_add(names, span_of(envelope[i]));
	for (unsigned i = 0; i < n; i++)
		add_field(x, names, &fields[i], &fields[i] == control);
	x->count = names_count(names) - x->first;
	x->money = s ? schema_kind_of_money(s) : "";
	return x;
}

static void free_nodes(struct node *n)
{
	for (struct node *next; n; n = next) {
		next = n->next;
		free_nodes(n->children);
		free(n->key);
		free(n);
	}
}

void extract_free(struct extract *x)
{
	if (!x)
		return;
	free_nodes(x->root);
	free(x);
}

int extract_amount_slot(const struct extract *x)
{
	return x->amount;
}

int extract_currency_slot(const struct extract *x)
{
	return x->currency;
}

const char *extract_kind_of_money(const struct extract *x)
{
	return x->money;
}

static int walk(const struct node *list, struct jscan *in, struct slots *s, struct err *e)
{
	const struct node *expected = list;
	struct jscan_value v;
	struct span key;
	int more;

	if (jscan_enter_object(in, e) != 0)
		return -1;
	while ((more = jscan_next_key(in, &key, e)) == 1) {
		const struct node *n = expected;

		if (!n || !span_is(key, n->key))
			for (n = list; n && !span_is(key, n->key);)
				n = n->next;
		expected = n ? n->next : expected;
		if (n && n->children && jscan_peek(in) == JSCAN_OBJECT) {
			if (walk(n->children, in, s, e) != 0)
				return -1;
			continue;
		}
		if (jscan_value(in, &v, e) != 0)
			return -1;
		if (n && n->slot >= 0 && v.type == JSCAN_STRING &&
			jscan_unescape(&v, &s->text, &s->v[n->slot].text, e) != 0)
			return -1;
	}
	return more;
}

int extract_run(const struct extract *x, const struct event *v, struct slots *s, struct err *e)
{
	struct value *env = s->v + x->envelope;
	struct jscan in;

	slots_begin(s, v->data.n);
	memset(s->v + x->first, 0, x->count * sizeof *s->v);
	env[ENV_ID].text = v->id;
	env[ENV_TYPE].text = v->type;
	env[ENV_TIME].text = v->time;
	env[ENV_BATCH].text = v->batchid;
	env[ENV_UNIT].text = v->unit;
	env[ENV_BANK].text = v->bank;
	env[ENV_DATE].text = v->businessdate;
	env[ENV_CHANGED].text = v->changed;
	jscan_init(&in, v->data);
	if (x->root && walk(x->root, &in, s, e) != 0)
		return -1;
	if (x->amount >= 0 && s->v[x->amount].text.p) {
		struct money_form form = MONEY_YUAN;

		if (money_read(s->v[x->amount].text, &form, &s->v[x->amount].fen, e) != 0)
			return -1;
		s->v[x->amount].is_money = true;
		env[ENV_AMOUNT] = s->v[x->amount];
	}
	if (x->currency >= 0)
		env[ENV_CURRENCY] = s->v[x->currency];
	return 0;
}
