/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>

#include "guard.h"
#include "keeper.h"
#include "log.h"
#include "say.h"
#include "verbs.h"

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

/* The money is stopped: said at once, and again at the end. */
static int guarded(struct site *s, struct bus *b, struct guard *g, struct err *e)
{
	if (guard_begin(s, b, s->test && !s->people, g, e) != 0)
		return -1;
	memcpy(s->store, g->store, sizeof s->store);
	s->money_stopped = g->why.id != E_NONE;
	if (g->why.id) {
		err_print(&g->why, say_lang(), stderr);
		log_line(LOG_WARN, "guard.stopped", "err=%s do=jincai_resume", err_code(g->why.id)->name);
	}
	return 0;
}

/* The keeper goes first: before anything else moves it is written down what is in force. It runs on with the others, unless
 * flows are named. */
static int begin(struct flow *keeper, bool stays, struct err *e)
{
	enum flow_turn turn = FLOW_COMMIT;
	int ret = 0;

	while (ret == 0 && turn != FLOW_IDLE)
		ret = flow_turn(keeper, &turn, e);
	if (!stays)
		flow_shut(keeper);
	return ret;
}

/* An anchor that cannot be written is told before anything moves. */
static int anchor_opens(const struct site *s, struct err *e)
{
	return s->audit.anchor ? audit_anchor(s->audit.anchor, SPAN_NONE, e) : 0;
}

int verb_run_site(struct site *s, const char *const *names, bool until_idle)
{
	struct bus_conf c = site_bus(s);
	struct flow_run how = {.until_idle = until_idle, .stop = &stop_asked};
	struct flow **flows = NULL, *keeper;
	struct bus *b = NULL;
	struct err e = ERR_INIT;
	struct items items;
	struct guard guard;
	bool stays = site_wants(names, SITE_KEEPER);
	unsigned n = 0;
	int code;

	if (bus_open(&c, BUS_OWN, &b, &e) != 0)
		return verb_failed(&e);
	items_of(s, &items);
	keeper = keeper_new(&(struct keeper_setup){.bus = b, .site = s, .items = &items, .alone = s->test});
	keeper->people = s->people;
	keeper->alone = s->test && !s->people;
	keeper->audit = &s->audit;
	if (anchor_opens(s, &e) != 0 || guarded(s, b, &guard, &e) != 0 || begin(keeper, stays, &e) != 0 ||
		site_flows(s, b, names, &flows, &n, &e) != 0) {
		flow_shut(keeper);
		keeper->kind->free(keeper);
		items_done(&items);
		bus_close(b);
		return verb_failed(&e);
	}
	if (stays) {
		flows = mem_grow(flows, n + 1u, sizeof *flows);
		flows[n++] = keeper;
	} else {
		keeper->kind->free(keeper);
	}
	code = flow_run(flows, n, &how, &e) != 0 ? verb_failed(&e) : ended(flows, n);
	code = code == 0 && guard.why.id ? 1 : code;
	for (unsigned i = 0; i < n; i++)
		flows[i]->kind->free(flows[i]);
	free(flows);
	items_done(&items);
	bus_close(b);
	return code;
}

int verb_run(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (!s)
		return code;
	catch_signals();
	log_line(LOG_INFO, "run.start", "site=%s adapters=%u destinations=%u", s->name, s->nadapters, s->ndestinations);
	code = verb_run_site(s, a->words, a->until_idle);
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
	fprintf(stderr, say("%s站点 %s 没有问题：接入 %u，去向 %u，路由 %u", "%ssite %s is fine: %u adapters, %u destinations, %u routes"),
		s->test ? say("测试", "test ") : "", s->name, s->nadapters, s->ndestinations, s->nroutes);
	fprintf(stderr, notes ? say("，提醒 %u 条\n", ", %u notes\n") : "\n", notes);
	site_free(s);
	return 0;
}
