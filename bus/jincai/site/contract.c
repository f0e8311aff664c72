/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <stdlib.h>

#include "say.h"

#define ENVELOPE_ZH "外壳是 CloudEvents 1.0 结构化 JSON；记录的键即 partitionkey；laneseq 在每个分区上逐一递增。"
#define ENVELOPE_EN "The envelope is CloudEvents 1.0 in structured JSON; the key of a record is its partitionkey; " \
	"laneseq counts without gaps on each partition."

/* ---- schemas, as others read them ---- */

struct hoisting {
	const struct schema *schema;
	json_t *schemas;             /* components.schemas */
};

static json_t *file_of(const struct schema *s, struct span name)
{
	struct span have, bytes;

	for (unsigned i = 0; schema_file(s, i, &have, &bytes); i++)
		if (span_ends(have, name))
			return json_loadb(bytes.p, bytes.n, 0, NULL);
	return NULL;
}

static void hoist(struct hoisting *h, json_t *node, const char *own);

/* Puts the definition there under a name of its own, with all that it refers to, and gives the way to it. */
static void hoist_definition(struct hoisting *h, json_t *node, const char *ref, const char *own)
{
	const char *hash = strchr(ref, '#'), *name = strrchr(ref, '/') + 1, *file = hash == ref ? own : ref;
	struct span path = hash == ref ? span_of(own) : (struct span){file, (size_t)(hash - file)};
	struct buf key = BUF_INIT, where = BUF_INIT;
	json_t *all, *one;

	while (span_starts(path, SPAN("../")))
		path = (struct span){path.p + 3, path.n - 3};
	all = file_of(h->schema, path);
	one = json_object_get(json_object_get(all, "$defs"), name);
	buf_printf(&key, "%.*s.%s", (int)(path.n - strlen(".json")), path.p, name);
	for (size_t i = 0; i < key.n; i++)
		key.p[i] = key.p[i] == '/' ? '.' : key.p[i];
	if (one && !json_object_get(h->schemas, buf_text(&key))) {
		char *its = mem_text(path);

		json_object_set(h->schemas, buf_text(&key), one);
		hoist(h, one, its);
		free(its);
	}
	buf_printf(&where, "#/components/schemas/%s", buf_text(&key));
	json_object_set_new(node, "$ref", json_string(buf_text(&where)));
	json_decref(all);
	buf_done(&key);
	buf_done(&where);
}

static void hoist(struct hoisting *h, json_t *node, const char *own)
{
	const char *ref = json_string_value(json_object_get(node, "$ref"));
	const char *key;
	json_t *value;
	size_t i;

	if (ref)
		hoist_definition(h, node, ref, own);
	json_object_del(node, "$schema");
	json_object_del(node, "$id");
	json_object_del(node, "$defs");
	json_object_del(node, "additionalProperties");
	json_object_foreach(node, key, value)
		hoist(h, value, own);
	json_array_foreach(node, i, value)
		hoist(h, value, own);
}

static void add_data(const struct schema *s, json_t *schemas)
{
	struct hoisting h = {s, schemas};
	struct span name = SPAN_NONE, bytes;
	struct buf file = BUF_INIT;
	char *own;
	json_t *data;

	if (json_object_get(schemas, schema_type(s)))
		return;
	buf_printf(&file, "/%s.json", schema_type(s));
	for (unsigned i = 0; schema_file(s, i, &name, &bytes) && !span_ends(name, buf_as_span(&file)); i++)
		;
	data = file_of(s, buf_as_span(&file));
	own = mem_text(name);
	buf_done(&file);
	json_object_set(schemas, schema_type(s), data);
	hoist(&h, data, own);
	json_decref(data);
	free(own);
}

/* ---- the document ---- */

static json_t *ref_to(const char *what, const char *name)
{
	struct buf b = BUF_INIT;
	json_t *ret;

	buf_printf(&b, "#/%s/%s", what, name);
	ret = json_pack("{s:s}", "$ref", buf_text(&b));
	buf_done(&b);
	return ret;
}

static json_t *text(void)
{
	return json_pack("{s:s}", "type", "string");
}

static json_t *constant(const char *value)
{
	return json_pack("{s:s,s:s}", "type", "string", "const", value);
}

/* data: a reference, or NULL: what opens a lane. */
static json_t *envelope(const char *type, json_t *data)
{
	static const char *const always[] = {"id", "source", "lane", "laneseq", NULL},
		*const facts[] = {"time", "partitionkey", "batchid", "unit", "businessdate", "changed", NULL};
	json_t *properties = json_pack("{s:o,s:o}", "specversion", constant("1.0"), "type", constant(type)),
		*required = json_array();

	for (const char *const *name = always; *name; name++) {
		json_object_set_new(properties, *name, text());
		json_array_append_new(required, json_string(*name));
	}
	for (const char *const *name = facts; data && *name; name++)
		json_object_set_new(properties, *name, text());
	json_array_append_new(required, json_string("type"));
	json_array_append_new(required, json_string("data"));
	json_object_set_new(properties, "data", data ? data : json_pack("{s:s}", "type", "object"));
	return json_pack("{s:s,s:o,s:o}", "type", "object", "required", required, "properties", properties);
}

static json_t *message(const char *type, const char *title, json_t *payload)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o}", "name", type, "title", title, "contentType",
		"application/cloudevents+json", "payload",
		payload, "bindings", json_pack("{s:{s:{s:s}}}", "kafka", "key", "type", "string"));
}

#define OPENED "jincai.lane.opened"

static void add_messages(const struct schema *s, json_t *messages)
{
	if (!json_object_get(messages, schema_type(s)))
		json_object_set_new(messages, schema_type(s), message(schema_type(s), schema_type(s),
			envelope(schema_type(s), ref_to("components/schemas", schema_type(s)))));
	if (!json_object_get(messages, OPENED))
		json_object_set_new(messages, OPENED, message(OPENED, "A lane is opened: no fact, to be skipped",
			envelope(OPENED, NULL)));
}

static void add_topic(struct site *s, const struct site_destination *d, json_t *channels, json_t *operations)
{
	const char *type = schema_type(d->form->published), *name = d->topic + strlen("jincai.out.");
	struct buf address = BUF_INIT, at = BUF_INIT;
	json_t *messages = json_object(), *links = json_array();

	buf_printf(&address, "%s%s", s->kafka.prefix ? s->kafka.prefix : "", d->topic);
	buf_printf(&at, "channels/%s/messages", name);
	for (const char *const *m = (const char *const[]){type, OPENED, NULL}; *m; m++) {
		json_object_set_new(messages, *m, ref_to("components/messages", *m));
		json_array_append_new(links, ref_to(buf_text(&at), *m));
	}
	json_object_set_new(channels, name, json_pack("{s:s,s:s,s:o,s:{s:{s:s,s:i}}}", "address", buf_text(&address),
		"description", say(ENVELOPE_ZH, ENVELOPE_EN), "messages", messages, "bindings", "kafka", "topic",
		buf_text(&address), "partitions", (int)s->partitions));
	json_object_set_new(operations, name, json_pack("{s:s,s:o,s:o}", "action", "send", "channel",
		ref_to("channels", name), "messages", links));
	buf_done(&address);
	buf_done(&at);
}

static json_t *servers(const struct site *s)
{
	json_t *ret = json_object();
	struct span left = span_of(s->bus_url);
	unsigned n = 0;

	if (!site_on_kafka(s))
		return ret;
	left = (struct span){left.p + strlen("kafka:"), left.n - strlen("kafka:")};
	while (left.n) {
		const char *comma = memchr(left.p, ',', left.n);
		size_t bytes = comma ? (size_t)(comma - left.p) : left.n;
		char name[24];

		snprintf(name, sizeof name, "broker%u", ++n);
		json_object_set_new(ret, name, json_pack("{s:s%,s:s}", "host", left.p, bytes, "protocol",
			s->kafka.ca ? "kafka-secure" : "kafka"));
		left = comma ? (struct span){comma + 1, left.n - bytes - 1} : SPAN_NONE;
	}
	return ret;
}

json_t *contract_asyncapi(struct site *s)
{
	json_t *channels = json_object(), *operations = json_object(), *messages = json_object(),
		*schemas = json_object(), *ret;
	struct buf title = BUF_INIT;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		const struct site_destination *d = &s->destinations[i];

		if (!d->topic)
			continue;
		add_data(d->form->published, schemas);
		add_messages(d->form->published, messages);
		add_topic(s, d, channels, operations);
	}
	buf_printf(&title, say("站点 %s 对外发布的事件", "Events of site %s for consumers"), s->name);
	ret = json_pack("{s:s,s:{s:s,s:s,s:s},s:s,s:o,s:o,s:o,s:{s:o,s:o}}", "asyncapi", "3.0.0", "info",
		"title", buf_text(&title), "version", "1.0.0", "description", say(ENVELOPE_ZH, ENVELOPE_EN),
		"defaultContentType", "application/cloudevents+json", "servers", servers(s), "channels", channels,
		"operations", operations, "components", "messages", messages, "schemas", schemas);
	buf_done(&title);
	return ret;
}

/* ---- a page ---- */

static void field_row(const struct schema_field *x, struct buf *b)
{
	static const char *const formats[] = {"", "2026-12-05", "2026-12", "1234.50"};

	buf_printf(b, "| `%.*s` | %.*s | %s | %s | %s |\n", SPAN_F(x->path),
		SPAN_F(say_lang() == ERR_ZH ? x->title_zh : x->title),
		x->required ? say("是", "yes") : say("否", "no"), formats[x->format],
		x->sensitivity != SENSITIVITY_NONE ? say("个人信息", "personal") : "");
}

void contract_page(struct site *s, struct buf *b)
{
	unsigned n;

	buf_printf(b, say("# 站点 %s 对外发布的事件\n\n" ENVELOPE_ZH "不认识的字段请忽略。\n",
		"# Events of site %s for consumers\n\n" ENVELOPE_EN " Ignore fields that you do not know.\n"), s->name);
	for (unsigned i = 0; i < s->ndestinations; i++) {
		const struct site_destination *d = &s->destinations[i];
		const struct schema_field *fields;

		if (!d->topic)
			continue;
		buf_printf(b, "\n## %s%s\n\n", s->kafka.prefix ? s->kafka.prefix : "", d->topic);
		buf_printf(b, say("类型 `%s`，分区 %u 个", "Type `%s`, partitions: %u"), schema_type(d->form->published),
			s->partitions);
		if (d->contact)
			buf_printf(b, say("，联系人：%s", ", contact: %s"), d->contact);
		buf_str(b, say("。\n\n| 字段 | 含义 | 必有 | 写法 | 备注 |\n",
			".\n\n| field | meaning | always there | as | remark |\n"));
		buf_str(b, "| --- | --- | --- | --- | --- |\n");
		fields = schema_fields(d->form->published, &n);
		for (unsigned k = 0; k < n; k++)
			field_row(&fields[k], b);
	}
}
