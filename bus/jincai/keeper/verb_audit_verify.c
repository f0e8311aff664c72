/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "acts.h"
#include "event.h"
#include "fsys.h"
#include "jscan.h"
#include "say.h"
#include "show.h"
#include "topics.h"
#include "verbs.h"

#define LOOKS 3                      /* a site that runs writes record, position and anchor one after the other */
#define LOOK_AGAIN_MS 400

struct findings_text {
	struct buf out;
	bool json;
};

static void found(void *arg, const struct err *what)
{
	struct findings_text *t = arg;
	char words[768], remedy[512];

	err_words(what, say_lang(), words, sizeof words);
	err_remedy(what, say_lang(), remedy, sizeof remedy);
	if (t->json) {
		buf_printf(&t->out, "{\"code\":\"%s\"", err_code(what->id)->name);
		json_member(&t->out, "words", span_of(words));
		buf_str(&t->out, "}\n");
	} else {
		buf_printf(&t->out, "%s [%s]\n  → %s\n", words, err_code(what->id)->name, remedy);
	}
}

static int look(struct bus *b, const char *anchor, struct findings_text *t, struct audit_report *r, struct err *e)
{
	int ret = 0;

	for (int i = 0; i < LOOKS; i++) {
		buf_clear(&t->out);
		ret = audit_verify(b, anchor, found, t, r, e);
		if (ret != 0 || !r->findings || !bus_in_use(b))
			return ret;
		nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000}, NULL);
	}
	return ret;
}

static void say_report(const struct audit_report *r, const char *anchor)
{
	fprintf(stderr, say("操作记录 %" PRIu64 " 条，写入者 %" PRIu64 " 个，不符 %" PRIu64 " 处\n",
		"%" PRIu64 " records of %" PRIu64 " writers, %" PRIu64 " things are not as they were written\n"), r->records, r->writers, r->findings);
	if (anchor)
		fprintf(stderr, say("锚定文件 %s，%" PRIu64 " 行\n", "anchor %s, %" PRIu64 " lines\n"), anchor, r->anchored);
	else
		fprintf(stderr, "%s\n", say("站点未设锚定文件（audit: {anchor: 路径}）：若有人改库并重新计算全部校验值，此处看不出来",
			"the site names no anchor (audit: {anchor: PATH}): who changes the store and computes all check values anew is not found"));
}

int verb_audit_verify(const struct args *a)
{
	struct findings_text t = {.json = a->json};
	struct audit_report r;
	struct bus *b = NULL;
	struct err e;
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (s && (b = verb_look(s, &code))) {
		if (look(b, s->audit.anchor, &t, &r, &e) != 0) {
			code = verb_failed(&e);
		} else {
			show_flush(&t.out, stdout);
			say_report(&r, s->audit.anchor);
			code = r.findings ? 6 : 0;
		}
		bus_close(b);
	}
	buf_done(&t.out);
	site_free(s);
	return code;
}

/* ---- export ---- */

/* {"offset":17,"record":{the event, byte for byte}} */
static int export_all(struct bus *b, int fd, const char *path, uint64_t *ret_n, struct err *e)
{
	struct bus_reader *r = NULL;
	struct buf line = BUF_INIT;
	struct bus_message m;
	unsigned topic;
	int got;

	if (bus_topic(b, TOPIC_ACTS, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (bus_read(b, topic, 0, &r, e) != 0)
		return -1;
	while ((got = bus_next(r, &m, e)) == 1) {
		struct event v;

		buf_clear(&line);
		buf_printf(&line, "{\"offset\":%" PRIu64 ",\"record\":", m.offset);
		buf_span(&line, m.value);
		buf_str(&line, "}\n");
		*ret_n += event_read(m.value, &v, e) != 0 || !span_is(v.type, EVENT_LANE_OPENED);
		if (fsys_write(fd, line.p, line.n, path, e) != 0) {
			got = -1;
			break;
		}
	}
	bus_unread(r);
	buf_done(&line);
	return got < 0 || fsys_sync(fd, path, e) != 0 ? -1 : 0;
}

static int export_to(struct bus *b, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), ret;
	uint64_t n = 0;

	if (fd < 0)
		return err_sys(e, access(path, F_OK) == 0 ? E_FILE_EXISTS : E_FILE_FAILED, path, errno);
	ret = export_all(b, fd, path, &n, e);
	close(fd);
	if (ret == 0)
		fprintf(stderr, say("操作记录 %" PRIu64 " 条，已写入 %s\n", "%" PRIu64 " records were written to %s\n"),
			n, path);
	else
		unlink(path);
	return ret;
}

int verb_audit_export(const struct args *a)
{
	struct bus *b = NULL;
	struct site *s;
	struct err e;
	int code = 0;

	if (a->nwords != 1)
		return verb_misused(a);
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		code = export_to(b, a->words[0], &e) != 0 ? verb_failed(&e) : 0;
		bus_close(b);
	}
	site_free(s);
	return code;
}
