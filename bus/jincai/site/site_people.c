/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>

#include "fsys.h"
#include "people.h"
#include "site.h"

#define DAYS_FILE_MAX (256u << 10)
#define DAYS_HEAD "date,kind"

struct reading {
	const struct site *site;
	struct people *people;
	struct findings *f;
};

/* ---- days ---- */

static void report_day(struct reading *in, const char *path, unsigned line, struct span text, const struct err *e)
{
	findings_add(in->f, e, path, line, 1, text);
}

/* One line: 2026-10-01,rest. */
static void read_day(struct reading *in, struct span line, const char *path, unsigned number, struct span text)
{
	const char *comma = line.n ? memchr(line.p, ',', line.n) : NULL;
	struct span date = {line.p, comma ? (size_t)(comma - line.p) : line.n};
	struct span kind = comma ? span_trim((struct span){comma + 1, line.n - date.n - 1}) : SPAN("");
	struct err e;

	if (!span_is(kind, "rest") && !span_is(kind, "work"))
		err_set(&e, E_PEOPLE_DAY, "text=%.*s", (int)(line.n < 40 ? line.n : 40), line.p ? line.p : "");
	else if (people_add_day(in->people, span_trim(date), span_is(kind, "work"), &e) == 0)
		return;
	report_day(in, path, number, text, &e);
}

static void read_lines(struct reading *in, const char *path, struct span text)
{
	struct span rest = text;
	unsigned number = 0;

	if (span_starts(rest, SPAN("\xef\xbb\xbf")))
		rest.p += 3, rest.n -= 3;
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct span line = {rest.p, end ? (size_t)(end - rest.p) : rest.n};

		rest.p += line.n + (end ? 1 : 0);
		rest.n -= line.n + (end ? 1 : 0);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (number++ == 0 && span_is(span_trim(line), DAYS_HEAD))
			continue;
		if (span_trim(line).n)
			read_day(in, line, path, number, text);
	}
}

static void read_days(struct reading *in, const struct conf *node)
{
	struct buf text = BUF_INIT;
	struct err e;
	char *path;

	if (!node)
		return;
	path = site_path(in->site, node->text);
	if (fsys_get(AT_FDCWD, path, DAYS_FILE_MAX, &text, &e) != 0)
		conf_report(in->f, node, e.id, "%s", e.args);
	else
		read_lines(in, path, buf_as_span(&text));
	buf_done(&text);
	free(path);
}

/* ---- members ---- */

/* The text of a key file; false when it cannot be had: a finding says so. */
static bool read_key(struct reading *in, const struct conf *node, struct buf *ret)
{
	char *path = site_path(in->site, node->text);
	struct err e;
	int got = fsys_get(AT_FDCWD, path, SIGN_PEM_MAX, ret, &e);

	if (got != 0)
		conf_report(in->f, node, e.id, "%s", e.args);
	free(path);
	return got == 0;
}

static void read_member(struct reading *in, struct conf *node)
{
	struct conf *key, *user;
	struct buf pem = BUF_INIT;
	struct err e;
	int role;
	bool there;

	if (!conf_is(node, CONF_MAP, in->f))
		return;
	conf_need(node, "role", CONF_SCALAR, in->f);
	role = conf_choice(node, "role", PEOPLE_ROLES, PEOPLE_AUDITOR, in->f);
	user = conf_want(node, "user", CONF_SCALAR, in->f);
	key = conf_want(node, "key", CONF_SCALAR, in->f);
	conf_unknown(node, in->f);
	there = !key || read_key(in, key, &pem);
	if (there && people_add(in->people, node->key, (enum people_role)role, user ? user->text : SPAN_NONE,
			key ? buf_as_span(&pem) : SPAN_NONE, &e) != 0) {
		bool of_key = key && (e.id == E_SIGN_KEY || e.id == E_SIGN_PRIVATE || e.id == E_SIGN_WEAK);

		if (of_key)
			conf_report(in->f, key, e.id, "%s", e.args);
		else
			conf_report_key(in->f, node, e.id, "%s", e.args);
	}
	if (pem.n)
		explicit_bzero(pem.p, pem.n);   /* it may be a private key, by mistake */
	buf_done(&pem);
}

struct people *site_people(const struct site *s, struct conf *root, struct findings *f)
{
	struct conf *node = conf_want(root, "people", CONF_MAP, f), *members, *approval;
	struct reading in = {s, NULL, f};
	unsigned before = f->count;

	if (!node)
		return NULL;
	approval = conf_get(node, "approval");
	in.people = people_new(conf_choice(node, "approval", "keys|local", 0, f) == 1);
	read_days(&in, conf_want(node, "days", CONF_SCALAR, f));
	members = conf_need(node, "members", CONF_MAP, f);
	for (struct conf *c = members ? members->first : NULL; c; c = c->next)
		read_member(&in, c);
	conf_unknown(node, f);
	/* Who is missing because of a finding is not told twice. */
	if (f->count == before && !people_can_approve(in.people))
		conf_report_key(f, node, E_SITE_PEOPLE_FEW, "%s", "");
	if (people_local(in.people) && approval)
		conf_report(f, approval, E_SITE_PEOPLE_LOCAL, "%s", "");
	return in.people;
}
