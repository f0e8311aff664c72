/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <endian.h>
#include <stddef.h>

#include "jscan.h"
#include "utf8.h"

#define SPECVERSION "1.0"
#define BEGINNING SPAN("{\"specversion\":\"" SPECVERSION "\"")
#define DATA_MARK SPAN(",\"data\":")
/* Digits of UINT64_MAX. */
#define LANESEQ_MAX 20u

#define LANE_MARK SPAN(",\"lane\":\"")
#define LANESEQ_MARK SPAN("\",\"laneseq\":\"")

/* Attributes in the order in which they are written. */
static const struct attribute {
	struct span mark;            /* as it stands before the value */
	size_t at;                   /* offset of the field in struct event */
	bool required;
} attributes_table[] = {
#define ROW(name, required) {{",\"" #name "\":\"", sizeof #name + 4}, offsetof(struct event, name), required}
	ROW(id, true), ROW(source, true), ROW(type, true), ROW(subject, false), ROW(time, false), ROW(partitionkey, false),
	ROW(batchid, false), ROW(unit, false), ROW(bank, false), ROW(businessdate, false), ROW(fingerprint, false),
	ROW(changed, false), ROW(paykey, false), ROW(amount, false),
	ROW(numbers, false), ROW(line, false), ROW(again, false),
#undef ROW
};

#define NATTRIBUTES (sizeof attributes_table / sizeof *attributes_table)

static struct span name_of(const struct attribute *a)
{
	return (struct span){a->mark.p + 2, a->mark.n - 5};
}

static struct span *field(struct event *v, const struct attribute *a)
{
	return (struct span *)(void *)((char *)v + a->at);
}

static const struct span *const_field(const struct event *v, const struct attribute *a)
{
	return (const struct span *)(const void *)((const char *)v + a->at);
}

/* What may not stand in a value as it is, in one byte and in eight (high: neither may what is not ASCII). */
static inline bool stops(unsigned char c, bool high)
{
	return c < 0x20 || c == '"' || c == '\\' || (high && c >= 0x80);
}

/* The lowest bit that is set stands in the first byte that stops; those above it may be wrong. */
static inline uint64_t stops8(const char *p, bool high)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t x, quote, slash, hit;

	memcpy(&x, p, sizeof x);
	x = le64toh(x);
	quote = x ^ ones * '"';
	slash = x ^ ones * '\\';
	hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((x - ones * 0x20) & ~x);
	return (high ? hit | x : hit) & ones << 7;
}

/* May it stand in a value as it is? */
static inline bool plain(struct span v)
{
	size_t i = 0;

	if (v.n < 8) {
		while (i < v.n && !stops((unsigned char)v.p[i], false))
			i++;
		return i == v.n;
	}
	for (; i + 8 <= v.n; i += 8)
		if (stops8(v.p + i, false))
			return false;
	return !stops8(v.p + v.n - 8, false);
}

/* The first byte that stops or is not ASCII; or end. */
static inline const char *plain_end(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t hit = stops8(p, true);

		if (hit)
			return p + __builtin_ctzll(hit) / 8;
	}
	while (p < end && !stops((unsigned char)*p, true))
		p++;
	return p;
}

static void percent(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_add(b, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
}

/* What would have to be escaped becomes %XX, so that every value that we write is one that we read. */
static void write_value(struct buf *b, struct span v)
{
	if (plain(v)) {
		buf_span(b, v);
		return;
	}
	for (size_t i = 0; i < v.n; i++) {
		if (stops((unsigned char)v.p[i], false))
			percent(b, (unsigned char)v.p[i]);
		else
			buf_c(b, v.p[i]);
	}
}

static inline void add_reserved(struct buf *b, struct span s)
{
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void event_begin(struct buf *b, const struct event *attributes)
{
	buf_reserve(b, BEGINNING.n);
	add_reserved(b, BEGINNING);
	for (size_t i = 0; i < NATTRIBUTES; i++) {
		const struct attribute *a = &attributes_table[i];
		const struct span v = *const_field(attributes, a);

		if (!v.n)
			continue;
		buf_reserve(b, a->mark.n + v.n + 1);
		add_reserved(b, a->mark);
		if (plain(v))
			add_reserved(b, v);
		else
			write_value(b, v);
		buf_c(b, '"');
	}
	buf_span(b, DATA_MARK);
}

void event_stamp(struct buf *b, struct span lane, uint64_t seq)
{
	buf_span(b, LANE_MARK);
	write_value(b, lane);
	buf_span(b, LANESEQ_MARK);
	buf_u64(b, seq);
	buf_add(b, "\"}", 2);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int read_seq(struct span digits, uint64_t *ret)
{
	uint64_t v = 0;

	if (!digits.n || digits.n > LANESEQ_MAX || (digits.p[0] == '0' && digits.n > 1))
		return -1;
	for (size_t i = 0; i < digits.n; i++)
		if (__builtin_mul_overflow(v, 10u, &v) ||
			__builtin_add_overflow(v, (uint64_t)(digits.p[i] - '0'), &v))
			return -1;
	*ret = v;
	return 0;
}

/*
 * The tail that event_stamp wrote, looked for from the end. In JSON the last brace closes the event itself, and each
 * quote of the tail is a real one, since none has a backslash before it: nothing in data can look like this.
 */
static bool find_tail(struct span json, struct event *ret)
{
	const char *start = json.p, *p = json.p + json.n, *end, *lane_end;
	struct span digits;

	if (!span_ends(json, SPAN("\"}")))
		return false;
	p -= 2;
	end = p;
	while (p > start && is_digit(p[-1]))
		p--;
	digits = (struct span){p, (size_t)(end - p)};
	if (!span_ends((struct span){start, (size_t)(p - start)}, LANESEQ_MARK))
		return false;
	p -= LANESEQ_MARK.n;
	lane_end = p;
	while (p > start && p[-1] > 0x20 && p[-1] < 0x7f && p[-1] != '"' && p[-1] != '\\')
		p--;
	if (p == lane_end || !span_ends((struct span){start, (size_t)(p - start)}, LANE_MARK))
		return false;
	if (read_seq(digits, &ret->laneseq))
		return false;
	ret->lane = (struct span){p, (size_t)(lane_end - p)};
	ret->body = (struct span){start, (size_t)(p - start) - LANE_MARK.n};
	return true;
}

static int refuse(struct span name, struct err *e)
{
	return err_set(e, E_EVENT_ATTRIBUTE, "name=%.*s", SPAN_F(name));
}

static bool two(const char *p, int min, int max, int *ret)
{
	if (!is_digit(p[0]) || !is_digit(p[1]))
		return false;
	*ret = (p[0] - '0') * 10 + p[1] - '0';
	return *ret >= min && *ret <= max;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* RFC 3339 section 5.6; a second of 60 is allowed without asking whether there was one. */
static bool time_ok(struct span t)
{
	const char *p = t.p, *end = t.p + t.n;
	int century, year, month, day, ignored;

	if (t.n < sizeof "2026-12-01T08:00:00Z" - 1 || p[4] != '-' || p[7] != '-' || (p[10] | 0x20) != 't' ||
		p[13] != ':' || p[16] != ':')
		return false;
	if (!two(p, 0, 99, &century) || !two(p + 2, 0, 99, &year) || !two(p + 5, 1, 12, &month) ||
		!two(p + 8, 1, days_of(century * 100 + year, month), &day) || !two(p + 11, 0, 23, &ignored) ||
		!two(p + 14, 0, 59, &ignored) || !two(p + 17, 0, 60, &ignored))
		return false;
	p += 19;
	if (*p == '.') {
		const char *from = ++p;

		while (p < end && is_digit(*p))
			p++;
		if (p == from)
			return false;
	}
	if (end - p == 1)
		return (*p | 0x20) == 'z';
	return end - p == 6 && (*p == '+' || *p == '-') && p[3] == ':' && two(p + 1, 0, 23, &ignored) &&
		two(p + 4, 0, 59, &ignored);
}

/* The unreserved characters of RFC 3986, a bit each; a letter beyond ASCII stays as well. Controls of the second row
 * (U+0080 to U+009F) are no letters. */
static inline bool unreserved(unsigned char c)
{
	static const uint64_t bits[] = {0x03ff600000000000, 0x47fffffe87fffffe};

	return c < 0x80 && (bits[c >> 6] >> (c & 63) & 1);
}

/* Most ids are unreserved from end to end: these are taken in runs. */
void event_id_part(struct buf *b, struct span text)
{
	size_t i = 0;

	while (i < text.n) {
		size_t from = i, n;
		uint32_t c = 0;

		while (i < text.n && unreserved((unsigned char)text.p[i]))
			i++;
		buf_add(b, text.p + from, i - from);
		if (i == text.n)
			return;
		n = utf8_step(text.p + i, text.n - i, &c);
		if (n && c >= 0xa0) {
			buf_add(b, text.p + i, n);
			i += n;
		} else {
			percent(b, (unsigned char)text.p[i++]);
		}
	}
}

struct reading {
	struct jscan s;
	size_t expected;             /* row of the attribute that comes next when we wrote the event */
	bool specversion, stamped;
};

/* The row of a name; NATTRIBUTES when it is none of ours. */
static size_t row_of(const struct reading *r, struct span name)
{
	for (size_t i = r->expected; i < NATTRIBUTES; i++)
		if (span_eq(name_of(&attributes_table[i]), name))
			return i;
	for (size_t i = 0; i < r->expected; i++)
		if (span_eq(name_of(&attributes_table[i]), name))
			return i;
	return NATTRIBUTES;
}

/* Takes a text; null is the same as absent (CloudEvents JSON format 1.0, section 3.1). */
static int take_text(struct reading *r, struct span name, struct span *ret, struct err *e)
{
	struct jscan_value v;

	if (jscan_value(&r->s, &v, e))
		return -1;
	if (v.type == JSCAN_NULL)
		return 0;
	if (v.type != JSCAN_STRING || v.escaped || !v.raw.n || ret->p)
		return refuse(name, e);
	*ret = v.raw;
	return 0;
}

static int take_attribute(struct reading *r, struct span name, struct event *v, struct err *e)
{
	struct span version = SPAN_NONE;
	size_t i;

	if (span_is(name, "specversion")) {
		if (r->specversion)
			return refuse(name, e);
		r->specversion = true;
		if (take_text(r, name, &version, e))
			return -1;
		return span_is(version, SPECVERSION) ? 0 : refuse(name, e);
	}
	i = row_of(r, name);
	if (i < NATTRIBUTES) {
		r->expected = i + 1;
		return take_text(r, name, field(v, &attributes_table[i]), e);
	}
	/* A lane that stands elsewhere than at the end was not written by a lane's owner. */
	if (span_is(name, "lane") || span_is(name, "laneseq"))
		return refuse(name, e);
	return jscan_skip(&r->s, e);
}

/*
 * Data that runs up to the tail is taken without a look into it. No attribute may hold an object or an array, so when
 * data begins with one bracket and the other stands before the tail, nothing lies between them and it.
 */
static bool reaches_tail(struct span rest)
{
	if (rest.n < 2)
		return false;
	return (rest.p[0] == '{' && rest.p[rest.n - 1] == '}') || (rest.p[0] == '[' && rest.p[rest.n - 1] == ']');
}

static int take_data(struct reading *r, struct event *v, struct err *e)
{
	struct span rest = {r->s.p, (size_t)(r->s.end - r->s.p)};
	const char *from;

	if (v->data.p)
		return refuse(SPAN("data"), e);
	if (r->stamped && reaches_tail(rest)) {
		v->data = rest;
		r->s.p = r->s.end;
		return 0;
	}
	if (jscan_skip(&r->s, e))
		return -1;
	for (from = rest.p; is_blank(*from);)
		from++;
	v->data = (struct span){from, (size_t)(r->s.p - from)};
	return 0;
}

static int check_required(const struct reading *r, const struct event *v, struct err *e)
{
	if (!r->specversion)
		return refuse(SPAN("specversion"), e);
	for (size_t i = 0; i < NATTRIBUTES; i++)
		if (attributes_table[i].required && !const_field(v, &attributes_table[i])->n)
			return refuse(name_of(&attributes_table[i]), e);
	if (v->time.p && !time_ok(v->time))
		return refuse(SPAN("time"), e);
	return 0;
}

/*
 * Takes attributes as long as they stand as event_begin writes them, with values of plain ASCII: all of them in most
 * events of ours, in half the time that the scanner takes. The scanner goes on wherever this stops.
 */
static void take_written(struct reading *r, struct event *v)
{
	const char *p = r->s.start, *end = r->s.end, *close;

	if (!span_starts((struct span){p, (size_t)(end - p)}, BEGINNING))
		return;
	r->specversion = true;
	p += BEGINNING.n;
	for (size_t i = 0; i < NATTRIBUTES; i++) {
		struct span mark = attributes_table[i].mark, value;

		if ((size_t)(end - p) <= mark.n || memcmp(p, mark.p, mark.n) != 0)
			continue;
		value.p = p + mark.n;
		close = plain_end(value.p, end);
		value.n = (size_t)(close - value.p);
		if (!value.n || close == end || *close != '"')
			break;
		*field(v, &attributes_table[i]) = value;
		r->expected = i + 1;
		p = close + 1;
	}
	r->s.p = p;
}

/* All up to the tail, or up to and with the closing brace. */
static int take_members(struct reading *r, struct event *v, struct err *e)
{
	struct span name;
	int more;

	if (jscan_enter_object(&r->s, e))
		return -1;
	take_written(r, v);
	for (;;) {
		if (r->stamped && r->s.p == r->s.end)
			return 0;
		more = jscan_next_key(&r->s, &name, e);
		if (more <= 0)
			break;
		if (memchr(name.p, '\\', name.n))
			return err_set(e, E_EVENT_SYNTAX, "at=%zu", (size_t)(name.p - r->s.start));
		if (span_eq(name, SPAN("data")) ? take_data(r, v, e) : take_attribute(r, name, v, e))
			return -1;
	}
	if (more < 0)
		return -1;
	/* The brace that closes the event stands before the tail: there is something behind the event. */
	if (r->stamped)
		return err_set(e, E_EVENT_SYNTAX, "at=%zu", (size_t)(r->s.p - r->s.start));
	v->body = (struct span){r->s.start, (size_t)(r->s.p - 1 - r->s.start)};
	return jscan_finish(&r->s, e);
}

int event_read(struct span json, struct event *ret, struct err *e)
{
	struct event v = {.lane = SPAN("")};
	struct reading r = {0};
	struct span members = json;

	if (!json.p)
		members = json = SPAN("");
	r.stamped = find_tail(json, &v);
	if (r.stamped)
		for (members = v.body; members.n && is_blank(members.p[members.n - 1]);)
			members.n--;
	jscan_init(&r.s, members);
	if (jscan_peek(&r.s) != JSCAN_OBJECT)
		return err_set(e, E_EVENT_SYNTAX, "at=0");
	if (take_members(&r, &v, e) || check_required(&r, &v, e))
		return -1;
	*ret = v;
	return 0;
}
