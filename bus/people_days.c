/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "people_parts.h"

#define FRIDAY 4u
#define AHEAD_DAYS 60                /* no holidays are longer; a table that says so is not waited for */

/* ---- days ---- */

/* Where the day stands, or where it would. */
static unsigned place(const struct people *p, int64_t day)
{
	unsigned low = 0, high = p->ndays;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (p->days[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_there(const struct people *p, unsigned at, int64_t day)
{
	return at < p->ndays && p->days[at].day == day;
}

int people_add_day(struct people *p, struct span date, bool work, struct err *e)
{
	int64_t day = 0;
	unsigned at = 0;
	bool ok = clock_date_read(date, &day) == 0;

	if (ok)
		at = place(p, day);
	if (!ok || is_there(p, at, day))
		return err_set(e, E_PEOPLE_DAY, "text=%.*s", (int)(date.n < 40 ? date.n : 40), date.p ? date.p : "");
	if (p->ndays == PEOPLE_DAYS_MAX)
		return err_set(e, E_PEOPLE_MANY, "max=%u", PEOPLE_DAYS_MAX);
	p->days = mem_grow(p->days, p->ndays + 1u, sizeof *p->days);
	memmove(&p->days[at + 1], &p->days[at], (p->ndays - at) * sizeof *p->days);
	p->days[at] = (struct people_day){day, work};
	p->ndays++;
	return 0;
}

bool people_works(const struct people *p, int64_t day)
{
	unsigned at = p ? place(p, day) : 0;

	return p && is_there(p, at, day) ? p->days[at].work : clock_weekday(day) <= FRIDAY;
}

void people_until(const struct people *p, int64_t now_ms, char ret[11])
{
	int64_t day = clock_day(now_ms), ahead = 0;

	while (ahead < AHEAD_DAYS && !people_works(p, day + ahead))
		ahead++;
	clock_date(day + ahead, ret);
}

/* ---- keeping ---- */

static void write_member(const struct people_member *m, struct buf *b)
{
	struct buf pem = BUF_INIT;

	buf_str(b, "{\"name\":");
	json_quote(b, span_of(m->name));
	json_member(b, "role", span_of(people_role_name(m->role)));
	if (m->user)
		json_member(b, "user", span_of(m->user));
	if (m->key) {
		sign_key_pem(m->key, &pem);
		json_member(b, "key", buf_as_span(&pem));
	}
	buf_c(b, '}');
	buf_done(&pem);
}

void people_write(const struct people *p, struct buf *b)
{
	buf_printf(b, "{\"approval\":\"%s\",\"members\":[", p->local ? "local" : "keys");
	for (unsigned i = 0; i < p->n; i++) {
		if (i)
			buf_c(b, ',');
		write_member(&p->members[i], b);
	}
	buf_str(b, "],\"days\":[");
	for (unsigned i = 0; i < p->ndays; i++) {
		char date[11];

		clock_date(p->days[i].day, date);
		buf_printf(b, "%s[\"%s\",\"%s\"]", i ? "," : "", date, p->days[i].work ? "work" : "rest");
	}
	buf_str(b, "]}");
}

static int read_member(struct people *p, const json_t *m, struct err *e)
{
	const char *name = json_string_value(json_object_get(m, "name"));
	const char *role = json_string_value(json_object_get(m, "role"));
	unsigned r = 0;

	while (role && r <= PEOPLE_AUDITOR && strcmp(role, people_role_name(r)) != 0)
		r++;
	if (!name || !role || r > PEOPLE_AUDITOR)
		return -1;
	return people_add(p, span_of(name), r, span_of(json_string_value(json_object_get(m, "user"))),
		span_of(json_string_value(json_object_get(m, "key"))), e);
}

static int read_day(struct people *p, const json_t *d, struct err *e)
{
	const char *date = json_string_value(json_array_get(d, 0)), *kind = json_string_value(json_array_get(d, 1));

	if (!date || !kind || (strcmp(kind, "work") != 0 && strcmp(kind, "rest") != 0))
		return -1;
	return people_add_day(p, span_of(date), strcmp(kind, "work") == 0, e);
}

int people_read(struct span json, struct people **ret, struct err *e)
{
	json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL), *item;
	const char *approval = json_string_value(json_object_get(root, "approval"));
	struct people *p = people_new(approval && strcmp(approval, "local") == 0);
	bool ok = approval && (p->local || strcmp(approval, "keys") == 0);
	struct buf again = BUF_INIT;
	size_t i;

	json_array_foreach(json_object_get(root, "members"), i, item)
		ok = ok && read_member(p, item, e) == 0;
	json_array_foreach(json_object_get(root, "days"), i, item)
		ok = ok && read_day(p, item, e) == 0;
	/* Nothing may stand in it that was not read. */
	people_write(p, &again);
	ok = ok && span_eq(buf_as_span(&again), json);
	buf_done(&again);
	json_decref(root);
	if (!ok) {
		people_free(p);
		return err_set(e, E_PEOPLE_RECORD, "%s", "");
	}
	*ret = p;
	return 0;
}
