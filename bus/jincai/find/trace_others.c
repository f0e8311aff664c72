/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <jansson.h>
#include <stdlib.h>

#include "index.h"
#include "json_text.h"
#include "say.h"

/* What has the same number: head and lines, a void, a replacement, a receipt. */

static struct span text_at(const json_t *o, struct span path)
{
	const json_t *text = json_at(o, path);

	return json_is_string(text) ? (struct span){json_string_value(text), json_string_length(text)} : SPAN_NONE;
}

/* Which of its fields has the number, as its schema calls it: of a line that is the number of its head, of a void that
 * of what it takes back. */
static struct span field_of(struct trace *t, const struct event *v, struct span number)
{
	const struct schema *schema;
	const struct schema_field *fields;
	struct buf part = BUF_INIT;
	struct span ret = SPAN_NONE;
	struct findings quiet;
	json_t *data;
	unsigned n = 0;

	findings_init(&quiet);
	schema = library_schema(t->site->library, v->type, conf_root(t->site->conf), &quiet);
	findings_done(&quiet);
	if (!schema)
		return ret;
	data = json_loadb(v->data.p, v->data.n, 0, NULL);
	fields = schema_fields(schema, &n);
	for (unsigned i = 0; i < n && !ret.n; i++) {
		struct span text = fields[i].number ? text_at(data, fields[i].path) : SPAN_NONE;

		buf_clear(&part);
		event_id_part(&part, text);
		if (text.n && span_eq(buf_as_span(&part), number))
			ret = say_lang() == ERR_ZH && fields[i].title_zh.n ? fields[i].title_zh : fields[i].title;
	}
	json_decref(data);
	buf_done(&part);
	return ret;
}

static bool is_there(const struct trace *t, const struct trace_other *o)
{
	for (unsigned i = 0; i < t->nothers; i++)
		if (t->others[i].topic == o->topic && t->others[i].partition == o->partition &&
			t->others[i].offset == o->offset)
			return true;
	return false;
}

/* number: which both have; absent of the same id, published before. */
static int add_other(struct trace *t, const struct bus_entry *at, struct span number, struct err *e)
{
	struct trace_other o = {.topic = bus_topic_name(t->bus, at->topic), .partition = at->partition,
		.offset = at->offset, .number = number, .before = !number.n};
	struct span value;
	struct event v;
	int got = is_there(t, &o) ? 0 :
		trace_read(t->bus, &t->arena, at->topic, at->partition, at->offset, &value, &o.time_ms, e);

	if (got <= 0 || event_read(value, &v, e) != 0)
		return got < 0 ? -1 : 0;
	if (!o.before && span_eq(v.id, t->id))
		return 0;
	o.id = v.id;
	o.type = v.type;
	o.amount = v.amount;
	o.businessdate = v.businessdate;
	o.field = number.n ? field_of(t, &v, number) : SPAN_NONE;
	t->others = mem_grow(t->others, t->nothers + 1u, sizeof *t->others);
	t->others[t->nothers++] = o;
	return 0;
}

static int others_of(struct trace *t, struct span number, struct err *e)
{
	struct trace_places at;
	char key[INDEX_KEY_MAX];
	int ret = trace_places(t->bus, index_find_number(key, number), &at, e);

	for (unsigned i = 0; i < at.n && ret >= 0 && t->nothers < TRACE_OTHERS_MAX; i++)
		ret = add_other(t, &at.list[i], number, e);
	free(at.list);
	return ret < 0 ? -1 : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_other *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int trace_others(struct trace *t, struct err *e)
{
	struct span rest = t->event.numbers;
	char key[INDEX_KEY_MAX];
	struct bus_entry first;
	int got = 0;

	while (rest.n) {
		const char *blank = memchr(rest.p, ' ', rest.n);
		size_t n = blank ? (size_t)(blank - rest.p) : rest.n;

		if (n && others_of(t, (struct span){rest.p, n}, e) != 0)
			return -1;
		rest = blank ? (struct span){blank + 1, rest.n - n - 1} : SPAN_NONE;
	}
	if (t->event.again.p)
		got = bus_look(t->bus, NULL, INDEX_IDS, index_key(key, 0, t->id, SPAN_NONE), &first, e);
	if (got == 1)
		got = add_other(t, &first, SPAN_NONE, e);
	if (t->nothers)
		qsort(t->others, t->nothers, sizeof *t->others, by_time);
	return got < 0 ? -1 : 0;
}
