/* SPDX-License-Identifier: Apache-2.0 */
#include "contract_schema.h"

#include <inttypes.h>
#include <stdlib.h>

#include "schema_pattern.h"

struct comparing {
	contract_each_break *each;
	void *arg;
	unsigned n;
};

static void breaks(struct comparing *c, enum contract_break what, struct span subject, const char *was, const char *is)
{
	c->n++;
	c->each(c->arg, what, subject, was, is);
}

static void breaks_number(struct comparing *c, enum contract_break what, struct span subject, uint32_t was, uint32_t is)
{
	char before[16] = "", after[16] = "";

	if (was)
		snprintf(before, sizeof before, "%" PRIu32, was);
	if (is)
		snprintf(after, sizeof after, "%" PRIu32, is);
	breaks(c, what, subject, before, after);
}

unsigned contract_whom(enum contract_break what)
{
	switch (what) {
	case BREAK_WANTED:
	case BREAK_FORMAT:
	case BREAK_PATTERN:
	case BREAK_FEWER_VALUES:
	case BREAK_SHORTER:
	case BREAK_FEWER_BYTES:
	case BREAK_LIST_WANTED:
	case BREAK_FEWER_ITEMS:
		/* What it refuses now lies on the topic already, and who checks by it refuses that, too. */
		return BREAKS_CONSUMER | BREAKS_PRODUCER;
	default:
		return BREAKS_CONSUMER;
	}
}

/* ---- values ---- */

static bool has_choice(const struct schema_field *x, struct span text)
{
	for (unsigned i = 0; i < x->nchoices; i++)
		if (span_eq(x->choices[i], text))
			return true;
	return false;
}

/* Those of a that b has not. */
static void only_in(const struct schema_field *a, const struct schema_field *b, struct buf *ret)
{
	for (unsigned i = 0; i < a->nchoices; i++)
		if (!has_choice(b, a->choices[i])) {
			buf_str(ret, ret->n ? ", " : "");
			buf_span(ret, a->choices[i]);
		}
}

static void compare_choices(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	struct buf more = BUF_INIT, fewer = BUF_INIT;

	if (now->choices)
		only_in(now, old, &more);
	if (old->choices)
		only_in(old, now, &fewer);
	if (old->choices && (!now->choices || more.n))
		breaks(c, BREAK_VALUES, old->path, "", buf_text(&more));
	if (now->choices && (!old->choices || fewer.n))
		breaks(c, BREAK_FEWER_VALUES, old->path, buf_text(&fewer), "");
	buf_done(&more);
	buf_done(&fewer);
}

/* Of one that was changed nobody can tell here whether it lets in more or less. */
static void compare_patterns(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	char *was = old->pattern ? mem_text(schema_pattern_text(old->pattern)) : NULL;
	char *is = now->pattern ? mem_text(schema_pattern_text(now->pattern)) : NULL;

	if ((was || is) && (!was || !is || strcmp(was, is) != 0))
		breaks(c, BREAK_PATTERN, old->path, was ? was : "", is ? is : "");
	free(was);
	free(is);
}

/* A bound of 0 is none. */
static bool is_raised(uint32_t old, uint32_t now)
{
	return old && (!now || now > old);
}

static void compare_lengths(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	if (is_raised(old->max_length, now->max_length))
		breaks_number(c, BREAK_LONGER, old->path, old->max_length, now->max_length);
	if (is_raised(now->max_length, old->max_length))
		breaks_number(c, BREAK_SHORTER, old->path, old->max_length, now->max_length);
	if (now->min_length < old->min_length)
		breaks_number(c, BREAK_LONGER, old->path, old->min_length, now->min_length);
	if (now->min_length > old->min_length)
		breaks_number(c, BREAK_SHORTER, old->path, old->min_length, now->min_length);
}

static void compare_bytes(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	for (unsigned i = 0; i < CHARSET_COUNT; i++) {
		if (is_raised(old->max_bytes[i], now->max_bytes[i]))
			breaks_number(c, BREAK_MORE_BYTES, old->path, old->max_bytes[i], now->max_bytes[i]);
		if (is_raised(now->max_bytes[i], old->max_bytes[i]))
			breaks_number(c, BREAK_FEWER_BYTES, old->path, old->max_bytes[i], now->max_bytes[i]);
	}
}

static const char *format_name(enum schema_format f)
{
	static const char *const names[] = {"text", "date", "month", "money"};

	return names[f];
}

static const char *money_name(const struct schema_field *x)
{
	static const char *const names[] = {"cash", "order", "book", "back"};

	return x->control ? names[x->money] : "";
}

static void compare_values(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	if (old->format != now->format)
		breaks(c, BREAK_FORMAT, old->path, format_name(old->format), format_name(now->format));
	if (strcmp(money_name(old), money_name(now)) != 0)
		breaks(c, BREAK_MONEY, old->path, money_name(old), money_name(now));
	compare_choices(c, old, now);
	compare_patterns(c, old, now);
	compare_lengths(c, old, now);
	compare_bytes(c, old, now);
}

/* ---- fields ---- */

/* Whoever was not to see it sees it now, or the other way round: said whatever else breaks of the field. */
static void compare_sensitivity(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	const bool was = old->sensitivity != SENSITIVITY_NONE, is = now->sensitivity != SENSITIVITY_NONE;

	if (was != is)
		breaks(c, is ? BREAK_OPENED : BREAK_MASKED, old->path, "", "");
}

static void compare_field(struct comparing *c, const struct schema_field *old, const struct schema_field *now)
{
	if (!now) {
		breaks(c, BREAK_FIELD, old->path, "", "");
		return;
	}
	if (old->required && !now->required)
		breaks(c, BREAK_REQUIRED, old->path, "", "");
	if (!old->required && now->required)
		breaks(c, BREAK_WANTED, old->path, "", "");
	compare_values(c, old, now);
	compare_sensitivity(c, old, now);
}

static void compare_fields(struct comparing *c, const struct schema *old, const struct schema *now)
{
	unsigned n;
	const struct schema_field *fields = schema_fields(old, &n);

	for (unsigned i = 0; i < n; i++)
		compare_field(c, &fields[i], schema_field(now, fields[i].path));
	fields = schema_fields(now, &n);
	for (unsigned i = 0; i < n; i++)
		if (fields[i].required && !schema_field(old, fields[i].path))
			breaks(c, BREAK_WANTED, fields[i].path, "", "");
}

/* ---- lists ---- */

/* "amount" of "items[].amount". */
static struct span name_in(const struct schema_list *l, const struct schema_field *f)
{
	return (struct span){f->path.p + l->path.n + 3, f->path.n - l->path.n - 3};
}

static void compare_items(struct comparing *c, const struct schema_list *old, const struct schema_list *now)
{
	if (now->max_items > old->max_items)
		breaks_number(c, BREAK_MORE_ITEMS, old->path, old->max_items, now->max_items);
	if (now->max_items < old->max_items)
		breaks_number(c, BREAK_FEWER_ITEMS, old->path, old->max_items, now->max_items);
	if (now->min_items < old->min_items)
		breaks_number(c, BREAK_MORE_ITEMS, old->path, old->min_items, now->min_items);
	if (now->min_items > old->min_items)
		breaks_number(c, BREAK_FEWER_ITEMS, old->path, old->min_items, now->min_items);
	for (unsigned i = 0; i < old->nfields; i++)
		compare_field(c, &old->fields[i], schema_item_field(now, name_in(old, &old->fields[i])));
	for (unsigned i = 0; i < now->nfields; i++)
		if (now->fields[i].required && !schema_item_field(old, name_in(now, &now->fields[i])))
			breaks(c, BREAK_WANTED, now->fields[i].path, "", "");
}

static void compare_list(struct comparing *c, const struct schema_list *old, const struct schema_list *now)
{
	if (!now) {
		breaks(c, BREAK_LIST, old->path, "", "");
		return;
	}
	if (old->required && !now->required)
		breaks(c, BREAK_LIST_REQUIRED, old->path, "", "");
	if (!old->required && now->required)
		breaks(c, BREAK_LIST_WANTED, old->path, "", "");
	compare_items(c, old, now);
}

unsigned contract_schemas(const struct schema *old, const struct schema *now, contract_each_break *each, void *arg)
{
	struct comparing c = {.each = each, .arg = arg};

	compare_fields(&c, old, now);
	for (const struct schema_list *l = schema_lists(old); l; l = l->next)
		compare_list(&c, l, schema_list(now, l->path));
	for (const struct schema_list *l = schema_lists(now); l; l = l->next)
		if (l->required && !schema_list(old, l->path))
			breaks(&c, BREAK_LIST_WANTED, l->path, "", "");
	return c.n;
}
