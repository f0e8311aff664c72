/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>

#include "beside.h"
#include "guard.h"
#include "in_force.h"
#include "later.h"
#include "leave.h"
#include "log.h"
#include "people.h"
#include "say.h"
#include "verbs.h"

#define PATIENCE_MS 60000            /* with --until-idle others are waited for no longer */

static atomic_int stop_asked;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stop_asked, 1);
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* How each flow was left, and the exit code that follows. */
static int ended(struct flow *const *flows, unsigned n)
{
	int code = 0;

	for (unsigned i = 0; i < n; i++) {
		if (flows[i]->state == FLOW_STOPPED || flows[i]->state == FLOW_WAITING) {
			int own = err_code(flows[i]->last.id)->exit;

			fprintf(stderr, "%s %s:\n", say("流程停下：", "flow stopped:"), flows[i]->name);
			err_print(&flows[i]->last, say_lang(), stderr);
			code = own > code ? own : code;
		}
		if (flows[i]->attention && code == 0)
			code = 1;
	}
	return code;
}

struct round {
	struct bus *bus;
	struct guard guard;
	const char *const *names;
	unsigned part, parts;        /* as in site.h; whatever site is in force */
	bool until_idle;
	bool keeps;                  /* this process runs the keeper: the only one, or the one among several that does */
	bool begun;                  /* the guard has taken note of this start */
	struct beside beside;        /* on a cluster: what it has to know of the others */
	struct err failed;           /* not E_NONE: the round ended before its flows ran, and is to be tried again */
};

/* Of a round; exit code. What comes later by itself is said by who tries again; for others beside us there was patience enough. */
static int round_failed(struct round *r, const struct err *e)
{
	if (!later_is(e) || e->id == E_ADOPT_WAITS || e->id == E_RUN_NOT_IN_FORCE)
		return verb_failed(e);
	r->failed = *e;
	return err_code(e->id)->exit;
}

static void free_flows(struct flow **flows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		flows[i]->kind->free(flows[i]);
	free(flows);
}

/* What is in force cannot be put together with the rest of the files. */
static int show_findings(struct round *r, struct findings *f, const struct err *e)
{
	findings_print(f, say_lang(), 0, stderr);
	return round_failed(r, e);
}

/* The money is stopped: said at once, and again at the end. */
static void guarded(const struct guard *g, struct site *s)
{
	memcpy(s->store, g->store, sizeof s->store);
	s->money_stopped = g->why.id != E_NONE;
}

static void say_guarded(const struct guard *g)
{
	if (!g->why.id)
		return;
	err_print(&g->why, say_lang(), stderr);
	log_line(LOG_WARN, "guard.stopped", "err=%s do=jincai_resume", err_code(g->why.id)->name);
}

/* Flows that carry no money are not told apart here: site_flows leaves out those that may not start. keeper: may be NULL. */
static int run_flows(struct round *r, struct site *s, struct flow *keeper, bool until_idle)
{
	struct flow_run how = {.until_idle = until_idle, .stop = &stop_asked, .look = r->keeps ? NULL : beside_look,
		.arg = (void *)(uintptr_t)&r->beside, .look_ms = BESIDE_LOOK_MS};
	struct flow **flows = NULL;
	struct err e = ERR_INIT;
	unsigned n = 0;
	int code;

	guarded(&r->guard, s);
	s->part = r->part;
	s->parts = r->parts;
	if (site_flows(s, r->bus, r->names, &flows, &n, &e) != 0)
		return round_failed(r, &e);
	if (keeper) {
		flows = mem_grow(flows, n + 1u, sizeof *flows);
		flows[n] = keeper;
	}
	code = flow_run(flows, n + (keeper != NULL), &how, &e) != 0 ? verb_failed(&e) : ended(flows, n + (keeper != NULL));
	free_flows(flows, n);
	return code;
}

/* On a cluster: in steps, each when the others are done with the one before. Exit code; *ret_ended: all of the site's have ended. */
static int finish_beside(struct round *r, const struct in_force *x, bool *ret_ended)
{
	struct err e;
	int code, got = 1;

	for (int step = BESIDE_ADAPTERS; step < BESIDE_ALL && got == 1; step++) {
		if (!beside_has(&r->beside, x->site, (enum beside_step)step))
			continue;
		got = beside_await(&r->beside, x->site, (enum beside_step)step, &e);
		code = got != 1 || x->closed ? 0 : run_flows(r, x->site, NULL, true);
		if (code >= 6 || r->failed.id)
			return code;
		if (got == 1 &&
			(atomic_load(&stop_asked) ||
				beside_ended(&r->beside, x->site, (enum beside_step)step, &e) != 0))
			got = atomic_load(&stop_asked) ? 0 : -1;
	}
	if (got == 1)
		got = r->keeps ? beside_await(&r->beside, x->site, BESIDE_ALL, &e) : beside_await_change(&r->beside, &e);
	*ret_ended = got == 1;
	return got < 0 ? round_failed(r, &e) : 0;
}

/* What was approved is due: what was begun ends with what is in force now. */
static int finish_begun(struct round *r, const struct site *files, const struct adopted *a, bool *ret_ended)
{
	struct findings f;
	struct in_force x;
	struct site *again;
	struct err e;
	int code = 0;

	findings_init(&f);
	*ret_ended = !site_on_kafka(files);
	err_set(&e, E_ADOPT_UNREADABLE, "file=%s", conf_path(files->conf));
	again = in_force_again(files, &f);
	if (again && in_force_load(again, r->bus, a, &x, &f, &e) == 0) {
		x.site->finish = true;
		log_line(LOG_INFO, "adopt.finish", "site=%s", x.site->name);
		if (site_on_kafka(files))
			code = finish_beside(r, &x, ret_ended);
		else if (!x.closed)
			code = run_flows(r, x.site, NULL, true);
		in_force_done(&x);
	} else if (site_on_kafka(files)) {
		code = show_findings(r, &f, &e);
	}
	findings_done(&f);
	site_free(again);
	return code;
}

static void ask_again(void)
{
	int none = 0;

	atomic_compare_exchange_strong(&stop_asked, &none, KEEPER_AGAIN);
}

/* Before anything else moves the keeper writes down what is in force. */
static int settle(struct flow *keeper, struct err *e)
{
	enum flow_turn turn = FLOW_COMMIT;
	int ret = 0;

	while (ret == 0 && turn != FLOW_IDLE)
		ret = flow_turn(keeper, &turn, e);
	flow_shut(keeper);
	keeper_others_run(keeper);
	return ret;
}

/* With what is in force from here on. */
static int run_in_force(struct round *r, struct site *files, struct flow *keeper)
{
	struct adopted a = {0};
	struct findings f;
	struct in_force x;
	struct err e;
	int code, own;

	findings_init(&f);
	if (adopted_read(r->bus, &a, &e) != 0 || in_force_load(files, r->bus, &a, &x, &f, &e) != 0) {
		code = show_findings(r, &f, &e);
	} else {
		if (keeper) {
			keeper->people = x.site->people;
			keeper->alone = x.alone;
		}
		if (x.closed)
			err_print(&x.why, say_lang(), stderr);
		own = x.closed ? err_code(x.why.id)->exit : 0;
		code = run_flows(r, x.site, keeper && site_wants(r->names, SITE_KEEPER) ? keeper : NULL, r->until_idle);
		code = own > code ? own : code;
		code = code == 0 && r->guard.why.id ? 1 : code;
		in_force_done(&x);
	}
	findings_done(&f);
	adopted_done(&a);
	return code;
}

/* What keeper, people and guard have to be told before anything runs. */
static int prepare(struct round *r, struct site *files, const struct adopted *a, struct keeper_setup *setup,
	struct people **ret_people, bool *ret_altered, struct err *e)
{
	struct err ignored;

	*ret_altered = in_force_people(files, r->bus, a, ret_people, &setup->alone, &ignored) != 0;
	if (site_on_kafka(files) && a->root && in_force_keep(files, r->bus, a, e) != 0)
		return -1;
	if (r->begun)
		return guard_look(r->bus, &r->guard.why, NULL, e);
	r->begun = guard_begin(files, r->bus, setup->alone, &r->guard, e) == 0;
	return r->begun ? 0 : -1;
}

static int keeper_round(struct round *r, struct site *files)
{
	struct adopted a = {0};
	struct people *people = NULL;
	struct keeper_setup setup = {.bus = r->bus, .site = files, .again = &stop_asked};
	struct flow *keeper;
	struct items items;
	bool altered, ended = true;
	struct err e;
	int code;

	if (adopted_read(r->bus, &a, &e) != 0)
		return round_failed(r, &e);
	if (prepare(r, files, &a, &setup, &people, &altered, &e) != 0) {
		people_free(people);
		adopted_done(&a);
		return round_failed(r, &e);
	}
	say_guarded(&r->guard);
	code = adopted_due(&a) && !setup.alone ? finish_begun(r, files, &a, &ended) : 0;
	adopted_done(&a);
	if (atomic_load(&stop_asked) == 1 || !ended || r->failed.id) {
		if (!code)
			ask_again();
		people_free(people);
		return code;
	}
	items_of(files, &items);
	setup.items = &items;
	keeper = keeper_new(&setup);
	keeper->money = true;
	keeper->site = files->name;
	keeper->audit = &files->audit;
	keeper->alone = setup.alone;
	/* Where those in force cannot be read, nobody approves. */
	keeper->people = people || altered ? people : files->people;
	code = settle(keeper, &e) != 0 ? round_failed(r, &e) : run_in_force(r, files, keeper);
	keeper->kind->free(keeper);
	people_free(people);
	items_done(&items);
	return code;
}

/* Another process runs the keeper: what is in force stands on the bus. */
static int other_round(struct round *r, struct site *files)
{
	struct adopted a = {0};
	struct people *people = NULL;
	bool alone = false, ended;
	struct err e;
	int code = 0;

	if (guard_store(r->bus, r->guard.store, &e) < 0 || adopted_read(r->bus, &a, &e) != 0)
		return round_failed(r, &e);
	if (in_force_keep(files, r->bus, &a, &e) != 0) {
		adopted_done(&a);
		return round_failed(r, &e);
	}
	in_force_people(files, r->bus, &a, &people, &alone, &e);
	if (!adopted_due(&a) || alone)
		code = run_in_force(r, files, NULL);
	else if ((code = finish_begun(r, files, &a, &ended)) == 0)
		ask_again();
	people_free(people);
	adopted_done(&a);
	return code;
}

static int try_round(struct round *r, struct site *files)
{
	struct err e;
	int got = 1;

	if (site_on_kafka(files)) {
		r->beside = (struct beside){.bus = r->bus, .names = r->names, .part = r->part, .parts = r->parts,
			.patience_ms = r->until_idle ? PATIENCE_MS : 0, .stop = &stop_asked};
		got = r->keeps ? beside_state(r->bus, r->beside.state, &e) : beside_begin(&r->beside, &e);
	}
	if (got < 0)
		return round_failed(r, &e);
	if (r->keeps)
		return keeper_round(r, files);
	return got ? other_round(r, files) : 0;
}

static int one_round(struct round *r, struct site *files)
{
	struct later wait = {.what = "run.later", .stop = &stop_asked, .until_idle = r->until_idle};
	int code;

	do {
		r->failed = ERR_INIT;
		code = try_round(r, files);
	} while (r->failed.id && later_again(&wait, &r->failed));
	if (!r->failed.id)
		return code;
	return atomic_load(&stop_asked) == 1 ? 0 : verb_failed(&r->failed);
}

/* Another thing is to be in force: the files are read again too. NULL: they cannot be. */
static struct site *read_again(struct site *s, int *ret_code)
{
	struct findings f;
	struct site *ret;
	struct err first;

	findings_init(&f);
	ret = in_force_again(s, &f);
	if (!ret) {
		findings_print(&f, say_lang(), 0, stderr);
		findings_first(&f, &first);
		*ret_code = err_code(first.id)->exit == 5 ? 5 : 3;
	}
	findings_done(&f);
	return ret;
}

/* An anchor that cannot be written is told before anything moves. */
static int anchor_opens(const struct site *s, struct err *e)
{
	return s->audit.anchor ? audit_anchor(s->audit.anchor, SPAN_NONE, e) : 0;
}

/* What hands over money is looked at by the safeguard, and let go by people, where the keeper runs. */
static int money_with_keeper(const struct site *s, const char *const *names, struct err *e)
{
	for (unsigned i = 0; i < s->ndestinations; i++)
		if (s->destinations[i].said != SITE_OFF && items_pays(&s->destinations[i]) &&
			site_wants(names, s->destinations[i].name))
			return err_set(e, E_RUN_MONEY_APART, "flow=%s", s->destinations[i].name);
	return 0;
}

/* A cluster that is away is waited for, without end by a service: it is being restarted, or the network is. */
static int open_bus(const struct site *s, const struct bus_conf *c, bool until_idle, struct bus **ret, struct err *e)
{
	struct later wait = {.what = "bus.wait", .stop = &stop_asked, .until_idle = until_idle};

	while (bus_open(c, BUS_OWN, ret, e) != 0) {
		if (!site_on_kafka(s) || !later_again(&wait, e))
			return -1;
		*e = ERR_INIT;
	}
	return 0;
}

int verb_run_site(struct site *s, const char *const *names, bool until_idle)
{
	struct bus_conf c = site_bus(s);
	struct round r = {.names = names, .until_idle = until_idle, .part = s->part, .parts = s->parts};
	struct site *files = s;
	struct err e = ERR_INIT;
	int code, again = KEEPER_AGAIN;

	r.keeps = !site_on_kafka(s) || site_wants(names, SITE_KEEPER);
	if (!r.keeps && money_with_keeper(s, names, &e) != 0)
		return verb_failed(&e);
	if (open_bus(s, &c, until_idle, &r.bus, &e) != 0)
		return atomic_load(&stop_asked) == 1 ? 0 : verb_failed(&e);
	if (anchor_opens(s, &e) != 0) {
		bus_close(r.bus);
		return verb_failed(&e);
	}
	code = one_round(&r, files);
	while (files && atomic_compare_exchange_strong(&stop_asked, &again, 0)) {
		struct site *fresh = read_again(files, &code);

		log_line(LOG_INFO, "run.again", "site=%s", s->name);
		if (files != s)
			site_free(files);
		files = fresh;
		if (files)
			code = one_round(&r, files);
		again = KEEPER_AGAIN;
	}
	if (files != s)
		site_free(files);
	bus_close(r.bus);
	return code;
}

/* One share of the router, or of a destination that gathers by partition, is a process of its own. */
static int read_part(const struct args *a, struct site *s)
{
	const struct site_destination *d;
	struct err e;

	if (!a->part)
		return 0;
	if (a->nwords != 1 || shares_part(a->part, &s->part, &s->parts) != 0) {
		err_set(&e, E_RUN_PART, "text=%s", a->part);
		return verb_failed(&e);
	}
	d = site_destination_of(s, span_of(a->words[0]));
	if (strcmp(a->words[0], SITE_ROUTER) == 0 || (d && d->parted))
		return 0;
	err_set(&e, E_RUN_PART_WHOLE, "flow=%s", a->words[0]);
	return verb_failed(&e);
}

int verb_run(const struct args *a)
{
	struct leave leave = {.stop = &stop_asked, .patience_ms = LEAVE_MS};
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (s && (code = read_part(a, s)) != 0) {
		site_free(s);
		s = NULL;
	}
	if (!s)
		return code;
	if (a->take_over && !site_on_kafka(s)) {
		struct err e;

		err_set(&e, E_RUN_NO_TAKE_OVER, "%s", "");
		site_free(s);
		return verb_failed(&e);
	}
	s->kafka.take_over = a->take_over;
	catch_signals();
	log_line(LOG_INFO, "run.start", "site=%s adapters=%u destinations=%u", s->name, s->nadapters, s->ndestinations);
	if (site_on_kafka(s))
		leave_begin(&leave);
	code = verb_run_site(s, a->words, a->until_idle);
	if (site_on_kafka(s))
		leave_end(&leave);
	log_line(LOG_INFO, "run.end", "site=%s exit=%d", s->name, code);
	site_free(s);
	return code;
}

int verb_check(const struct args *a)
{
	int code = 0;
	unsigned notes = 0;
	struct site *s = verb_site_noted(a, &code, &notes);

	if (!s)
		return code;
	fprintf(stderr,
		say("%s站点 %s 没有问题：接入 %u，去向 %u，路由 %u",
			"%ssite %s is fine: %u adapters, %u destinations, %u routes"),
		s->test ? say("测试", "test ") : "", s->name, s->nadapters, s->ndestinations, s->nroutes);
	fprintf(stderr, notes ? say("，提醒 %u 条\n", ", %u notes\n") : "\n", notes);
	code = a->live ? verb_check_live(s) : 0;
	if (!code && a->against)
		code = verb_check_against(s, a);
	site_free(s);
	return code;
}
