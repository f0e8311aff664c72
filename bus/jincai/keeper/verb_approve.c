/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "acts.h"
#include "approve.h"
#include "clock.h"
#include "fsys.h"
#include "in_force.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

#define WAIT_MS 5000                 /* a flow of a running site looks for acts each second */

/* ---- an act that waits ---- */

struct found {
	const char *id;
	struct buf order, flow;
};

static int keep_it(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	struct found *f = arg;

	(void)approvals, (void)e;
	if (!span_is(a->id, f->id))
		return 0;
	buf_span(&f->order, a->text);
	buf_span(&f->flow, a->flow);
	return 1;
}

static int find(struct bus *b, const char *id, struct found *ret, struct err *e)
{
	int got;

	*ret = (struct found){.id = id};
	got = acts_pending(b, keep_it, ret, e);
	if (got < 0)
		return -1;
	return ret->order.n ? 0 : err_set(e, E_APPROVE_NONE, "act=%s", id);
}

static void found_done(struct found *f)
{
	buf_done(&f->order);
	buf_done(&f->flow);
}

/* ---- handing an approval in ---- */

static bool waits_still(struct bus *b, const char *id)
{
	struct found f;
	struct err ignored = ERR_INIT;
	bool waits = find(b, id, &f, &ignored) == 0;

	found_done(&f);
	return waits;
}

/* The flow says only which rule it was; the same rules here know the rest. */
static void explain(const struct site *s, struct span order, const struct approval *x, enum err_id why, struct err *e)
{
	bool weak;

	if (s->people && people_approve_check(s->people, order, x, clock_now_ms(), &weak, e) != 0 && e->id == why)
		return;
	err_set(e, why, "subject=%s\nname=%.*s", "", SPAN_F(x->name));
}

/* One approval of the order as the person saw it; the exit code. */
static int hand_in(struct bus *b, const struct site *s, const struct found *f, struct span seen, struct span name,
	struct span signature)
{
	json_t *more = json_pack("{s:s%, s:s%}", "name", name.p ? name.p : "", name.n, "signature",
		signature.p ? signature.p : "", signature.n);
	char digest[ACT_DIGEST];
	struct acts_order o = {.what = "approve", .subject = span_of(f->id), .more = more};
	struct buf flow = BUF_INIT, user = BUF_INIT;
	enum err_id why = E_NONE;
	struct err e;
	int got;

	act_digest(seen, digest);
	buf_span(&flow, buf_as_span(&f->flow));
	o.flow = buf_text(&flow);
	o.digest = span_of(digest);
	got = acts_execute(b, s, &o, WAIT_MS, NULL, &why, &e);
	if (got == ACTS_REFUSED) {
		acts_person(&user);
		explain(s, buf_as_span(&f->order), &(struct approval){name, buf_as_span(&user), o.digest, signature},
			why, &e);
	}
	if (got == ACTS_DONE)
		printf(waits_still(b, f->id)
			? say("%.*s 已签批 %s；还差一人。没有发生的事：什么也没有改动，一笔未发。\n",
				"%.*s approved %s; one more person is needed. What has not happened: nothing was changed, nothing was "
				"sent.\n")
			: say("%.*s 已签批 %s；两人已齐，已交执行，结果见 jincai audit list\n",
				"%.*s approved %s; with that both have, and it was executed: see jincai audit list\n"),
			SPAN_F(name), f->id);
	json_decref(more);
	buf_done(&flow);
	buf_done(&user);
	return got == ACTS_DONE ? 0 : verb_failed(&e);
}

/* ---- signing ---- */

/* The key of a person; others on this machine should not be able to read it. */
static int read_secret(const char *path, struct sign_secret **ret, struct err *e)
{
	struct buf pem = BUF_INIT;
	struct stat st;
	int got = fsys_get(AT_FDCWD, path, SIGN_PEM_MAX, &pem, e);

	if (got == 0)
		got = sign_secret_read(buf_as_span(&pem), ask_secret, (void *)(uintptr_t)path, ret, e);
	if (got == 0 && stat(path, &st) == 0 && st.st_mode & 077)
		fprintf(stderr, say("注意：其他用户也能读取 %s；请执行 chmod 600\n", "note: others can read %s; chmod 600\n"), path);
	if (pem.n)
		explicit_bzero(pem.p, pem.n);
	buf_done(&pem);
	return got;
}

/* Shows the page, and asks unless --yes. 1: the person said yes, 0 no, -1. */
static int agree(const struct args *a, struct span order, struct err *e)
{
	struct buf page = BUF_INIT;
	bool yes = a->yes;
	int got = approve_page(order, &page, e);

	if (got == 0)
		show_flush(&page, stdout);
	buf_done(&page);
	fflush(stdout);
	if (got == 0 && !yes)
		got = ask_yes(say("签批吗？输入 yes 或 是：", "approve it? type yes: "), &yes, e);
	if (got == 0 && !yes)
		fprintf(stderr, "%s\n", say("没有签批，什么也没有改动", "it was not approved; nothing was changed"));
	return got != 0 ? -1 : yes;
}

static int no_key(const char *path, struct err *e)
{
	return err_set(e, E_APPROVE_KEY, "file=%s", path);
}

/* Signs and hands in; the exit code. */
static int sign_here(const struct args *a, const struct site *s, struct bus *b, const struct found *f)
{
	struct sign_secret *secret = NULL;
	struct sign_key *key = NULL;
	struct buf signature = BUF_INIT;
	const struct people_member *m = NULL;
	struct err e;
	int code, got = agree(a, buf_as_span(&f->order), &e);

	if (got == 1)
		got = read_secret(a->key, &secret, &e) != 0 ? -1 : 1;
	if (got == 1) {
		key = sign_secret_key(secret);
		m = s->people ? people_of_key(s->people, key) : NULL;
		if (!a->as && !m)
			got = no_key(a->key, &e);
	}
	if (got == 1 && sign_make(secret, buf_as_span(&f->order), &signature, &e) != 0)
		got = -1;
	if (got == 1)
		code = hand_in(b, s, f, buf_as_span(&f->order), span_of(a->as ? a->as : m->name), buf_as_span(&signature));
	else
		code = got < 0 ? verb_failed(&e) : 1;
	sign_key_free(key);
	sign_secret_free(secret);
	buf_done(&signature);
	return code;
}

/* By the account that calls the program. */
static int approve_local(const struct args *a, const struct site *s, struct bus *b, const struct found *f)
{
	const struct people_member *m;
	struct buf user = BUF_INIT;
	struct err e;
	int code, got = agree(a, buf_as_span(&f->order), &e);

	acts_person(&user);
	m = s->people ? people_of_user(s->people, buf_as_span(&user)) : NULL;
	if (got == 1 && !m)
		got = err_set(&e, E_APPROVE_NOBODY, "name=%.*s", SPAN_F(buf_as_span(&user)));
	else if (got == 1 && !people_local(s->people))
		got = err_set(&e, E_APPROVE_UNSIGNED, "name=%s", m->name);
	if (got == 1)
		code = hand_in(b, s, f, buf_as_span(&f->order), span_of(m->name), SPAN(""));
	else
		code = got < 0 ? verb_failed(&e) : 1;
	buf_done(&user);
	return code;
}

/* ---- a file that travels ---- */

static int export_it(const struct args *a, const struct site *s, const struct found *f)
{
	struct err e;

	if (!s->people) {
		err_set(&e, E_ACT_NO_PEOPLE, "%s", "");
		return verb_failed(&e);
	}
	if (approve_export(a->export_to, buf_as_span(&f->order), s->people, &e) != 0)
		return verb_failed(&e);
	printf(say("已写出 %s 和供打印的 %s.txt。签名：jincai approve %s --key 密钥文件；带回：jincai approve --import %s\n",
		"wrote %s, and %s.txt to be printed. To sign: jincai approve %s --key FILE; to bring it back: jincai approve --import "
		"%s\n"), a->export_to, a->export_to, a->export_to, a->export_to);
	return 0;
}

/* As the order itself says: the clock of a machine without a site is as good as any other's. */
static int check_day(struct span order, struct err *e)
{
	json_t *root = json_loadb(order.p, order.n, 0, NULL);
	const char *until = json_string_value(json_object_get(root, "until"));
	char today[11];
	int ret = 0;

	clock_date(clock_day(clock_now_ms()), today);
	if (!until)
		ret = err_set(e, E_APPROVE_ORDER, "%s", "");
	else if (strcmp(today, until) > 0)
		ret = err_set(e, E_APPROVE_LATE, "until=%s\ntoday=%s", until, today);
	json_decref(root);
	return ret;
}

static int sign_into(const struct args *a, const char *path, json_t *file, struct err *e)
{
	struct span order = approve_order(file);
	struct sign_secret *secret = NULL;
	struct buf signature = BUF_INIT;
	struct sign_key *key;
	const char *name;
	int ret = read_secret(a->key, &secret, e);

	if (ret != 0)
		return -1;
	key = sign_secret_key(secret);
	name = a->as ? a->as : approve_name_of(file, key);
	if (!name)
		ret = no_key(a->key, e);
	if (ret == 0)
		ret = sign_make(secret, order, &signature, e);
	if (ret == 0) {
		name = mem_text(span_of(name));
		approve_put(file, name, buf_as_span(&signature));
		ret = approve_save(path, file, e);
		if (ret == 0)
			printf(say("%s 已签名，写入 %s；带回后才算数：jincai approve --import %s\n",
				"%s signed it, in %s; it counts when it is brought back: jincai approve --import %s\n"), name, path, path);
		free((void *)(uintptr_t)name);
	}
	sign_key_free(key);
	sign_secret_free(secret);
	buf_done(&signature);
	return ret;
}

/* Without bus and site. */
static int sign_file(const struct args *a, const char *path)
{
	json_t *file = NULL;
	struct err e;
	int got = approve_load(path, &file, &e);

	if (got == 0)
		got = check_day(approve_order(file), &e);
	if (got == 0)
		got = agree(a, approve_order(file), &e);
	if (got == 1)
		got = sign_into(a, path, file, &e) != 0 ? -1 : 2;
	json_decref(file);
	return got < 0 ? verb_failed(&e) : got == 2 ? 0 : 1;
}

/* All approvals of a file; the act is looked for by the id that its order says. */
static int import_all(const struct args *a, const struct site *s, struct bus *b)
{
	json_t *file = NULL, *order, *list, *one;
	const char *id;
	struct found f = {0};
	struct err e;
	int code = 0, got;

	if (approve_load(a->import_from, &file, &e) != 0)
		return verb_failed(&e);
	order = json_loads(json_string_value(json_object_get(file, "order")), JSON_REJECT_DUPLICATES, NULL);
	id = json_string_value(json_object_get(order, "id"));
	list = json_object_get(file, "approvals");
	if (!json_array_size(list))
		got = err_set(&e, E_APPROVE_EMPTY, "file=%s", a->import_from);
	else
		got = find(b, id ? id : "-", &f, &e);
	if (got != 0)
		code = verb_failed(&e);
	for (size_t i = 0; code == 0 && i < json_array_size(list) && waits_still(b, id); i++) {
		one = json_array_get(list, i);
		code = hand_in(b, s, &f, approve_order(file), span_of(json_string_value(json_object_get(one, "name"))),
			span_of(json_string_value(json_object_get(one, "signature"))));
	}
	found_done(&f);
	json_decref(order);
	json_decref(file);
	return code;
}

/* ---- the verbs ---- */

static int on_act(const struct args *a, struct site *s, struct bus *b)
{
	struct found f = {0};
	struct buf id = BUF_INIT;
	struct err e;
	int code;

	if (verb_subject(s, b, VERB_ACT, a->words[0], &id, &e) != 0 || find(b, buf_text(&id), &f, &e) != 0)
		code = verb_failed(&e);
	else if (a->export_to)
		code = export_it(a, s, &f);
	else
		code = a->key ? sign_here(a, s, b, &f) : approve_local(a, s, b, &f);
	found_done(&f);
	buf_done(&id);
	return code;
}

/* The people in force, who may be others than the file names now: they decide, so theirs are the keys to look for. */
static void use_in_force(struct site *s, struct bus *b)
{
	struct adopted a = {0};
	struct people *people = NULL;
	struct err ignored;

	if (adopted_read(b, &a, &ignored) == 0 && in_force_people(s, b, &a, &people, NULL, &ignored) == 0 && people) {
		people_free(s->people);
		s->people = people;
	}
	adopted_done(&a);
}

/* ACT or FILE: a file that is there was exported; no act has such a name in the folder that one works in by chance. */
int verb_approve(const struct args *a)
{
	bool import = a->import_from && a->nwords == 0 && !a->key && !a->export_to && !a->as;
	bool act = !a->import_from && a->nwords == 1 && !(a->key && a->export_to) && (a->key || !a->as);
	struct bus *b = NULL;
	struct site *s;
	int code = 0;

	if (!import && !act)
		return verb_misused(a);
	if (act && a->key && fsys_exists(AT_FDCWD, a->words[0]))
		return sign_file(a, a->words[0]);
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		use_in_force(s, b);
		code = import ? import_all(a, s, b) : on_act(a, s, b);
		bus_close(b);
	}
	site_free(s);
	return code;
}
