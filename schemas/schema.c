/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <stdlib.h>

#include "jscan.h"
#include "schema_pattern.h"
#include "schema_tree.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define COMMON "../common/"

enum { REFS_MAX = 8, DEPTH_MAX = 16, LENGTH_MAX = 1 << 20 };

static const char *const root_words[] = {"$schema", "$id", "$defs", "$comment", "type", "title", "description",
	"examples", "x-title-zh", "properties", "required", "additionalProperties", NULL};
static const char *const object_words[] = {"$comment", "type", "title", "description", "x-title-zh", "properties",
	"required", "additionalProperties", NULL};
static const char *const list_words[] = {"$comment", "type", "title", "description", "x-title-zh", "items", "minItems",
	"maxItems", NULL};
static const char *const text_words[] = {"$comment", "type", "title", "description", "examples", "x-title-zh",
	"minLength", "maxLength", "pattern", "enum", "const", "format", "x-sensitivity", "x-control", "x-number",
	"x-max-bytes", NULL};
/* Beside $ref stands what this use of the definition says of itself; rules of form belong into the definition. */
static const char *const ref_words[] = {"$comment", "$ref", "title", "description", "examples", "x-title-zh",
	"x-sensitivity", "x-control", "x-number", "x-max-bytes", NULL};

struct opened {
	struct conf_file *file;
	struct opened *next;
};

struct compiler {
	struct schema *s;
	struct findings *f;
	struct findings muted;       /* for a definition that is used again: it has been told */
	struct opened *files;
	struct buf fields;           /* struct schema_field, growing */
	struct buf leaves;           /* const struct conf *: where each stands */
	struct buf told;             /* const struct conf * */
	struct schema_list *list;    /* whose items are compiled; NULL: none */
};

/* A schema with the references that lead to it: [0] as written at the place of use, the last one has no $ref. */
struct chain {
	struct conf *maps[REFS_MAX];
	unsigned n;
};

/* The object around, up to the root: a reference to one of them never ends. */
struct around {
	const struct conf *map;
	const struct around *up;
	unsigned depth;
};

static void report_text(struct findings *f, const struct conf *node, enum err_id id, const char *name, struct span text)
{
	conf_report(f, node, id, "%s=%.*s", name, (int)(text.n < 100 ? text.n : 100), text.p);
}

static struct span text_of(const struct conf *x)
{
	return x->kind == CONF_SCALAR ? x->text : x->kind == CONF_LIST ? SPAN("[ ]") : SPAN("{ }");
}

static struct findings *voice(struct compiler *c, const struct conf *map)
{
	const struct conf *const *told = (const struct conf *const *)(const void *)c->told.p;

	for (size_t i = 0; i < c->told.n / sizeof *told; i++)
		if (told[i] == map)
			return &c->muted;
	return c->f;
}

static void tell(struct compiler *c, const struct chain *chain)
{
	for (unsigned i = 0; i < chain->n; i++)
		buf_add(&c->told, &chain->maps[i], sizeof chain->maps[i]);
}

static struct conf *open_root(struct compiler *c, const char *path)
{
	struct opened *x;

	for (x = c->files; x; x = x->next)
		if (strcmp(conf_path(x->file), path) == 0)
			return conf_root(x->file);
	x = arena_new(&c->s->arena, sizeof *x);
	x->file = conf_open(path, c->f);
	if (!x->file)
		return NULL;
	x->next = c->files;
	c->files = x;
	return conf_root(x->file);
}

/* Root of the file that a reference names: this one, one beside it, or one of what all systems share. NULL: no such name,
 * or a finding was made. */
static struct conf *ref_root(struct compiler *c, const struct conf *ref, struct span file)
{
	static const struct span common = {COMMON, sizeof COMMON - 1};
	const char *here = conf_path(ref->file), *slash = strrchr(here, '/');
	size_t folder = span_starts(file, common) ? common.n : 0;
	struct buf path = BUF_INIT;
	struct conf *root = NULL;

	if (!file.n)
		return open_root(c, here);
	if (!memchr(file.p + folder, '/', file.n - folder) && span_ends(file, SPAN(".json"))) {
		buf_add(&path, here, slash ? (size_t)(slash + 1 - here) : 0);
		buf_span(&path, file);
		root = open_root(c, buf_text(&path));
	}
	buf_done(&path);
	return root;
}

static struct conf *entry(struct conf *map, struct span name)
{
	for (struct conf *x = map && map->kind == CONF_MAP ? map->first : NULL; x; x = x->next)
		if (span_eq(x->key, name))
			return x;
	return NULL;
}

static struct conf *follow(struct compiler *c, const struct conf *ref)
{
	static const char mark[] = "#/$defs/";
	const char *at = ref->kind == CONF_SCALAR ? strstr(ref->text.p, mark) : NULL;
	struct conf *root;

	if (!at)
		return NULL;
	root = ref_root(c, ref, (struct span){ref->text.p, (size_t)(at - ref->text.p)});
	return entry(entry(root, SPAN("$defs")), span_of(at + strlen(mark)));
}

static int resolve(struct compiler *c, struct conf *node, struct chain *ret)
{
	struct conf *ref;

	for (ret->n = 0; ret->n < REFS_MAX; node = follow(c, ref)) {
		if (!node)
			break;
		ret->maps[ret->n++] = node;
		ref = conf_get(node, "$ref");
		if (!ref)
			return 0;
	}
	ref = conf_get(ret->maps[ret->n - 1], "$ref");
	report_text(c->f, ref, E_SCHEMA_REF, "ref", text_of(ref));
	return -1;
}

/* The nearest one that says it: the place of use before the definition. The last one when none does. */
static struct conf *holder(const struct chain *chain, const char *name)
{
	for (unsigned i = 0; i + 1 < chain->n; i++)
		if (entry(chain->maps[i], span_of(name)))
			return chain->maps[i];
	return chain->maps[chain->n - 1];
}

static void check_words(struct findings *f, const struct conf *map, const char *const *words)
{
	for (const struct conf *x = map->first; x; x = x->next) {
		const char *const *w = words;
		const char *near;

		while (*w && !span_is(x->key, *w))
			w++;
		if (*w)
			continue;
		near = conf_nearest(x->key, words);
		conf_report_key(f, x, E_SCHEMA_KEYWORD, "keyword=%.*s\nnear=%s", (int)(x->key.n < 60 ? x->key.n : 60),
			x->key.p, near ? near : "-");
	}
}

static struct span title(struct compiler *c, const struct chain *chain, const char *name)
{
	struct conf *map = holder(chain, name);

	return arena_span(&c->s->arena, conf_text(map, name, "", voice(c, map)));
}

static bool is_text(const struct conf *x)
{
	return x->kind == CONF_SCALAR && x->quoted;
}

/* enum or const: the one as a list of the other. */
static void compile_choices(struct compiler *c, struct conf *map, struct schema_field *field)
{
	struct conf *list = conf_want(map, "enum", CONF_LIST, voice(c, map));
	struct conf *one = conf_get(map, "const");
	struct span *choices;
	unsigned n = one ? 1 : 0;

	if (one && list)
		conf_report_key(voice(c, map), one, E_SCHEMA_KEYWORD, "keyword=const\nnear=enum");
	if (!one && !list)
		return;
	if (!one)
		for (const struct conf *x = list->first; x; x = x->next)
			n++;
	choices = arena_new(&c->s->arena, (n + 1) * sizeof *choices);
	field->choices = choices;
	for (const struct conf *x = one ? one : list->first; x; x = one ? NULL : x->next) {
		if (!is_text(x))
			report_text(voice(c, map), x, E_SCHEMA_TYPE, "type", text_of(x));
		else
			choices[field->nchoices++] = arena_span(&c->s->arena, x->text);
	}
}

static void compile_pattern(struct compiler *c, struct conf *map, struct schema_field *field)
{
	struct conf *x = conf_want(map, "pattern", CONF_SCALAR, voice(c, map));
	unsigned at;

	if (!x)
		return;
	field->pattern = schema_pattern_new(&c->s->arena, x->text, &at);
	if (!field->pattern)
		conf_report(voice(c, map), x, E_SCHEMA_PATTERN, "at=%u\npattern=%.*s", at,
			(int)(x->text.n < 120 ? x->text.n : 120), x->text.p);
}

static void compile_bytes(struct compiler *c, const struct chain *chain, struct schema_field *field)
{
	struct conf *map = holder(chain, "x-max-bytes");
	struct conf *bytes = conf_want(map, "x-max-bytes", CONF_MAP, voice(c, map));

	if (!bytes)
		return;
	for (unsigned i = 0; i < CHARSET_COUNT; i++)
		field->max_bytes[i] = (uint32_t)conf_int(bytes, charset_name((enum charset)i), 1, LENGTH_MAX, 0,
			voice(c, map));
	conf_unknown(bytes, voice(c, map));
}

/* What is personal, or stands in a list, finds nothing. */
static void compile_number(struct compiler *c, const struct chain *chain, struct schema_field *field)
{
	struct conf *map = holder(chain, "x-number");

	field->number = conf_bool(map, "x-number", false, voice(c, map));
	if (field->number && (c->list || field->sensitivity != SENSITIVITY_NONE || field->format != SCHEMA_TEXT))
		conf_report_key(voice(c, map), conf_get(map, "x-number"), E_SCHEMA_NUMBER, "field=%.*s", SPAN_F(field->path));
}

static void compile_marks(struct compiler *c, const struct chain *chain, struct schema_field *field)
{
	struct conf *map = holder(chain, "x-sensitivity");

	/* One that was forgotten would show an account to everybody. */
	if (conf_need(map, "x-sensitivity", CONF_SCALAR, voice(c, map)))
		field->sensitivity = (enum schema_sensitivity)conf_choice(map, "x-sensitivity",
			"none|account|id|name|phone", 0, voice(c, map));
	map = holder(chain, "x-control");
	field->control = conf_get(map, "x-control") != NULL;
	field->money = (enum schema_money)conf_choice(map, "x-control", "cash|order|book|back", SCHEMA_CASH, voice(c, map));
	if (field->control && c->list)
		conf_report_key(voice(c, map), conf_get(map, "x-control"), E_SCHEMA_CONTROL, "marked=1\namounts=0");
	compile_number(c, chain, field);
	compile_bytes(c, chain, field);
}

static void compile_leaf(struct compiler *c, const struct chain *chain, struct schema_node *node, bool required)
{
	struct conf *map = chain->maps[chain->n - 1];
	struct findings *f = voice(c, map);
	struct schema_field field = {.path = node->path, .required = required};

	check_words(f, map, text_words);
	field.title = title(c, chain, "title");
	field.title_zh = title(c, chain, "x-title-zh");
	field.format = (enum schema_format)(conf_choice(map, "format", "date|month|money", -1, f) + 1);
	field.min_length = (uint32_t)conf_int(map, "minLength", 0, LENGTH_MAX, 0, f);
	field.max_length = (uint32_t)conf_int(map, "maxLength", 1, LENGTH_MAX, 0, f);
	compile_pattern(c, map, &field);
	compile_choices(c, map, &field);
	compile_marks(c, chain, &field);
	node->field = (int)(c->fields.n / sizeof field);
	node->list = c->list;
	buf_add(&c->fields, &field, sizeof field);
	buf_add(&c->leaves, &chain->maps[0], sizeof chain->maps[0]);
}

static bool name_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char x = s.p[i];

		if (!((x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (i && ((x >= '0' && x <= '9') || x == '_'))))
			return false;
	}
	return s.n > 0;
}

static bool listed(struct conf *required, struct span name)
{
	for (const struct conf *x = required ? required->first : NULL; x; x = x->next)
		if (x->kind == CONF_SCALAR && span_eq(x->text, name))
			return true;
	return false;
}

static struct schema_node *new_node(struct compiler *c, const struct schema_node *up, struct span key)
{
	struct schema_node *node = arena_new(&c->s->arena, sizeof *node);
	struct buf path = BUF_INIT;

	buf_span(&path, up->path);
	buf_str(&path, up->path.n && key.p[0] != '[' ? "." : "");
	buf_span(&path, key);
	node->key = arena_span(&c->s->arena, key);
	node->path = (struct span){arena_text(&c->s->arena, buf_as_span(&path)), path.n};
	node->field = -1;
	buf_done(&path);
	return node;
}

static void compile(struct compiler *c, struct conf *x, struct schema_node *node, bool required,
	const struct around *around);

static void compile_object(struct compiler *c, const struct chain *chain, struct schema_node *node, bool required,
	const struct around *up)
{
	struct conf *map = chain->maps[chain->n - 1];
	struct findings *f = voice(c, map);
	struct around here = {map, up, up ? up->depth + 1 : 0};
	struct conf *names = conf_want(map, "required", CONF_LIST, f);
	struct conf *properties = conf_need(map, "properties", CONF_MAP, f);
	struct schema_node **tail = &node->first;

	check_words(f, map, up ? object_words : root_words);
	/* Open by default in the standard; ours are closed, and say so to every other reader of the file. */
	if (conf_need(map, "additionalProperties", CONF_SCALAR, f))
		conf_choice(map, "additionalProperties", "false", 0, f);
	for (const struct conf *x = names ? names->first : NULL; x; x = x->next)
		if (x->kind != CONF_SCALAR || !entry(properties, x->text))
			report_text(f, x, E_SCHEMA_REF, "ref", text_of(x));
	for (struct conf *x = properties ? properties->first : NULL; x; x = x->next) {
		if (!name_ok(x->key)) {
			conf_report_key(f, x, E_SCHEMA_NAME, "name=%.*s", (int)(x->key.n < 60 ? x->key.n : 60),
				x->key.p);
			continue;
		}
		*tail = new_node(c, node, x->key);
		(*tail)->index = node->count++;
		(*tail)->needed = listed(names, x->key);
		compile(c, x, *tail, required && (*tail)->needed, &here);
		tail = &(*tail)->next;
	}
}

static void check_leaf_examples(struct compiler *c, const struct schema_field *fields);

/* Fields of items are the list's own. */
static void compile_items(struct compiler *c, struct conf *items, struct schema_list *list, struct schema_node *node,
	const struct around *around)
{
	const struct buf fields = c->fields, leaves = c->leaves;
	const unsigned before = c->f->count;
	struct schema_field *own;

	node->first = new_node(c, node, SPAN("[]"));
	c->fields = c->leaves = BUF_INIT;
	c->list = list;
	compile(c, items, node->first, true, around);
	c->list = NULL;
	list->fields = own = arena_new(&c->s->arena, c->fields.n + 1);
	list->nfields = (unsigned)(c->fields.n / sizeof *own);
	if (c->fields.n)
		memcpy(own, c->fields.p, c->fields.n);
	if (c->f->count == before)
		check_leaf_examples(c, own);
	buf_done(&c->fields);
	buf_done(&c->leaves);
	c->fields = fields;
	c->leaves = leaves;
}

static void compile_list(struct compiler *c, const struct chain *chain, struct schema_node *node, bool required,
	const struct around *around)
{
	struct conf *map = chain->maps[chain->n - 1];
	struct findings *f = voice(c, map);
	struct conf *items = conf_need(map, "items", CONF_MAP, f);
	struct schema_list *list = arena_new(&c->s->arena, sizeof *list);

	check_words(f, map, list_words);
	*list = (struct schema_list){.path = node->path, .title = title(c, chain, "title"),
		.title_zh = title(c, chain, "x-title-zh"), .required = required,
		.min_items = (uint32_t)conf_int(map, "minItems", 0, SCHEMA_ITEMS_MAX, 0, f)};
	if (conf_need(map, "maxItems", CONF_SCALAR, f))
		list->max_items = (uint32_t)conf_int(map, "maxItems", 1, SCHEMA_ITEMS_MAX, 1, f);
	node->list = list;
	if (items)
		compile_items(c, items, list, node, around);
	*c->s->last_list = list;
	c->s->last_list = (struct schema_list **)(uintptr_t)&list->next;
}

static bool in_circle(const struct around *around, const struct conf *map)
{
	for (; around; around = around->up)
		if (around->map == map || around->depth >= DEPTH_MAX)
			return true;
	return false;
}

static void compile(struct compiler *c, struct conf *x, struct schema_node *node, bool required,
	const struct around *around)
{
	struct chain chain;
	struct conf *map, *type;

	if (resolve(c, x, &chain) != 0)
		return;
	for (unsigned i = 0; i + 1 < chain.n; i++)
		check_words(voice(c, chain.maps[i]), chain.maps[i], ref_words);
	map = chain.maps[chain.n - 1];
	type = conf_need(map, "type", CONF_SCALAR, voice(c, map));
	if (in_circle(around, map))
		report_text(c->f, x, E_SCHEMA_REF, "ref", x->key);
	else if (type && span_is(type->text, "object") && !(c->list && node->key.p[0] != '['))
		compile_object(c, &chain, node, required, around);
	else if (type && span_is(type->text, "array") && around && !c->list)
		compile_list(c, &chain, node, required, around);
	else if (type && span_is(type->text, "string") && around && node->key.p[0] != '[')
		compile_leaf(c, &chain, node, required);
	else if (type)
		report_text(voice(c, map), type, E_SCHEMA_TYPE, "type", type->text);
	tell(c, &chain);
}

static void check_control(struct compiler *c, const struct conf *root)
{
	const struct conf *const *leaves = (const struct conf *const *)(const void *)c->leaves.p;
	const struct conf *at = root;
	unsigned amounts = 0, marked = 0;
	bool wrong = false;

	for (unsigned i = 0; i < c->s->nfields; i++) {
		const struct schema_field *x = &c->s->fields[i];

		amounts += x->format == SCHEMA_MONEY;
		if (!x->control)
			continue;
		marked++;
		wrong = wrong || x->format != SCHEMA_MONEY;
		at = leaves[i];
		c->s->control = (int)i;
	}
	if (wrong || marked != (amounts ? 1u : 0u))
		conf_report_key(c->f, at, E_SCHEMA_CONTROL, "marked=%u\namounts=%u", marked, amounts);
}

static void check_id(struct compiler *c, struct conf *root)
{
	struct conf *id = conf_need(root, "$id", CONF_SCALAR, c->f);
	const char *path = conf_path(root->file), *slash = strrchr(path, '/');
	struct span name = span_of(slash ? slash + 1 : path);

	if (!id)
		return;
	if (!span_eq(id->text, name) || !span_ends(name, SPAN(".json")))
		conf_report(c->f, id, E_SCHEMA_ID, "id=%.*s\nfile=%.*s", (int)(id->text.n < 80 ? id->text.n : 80),
			id->text.p, SPAN_F(name));
	else
		c->s->type = arena_text(&c->s->arena, (struct span){name.p, name.n - strlen(".json")});
}

static void write_json(struct buf *b, const struct conf *x)
{
	if (x->kind == CONF_SCALAR) {
		if (x->quoted)
			json_quote(b, x->text);
		else
			buf_span(b, x->text);
		return;
	}
	buf_c(b, x->kind == CONF_LIST ? '[' : '{');
	for (const struct conf *i = x->first; i; i = i->next) {
		if (x->kind == CONF_MAP) {
			json_quote(b, i->key);
			buf_c(b, ':');
		}
		write_json(b, i);
		buf_str(b, i->next ? "," : "");
	}
	buf_c(b, x->kind == CONF_LIST ? ']' : '}');
}

static void report_example(struct compiler *c, const struct conf *x, const struct err *e)
{
	const char *field = err_arg(e, "field");

	conf_report(c->f, x, E_SCHEMA_EXAMPLE, "field=%s\ncode=%s", field ? field : "-", err_code(e->id)->name);
}

/* Examples are what others build on: they hold what the schema says. */
static void compile_examples(struct compiler *c, struct conf *root)
{
	struct conf *list = conf_want(root, "examples", CONF_LIST, c->f);
	struct buf json = BUF_INIT;
	struct span *examples;
	struct err e;
	unsigned n = 0;

	for (const struct conf *x = list ? list->first : NULL; x; x = x->next)
		n++;
	examples = arena_new(&c->s->arena, (n + 1) * sizeof *examples);
	c->s->examples = examples;
	for (const struct conf *x = list ? list->first : NULL; x; x = x->next) {
		buf_clear(&json);
		write_json(&json, x);
		examples[c->s->nexamples++] = arena_span(&c->s->arena, buf_as_span(&json));
		if (schema_check_data(c->s, buf_as_span(&json), &e) != 0)
			report_example(c, x, &e);
	}
	buf_done(&json);
}

static void check_leaf_examples(struct compiler *c, const struct schema_field *fields)
{
	struct conf *const *leaves = (struct conf *const *)(const void *)c->leaves.p;
	struct err e;

	for (size_t i = 0; i < c->leaves.n / sizeof *leaves; i++) {
		struct conf *list = conf_want(leaves[i], "examples", CONF_LIST, c->f);

		for (const struct conf *x = list ? list->first : NULL; x; x = x->next)
			if (!is_text(x))
				report_text(c->f, x, E_SCHEMA_TYPE, "type", text_of(x));
			else if (schema_check(&fields[i], x->text, &e) != 0)
				report_example(c, x, &e);
	}
}

static void keep_fields(struct compiler *c)
{
	struct schema *s = c->s;
	struct schema_field *fields = arena_new(&s->arena, c->fields.n + 1);

	s->nfields = (unsigned)(c->fields.n / sizeof *fields);
	if (s->nfields)
		memcpy(fields, c->fields.p, c->fields.n);
	s->fields = fields;
	s->names = arena_new(&s->arena, (s->nfields + 1) * sizeof *s->names);
	for (unsigned i = 0; i < s->nfields; i++)
		s->names[i] = fields[i].path.p;
}

static void compile_root(struct compiler *c, struct conf *root)
{
	unsigned before = c->f->count;

	check_id(c, root);
	conf_choice(root, "$schema", DIALECT, 0, c->f);
	c->s->root = arena_new(&c->s->arena, sizeof *c->s->root);
	c->s->root->path = SPAN("");
	c->s->root->field = -1;
	compile(c, root, c->s->root, true, NULL);
	keep_fields(c);
	check_control(c, root);
	if (c->f->count == before) {
		check_leaf_examples(c, c->s->fields);
		compile_examples(c, root);
	}
}

static int by_name(const void *a, const void *b)
{
	return span_cmp(((const struct schema_source *)a)->name, ((const struct schema_source *)b)->name);
}

/* The folder of a file, when it is not the one that is shared, is that of the schema. */
static struct span source_name(struct compiler *c, const char *path, const char *main)
{
	const char *end = strrchr(main, '/'), *begin = end, *name = strrchr(path, '/');
	struct buf b = BUF_INIT;
	struct span ret;

	while (begin && begin > main && begin[-1] != '/')
		begin--;
	if (strstr(path, "/" COMMON))
		buf_str(&b, "common");
	else
		buf_add(&b, begin, begin ? (size_t)(end - begin) : 0);
	buf_printf(&b, "/%s", name ? name + 1 : path);
	ret = arena_span(&c->s->arena, buf_as_span(&b));
	buf_done(&b);
	return ret;
}

/* The bytes stay at hand: what is in force is kept by digest. */
static void keep_sources(struct compiler *c, const char *main)
{
	struct hash_sha256 *h = hash_sha256_new();
	struct schema *s = c->s;
	unsigned n = 0;
	char text[32];

	for (struct opened *x = c->files; x; x = x->next)
		n++;
	s->sources = arena_new(&s->arena, (n + 1) * sizeof *s->sources);
	for (struct opened *x = c->files; x; x = x->next)
		s->sources[s->nsources++] = (struct schema_source){source_name(c, conf_path(x->file), main),
			arena_span(&s->arena, conf_source(x->file))};
	qsort(s->sources, n, sizeof *s->sources, by_name);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct span part = k ? s->sources[i].bytes : s->sources[i].name;

			hash_sha256_add(h, text, (size_t)snprintf(text, sizeof text, "%zu:", part.n));
			hash_sha256_add(h, part.p, part.n);
		}
	hash_sha256_get(h, s->digest);
	hash_sha256_free(h);
}

struct schema *schema_load(const char *path, struct findings *f)
{
	struct schema *s = mem_new(sizeof *s);
	struct compiler c = {.s = s, .f = f};
	unsigned before = f->count;
	struct conf *root;

	s->control = -1;
	s->last_list = &s->lists;
	findings_init(&c.muted);
	root = open_root(&c, path);
	if (root)
		compile_root(&c, root);
	keep_sources(&c, path);
	for (struct opened *x = c.files; x; x = x->next)
		conf_close(x->file);
	findings_done(&c.muted);
	buf_done(&c.fields);
	buf_done(&c.leaves);
	buf_done(&c.told);
	if (f->count == before)
		return s;
	schema_free(s);
	return NULL;
}

void schema_free(struct schema *s)
{
	if (!s)
		return;
	arena_done(&s->arena);
	free(s);
}

const uint8_t *schema_digest(const struct schema *s)
{
	return s->digest;
}

bool schema_file(const struct schema *s, unsigned i, struct span *ret_name, struct span *ret_bytes)
{
	if (i >= s->nsources)
		return false;
	*ret_name = s->sources[i].name;
	*ret_bytes = s->sources[i].bytes;
	return true;
}

const char *schema_type(const struct schema *s)
{
	return s->type;
}

const struct schema_field *schema_fields(const struct schema *s, unsigned *ret_n)
{
	*ret_n = s->nfields;
	return s->fields;
}

const struct schema_field *schema_field(const struct schema *s, struct span path)
{
	for (unsigned i = 0; i < s->nfields; i++)
		if (span_eq(s->fields[i].path, path))
			return &s->fields[i];
	return NULL;
}

const char *schema_nearest(const struct schema *s, struct span path)
{
	return conf_nearest(path, s->names);
}

const char *schema_kind_of_money(const struct schema *s)
{
	static const char *const kinds[] = {"", "order", "book", "back"};

	return s->control < 0 ? "" : kinds[s->fields[s->control].money];
}

const struct schema_field *schema_control(const struct schema *s)
{
	return s->control < 0 ? NULL : &s->fields[s->control];
}

const struct schema_list *schema_lists(const struct schema *s)
{
	return s->lists;
}

const struct schema_list *schema_list(const struct schema *s, struct span path)
{
	const struct schema_list *l = s->lists;

	while (l && !span_eq(l->path, path))
		l = l->next;
	return l;
}

/* Of "items[].amount" what stands behind the list. */
static const char *item_name(const struct schema_list *l, unsigned i)
{
	return l->fields[i].path.p + l->path.n + strlen("[].");
}

const struct schema_field *schema_item_field(const struct schema_list *l, struct span name)
{
	for (unsigned i = 0; i < l->nfields; i++)
		if (span_is(name, item_name(l, i)))
			return &l->fields[i];
	return NULL;
}

const char *schema_item_nearest(const struct schema_list *l, struct span name)
{
	const char **names = mem_new((l->nfields + 1u) * sizeof *names), *near;

	for (unsigned i = 0; i < l->nfields; i++)
		names[i] = item_name(l, i);
	near = conf_nearest(name, names);
	free(names);
	return near;
}

unsigned schema_nexamples(const struct schema *s)
{
	return s->nexamples;
}

struct span schema_example(const struct schema *s, unsigned i)
{
	return s->examples[i];
}
